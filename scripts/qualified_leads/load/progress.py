"""A progress bar for loads that take long, silent where nobody watches."""

from __future__ import annotations

import threading
from types import TracebackType

import duckdb
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

_POLL_SECONDS = 0.2


class LoadProgress:
    """One bar per step of a file; does nothing unless `console` is a terminal."""

    def __init__(self, console: Console | None) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
        is_watched = console is not None and console.is_terminal
        self._bar = Progress(*columns, console=console, transient=True, disable=not is_watched)
        self._task = self._bar.add_task("reading", total=None)

    def __enter__(self) -> LoadProgress:
        self._bar.start()
        return self

    def __exit__(
        self,
        _type: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._bar.stop()

    def start(self, description: str, total: float | None = None) -> None:
        """Begin a step of `total` units, of unknown length where that is None."""
        self._bar.reset(self._task, description=description.replace("[", r"\["), total=total)

    def advance(self, amount: float) -> None:
        """Count `amount` more units of the step as done."""
        self._bar.advance(self._task, amount)

    def execute(
        self, connection: duckdb.DuckDBPyConnection, sql: str, description: str
    ) -> duckdb.DuckDBPyConnection:
        """Run a statement and show how far DuckDB says it is."""
        if self._bar.disable:
            return connection.execute(sql)
        self.start(description, total=100)
        done = threading.Event()
        watcher = threading.Thread(target=self._watch, args=(connection, done), daemon=True)
        watcher.start()
        try:
            return connection.execute(sql)
        finally:
            done.set()
            watcher.join()

    def _watch(self, connection: duckdb.DuckDBPyConnection, done: threading.Event) -> None:
        while not done.wait(_POLL_SECONDS):
            share = connection.query_progress()
            if share >= 0:
                self._bar.update(self._task, completed=share)
