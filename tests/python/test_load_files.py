"""Files as people make them: what lands, what is rejected and where, what is refused whole."""

import json
from dataclasses import dataclass, field

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from qualified_leads.errors import UsageError

MISSING = "required value is missing"


@dataclass
class Case:
    """A file, the rows that land, and the rejected (line, reason) or the error that refuses it."""

    name: str
    content: str | bytes
    landed: int = 0
    rejects: list[tuple[int, str]] = field(default_factory=list)
    refused: str = ""
    warned: str = ""
    noted: str = ""
    file: str = "leads.csv"

    @property
    def data(self) -> bytes:
        return self.content.encode() if isinstance(self.content, str) else self.content


HEAD = "lead_id,created_at,email\n"
SPEND = "spend_id,spend_date,amount,clicks,is_refund\n"
GOOD = "a,2024-01-31,a@x.com\n"


def spend(name: str, row: str, *rejects: str) -> Case:
    """A file with one spend row, landed unless a reason is given."""
    found = [(2, reason) for reason in rejects]
    return Case(name, f"{SPEND}{row}\n", 1 - len(rejects), found, file="spend.csv")


CASES = [
    Case("plain", HEAD + GOOD, 1),
    Case("no line break at the end", HEAD + GOOD.strip(), 1),
    Case("header only", HEAD, 0),
    Case("header without line break", HEAD.strip(), 0),
    Case("no bytes", b"", 0, warned="is empty"),
    Case("blank lines only", "\n\n\n", 0, warned="is empty"),
    Case("byte order mark", b"\xef\xbb\xbf" + (HEAD + GOOD).encode(), 1),
    Case("byte order mark before a quote", b'\xef\xbb\xbf"lead_id",created_at\na,2024-01-31\n', 1),
    Case("CRLF", (HEAD + GOOD + GOOD).replace("\n", "\r\n"), 2),
    Case("CR alone", (HEAD + GOOD + GOOD).replace("\n", "\r"), 2),
    Case("mixed line breaks", f"{HEAD.strip()}\r\n{GOOD}{GOOD.strip()}\r\n{GOOD}", 3),
    Case("semicolons", (HEAD + GOOD).replace(",", ";"), 1),
    Case("tabs", (HEAD + GOOD).replace(",", "\t"), 1),
    Case("semicolons and commas", "lead_id;created_at;email\na;2024-01-31;x,y,z\n", 1),
    Case(
        "comma inside a header name",
        '"lead_id","created_at","a;b;c;d"\na,2024-01-31,x\n',
        1,
        warned="a;b;c;d",
    ),
    Case("header in another case", "Lead ID, Created_At ,EMAIL\n" + GOOD, 1),
    Case("quoted header", '"lead_id","created_at","email"\n' + GOOD, 1),
    Case(
        "line break in the header",
        'lead_id,created_at,"e\nmail"\na,2024-01-31,x\nb,x,y\n',
        1,
        [(4, "created_at: not a timestamp")],
        warned="unknown columns",
    ),
    Case("blank lines at the end", HEAD + GOOD + "\n\r\n\n", 1),
    Case(
        "blank lines between",
        HEAD + "\n" + GOOD + "\n\n" + "b,x,\n" + GOOD,
        2,
        [(6, "created_at: not a timestamp")],
    ),
    Case(
        "blank lines before the header",
        "\n\n" + HEAD + GOOD + "b,x,\n",
        1,
        [(5, "created_at: not a timestamp")],
    ),
    Case(
        "quoted line breaks",
        HEAD + 'a,2024-01-31,"x\ny\r\nz"\nb,x,\n',
        1,
        [(5, "created_at: not a timestamp")],
    ),
    Case("doubled quotes", HEAD + '"a""b",2024-01-31,""\n', 1),
    Case("quote inside an unquoted value", HEAD + 'a,2024-01-31,12" disk\nb,2024-01-31,"x"\n', 2),
    Case(
        "text after a closing quote",
        HEAD + 'a,2024-01-31,"x"y\n' + GOOD,
        1,
        [(2, "record: text after a closing quote")],
    ),
    Case("unbalanced quote", HEAD + GOOD + 'b,2024-01-31,"x\n' + GOOD, refused="line 3"),
    Case(
        "quotes out of step",
        HEAD + 'b,2024-01-31,"x\n' + GOOD + 'c,2024-01-31,"y"\n',
        refused="line 2",
    ),
    Case("unbalanced quote in the header", 'lead_id,"created_at\n' + GOOD, refused="header"),
    Case(
        "last fields missing", HEAD + "b,2024-01-31\n" + GOOD, 2, noted="1 record of fewer fields"
    ),
    Case("a required field missing", HEAD + "a\n" + GOOD, 1, [(2, f"created_at: {MISSING}")]),
    Case("blank fields too many", HEAD + 'a,2024-01-31,x, ,"",\n', 1, noted="1 record with blank"),
    Case(
        "blank fields too many around line breaks",
        HEAD + 'a,2024-01-31,"x\ny",,\nb,x,"y"\n',
        1,
        [(4, "created_at: not a timestamp")],
        noted="blank fields beyond the last column",
    ),
    Case("quotes inside and blank fields too many", HEAD + 'a,2024-01-31,12" disk,,\n', 1),
    Case(
        "too many fields",
        HEAD + GOOD + "a,2024-01-31,x,y\n",
        1,
        [(3, "record: too many fields, expected 3")],
    ),
    Case(
        "many kinds of ragged",
        HEAD + "a\na,b,c,d,e,f,g,h\n" + GOOD + ",,,\n",
        1,
        [
            (2, f"created_at: {MISSING}"),
            (3, "record: too many fields, expected 3"),
        ],
    ),
    Case(
        "NUL byte",
        HEAD.encode() + b"a\0,2024-01-31,\n" + GOOD.encode(),
        1,
        [(2, "record: NUL byte")],
    ),
    Case("empty fields are no record", HEAD + ',,\n"",,""\n,,,,,\n' + GOOD, 1),
    Case("blank key", HEAD + '"  \t",2024-01-31,\n', 0, [(2, f"lead_id: {MISSING}")]),
    Case("no-break space is blank", HEAD + "\u00a0,2024-01-31,\n", 0, [(2, f"lead_id: {MISSING}")]),
    Case("missing required value", HEAD + "a,,\n" + GOOD, 1, [(2, f"created_at: {MISSING}")]),
    Case("missing required column", "lead_id,email\na,b\n", refused="required column created_at"),
    Case(
        "header without any name", "a,b,c\n1,2,3\n", refused="required column lead_id, created_at"
    ),
    Case(
        "the same column twice", "lead_id,created_at,Lead_ID \na,2024-01-31,b\n", refused="1 and 3"
    ),
    Case(
        "unknown columns",
        "lead_id,created_at,Foo,,bar\na,2024-01-31,1,2,3\n",
        1,
        warned="unknown columns are ignored: Foo, column 4, bar",
    ),
    Case(
        "Latin-1",
        HEAD.encode() + GOOD.encode() + "b,2024-01-31,Jos\u00e9\n".encode("latin-1"),
        refused="byte 63, line 3; declare its encoding in a mapping file: of a Windows program "
        "`encoding: cp1252`",
    ),
    Case(
        "no code page of Western Europe",
        HEAD.encode() + b"b,2024-01-31,\x81\x8d\n",
        refused="such as `encoding: cp1250`",
    ),
    Case("UTF-16 says so itself", (HEAD + GOOD).encode("utf-16"), 1),
    Case(
        "cut inside a character",
        (HEAD + "a,2024-01-31,\u00e9").encode()[:-1],
        refused="ends inside",
    ),
    Case("other scripts", HEAD + "a,2024-01-31,\u65e5\u672c\U0001f600\n", 1),
    Case("ISO with T", HEAD + "a,2024-01-31T12:00:00.123456Z,\n", 1),
    Case("no such day", HEAD + "a,2024-02-30,\n", 0, [(2, "created_at: not a timestamp")]),
    Case(
        "no such hour", HEAD + "a,2024-02-03 25:00:00,\n", 0, [(2, "created_at: not a timestamp")]
    ),
    Case("slashes", HEAD + "a,31/01/2024,\n", 0, [(2, "created_at: not a timestamp")]),
    Case(
        "infinite time",
        HEAD + "a,infinity,\nb,epoch,\n",
        0,
        [(2, "created_at: not a timestamp"), (3, "created_at: not a timestamp")],
    ),
    Case(
        "bad _loaded_at",
        "lead_id,created_at,_loaded_at\na,2024-01-31,soon\n",
        0,
        [(2, "_loaded_at: not a timestamp")],
    ),
    spend("number", "s,2024-01-31,1.50,5,false"),
    spend("whole number with decimals", "s,2024-01-31,1,50.0,"),
    spend("fraction for a whole number", "s,2024-01-31,1,50.5,", "clicks: not a whole number"),
    spend("hexadecimal", "s,2024-01-31,1,0x10,", "clicks: not a whole number"),
    spend("underscore", "s,2024-01-31,1_000,,", "amount: not an amount"),
    spend(
        "too large for bigint", "s,2024-01-31,1,9223372036854775808,", "clicks: not a whole number"
    ),
    spend("NaN", "s,2024-01-31,NaN,,", "amount: not an amount"),
    spend("infinity", "s,2024-01-31,Infinity,,", "amount: not an amount"),
    spend("overflow", "s,2024-01-31,123456789012345.5,,", "amount: not an amount"),
    spend(
        "currency sign of many",
        "s,2024-01-31,$5,,",
        "amount: its sign is of several currencies, and currency is blank",
    ),
    spend("currency sign of one", "s,2024-01-31,€5,,"),
    spend(
        "comma that says nothing",
        's,2024-01-31,"1,000",,',
        "amount: its comma may group or begin the decimals; a mapping says it with `thousands`",
    ),
    spend("comma that groups", 's,2024-01-31,"1,000.50",,'),
    spend("exponent", "s,2024-01-31,1e3,,"),
    spend("negative", "s,2024-01-31,-5.25,,TRUE"),
    spend("text amount", "s,2024-01-31,five,,", "amount: not an amount"),
    spend("boolean in words", "s,2024-01-31,1,,Yes"),
    spend("boolean that is none", "s,2024-01-31,1,,maybe", "is_refund: not a boolean"),
    spend("midnight as a date", "s,2024-01-31 00:00:00,1,,"),
    spend("time as a date", "s,2024-01-31 12:00:00,1,,", "spend_date: not a date"),
    spend("blanks around", ' s ," 2024-01-31 "," 1.5 ", 7 , true '),
    Case("JSON lines", '{"lead_id": "a", "created_at": "2024-01-31"}\n', 1, file="leads.jsonl"),
    Case(
        "JSON that breaks off",
        '{"lead_id": "a", "created_at": "2024-01-31"}\n{"lead_id": "b"\n',
        1,
        [(2, "record: not a JSON object")],
        file="leads.jsonl",
    ),
    Case(
        "JSON without the key",
        '{"lead_id": "a", "created_at": "2024-01-31"}\n\n{"lead_id": 2}\n',
        1,
        [(3, f"created_at: {MISSING}")],
        file="leads.jsonl",
    ),
    Case(
        "JSON null and blank",
        '{"lead_id": null, "created_at": "2024-01-31"}\n'
        '{"lead_id": " ", "created_at": "2024-01-31"}\n',
        0,
        [(1, f"lead_id: {MISSING}"), (2, f"lead_id: {MISSING}")],
        file="leads.jsonl",
    ),
    Case(
        "JSON that is no object",
        '{"lead_id": "a", "created_at": "2024-01-31"}\n[1]\n3\n\t\n',
        1,
        [(2, "record: not a JSON object"), (3, "record: not a JSON object")],
        file="leads.jsonl",
    ),
    Case(
        "JSON lines without an object",
        "nonsense\n",
        0,
        [(1, "record: not a JSON object")],
        file="leads.jsonl",
    ),
    Case(
        "JSON array",
        '[\n{"lead_id": "a", "created_at": "2024-01-31"},\n{"lead_id": 12345678901234567890}]',
        1,
        [(2, f"created_at: {MISSING}")],
        file="leads.json",
    ),
    Case(
        "JSON array on one line",
        '[{"lead_id": "a", "created_at": "2024-01-31"}]',
        1,
        file="leads.jsonl",
    ),
    Case(
        "JSON as an API answers",
        '{"results": [{"lead_id": "a", "created_at": "2024-01-31"}], "paging": {"next": 2}}',
        1,
        file="leads.json",
    ),
    Case(
        "JSON of one object on many lines",
        '{\n"lead_id": "a",\n"created_at": "2024-01-31"\n}\n',
        1,
        file="leads.json",
    ),
    Case(
        "JSON document that breaks off",
        '[{"lead_id": "a"},\n{"lead',
        refused="line 2",
        file="leads.json",
    ),
    Case(
        "JSON with CRLF and mark",
        b'\xef\xbb\xbf{"lead_id": "a", "created_at": "2024-01-31"}\r\n',
        1,
        file="leads.jsonl",
    ),
    Case(
        "JSON lacks a required key everywhere",
        '{"lead_id": "a"}\n',
        refused="created_at",
        file="leads.jsonl",
    ),
    Case(
        "JSON control character",
        b'{"lead_id": "a\x01", "created_at": "2024-01-31"}\n',
        0,
        [(1, "record: control character")],
        file="leads.jsonl",
    ),
    Case(
        "JSON unknown key",
        '{"lead_id": "a", "created_at": "2024-01-31", "x\'y": {"z": 1}}\n',
        1,
        warned="unknown columns are ignored: x'y",
        file="leads.jsonl",
    ),
    Case(
        "JSON NaN",
        '{"spend_id": 1, "spend_date": "2024-01-31", "amount": NaN}\n',
        0,
        [(1, "amount: not an amount")],
        file="spend.jsonl",
    ),
    Case(
        "JSON in Latin-1",
        b'{"lead_id": "\xe9", "created_at": "2024-01-31"}\n',
        refused="byte 14",
        file="leads.jsonl",
    ),
    Case("no Parquet", "lead_id,created_at\n", refused="Parquet", file="leads.parquet"),
    Case("empty Parquet", b"", 0, warned="is empty", file="leads.parquet"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_file(case, load, lake):
    if case.refused:
        with pytest.raises(UsageError) as refusal:
            load({case.file: case.data})
        assert case.refused in str(refusal.value)
        assert case.file in str(refusal.value)
        assert "\n" not in str(refusal.value)
        assert not lake("leads") and not lake("spend") and not lake("rejected_rows")
        return
    report = load({case.file: case.data})
    table = case.file.partition(".")[0]
    assert len(lake(table)) == case.landed == report.landed
    rejects = lake("rejected_rows", "table_name, file, line, reason", "order by line")
    assert rejects == [(table, case.file, line, reason) for line, reason in case.rejects]
    assert sum(report.rejected.values()) == len(case.rejects)
    assert case.warned in " ".join(report.warnings)
    assert bool(report.warnings) == bool(case.warned)
    assert case.noted in " ".join(report.notes)


def test_rejects_keep_the_whole_record(load, lake):
    records = ['a,x,"Mü\nller"', "b,2024-01-31,c,d", 'c,,"say ""hi"""']
    load({"leads.csv": HEAD + "\n".join([GOOD.strip(), *records]) + "\n"})
    assert lake("rejected_rows", "line, record", "order by line") == list(
        zip([3, 5, 6], records, strict=True)
    )


def test_every_reason_is_free_of_values(load, lake):
    load({"leads.csv": HEAD + "secret,tomorrow,\nsecret\n,secret,\n"})
    reasons = lake("rejected_rows", "reason")
    assert len(reasons) == 3
    assert not any("secret" in reason or "tomorrow" in reason for (reason,) in reasons)


def test_text_stays_as_it_was(load, lake):
    load(
        {
            "leads.csv": "lead_id,created_at,email,country\n00012345678901234567890,2024-01-31,"
            '" A@x.com ","  "\n'
        }
    )
    assert lake("leads", "lead_id, email, country") == [
        ("00012345678901234567890", " A@x.com ", None)
    ]


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("2024-01-31", "2024-01-31 00:00:00"),
        ("2024-01-31 12:00:00", "2024-01-31 12:00:00"),
        ("2024-01-31 12:00", "2024-01-31 12:00:00"),
        ("2024-01-31T12:00:00Z", "2024-01-31 12:00:00"),
        ("2024-01-31 12:00Z", "2024-01-31 12:00:00"),
        ("2024-01-31 12:00:00 UTC", "2024-01-31 12:00:00"),
        ("2024-01-31 12:00:00+02:00", "2024-01-31 10:00:00"),
        ("2024-01-31 12:00:00 +02:00", "2024-01-31 10:00:00"),
        ("2024-01-31T12:00:00-0330", "2024-01-31 15:30:00"),
        ("2024-01-31T00:30+02", "2024-01-30 22:30:00"),
        ("2024-01-31 12:00:00.123456", "2024-01-31 12:00:00.123456"),
        ("2024-01-31 12:00:00.1234569", "2024-01-31 12:00:00.123456"),
        (" 2024-01-31 12:00:00.5+01:00 ", "2024-01-31 11:00:00.5"),
        ("2024-1-5", None),
        ("2024-01-31 12", None),
        ("20240131", None),
        ("24-01-31", None),
        ("2024-01-31 12:00:00 Europe/Berlin", None),
        ("2024-01-31 12:00:00+99:99", None),
    ],
)
@pytest.mark.parametrize("suffix", ["csv", "jsonl", "parquet"])
def test_times_are_utc(written, expected, suffix, load, lake, tmp_path):
    row = {"lead_id": "a", "created_at": written}
    contents = {
        "csv": f"lead_id,created_at\na,{written}\n",
        "jsonl": json.dumps(row) + "\n",
        "parquet": b"",
    }
    if suffix == "parquet":
        pq.write_table(pa.Table.from_pylist([row]), tmp_path / "x")
        contents["parquet"] = (tmp_path / "x").read_bytes()
    load({f"leads.{suffix}": contents[suffix]})
    found = lake("leads", "created_at = cast('" + (expected or "1970-01-01") + "' as timestamp)")
    assert found == ([(True,)] if expected else [])


def test_decimals_round_half_up_and_booleans_in_any_case(load, lake):
    rows = ["s1,2024-01-31,1.0000005,,T", "s2,2024-01-31,-1.0000005,+7,No", "s3,2024-01-31,.5,,0"]
    load({"spend.csv": SPEND + "\n".join(rows) + "\n"})
    found = lake("spend", "cast(amount as varchar), clicks, is_refund", "order by spend_id")
    assert found == [("1.000001", None, True), ("-1.000001", 7, False), ("0.500000", None, False)]


def test_json_numbers_and_long_ids(load, lake):
    load(
        {
            "spend.jsonl": '{"spend_id": 12345678901234567890, "spend_date": "2024-01-31", '
            '"amount": 5.25, "clicks": 50.0, "is_refund": true}\n'
        }
    )
    assert lake("spend", "spend_id, cast(amount as varchar), clicks, is_refund") == [
        ("12345678901234567890", "5.250000", 50, True)
    ]
