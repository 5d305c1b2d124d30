"""The reference on small worlds whose answers can be read off the design (sections in brackets)."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
import reference

AS_OF = datetime(2024, 3, 1)

SEEDS = {
    "qualification_policy": "version,valid_from,fit_hurdle,engagement_threshold,requires_consent\n"
    "p1,2020-01-01,0,20,false",
    "activity_rules": "rule_id,activity_type,score_group,points,half_life_days,max_points,"
    "is_hand_raise,is_direct_contact,is_touch,valid_from,valid_to\n"
    "visit,visit,web,20,,,false,false,true,,\n"
    "demo,demo,web,0,,,true,false,false,,\n"
    "call,call,web,0,,,false,true,false,,\n"
    "bounce,bounce,web,-30,30,,false,false,false,,",
    "score_bands": "kind,band,min_score\nfit,A,70\nfit,B,40\nfit,C,0\nengagement,1,70\n"
    "engagement,2,30\nengagement,3,0",
    "public_suffixes": "suffix\nco.uk",
    "free_email_domains": "domain\ngmail.com",
    "lead_source_map": "priority,comparison,raw_value,lead_source\n1,in,google|ads,paid",
}
LEAD = "lead_id,created_at\nL,2024-01-10"


def rows_of(text: str) -> list[dict[str, str]]:
    """Rows of a CSV without quotes."""
    header, *lines = text.strip().splitlines()
    return [dict(zip(header.split(","), line.split(","), strict=True)) for line in lines]


def compute(seeds: dict[str, str] | None = None, **raw: str) -> reference.Tables:
    """The tables of a world given as CSV texts; seeds not given are those above."""
    policy = {name: rows_of(text) for name, text in (SEEDS | (seeds or {})).items()}
    return reference.compute({n: rows_of(t) for n, t in raw.items()}, policy, AS_OF)


def one(tables: reference.Tables, table: str, **key: Any) -> dict[str, Any]:
    """The one row of a table with these values."""
    rows = [r for r in tables[table] if all(r[name] == value for name, value in key.items())]
    assert len(rows) == 1, rows
    return rows[0]


def quarantine(tables: reference.Tables) -> dict[tuple[str, str], int]:
    """Quarantined rows per table and reason."""
    return {(r["table_name"], r["reason"]): r["row_count"] for r in tables["rpt_quarantine"]}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("https://Mail.Acme.co.uk:8080/x?y", "acme.co.uk"),
        ("acme.com.", "acme.com"),
        ("a.b.c.acme.com", "acme.com"),
        ("x.acme.gov.ck", "acme.gov.ck"),
        ("x.www.ck", "www.ck"),
        (" ", None),
    ],
)
def test_registrable_domain_is_the_suffix_plus_one_label(value: str, expected: str | None) -> None:
    assert reference.registrable_domain(value, {"co.uk", "*.ck", "!www.ck"}) == expected  # [5]


@pytest.mark.parametrize(
    ("comparison", "rule_value", "values", "expected"),
    [
        ("equals", "10", ["10.0"], True),
        ("in", "cmo|vp", [" VP "], True),
        ("between", "10|20", ["20"], True),
        ("at_least", "10", ["many"], None),
        ("contains", "vp", ["SVP Sales"], True),
        ("equals", None, ["x"], False),
        ("equals", "x", [None], None),
        ("equals", "x", ["a", "x"], True),
        ("is_missing", None, [" "], True),
        ("is_missing", None, ["x"], False),
    ],
)
def test_comparisons(comparison, rule_value, values, expected) -> None:
    assert reference.matches(comparison, rule_value, values) is expected  # [6]


def test_current_row_is_the_latest_loaded_and_alone_is_judged() -> None:
    tables = compute(
        leads=LEAD,
        activities="activity_id,lead_id,activity_type,occurred_at,_loaded_at\n"
        "a,L,visit,2024-02-01,2024-03-02\na,L,visit,2024-04-01,2024-03-03\n"
        "b,L,visit,2024-04-01,2024-03-02\nb,L,visit,2024-02-01,2024-03-03",
    )
    assert quarantine(tables) == {("activities", "future"): 1}  # [3] of key a; b's is superseded
    assert one(tables, "fct_leads")["engagement_score"] == 20
    accounting = one(tables, "fct_row_accounting", table_name="activities")
    assert (accounting["staged"], accounting["superseded"]) == (1, 2)


def test_a_deleted_key_counts_in_the_account_alone() -> None:
    """[3] d was deleted, whatever else is wrong with it; e was deleted and came back."""
    tables = compute(
        leads=LEAD,
        opportunities="opportunity_id,lead_id,status,created_at,updated_at,is_deleted\n"
        "d,L,open,2024-01-20,2024-01-20,\nd,,odd,2024-01-20,2024-02-01,true\n"
        "d,L,open,2024-01-20,2024-04-01,\n"
        "e,L,open,2024-01-20,2024-01-20,true\ne,L,open,2024-01-20,2024-02-01,false",
    )
    accounting = one(tables, "fct_row_accounting", table_name="opportunities")
    assert [accounting[name] for name in ("staged", "quarantined", "deleted")] == [2, 1, 2]
    assert quarantine(tables) == {("opportunities", "future"): 1}
    assert one(tables, "fct_leads")["opportunity_at"] == datetime(2024, 1, 20)


def test_what_an_opportunity_without_lead_is_worth_is_held_back() -> None:
    """[3] d has no lead now, e has one that nobody knows; g's rate is missing, so is its amount."""
    tables = compute(
        leads=LEAD,
        exchange_rates="currency,rate_date,rate_to_reporting\nusd,2024-01-01,0.5",
        opportunities="opportunity_id,lead_id,status,amount,currency,created_at,updated_at\n"
        "d,L,open,9,USD,2024-01-20,2024-01-21\nd,,won,10.01,USD,2024-01-20,2024-02-01\n"
        "e,M,won,7,,2024-01-20,\nf,,open,,,2024-01-20,\ng,L,won,7,CHF,2024-01-20,\n"
        "h,,odd,7,,2024-01-20,",
    )
    assert quarantine(tables) == {
        ("opportunities", "no_lead"): 3,
        ("opportunities", "unknown_lead"): 1,
        ("opportunities", "missing_rate"): 1,
        ("opportunities", "unknown_value"): 1,
    }
    amounts = {row["reason"]: row["held_back_amount"] for row in tables["rpt_quarantine"]}
    assert amounts["no_lead"] == Decimal("5.01")
    assert amounts["unknown_lead"] == 7 and amounts["missing_rate"] is None


