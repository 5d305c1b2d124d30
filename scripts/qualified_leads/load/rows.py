"""The query that types the rows of a source, and says of each why it can't be landed.

A source row gives one row, or as many as the mapping says: as a column counts (`repeat`), for each
day of a period (`spread`) or for each value of a cell (`split`). An `update` takes what it doesn't
fill from the row of that key that is in the lake.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from qualified_leads.contract import MONEY, Column, Table, type_name
from qualified_leads.load.mapping import (
    HASH,
    REPETITION,
    ROW,
    ColumnRule,
    Load,
    normalise,
    template_parts,
)
from qualified_leads.load.money import currencies, is_ambiguous, looks_grouped
from qualified_leads.load.report import NO_SUCH_ROW
from qualified_leads.load.source import Opened
from qualified_leads.load.sql import (
    as_text,
    conditions,
    is_from_spreadsheet,
    mapped_text,
    present,
    spoilt,
    typed_native,
    typed_text,
)
from qualified_leads.quoting import identifier, literal

# More copies of one record, or days of a period, than this are a slip.
MOST_REPEATS = 1_000_000
MOST_DAYS = 3_660
KNOWN_ROWS = "known_rows"
_PIECE, _NUMBER = "piece", "piece_number"
_PERIOD_END = re.compile("(^|_)(ends?|stop|until)(_|$)|to_date|date_to")


@dataclass
class RowQuery:
    """The SQL of one load over `relation`, one of those of `opened`.

    `reasons[code]` is the text of a reason that the SQL gives as a code.
    """

    opened: Opened
    table: Table
    load: Load
    loaded_at: datetime
    landed_at: datetime
    reasons: list[str] = field(default_factory=list)
    relation: str = ""

    @property
    def is_one_to_one(self) -> bool:
        """Whether every source row gives one row of the lake or one reject."""
        many = (self.load.where, self.load.repeat, self.load.spread, self.load.split)
        return not self.load.update and not any(many)

    def rows(self) -> str:
        """Return the query of the rows to land: the contract's columns in order and type."""
        listed = ",\n".join(self._output(column) for column in self.table.columns)
        return f"select {listed}\nfrom ({self._judged(self.relation, True)}) where {_LANDS}"

    def counts(self) -> str:
        """Return the query of (source rows, filtered, rejected, rows to land).

        Of a row of which one value is rejected and another lands, the row is rejected.
        """
        judged = self._judged(self._numbered(self.relation), self._is_judged_by_piece)
        return f"""
            select count(*), count_if(not is_rejected and landing = 0), count_if(is_rejected),
                coalesce(sum(landing), 0)
            from (
                select row_number_, bool_or(is_kept and reason is not null) as is_rejected,
                    sum(case when {_LANDS} then {"1" if self._is_judged_by_piece else "repeats"}
                        else 0 end) as landing
                from ({judged}) group by row_number_
            )
        """

    def rejects(self) -> str:
        """Return the query of (source_row from 0, reason code) of the rejected rows, in order."""
        judged = self._judged(self._numbered(self.relation), self._is_judged_by_piece)
        return f"""
            select row_number_, min(reason) as reason from ({judged})
            where is_kept and reason is not null
            group by row_number_ order by row_number_
        """

    @property
    def _is_judged_by_piece(self) -> bool:
        """Copies are alike and judged once; values of a cell are each their own."""
        return self.load.split is not None

    @property
    def _splits_its_key(self) -> bool:
        return any(self.load.columns.get(name) is self.load.split for name in self.table.key)

    def _numbered(self, relation: str) -> str:
        return f"select *, {self.opened.number} as row_number_ from ({relation})"

    def grouped_by_points(self) -> dict[str, str]:
        """Return, by name, amounts of text, with the query of how many have a point and of those
        how many have three digits behind it; none where the mapping says what a point is."""
        if self.load.decimal != "." or self.load.thousands is not None:
            return {}
        queries = {}
        for column in self.table.columns:
            if column.data_type == MONEY and self._is_text(column):
                test = looks_grouped(f"trim({identifier(f'x {column.name}')})")
                judged = self._judged(self.relation, False)
                queries[column.name] = (
                    f"select count({test}), count_if({test}) from ({judged}) where is_kept"
                )
        return queries

    def longer_than_a_day(self) -> dict[str, str]:
        """Return, by name, columns that may end a period, with the query that counts such rows.

        Of spend that is booked on one day alone.
        """
        if self.table.name != "spend" or self.load.spread is not None:
            return {}
        ends = [name for name in self.opened.columns if _PERIOD_END.search(name)]
        queries = {}
        for name in ends:
            text = as_text(self.opened.columns[name], self.opened.types[name])
            later = f"""{typed_text(text, "date", self.load, None)} > "v spend_date\""""
            judged = self._judged(self.relation, False)
            queries[name] = f"select count(*) from ({judged}) where reason is null and {later}"
        return queries

    def _output(self, column: Column) -> str:
        name, kind = identifier(column.name), column.data_type
        if column.name == "_landed_at":
            return f"{_time(self.landed_at)} as {name}"
        value = self._value(column)
        if column.name == "_loaded_at":
            return f"coalesce({value}, {_time(self.loaded_at)}) as {name}"
        if self.load.spread is not None:
            value = _of_one_day(column, value)
        return f"cast({value} as {kind}) as {name}"

    def _value(self, column: Column) -> str:
        is_kept = self.load.update and self._rule(column) is None and column.name[0] != "_"
        return identifier(f"{'k' if is_kept else 'v'} {column.name}")

    def _judged(self, relation: str, is_repeated: bool) -> str:
        columns = [column for column in self.table.columns if column.name != "_landed_at"]
        texts = {
            name: as_text(expression, self.opened.types[name])
            for name, expression in self.opened.columns.items()
        }
        if self._names_in_templates() & {ROW, HASH} and "row_number_" not in relation:
            relation = self._numbered(relation)
        texts[ROW] = "cast(row_number_ + 1 as varchar)"
        texts[HASH] = (
            f"md5(concat_ws(chr(31), {', '.join(_blank(text) for text in texts.values())}))"
        )
        kept, repeats = self._kept(texts)
        query = f"select *, {kept} as is_kept, {repeats} as repeats from ({relation})"
        if is_repeated:
            query = self._repeated(query, texts)
        else:
            query = f"select *, 1 as {_NUMBER} from ({query})"
        texts[REPETITION] = f"cast({_NUMBER} as varchar)"
        given = ", ".join(self._given(column, texts) for column in columns)
        typed = ", ".join(self._typed(column) for column in columns)
        query = f"select *, {typed} from (select *, {given} from ({query}))"
        if self.load.update:
            query = self._completed(query)
        reason = self._reason(columns, texts)
        return f"select *, {self._is_news()} as is_news, {reason} as reason from ({query})"

    def _names_in_templates(self) -> set[str]:
        parts = [part for rule in self.load.rules for part in template_parts(rule.template or "")]
        return {name for _, name, _ in parts}

    def _repeated(self, query: str, texts: dict[str, str]) -> str:
        if self.load.split is not None:
            # A cell of nothing is one value that is null, and no row where it is the key.
            pieces = _pieces(texts[normalise(self.load.split.source or "")], self.load.split)
            pieces = f"case when repeats = 0 then [cast(null as varchar)] else {pieces} end"
            is_there = f" and {_PIECE} is not null" if self._splits_its_key else ""
            return (
                f"select * exclude (is_kept), is_kept{is_there} as is_kept from (select *,"
                f" unnest({pieces}) as {_PIECE}, unnest(range(1, greatest(repeats, 1) + 1))"
                f" as {_NUMBER} from ({query}))"
            )
        if self.load.repeat is not None or self.load.spread is not None:
            numbers = f"cast(unnest(range(1, repeats + 1)) as bigint) as {_NUMBER}"
            return f"select *, {numbers} from ({query}) where is_kept and repeats > 0"
        kept = " where is_kept" if self.load.where else ""
        return f"select *, 1 as {_NUMBER} from ({query}){kept}"

    def _kept(self, texts: dict[str, str]) -> tuple[str, str]:
        """Return (whether the mapping keeps the row, how many rows it gives; null: not a count)."""
        load, kept = self.load, conditions(self.load, texts)
        if load.split is not None:
            pieces = _pieces(texts[normalise(load.split.source or "")], load.split)
            return kept, f"coalesce(len({pieces}), 0)"
        if load.spread is not None:
            first, last = (
                typed_text(texts[normalise(name)], "date", load, None) for name in load.spread
            )
            days = f"date_diff('day', {first}, {last}) + 1"
            repeats = f"case when {days} between 1 and {MOST_DAYS} then {days} end"
        elif load.repeat is not None:
            text = texts[normalise(load.repeat)]
            count = typed_text(text, "bigint", load, None)
            checked = f"case when {count} between 0 and {MOST_REPEATS} then {count} end"
            repeats = f"case when {present(text)} is null then 0 else {checked} end"
        else:
            return kept, "1"
        return f"{kept} and coalesce({repeats}, 1) <> 0", repeats

    def _given(self, column: Column, texts: dict[str, str]) -> str:
        alias = identifier(f"x {column.name}")
        rule = self._rule(column)
        if rule is None:
            return f"cast(null as varchar) as {alias}"
        source = normalise(rule.source) if rule.source else ""
        if rule.is_plain and self._native(source, column, rule) is not None:
            return f"{self.opened.columns[source]} as {alias}"
        if rule.split is not None and self._is_judged_by_piece:
            texts = {**texts, source: f"trim({_PIECE})"}
        return f"{mapped_text(rule, texts, _is_id(column))} as {alias}"

    def _typed(self, column: Column) -> str:
        given, alias = identifier(f"x {column.name}"), identifier(f"v {column.name}")
        rule = self._rule(column)
        if column.name == "currency" and (amounts := self._signed_amounts()) is not None:
            # An amount that says its currency says it for the row.
            said = f"case when len({amounts}) = 1 then {amounts}[1] end"
            return f"coalesce({given}, {said}) as {alias}"
        if rule is None:
            return f"cast(null as {column.data_type}) as {alias}"
        source = normalise(rule.source) if rule.source else ""
        native = self._native(source, column, rule, given) if rule.is_plain else None
        if native is not None:
            return f"{native} as {alias}"
        return f"{typed_text(given, column.data_type, self.load, rule)} as {alias}"

    def _signed_amounts(self) -> str | None:
        """Return the currencies that the amount's sign may mean; None where it has no sign."""
        names = {column.name for column in self.table.columns}
        for column in self.table.columns:
            if column.data_type == MONEY and "currency" in names and self._is_text(column):
                return currencies(identifier(f"x {column.name}"))
        return None

    def _is_text(self, column: Column) -> bool:
        rule = self._rule(column)
        if rule is None or rule.source is None:
            return False
        return not rule.is_plain or self._native(normalise(rule.source), column, rule) is None

    def _native(
        self, source: str, column: Column, rule: ColumnRule, expression: str = ""
    ) -> str | None:
        kind = self.opened.types[source]
        if kind == "VARCHAR" or rule.multiply is not None or rule.date_format is not None:
            return None
        zone = rule.time_zone or self.load.time_zone
        return typed_native(expression, kind, column.data_type, zone)

    def _rule(self, column: Column) -> ColumnRule | None:
        """Return how the column is filled: as the mapping says, else from its namesake."""
        if column.name not in self.load.columns:
            is_there = column.name in self.opened.columns
            return ColumnRule(source=column.name) if is_there else None
        rule = self.load.columns[column.name]
        if rule is None or not rule.optional:
            return rule
        named = [normalise(rule.source)] if rule.source else []
        named += [name for _, name, _ in template_parts(rule.template or "") if name]
        return rule if set(named) <= {*self.opened.columns, ROW, HASH, REPETITION} else None

    def _completed(self, query: str) -> str:
        matches = " and ".join(
            f"{_comparable(column, identifier(f'v {column.name}'))}"
            f" is not distinct from {identifier(f'key {column.name}')}"
            for column in self.table.columns
            if column.name in self.table.key
        )
        return f"select * from ({query}) left join {KNOWN_ROWS} on {matches}"

    def _is_news(self) -> str:
        """Return whether a row says anything that the lake doesn't have already."""
        if not self.load.update:
            return "true"
        changes = [
            f"{self._value(column)} is distinct from {identifier(f'k {column.name}')}"
            for column in self.table.source_columns
            if self._rule(column) is not None
        ]
        return f"({' or '.join(changes)})"

    def _reason(self, columns: list[Column], texts: dict[str, str]) -> str:
        """Return the code of the first thing wrong with a row, null where nothing is."""
        tests = []
        if self.opened.broken is not None:
            tests.append(self.opened.broken)
        if self.load.repeat is not None:
            what = f"{normalise(self.load.repeat)}: not a count of rows"
            tests.append(("repeats is null", what))
        if self.load.spread is not None:
            what = f"{' and '.join(map(normalise, self.load.spread))}: not a period"
            tests.append(("repeats is null", what))
        for column in columns:
            tests += self._reasons(column, texts)
        if self.load.update:
            key = self.table.key[0]
            tests.append((f'"key {key}" is null', f"{key}: {NO_SUCH_ROW}"))
        self.reasons = [what for _, what in tests]
        cases = " ".join(f"when {test} then {code}" for code, (test, _) in enumerate(tests))
        return f"case {cases} end" if cases else "cast(null as integer)"

    def _reasons(self, column: Column, texts: dict[str, str]) -> list[tuple[str, str]]:
        given, value = identifier(f"x {column.name}"), identifier(f"v {column.name}")
        rule, found = self._rule(column), []
        if column.is_required and not (self.load.update and rule is None):
            found.append((f"{given} is null", f"{column.name}: required value is missing"))
        if rule is None:
            return found
        if is_from_spreadsheet(rule, _is_id(column)):
            pieces = {normalise(rule.source or ""): f"trim({_PIECE})"} if rule.split else {}
            test = spoilt(rule, {**texts, **pieces} if self._is_judged_by_piece else texts)
            if test is not None:
                what = "a spreadsheet has spoilt it (1.2E+17, #N/A); export it as text"
                found.append((test, f"{column.name}: {what}"))
        if column.data_type == MONEY and self._is_text(column):
            found += self._reasons_of_money(column, given)
        if column.data_type != "string":
            what = f"{column.name}: not {type_name(column.data_type)}"
            found.append((f"{given} is not null and {value} is null", what))
        return found

    def _reasons_of_money(self, column: Column, given: str) -> list[tuple[str, str]]:
        found = []
        if (signed := self._signed_amounts()) is not None:
            stated = 'upper(trim("x currency"))'
            contradicts = f"{stated} is not null and not list_contains({signed}, {stated})"
            found = [
                (
                    f"coalesce({contradicts}, false)",
                    f"{column.name}: its sign is of another currency",
                ),
                (
                    f"{stated} is null and coalesce(len({signed}) > 1, false)",
                    f"{column.name}: its sign is of several currencies, and currency is blank",
                ),
            ]
        test = is_ambiguous(f"trim({given})", self.load.decimal, self.load.thousands)
        what = "its comma may group or begin the decimals; a mapping says it with `thousands`"
        return [*found, (f"coalesce({test}, false)", f"{column.name}: {what}")]


