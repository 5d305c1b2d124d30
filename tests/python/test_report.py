"""The report in a real browser: its numbers are the release's, and nothing in it does harm."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import Opened, chromium, open_file
from playwright.sync_api import Browser
from report_release import AS_OF, EMAIL, hostile_sources, write_release
from rich.console import Console

import refresh as refresh_command
from qualified_leads.errors import UsageError
from qualified_leads.release.publish import Release
from qualified_leads.release.reading import find_release
from qualified_leads.report.build import ReportError, report_release, write_report
from qualified_leads.report.data import months_between, top_sources
from qualified_leads.report.page import safe_json
from qualified_leads.report.sections import pivot, unknown_credits
from qualified_leads.report.words import Change, headline, show

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Path, Path]]:
    """(release, report) of releases without rows, with one source and with sixty hostile ones."""
    made = {}
    for name, count in (("empty", 0), ("one", 1), ("sixty", 60)):
        directory = tmp_path_factory.mktemp(name)
        release = write_release(directory, hostile_sources(count), optional=True)
        report = write_report(find_release(directory, release), directory / "r.html", "EUR")
        made[name] = (release, report)
    return made


def query(release: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(release), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def table(opened: Opened, name: str) -> list[list[str]]:
    """The texts of a table's body rows as the browser has them (folded tables included)."""
    script = "t => [...t.tBodies[0].rows].map(r => [...r.cells].map(c => c.textContent))"
    return opened.page.locator(f"#{name}").evaluate(script)


def total(opened: Opened, name: str) -> list[str]:
    script = "t => [...t.tFoot.rows[0].cells].map(c => c.textContent)"
    return opened.page.locator(f"#{name}").evaluate(script)


@pytest.mark.parametrize("name", ["empty", "one", "sixty"])
def test_opens_quietly_and_asks_the_network_for_nothing(
    browser: Browser, reports: dict[str, tuple[Path, Path]], name: str
) -> None:
    report = reports[name][1]
    opened = open_file(browser, report)
    assert opened.complaints == []
    assert opened.requests == [report.as_uri()]
    assert opened.page.evaluate("window.hacked") is None
    assert 500_000 < report.stat().st_size < 2_000_000
    opened.page.context.close()


def test_without_rows_every_section_says_so(
    browser: Browser, reports: dict[str, tuple[Path, Path]]
) -> None:
    page = open_file(browser, reports["empty"][1]).page
    assert page.locator("svg").count() == 0 and page.locator("table").count() == 0
    sections = page.locator("section:not(#glossary)")
    assert sections.count() == 13
    assert page.locator("section:not(#glossary) .empty").count() == sections.count()


@pytest.mark.parametrize("name", ["one", "sixty"])
def test_numbers_are_those_of_the_release(
    browser: Browser, reports: dict[str, tuple[Path, Path]], name: str
) -> None:
    release, report = reports[name]
    opened = open_file(browser, report)
    counts = "sum(leads), sum(mqls), sum(sals), sum(sqls), sum(opportunities), sum(customers)"
    by_source = query(
        release,
        f"select lead_source, {counts} from reports.rpt_source_costs "
        "where basis = 'cohort' and is_mature group by all order by 2 desc, 1",
    )
    shown = [row[:7] for row in table(opened, "funnel-sources")]
    # A line break in a name is the only thing that HTML may show otherwise.
    assert shown == [[source, *(f"{n:,}" for n in numbers)] for source, *numbers in by_source]
    everything = query(
        release, f"select {counts} from reports.rpt_source_costs where basis = 'period'"
    )[0]
    assert total(opened, "months")[1:7] == [f"{n:,}" for n in everything]
    cost = query(
        release,
        "select sum(spend), sum(spend) / sum(leads), sum(spend) / sum(customers) "
        "from reports.rpt_source_costs where basis = 'cohort' and is_mature",
    )[0]
    texts = total(opened, "cost-sources")
    spend, *costs = [float(texts[n].lstrip("€").replace(",", "")) for n in (1, 2, 5)]
    assert spend == pytest.approx(float(cost[0]), abs=0.51)
    assert costs == pytest.approx([float(n) for n in cost[1:]], abs=0.0051)
    now, before = query(
        release,
        "select sum(leads) from reports.rpt_source_costs where basis = 'period' "
        "and month >= '2026-05-01' group by month order by month desc",
    )
    tile = opened.page.locator("#glance .tiles").first.locator("li").first
    assert tile.locator(".value").inner_text() == f"{now[0]:,}"
    assert tile.locator(".before").inner_text() == f"May 2026: {before[0]:,}"
    assert table(opened, "quarantine-table")[0][2] == "7"
    assert table(opened, "forecast-table") == [["until 31 Jul 2026", "2.0", "€300.50"]]
    assert table(opened, "reasons-table")[0] == ["no consent", "2", "1"]
    assert table(opened, "scores-table")[0][:2] == ["A1", str(len(by_source))]
    opened.page.context.close()


