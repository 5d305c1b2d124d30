"""The report that is read on Mondays: one HTML file from one release, without personal data."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

import duckdb
from rich.console import Console

from qualified_leads.failures import why
from qualified_leads.paths import project_root, reporting_currency
from qualified_leads.release.reading import ReleaseFile, find_release, open_release, table_names
from qualified_leads.report import optional
from qualified_leads.report import sections as parts
from qualified_leads.report.data import read_costs
from qualified_leads.report.page import Page, Section, render
from qualified_leads.report.words import show_moment

REPORT_NAME = "report.html"


class ReportError(Exception):
    """The report could not be written; the release is not concerned. The message is one line."""

    exit_status = 1


def write_report(release: ReleaseFile, target: Path, currency: str) -> Path:
    """Write the report of a release to a file, which is replaced in one step.

    Raises UsageError (no usable release), OSError (the file can't be written).
    """
    with open_release(release.path) as connection:
        text = render(make_page(connection, release, currency))
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
    try:
        temporary.write_text(text, encoding="utf-8")
        os.replace(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)
    return target


def report_release(
    file: Path | None, warehouse: Path, target: Path | None, console: Console
) -> None:
    """Write the report of a release (default: the linked one) and say where it is.

    Raises UsageError (no usable release), ReportError (the file can't be written; a report that
    was there stays).
    """
    try:
        written = write_report(
            find_release(warehouse, file),
            target or warehouse / REPORT_NAME,
            reporting_currency(project_root()),
        )
    except (OSError, duckdb.Error) as error:
        reason = why(error, target or warehouse / REPORT_NAME)
        raise ReportError(f"the report could not be written: {reason}") from None
    console.print(f"Report: {written}", soft_wrap=True)


def make_page(connection: duckdb.DuckDBPyConnection, release: ReleaseFile, currency: str) -> Page:
    """Every section whose tables are in the release, in reading order."""
    tables = table_names(connection)
    sections: list[Section] = []
    if "reports.rpt_source_costs" in tables:
        costs = parts.split(read_costs(connection))
        sections += [
            parts.glance_section(costs, currency),
            parts.trend_section(costs, currency),
            parts.funnel_section(costs, currency),
            parts.cost_section(costs, currency),
        ]
    if "marts.fct_stage_entries" in tables:
        sections.append(parts.velocity_section(connection, currency))
    if {"marts.fct_lead_scores", "marts.fct_leads"} <= tables:
        sections.append(parts.score_section(connection, currency))
    if "reports.rpt_attributed_source_costs" in tables:
        sections.append(parts.attribution_section(connection, currency))
    sections += optional.sections(connection, tables, currency)
    if "reports.rpt_quarantine" in tables:
        sections.append(parts.quarantine_section(connection, currency))
    sections.append(Section("glossary", "What the words mean", terms=parts.GLOSSARY))
    return Page(
        "Monday report: leads, funnel and costs",
        f"As of {show_moment(release.as_of)}. Money in {currency or 'the reporting currency'}. "
        f"Release {release.path.name}.",
        f"Made from release {release.path.name}, which never changes: the same release gives the "
        "same report. It holds counts and sums, no personal data.",
        sections,
    )
