"""The commands of the hand-back to a CRM: make a batch, acknowledge it, deliver it."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from qualified_leads.export.crm_batches import (
    Batch,
    acknowledge,
    export_lock,
    next_batch,
    pending_batch,
    read_state,
)
from qualified_leads.export.crm_delivery import DeliveryError, Endpoint, check_endpoint, deliver
from qualified_leads.export.crm_records import load_mapping, read_datasets
from qualified_leads.release.reading import ReleaseFile, open_release


def system_directory(warehouse: Path, system: str) -> Path:
    """Where the state of a system is."""
    return warehouse / "exports" / system


def export_crm(
    warehouse: Path, system: str, release: ReleaseFile, console: Console
) -> Batch | None:
    """Make the next batch, or give out again the one that waits; None if nothing is new.

    Raises UsageError (mapping or release), ExportBusyError.
    """
    directory = system_directory(warehouse, system)
    mapping = load_mapping(system)
    with export_lock(directory):
        with open_release(release.path) as connection:
            datasets = read_datasets(connection, mapping)
        batch = next_batch(directory, release.path.name, datasets, mapping)
    if batch is None:
        console.print("Nothing is new or changed since the last acknowledged batch")
        return None
    counts = ", ".join(f"{count:,} {name}" for name, count in batch.records.items())
    console.print(f"Batch {batch.id}: {counts}", soft_wrap=True)
    if batch.release != release.path.name:
        console.print(f"It was made from {batch.release} and waits for its acknowledgement.")
    console.print(f"Files: {batch.directory}", soft_wrap=True)
    return batch


def acknowledge_batch(warehouse: Path, system: str, batch_id: str, console: Console) -> None:
    """Note that a batch was taken. Raises UsageError, ExportBusyError."""
    directory = system_directory(warehouse, system)
    with export_lock(directory):
        is_new = acknowledge(directory, batch_id)
    console.print(f"Batch {batch_id} {'is' if is_new else 'was already'} acknowledged")


def deliver_batch(warehouse: Path, system: str, endpoint: Endpoint, console: Console) -> None:
    """Deliver and acknowledge the batch that waits, if one does.

    Raises UsageError, ExportBusyError, DeliveryError (not all delivered, or some refused).
    """
    check_endpoint(endpoint.url)
    directory = system_directory(warehouse, system)
    with export_lock(directory):
        batch = pending_batch(directory, read_state(directory))
        if batch is None:
            console.print("No batch waits")
            return
        outcome = deliver(
            directory,
            batch,
            endpoint,
            lambda chunk: console.print(f"{chunk.key}: {len(chunk.records):,} records taken"),
        )
    if outcome.refused:
        raise DeliveryError(
            f"batch {batch.id} is delivered but for {len(outcome.refused):,} records that the "
            f"endpoint refused: {outcome.dead_letters}"
        )
    console.print(f"Batch {batch.id} is delivered and acknowledged")