def test_charts_show_the_largest_and_the_rest_as_one(
    browser: Browser, reports: dict[str, tuple[Path, Path]]
) -> None:
    opened = open_file(browser, reports["sixty"][1])
    page = opened.page
    marks = "#cost-per-lead svg .mark-rect path"
    assert page.locator(marks).count() == 13
    # One of the sources has that very name.
    assert "other (48 sources)…" in page.locator("#cost-per-lead").inner_text()
    assert len(table(opened, "cost-sources")) == 60
    for chart in page.locator(".chart").all():
        assert chart.locator("svg").count() == 1
        assert len(chart.get_attribute("aria-label") or "") > 20
        caption = chart.locator("xpath=../figcaption").inner_text()
        assert re.match(r"From (reports\.rpt|marts\.fct)_\w+", caption), caption


def test_hostile_names_are_text_wherever_they_stand(
    browser: Browser, reports: dict[str, tuple[Path, Path]]
) -> None:
    page = open_file(browser, reports["sixty"][1]).page
    assert page.locator("img").count() == 0
    # The page's own: the data of the charts, Vega and the sorting.
    assert page.locator("script").count() == 3
    page.locator("#funnel-mqls svg .mark-rect path").last.hover()
    page.wait_for_selector("#vg-tooltip-element.visible")
    assert page.locator("#vg-tooltip-element img, #vg-tooltip-element script").count() == 0
    assert page.evaluate("window.hacked") is None


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_accessible_in_light_and_dark(
    browser: Browser, reports: dict[str, tuple[Path, Path]], scheme: str
) -> None:
    page = open_file(browser, reports["one"][1], color_scheme=scheme).page
    results = Axe().run(page)
    assert results.violations_count == 0, results.generate_report()
    # Charts follow: their text has the page's ink.
    text = page.locator("#funnel-total svg .role-mark.mark-text text").first
    fill = text.evaluate("t => getComputedStyle(t).fill")
    assert fill == page.evaluate("getComputedStyle(document.body).color")


def test_sorts_by_keyboard(browser: Browser, reports: dict[str, tuple[Path, Path]]) -> None:
    opened = open_file(browser, reports["sixty"][1])
    page = opened.page
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    heading = page.locator("#cost-sources thead th").nth(1)
    heading.locator("button").focus()
    page.keyboard.press("Enter")
    assert heading.get_attribute("aria-sort") == "descending"
    falling = table(opened, "cost-sources")
    page.keyboard.press("Space")
    assert heading.get_attribute("aria-sort") == "ascending"
    rising = table(opened, "cost-sources")
    amounts = [float(row[1].lstrip("€").replace(",", "")) for row in rising]
    assert amounts == sorted(amounts) and len(set(amounts)) > 50
    assert [row[1] for row in falling] == [row[1] for row in rising][::-1]
    page.locator("#cost-sources thead th button").first.click()
    assert heading.get_attribute("aria-sort") is None
    assert total(opened, "cost-sources")[0] == "all"


def test_fits_a_phone_and_paper(
    browser: Browser, reports: dict[str, tuple[Path, Path]], tmp_path: Path
) -> None:
    phone = {"width": 360, "height": 740}
    page = open_file(browser, reports["sixty"][1], viewport=phone).page
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    box = page.locator(".box").first
    assert box.evaluate("b => b.scrollWidth > b.clientWidth && b.tabIndex === 0")
    page.emulate_media(media="print")
    assert not page.locator("nav").is_visible()
    assert page.locator(".box").first.evaluate("b => getComputedStyle(b).overflow") == "visible"


