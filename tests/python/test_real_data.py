"""Real data that nobody on this project wrote, through the mappings and the whole build."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
from harness import PROJECT, build_mapped

DATA = PROJECT.parent / "shared" / "data"
needs_data = pytest.mark.skipif(
    not DATA.is_dir(), reason="the real data (../shared/data) may not be copied and is not here"
)
AS_OF = "2018-12-31 00:00:00"


def query(database: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(database), read_only=True) as connection:
        return connection.execute(sql).fetchall()


@pytest.mark.long
@needs_data
def test_olist_leads_and_wins(tmp_path: Path) -> None:
    database = build_mapped(tmp_path, DATA / "olist", "olist.yml", AS_OF)
    funnel = query(
        database,
        """
        select lead_source, sum(leads), sum(customers)
        from reports.rpt_lead_funnel where basis = 'cohort' group by all
        """,
    )
    by_source = {source: (leads, customers) for source, leads, customers in funnel}
    leads = sum(counts[0] for counts in by_source.values())
    customers = sum(counts[1] for counts in by_source.values())
    assert (leads, customers) == (8000, 842)
    assert round(100 * customers / leads, 3) == 10.525
    assert by_source["organic_search"] == (2296, 271)
    assert by_source["paid_search"] == (1586, 195)
    # The 60 leads without origin join the 1,099 that say 'unknown'.
    assert by_source["unknown"][0] == 1099 + 60
    raw_unknown = query(
        database,
        """
        select count(*), count(customer_at) from marts.fct_leads where raw_lead_source = 'unknown'
        """,
    )
    assert raw_unknown == [(1099, 179)]
    # One deal was won two days before the first contact: it counts, and its time is the real one.
    early = query(
        database,
        """
        select lead_id, days_since_previous_stage is not null
        from marts.fct_stage_entries join marts.fct_leads using (lead_id)
        where stage = 'customer' and entered_at < created_at
        """,
    )
    assert len(early) == 1 and str(early[0][0]).startswith("b91cf881")
    assert query(database, "select * from reports.rpt_quarantine") == []


@pytest.mark.long
@needs_data
def test_kag_facebook_spend_to_enquiry_to_sale(tmp_path: Path) -> None:
    database = build_mapped(tmp_path, DATA / "kag_facebook", "kag_facebook.yml", AS_OF)
    costs = query(
        database,
        """
        select lead_source, round(sum(spend) / sum(leads), 2), sum(leads), sum(customers)
        from reports.rpt_source_costs where basis = 'cohort' group by all order by all
        """,
    )
    assert costs == [
        ("paid_social_916", 2.58, 58, 24),
        ("paid_social_936", 5.39, 537, 183),
    ]


@pytest.mark.long
@needs_data
def test_maven_crm_opportunities_and_amounts(tmp_path: Path) -> None:
    database = build_mapped(tmp_path, DATA / "maven_crm", "maven_crm.yml", AS_OF)
    statuses = query(
        database,
        "select status, count(*), sum(won_amount) from marts.fct_opportunities group by all",
    )
    assert {status: (count, amount) for status, count, amount in statuses} == {
        "won": (4238, Decimal("10005534.00")),
        "lost": (2473, None),
        "open": (2089, None),
    }
    assert query(database, "select count(*) from marts.dim_companies") == [(85,)]
