"""What each model cost on Spark, from its event log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_NODE = re.compile(r'"node_id": "(?:model|seed|test|operation)\.qualified_leads\.([^".]+)')
_SQL = "org.apache.spark.sql.execution.ui.SparkListenerSQLExecutionStart"


@dataclass
class Cost:
    """Of the statements of a node: task seconds, and bytes and rows over all tasks.

    `rows` are those that tasks read from files and shuffles; `largest` the most that one task read.
    """

    tasks: int = 0
    seconds: float = 0.0
    shuffled: int = 0
    spilled: int = 0
    rows: int = 0
    largest: int = 0

    def add(self, metrics: dict[str, Any] | None) -> None:
        if metrics is None:  # of a task that failed
            return
        self.tasks += 1
        self.seconds += metrics["Executor Run Time"] / 1000
        self.shuffled += metrics["Shuffle Write Metrics"]["Shuffle Bytes Written"]
        self.spilled += metrics["Disk Bytes Spilled"]
        read = metrics["Input Metrics"]["Records Read"]
        read += metrics["Shuffle Read Metrics"]["Total Records Read"]
        self.rows += read
        self.largest = max(self.largest, read)


def read_costs(events: Path, after: int = 0) -> dict[str, Cost]:
    """By name of the node, of the statements that began after a moment, in milliseconds (Unix)."""
    nodes: dict[str, str] = {}  # by execution
    stages: dict[int, str] = {}  # node by stage
    costs: dict[str, Cost] = {}
    for event in _events(events):
        kind = event["Event"]
        if kind == _SQL and event["time"] >= after:
            if found := _NODE.search(event["description"]):
                nodes[str(event["rootExecutionId"])] = found[1]
                costs.setdefault(found[1], Cost())
        elif kind == "SparkListenerJobStart":
            root = event["Properties"].get("spark.sql.execution.root.id")
            if root in nodes:
                stages |= dict.fromkeys(event["Stage IDs"], nodes[root])
        elif kind == "SparkListenerTaskEnd" and event["Stage ID"] in stages:
            costs[stages[event["Stage ID"]]].add(event.get("Task Metrics"))
    return costs


def _events(directory: Path) -> Iterator[dict[str, Any]]:
    for path in sorted(directory.glob("*/events_*"), key=lambda path: path.stat().st_mtime):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                if line.endswith("\n"):  # the last may not be whole yet
                    yield json.loads(line)
