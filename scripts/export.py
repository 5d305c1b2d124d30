"""Hand a release to other tools: tables as files, MQLs and the queue of sales to a CRM."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from qualified_leads.console import make_console, run_command
from qualified_leads.erase.forget import refuse_unfinished
from qualified_leads.export.crm import acknowledge_batch, deliver_batch, export_crm
from qualified_leads.export.crm_batches import export_lock
from qualified_leads.export.crm_delivery import Endpoint
from qualified_leads.export.tables import export_tables
from qualified_leads.paths import warehouse
from qualified_leads.release.reading import find_release


class Format(StrEnum):
    parquet = "parquet"
    csv = "csv"


class System(StrEnum):
    salesforce = "salesforce"
    hubspot = "hubspot"


ReleaseOption = Annotated[
    Path | None, typer.Option(metavar="FILE", help="A release; default: the linked one.")
]
SystemOption = Annotated[System, typer.Option(help="A mapping of mappings/crm.")]
UrlOption = Annotated[
    str | None,
    typer.Option(envvar="EXPORT_URL", help="Where to POST; the token is $EXPORT_TOKEN."),
]
PerSecondOption = Annotated[float, typer.Option(min=0.01, help="Requests a second at most.")]
TimeoutOption = Annotated[float, typer.Option(min=0.1, help="Seconds to wait for an answer.")]
AttemptsOption = Annotated[int, typer.Option(min=1, help="Tries for each chunk.")]


def tables(
    out: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Default: exports/tables in the warehouse.")
    ] = None,
    file_format: Annotated[Format, typer.Option("--format")] = Format.parquet,
    table: Annotated[
        list[str] | None, typer.Option(help="Only this one, such as marts.fct_leads; repeatable.")
    ] = None,
    with_personal_data: Annotated[
        bool, typer.Option("--with-personal-data", help="Export dim_leads, too.")
    ] = False,
    release: ReleaseOption = None,
) -> None:
    """Write marts and reports as Parquet or CSV; DIR/latest links to the last export.

    Exit status: 0 done; 1 a file could not be written; 2 wrong use; 75 another export is running.
    """
    refuse_unfinished(warehouse())
    directory = out or warehouse() / "exports" / "tables"
    with export_lock(directory):
        exported = export_tables(
            find_release(warehouse(), release),
            directory,
            file_format.value,
            with_personal_data=with_personal_data,
            only=table or (),
        )
    rows = sum(exported.row_counts.values())
    make_console().print(
        f"Exported {len(exported.row_counts)} tables, {rows:,} rows: {exported.directory}",
        soft_wrap=True,
    )


def crm(
    system: SystemOption,
    deliver: Annotated[bool, typer.Option("--deliver", help="Deliver it at once.")] = False,
    url: UrlOption = None,
    per_second: PerSecondOption = 4.0,
    timeout: TimeoutOption = 30.0,
    attempts: AttemptsOption = 6,
    release: ReleaseOption = None,
) -> None:
    """Make a batch of what is new or changed since the last acknowledged one: CSV and JSON lines.

    While a batch waits for its acknowledgement, it is given out again, and no other is made.
    Exit status: 0 done; 1 not all was delivered or taken; 2 wrong use; 75 another export runs.
    """
    refuse_unfinished(warehouse())
    endpoint = make_endpoint(url, per_second, timeout, attempts) if deliver else None
    console = make_console()
    batch = export_crm(warehouse(), system.value, find_release(warehouse(), release), console)
    if endpoint and batch:
        deliver_batch(warehouse(), system.value, endpoint, console)


def acknowledge(
    system: SystemOption, batch: Annotated[str, typer.Argument(help="The id of the batch.")]
) -> None:
    """Note that the CRM has taken a batch, so that it is not given out again.

    Exit status: 0 done, or it was noted before; 2 no such batch; 75 another export is running.
    """
    acknowledge_batch(warehouse(), system.value, batch, make_console())


def deliver(
    system: SystemOption,
    url: UrlOption = None,
    per_second: PerSecondOption = 4.0,
    timeout: TimeoutOption = 30.0,
    attempts: AttemptsOption = 6,
) -> None:
    """POST the batch that waits, in chunks, and acknowledge it.

    Exit status: 0 done; 1 not all was delivered or taken; 2 wrong use; 75 another export runs.
    """
    refuse_unfinished(warehouse())
    endpoint = make_endpoint(url, per_second, timeout, attempts)
    deliver_batch(warehouse(), system.value, endpoint, make_console())


def make_endpoint(url: str | None, per_second: float, timeout: float, attempts: int) -> Endpoint:
    """The endpoint of the options; the token comes from the environment alone."""
    if not url:
        raise typer.BadParameter("--url (or EXPORT_URL) says where to deliver")
    token = os.environ.get("EXPORT_TOKEN") or None
    return Endpoint(url, token, timeout, attempts, per_second)


if __name__ == "__main__":
    run_command(tables, crm, acknowledge, deliver)
