"""How people write amounts: $1,204.50, 1204.50 €, EUR 12.00, 342.09K, (5.00).

SQL expressions over trimmed texts. What can be read in two ways, such as 1,204, is null.
"""

from __future__ import annotations

from qualified_leads.contract import MONEY

# Currencies that write themselves so; a bare $ says of several which it is not.
_DOLLARS = "USD AUD CAD NZD SGD HKD TWD MXN ARS CLP COP BRL BMD JMD"
SIGNS = {
    "US$": "USD",
    "A$": "AUD",
    "AU$": "AUD",
    "C$": "CAD",
    "CA$": "CAD",
    "NZ$": "NZD",
    "S$": "SGD",
    "HK$": "HKD",
    "R$": "BRL",
    "$": _DOLLARS,
    "€": "EUR",
    "£": "GBP EGP LBP",
    "¥": "JPY CNY",
    "₹": "INR",
    "₽": "RUB",
    "₺": "TRY",
    "₩": "KRW",
    "₪": "ILS",
    "₫": "VND",
    "₴": "UAH",
    "₱": "PHP",
    "฿": "THB",
    "zł": "PLN",
    "Kč": "CZK",
    "Ft": "HUF",
    "lei": "RON",
    "kr.": "DKK SEK NOK ISK",
    "kr": "DKK SEK NOK ISK",
    "Fr.": "CHF",
}
_FACTORS = {"k": 1_000, "m": 1_000_000, "mn": 1_000_000, "b": 1_000_000_000, "bn": 1_000_000_000}

# No group begins with a zero: 0,500 is a half, however it is meant.
_FIRST = "[1-9][0-9]{0,2}"
_PLAIN = r"[+-]?([0-9]+([.][0-9]*)?|[.][0-9]+)([eE][+-]?[0-9]{1,3})?"
_ESCAPED = "|".join(
    sign.replace("$", "[$]").replace(".", "[.]") for sign in sorted(SIGNS, key=len, reverse=True)
)
_SIGN = f"[A-Z]{{3}}|{_ESCAPED}"
_DIGITS = r"[.]?[0-9](?:[0-9., '’]*[0-9])?"
# 12.- and 12,-- are twelve, and no minus.
_NO_CENTS = "(?:[.,] ?[-–—]+)?"
# Groups: parenthesis, minus, sign, minus, digits, factor, sign, minus, parenthesis.
_AMOUNT = (
    rf"^([(]?) ?([+-−]?) ?({_SIGN})? ?([+-−]?) ?({_DIGITS}){_NO_CENTS} ?"
    rf"([kK]|[mM][nN]?|[bB][nN]?)? ?({_SIGN})? ?(-?) ?([)]?)$"
).replace("+-−", "+−-")


def _bare(value: str) -> str:
    """No-break and narrow blanks as blanks."""
    return f"translate({value}, chr(160) || chr(8239) || chr(8201), '   ')"


def _group(value: str, number: int) -> str:
    pattern = _AMOUNT.replace("'", "''")
    return f"regexp_extract({_bare(value)}, '{pattern}', {number})"


def amount(value: str, decimal: str, thousands: str | None) -> str:
    """Return a text as a number of money."""
    digits = _unmarked(_group(value, 5), decimal, thousands)
    factors = " ".join(f"when '{name}' then {factor}" for name, factor in _FACTORS.items())
    factor = f"case lower({_group(value, 6)}) {factors} else 1 end"
    is_negative = (
        f"({_group(value, 1)} <> '' or "
        + " or ".join(f"{_group(value, number)} in ('-', '−')" for number in (2, 4, 8))
        + ")"
    )
    closes = f"({_group(value, 1)} = '') = ({_group(value, 9)} = '')"
    written = (
        f"case when {closes} then try(try_cast({digits} as {MONEY}) * {factor}"
        f" * case when {is_negative} then -1 else 1 end) end"
    )
    if decimal == "." and thousands is None:
        plain = f"regexp_full_match({value}, '{_PLAIN}')"
        written = (
            f"case when {plain} then try_cast({value} as {MONEY})"
            f" else try_cast({written} as {MONEY}) end"
        )
    return f"try_cast({written} as {MONEY})"


def _unmarked(digits: str, decimal: str, thousands: str | None) -> str:
    """Return digits with a point as their only mark; null where the marks are out of place."""
    point = f"[{decimal}]"
    if thousands is None and decimal == ",":
        thousands = "."
    if thousands is not None:
        grouped = rf"([0-9]+|{_FIRST}({_class(thousands)}[0-9]{{3}})+)({point}[0-9]*)?"
    else:
        # A comma says that it groups by a point behind it or another comma; 1,204 says nothing.
        grouped = (
            rf"[0-9]+([.][0-9]*)?|[.][0-9]+|{_FIRST}(,[0-9]{{2,3}})*,[0-9]{{3}}[.][0-9]+"
            rf"|{_FIRST}(,[0-9]{{3}}){{2,}}|{_FIRST}([ ''’][0-9]{{3}})+([.][0-9]*)?"
        )
    kept = f"regexp_replace({digits}, '[^0-9{decimal}]', '', 'g')"
    return (
        f"case when regexp_full_match({digits}, '{grouped}')"
        f" then replace({kept}, '{decimal}', '.') end"
    )


def _class(mark: str) -> str:
    return "['']" if mark == "'" else f"[{mark}]"


def is_ambiguous(value: str, decimal: str, thousands: str | None) -> str:
    """Return a condition: the comma of a text may group or begin the decimals."""
    if decimal != "." or thousands is not None:
        return "false"
    return f"regexp_full_match({_group(value, 5)}, '{_FIRST},[0-9]{{3}}')"


def looks_grouped(value: str) -> str:
    """Return, of an amount with a point, whether three digits follow it; null of others."""
    digits = _group(value, 5)
    return (
        f"case when contains({digits}, '.')"
        f" then regexp_full_match({digits}, '{_FIRST}[.][0-9]{{3}}') end"
    )


def _sign_of(value: str) -> str:
    # Most amounts have none, which the first test tells.
    found = f"coalesce(nullif({_group(value, 3)}, ''), nullif({_group(value, 7)}, ''))"
    return f"case when not regexp_full_match({value}, '{_PLAIN}') then {found} end"


def currencies(value: str) -> str:
    """Return the list of currencies that the sign or code in an amount may mean; null if none."""
    cases = " ".join(
        f"when '{sign}' then string_split('{codes}', ' ')" for sign, codes in SIGNS.items()
    )
    sign = _sign_of(value)
    return f"case {sign} {cases} else case when {sign} is not null then [{sign}] end end"
