"""Traps of incremental refreshes, one by one, with answers worked out by hand.

All traps share one warehouse, each with leads and domains of its own: `first` lands before the
first refresh, `second` before the next one, which is incremental. The story then goes on with a day
in which nothing lands and rows of every table become due, with a single row, files on the edge of
what has landed, the start of the second policy, a 'now' that goes back, and changes of the policy
(seed by seed in a long run, else all at once). The work file is kept after each refresh, so a test
only asks it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from harness import BuildError
from nasty_data import SEED_COLUMNS, TextRow, TextTables, write_tables
from refreshing import query
from test_incremental import IS_LONG, SHOWN, Landing, new_warehouse

FIRST, SECOND = "2024-03-01 00:00:00", "2024-03-20 00:00:00"
QUIET, POLICY = "2024-03-21 12:00:00", "2024-03-30 00:00:00"
DUE = "2024-03-20 12:00:00"  # between SECOND and QUIET, and landed before
# What no other table's rows would have computed again becomes due alone: stage, moment, as_of.
DETECTED = ("detected", "2024-03-20 06:00:00", "2024-03-20 07:00:00")
WON = ("won", "2024-03-20 08:00:00", "2024-03-20 09:00:00")
EARLY, LATE = "2024-02-20", "2024-02-28"  # when rows were extracted
CHANGED = "2024-02-25 00:00:00"  # updated_at of later versions

pytestmark = pytest.mark.long

Answer = list[tuple[Any, ...]]


def rows(columns: str, *lines: str) -> list[TextRow]:
    """Rows of a seed, one line each."""
    names = columns.split(",")
    return [dict(zip(names, line.split(","), strict=True)) for line in lines]


def policy() -> TextTables:
    """A policy of few round numbers; the second version begins before POLICY."""
    activity_rule = "rule_id,activity_type,score_group,points,half_life_days,is_hand_raise"
    fit_rule = "rule_id,dimension,attribute_name,comparison,rule_value,points"
    return {
        "activity_rules": [
            row | {"is_direct_contact": "false", "is_touch": "true"}
            for row in rows(
                activity_rule,
                "visit,visit,web,10,,false",
                "demo,demo,web,30,,true",
                "read,read,web,8,30,false",
                "research,intent_research,intent,7,,false",
            )
        ],
        "disposable_email_domains": rows("domain", "mailinator.com"),
        "exclusion_rules": [],
        "fit_rules": rows(
            fit_rule,
            "chief,demographic,job_title,contains,cmo,25",
            "free,demographic,email_domain_type,equals,free,-3",
            "software,firmographic,company_industry,equals,software,15",
            "big,firmographic,company_annual_revenue,at_least,1000,5",
            "crm,technographic,technology,equals,salesforce,10",
            "pain,psychographic,pain,equals,high,4",
        ),
        "free_email_domains": rows("domain", "gmail.com"),
        "lead_source_map": rows(
            "priority,comparison,raw_value,lead_source,channel,is_paid",
            "10,equals,google,paid_search,paid,true",
            "20,equals,newsletter,email,owned,false",
            "30,equals,fair,event,events,true",
        ),
        "public_suffixes": rows("suffix", "co.uk"),
        "qualification_criteria": rows(
            "framework,criterion,is_required,minimum_met", "BANT,need,true,1"
        ),
        "qualification_policy": [
            row | {"requires_consent": "false", "approved_by": "somebody"}
            for row in rows(
                "version,valid_from,fit_hurdle,engagement_threshold",
                "p1,2024-01-01,20,20",
                "p2,2024-03-25,20,10",
            )
        ],
        "score_bands": rows(
            "kind,band,min_score",
            *("fit,A,40", "fit,B,20", "fit,C,0"),
            *("engagement,1,50", "engagement,2,20", "engagement,3,0"),
        ),
        "score_groups": [],
    }


def lead(lead_id: str, **columns: str) -> TextRow:
    return {"lead_id": lead_id, "created_at": "2024-01-10", "_loaded_at": EARLY} | columns


def changed_lead(lead_id: str, **columns: str) -> TextRow:
    return lead(lead_id, updated_at=CHANGED, _loaded_at=LATE) | columns


def activity(activity_id: str, lead_id: str, at: str = "2024-02-01", **columns: str) -> TextRow:
    return {
        "activity_id": activity_id,
        "lead_id": lead_id,
        "activity_type": "visit",
        "occurred_at": at,
        "_loaded_at": EARLY,
    } | columns


def company(company_id: str, domain: str, **columns: str) -> TextRow:
    known = {"company_id": company_id, "domain": domain, "updated_at": "2024-01-05"}
    return known | {"industry": "software", "_loaded_at": EARLY} | columns


def deal(opportunity_id: str, lead_id: str, **columns: str) -> TextRow:
    return {
        "opportunity_id": opportunity_id,
        "lead_id": lead_id,
        "status": "won",
        "amount": "100",
        "created_at": "2024-01-20",
        "closed_at": "2024-02-01",
        "updated_at": "2024-02-01",
        "_loaded_at": EARLY,
    } | columns


def spend(spend_id: str, **columns: str) -> TextRow:
    known = {"spend_id": spend_id, "spend_date": "2024-01-15", "amount": "10"}
    return known | {"lead_source": "google", "_loaded_at": EARLY} | columns


def rate(currency: str, value: str, loaded: str = EARLY) -> TextRow:
    known = {"currency": currency, "rate_date": "2024-01-01", "rate_to_reporting": value}
    return known | {"_loaded_at": loaded}


def score(kind: str, lead_id: str) -> str:
    """A question for a score, as part of a `select`."""
    return f"(select {kind}_score from marts.fct_lead_scores where lead_id = '{lead_id}')"


def count(table: str, column: str, value: str) -> str:
    """A question for a number of rows, as part of a `select`."""
    return f"(select count(*) from marts.{table} where {column} = '{value}')"


def history(lead_id: str) -> str:
    """A question for the days and fit scores before the first refresh."""
    return f"""
        select cast(score_date as varchar), fit_score from marts.fct_score_history
        where lead_id = '{lead_id}' and score_date < '2024-03-01' order by 1
    """


@dataclass(frozen=True)
class Trap:
    """What lands before either refresh, a question, and its answer after each."""

    name: str
    question: str
    before: Answer
    after: Answer
    first: TextTables = field(default_factory=dict)
    second: TextTables = field(default_factory=dict)


TRAPS = [
    Trap(
        "an_activity_moves_by_forty_days",
        "select *, (select event_count from marts.fct_score_ledger "
        f"where lead_id = 'move' and rule_id = 'visit') from ({history('move')})",
        [("2024-01-10", 0, 1), ("2024-01-15", 0, 1)],
        [("2024-01-10", 0, 1), ("2024-02-24", 0, 1)],
        {"leads": [lead("move")], "activities": [activity("move1", "move", "2024-01-15")]},
        {"activities": [activity("move1", "move", "2024-02-24", _loaded_at=LATE)]},
    ),
    Trap(
        "an_opportunity_moves_by_forty_days",
        "select cast(entered_at as varchar) from marts.fct_stage_entries "
        "where lead_id = 'opp' and stage = 'opportunity'",
        [("2024-01-15 00:00:00",)],
        [("2024-02-24 00:00:00",)],
        {
            "leads": [lead("opp")],
            "opportunities": [deal("opp1", "opp", status="open", created_at="2024-01-15")],
        },
        {
            "opportunities": [
                deal("opp1", "opp", status="open", created_at="2024-02-24", updated_at=CHANGED)
            ]
        },
    ),
    Trap(
        "a_booking_of_spend_moves_by_forty_days",
        "select cast(month as varchar), spend from reports.rpt_source_costs "
        "where basis = 'period' and lead_source = 'event' and spend != 0",
        [("2024-01-01", 10)],
        [("2024-02-01", 10)],
        {"spend": [spend("shift", lead_source="fair")]},
        {"spend": [spend("shift", lead_source="fair", spend_date="2024-02-24", _loaded_at=LATE)]},
    ),
    Trap(
        "an_activity_lands_two_hundred_days_late",
        f"select {score('engagement', 'late')}",
        [(10,)],
        [(20,)],
        {"leads": [lead("late")], "activities": [activity("late1", "late")]},
        {"activities": [activity("late2", "late", "2023-08-20", _loaded_at=LATE)]},
    ),
    Trap(
        "a_corrected_activity_has_a_source_that_nobody_had_before",
        "select activity_id, lead_source, credit from marts.fct_attribution_credits "
        "where lead_id = 'own' and attribution_model = 'linear' order by 1",
        [("own1", "email", 0.5), ("own2", "event", 0.5)],
        [("own1", "paid_search", 0.5), ("own2", "event", 0.5)],
        {
            "campaigns": [{"campaign_id": "own", "lead_source": "fair", "_loaded_at": EARLY}],
            "leads": [lead("own", job_title="CMO")],
            "activities": [
                activity("own1", "own", campaign_id="own", lead_source="Newsletter"),
                activity("own2", "own", activity_type="demo", campaign_id="own"),
            ],
        },
        {
            "activities": [
                activity("own1", "own", campaign_id="own", lead_source="Bing / CPC")
                | {"_loaded_at": LATE}
            ]
        },
    ),
    Trap(
        "a_superseded_activity_lands_late",
        f"select {score('engagement', 'stale')}, {score('engagement', 'stale2')}",
        [(10, 0)],
        [(10, 0)],
        {"leads": [lead("stale"), lead("stale2")], "activities": [activity("stale1", "stale")]},
        {
            "activities": [
                activity("stale1", "stale2", activity_type="demo", _loaded_at="2024-02-02")
            ]
        },
    ),
    Trap(
        "an_older_version_of_a_lead_lands_late",
        history("version"),
        [("2024-01-10", 0), ("2024-02-10", 0)],
        [("2024-01-10", 0), ("2024-01-20", 25), ("2024-02-10", 0)],
        {
            "leads": [
                lead("version", updated_at="2024-01-10", job_title="Clerk"),
                lead("version", updated_at="2024-02-10", job_title="Intern"),
            ]
        },
        {"leads": [lead("version", updated_at="2024-01-20", job_title="CMO", _loaded_at=LATE)]},
    ),
    Trap(
        "a_lead_is_merged_later",
        f"select {score('engagement', 'merge1')}, {count('fct_leads', 'lead_id', 'merge2')}",
        [(10, 1)],
        [(20, 0)],
        {
            "leads": [lead("merge1"), lead("merge2")],
            "activities": [activity("merge1", "merge1"), activity("merge2", "merge2")],
        },
        {"leads": [changed_lead("merge2", merged_into_lead_id="merge1")]},
    ),
    Trap(
        "a_lead_is_unmerged_later",
        f"select {score('engagement', 'part1')}, {score('engagement', 'part2')}",
        [(20, None)],
        [(10, 10)],
        {
            "leads": [lead("part1"), lead("part2", merged_into_lead_id="part1")],
            "activities": [activity("part1", "part1"), activity("part2", "part2")],
        },
        {"leads": [changed_lead("part2")]},
    ),
    Trap(
        "an_email_joins_two_leads_later",
        f"select {score('engagement', 'mail1')}, {score('engagement', 'mail2')}",
        [(10, 10)],
        [(20, None)],
        {
            "leads": [lead("mail1", email="a@mail.com"), lead("mail2", email="b@mail.com")],
            "activities": [activity("mail1", "mail1"), activity("mail2", "mail2")],
        },
        {"leads": [changed_lead("mail2", email=" A@mail.com")]},
    ),
    Trap(
        "an_email_parts_two_leads_later",
        f"select {score('engagement', 'apart1')}, {score('engagement', 'apart2')}",
        [(20, None)],
        [(10, 10)],
        {
            "leads": [lead("apart1", email="a@apart.com"), lead("apart2", email="a@apart.com")],
            "activities": [activity("apart1", "apart1"), activity("apart2", "apart2")],
        },
        {"leads": [changed_lead("apart1", email="b@apart.com")]},
    ),
    Trap(
        "a_lead_changes_its_company_domain",
        f"select {score('fit', 'domain')}",
        [(0,)],
        [(15,)],
        {
            "leads": [lead("domain", company_domain="domainold.com")],
            "companies": [company("domain", "domainnew.com")],
        },
        {"leads": [changed_lead("domain", company_domain="domainnew.com")]},
    ),
    Trap(
        "a_company_changes",
        f"select {score('fit', 'firm')}",
        [(0,)],
        [(15,)],
        {
            "leads": [lead("firm", company_domain="firm.com")],
            "companies": [company("firm", "firm.com", industry="retail")],
        },
        {"companies": [company("firm", "firm.com", updated_at=CHANGED, _loaded_at=LATE)]},
    ),
    Trap(
        "a_company_moves_to_another_domain",
        f"select {score('fit', 'loses')}, {score('fit', 'gains')}",
        [(15, 0)],
        [(0, 15)],
        {
            "leads": [
                lead("loses", company_domain="loses.com"),
                lead("gains", company_domain="gains.com"),
            ],
            "companies": [company("moving", "loses.com")],
        },
        {"companies": [company("moving", "gains.com", updated_at=CHANGED, _loaded_at=LATE)]},
    ),
    Trap(
        "a_technology_lands_late",
        f"select {score('fit', 'tech')}",
        [(0,)],
        [(10,)],
        {"leads": [lead("tech", company_domain="tech.com")]},
        {"company_technologies": [{"domain": "tech.com", "technology": "Salesforce"}]},
    ),
    Trap(
        "an_attribute_lands_late",
        f"select {score('fit', 'attribute')}",
        [(0,)],
        [(4,)],
        {"leads": [lead("attribute")]},
        {
            "lead_attributes": [
                {
                    "lead_id": "attribute",
                    "attribute_name": "pain",
                    "attribute_value": "high",
                    "captured_at": "2024-02-01",
                }
            ]
        },
    ),
    Trap(
        "a_signal_of_a_domain_lands_late",
        f"select {score('engagement', 'signal1')}, {score('engagement', 'signal2')}",
        [(0, 0)],
        [(7, 7)],
        {
            "leads": [
                lead("signal1", company_domain="signal.com"),
                lead("signal2", email="b@signal.com"),
            ]
        },
        {
            "intent_signals": [
                {
                    "signal_id": "signal",
                    "domain": "signal.com",
                    "signal_type": "research",
                    "occurred_at": "2024-02-01",
                }
            ]
        },
    ),
    Trap(
        "a_rate_of_a_past_day_changes",
        "select cast(revenue as double), (select cast(reporting_amount as double) from "
        f"marts.fct_spend where spend_id = 'dollar'), {score('fit', 'dollar')} "
        "from marts.fct_leads where lead_id = 'dollar'",
        [(90, 9, 5)],
        [(80, 8, 0)],
        {
            "leads": [lead("dollar", company_domain="dollar.com")],
            "companies": [
                company("d", "dollar.com", industry="", annual_revenue="1200", currency="USD")
            ],
            "opportunities": [deal("dollar", "dollar", currency="USD")],
            "spend": [spend("dollar", currency="USD")],
            "exchange_rates": [rate("USD", "0.9")],
        },
        {"exchange_rates": [rate("USD", "0.8", LATE)]},
    ),
    Trap(
        "a_missing_rate_lands_later",
        "select cast(coalesce(revenue, 0) as double), current_stage, "
        f"{count('fct_spend', 'spend_id', 'pound')}, "
        f"{count('fct_quarantined_rows', 'record_key', 'pound')} "
        "from marts.fct_leads where lead_id = 'pound'",
        [(0, "lead", 0, 2)],
        [(125, "customer", 1, 0)],
        {
            "leads": [lead("pound")],
            "opportunities": [deal("pound", "pound", currency="GBP")],
            "spend": [spend("pound", currency="GBP")],
        },
        {"exchange_rates": [rate("GBP", "1.25", LATE)]},
    ),
    Trap(
        "a_campaign_changes_its_source",
        "select lead_source from marts.fct_leads where lead_id = 'camp'",
        [("paid_search",)],
        [("email",)],
        {
            "leads": [lead("camp", campaign_id="camp")],
            "campaigns": [{"campaign_id": "camp", "lead_source": "google", "_loaded_at": EARLY}],
        },
        {"campaigns": [{"campaign_id": "camp", "lead_source": "newsletter", "_loaded_at": LATE}]},
    ),
    Trap(
        "a_campaign_lands_after_its_leads",
        "select lead_source from marts.fct_leads where lead_id = 'fresh'",
        [("unknown",)],
        [("email",)],
        {"leads": [lead("fresh", campaign_id="fresh")]},
        {"campaigns": [{"campaign_id": "fresh", "lead_source": "newsletter", "_loaded_at": LATE}]},
    ),
    Trap(
        "an_activity_moves_to_another_lead",
        f"select {score('engagement', 'giver')}, {score('engagement', 'taker')}",
        [(10, 0)],
        [(0, 10)],
        {"leads": [lead("giver"), lead("taker")], "activities": [activity("gift", "giver")]},
        {"activities": [activity("gift", "taker", _loaded_at=LATE)]},
    ),
    Trap(
        "an_orphan_finds_its_lead",
        f"select {score('engagement', 'orphan')}, "
        f"{count('fct_quarantined_rows', 'record_key', 'orphan1')}",
        [(None, 1)],
        [(10, 0)],
        {"activities": [activity("orphan1", "orphan")]},
        {"leads": [lead("orphan", _loaded_at=LATE)]},
    ),
    Trap(
        "a_lead_lands_under_another_spelling",
        "select is_near_miss from marts.fct_quarantined_rows where record_key = 'spelt1'",
        [(False,)],
        [(True,)],
        {"activities": [activity("spelt1", "0spelt.0")]},
        {"leads": [lead("Spelt", _loaded_at=LATE)]},
    ),
    Trap(
        "a_lead_is_deleted_later",
        f"select email, {score('engagement', 'gone')} from marts.dim_leads where lead_id = 'gone'",
        [("a@gone.com", 10)],
        [(None, 10)],
        {"leads": [lead("gone", email="a@gone.com")], "activities": [activity("gone", "gone")]},
        {"leads": [changed_lead("gone", email="a@gone.com", is_deleted="true")]},
    ),
    Trap(
        "an_activity_is_deleted_later",
        f"select {score('engagement', 'act')}, {score('engagement', 'act2')}",
        [(20, 10)],
        [(10, 0)],
        {
            "leads": [lead("act"), lead("act2")],
            "activities": [activity("act1", "act"), activity("act3", "act")]
            + [activity("act2", "act2")],
        },
        {
            # The deletion of act2 names another lead than the row that counted.
            "activities": [
                activity("act1", "act", is_deleted="true", _loaded_at=LATE),
                activity("act2", "act", is_deleted="true", _loaded_at=LATE),
            ]
        },
    ),
    Trap(
        "a_deleted_activity_comes_back",
        f"select {score('engagement', 'back')}",
        [(0,)],
        [(10,)],
        {"leads": [lead("back")], "activities": [activity("back1", "back", is_deleted="true")]},
        {"activities": [activity("back1", "back", is_deleted="false", _loaded_at=LATE)]},
    ),
    Trap(
        "an_opportunity_is_deleted_later",
        "select revenue, has_reached_opportunity from marts.fct_leads where lead_id = 'lost'",
        [(100, True)],
        [(0, False)],
        {"leads": [lead("lost")], "opportunities": [deal("lost1", "lost")]},
        {
            "opportunities": [
                deal("lost1", "", updated_at=CHANGED, is_deleted="true", _loaded_at=LATE)
            ]
        },
    ),
    Trap(
        "an_opportunity_finds_its_lead",
        "select (select revenue from marts.fct_leads where lead_id = 'found'), "
        "(select reason || held_back_amount from marts.fct_quarantined_rows "
        "where record_key = 'found1')",
        [(0, "no_lead100.00")],
        [(100, None)],
        {"leads": [lead("found")], "opportunities": [deal("found1", "")]},
        {"opportunities": [deal("found1", "found", updated_at=CHANGED, _loaded_at=LATE)]},
    ),
    Trap(
        "an_opportunity_loses_its_lead",
        "select (select revenue from marts.fct_leads where lead_id = 'without'), "
        "(select count(*) from marts.fct_quarantined_rows where reason = 'no_lead' "
        "and record_key = 'without1')",
        [(100, 0)],
        [(0, 2)],
        {"leads": [lead("without")], "opportunities": [deal("without1", "without")]},
        {"opportunities": [deal("without1", "", updated_at=CHANGED, _loaded_at=LATE)]},
    ),
    Trap(
        # Of the two versions the older one names nobody: both wait for the rate of the other.
        "an_opportunity_without_a_lead_at_first_misses_a_rate",
        "select (select revenue from marts.fct_leads where lead_id = 'first'), "
        "(select count(*) from marts.fct_quarantined_rows where reason = 'missing_rate' "
        "and record_key = 'first1')",
        [(0, 2)],
        [(50, 0)],
        {
            "leads": [lead("first")],
            "opportunities": [
                deal("first1", "", updated_at="2024-01-21", currency="SEK"),
                deal("first1", "first", currency="SEK"),
            ],
        },
        {"exchange_rates": [rate("SEK", "0.5", loaded=LATE)]},
    ),
    Trap(
        "a_company_is_deleted_later",
        f"select {score('fit', 'closed')}, {count('dim_companies', 'company_id', 'closed')}",
        [(15, 1)],
        [(0, 0)],
        {
            "leads": [lead("closed", company_domain="closed.com")],
            "companies": [company("closed", "closed.com")],
        },
        {
            # Of what was deleted little is exported: not even its domain.
            "companies": [
                company("closed", "", updated_at=CHANGED, is_deleted="true", _loaded_at=LATE)
            ]
        },
    ),
    Trap(
        "a_company_is_deleted_under_the_same_time",
        f"select {score('fit', 'shut')}",
        [(15,)],
        [(0,)],
        {
            "leads": [lead("shut", company_domain="shut.com")],
            "companies": [company("shut", "shut.com")],
        },
        {"companies": [company("shut", "", is_deleted="true", _loaded_at=LATE)]},
    ),
    Trap(
        "spend_is_deleted_later",
        f"select {count('fct_spend', 'spend_id', 'void')}, (select sum(row_count) "
        "from reports.rpt_quarantine where table_name = 'spend' and reason = 'negative_spend'), "
        "(select deleted from marts.fct_row_accounting where table_name = 'spend')",
        [(1, 1, 0)],
        [(0, None, 2)],
        {"spend": [spend("void"), spend("minus", amount="-5")]},
        {
            "spend": [
                spend(one, amount="-5", is_deleted="true", _loaded_at=LATE)
                for one in ("void", "minus")
            ]
        },
    ),
    Trap(
        "a_circle_of_merges_is_broken",
        f"select {score('engagement', 'circle1')}, {score('engagement', 'circle2')}",
        [(None, None)],
        [(None, 10)],
        {
            "leads": [
                lead("circle1", merged_into_lead_id="circle2"),
                lead("circle2", merged_into_lead_id="circle1"),
            ],
            "activities": [activity("circle", "circle1")],
        },
        {"leads": [changed_lead("circle2")]},
    ),
    Trap(
        "a_win_is_reopened",
        "select cast(coalesce(revenue, 0) as double), current_stage "
        "from marts.fct_leads where lead_id = 'win'",
        [(100, "customer")],
        [(0, "opportunity")],
        {"leads": [lead("win")], "opportunities": [deal("win", "win")]},
        {"opportunities": [deal("win", "win", status="open", updated_at=CHANGED)]},
    ),
    Trap(
        "a_consent_was_withdrawn_before",
        "select cast(mql_at as varchar), mql_blocked_reason "
        "from marts.fct_leads where lead_id = 'consent'",
        [("2024-02-02 00:00:00", None)],
        [(None, "consent")],
        {
            "leads": [lead("consent", job_title="CMO")],
            "activities": [
                activity("consent1", "consent"),
                activity("consent2", "consent", "2024-02-02"),
            ],
        },
        {"consents": [{"lead_id": "consent", "status": "withdrawn", "occurred_at": "2024-01-20"}]},
    ),
    Trap(
        "a_rejection_lands_late",
        f"select {score('engagement', 'reject')}, outcome from marts.fct_mqls "
        "where lead_id = 'reject'",
        [(30, "open")],
        [(0, "rejected")],
        {
            "leads": [lead("reject", job_title="CMO")],
            "activities": [activity("reject", "reject", activity_type="demo")],
        },
        {
            "dispositions": [
                {
                    "disposition_id": "reject",
                    "lead_id": "reject",
                    "outcome": "rejected",
                    "occurred_at": "2024-02-15",
                }
            ]
        },
    ),
    Trap(
        "a_tie_of_loads_keeps_the_greater_row",
        f"select {score('engagement', 'tie1')}, {score('engagement', 'tie2')}",
        [(10, 30)],
        [(10, 10)],
        {
            "leads": [lead("tie1"), lead("tie2")],
            "activities": [
                activity("tie1", "tie1", activity_type="visit"),
                activity("tie2", "tie2", activity_type="demo"),
            ],
        },
        {
            "activities": [
                activity("tie1", "tie1", activity_type="demo"),
                activity("tie2", "tie2", activity_type="visit"),
            ],
        },
    ),
    # Here nothing lands: time passes.
    Trap(
        "an_activity_is_no_longer_in_the_future",
        f"select {score('engagement', 'soon')}, "
        f"{count('fct_quarantined_rows', 'record_key', 'soon')}",
        [(0, 1)],
        [(10, 0)],
        {"leads": [lead("soon")], "activities": [activity("soon", "soon", "2024-03-05")]},
    ),
    Trap(
        "points_decay",
        f"select round({score('engagement', 'decay')}, 4)",
        [(round(8 * 2 ** (-10 / 30), 4),)],
        [(round(8 * 2 ** (-29 / 30), 4),)],
        {
            "leads": [lead("decay")],
            "activities": [activity("decay", "decay", "2024-02-20", activity_type="read")],
        },
    ),
]

# What becomes due in each table: a question, its answer before and after, and the rows.
BECOMES_DUE: dict[str, tuple[str, Any, Any, TextTables]] = {
    "an_activity": (
        f"select {score('engagement', 'due1')}",
        *(0, 10),
        {"leads": [lead("due1")], "activities": [activity("due1", "due1", DUE)]},
    ),
    "a_signal": (
        f"select {score('engagement', 'due2')}",
        *(0, 7),
        {
            "leads": [lead("due2", email="a@due2.com")],
            "intent_signals": [
                {
                    "signal_id": "due2",
                    "domain": "due2.com",
                    "signal_type": "research",
                    "occurred_at": DUE,
                }
            ],
        },
    ),
    "a_lead": (
        f"select {count('fct_leads', 'lead_id', 'due3')}",
        *(0, 1),
        {"leads": [lead("due3", created_at=DUE)]},
    ),
    "a_version_of_a_lead": (
        f"select {score('fit', 'due4')}",
        *(0, 25),
        {"leads": [lead("due4"), lead("due4", job_title="CMO", updated_at=DUE)]},
    ),
    "a_version_of_a_company": (
        f"select {score('fit', 'due5')}",
        *(0, 15),
        {
            "leads": [lead("due5", email="a@due5.com")],
            "companies": [
                company("due5", "due5.com", industry="retail"),
                company("due5", "due5.com", updated_at=DUE),
            ],
        },
    ),
    "a_technology": (
        f"select {score('fit', 'due6')}",
        *(0, 10),
        {
            "leads": [lead("due6", email="a@due6.com")],
            "company_technologies": [
                {"domain": "due6.com", "technology": "Salesforce", "detected_at": DETECTED[1]}
            ],
        },
    ),
    "an_attribute": (
        f"select {score('fit', 'due7')}",
        *(0, 4),
        {
            "leads": [lead("due7")],
            "lead_attributes": [
                {
                    "lead_id": "due7",
                    "attribute_name": "pain",
                    "attribute_value": "high",
                    "captured_at": DUE,
                }
            ],
        },
    ),
    "a_withdrawal": (
        "select has_consent from marts.fct_leads where lead_id = 'due8'",
        *(True, False),
        {
            "leads": [lead("due8")],
            "consents": [{"lead_id": "due8", "status": "withdrawn", "occurred_at": DUE}],
        },
    ),
    "a_disposition": (
        f"select {count('fct_quarantined_rows', 'record_key', 'due9')}",
        *(1, 0),
        {
            "leads": [lead("due9")],
            "dispositions": [
                {
                    "disposition_id": "due9",
                    "lead_id": "due9",
                    "outcome": "rejected",
                    "occurred_at": DUE,
                }
            ],
        },
    ),
    "an_answer": (
        f"select {count('fct_quarantined_rows', 'record_key', 'due10')}",
        *(1, 0),
        {
            "leads": [lead("due10")],
            "qualification_answers": [
                {
                    "answer_id": "due10",
                    "lead_id": "due10",
                    "framework": "BANT",
                    "criterion": "need",
                    "is_met": "true",
                    "assessed_at": DUE,
                }
            ],
        },
    ),
    "a_win": (
        "select current_stage from marts.fct_leads where lead_id = 'due11'",
        *("opportunity", "customer"),
        {"leads": [lead("due11")], "opportunities": [deal("due11", "due11", closed_at=WON[1])]},
    ),
    "a_rate_and_its_spend": (
        "select cast(sum(reporting_amount) as double) from marts.fct_spend "
        "where spend_id = 'due12'",
        *(None, 20),
        {
            "spend": [spend("due12", spend_date="2024-03-21", currency="CHF")],
            "exchange_rates": [rate("CHF", "2") | {"rate_date": "2024-03-21"}],
        },
    ),
    "an_assignment": (
        "select coalesce(max(assigned_leads), 0) from reports.rpt_experiments "
        "where experiment_id = 'due13'",
        *(0, 1),
        {
            "leads": [lead("due13")],
            "experiment_assignments": [
                {
                    "experiment_id": "due13",
                    "lead_id": "due13",
                    "variant": "a",
                    "assigned_at": DUE,
                }
            ],
        },
    ),
}

# Leads whose activities land in files of their own, one of a domain that becomes a free one, and
# one for which the second policy is low enough.
REST = {
    "leads": [
        *(lead(lead_id) for lead_id in ("edge", "older", "twice")),
        lead("free", email="a@newfree.com"),
        lead("policy", job_title="CMO"),
        lead("alone", email="a@alone.com"),
    ],
    "companies": [company("free", "newfree.com")],
    "activities": [activity("twice", "twice"), activity("policy", "policy")],
}
MQL = (
    "select cast(mql_at as varchar), mql_blocked_reason from marts.fct_leads "
    "where lead_id = 'policy'"
)
REASON = "select is_full, reason from ops.refreshes order by refresh_number desc limit 1"
EDGE = f"select {', '.join(score('engagement', one) for one in ('edge', 'older', 'twice'))}"

# seed, change of its rows, question, answer before, answer after
POLICY_CHANGES = [
    ("fit_rules", {"points": ("25", "24")}, f"select {score('fit', 'policy')}", 25, 24),
    ("activity_rules", {"points": ("10", "11")}, f"select {score('engagement', 'late')}", 20, 22),
    (
        "lead_source_map",
        {"lead_source": ("email", "letter")},
        "select lead_source from marts.fct_leads where lead_id = 'fresh'",
        "email",
        "letter",
    ),
    (
        "free_email_domains",
        {"domain": ("gmail.com", "newfree.com")},
        f"select {score('fit', 'free')}",
        15,
        0,
    ),
    (
        "qualification_policy",
        {"engagement_threshold": ("20", "5")},
        "select cast(min(mql_at) as varchar) from marts.fct_mqls where lead_id = 'policy'",
        None,
        "2024-02-01 00:00:00",
    ),
]
LAST_CHANGE = POLICY_CHANGES[-1][0]


def merged(*many: TextTables) -> TextTables:
    """The rows of several data sets."""
    tables: TextTables = {}
    for one in many:
        for name, lines in one.items():
            tables[name] = tables.get(name, []) + lines
    return tables


class Story:
    """The refreshes of one warehouse; keeps its work file after each."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.seeds = policy()
        self.warehouse = new_warehouse(root, self.seeds)
        self.files: dict[str, Path] = {}
        self.found: dict[str, list[str]] = {}
        self._land_and_refresh()
        self._edges()
        self._change_policy()

    def ask(self, stage: str, question: str) -> Answer:
        """The answer after a stage."""
        return query(self.files[stage], question)

    def _refresh(self, stage: str, as_of: str, compare: bool = False) -> None:
        self.warehouse.refresh(as_of)
        # Under its own name, which DuckDB 1.5 keeps in the views.
        self.files[stage] = self.root / stage / self.warehouse.database.name
        self.files[stage].parent.mkdir()
        shutil.copy(self.warehouse.database, self.files[stage])
        if compare:
            self.found[stage] = self.warehouse.compared(as_of)

    def _land_and_refresh(self) -> None:
        self.warehouse.land(merged(REST, *(trap.first for trap in TRAPS)))
        self._refresh("first", FIRST)
        due = (tables for _, _, _, tables in BECOMES_DUE.values())
        self.warehouse.land(merged(*(trap.second for trap in TRAPS), *due))
        self._refresh("second", SECOND, compare=True)
        for stage, _, as_of in (DETECTED, WON):
            self._refresh(stage, as_of)
        self._refresh("quiet", QUIET, compare=True)
        self.warehouse.land({"activities": [activity("alone", "alone", _loaded_at=LATE)]})
        self._refresh("alone", QUIET, compare=True)

    def _edges(self) -> None:
        for activity_id, lead_id, kind, landed_later in (
            ("edge", "edge", "visit", timedelta(0)),
            ("older", "older", "visit", timedelta(days=-400)),
            ("twice", "twice", "demo", timedelta(0)),
        ):
            row = {
                "activity_id": activity_id,
                "lead_id": lead_id,
                "activity_type": kind,
                "occurred_at": datetime(2024, 2, 1),
                "_loaded_at": datetime(2024, 2, 28),
            }
            self.warehouse.land_file("activities", row, landed_later)
        self._refresh("edges", QUIET, compare=True)
        self._refresh("policy", POLICY, compare=IS_LONG)
        self._refresh("back", FIRST, compare=True)  # and nothing has landed

    def _change_policy(self) -> None:
        for seed, change, *_ in POLICY_CHANGES:
            ((column, (old, new)),) = change.items()
            for row in self.seeds[seed]:
                row[column] = new if row[column] == old else row[column]
            is_last = seed == LAST_CHANGE
            if is_last or IS_LONG:
                directory = self.root / f"seeds_{seed}"
                self.warehouse.replace_seeds(write_tables(directory, self.seeds, SEED_COLUMNS))
                self._refresh(seed, SECOND, compare=is_last)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("story"))