def test_tables_need_no_script(browser: Browser, reports: dict[str, tuple[Path, Path]]) -> None:
    opened = open_file(browser, reports["one"][1], java_script_enabled=False)
    assert len(table_texts := opened.page.locator("table").all()) > 8, table_texts
    assert "no charts" in opened.page.locator("noscript").inner_text()


def test_holds_no_personal_data(reports: dict[str, tuple[Path, Path]]) -> None:
    release, report = reports["sixty"]
    assert query(release, "select email from marts.dim_leads") == [(EMAIL,)]
    text = report.read_text(encoding="utf-8")
    assert EMAIL not in text and "Zoe" not in text and "L0-0" not in text


def test_reads_a_release_of_fewer_tables(tmp_path: Path) -> None:
    release = write_release(tmp_path, ["email"])
    with duckdb.connect(str(release)) as connection:
        connection.execute("drop table marts.dim_leads; drop table marts.fct_stage_entries")
        connection.execute("drop table reports.rpt_attributed_source_costs")
    text = write_report(find_release(tmp_path, release), tmp_path / "r.html", "USD").read_text()
    assert 'id="costs"' in text and "$" in text
    for absent in ("velocity", "attribution", "goals", "load", "thresholds"):
        assert f'<section id="{absent}"' not in text


def test_same_release_same_report(reports: dict[str, tuple[Path, Path]], tmp_path: Path) -> None:
    release, report = reports["one"]
    again = write_report(find_release(tmp_path, release), tmp_path / "again.html", "EUR")
    assert again.read_bytes() == report.read_bytes()
    assert [path.name for path in tmp_path.iterdir()] == ["again.html"]


def test_command_says_where_it_is_or_why_not(
    reports: dict[str, tuple[Path, Path]], tmp_path: Path
) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, str(ROOT / "scripts" / "report.py"), *arguments],
            capture_output=True,
            text=True,
            env={"WAREHOUSE": str(tmp_path / "warehouse"), "PATH": ""},
        )

    done = run("--release", str(reports["one"][0]))
    assert done.returncode == 0 and (tmp_path / "warehouse" / "report.html").exists()
    none = run()
    assert none.returncode == 2 and "there is no release" in none.stderr
    file = tmp_path / "x.duckdb"
    file.write_text("nothing")
    with pytest.raises(UsageError, match="x.duckdb is damaged or no release"):
        report_release(file, tmp_path, None, Console())
    with pytest.raises(ReportError, match="could not be written"):
        report_release(reports["one"][0], tmp_path, file / "r.html", Console())


