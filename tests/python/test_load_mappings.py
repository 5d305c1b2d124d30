"""Mapping files: every option, what is refused, and the real data sets that are mapped."""

import datetime
from decimal import Decimal

import pytest

from qualified_leads.contract import load_contract
from qualified_leads.errors import UsageError
from qualified_leads.load.land import load_directory
from qualified_leads.load.mapping import read_mapping
from qualified_leads.paths import project_root

DATA = project_root().parent / "shared" / "data"


@pytest.fixture
def load_mapped(load, tmp_path):
    """Return a function that loads named contents with the text of a mapping."""

    def run(contents, mapping):
        path = tmp_path / "mapping.yml"
        path.write_text(mapping)
        return load(contents, mapping=path)

    return run


def test_columns_are_renamed_defaulted_and_translated(load_mapped, lake):
    mapping = """
    loads:
      - file: "*.csv"
        table: leads
        columns:
          lead_id: Id
          created_at: { source: signed up, default: 2024-02-01 }
          country: { source: Land, values: { D: DE, "": XX, 'n/a': '' }, default: unknown }
          region: { source: Land, values: { D: north }, other: south }
          lead_source: { default: it's 'here' }
    """
    rows = "ID,Signed Up,Land,email\n1,,D,a@x.com\n2,2024-03-01,F,\n3,2024-03-01,,\n4,,n/a,\n"
    report = load_mapped({"x.csv": rows}, mapping)
    assert lake(
        "leads",
        "lead_id, cast(created_at as date), country, region, lead_source, email",
        "order by lead_id",
    ) == [
        ("1", datetime.date(2024, 2, 1), "DE", "north", "it's 'here'", "a@x.com"),
        ("2", datetime.date(2024, 3, 1), "F", "south", "it's 'here'", None),
        ("3", datetime.date(2024, 3, 1), "unknown", None, "it's 'here'", None),
        ("4", datetime.date(2024, 2, 1), "unknown", "south", "it's 'here'", None),
    ]
    assert not report.warnings


def test_a_default_does_not_hide_a_bad_value(load_mapped):
    mapping = """
    loads:
      - file: x.csv
        table: leads
        columns: { created_at: { source: created_at, default: 2024-01-01 } }
    """
    report = load_mapped({"x.csv": "lead_id,created_at\n1,soon\n2,\n"}, mapping)
    assert report.landed == 1
    assert report.rejected == {("leads", "created_at: not a timestamp"): 1}


def test_templates_slugs_and_left_out_columns(load_mapped, lake):
    mapping = """
    loads:
      - file: x.csv
        table: companies
        columns:
          company_id: { template: "c-{Name}-{Nr}" }
          domain: { template: "{name|slug}.example" }
          industry:
    """
    rows = "Name,Nr,industry\nAcme  Möbel & Co.,7,x\n,8,x\n"
    report = load_mapped({"x.csv": rows}, mapping)
    assert lake("companies", "company_id, domain, industry") == [
        ("c-Acme  Möbel & Co.-7", "acme-mobel-co.example", None)
    ]
    assert report.rejected == {("companies", "company_id: required value is missing"): 1}


def test_formats_of_numbers_and_dates(load_mapped, lake):
    mapping = """
    loads:
      - file: x.txt
        table: spend
        delimiter: pipe
        encoding: latin-1
        decimal: ","
        date_format: ["%d.%m.%Y", "%d.%m.%y"]
        columns:
          amount: { source: amount, multiply: 1000 }
    """
    rows = (
        "spend_id|spend_date|amount|lead_source\n"
        "1|31.01.2024|1.234,5|é\n2|1.2.24|-5,25|\n3|2024-01-31|1|\n4|1.2.2024|1.23,5|\n"
        "5|1.2.2024|0.5|\n"
    )
    report = load_mapped({"x.txt": rows.encode("latin-1")}, mapping)
    assert lake("spend", "spend_date, amount, lead_source", "order by spend_id") == [
        (datetime.date(2024, 1, 31), Decimal("1234500.000000"), "é"),
        (datetime.date(2024, 2, 1), Decimal("-5250.000000"), None),
    ]
    assert report.rejected == {
        ("spend", "spend_date: not a date"): 1,
        ("spend", "amount: not an amount"): 2,
    }
    assert sorted(lake("rejected_rows", "line")) == [(4,), (5,), (6,)]


