"""Take erased people out of `$WAREHOUSE/exports`: tables for other tools, batches for a CRM.

Of exported tables the last ones are exported again from the rewritten release, and the others go.
Of batches that a CRM has taken, and of dead letters, the records of people go whose id tells who
they are; other records of theirs lose the texts that do. A batch that waits is rebuilt by the next
export instead: cut, it would no longer be made of the chunks that are noted as taken.
"""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
from collections.abc import Callable, Iterable
from contextlib import ExitStack
from pathlib import Path

from qualified_leads.durable import TEMPORARY, remove_leftovers, write_whole
from qualified_leads.erase.anonymise import ERASED, Anonymiser
from qualified_leads.export.crm_batches import STATE_NAME, export_lock, read_state
from qualified_leads.export.crm_records import Record, json_line
from qualified_leads.export.tables import EXPORT_PATTERN, LATEST, export_tables
from qualified_leads.release.publish import PERSONAL_TABLES, linked_release
from qualified_leads.release.reading import find_release, open_release, table_names

EXPORTS_NAME = "exports"
TABLES_NAME = "tables"


class ExportLocks(ExitStack):
    """Keeps other exports out of the directories that are here."""

    def __init__(self) -> None:
        super().__init__()
        self._held: set[Path] = set()

    def take(self, warehouse: Path) -> list[Path]:
        """Lock the directories of exports that are not locked yet; all of them.

        Raises ExportBusyError.
        """
        found = sorted(path for path in (warehouse / EXPORTS_NAME).glob("*") if path.is_dir())
        for directory in found:
            if directory not in self._held:
                self.enter_context(export_lock(directory))
                self._held.add(directory)
        return found


def erase_exports(warehouse: Path, anonymiser: Anonymiser, locks: ExportLocks) -> None:
    """Rewrite all exports; releases have been rewritten before. Raises ExportBusyError."""
    for directory in locks.take(warehouse):
        remove_leftovers(directory)
        if directory.name == TABLES_NAME:
            _rewrite_tables(warehouse, directory)
        else:
            _rewrite_system(directory, anonymiser)


# tables


def _rewrite_tables(warehouse: Path, directory: Path) -> None:
    old = [path for path in directory.iterdir() if EXPORT_PATTERN.fullmatch(path.name)]
    if not _export_again(warehouse, directory):
        (directory / LATEST).unlink(missing_ok=True)
    for path in old:
        if path.exists():
            shutil.rmtree(path)


def _export_again(warehouse: Path, directory: Path) -> bool:
    """Export the tables of the last export in its format, as far as the release has them."""
    linked, manifest = linked_release(warehouse), directory / LATEST / "manifest.json"
    if linked is None or not linked.exists() or not manifest.is_file():
        return False
    described = json.loads(manifest.read_text(encoding="utf-8"))
    release = find_release(warehouse, None)
    with open_release(release.path) as connection:
        only = sorted(set(described["rows"]) & table_names(connection))
    if not only:
        return False
    export_tables(
        release,
        directory,
        described["format"],
        with_personal_data=any(".".join(table) in only for table in PERSONAL_TABLES),
        only=only,
        keep=1,
    )
    return True


# batches


def _rewrite_system(directory: Path, anonymiser: Anonymiser) -> None:
    """State, batches, progress and dead letters of a CRM; each in one step, and again the same."""
    batches, letters = directory / "batches", directory / "dead_letters"
    remove_leftovers(batches)
    remove_leftovers(letters)
    _rewrite_file(directory / STATE_NAME, lambda text: _state(text, anonymiser))
    taken = set(read_state(directory).batches)
    for place in sorted(path for path in batches.glob("*") if path.is_dir()):
        if not _rewrite_batch(place, anonymiser, is_waiting=place.name not in taken):
            doomed = place.with_name(f"{TEMPORARY}{place.name}")
            os.replace(place, doomed)
            shutil.rmtree(doomed)
    for path in batches.glob("*.progress"):
        # One beside a batch that was taken is a leftover.
        if path.stem in taken or not (batches / path.stem).exists():
            path.unlink()
    for path in letters.glob("*.jsonl"):
        _rewrite_file(path, lambda text: _letters(text, anonymiser))


def _rewrite_batch(place: Path, anonymiser: Anonymiser, is_waiting: bool) -> bool:
    """Rewrite a batch; False where it has to go: it waits and would change, or is no whole one."""
    manifest = place / "manifest.json"
    try:
        described = json.loads(manifest.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return False
    for name, dataset in described["datasets"].items():
        path = place / f"{name}.jsonl"
        before = path.read_text(encoding="utf-8")
        after = _records(before, anonymiser)
        if is_waiting and after != before:
            return False
        _rewrite_file(path, lambda text: _records(text, anonymiser))
        _rewrite_file(place / f"{name}.csv", lambda text: _table(text, anonymiser))
        dataset["records"] = after.count("\n")
    told = json.dumps(described, indent=2) + "\n"
    _rewrite_file(manifest, lambda _: told)
    return True


def _rewrite_file(path: Path, change: Callable[[str], str]) -> None:
    """Rewrite a file where that changes it; one that cannot be read as what it is goes."""
    if not path.exists():
        return
    with path.open(encoding="utf-8", newline="") as file:
        before = file.read()
    try:
        after = change(before)
    except (ValueError, KeyError):
        path.unlink()
        return
    if after != before:
        write_whole(path, after)


def _state(text: str, anonymiser: Anonymiser) -> str:
    content = json.loads(text)
    hashes = {
        dataset: {key: told for key, told in known.items() if not _is_personal(key, anonymiser)}
        for dataset, known in content["hashes"].items()
    }
    if hashes == content["hashes"]:
        return text
    return json.dumps(content | {"hashes": hashes}, separators=(",", ":")) + "\n"


def _records(text: str, anonymiser: Anonymiser) -> str:
    records = _stripped((json.loads(line) for line in text.split("\n") if line), anonymiser)
    return "".join(json_line(record) + "\n" for record in records)


def _letters(text: str, anonymiser: Anonymiser) -> str:
    lines = []
    for line in filter(None, text.split("\n")):
        letter = json.loads(line)
        for record in _stripped([letter["record"]], anonymiser):
            lines.append(json_line(letter | {"record": record}) + "\n")
    return "".join(lines)


def _table(text: str, anonymiser: Anonymiser) -> str:
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if not reader.fieldnames:
        return text
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, reader.fieldnames, lineterminator="\r\n")
    writer.writeheader()
    writer.writerows(_stripped(reader, anonymiser))
    return buffer.getvalue()


def _stripped(records: Iterable[Record], anonymiser: Anonymiser) -> list[Record]:
    """Records, of which the first field is the external id, without the people."""
    return [
        _without_marks(record, anonymiser)
        for record in records
        if not _is_personal(next(iter(record.values())), anonymiser)
    ]


def _without_marks(record: Record, anonymiser: Anonymiser) -> Record:
    """A record of an erased person without texts that name them; others as they are."""
    if not anonymiser.suppression.has_lead(next(iter(record.values()))):
        return record
    return record | {
        name: ERASED
        for name, value in record.items()
        if isinstance(value, str) and any(mark in value.lower() for mark in anonymiser.person.marks)
    }


def _is_personal(lead_id: str, anonymiser: Anonymiser) -> bool:
    """Whether an id is one that an erased person goes by no longer."""
    return anonymiser.suppression.lead_id(lead_id) != lead_id
