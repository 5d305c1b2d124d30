"""Seeds are read as spreadsheets write them; what is unclear is named with file, row and column."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from harness import BuildError, run_dbt
from test_seeds import copy_policy

from qualified_leads.erase.anonymise import read_policy
from qualified_leads.errors import UsageError
from qualified_leads.paths import import_path
from qualified_leads.policy.files import check_policy, policy_rows

TYPES = """
seeds:
  - name: rules
    config:
      column_types:
        rule_id: string
        points: decimal(18,6)
        priority: integer
        is_paid: boolean
        valid_from: timestamp
        holiday_date: date
        reason: string
"""
HEADER = "rule_id,points,priority,is_paid,valid_from,holiday_date,reason"
PLAIN = f'{HEADER}\nfirst,0.5,7,true,2026-01-05,2026-01-05,"One, or two"\nsecond,,,,,,Two\n'
READ = [
    {
        "rule_id": "first",
        "points": "0.5",
        "priority": "7",
        "is_paid": "true",
        "valid_from": "2026-01-05 00:00:00",
        "holiday_date": "2026-01-05",
        "reason": "One, or two",
    },
    dict.fromkeys(HEADER.split(",")) | {"rule_id": "second", "reason": "Two"},
]
MIXED = PLAIN.replace("\nsecond", "\r\nsecond")
GERMAN = (
    HEADER.replace(",", ";") + "\nfirst;0,5;7;WAHR;05.01.2026 00:00;5.1.2026;One, or two\n"
    "second;;;;;;Two\n"
)
WAYS = {
    "plain": PLAIN.encode(),
    "CRLF": PLAIN.replace("\n", "\r\n").encode(),
    "CR": PLAIN.replace("\n", "\r").encode(),
    "a row with CRLF": MIXED.encode(),
    "a byte order mark": PLAIN.encode("utf-8-sig"),
    "no end of line at the end": PLAIN.rstrip().encode(),
    "blank columns": "".join(line + ",,\n" for line in PLAIN.splitlines()).encode(),
    "blank rows": PLAIN.replace("\nsecond", "\n,,,,,,\n\nsecond").encode() + b",,,,,,\n \n",
    "every cell in quotes": (
        '"' + PLAIN.replace('"One, or two"', "One; or two").replace(",", '","') + '"'
    )
    .replace("\n", '"\n"')
    .removesuffix('\n""')
    .replace("One;", "One,")
    .encode(),
    "semicolons, as Excel in German": GERMAN.encode("utf-8-sig"),
    "tabs": GERMAN.replace(";", "\t").encode(),
    "columns in another order": (
        b"reason,rule_id,points,priority,is_paid,valid_from,holiday_date\n"
        b'"One, or two",first,.5,7.0,1,2026-01-05T00:00:00Z,2026-01-05 0:00\n'
        b"Two,second,,,,,\n"
    ),
    "other words": PLAIN.replace("0.5,7,true,2026-01-05,", "5E-1,7,TRUE,2026-01-05 01:00+01:00,")
    .replace("second,,,,", "second, ,,,")
    .encode(),
}


@pytest.fixture
def seeds(tmp_path: Path) -> Path:
    (tmp_path / "seeds").mkdir()
    (tmp_path / "seeds" / "_seeds.yml").write_text(TYPES)
    return tmp_path / "seeds"


@pytest.mark.parametrize("way", WAYS)
def test_a_seed_is_read_as_it_is_meant(seeds: Path, way: str) -> None:
    (seeds / "rules.csv").write_bytes(WAYS[way])
    check_policy(seeds)
    assert policy_rows(seeds, "rules") == READ


@pytest.mark.parametrize(
    ("column", "cell", "advice"),
    [
        ("valid_from", "1/5/2026", "'1/5/2026' is no time for certain; write it as 2026-01-31 or"),
        ("valid_from", "45000", "'45000' is no time for certain"),
        ("valid_from", "2026-02-30", "'2026-02-30' is no time for certain"),
        ("valid_from", "0202-01-05", "'0202-01-05' is no time for certain"),
        ("valid_from", "9999-12-31 23:00-05:00", "is no time for certain"),
        ("valid_from", "05.01.26", "'05.01.26' is no time for certain"),
        ("holiday_date", "2026-01-05 18:30", "is no day for certain; write it as 2026-01-31"),
        ("holiday_date", "Jan 5", "'Jan 5' is no day for certain"),
        ("points", '"1,204"', "'1,204' may be one or a thousand; write it as 1204 or 1.204"),
        ("points", '"1.204,50"', "'1.204,50' is no number; write it as 1204.5"),
        ("points", "5 %", "'5 %' is no number"),
        ("points", "1e12", "'1e12' is too large"),
        ("priority", "7.5", "'7.5' is no whole number"),
        ("priority", "2147483648", "'2147483648' is too large"),
        ("is_paid", "maybe", "'maybe' is neither true nor false"),
        ("reason", "Caf\xe9", 'not UTF-8; save it as "CSV UTF-8"'),
    ],
)
def test_a_cell_that_is_unclear_is_named(seeds: Path, column: str, cell: str, advice: str) -> None:
    names = HEADER.split(",")
    cells = ["second"] + [cell if name == column else "" for name in names[1:]]
    text = f'{HEADER}\r\nfirst,1,1,1,,,"in\ntwo lines"\n\n{",".join(cells)}\n'
    (seeds / "rules.csv").write_bytes(text.encode("latin-1"))
    with pytest.raises(UsageError) as caught:
        check_policy(seeds)
    assert str(caught.value).startswith(f"seeds/rules.csv, row 4, column {column}: ")
    assert advice in str(caught.value) and "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (PLAIN.encode("utf-16"), 'is UTF-16 or no text: save it as "CSV UTF-8"'),
        (b"", "row 1: the names of the columns are missing"),
        (PLAIN.replace("valid_from", "valid_form", 1).encode(), "row 1: no column is called"),
        (PLAIN.replace("points", "rule_id", 1).encode(), "row 1: column rule_id is there twice"),
        (PLAIN.replace("points", "", 1).encode(), "row 1, column 2 has no name"),
        (HEADER.replace(",reason", "").encode(), "row 1: column reason is missing"),
        ((PLAIN + "third,1,One\n").encode(), "row 4 has 3 cells, and the header 7"),
        ((PLAIN + "third,1,1,1,,,One, or two\n").encode(), "row 4 has 8 cells, and the header 7"),
        ((PLAIN + 'third,1,1,1,,,"One\n').encode(), "row 4: the quotes do not pair up"),
        ((PLAIN + 'third,1,1,1,,,"One" word\n').encode(), "row 4: the quotes do not pair up"),
    ],
)
def test_a_file_of_another_shape_is_named(seeds: Path, text: bytes, said: str) -> None:
    (seeds / "rules.csv").write_bytes(text)
    with pytest.raises(UsageError) as caught:
        check_policy(seeds)
    assert str(caught.value).startswith("seeds/rules.csv") and said in str(caught.value)


def test_a_seed_without_types_and_a_broken_list_of_them_are_named(seeds: Path) -> None:
    (seeds / "goals.csv").write_text("goal\n1\n")
    with pytest.raises(UsageError, match="seeds/goals.csv: list the column_types of this seed"):
        check_policy(seeds)
    (seeds / "_seeds.yml").write_text("seeds: [\n")
    with pytest.raises(UsageError, match="seeds/_seeds.yml is not valid YAML at line 2"):
        check_policy(seeds)


def test_an_erasure_reads_the_policy_as_dbt_does(seeds: Path) -> None:
    german = "rule_id;attribute_name;comparison;rule_value\r\na;job_title;contains;Chief\r\n"
    (seeds / "fit_rules.csv").write_bytes(german.encode("utf-8-sig"))
    assert read_policy(seeds).parts["job_title"] == {"chief"}


# The whole way


def spoil(project: Path) -> None:
    """Write a seed with a byte order mark, line ends of two kinds and a day as in America."""
    path = project / "seeds" / "business_holidays.csv"
    rows = path.read_text().splitlines()
    path.write_bytes(("\r\n".join(rows) + "\n1/5/2026,Unclear\n").encode("utf-8-sig"))


def write_german(project: Path) -> None:
    (project / "seeds" / "qualification_policy.csv").write_bytes(
        "\ufeffversion;valid_from;fit_hurdle;engagement_threshold;requires_consent;approved_by;"
        "reason;\r\n2026-01;05.01.2026;40,5;45;WAHR;Ämter;Neu, und besser;\n;;;;;;;\r\n".encode()
    )


def test_a_refresh_names_the_cell_before_it_does_anything(tmp_path: Path) -> None:
    project = copy_policy(tmp_path / "project")
    spoil(project)
    rows = len((project / "seeds" / "business_holidays.csv").read_text().splitlines())
    code = (
        "import sys; from pathlib import Path; from qualified_leads.refresh.job import *;"
        "from qualified_leads.console import make_console, run_command;"
        "run_command(lambda: refresh(RefreshOptions(), Path('warehouse'), make_console(), Path()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=project,
        env={"PYTHONPATH": str(import_path())},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"seeds/business_holidays.csv, row {rows}, column holiday_date: '1/5/2026' is no day for"
        " certain; write it as 2026-01-31\n"
    )
    assert list((project / "warehouse").iterdir()) == []


def test_plain_dbt_reads_the_same_and_names_the_same(tmp_path: Path) -> None:
    project = copy_policy(tmp_path / "project")
    write_german(project)
    spoil(project)
    both = ("--select", "qualification_policy", "business_holidays")
    with pytest.raises(BuildError) as caught:
        run_dbt(project, "seed", *both)
    assert str(caught.value).startswith("seed.qualified_leads.business_holidays: Runtime Error")
    assert "column holiday_date: '1/5/2026' is no day for certain" in str(caught.value)
    assert "qualification_policy" not in str(caught.value)
    with duckdb.connect(str(project / "warehouse" / "work.duckdb"), read_only=True) as work:
        rows = work.execute(
            "select version, cast(valid_from as string), cast(fit_hurdle as double),"
            " requires_consent, approved_by, reason from policy.qualification_policy"
        ).fetchall()
    assert rows == [("2026-01", "2026-01-05 00:00:00", 40.5, True, "Ämter", "Neu, und besser")]
