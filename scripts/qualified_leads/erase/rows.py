"""Which raw rows an erasure changes, how they are then, and which of others name the person.

A row is the person's where a column of lead ids says so, or its address in the table of leads.
Rows of others stay as they are to the byte, whatever the person has typed into a form: only where
somebody asks for it (`also_text`) are words replaced in columns that the contract marks as text.
"""

from __future__ import annotations

import csv
import json
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field

import duckdb
import pyarrow as pa

from qualified_leads.contract import REJECTED_ROWS
from qualified_leads.erase.anonymise import ERASED, LEAD_COLUMNS, Anonymiser
from qualified_leads.erase.person import quoted
from qualified_leads.quoting import identifier, literal

ROW_NUMBER = "file_row_number"


@dataclass
class Mentions:
    """Rows of others that name the person, by (table, column): what may be replaced, what not."""

    text: Counter[tuple[str, str]] = field(default_factory=Counter)
    other: Counter[tuple[str, str]] = field(default_factory=Counter)


@dataclass
class RowEraser:
    """Finds and changes rows of raw tables on connections of its own making.

    `mentions` and `leads`, those of which something has changed, add up.
    """

    anonymiser: Anonymiser
    also_text: bool = False
    mentions: Mentions = field(default_factory=Mentions)
    leads: set[str] = field(default_factory=set)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection that can read rejected records."""
        connection = duckdb.connect()
        connection.execute("set timezone = 'UTC'")
        connection.create_function("unescaped", _unescaped, ["VARCHAR"], "VARCHAR")
        connection.create_function("names_erased", self._names_erased, ["VARCHAR"], "BOOLEAN")
        return connection

    def changed(self, connection: duckdb.DuckDBPyConnection, source: str, table: str) -> pa.Table:
        """The rows of a relation, which has a `file_row_number`, that change, as they are then."""
        columns = [row[:2] for row in connection.execute(f"describe from {source}").fetchall()]
        texts = [name for name, kind in columns if kind == "VARCHAR"]
        if table == REJECTED_ROWS:
            return self._rejects(connection, source)
        is_own = self.is_own(connection, table, {name for name, _ in columns}, source)
        marked = f"(select *, {is_own} as is_own_ from {source})"
        found = self._mentioned(connection, marked, table, texts)
        wanted = " or ".join(["is_own_", *map(self._is_mentioned, found)])
        rows = connection.sql(f"select * from {marked} where {wanted}").to_arrow_table()
        schema = rows.drop_columns(["is_own_"]).schema
        changed = []
        for row in rows.to_pylist():
            if row.pop("is_own_"):
                done = self.anonymiser.strip(table, row)
                self.leads |= {row["lead_id"]} if table == "leads" and done != row else set()
            else:
                done = row | {
                    name: self._without_words(connection, row[name]) for name in found if row[name]
                }
            if done != row:
                changed.append(done)
        return pa.Table.from_pylist(changed, schema=schema)

    def is_own(
        self, connection: duckdb.DuckDBPyConnection, table: str, columns: set[str], source: str
    ) -> str:
        """A condition: whether a row is an erased person's."""
        suppression = self.anonymiser.suppression
        tests = [(suppression.has_lead, name) for name in LEAD_COLUMNS if name in columns]
        if table == "leads" and "email" in columns:
            tests.append((suppression.has_email, "email"))
        found = []
        for test, name in tests:
            keys = connection.execute(f"select distinct {name} from {source}").fetchall()
            theirs = ", ".join(literal(key) for (key,) in keys if test(key))
            found += [f"coalesce({name} in ({theirs}), false)"] if theirs else []
        return f"({' or '.join(found)})" if found else "false"

    def _mentioned(
        self,
        connection: duckdb.DuckDBPyConnection,
        marked: str,
        table: str,
        texts: list[str],
    ) -> list[str]:
        """Count who else names the person, ids aside; the columns in which that is replaced."""
        if self.anonymiser.person.pattern is None:
            return []
        known = self.anonymiser.table(table)
        # What the contract does not know nothing counts by, so it is text as well.
        free = set(known.personal("text", "judged")) | (
            set(texts) - {column.name for column in known.columns}
        )
        staff = known.personal("staff")
        found = []
        for name in texts:
            if name == "email" or (name.endswith("_id") and name not in staff):
                continue
            # What of a row of theirs is left as it is names them as well.
            whose = "not is_own_" if name in free else "true"
            values = f"select {identifier(name)}, count(*) as n from {marked} where {whose}"
            query = f"select sum(n) from ({values} group by all) where {self._is_mentioned(name)}"
            ((count,),) = connection.execute(query).fetchall()
            if count:
                counts = self.mentions.text if name in free else self.mentions.other
                counts[table, name] += int(count)
                found.append(name)
        return [name for name in found if self.also_text and name in free]

    def _is_mentioned(self, column: str) -> str:
        pattern = literal(self.anonymiser.person.pattern or "")
        return f"coalesce(regexp_matches({identifier(column)}, {pattern}), false)"

    def _without_words(self, connection: duckdb.DuckDBPyConnection, text: str) -> str:
        pattern, told = self.anonymiser.person.pattern, rf"\1{ERASED}\2"
        for _ in range(2):  # what stands between two mentions is found with the first alone
            query = "select regexp_replace(?, ?, ?, 'g')"
            ((text,),) = connection.execute(query, [text, pattern, told]).fetchall()
        return text

    # rejected records

    def _rejects(self, connection: duckdb.DuckDBPyConnection, source: str) -> pa.Table:
        person = self.anonymiser.person
        tests = ["names_erased(text)"]
        if person.pattern is not None:
            tests.append(f"regexp_matches(text, {literal(person.pattern)})")
        tests += [
            " and ".join(f"regexp_matches(text, {literal(_word(name))})" for name in both)
            for both in person.full_names
        ]
        marks = [mark for mark in person.marks if "@" in mark]
        is_named = " or ".join(f"contains(lower(file), {literal(mark)})" for mark in marks)
        query = (
            f"select *, ({' or '.join(tests)}) as is_about_, ({is_named or 'false'}) as is_named_"
            f" from (select *, unescaped(record) as text from {source})"
            " where (is_about_ and record <> '') or is_named_"
        )
        rows = connection.sql(query).to_arrow_table()
        schema = rows.drop_columns(["text", "is_about_", "is_named_"]).schema
        changed = [
            row
            | ({"record": ""} if row["is_about_"] else {})
            | ({"file": ERASED} if row["is_named_"] else {})
            for row in rows.to_pylist()
        ]
        return pa.Table.from_pylist(changed, schema=schema)

    def _names_erased(self, record: str) -> bool:
        """Whether a field of a record is an id or an address of the list."""
        suppression = self.anonymiser.suppression
        return any(suppression.has_lead(f) or suppression.has_email(f) for f in _fields(record))


def _word(name: str) -> str:
    return rf"(?i)(^|[^\pL\pN]){quoted(name)}([^\pL\pN]|$)"


def _unescaped(record: str) -> str:
    """A record, and if it is JSON what its escapes stand for."""
    if "\\" not in record:
        return record
    try:
        return f"{record}\n{json.dumps(json.loads(record), ensure_ascii=False)}"
    except (ValueError, RecursionError):
        return record


def _fields(record: str) -> list[str]:
    """The values of a record: of JSON all that it holds, else what its separator separates."""
    try:
        waiting, found = [json.loads(record.partition("\n")[0])], []
    except (ValueError, RecursionError):
        separator = max(",;\t|", key=record.count)
        with suppress(csv.Error):  # a field that is longer than a sheet
            return next(csv.reader([record.replace("\n", " ")], delimiter=separator), [])
        return record.split(separator)
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            waiting += one.values()
        elif isinstance(one, list):
            waiting += one
        else:
            found.append(str(one))
    return found
