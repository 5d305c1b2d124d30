"""What a refresh says to a scheduler: one JSON object per line on standard output."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from typing import Any, TextIO

from qualified_leads.load.report import LoadReport
from qualified_leads.refresh.dbt_run import NodeEvent


class JsonLog:
    """Writes events with their UTC time; counts and names only, never a value of a record."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout

    def write(self, event: str, **fields: Any) -> None:
        at = datetime.now(UTC).isoformat(timespec="milliseconds")
        line = json.dumps({"at": at, "event": event, **fields}, default=str)
        print(line, file=self._stream, flush=True)

    def loaded(self, report: LoadReport) -> None:
        """A line per file, per warning and per note."""
        for warning in report.warnings:
            self.write("warning", message=warning)
        for note in report.notes:
            self.write("note", message=note)
        for file in report.files:
            self.write(
                "file_loaded",
                file=file.file,
                table=file.table,
                rows=file.rows,
                landed=file.landed,
                rejected=file.rejected_count,
                filtered=file.filtered,
                is_known=file.is_known,
            )

    def node(self, event: NodeEvent) -> None:
        """A line per model, seed or test that ended."""
        if event.status == "started":
            return
        self.write(
            "node",
            name=event.name,
            type=event.resource_type,
            status=event.status,
            seconds=round(event.seconds, 3),
            done=event.index,
            total=event.total,
        )
