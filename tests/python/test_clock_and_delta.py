"""What a refresh selects is marked where it has to be: tag `clock`, and schema `delta`.

Time alone moves a model that calls as_of(). It is tagged `clock`, comes after one that is, or says
why not in its meta, `not_clock`. A table that is built from the leads of a refresh holds these
alone and is in schema `delta`, unless it keeps all leads (it is incremental) or says in its meta,
`not_delta`, why it is whole all the same.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from harness import INHERITED, PROJECT

MACRO = "macro.qualified_leads."
Nodes = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    target = tmp_path_factory.mktemp("target")
    environment = {name: value for name, value in os.environ.items() if name not in INHERITED}
    dbt = Path(sys.executable).with_name("dbt")
    places = ["--target-path", str(target), "--log-path", str(target)]
    subprocess.run([dbt, "--quiet", "parse", *places], cwd=PROJECT, env=environment, check=True)
    return json.loads((target / "manifest.json").read_text())


@pytest.fixture(scope="module")
def models(manifest: dict[str, Any]) -> Nodes:
    """By id, each after those that it reads."""
    nodes, ordered = manifest["nodes"], {}

    def visit(id: str) -> None:
        if id in nodes and nodes[id]["resource_type"] == "model" and id not in ordered:
            for parent in nodes[id]["depends_on"]["nodes"]:
                visit(parent)
            ordered[id] = nodes[id]

    for id in nodes:
        visit(id)
    return ordered


def calls(manifest: dict[str, Any], node: dict[str, Any], name: str) -> bool:
    """Whether a node calls a macro, also through others; dbt did not enter what loops over rows."""
    found: set[str] = set()
    waiting = [*node["depends_on"]["macros"]]
    waiting += [MACRO + called for called in re.findall(r"(\w+)\(", node["raw_code"])]
    while waiting:
        id = waiting.pop()
        if id not in found and id in manifest["macros"]:
            found.add(id)
            waiting += manifest["macros"][id]["depends_on"]["macros"]
    return MACRO + name in found


def test_what_moves_with_time_is_tagged(manifest: dict[str, Any], models: Nodes) -> None:
    moving: set[str] = set()
    forgotten, needless = [], []
    for id, node in models.items():
        is_tagged = "clock" in node["tags"]
        calls_as_of = calls(manifest, node, "as_of")
        if is_tagged or moving.intersection(node["depends_on"]["nodes"]):
            moving.add(id)
        elif calls_as_of and not node["config"]["meta"].get("not_clock"):
            forgotten.append(node["name"])
        if is_tagged and not calls_as_of:
            needless.append(node["name"])
    assert (forgotten, needless) == ([], [])
    assert len(moving) > 20


def test_what_holds_some_leads_alone_is_in_schema_delta(
    manifest: dict[str, Any], models: Nodes
) -> None:
    delta = {id for id, node in models.items() if node["schema"] == "delta"}
    forgotten, wrong = [], []
    for id, node in models.items():
        keeps_all = node["config"]["materialized"] == "incremental"
        is_part = bool(delta.intersection(node["depends_on"]["nodes"])) and not keeps_all
        if is_part and id not in delta and not node["config"]["meta"].get("not_delta"):
            forgotten.append(node["name"])
        is_first = calls(manifest, node, "changed_since_last_refresh")
        if id in delta and (keeps_all or not is_part and not is_first):
            wrong.append(node["name"])
    assert (forgotten, wrong) == ([], [])
    assert len(delta) > 20
