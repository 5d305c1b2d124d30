"""What a load did, as data and as a small table. Never a value of a record."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table
from rich.text import Text

from qualified_leads.console import printable

# Of an update; lists of merges and deletions have ids that nobody ever had.
NO_SUCH_ROW = "no such row to update"


@dataclass
class FileReport:
    """What became of one source file in one table.

    `rows` counts the records of the source and is the sum of those landed, rejected and filtered;
    `landed` counts rows of the lake, which a mapping with `repeat` makes more (or fewer).
    """

    file: str
    table: str
    rows: int = 0
    landed: int = 0
    filtered: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    is_known: bool = False
    path: str | None = None

    @property
    def rejected_count(self) -> int:
        return sum(self.rejected.values())

    @property
    def unreadable(self) -> dict[str, int]:
        """The rejected rows by reason but for those of an update that found no row."""
        return {why: n for why, n in self.rejected.items() if not why.endswith(NO_SUCH_ROW)}


@dataclass
class LoadReport:
    """What a whole load did; `files` in the order of loading.

    `notes` say what was read otherwise than it was written, `warnings` what may be wrong;
    `suppressed` counts the files out of which people were taken who had been erased before.
    """

    files: list[FileReport] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    suppressed: int = 0

    @property
    def landed(self) -> int:
        """Rows added to the lake."""
        return sum(file.landed for file in self.files)

    @property
    def rejected(self) -> dict[tuple[str, str], int]:
        """Rejected rows by (table, reason)."""
        counts: Counter[tuple[str, str]] = Counter()
        for file in self.files:
            counts.update({(file.table, reason): n for reason, n in file.rejected.items()})
        return dict(counts)

    @property
    def known_files(self) -> list[FileReport]:
        """The files whose content was in the lake before."""
        return [file for file in self.files if file.is_known]

    @property
    def tables(self) -> dict[str, list[FileReport]]:
        """The files by table."""
        grouped: dict[str, list[FileReport]] = {}
        for file in self.files:
            grouped.setdefault(file.table, []).append(file)
        return grouped


def print_report(report: LoadReport, console: Console) -> None:
    """Print the table of files, the rejects by reason and, where nothing changed, that."""
    if report.files:
        console.print(_table(report))
    for (table, reason), count in sorted(report.rejected.items()):
        line = f"{table}: {count:,} {'row' if count == 1 else 'rows'} rejected: {reason}"
        console.print(Text(line), soft_wrap=True)
    for note in report.notes:
        console.print(Text(printable(note)), soft_wrap=True)
    if report.suppressed:
        console.print(f"erased persons were taken out of {report.suppressed} files", soft_wrap=True)
    if report.files and all(file.is_known for file in report.files):
        console.print("nothing changed: all of it was loaded before", soft_wrap=True)


def _table(report: LoadReport) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("file", "table"):
        table.add_column(heading, overflow="fold")
    for heading in ("rows", "landed", "rejected", "filtered"):
        table.add_column(heading, justify="right")
    table.add_column("")
    for file in report.files:
        counts = (file.rows, file.landed, file.rejected_count, file.filtered)
        shown = ["", "", "", ""] if file.is_known else [f"{count:,}" for count in counts]
        note = "already loaded" if file.is_known else ""
        table.add_row(Text(printable(file.file)), file.table, *shown, note)
    return table