@pytest.mark.parametrize("trap", TRAPS, ids=[trap.name for trap in TRAPS])
def test_trap(trap: Trap, story: Story) -> None:
    assert story.ask("first", trap.question) == trap.before
    assert story.ask("second", trap.question) == trap.after


def test_rows_land_at_and_before_the_latest_landing(story: Story) -> None:
    assert story.ask("second", EDGE) == [(0, 0, 10)]
    assert story.ask("edges", EDGE) == [(10, 10, 30)]


def test_only_what_landed_is_computed_until_rows_land_out_of_order(story: Story) -> None:
    assert story.ask("second", REASON) == story.ask("quiet", REASON) == [(False, None)]
    assert story.ask("edges", REASON) == [
        (True, "raw rows vanished, changed or landed out of order")
    ]


@pytest.mark.parametrize("name", BECOMES_DUE)
def test_becomes_due_while_nothing_lands(name: str, story: Story) -> None:
    question, before, after, _ = BECOMES_DUE[name]
    stage = {"a_technology": DETECTED[0], "a_win": WON[0]}.get(name, "quiet")
    assert story.ask("second", question) == [(before,)]
    assert story.ask(stage, question) == [(after,)]


def test_one_row_recomputes_one_lead(story: Story) -> None:
    """Companies that became due the day before, and their leads, have nothing to do with it."""
    assert story.ask("alone", f"select {score('engagement', 'alone')}") == [(10,)]
    affected = "select distinct survivor_lead_id from delta.int_leads_affected"
    assert story.ask("alone", affected) == [("alone",)]


