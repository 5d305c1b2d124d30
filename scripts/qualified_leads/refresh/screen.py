"""What a refresh shows: progress while dbt runs, then funnel, costs and the rows left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from qualified_leads.console import printable
from qualified_leads.figures import (
    HEADINGS,
    STAGES,
    Number,
    format_count,
    format_money,
    format_rate,
    ratio,
)
from qualified_leads.refresh.dbt_run import FAILED_STATUSES, NodeEvent


@dataclass(frozen=True)
class SourceTotals:
    """One lead_source over all cohort months; spend and revenue in the reporting currency."""

    lead_source: str
    counts: tuple[int, ...]
    revenue: Number | None
    spend: Number | None

    @property
    def rates(self) -> tuple[float | None, ...]:
        """Share of each stage that reached the next, from leads on."""
        return tuple(ratio(to, of) for of, to in zip(self.counts, self.counts[1:], strict=False))

    @property
    def unit_costs(self) -> tuple[float | None, ...]:
        """Spend per lead, MQL, SQL, opportunity and customer."""
        leads, mqls, _, sqls, opportunities, customers = self.counts
        return tuple(ratio(self.spend, n) for n in (leads, mqls, sqls, opportunities, customers))

    @property
    def roi(self) -> float | None:
        """(revenue - spend) / spend."""
        if self.spend is None or self.revenue is None:
            return None
        return ratio(self.revenue - self.spend, self.spend)  # type: ignore[operator]


@contextmanager
def build_progress(console: Console) -> Iterator[Callable[[NodeEvent], None]]:
    """Yield what to call per dbt event: a bar in a terminal, else one line per model or failure."""
    if not console.is_terminal:
        yield lambda event: _print_line(console, event)
        return
    columns = (
        TextColumn("Building"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        running: list[str] = []

        def show(event: NodeEvent) -> None:
            if event.status == "started":
                running.append(event.name)
            elif event.name in running:
                running.remove(event.name)
            progress.update(
                task,
                completed=event.index,
                total=event.total or None,
                description=", ".join(running[:2]),
            )
            if event.status in FAILED_STATUSES:
                _print_line(console, event)

        yield show


def _print_line(console: Console, event: NodeEvent) -> None:
    is_failure = event.status in FAILED_STATUSES
    if event.status == "started" or (event.resource_type == "test" and not is_failure):
        return
    place = f"{event.index}/{event.total}"
    console.print(
        f"{place:>9}  {event.status:<8} {event.seconds:7.2f} s  {event.name}", soft_wrap=True
    )


def read_totals(connection: duckdb.DuckDBPyConnection) -> list[SourceTotals]:
    """Cohort totals per lead_source from a release, the largest source first."""
    counts = ", ".join(f"sum(coalesce(f.{stage}, 0))" for stage in STAGES)
    rows = connection.execute(
        f"""
        with
            funnel as (select * from reports.rpt_lead_funnel where basis = 'cohort'),
            spent as (
                select lead_source, sum(spend) as spend
                from reports.rpt_source_costs
                where basis = 'cohort'
                group by lead_source
            )
        select coalesce(f.lead_source, s.lead_source), {counts}, sum(f.revenue), any_value(s.spend)
        from funnel as f
        full join spent as s on f.lead_source = s.lead_source
        group by 1
        order by 2 desc, 1
        """
    ).fetchall()
    return [
        SourceTotals(source, tuple(int(n) for n in numbers[:-2]), numbers[-2], numbers[-1])
        for source, *numbers in rows
    ]


@dataclass(frozen=True)
class Unmapped:
    """What the raw sources that nobody has mapped hold between them; shares of 0 to 1."""

    count: int
    lead_share: float
    spend_share: float


def read_unmapped(connection: duckdb.DuckDBPyConnection) -> Unmapped:
    """Unmapped sources of a release."""
    row = connection.execute(
        "select count(*), coalesce(sum(lead_share), 0), coalesce(sum(spend_share), 0)"
        " from reports.rpt_unmapped_sources"
    ).fetchone()
    assert row is not None
    return Unmapped(*row)


def unmapped_line(unmapped: Unmapped, worth_saying: float | None) -> str | None:
    """One line where a greater share than `worth_saying` of leads or spend has such a source.

    Without the values, in which anything may stand.
    """
    shares = (unmapped.lead_share, unmapped.spend_share)
    if worth_saying is None or max(shares) <= worth_saying:
        return None
    leads, spend = map(format_rate, shares)
    return (
        f"Sources that nobody has mapped ({unmapped.count:,}) hold {leads} of leads and {spend} of "
        "spend: see reports.rpt_unmapped_sources"
    )


def total_of(sources: Sequence[SourceTotals]) -> SourceTotals:
    """All sources as one; a sum over unknown amounts only is unknown."""
    counts = tuple(sum(column) for column in zip(*(s.counts for s in sources), strict=True))
    return SourceTotals(
        "all",
        counts or (0,) * len(STAGES),
        _sum_known([s.revenue for s in sources]),
        _sum_known([s.spend for s in sources]),
    )


def _sum_known(values: Sequence[Number | None]) -> Number | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None  # type: ignore[arg-type]


def funnel_table(sources: Sequence[SourceTotals], currency: str) -> Table:
    table = _table(
        "Lead funnel by source (cohorts, all months)", "Source", *HEADINGS, f"Revenue {currency}"
    )
    for row in (*sources, total_of(sources)):
        cells = [format_count(n) for n in row.counts]
        table.add_row(printable(row.lead_source), *cells, format_money(row.revenue))
    return table


def rate_table(sources: Sequence[SourceTotals]) -> Table:
    steps = ("Lead→MQL", "MQL→SAL", "SAL→SQL", "SQL→Opportunity", "Opportunity→Customer")
    table = _table("Rates between stages", "Source", *steps)
    for row in (*sources, total_of(sources)):
        table.add_row(printable(row.lead_source), *map(format_rate, row.rates))
    return table


def cost_table(sources: Sequence[SourceTotals], currency: str) -> Table:
    heads = ("Spend", "per lead", "per MQL", "per SQL", "per opp.", "per customer", "ROI")
    table = _table(f"Cost per stage by source, {currency}", "Source", *heads)
    for row in (*sources, total_of(sources)):
        costs = map(format_money, row.unit_costs)
        table.add_row(
            printable(row.lead_source), format_money(row.spend), *costs, format_rate(row.roi)
        )
    return table


def reason_table(title: str, rows: Sequence[tuple[str, str, int]]) -> Table:
    """(table, reason, rows) triples; the rows are counts, never records."""
    table = _table(title, "Table", "Reason", "Rows", left=2)
    for name, reason, count in rows:
        table.add_row(printable(name), printable(reason), format_count(count))
    return table


def near_miss_line(count: int) -> str:
    """What to do about quarantined rows whose lead is known in another spelling."""
    return (
        f"{format_count(count)} quarantined rows name a known lead in another spelling (capitals,"
        " quotes, zeros, .0, 15 or 18 letters): give the column `id:` in the mapping"
    )


def _table(title: str, *headings: str, left: int = 1) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for position, heading in enumerate(headings):
        table.add_column(heading, justify="left" if position < left else "right")
    return table
