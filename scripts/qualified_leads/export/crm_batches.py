"""Batches for a CRM: made once, given out until they are acknowledged, and then never again.

The directory of a system holds

    batches/<id>/           manifest.json, <dataset>.jsonl and .csv; never changed once it is there
    batches/<id>.progress   the chunks that an endpoint has taken (crm_delivery)
    acknowledged.json       the hash of each record that the CRM has; the batches that brought them

At most one batch waits. While it does, the same is given out, whatever has been released since: two
batches on the way could arrive in the wrong order. Each step is one rename, so a crash leaves the
state before it or after it.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from qualified_leads.durable import (
    damaged,
    read_json,
    remove_leftovers,
    whole_directory,
    write_whole,
)
from qualified_leads.errors import UsageError
from qualified_leads.export.crm_records import CrmMapping, Dataset, Record, json_line, record_hash
from qualified_leads.lock import WarehouseBusyError, warehouse_lock

STATE_NAME = "acknowledged.json"
BATCHES_KEPT = 20
FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class ExportBusyError(Exception):
    """Another export of the same system is running."""

    exit_status = 75


@dataclass(frozen=True)
class Batch:
    """A batch on the disk; `records` counts them per dataset, those that are gone included."""

    id: str
    directory: Path
    release: str
    records: dict[str, int]

    def read(self, dataset: str) -> list[Record]:
        text = (self.directory / f"{dataset}.jsonl").read_text(encoding="utf-8")
        # Not splitlines(), which also splits at separators that may stand in a value.
        try:
            return [json.loads(line) for line in text.split("\n") if line]
        except ValueError:
            raise damaged(self.directory / f"{dataset}.jsonl") from None


@dataclass(frozen=True)
class State:
    """What the CRM has: {dataset: {external id: hash}}, and the acknowledged batches in order."""

    hashes: dict[str, dict[str, str]]
    batches: list[str]


@contextmanager
def export_lock(directory: Path) -> Iterator[None]:
    """One export at a time. Raises ExportBusyError."""
    try:
        with warehouse_lock(directory):
            yield
    except WarehouseBusyError as error:
        holder = str(error).partition("(")[2].rstrip(")")
        raise ExportBusyError(f"another export is running ({holder})") from None


def read_state(directory: Path) -> State:
    """The acknowledged state; before the first acknowledgement the CRM has nothing."""
    path = directory / STATE_NAME
    if not path.exists():
        return State({}, [])
    content = read_json(path, "hashes", "batches")
    return State(content["hashes"], content["batches"])


def pending_batch(directory: Path, state: State) -> Batch | None:
    """The batch that waits for its acknowledgement, if there is one."""
    waiting = [b for b in all_batches(directory) if b.id not in set(state.batches)]
    return waiting[-1] if waiting else None


def all_batches(directory: Path) -> list[Batch]:
    """The batches that are still on the disk, the oldest first."""
    return [_open(path.parent) for path in sorted((directory / "batches").glob("*/manifest.json"))]


def _open(path: Path) -> Batch:
    manifest = read_json(path / "manifest.json", "batch_id", "release", "datasets", "chunk_size")
    records = {name: int(one["records"]) for name, one in manifest["datasets"].items()}
    return Batch(manifest["batch_id"], path, manifest["release"], records)


def next_batch(
    directory: Path, release: str, datasets: Mapping[str, Dataset], mapping: CrmMapping
) -> Batch | None:
    """The batch that waits, else a new one of what is new, changed or gone, else None.

    The caller holds the lock.
    """
    (directory / "batches").mkdir(parents=True, exist_ok=True)
    remove_leftovers(directory)
    remove_leftovers(directory / "batches")
    state = read_state(directory)
    waiting = pending_batch(directory, state)
    if waiting is not None:
        return waiting
    changes = {
        name: changed_records(dataset, state.hashes.get(name, {}))
        for name, dataset in datasets.items()
    }
    if not any(changes.values()):
        return None
    return _write(directory, release, datasets, changes, mapping, len(state.batches) + 1)


def changed_records(dataset: Dataset, known: Mapping[str, str]) -> list[Record]:
    """Records that the CRM has not, or has otherwise, then those that it has and that are gone."""
    changed = [r for key, r in dataset.records.items() if known.get(key) != record_hash(r)]
    gone = (dataset.gone(key) for key in sorted(known.keys() - dataset.records.keys()))
    return changed + [r for r in gone if known[r[dataset.mapping.external_id]] != record_hash(r)]


def _write(
    directory: Path,
    release: str,
    datasets: Mapping[str, Dataset],
    changes: Mapping[str, Sequence[Record]],
    mapping: CrmMapping,
    number: int,
) -> Batch:
    lines = {
        name: "".join(json_line(record) + "\n" for record in records)
        for name, records in changes.items()
    }
    # The number makes it unique, the hash says whether two batches are the same.
    digest = hashlib.sha256("\0".join(f"{n}\0{text}" for n, text in lines.items()).encode())
    batch_id = f"{number:06d}-{digest.hexdigest()[:12]}"
    target = directory / "batches" / batch_id
    with whole_directory(target) as place:
        for name, records in changes.items():
            external_id = datasets[name].mapping.external_id
            (place / f"{name}.jsonl").write_text(lines[name], encoding="utf-8", newline="")
            table = csv_text(records, external_id, mapping.null_text)
            (place / f"{name}.csv").write_text(table, encoding="utf-8", newline="")
        manifest = {
            "batch_id": batch_id,
            "release": release,
            "chunk_size": mapping.chunk_size,
            "datasets": {
                name: {
                    "records": len(records),
                    "object": datasets[name].mapping.object,
                    "external_id": datasets[name].mapping.external_id,
                }
                for name, records in changes.items()
            },
        }
        (place / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    return _open(target)


def csv_text(records: Sequence[Record], external_id: str, null_text: str) -> str:
    """Records as CSV with CRLF. Text that a spreadsheet takes for a formula gets an apostrophe.

    Not the external id: changed, it would name another record.
    """
    if not records:
        return ""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\r\n")
    writer.writerow(records[0])
    for record in records:
        writer.writerow(
            value if field == external_id else _cell(value, null_text)
            for field, value in record.items()
        )
    return buffer.getvalue()


def _cell(value: Any, null_text: str) -> Any:
    if value is None:
        return null_text
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA_STARTS):
        return f"'{value}"
    return value


def acknowledge(directory: Path, batch_id: str) -> bool:
    """Note that the CRM has a batch; False where that was noted before. The caller holds the lock.

    Raises UsageError for a batch that is unknown.
    """
    state = read_state(directory)
    if batch_id in state.batches:
        return False
    path = directory / "batches" / batch_id
    if Path(batch_id).name != batch_id or not (path / "manifest.json").is_file():
        raise UsageError(f"there is no batch {batch_id}")
    manifest = read_json(path / "manifest.json")
    batch = _open(path)
    for name, described in manifest["datasets"].items():
        hashes = state.hashes.setdefault(name, {})
        for record in batch.read(name):
            hashes[record[described["external_id"]]] = record_hash(record)
    content = {"batches": [*state.batches, batch_id], "hashes": state.hashes}
    write_whole(directory / STATE_NAME, json.dumps(content, separators=(",", ":")) + "\n")
    _prune(directory, content["batches"])
    return True


def _prune(directory: Path, acknowledged: Sequence[str]) -> None:
    for batch_id in acknowledged[:-BATCHES_KEPT]:
        with suppress(OSError):
            shutil.rmtree(directory / "batches" / batch_id)
