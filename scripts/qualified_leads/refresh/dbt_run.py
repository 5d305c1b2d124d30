"""Run dbt in a process of its own and report each node as it starts and ends.

Run as a program, this file is that process: it takes what to run as a JSON object, writes one JSON
object per event to the file descriptor it is given, and ends at once when its standard input
closes, which is how it learns that the refresh that started it has died.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from qualified_leads.failures import why, why_text
from qualified_leads.paths import import_path
from qualified_leads.refresh.decision import Answer, Changed, Everything, selection

FAILED_STATUSES = ("error", "fail", "runtime error")
LOG_NAME = "refresh.log"
MODULE = "qualified_leads.refresh.dbt_run"
LEFT_OUT = ("--exclude-resource-type", "unit_test", "--exclude-resource-type", "exposure")
QUIET = ("--log-level-file", "none")
ARTEFACTS = (
    "catalog.json",
    "graph.gpickle",
    "graph_summary.json",
    "index.html",
    "manifest.json",
    "partial_parse.msgpack",
    "perf_info.json",
    "run_results.json",
    "semantic_manifest.json",
    "sources.json",
    "static_index.html",
)


@dataclass(frozen=True)
class NodeEvent:
    """A node that started (status `started`) or ended; seconds are those of its execution."""

    name: str
    resource_type: str
    status: str
    seconds: float
    index: int
    total: int
    cause: str | None = None  # what of the machine made it fail


@dataclass
class DbtOutcome:
    """How a dbt command ended: failed nodes in order, seconds by name of those that ran."""

    succeeded: bool = False
    failed_nodes: list[NodeEvent] = field(default_factory=list)
    seconds_by_node: dict[str, float] = field(default_factory=dict)
    error: str | None = None
    peak_memory_bytes: int | None = None


class DbtFailedError(Exception):
    """dbt failed or a data test did; the message is one line with names and the log's place."""

    exit_status = 1


def log_directory(project: Path) -> Path:
    """Where dbt and the refresh write their logs."""
    return project / os.environ.get("DBT_LOG_PATH", "logs")


def target_directory(project: Path) -> Path:
    """Where dbt writes what it compiled and how it went."""
    return project / os.environ.get("DBT_TARGET_PATH", "target")


def files_written(project: Path) -> list[Path]:
    """Logs and artefacts that are there, by the names that dbt and a refresh give them.

    The directories may hold anything else, the warehouse included.
    """
    logs, target = log_directory(project), target_directory(project)
    found = [*logs.glob("dbt.log*"), logs / LOG_NAME, *(target / name for name in ARTEFACTS)]
    for made in ("compiled", "run"):
        found += (target / made / "qualified_leads").rglob("*.sql")
    return [path for path in found if path.is_file() and not path.is_symlink()]


def build_arguments(as_of: datetime, answer: Answer, number: int | None = None) -> list[str]:
    """dbt's arguments for a refresh that was begun with this answer and this number.

    Where not only what has changed is built a test may have changed as well, so all look at all
    rows. Unit tests are left to `make test`: they read fixed rows and say nothing about tonight's
    data.
    """
    given = variables(as_of)
    if number is not None:
        given["planned_refresh"] = number
    if not isinstance(answer, Changed):
        given["test_all"] = True
    arguments = ["build", *LEFT_OUT, "--vars", json.dumps(given)]
    if isinstance(answer, Everything):
        arguments.append("--full-refresh")
    if isinstance(answer, Changed):
        arguments += ["--select", *selection(answer)]
    return arguments


def variables(as_of: datetime) -> dict[str, Any]:
    """The vars of a build as of a UTC moment."""
    return {"as_of": as_of.strftime("%Y-%m-%d %H:%M:%S.%f")}


def run_dbt(
    project: Path,
    warehouse: Path,
    arguments: list[str],
    on_event: Callable[[NodeEvent], None] = lambda event: None,
    lock_descriptor: int | None = None,
) -> DbtOutcome:
    """Run dbt on a warehouse and call back per node; what dbt prints goes to `logs/refresh.log`.

    The process inherits the lock, so the warehouse stays locked until no dbt writes to it any more.

    Raises DbtFailedError when dbt or a test failed, or when dbt itself died.
    """
    logs = log_directory(project)
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    outcome = DbtOutcome()
    events_in, events_out = os.pipe()
    inherited = (events_out,) if lock_descriptor is None else (events_out, lock_descriptor)
    with open(logs / LOG_NAME, "wb") as log, os.fdopen(events_in, "r", encoding="utf-8") as events:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", MODULE, str(events_out), json.dumps(arguments)],
            cwd=project,
            env=_environment(project, warehouse),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            pass_fds=inherited,
            umask=0o077,  # the work file and the logs are nobody else's
        )
        os.close(events_out)
        try:
            for line in events:
                _record(outcome, json.loads(line), on_event)
            process.wait()
        finally:
            if process.stdin is not None:
                process.stdin.close()
            process.wait()
    if not outcome.succeeded:
        raise DbtFailedError(_failure(outcome, process.returncode, logs))
    return outcome


