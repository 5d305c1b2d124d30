"""How raw sources are read: by the map, else by both parts of a source / medium."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
import reference
import typer
from harness import PROJECT, build_case, read_built
from typer.testing import CliRunner

from team.lists.source_categories import SourceListError, build_source_categories

# Known answers of the unit tests of Velir's dbt-ga4 at commit 2d7b1f1 (MIT, (c) 2022 Adam Ribaudo).
# They compare sets, so that one contradicts the rules unnoticed: alibaba without medium is organic.
CHANNEL_CASES = Path(__file__).with_name("channel_grouping_cases.csv")
CORRECTED = {"alibaba": "Organic Shopping"}

# What web analytics and CRMs write, and what it is.
READ = {
    # both parts
    "facebook / cpc": "paid_social",
    "linkedin / cpc": "paid_social",
    "google / cpc": "paid_search",
    "facebook / organic": "organic_social",
    "google / organic": "organic_search",
    "instagram / social": "organic_social",
    "chatgpt.com / referral": "referral",
    "bing / cpc": "paid_search",
    "newsletter / email": "email",
    "Facebook / CPC": "paid_social",
    "facebook/cpc": "paid_social",
    " LinkedIn  /  Paid-Social ": "paid_social",
    "x / cpc": "paid_social",
    "duckduckgo / organic": "organic_search",
    "l.facebook.com / referral": "organic_social",
    "m.facebook.com / (not set)": "organic_social",
    "docs.google.com / referral": "referral",
    "news.acme.example / referral": "referral",
    "mailing-may / email": "email",
    "acme / paid-search": "paid_search",
    "acme / retargeting": "other_paid",
    "criteo.example / display": "display",
    "criteo.example / cpm": "display",
    "facebook / cpm": "paid_social",
    "amazon / cpc": "paid_search",
    "acme / affiliate": "partner",
    "(direct) / (none)": "direct",
    "(not set) / (not set)": "unknown",
    "(not set) / cpc": "other_paid",
    "google / cpc / spring": "paid_search",
    "acme / whatever": "unknown",
    # addresses of sites
    "www.google.com": "organic_search",
    "google.co.uk": "organic_search",
    "https://l.facebook.com/l.php?u=https://acme.example/": "organic_social",
    "https://www.linkedin.com/feed/": "organic_social",
    "https://www.bing.com/ / referral": "organic_search",
    "https://blog.acme.example/cpc": "unknown",
    "chatgpt.com": "unknown",
    "Dr. Who": "unknown",
    # words of CRMs
    "OFFLINE": "other",
    "paid-search": "paid_search",
    "paid-social": "paid_social",
    "Paid Search": "paid_search",
    "paid_search": "paid_search",
    # hs_analytics_source of HubSpot
    "ORGANIC_SEARCH": "organic_search",
    "PAID_SEARCH": "paid_search",
    "EMAIL_MARKETING": "email",
    "SOCIAL_MEDIA": "organic_social",
    "REFERRALS": "referral",
    "OTHER_CAMPAIGNS": "other",
    "DIRECT_TRAFFIC": "direct",
    "PAID_SOCIAL": "paid_social",
    "AI_REFERRALS": "referral",
    # LeadSource of Salesforce
    "Web": "direct",
    "Phone Inquiry": "direct",
    "Partner Referral": "partner",
    "Purchased List": "content_syndication",
    "Other": "other",
    "Advertisement": "other_paid",
    "Customer Event": "event",
    "Employee Referral": "referral",
    "External Referral": "referral",
    "Google AdWords": "paid_search",
    "Partner": "partner",
    "Public Relations": "other_paid",
    "Seminar - Internal": "event",
    "Seminar - Partner": "event",
    "Trade Show": "event",
    "Webinar": "webinar",
    "Word of mouth": "referral",
}


def channel_cases() -> list[dict[str, str]]:
    with CHANNEL_CASES.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 15
    return [
        row | {"channel": CORRECTED.get(row["source"], row["expected_channel"])} for row in rows
    ]


def raw_value(case: dict[str, str]) -> str:
    """As web analytics writes the parts that a case has."""
    parts = [case["source"], case["medium"] or "(not set)", case["campaign"]]
    return " / ".join(part for part in parts if part)


def shipped_policy() -> reference.Policy:
    return reference.Policy(reference.read_directory(PROJECT / "seeds"))


@pytest.mark.parametrize("case", channel_cases(), ids=raw_value)
def test_reference_gives_the_channel_of_the_case(case: dict[str, str]) -> None:
    assert reference.channel_of(case["source"], case["medium"], case["campaign"]) == case["channel"]


@pytest.mark.parametrize("raw", READ)
def test_reference_reads_what_tools_write(raw: str) -> None:
    assert shipped_policy().source(raw) == READ[raw]


def test_project_reads_channel_cases_and_what_tools_write(tmp_path: Path) -> None:
    """As sources of leads, so that the whole way to the mart is tried."""
    expected = READ | {
        raw_value(case): reference.SOURCE_OF_CHANNEL[case["channel"]] for case in channel_cases()
    }
    raw = tmp_path / "raw"
    raw.mkdir()
    with (raw / "leads.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["lead_id", "created_at", "lead_source"])
        writer.writerows([str(n), "2026-01-05", text] for n, text in enumerate(expected))
    database = build_case(tmp_path, raw, None, "2026-07-01")
    rows = read_built(database, "marts.fct_leads", ["lead_id", "lead_source"])
    got = {list(expected)[int(row["lead_id"])]: row["lead_source"] for row in rows}
    assert got == expected


def test_source_categories_are_built_from_the_list(tmp_path: Path) -> None:
    source_list = tmp_path / "list.csv"
    source_list.write_text(
        "source,source_category\n YouTube,SOURCE_CATEGORY_VIDEO\nbing,SOURCE_CATEGORY_SEARCH\n"
    )
    assert build_source_categories(source_list, tmp_path) == 6
    assert (tmp_path / "source_categories.csv").read_text() == (
        "source,source_category\nbing,search\nbsky.app,social\nthreads.net,social\nx,social\n"
        "x.com,social\nyoutube,video\n"
    )


@pytest.mark.parametrize(
    "text", ["", "source,category\nx,y\n", "source,source_category\nx,MUSIC\n", "source\nx\n"]
)
def test_another_file_is_no_source_list(tmp_path: Path, text: str) -> None:
    source_list = tmp_path / "list.csv"
    source_list.write_text(text)
    if not text:
        source_list = tmp_path / "none.csv"
    with pytest.raises(SourceListError):
        build_source_categories(source_list, tmp_path)


def test_script_says_what_is_wrong_in_one_line(tmp_path: Path) -> None:
    import build_source_categories as script

    app = typer.Typer()
    app.command()(script.main)
    done = CliRunner().invoke(app, [str(tmp_path / "none.csv"), str(tmp_path)])
    assert done.exit_code == 2
    assert done.stderr == "build_source_categories: none.csv cannot be read\n"
