"""SQL expressions that turn source columns into contract types. Values are always quoted.

Every expression gives null where the value doesn't have the type; the caller tells that from a
value that is missing by comparing with the source expression. Nothing here fails on a value.
"""

from __future__ import annotations

import re

from qualified_leads.contract import MONEY
from qualified_leads.load.mapping import (
    EPOCH_MS,
    EPOCH_S,
    EXCEL,
    ISO,
    ColumnRule,
    Load,
    normalise,
    template_parts,
)
from qualified_leads.load.money import amount
from qualified_leads.quoting import literal

_BLANKS = "' ' || chr(9) || chr(10) || chr(11) || chr(12) || chr(13) || chr(160)"
_NUMBER = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?"
# 200.0 is whole; 12.000 may be twelve thousand.
_WHOLE = r"[+-]?[0-9]+([.]0{0,2}|[.]0{4,})?"
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TIME = r"[ T][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?"
_ZONE = r" ?([Zz]|UTC|[+-](0[0-9]|1[0-8])(:?[0-5][0-9])?)"
_INTEGERS = {
    "TINYINT",
    "SMALLINT",
    "INTEGER",
    "BIGINT",
    "HUGEINT",
    "UTINYINT",
    "USMALLINT",
    "UINTEGER",
    "UBIGINT",
    "UHUGEINT",
}
_FLOATS = {"FLOAT", "DOUBLE"}
_NAIVE_TIMES = {"TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"}
_ZONED_TIME = "TIMESTAMP WITH TIME ZONE"
# What numbers of a time can mean, by what they are; the ranges (1995 to 2100) do not overlap.
_NUMBERED_TIMES = {
    EXCEL: ("timestamp '1899-12-30' + to_seconds(cast(round({} * 86400) as bigint))", 34700, 73100),
    EPOCH_S: ("make_timestamp(cast(round({} * 1000000) as bigint))", 788918400, 4102444800),
    EPOCH_MS: ("make_timestamp(cast(round({} * 1000) as bigint))", 788918400000, 4102444800000),
}
# `="00123"`, as exports write it so that a spreadsheet keeps the zeros.
_FORMULA = '^="(.*)"$'
_APOSTROPHE = "^'[0-9=+@-]"
# 1.23457E+17, of which a spreadsheet has forgotten the other digits, and its errors.
_SPOILT = r"\s*([+-]?[0-9]([.,][0-9]+)?[eE][+]?[0-9]+|#(N/A|REF!|VALUE!|NAME[?]|DIV/0!|NUM!))\s*"
_SALESFORCE = "[0-9A-Za-z]{15}([0-9A-Za-z]{3})?"
_SALESFORCE_DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"


def is_present(text: str) -> str:
    """Return a condition: the text isn't null and not of blanks only.

    The first test, on the first byte, decides for nearly all values and spares the trim.
    """
    return f"(({text} >= '!' and {text} < chr(127)) or trim({text}, {_BLANKS}) <> '')"


def present(text: str) -> str:
    """Return the text, null where it is blank."""
    return f"case when {is_present(text)} then {text} end"


def typed_text(text: str, data_type: str, load: Load, rule: ColumnRule | None) -> str:
    """Return a text expression as a contract type."""
    value = f"trim({text}, {_BLANKS})"
    formats = (rule.date_format if rule else None) or load.date_format or [ISO]
    zone = (rule.time_zone if rule else None) or load.time_zone
    if data_type == "string":
        return text
    if data_type == "boolean":
        return (
            f"case when lower({value}) in ('true', 't', 'yes', 'y', '1') then true"
            f" when lower({value}) in ('false', 'f', 'no', 'n', '0') then false end"
        )
    if data_type == "timestamp":
        return _formatted(text, value, formats, zone)
    if data_type == "date":
        # A day has no time zone: that of the file is the one that is meant.
        return _midnight(_formatted(text, value, formats, None))
    if data_type == MONEY:
        return _scaled(amount(value, load.decimal, load.thousands), data_type, rule)
    if data_type == "double":
        share = f"rtrim(regexp_replace({value}, '%$', ''))"
        percent = f"{_number(_plain_number(share, load), data_type)} / 100"
        plain = _number(_plain_number(value, load), data_type)
        return _scaled(
            f"case when ends_with({value}, '%') then {percent} else {plain} end", data_type, rule
        )
    return _scaled(_number(_plain_number(value, load), data_type), data_type, rule)


