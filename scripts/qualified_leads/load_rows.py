"""The query that types the rows of a source, and says of each why it can't be landed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from qualified_leads.contract import Column, Table
from qualified_leads.load_mapping import ColumnRule, Load, normalise
from qualified_leads.load_source import Opened
from qualified_leads.load_sql import (
    as_text,
    conditions,
    identifier,
    literal,
    mapped_text,
    present,
    type_name,
    typed_native,
    typed_text,
)

# More copies of one record than this are a slip, not a count.
MOST_REPEATS = 1_000_000


@dataclass
class RowQuery:
    """The SQL of one load. `reasons[code]` is the text of a reason that the SQL gives as a code."""

    opened: Opened
    table: Table
    load: Load
    loaded_at: datetime
    landed_at: datetime
    reasons: list[str] = field(default_factory=list)

    @property
    def is_one_to_one(self) -> bool:
        """Whether every source row gives one row of the lake or one reject."""
        return not self.load.where and self.load.repeat is None

    def rows(self, relation: str) -> str:
        """Return the query of the rows to land: the contract's columns in order and type."""
        listed = ",\n".join(self._output(column) for column in self.table.columns)
        return f"select {listed}\nfrom ({self._judged(relation, True)}) where reason is null"

    def counts(self, relation: str) -> str:
        """Return the query of (source rows, filtered, rejected, rows to land)."""
        return f"""
            select count(*), count_if(not is_kept), count_if(is_kept and reason is not null),
                coalesce(sum(repeats) filter (is_kept and reason is null), 0)
            from ({self._judged(relation, False)})
        """

    def rejects(self, relation: str) -> str:
        """Return the query of (source_row from 0, reason code) of the rejected rows, in order."""
        numbered = f"select *, {self.opened.number} as row_number_ from ({relation})"
        return f"""
            select row_number_, reason from ({self._judged(numbered, False)})
            where is_kept and reason is not null
            order by row_number_
        """

    def _output(self, column: Column) -> str:
        name, kind = identifier(column.name), column.data_type
        if column.name == "_landed_at":
            return f"{_time(self.landed_at)} as {name}"
        value = identifier(f"v {column.name}")
        if column.name == "_loaded_at":
            return f"coalesce({value}, {_time(self.loaded_at)}) as {name}"
        return f"cast({value} as {kind}) as {name}"

    def _judged(self, relation: str, is_repeated: bool) -> str:
        columns = [column for column in self.table.columns if column.name != "_landed_at"]
        texts = {
            name: as_text(expression, self.opened.types[name])
            for name, expression in self.opened.columns.items()
        }
        kept, repeats = self._kept(texts)
        query = f"select *, {kept} as is_kept, {repeats} as repeats from ({relation})"
        number = "'1'"
        if self.load.repeat is not None:
            texts["n"], number = "repeat_number", "cast(unnest(range(1, repeats + 1)) as varchar)"
            condition = " where is_kept and repeats > 0" if is_repeated else ""
            query = (
                f"select *, {number if is_repeated else literal('1')} as repeat_number"
                f" from ({query}){condition}"
            )
        elif is_repeated and self.load.where:
            query = f"select * from ({query}) where is_kept"
        given = ", ".join(self._given(column, texts) for column in columns)
        typed = ", ".join(self._typed(column) for column in columns)
        return (
            f"select *, {self._reason(columns)} as reason from ("
            f"select *, {typed} from (select *, {given} from ({query})))"
        )

    def _kept(self, texts: dict[str, str]) -> tuple[str, str]:
        """Return (whether the mapping keeps the row, how many rows it gives; null: not a count)."""
        kept = conditions(self.load, texts)
        if self.load.repeat is None:
            return kept, "1"
        text = texts[normalise(self.load.repeat)]
        count = typed_text(text, "bigint", self.load, None)
        checked = f"case when {count} between 0 and {MOST_REPEATS} then {count} end"
        repeats = f"case when {present(text)} is null then 0 else {checked} end"
        return f"{kept} and coalesce({repeats}, 1) <> 0", repeats

    def _given(self, column: Column, texts: dict[str, str]) -> str:
        alias = identifier(f"x {column.name}")
        rule = self._rule(column)
        if rule is None:
            return f"cast(null as varchar) as {alias}"
        source = normalise(rule.source) if rule.source else ""
        if rule.is_plain and self._native(source, column, rule) is not None:
            return f"{self.opened.columns[source]} as {alias}"
        return f"{mapped_text(rule, texts)} as {alias}"

    def _typed(self, column: Column) -> str:
        given, alias = identifier(f"x {column.name}"), identifier(f"v {column.name}")
        rule = self._rule(column)
        if rule is None:
            return f"cast(null as {column.data_type}) as {alias}"
        source = normalise(rule.source) if rule.source else ""
        native = self._native(source, column, rule, given) if rule.is_plain else None
        if native is not None:
            return f"{native} as {alias}"
        return f"{typed_text(given, column.data_type, self.load, rule)} as {alias}"

    def _native(
        self, source: str, column: Column, rule: ColumnRule, expression: str = ""
    ) -> str | None:
        kind = self.opened.types[source]
        if kind == "VARCHAR" or rule.multiply is not None or rule.date_format is not None:
            return None
        return typed_native(expression, kind, column.data_type)

    def _rule(self, column: Column) -> ColumnRule | None:
        """Return how the column is filled: as the mapping says, else from its namesake."""
        if column.name in self.load.columns:
            return self.load.columns[column.name]
        return ColumnRule(source=column.name) if column.name in self.opened.columns else None

    def _reason(self, columns: list[Column]) -> str:
        """Return the code of the first thing wrong with a row, null where nothing is."""
        tests = []
        if self.opened.broken is not None:
            tests.append(self.opened.broken)
        if self.load.repeat is not None:
            what = f"{normalise(self.load.repeat)}: not a count of rows"
            tests.append(("repeats is null", what))
        for column in columns:
            given, value = identifier(f"x {column.name}"), identifier(f"v {column.name}")
            if column.is_required:
                tests.append((f"{given} is null", f"{column.name}: required value is missing"))
            if self._rule(column) is not None and column.data_type != "varchar":
                what = f"{column.name}: not {type_name(column.data_type)}"
                tests.append((f"{given} is not null and {value} is null", what))
        self.reasons = [what for _, what in tests]
        cases = " ".join(f"when {test} then {code}" for code, (test, _) in enumerate(tests))
        return f"case {cases} end" if cases else "cast(null as integer)"


def _time(value: datetime) -> str:
    return f"timestamp {literal(value.isoformat(sep=' '))}"
