"""How large the project is and how long its chains are, from dbt's parsed manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from qualified_leads.errors import UsageError

# The most that a figure may be. Where the goal in the comment is not reached yet it is the figure
# of today: lower it with every change that lowers the figure.
LIMITS: dict[str, float] = {
    "models": 141,  # goal 120
    "longest chain": 20,
    "median depth": 9,
    "median lines": 61,  # goal 40; it grows where models with one reader go back into it
    "models over 100 lines": 0,
    # goal 45; 13 do for engines without the plugin what Python does with it, 7 are of Spark alone
    "macros": 79,
    # those of the refresh, with and without the plugin, and of releases, two that count, has_plugin
    "macros with ref, source or run_query": 17,
    "Jinja tags per 100 lines": 7.5,  # goal 5
    "public marts with one reader": 7,  # a report of their own or a reader in BI justifies some
    "reads beyond the own subject": 0,
}

PROJECT = "qualified_leads"
# Raw sources, which no mart has, are all that it is about.
NO_SUBJECT = {"rpt_unmapped_sources"}
MAX_LINES = 100
_COMMENT = re.compile(r"{#.*?#}", re.DOTALL)
_TAG = re.compile(r"{{.*?}}|{%.*?%}", re.DOTALL)
_REFERENCE = re.compile(r"{{-?\s*(ref|source)\(\s*[^()]*\)\s*-?}}")
_QUERY = re.compile(r"\b(ref|source|run_query)\(")
_ENGINE = re.compile(r"^(duckdb|spark|default)__")


@dataclass(frozen=True)
class Figure:
    """A figure of the project and the most that it may be."""

    name: str
    value: float
    limit: float

    @property
    def is_past(self) -> bool:
        return self.value > self.limit


def measure(manifest: Path) -> list[Figure]:
    """Figures of a manifest that `dbt parse` wrote. Raises UsageError where there is none."""
    if not manifest.is_file():
        raise UsageError(f"there is no {manifest}; run dbt parse first")
    values = figures(json.loads(manifest.read_text(encoding="utf-8")))
    return [Figure(name, values[name], limit) for name, limit in LIMITS.items()]


def figures(manifest: Mapping[str, Any]) -> dict[str, float]:
    """Each figure of LIMITS by its name; of a project without models all are 0."""
    models = {
        key: node for key, node in manifest["nodes"].items() if node["resource_type"] == "model"
    }
    depth = depths({key: node["depends_on"]["nodes"] for key, node in models.items()})
    lines = [len(node["raw_code"].splitlines()) for node in models.values()]
    macros = own_macros(manifest["macros"].values())
    tags = sum(count_tags(node["raw_code"]) for node in models.values())
    return {
        "models": len(models),
        "longest chain": max(depth.values(), default=0),
        "median depth": median(depth.values()) if depth else 0,
        "median lines": median(lines) if lines else 0,
        "models over 100 lines": sum(count > MAX_LINES for count in lines),
        "macros": len(macros),
        "macros with ref, source or run_query": sum(
            any(_QUERY.search(_COMMENT.sub("", text)) for text in texts)
            for texts in macros.values()
        ),
        "Jinja tags per 100 lines": round(100 * tags / sum(lines), 1) if lines else 0,
        "public marts with one reader": len(marts_with_one_reader(models)),
        "reads beyond the own subject": len(reads_beyond_subject(models)),
    }


def depths(parents: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """Of each model the models on the longest way to it, itself included; inputs do not count."""
    found: dict[str, int] = {}

    def depth(key: str) -> int:
        if key not in found:
            above = (depth(parent) for parent in parents[key] if parent in parents)
            found[key] = 1 + max(above, default=0)
        return found[key]

    for key in parents:
        depth(key)
    return found


def own_macros(macros: Any) -> dict[str, list[str]]:
    """SQL of the project's macros by name, what engines say differently as part of one macro.

    Materializations and generic tests, which dbt keeps as macros too, are none.
    """
    found: dict[str, list[str]] = {}
    for macro in macros:
        path = macro["original_file_path"]
        if (
            macro["package_name"] == PROJECT
            and path.startswith("macros/")
            and not path.startswith("macros/materializations/")
        ):
            found.setdefault(_ENGINE.sub("", macro["name"]), []).append(macro["macro_sql"])
    return found


def count_tags(code: str) -> int:
    """Jinja tags of a model, apart from comments and those that only name what is read."""
    return len(_TAG.findall(_REFERENCE.sub("", _COMMENT.sub("", code))))


def marts_with_one_reader(models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Names of the public marts that exactly one model reads, which is no public view.

    What such a view reads has to be public as well, for a release to have it as a view.
    """
    readers: dict[str, list[Mapping[str, Any]]] = {key: [] for key in models}
    for node in models.values():
        for parent in set(node["depends_on"]["nodes"]) & models.keys():
            readers[parent].append(node)
    return sorted(
        node["name"]
        for key, node in models.items()
        if is_public_mart(node) and len(readers[key]) == 1 and not is_public_view(*readers[key])
    )


def is_public_mart(node: Mapping[str, Any]) -> bool:
    return node["original_file_path"].startswith("models/marts/") and node["access"] == "public"


def is_public_view(node: Mapping[str, Any]) -> bool:
    return is_public_mart(node) and node["config"]["materialized"] == "view"


def reads_beyond_subject(models: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """`reader < read` of each report that reads an intermediate model of another folder."""
    found = []
    for node in models.values():
        layer, *subject = node["original_file_path"].split("/")[1:-1]
        for parent in set(node["depends_on"]["nodes"]) & models.keys():
            theirs, *folder = models[parent]["original_file_path"].split("/")[1:-1]
            is_report = layer == "reports" and node["name"] not in NO_SUBJECT
            if is_report and theirs == "intermediate" and folder != subject:
                found.append(f"{node['name']} < {models[parent]['name']}")
    return sorted(found)