def _formatted(text: str, value: str, formats: list[str], zone: str | None) -> str:
    found = [_in_format(text, value, one, zone) for one in formats]
    return found[0] if len(found) == 1 else f"coalesce({', '.join(found)})"


def _in_format(text: str, value: str, format_: str, zone: str | None) -> str:
    if format_ == ISO:
        return _timestamp(text, value, zone)
    if format_ in _NUMBERED_TIMES:
        time, low, high = _NUMBERED_TIMES[format_]
        number = f"try_cast({value} as double)"
        found = f"case when {number} between {low} and {high} then {time.format(number)} end"
        return in_utc(found, zone) if format_ == EXCEL else found
    parsed = f"try_strptime({value}, {literal(format_)})"
    if "%z" in format_ or "%Z" in format_:
        parsed, zone = f"({parsed} at time zone 'UTC')", None
    # %Y also takes two digits, for a year of antiquity.
    return in_utc(f"case when year({parsed}) between 1000 and 9999 then {parsed} end", zone)


def in_utc(time: str, zone: str | None) -> str:
    """Return a local time as UTC. Of an hour that comes twice it is the second, in winter time;
    of one that never was the clock is put forward first."""
    return f"(({time}) at time zone {literal(zone)}) at time zone 'UTC'" if zone else time


def _timestamp(text: str, value: str, zone: str | None) -> str:
    # The first case spares nearly all values the trim, which takes longer than the cast. A cast to
    # timestamp ignores an offset; one to timestamptz wants it attached and as digits.
    pattern = literal(f"{_DATE}({_TIME})?")
    zoned = f"regexp_full_match({value}, {literal(f'{_DATE}{_TIME}{_ZONE}')})"
    offset = f"regexp_replace({value}, ' ?([Zz]|UTC)$', '+00')"
    attached = f"regexp_replace({offset}, ' ([+-][0-9:]+)$', '\\1')"
    full = rf"regexp_replace({attached}, '([ T]\d\d:\d\d)([+-])', '\1:00\2')"
    return (
        f"case when regexp_full_match({text}, {pattern})"
        f" then {in_utc(f'try_cast({text} as timestamp)', zone)}"
        f" when regexp_full_match({value}, {pattern})"
        f" then {in_utc(f'try_cast({value} as timestamp)', zone)}"
        f" when {zoned} then try_cast({full} as timestamptz) at time zone 'UTC' end"
    )


def _midnight(timestamp: str) -> str:
    """A time of day has no place in a date: only midnight, UTC, counts as one."""
    return (
        f"case when {timestamp} = date_trunc('day', {timestamp}) then cast({timestamp} as date) end"
    )


def _plain_number(value: str, load: Load) -> str:
    thousands = load.thousands or ("." if load.decimal == "," else None)
    if thousands is None:
        return value
    point, mark = "[" + load.decimal + "]", "[" + thousands + "]"
    grouped = rf"[+-]?([0-9]+|[1-9][0-9]{{0,2}}({mark}[0-9]{{3}})+)({point}[0-9]*)?"
    bare = f"replace({value}, {literal(thousands)}, '')"
    return (
        f"case when regexp_full_match({value}, {literal(grouped)})"
        f" then replace({bare}, {literal(load.decimal)}, '.') end"
    )