def test_filtered_rows_are_counted_and_one_file_feeds_several_tables(load_mapped, lake):
    mapping = """
    loads:
      - { file: x.csv, table: leads }
      - file: x.csv
        table: opportunities
        where:
          - { column: won, is: present }
          - { column: kind, not_in: [test, demo] }
          - { column: kind, in: [real, test] }
        columns:
          opportunity_id: { template: "o{lead_id}" }
          status: { default: won }
          created_at: won
    """
    rows = (
        "lead_id,created_at,won,kind\n1,2024-01-01,2024-02-01,real\n2,2024-01-01,,real\n"
        "3,2024-01-01,2024-02-01,test\n4,2024-01-01,x, real \n5,2024-01-01,x,\n6,2024-01-01\n"
    )
    report = load_mapped({"x.csv": rows}, mapping)
    leads, opportunities = report.files
    assert (leads.rows, leads.landed, leads.rejected_count, leads.filtered) == (6, 6, 0, 0)
    found = opportunities
    assert (found.rows, found.landed, found.rejected_count, found.filtered) == (6, 1, 1, 4)
    assert lake("opportunities", "opportunity_id, lead_id") == [("o1", "1")]


@pytest.mark.parametrize("suffix", ["csv", "jsonl"])
def test_one_row_repeats(suffix, load_mapped, lake):
    mapping = """
    loads:
      - file: "x.*"
        table: leads
        repeat: Count
        columns: { lead_id: { template: "{id}-{n}" }, created_at: { default: 2024-01-01 } }
    """
    counts = ["2", "0", "", "-1", "1.5", "99999999", "1.0"]
    rows = "id,count\n" + "".join(f"{n},{count}\n" for n, count in enumerate(counts))
    if suffix == "jsonl":
        rows = "".join(f'{{"id": {n}, "count": "{c}"}}\n' for n, c in enumerate(counts))
    (file,) = load_mapped({f"x.{suffix}": rows}, mapping).files
    assert sorted(lake("leads", "lead_id")) == [("0-1",), ("0-2",), ("6-1",)]
    assert (file.rows, file.landed, file.filtered) == (7, 3, 2)
    assert file.rejected == {"count: not a count of rows": 3}


def test_a_file_without_header(load_mapped, lake):
    mapping = "loads: [{ file: x.csv, table: leads, header: [lead_id, created_at], skip: 0 }]"
    load_mapped({"x.csv": "1,2024-01-01\n2,x\n"}, mapping)
    assert lake("leads", "lead_id") == [("1",)]
    assert lake("rejected_rows", "line") == [(2,)]


def test_names_of_a_mapping_replace_the_header(load_mapped, lake):
    mapping = "loads: [{ file: x.csv, table: leads, header: [lead_id, created_at, x] }]"
    report = load_mapped({"x.csv": 'Id;"made\nat";made at\n1;2024-01-01;\n2;x\n'}, mapping)
    assert lake("leads", "lead_id") == [("1",)]
    assert lake("rejected_rows", "line") == [(4,)]
    assert "replaces its first line" in report.notes[0]


def test_the_same_file_under_another_mapping_lands_again(load_mapped, lake):
    first = "loads: [{ file: x.csv, table: leads, columns: { country: { default: A } } }]"
    rows = {"x.csv": "lead_id,created_at\n1,2024-01-01\n"}
    load_mapped(rows, first)
    assert load_mapped(rows, f"# a remark\n{first}").files[0].is_known
    load_mapped(rows, first.replace("A", "B"))
    assert sorted(lake("leads", "country")) == [("A",), ("B",)]