def test_first_version_holds_from_ever_and_later_ones_after_as_of_do_not() -> None:
    tables = compute(
        leads="lead_id,created_at,updated_at,lead_source\n"
        "L,2024-01-01,2024-05-01,google\nL,2024-01-01,2024-06-01,tiktok"
    )
    assert one(tables, "fct_leads")["lead_source"] == "paid"
    assert quarantine(tables) == {("leads", "future"): 1}


def test_an_amount_is_converted_half_up_at_the_rate_of_its_day() -> None:
    tables = compute(
        leads=LEAD,
        exchange_rates="currency,rate_date,rate_to_reporting\nusd,2024-01-01,0.5\nUSD,2024-02-01,2",
        spend="spend_id,spend_date,amount,currency,campaign_id\n"
        "x,2024-01-31,0.01,USD,\ny,2024-02-01,0.01, usd ,c\nz,2023-12-31,1,USD,",
        campaigns="campaign_id,lead_source\nc,Ads",
    )
    amounts = {row["spend_id"]: row["reporting_amount"] for row in tables["fct_spend"]}
    assert amounts == {"x": Decimal("0.01"), "y": Decimal("0.02")}
    assert one(tables, "fct_spend", spend_id="y")["lead_source"] == "paid"
    assert quarantine(tables) == {("spend", "missing_rate"): 1}


def test_equal_emails_fold_into_the_group_that_was_created_first() -> None:
    tables = compute(
        leads="lead_id,created_at,email,merged_into_lead_id\n"
        "A,2024-01-02,x@a.com,\nB,2024-01-03, X@A.com ,\nC,2024-01-01,c@a.com,B"
    )
    found = {
        r["lead_id"]: (r["survivor_lead_id"], r["reason"]) for r in tables["bridge_lead_identity"]
    }
    assert found == {"A": ("B", "email"), "B": ("B", "self"), "C": ("B", "merge")}  # [5]
    assert one(tables, "fct_leads")["created_at"] == datetime(2024, 1, 1)


def test_a_hand_raise_without_points_before_creation_acts_at_creation() -> None:
    tables = compute(
        leads=LEAD,
        activities="activity_id,lead_id,activity_type,occurred_at\na,L,demo,2024-01-01",
    )
    mql = one(tables, "fct_mqls")
    assert (mql["mql_at"], mql["trigger"]) == (datetime(2024, 1, 10), "hand_raise")  # [8]


def test_a_lead_qualified_only_between_change_points_is_neither_mql_nor_blocked() -> None:
    tables = compute(
        leads=LEAD,
        activities="activity_id,lead_id,activity_type,occurred_at\na,L,visit,2024-01-10\n"
        "b,L,visit,2024-01-10\nc,L,bounce,2024-01-10",
    )
    lead = one(tables, "fct_leads")  # [8] 40 - 30 at first, 40 - 9.2 now
    assert lead["mql_at"] is None and lead["mql_blocked_reason"] is None