def _number(value: str, data_type: str) -> str:
    pattern = _WHOLE if data_type == "bigint" else _NUMBER
    is_number = f"regexp_full_match({value}, {literal(pattern)})"
    cast = f"case when {is_number} then try_cast({value} as {data_type}) end"
    return f"case when isfinite({cast}) then {cast} end" if data_type == "double" else cast


def _scaled(number: str, data_type: str, rule: ColumnRule | None) -> str:
    if rule is None or rule.multiply is None:
        return number
    return f"try_cast(try({number} * {rule.multiply}) as {data_type})"


def as_text(column: str, source_type: str) -> str:
    """Return a column of any type as text; a whole double has no decimals (an id stays an id)."""
    if source_type == "VARCHAR":
        return column
    if source_type in _FLOATS:
        whole = f"isfinite({column}) and {column} = trunc({column}) and abs({column}) < 9e15"
        return (
            f"case when {whole} then cast(cast({column} as bigint) as varchar)"
            f" else cast({column} as varchar) end"
        )
    if source_type == _ZONED_TIME:
        return f"cast({column} at time zone 'UTC' as varchar)"
    return f"cast({column} as varchar)"


def typed_native(
    column: str, source_type: str, data_type: str, zone: str | None = None
) -> str | None:
    """Return a typed column as a contract type without a way over text; None where text must do."""
    if data_type in ("date", "timestamp"):
        return _native_time(column, source_type, data_type, zone)
    if data_type == "boolean":
        return column if source_type == "BOOLEAN" else None
    is_decimal = source_type.startswith("DECIMAL")
    if data_type == "string" or not (is_decimal or source_type in _INTEGERS | _FLOATS):
        return None
    checks = []
    if source_type in _FLOATS:
        checks.append(f"isfinite({column})")
    if data_type == "bigint" and source_type not in _INTEGERS:
        checks.append(f"{column} = trunc({column})")
    cast = f"try_cast({column} as {data_type})"
    return f"case when {' and '.join(checks)} then {cast} end" if checks else cast


def _native_time(column: str, source_type: str, data_type: str, zone: str | None) -> str | None:
    zone = zone if data_type == "timestamp" else None
    if source_type == "DATE":
        value = in_utc(f"cast({column} as timestamp)", zone) if zone else column
    elif source_type in _NAIVE_TIMES:
        value = in_utc(f"try_cast({column} as timestamp)", zone)
    elif source_type == _ZONED_TIME:
        value = f"{column} at time zone 'UTC'"
    else:
        return None
    finite = f"case when isfinite({column}) then {value} end"
    if source_type == "DATE":
        return f"cast({finite} as {data_type})"
    return _midnight(finite) if data_type == "date" else finite


def mapped_text(rule: ColumnRule, columns: dict[str, str], is_id: bool) -> str:
    """Return the text that a rule makes of the source columns (text expressions by name)."""
    if rule.template is not None:
        text = _templated(rule, columns, is_id)
    elif rule.source is not None:
        text = _read(columns[normalise(rule.source)], rule, is_id)
    else:
        return literal(rule.default or "")
    if rule.values or rule.other is not None:
        text = _translated(text, rule)
    return f"coalesce({text}, {literal(rule.default)})" if rule.default is not None else text


def _read(text: str, rule: ColumnRule, is_id: bool) -> str:
    """Return the text of a source column, null where it is blank, in the spelling of the rule."""
    text = present(text)
    if is_from_spreadsheet(rule, is_id):
        text = _without_formula(text)
    for kind in rule.id_:
        text = _integer_id(text) if kind == "integer" else _salesforce_id(text)
    return text


def is_from_spreadsheet(rule: ColumnRule, is_id: bool) -> bool:
    """Whether what spreadsheets do to an id is undone or, where it can't be, refused."""
    return is_id if rule.spreadsheet is None else rule.spreadsheet