def test_a_policy_becomes_effective(story: Story) -> None:
    assert story.ask("edges", MQL) == [(None, "engagement")]
    assert story.ask("policy", MQL) == [("2024-03-25 00:00:00", None)]
    assert story.ask("policy", REASON) == [(True, "a part of the policy takes effect or ends")]


def test_now_goes_back(story: Story) -> None:
    name = "an_activity_is_no_longer_in_the_future"
    (trap,) = (trap for trap in TRAPS if trap.name == name)
    assert story.ask("back", trap.question) == trap.before
    assert story.ask("back", MQL) == [(None, "engagement")]


@pytest.mark.parametrize("change", POLICY_CHANGES, ids=[change[0] for change in POLICY_CHANGES])
def test_policy_changes(change: tuple, story: Story) -> None:
    seed, _, question, before, after = change
    names = ["edges", *(other[0] for other in POLICY_CHANGES)]
    stages = (names[names.index(seed) - 1], seed) if IS_LONG else ("edges", LAST_CHANGE)
    assert story.ask(stages[0], question) == [(before,)]
    assert story.ask(stages[1], question) == [(after,)]


STAGES = [
    "second",
    "quiet",
    "alone",
    "edges",
    *(["policy"] if IS_LONG else []),
    "back",
    LAST_CHANGE,
]