def test_values_are_never_sql(load_mapped, lake):
    nasty = "x'; drop table leads; --"
    mapping = f"""
    loads:
      - file: x.csv
        table: leads
        where: [{{ column: k, not_in: ["{nasty}"] }}]
        columns:
          lead_id: {{ template: "{nasty}{{k}}" }}
          country: {{ source: k, values: {{ a: "{nasty}" }} }}
          region: {{ default: "{nasty}" }}
          created_at: created_at
    """
    load_mapped({"x.csv": f'k,created_at,"a""; --"\na,2024-01-01,\n{nasty},2024-01-01,\n'}, mapping)
    assert lake("leads", "lead_id, country, region") == [(nasty + "a", nasty, nasty)]


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("", "document"),
        ("loads: []", "loads"),
        ("loads: [", "not valid YAML, line 1"),
        ("loads: [{ file: x.csv, table: nope }]", "nope"),
        ("loads: [{ file: x.csv, table: rejected_rows }]", "rejected_rows"),
        ("loads: [{ file: x.csv, table: leads, colour: 1 }]", "colour"),
        ("loads: [{ file: x.csv, table: leads, columns: { nope: a } }]", "nope"),
        ("loads: [{ file: x.csv, table: leads, columns: { email: {} } }]", "needs a source"),
        ("loads: [{ file: x.csv, table: leads, columns: { email: { source: a, template: b } } }]",
         "give one"),
        ("loads: [{ file: x.csv, table: leads, encoding: klingon }]", "klingon"),
        ("loads: [{ file: x.csv, table: leads, delimiter: ab }]", "one character"),
        ("loads: [{ file: x.csv, table: leads, delimiter: '\"' }]", "one character"),
        ("loads: [{ file: x.csv, table: leads, decimal: ',', thousands: ',' }]", "differ"),
        ("loads: [{ file: x.csv, table: leads, where: [{ column: a }] }]", "exactly one"),
        ("loads: [{ file: x.csv, table: leads, columns: { email: { template: '{n}' } } }]", "{n}"),
        ("loads: [{ file: x.csv, table: spend, columns: { amount: { source: a, multiply: x } } }]",
         "multiply"),
        ("loads: [{ file: x.csv, table: leads, columns: { email: mail } }]", "mail"),
        ("loads: [{ file: x.csv, table: leads, where: [{ column: z, is: missing }] }]", "z"),
        ("loads: [{ file: x.csv, table: leads, repeat: z }]", "z"),
        ("loads: [{ file: y.csv, table: leads }]", "nothing to load"),
        ("loads: [{ file: x.csv, table: leads, encoding: utf-16 }]", "utf-16"),
    ],
)  # fmt: skip
def test_a_mapping_that_makes_no_sense_is_refused(mapping, said, load_mapped):
    with pytest.raises(UsageError) as refusal:
        load_mapped({"x.csv": "lead_id,created_at\n1,2024-01-01\n"}, mapping)
    assert said in str(refusal.value) and "\n" not in str(refusal.value)


@pytest.mark.parametrize("path", sorted((project_root() / "mappings").glob("*.yml")), ids=str)
def test_committed_mappings_are_valid(path):
    assert read_mapping(path, load_contract()).loads


def real(name, tmp_path):
    """Load a real data set through its committed mapping."""
    if not (DATA / name).is_dir():
        pytest.skip(f"the data set {name} may not be copied into this project and is not beside it")
    mapping = project_root() / "mappings" / f"{name}.yml"
    report = load_directory(DATA / name, tmp_path / "warehouse", mapping)
    others = "the mapping reads nothing of"
    assert not report.rejected
    assert not [warning for warning in report.warnings if others not in warning]
    for file in report.files:
        assert file.landed > 0
    return report


def test_olist(tmp_path, lake):
    real("olist", tmp_path)
    assert lake("leads", "count(*), count(lead_source)") == [(8000, 7940)]
    assert lake("opportunities", "count(*), count(amount), count(distinct lead_id)") == [
        (842, 0, 842)
    ]
    attributes = lake("lead_attributes", "attribute_name, count(*)", "group by 1 order by 1")
    assert attributes == [
        ("business_segment", 841),
        ("business_type", 832),
        ("lead_behaviour_profile", 665),
        ("lead_type", 836),
    ]
    counts = dict(lake("leads", "lead_source, count(*)", "group by 1"))
    assert (counts["unknown"], counts["organic_search"], counts["paid_search"]) == (
        1099,
        2296,
        1586,
    )


def test_kag_facebook(tmp_path, lake):
    real("kag_facebook", tmp_path)
    leads = dict(lake("leads", "lead_source, count(*)", "group by 1"))
    spend = dict(lake("spend", "lead_source, sum(amount)", "group by 1"))
    costs = {source: round(float(spend[source]) / leads[source], 2) for source in leads}
    assert costs == {"facebook_916": 2.58, "facebook_936": 5.39}
    assert lake("spend", "sum(impressions) > 0, sum(clicks) > 0, count(currency)") == [
        (True, True, 0)
    ]
    buyers = {key for (key,) in lake("opportunities", "lead_id")}
    assert len(buyers) == 207 and buyers <= {key for (key,) in lake("leads", "lead_id")}


def test_maven_crm(tmp_path, lake):
    real("maven_crm", tmp_path)
    found = lake("opportunities", "status, count(*), sum(amount)", "group by 1 order by 1")
    assert found == [("lost", 2473, 0), ("open", 2089, None), ("won", 4238, 10_005_534)]
    assert lake("companies", "count(*)", "where domain like '%.example'") == [(85,)]
    assert lake("leads", "count(*), count(company_domain)") == [(8800, 7375)]
    products = lake("lead_attributes", "count(*)", "where attribute_value = 'GTX Pro'")
    assert products == [(1480,)]
    assert not lake("lead_attributes", "*", "where attribute_value = 'GTXPro'")