def _without_formula(text: str) -> str:
    value = f"trim({text}, {_BLANKS})"
    bare = f"regexp_extract({value}, {literal(_FORMULA)}, 1)"
    quoted = f"regexp_full_match({value}, {literal(_FORMULA)})"
    # An apostrophe before a digit or a sign; that of a name stays.
    marked = f"regexp_matches({value}, {literal(_APOSTROPHE)})"
    # The first test, on the first byte, decides for nearly all values and spares the trim.
    return (
        f"case when {text} >= '(' and not starts_with({text}, '=') then {text}"
        f" when {quoted} then nullif(trim({bare}, {_BLANKS}), '')"
        f" when {marked} then substr({value}, 2) else {text} end"
    )


def spoilt(rule: ColumnRule, columns: dict[str, str]) -> str | None:
    """Return a condition: a source column of an id has been spoilt by a spreadsheet."""
    names = [normalise(rule.source)] if rule.source else []
    names += [name for _, name, _ in template_parts(rule.template or "") if name in columns]
    tests = [f"regexp_full_match({columns[name]}, {literal(_SPOILT)})" for name in names]
    return f"coalesce({' or '.join(tests)}, false)" if tests else None


def _integer_id(text: str) -> str:
    value = f"trim({text}, {_BLANKS})"
    is_whole = f"regexp_full_match({value}, '[0-9]+[.]0*')"
    return f"case when {is_whole} then split_part({value}, '.', 1) else {text} end"


def _salesforce_id(text: str) -> str:
    """18 characters, of which the last three say which of the others are capitals."""
    value = f"trim({text}, {_BLANKS})"
    suffix = []
    for block in range(3):
        bits = " + ".join(
            f"case when substr({value}, {5 * block + place + 1}, 1) between 'A' and 'Z'"
            f" then {1 << place} else 0 end"
            for place in range(5)
        )
        suffix.append(f"substr('{_SALESFORCE_DIGITS}', 1 + {bits}, 1)")
    return (
        f"case when regexp_full_match({value}, {literal(_SALESFORCE)})"
        f" then substr({value}, 1, 15) || {' || '.join(suffix)} else {text} end"
    )


def _templated(rule: ColumnRule, columns: dict[str, str], is_id: bool) -> str:
    pieces = []
    for text, name, filter_ in template_parts(rule.template or ""):
        piece = literal(text) if not name else _read(columns[name], rule, is_id)
        if filter_ == "slug":
            dashed = f"regexp_replace(lower(strip_accents({piece})), '[^a-z0-9]+', '-', 'g')"
            piece = f"nullif(trim({dashed}, '-'), '')"
        pieces.append(f"({piece})")
    return f"({' || '.join(pieces)})"


def _translated(text: str, rule: ColumnRule) -> str:
    if not rule.values:
        return f"case when {text} is not null then {literal(rule.other or '')} end"
    cases = " ".join(
        f"when {literal(raw.strip())} then {literal(mapped)}" for raw, mapped in rule.values.items()
    )
    other = f"case when {text} is not null then {literal(rule.other)} end" if rule.other else text
    return f"nullif(case trim({text}, {_BLANKS}) {cases} else {other} end, '')"


def conditions(load: Load, columns: dict[str, str]) -> str:
    """Return a condition that is true for the source rows that the load keeps, never null."""
    tests = []
    for condition in load.where:
        text = columns[normalise(condition.column)]
        if condition.is_ is not None:
            found = f"coalesce({is_present(text)}, false)"
            tests.append(found if condition.is_ == "present" else f"not {found}")
            continue
        value = f"trim({text}, {_BLANKS})"
        found = " or ".join(_is_like(value, one.strip()) for one in condition.patterns)
        found = f"coalesce({found or 'false'}, false)"
        tests.append(found if condition.in_ is not None else f"not {found}")
    return " and ".join(tests) or "true"


def _is_like(value: str, pattern: str) -> str:
    if "*" not in pattern:
        return f"{value} = {literal(pattern)}"
    escaped = re.sub(r"([\\%_])", r"\\\1", pattern).replace("*", "%")
    return f"{value} like {literal(escaped)} escape '\\'"