@pytest.mark.parametrize("stage", STAGES)
def test_story_equals_a_full_build(stage: str, story: Story) -> None:
    found = story.found[stage]
    assert not found, "\n".join(found[:SHOWN])


def test_failed_and_partial_runs_lose_nothing(tmp_path: Path) -> None:
    landing = Landing(7)
    warehouse = new_warehouse(tmp_path, landing.seeds)
    first, second, third = landing.batches[0], landing.batches[1], merged(*landing.batches[2:])
    as_of = landing.as_ofs[-1]
    warehouse.land(first)
    warehouse.refresh(as_of)
    warehouse.land(second)
    with warehouse.broken("fct_mqls"), pytest.raises(BuildError, match="nobody_knows_this"):
        warehouse.refresh(as_of)
    warehouse.refresh(as_of)
    found = warehouse.compared(as_of) if IS_LONG else []
    assert not found, "after the failure\n" + "\n".join(found[:SHOWN])
    warehouse.land(third)
    warehouse.refresh(as_of, "run", "--select", "stg_raw__activities")
    warehouse.refresh(as_of, "run", "--select", "fct_mqls")
    warehouse.refresh(as_of)
    found = warehouse.compared(as_of)
    assert not found, "after partial runs\n" + "\n".join(found[:SHOWN])


