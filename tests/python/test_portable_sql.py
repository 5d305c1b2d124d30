"""What DuckDB and Spark would compute differently from the same SQL has no place in it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from harness import PROJECT

# Where a text or comment begins and ends; what is in one is no arithmetic.
TEXTS = re.compile(r"'[^'\n]*'|--[^\n]*|{#.*?#}", re.DOTALL)
DECIMAL = re.compile(r"(?<![\w.\"])\d+\.\d+(?![\w.])")


def written() -> Iterator[tuple[str, str]]:
    """The SQL of each model, macro and singular test, by its place."""
    for folder in ("models", "macros", "tests"):
        for path in sorted((PROJECT / folder).rglob("*.sql")):
            yield str(path.relative_to(PROJECT)), TEXTS.sub("", path.read_text(encoding="utf-8"))


def test_numbers_with_a_fraction_are_doubles() -> None:
    """0.5 is a decimal; divided by another it is a double here, a decimal of some scale there."""
    found = {place: DECIMAL.findall(sql) for place, sql in written()}
    # Coefficients, to which the macro adds e0.
    assert {place for place, literals in found.items() if literals} == {"macros/normal_tail.sql"}
    assert DECIMAL.findall("select x * 0.5 + 1e0 / 2.5e0") == ["0.5"]


def test_what_is_looked_up_is_no_list() -> None:
    """Of `not in (select ...)` Spark sends all to every task, as one value may be null."""
    found = [place for place, sql in written() if re.search(r"not\s+in\s*\(\s*select", sql)]
    assert [place for place in found if place.startswith("models")] == []
