"""The run hooks of dbt: functions of SQL that macros begin_refresh and end_refresh call.

Each takes and gives JSON. They work on a cursor of their own and commit, so that what they wrote is
there in the next statement of any other.
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb

from qualified_leads.errors import UsageError
from qualified_leads.refresh.decision import Everything
from qualified_leads.refresh.state import Place, Request, begin, end, last_number, prepare

BUILDING = ("build", "run", "seed")


def register(connection: duckdb.DuckDBPyConnection, project: Path, warehouse: Path) -> None:
    """Make the functions known to a connection and its cursors."""
    # Weak, as the connection holds the functions: a circle of both would outlive the process.
    known = weakref.ref(connection)

    def hook(work: Callable[[Place, dict[str, Any]], dict[str, Any]]) -> Callable[[str], str]:
        def call(text: str) -> str:
            request = json.loads(text)
            opened = known()
            assert opened is not None
            with opened.cursor() as cursor:
                place = Place(cursor, project, warehouse, request.pop("prefix", ""))
                try:
                    return json.dumps(work(place, request))
                except UsageError as error:
                    return json.dumps({"error": str(error)})

        return call

    for name, work in (("begin_refresh", _begin), ("end_refresh", _end)):
        connection.create_function(name, hook(work), ["VARCHAR"], "VARCHAR", side_effects=True)


def _begin(place: Place, request: dict[str, Any]) -> dict[str, Any]:
    """What run hooks need to know: whether all is built, and why; nothing for other commands."""
    planned = request.pop("planned_refresh")
    if planned is not None:
        if planned != last_number(place):
            raise UsageError(f"refresh {planned} is not the last one planned")
        return {}
    if request.pop("command") not in BUILDING:
        prepare(place)
        return {}
    as_of = place.value("select cast(? as timestamp)", [request.pop("as_of")])
    loaded, seeds = request.pop("seeds_loaded")
    loads = "all" if loaded == seeds else "some" if loaded else "none"
    _, answer = begin(place, Request(as_of, leaves_out=False, loads_policy=loads, **request))
    return {"reason": answer.reason if isinstance(answer, Everything) else None}


def _end(place: Place, request: dict[str, Any]) -> dict[str, Any]:
    end(place, last_number(place), request["is_tested"])
    return {}