def _environment(project: Path, warehouse: Path) -> dict[str, str]:
    environment = {**os.environ, "DBT_USE_COLORS": "false"}
    paths = [str(import_path()), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    # Set only where it says something else: a change of its text costs dbt a full parse.
    if (project / environment.get("WAREHOUSE", "warehouse")).resolve() != warehouse.resolve():
        environment["WAREHOUSE"] = str(warehouse.resolve())
    return environment


def _record(
    outcome: DbtOutcome, event: dict[str, Any], on_event: Callable[[NodeEvent], None]
) -> None:
    if event["kind"] == "end":
        outcome.succeeded = event["succeeded"]
        outcome.error = event["error"]
        outcome.peak_memory_bytes = event["peak_memory_bytes"]
        return
    node = NodeEvent(**event["node"])
    if node.status != "started":
        outcome.seconds_by_node[node.name] = node.seconds
    if node.status in FAILED_STATUSES:
        outcome.failed_nodes.append(node)
    on_event(node)


def _failure(outcome: DbtOutcome, return_code: int, logs: Path) -> str:
    """One line; dbt's own messages may quote values and stay in its log."""
    if outcome.failed_nodes:
        shown = [node.name for node in outcome.failed_nodes[:5]]
        more = len(outcome.failed_nodes) - len(shown)
        what = "failed: " + ", ".join(shown) + (f" and {more} more" if more else "")
        causes = dict.fromkeys(node.cause for node in outcome.failed_nodes if node.cause)
        what += f" ({'; '.join(causes)})" if causes else ""
    elif outcome.error:
        what = f"dbt stopped ({outcome.error})"
    else:
        what = f"dbt died (exit status {return_code})"
    return f"{what}; nothing released; see {logs / LOG_NAME}"


# The other process, from here on.


def _worker(events_out: int, arguments: list[str]) -> int:
    threading.Thread(target=_exit_with_parent, daemon=True).start()
    events = _EventWriter(events_out)
    result = build_parsed(arguments, events.on_dbt_event)
    events.write(
        {
            "kind": "end",
            "succeeded": bool(result.success),
            "error": _cause(result.exception) if result.exception else None,
            "peak_memory_bytes": _peak_memory_bytes(),
        }
    )
    return 0 if result.success else 1


def build_parsed(
    arguments: list[str], on_dbt_event: Callable[[Any], None], manifest: Any = None
) -> Any:
    """Run dbt in this process on the parsed project; its result."""
    # Imported here, as the refresh itself has no need of dbt's two seconds of imports.
    from dbt.cli.main import dbtRunner

    if manifest is None:
        # Parsed before and without vars, as dbt parses everything again when a var has changed.
        # The build writes the manifest.
        parsed = dbtRunner().invoke([*QUIET, "--no-write-json", "--log-level", "error", "parse"])
        manifest = parsed.result if parsed.success else None
    return dbtRunner(manifest=manifest, callbacks=[on_dbt_event]).invoke([*QUIET, *arguments])


class _EventWriter:
    """Turns dbt's events into lines; dbt calls it from several threads."""

    def __init__(self, descriptor: int) -> None:
        self._stream = os.fdopen(descriptor, "w", encoding="utf-8")
        self._lock = threading.Lock()
        self._total = 0
        self._done = 0

    def write(self, event: dict[str, Any]) -> None:
        with self._lock:
            self._stream.write(json.dumps(event) + "\n")
            self._stream.flush()

    def on_dbt_event(self, message: Any) -> None:
        kind = message.info.name
        if kind == "LogStartLine":
            self._total = message.data.total
        elif kind == "NodeStart":
            self._write_node(message.data.node_info, "started", 0.0, None)
        elif kind == "NodeFinished":
            self._done += 1
            ended = message.data.run_result
            cause = why_text(ended.message) if ended.status in FAILED_STATUSES else None
            self._write_node(message.data.node_info, ended.status, ended.execution_time, cause)

    def _write_node(self, node: Any, status: str, seconds: float, cause: str | None) -> None:
        details = NodeEvent(
            node.node_name, node.resource_type, status, seconds, self._done, self._total, cause
        )
        self.write({"kind": "node", "node": vars(details)})


def _cause(error: BaseException) -> str:
    """What of the machine stopped dbt, else the kind of its error."""
    return why(error) or why_text(str(error)) or type(error).__name__


def _exit_with_parent() -> None:
    # Not sys.stdin, whose lock the interpreter wants at exit.
    while os.read(0, 1):
        pass
    os._exit(70)


def _peak_memory_bytes() -> int:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def main(argv: Iterable[str]) -> int:
    descriptor, arguments = argv
    return _worker(int(descriptor), json.loads(arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
