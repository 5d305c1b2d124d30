"""Hashes of what decides the numbers, apart from raw rows: code, policy, and the tests.

No line ends, no byte order mark and no description changes them.
"""

from __future__ import annotations

import hashlib
import json
from codecs import BOM_UTF8
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from qualified_leads import sql_functions
from qualified_leads.errors import UsageError

PACKAGES = ("dbt-core", "dbt-duckdb", "duckdb")
FUNCTIONS = Path(sql_functions.__file__)
# Of a model or seed in a file of YAML: what dbt builds by, and not what it tells.
BUILT_BY = ("name", "config", "columns", "constraints", "data_type")
NOT_BUILT_BY = ("meta", "tags", "docs", "group")


def code_hash(project: Path, variables: Mapping[str, Any] | None = None) -> str:
    """SHA-256 of models, macros, functions, the project's settings, versions and variables.

    `variables` are those that a command may set, apart from `as_of`; by default the project's.
    """
    paths = [*(project / "models").rglob("*.sql"), *(project / "macros").rglob("*.sql")]
    digest = _hash_of([*paths, project / "dbt_project.yml"], project)
    digest.update(_text(FUNCTIONS))
    described = [*(project / "models").rglob("*.yml"), *(project / "seeds").rglob("*.yml")]
    settings = [_settings(path) for path in sorted(described)]
    given = project_variables(project) if variables is None else variables
    named = {name: str(value) for name, value in given.items()}
    versions = [version(package) for package in PACKAGES]
    digest.update(json.dumps([settings, named, versions], sort_keys=True, default=str).encode())
    return digest.hexdigest()


def policy_hash(project: Path) -> str:
    """SHA-256 of the seeds' rows as they are written."""
    seeds = project / "seeds"
    return _hash_of(seeds.rglob("*.csv"), seeds).hexdigest()


def macros_hash(project: Path) -> str:
    """SHA-256 of the macros, for the variable of that name: dbt itself sees no change of them."""
    return _hash_of((project / "macros").rglob("*.sql"), project).hexdigest()


def tests_hash(project: Path) -> str:
    """SHA-256 of all that says what is tested."""
    paths = [*(project / "tests").rglob("*.sql"), *(project / "tests").glob("*.yml")]
    paths += [*(project / "models").rglob("*.yml"), *(project / "seeds").rglob("*.yml")]
    return _hash_of(paths, project).hexdigest()


def project_variables(project: Path) -> dict[str, Any]:
    """The variables of dbt_project.yml apart from `as_of`."""
    found = _document(project / "dbt_project.yml").get("vars") or {}
    return {name: value for name, value in found.items() if name != "as_of"}


def _settings(path: Path) -> list[Any]:
    document = _document(path)
    return [_built_by(node) for kind in ("models", "seeds") for node in document.get(kind) or []]


def _built_by(node: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: node[name] for name in BUILT_BY if name in node}
    config = found.get("config") or {}
    found["config"] = {name: config[name] for name in config if name not in NOT_BUILT_BY}
    found["columns"] = [_built_by(column) for column in node.get("columns") or []]
    return found


def _document(path: Path) -> dict[str, Any]:
    try:
        # C's, as Python's own takes ten times as long.
        return yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) or {}
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f", line {mark.line + 1}" if mark else ""
        raise UsageError(f"{path} is not valid YAML{line}") from None


def _hash_of(paths: Iterable[Path], root: Path) -> Any:
    digest = hashlib.sha256()
    for path in sorted(paths):
        text = _text(path)
        digest.update(f"{path.relative_to(root)} {len(text)}\n".encode())
        digest.update(text)
    return digest


def _text(path: Path) -> bytes:
    text = path.read_bytes().removeprefix(BOM_UTF8)
    return text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