def test_refresh_with_report_writes_it(
    reports: dict[str, tuple[Path, Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WAREHOUSE", str(tmp_path))
    made = Release(reports["one"][0], {})
    monkeypatch.setattr(refresh_command, "refresh", lambda *_, **__: made)
    refresh_command.main(report=True)
    assert (tmp_path / "report.html").read_bytes() == reports["one"][1].read_bytes()


def test_release_of_other_columns_is_refused_in_one_line(tmp_path: Path) -> None:
    release = write_release(tmp_path, ["email"])
    with duckdb.connect(str(release)) as connection:
        connection.execute("alter table reports.rpt_source_costs drop column sqls")
    with pytest.raises(ReportError, match="BinderException"):
        report_release(release, tmp_path, None, Console())
    assert not (tmp_path / "report.html").exists()


def test_as_of_is_in_the_name_of_a_release(tmp_path: Path) -> None:
    release = write_release(tmp_path, [])
    assert find_release(tmp_path, release).as_of == AS_OF
    assert find_release(tmp_path, release.rename(tmp_path / "copy.duckdb")).as_of is None
    with pytest.raises(UsageError, match="is not a file"):
        find_release(tmp_path, tmp_path / "none.duckdb")


@pytest.mark.parametrize(
    ("change", "words", "verdict"),
    [
        (Change("MQLs", "count", 150, 100), "up 50%", "better"),
        (Change("MQLs", "count", 100, 150), "down 33%", "worse"),
        # 12 against 9 differ by 3, and two standard errors are 2 * sqrt(21) = 9.2.
        (Change("MQLs", "count", 12, 9), "up 33%", "neutral"),
        (Change("MQLs", "count", 9, 9), "unchanged", "neutral"),
        (Change("MQLs", "count", 9, 0), "up from zero", "better"),
        (Change("Cost", "money", 20.0, 10.0, False), "up 100%", "worse"),
        (Change("Cost", "money", None, 10.0, False), "not comparable", "neutral"),
        (Change("Spend", "money", 20.0, 10.0, None), "up 100%", "neutral"),
        # 20 % against 10 % of 1,000 each is far, of 20 each it is not.
        (Change("Rate", "rate", 0.2, 0.1, True, (1000, 1000)), "up 10.0 points", "better"),
        (Change("Rate", "rate", 0.2, 0.1, True, (20, 20)), "up 10.0 points", "neutral"),
        (Change("ROI", "rate", -0.5, 0.5), "down 100.0 points", "worse"),
        # ln 2 = 0.69 is within 2 * sqrt(1/10 + 1/20) = 0.77, and not of ten times as many.
        (Change("Revenue", "money", 20.0, 10.0, events=(20, 10)), "up 100%", "neutral"),
        (Change("Revenue", "money", 20.0, 10.0, events=(200, 100)), "up 100%", "better"),
        (Change("Revenue", "money", 20.0, 0.0, events=(2, 0)), "up from zero", "better"),
        # 1 + roi is doubled, too.
        (Change("ROI", "rate", 1.0, 0.0, events=(20, 10)), "up 100.0 points", "neutral"),
    ],
)
def test_change_in_words(change: Change, words: str, verdict: str) -> None:
    assert (change.words, change.verdict) == (words, verdict)


def test_headline_keeps_chance_apart() -> None:
    changes = [
        Change("Leads", "count", 300, 200),
        Change("MQLs", "count", 12, 9),
        Change("ROI", "rate", None, 0.1),
    ]
    assert headline(changes) == [
        ("Up", "Leads (50%)"),
        ("No clear change", "MQLs (up 33%)"),
        ("Unknown", "ROI"),
    ]


def test_numbers_as_text() -> None:
    assert show(1234567, "count", "EUR") == "1,234,567"
    assert show(-0.123, "rate", "EUR") == "−12.3%"
    assert show(9876.5, "money", "EUR") == "€9,876.50"
    assert show(-98765.4, "money", "JPY") == "−¥98,765"
    assert show(5, "money", "XTS") == "XTS\u00a05.00"
    assert show(None, "money", "EUR") == show(float("nan"), "rate", "EUR") == "–"


def test_unknown_credits_are_said_and_costs_of_fractions_are_not() -> None:
    def row(model: str, source: str, customers: float) -> dict[str, object]:
        return {"attribution_model": model, "lead_source": source, "customers": customers}

    rows = [
        *(row("lead_source", "unknown", 9), row("lead_source", "email", 1)),
        *(row("first", "unknown", 1), row("first", "email", 3)),
        *(row("last", "unattributed", 1), row("last", "unknown", 1), row("last", "email", 2)),
    ]
    assert unknown_credits(rows).startswith(" 25% to 50% of the customers, by model")
    assert unknown_credits(rows[:2]) == unknown_credits([row("first", "email", 0)]) == ""
    costs = [row("first", "email", 0.99) | {"spend": 5}, row("last", "email", 2) | {"spend": 5}]
    found = pivot(costs, ["first", "last"], ["email"], "cost_per_customer")
    assert found == [{"lead_source": "email", "m0": None, "m1": 2.5}]


def test_one_source_too_many_is_not_called_other() -> None:
    rows = [{"lead_source": f"s{n:02}", "leads": n} for n in range(14)]
    assert len(top_sources(rows[:13], "leads")) == 13
    shown = top_sources(rows, "leads")
    assert shown[-1] == {"lead_source": "other (2 sources)", "leads": 1}
    assert sum(row["leads"] for row in shown) == sum(row["leads"] for row in rows)


def test_months_between_years() -> None:
    first, last = AS_OF.date().replace(month=11, year=2025), AS_OF.date().replace(month=2)
    assert [f"{month:%Y-%m}" for month in months_between(first, last)] == [
        "2025-11",
        "2025-12",
        "2026-01",
        "2026-02",
    ]


def test_json_ends_no_element() -> None:
    assert "<" not in safe_json({"a": "</script><!--"}) and "&" not in safe_json("&")
