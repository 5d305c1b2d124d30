"""What a release without personal data does about people outside of `dim_leads`.

Ids are the source's to choose, and may be an address or a name: of leads, of their rows, and of our
own people. Those that look like one get a pseudonym, the same in every release. Text anywhere else
that looks like an address or a phone number stops the release; names of leads are only told of, as
a form may be filled with anything that stands in other columns rightly.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field

import duckdb

from qualified_leads.contract import load_contract, own_keys
from qualified_leads.quoting import identifier

PERSONAL_DATA = "personal_data"
# A column of a public table, (schema, table, column).
Column = tuple[str, str, str]

_ADDRESS = r"[^\s@]@[^\s@]+\.[^\s@]"
_PHONE = r"^\s*\+[0-9 ()./-]{7,}\s*$"
_WORDS = re.compile(r"[^\W\d_]+")


@dataclass
class Findings:
    """Columns by what is in them: ids to replace, by pseudonym; what stops; what is told of."""

    pseudonyms: dict[str, str] = field(default_factory=dict)
    replaced: Counter[Column] = field(default_factory=Counter)
    refused: dict[Column, str] = field(default_factory=dict)
    named: Counter[Column] = field(default_factory=Counter)

    def notes(self) -> list[str]:
        """A line for each column in which something was replaced or names a lead."""
        lines = [
            f"{'.'.join(column[1:])}: {count:,} ids look like a person and have a pseudonym"
            for column, count in sorted(self.replaced.items())
        ]
        return lines + [
            f"{'.'.join(column[1:])}: {count:,} texts hold the full name of a lead"
            for column, count in sorted(self.named.items())
        ]


def look_at_values(
    connection: duckdb.DuckDBPyConnection,
    tables: Collection[tuple[str, str]],
    pseudonym: Callable[[str], str],
) -> Findings:
    """Look at every text of these tables of the database `work`."""
    contract = load_contract()
    staff = {name for table in contract.values() for name in table.personal("staff")}
    keys = {name for table in contract.values() for name in own_keys(table)} | {"record_key"}
    found = Findings()
    names = _full_names(connection)
    words = {word for name in names for word in name if len(word) > 2}
    for column in _text_columns(connection, tables):
        name = column[2]
        if name.endswith(tuple(staff)):
            ids = [v for v in _values(connection, column) if _is_staff_name(v, words)]
        elif name.endswith("lead_id") or name in keys:
            ids = _values(connection, column, f"regexp_matches(v, '@|{_PHONE}')")
            ids += _ids_with_names(connection, column) if name == "lead_id" else []
        else:
            _look_at_text(connection, column, names, found)
            continue
        found.pseudonyms |= {value: pseudonym(value) for value in ids}
        found.replaced[column] += len(set(ids))
    found.replaced = +found.replaced
    return found


def _text_columns(
    connection: duckdb.DuckDBPyConnection, tables: Collection[tuple[str, str]]
) -> list[Column]:
    query = (
        "select schema_name, table_name, column_name from duckdb_columns() "
        "where database_name = 'work' and data_type = 'VARCHAR' order by all"
    )
    return [row for row in connection.execute(query).fetchall() if row[:2] in set(tables)]


def _values(
    connection: duckdb.DuckDBPyConnection, column: Column, condition: str = "true"
) -> list[str]:
    """The different values of a column, of those that the condition on `v` is true of."""
    table = ".".join(map(identifier, ("work", *column[:2])))
    query = (
        f"select v from (select distinct {identifier(column[2])} as v from {table})"
        f" where v is not null and {condition}"
    )
    return [value for (value,) in connection.execute(query).fetchall()]


def _full_names(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, ...]]:
    """Names of leads as words in lower case, of those that have a first and a last name."""
    query = (
        "select distinct lower(first_name || ' ' || last_name) from work.marts.dim_leads "
        "where first_name is not null and last_name is not null"
    )
    return {tuple(_WORDS.findall(name)) for (name,) in connection.execute(query).fetchall()} - {()}


def _ids_with_names(connection: duckdb.DuckDBPyConnection, column: Column) -> list[str]:
    """Ids of leads in which a name of that lead stands; other people's prove nothing."""
    is_in = " or ".join(
        f"(length({name}) > 3 and contains(lower(v), lower({name})))"
        for name in ("first_name", "last_name")
    )
    people = "select lead_id from work.marts.dim_leads where lead_id = v"
    return _values(connection, column, f"v in ({people} and ({is_in}))")


def _is_staff_name(value: str, words: Iterable[str]) -> bool:
    """Whether what stands for a rep is more than an id: an address, a number, words of a name."""
    found = _WORDS.findall(value.lower())
    return (
        "@" in value
        or re.search(_PHONE, value) is not None
        or (" " in value.strip() and len(found) > 1)
        or not set(found).isdisjoint(words)
    )


def _look_at_text(
    connection: duckdb.DuckDBPyConnection,
    column: Column,
    names: set[tuple[str, ...]],
    found: Findings,
) -> None:
    for told, pattern in (("addresses", _ADDRESS), ("phone numbers", _PHONE)):
        if values := _values(connection, column, f"regexp_matches(v, '{pattern}')"):
            found.refused[column] = f"{len(values):,} texts that look like {told}"
    lengths = {len(name) for name in names if len(name) > 1}
    for value in _values(connection, column, "contains(v, ' ')") if names else []:
        words = tuple(_WORDS.findall(value.lower()))
        found.named[column] += any(
            words[start : start + length] in names
            for length in lengths
            for start in range(len(words) - length + 1)
        )
    found.named = +found.named