def test_a_purchased_grant_neither_consents_nor_ends_a_withdrawal() -> None:
    policy = SEEDS["qualification_policy"].replace("false", "true")
    visit = "activity_id,lead_id,activity_type,occurred_at\na,L,visit,2024-01-12"
    consents = "lead_id,status,basis,occurred_at\nL,granted,{},2024-01-11"
    for basis, is_mql in (("purchased", False), ("form", True), ("", True)):
        tables = compute(
            {"qualification_policy": policy},
            leads=LEAD,
            activities=visit,
            consents=consents.format(basis),
        )
        assert one(tables, "fct_leads")["has_reached_mql"] is is_mql  # [8]


def test_an_activity_at_the_closing_moment_belongs_to_the_old_episode() -> None:
    tables = compute(
        leads=LEAD,
        activities="activity_id,lead_id,activity_type,occurred_at\na,L,visit,2024-01-20",
        dispositions="disposition_id,lead_id,outcome,occurred_at\nd,L,recycled,2024-01-20",
    )
    mql = one(tables, "fct_mqls")
    assert (mql["episode"], mql["outcome"]) == (1, "recycled")  # [8]
    assert one(tables, "fct_leads")["engagement_score"] == 0


def test_a_reopened_episode_covers_its_start_and_disqualification_wins_a_tie() -> None:
    tables = compute(
        leads=LEAD,
        activities="activity_id,lead_id,activity_type,occurred_at\na,L,demo,2024-01-20\n"
        "b,L,demo,2024-01-21\nc,L,visit,2024-01-21\nd,L,call,2024-01-21",
        dispositions="disposition_id,lead_id,outcome,occurred_at\nd,L,recycled,2024-01-20\n"
        "e,L,disqualified,2024-01-20\nf,L,accepted,2024-01-21",
        opportunities="opportunity_id,lead_id,status,created_at\no,L,open,2024-01-21",
    )
    first, second = tables["fct_mqls"]
    assert (first["outcome"], first["trigger"]) == ("disqualified", "hand_raise")
    assert second["mql_at"] == datetime(2024, 1, 21) and second["engagement_score"] == 20
    assert (second["hours_to_accept"], second["hours_to_contact"]) == (0, 0)
    assert one(tables, "fct_sqls")["episode"] == 2


def test_an_opportunity_keeps_its_episode_from_a_later_mql() -> None:
    raw = {
        "leads": LEAD,
        "activities": "activity_id,lead_id,activity_type,occurred_at\na,L,visit,2024-01-20",
    }
    opportunity = "opportunity_id,lead_id,status,created_at\no,L,open,{}"
    for created, is_mql in (("2024-01-19", False), ("2024-01-20", True)):
        tables = compute(**raw, opportunities=opportunity.format(created))
        assert one(tables, "fct_leads")["is_sales_sourced"] is not is_mql  # [8, 9]


def test_a_reopened_win_is_no_win_and_a_later_one_is_not_yet() -> None:
    tables = compute(
        leads=LEAD,
        opportunities="opportunity_id,lead_id,status,amount,created_at,closed_at,updated_at\n"
        "o,L,won,5,2024-01-11,2024-01-12,2024-01-12\no,L,open,5,2024-01-11,,2024-01-13\n"
        "p,L,won,7,2024-01-11,2024-03-02,2024-01-12\nq,L,won,9,2024-01-11,2024-03-01,2024-01-12",
    )
    lead = one(tables, "fct_leads")
    assert (lead["revenue"], lead["customer_at"]) == (Decimal("9.00"), AS_OF)  # [9]


def test_sql_waits_for_required_criteria_and_the_minimum() -> None:
    criteria = "framework,criterion,is_required,minimum_met\nBANT,need,true,\nBANT,budget,false,2"
    tables = compute(
        {"qualification_criteria": criteria},
        leads=LEAD,
        activities="activity_id,lead_id,activity_type,occurred_at\na,L,visit,2024-01-11\n"
        "b,L,call,2024-01-12",
        qualification_answers="answer_id,lead_id,framework,criterion,is_met,assessed_at\n"
        "q,L,bant,Need,true,2024-01-01\nr,L,BANT,budget,true,2024-01-14",
    )
    row = one(tables, "fct_sqls")
    assert (row["sql_at"], row["trigger"]) == (datetime(2024, 1, 14), "qualified")  # [9]
    assert (row["criteria_met_count"], row["criteria_missing_count"]) == (2, 0)


def test_revenue_of_a_later_win_is_in_the_month_of_the_win() -> None:
    tables = compute(
        leads=LEAD,
        opportunities="opportunity_id,lead_id,status,amount,created_at,closed_at\n"
        "o,L,won,5,2024-01-11,2024-01-12\np,L,won,7,2024-01-11,2024-02-12",
    )
    revenue = {(r["basis"], r["month"]): r["revenue"] for r in tables["rpt_lead_funnel"]}
    assert revenue["cohort", date(2024, 1, 1)] == 12  # [10]
    assert revenue["period", date(2024, 2, 1)] == 7
