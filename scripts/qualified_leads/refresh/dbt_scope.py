"""Which nodes of a build can come out otherwise than in the last one.

A model comes out as it did if nothing that it reads has changed: no row of the lake, nothing in the
models before it, and, where it asks what time it is, not that either. Policy and code need no look
here, as a change of these builds everything. What is left out costs nothing, not even dbt's
35 milliseconds for each node that has nothing to do.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

MACRO = "macro.qualified_leads."
AS_OF = MACRO + "as_of"
# Of models that hold what was written since the last complete refresh.
TOUCHED = MACRO + "changed_since_last_refresh"
# Of models that ask for as_of only to see what has become due, which the plan looks for itself.
MOVES_WITH_AS_OF = "moves_with_as_of"


@dataclass(frozen=True)
class Plan:
    """What macro plan_ahead found; `is_next` says whether the run builds upon the last one.

    `changed` are names of models whose own input has changed, `is_later` is whether `as_of` is.
    """

    refresh_number: int
    is_next: bool
    is_later: bool
    changed: tuple[str, ...]


@dataclass(frozen=True)
class Scope:
    """Names of the models and data tests to build, and of the models that stay as they are."""

    nodes: list[str]
    unchanged_models: list[str]


def scope_of(manifest: Any, plan: Plan) -> Scope:
    """Follow what has changed through dbt's manifest, an object with `nodes` and `macros`.

    Where the run does not build upon the last one, everything has.
    """
    models = {id: n for id, n in manifest.nodes.items() if n.resource_type == "model"}
    changed = _changed(manifest, models, plan) if plan.is_next else set(models)
    tests = [
        node.name
        for node in manifest.nodes.values()
        if node.resource_type == "test" and changed.intersection(node.depends_on.nodes)
    ]
    return Scope(
        sorted(models[id].name for id in changed) + sorted(tests),
        sorted(node.name for id, node in models.items() if id not in changed),
    )


def _changed(manifest: Any, models: dict[str, Any], plan: Plan) -> set[str]:
    """Ids of the models that can come out otherwise."""
    changed = _with_readers(models, {id for id, n in models.items() if n.name in plan.changed})
    # What the last refresh touched is not touched any more, and nobody is to read it as if it were.
    compare = {id for id, n in models.items() if TOUCHED in _macros_of(manifest, n)}
    while stale := _read_by(models, changed) & (compare - changed):
        changed = _with_readers(models, changed | stale)
    if plan.is_later:
        moved = {id for id, node in models.items() if _moves_with_as_of(manifest, node)}
        changed = _with_readers(models, changed | moved)
    return changed


def _read_by(models: dict[str, Any], ids: set[str]) -> set[str]:
    """Ids of all nodes that some models read."""
    return {parent for id in ids for parent in models[id].depends_on.nodes}


def _with_readers(models: dict[str, Any], first: set[str]) -> set[str]:
    """Ids of models and of all that read them, directly or not."""
    found = set(first)
    # A model comes after all that it reads, so that one pass finds all.
    for id in _in_order(models):
        if found.intersection(models[id].depends_on.nodes):
            found.add(id)
    return found


def _in_order(models: dict[str, Any]) -> list[str]:
    """Ids of models, each after those that it reads."""
    ordered: dict[str, None] = {}

    def visit(id: str) -> None:
        if id in models and id not in ordered:
            for parent in models[id].depends_on.nodes:
                visit(parent)
            ordered[id] = None

    for id in models:
        visit(id)
    return list(ordered)


def _moves_with_as_of(manifest: Any, node: Any) -> bool:
    return node.config.meta.get(MOVES_WITH_AS_OF, True) and AS_OF in _macros_of(manifest, node)


def _macros_of(manifest: Any, node: Any) -> set[str]:
    """Macros that a node calls, and those that these call.

    dbt names those that it came across when it parsed the node. Where a loop goes through what a
    query tells it parsed an empty one, so that what looks like a call in the text counts as well.
    """
    found: set[str] = set()
    waiting = list(node.depends_on.macros)
    waiting += [MACRO + name for name in re.findall(r"(\w+)\(", node.raw_code)]
    while waiting:
        id = waiting.pop()
        if id not in found and id in manifest.macros:
            found.add(id)
            waiting += manifest.macros[id].depends_on.macros
    return found
