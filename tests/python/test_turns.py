"""Whose turn it is to be tested: in seventeen refreshes every hash comes up."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jinja2
import pytest

MACRO = Path(__file__).resolve().parents[2] / "macros" / "is_in_turn.sql"


def condition(refresh: int, complete: int, lowest: int = 0, are_all_tested: bool = False) -> str:
    """What the macro says of a refresh that follows upon a complete one."""
    environment = jinja2.Environment(extensions=["jinja2.ext.do"])
    given: dict[str, Any] = {
        "this_refresh": lambda: SimpleNamespace(refresh_number=refresh, complete_number=complete),
        "are_all_tested": lambda: are_all_tested,
        "lowest_hash": lambda: lowest,
        "hash_of": lambda key: f"hash({key})",
    }
    macros: Any = environment.from_string(MACRO.read_text(), globals=given).module
    return macros.is_in_turn("lead_id").strip()


@pytest.mark.parametrize(("lowest", "highest"), [(0, 2**64 - 1), (-(2**63), 2**63 - 1)])
def test_every_hash_has_its_turn(lowest: int, highest: int) -> None:
    ranges = []
    for refresh in range(100, 117):
        found = re.fullmatch(
            r"hash\(lead_id\) between (-?\d+) and (-?\d+)", condition(refresh, refresh - 1, lowest)
        )
        assert found
        ranges.append((int(found[1]), int(found[2])))
    ranges.sort()
    assert (ranges[0][0], ranges[-1][1]) == (lowest, highest)
    assert all(start <= end + 1 for (_, end), (start, _) in zip(ranges, ranges[1:], strict=False))
    widths = {end - start for start, end in ranges}
    assert max(widths) < (highest - lowest) / 16


def test_all_are_looked_at_where_all_is_built_or_the_last_run_was_not_completed() -> None:
    assert condition(100, 99, are_all_tested=True) == "true"
    assert condition(100, 98) == "true"