def test_tables_of_an_el_tool_change_in_any_way(tmp_path: Path) -> None:
    """A plain table has no `_landed_at`, and its rows may change or go without a trace."""
    names = ("appended", "updated", "deleted", "kept", "moved")
    warehouse = new_warehouse(tmp_path, policy())
    warehouse.land({"leads": [lead(name) for name in names]})
    with warehouse.connected() as connection:
        connection.execute("create schema raw")
        connection.execute(
            "create table raw.activities (activity_id varchar, lead_id varchar, "
            "activity_type varchar, occurred_at timestamp, _loaded_at timestamp)"
        )
        connection.execute(
            "insert into raw.activities select unnest(['u', 'd', 'k', 'm']) as activity_id, "
            "unnest(['updated', 'deleted', 'kept', 'moved']), 'visit', "
            "timestamp '2024-02-01', timestamp '2024-02-20'"
        )
    question = f"select {', '.join(score('engagement', name) for name in names)}"
    warehouse.refresh(SECOND)
    assert query(warehouse.database, question) == [(0, 10, 10, 10, 10)]
    with warehouse.connected() as connection:
        connection.execute(
            "insert into raw.activities values ('a', 'appended', 'visit', "
            "timestamp '2024-02-01', timestamp '2024-02-20')"
        )
        connection.execute(
            "update raw.activities set activity_type = 'demo' where activity_id = 'u'"
        )
        connection.execute("update raw.activities set lead_id = 'kept' where activity_id = 'm'")
        connection.execute("delete from raw.activities where activity_id = 'd'")
    warehouse.refresh(SECOND)
    assert query(warehouse.database, question) == [(10, 30, 0, 20, 0)]
    found = warehouse.compared(SECOND)
    assert not found, "\n".join(found[:SHOWN])
