"""House rules that no linter knows: where macros stand, what seeds declare, what pins say."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
MACRO = re.compile(r"{%-?\s*(?:macro|test|materialization)\s+(\w+)\s*[(,]")
PIN = re.compile(r"[A-Za-z0-9_.-]+==[A-Za-z0-9.+!]+")


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


MACRO_FILES = sorted(
    [*(ROOT / "macros").rglob("*.sql"), *(ROOT / "tests" / "generic").glob("*.sql")]
)
SEED_FILES = sorted((ROOT / "seeds").glob("*.csv"))


@pytest.mark.parametrize("path", MACRO_FILES, ids=relative)
def test_macro_file_holds_the_macro_of_its_name(path: Path) -> None:
    """dbt-bouncer's check of this does not know that engines' variants stand beside their macro."""
    names = MACRO.findall(path.read_text(encoding="utf-8"))
    assert path.stem in names
    assert {name.rpartition("__")[2] for name in names} == {path.stem}


def seed_properties() -> dict[str, dict[str, Any]]:
    properties: dict[str, dict[str, Any]] = {}
    for path in (ROOT / "seeds").glob("*.yml"):
        for seed in yaml.safe_load(path.read_text(encoding="utf-8")).get("seeds", []):
            properties[seed["name"]] = seed
    return properties


@pytest.mark.parametrize("path", SEED_FILES, ids=relative)
def test_seed_columns_are_typed_and_described(path: Path) -> None:
    seed = seed_properties()[path.stem]
    with path.open(encoding="utf-8", newline="") as file:
        header = next(csv.reader(file))
    assert set(seed["config"]["column_types"]) == set(header)
    described = {column["name"]: column.get("description") for column in seed["columns"]}
    assert set(described) == set(header)
    assert all(described.values())


@pytest.mark.parametrize(
    "name", ["requirements.lock", "requirements-nodeps.lock", "requirements-superset.lock"]
)
def test_lock_has_pins_alone(name: str) -> None:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#") and not PIN.fullmatch(line)] == []


@pytest.mark.parametrize("name", ["requirements", "requirements-superset"])
def test_every_named_requirement_is_locked(name: str) -> None:
    # A name is the same with - and _.
    lock, named = (
        (ROOT / f"{name}.{kind}").read_text(encoding="utf-8").lower().replace("_", "-")
        for kind in ("lock", "in")
    )
    for line in named.splitlines():
        if line and not line.startswith("#"):
            wanted = re.sub(r"\[.*?\]", "", line)
            assert re.search(rf"^{re.escape(wanted)}(==|$)", lock, re.MULTILINE), line