_LANDS = "is_kept and is_news and reason is null"


def _is_id(column: Column) -> bool:
    return column.name.endswith("_id")


def _blank(text: str) -> str:
    return f"coalesce({text}, '')"


def _comparable(column: Column, value: str) -> str:
    return f"trim({value})" if column.data_type == "string" else value


def _pieces(text: str, rule: ColumnRule) -> str:
    """Return the list of the values of a cell; blank ones are none."""
    pieces = f"string_split({text}, {literal(rule.split or '')})"
    return f"list_filter({pieces}, lambda one: trim(one) <> '')"


def _of_one_day(column: Column, value: str) -> str:
    """Return a value's part of one day of `repeats`; the parts add up exactly."""
    day, last = f"cast({_NUMBER} as bigint)", "repeats"
    date = f"""cast("v spend_date" + cast({day} - 1 as integer) as date)"""
    if column.name == "spend_date":
        return date
    if column.name == "spend_id":
        return f"{value} || ':' || cast({date} as varchar)"
    if column.data_type == MONEY:
        upto, before = (
            f"cast(round({value} * ({days}) / {last}, 2) as decimal(20, 2))"
            for days in (day, f"{day} - 1")
        )
        return f"case when {day} = {last} then {value} else {upto} end - {before}"
    if column.name in ("impressions", "clicks"):
        return f"({value} * {day}) // {last} - ({value} * ({day} - 1)) // {last}"
    return value


def known_rows(table: Table, files: list[str]) -> str:
    """Return the statement that makes the current row of each key, for an update.

    Current is the one with the greatest version time and `_loaded_at`, as in staging.
    """
    names = {column.name for column in table.columns}
    version = [name for name in ("updated_at", "created_at") if name in names]
    ordered = [f"coalesce({', '.join(version)}) desc nulls last"] if version else []
    ordered += ["_loaded_at desc"]
    ordered += [f"{column.name} desc nulls last" for column in table.source_columns]
    keys = [column for column in table.columns if column.name in table.key]
    compared = [_comparable(column, identifier(column.name)) for column in keys]
    listed = ", ".join(
        [f"{identifier(name)} as {identifier(f'k {name}')}" for name in names]
        + [
            f"{value} as {identifier(f'key {column.name}')}"
            for column, value in zip(keys, compared, strict=True)
        ]
    )
    empty = ", ".join(
        f"cast(null as {column.data_type}) as {identifier(column.name)}" for column in table.columns
    )
    rows = f"select {empty} where false"
    if files:
        places = ", ".join(map(literal, files))
        rows += f" union all by name select * from read_parquet([{places}], union_by_name = true)"
    return (
        f"create or replace temp table {KNOWN_ROWS} as select {listed} from ({rows})"
        f" qualify row_number() over (partition by {', '.join(compared)}"
        f" order by {', '.join(ordered)}) = 1"
    )


def _time(value: datetime) -> str:
    return f"timestamp {literal(value.isoformat(sep=' '))}"
