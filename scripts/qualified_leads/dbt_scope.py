"""Which nodes of a build can come out otherwise than in the last one.

A model comes out as it did if nothing that it reads has changed: no row of the lake, nothing in the
models before it, and, where it asks what time it is, not that either. Policy and code need no look
here, as a change of these builds everything. What is left out costs nothing, not even dbt's
35 milliseconds for each node that has nothing to do.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

AS_OF = "macro.qualified_leads.as_of"
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
    """Follow what has changed through dbt's manifest, an object with `nodes` and `macros`."""
    models = {id: n for id, n in manifest.nodes.items() if n.resource_type == "model"}
    changed: set[str] = set()
    # A model comes after all that it reads, so that one pass sees each change.
    for id in _in_order(models):
        node = models[id]
        if (
            node.name in plan.changed
            or changed.intersection(node.depends_on.nodes)
            or (plan.is_later and _moves_with_as_of(manifest, node))
        ):
            changed.add(id)
    tests = [
        node.name
        for node in manifest.nodes.values()
        if node.resource_type == "test" and changed.intersection(node.depends_on.nodes)
    ]
    return Scope(
        sorted(models[id].name for id in changed) + sorted(tests),
        sorted(node.name for id, node in models.items() if id not in changed),
    )


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
    return node.config.meta.get(MOVES_WITH_AS_OF, True) and AS_OF in _macros_of(
        manifest, node.depends_on.macros
    )


def _macros_of(manifest: Any, macros: Iterable[str]) -> set[str]:
    """Macros and those that they call."""
    found: set[str] = set()
    waiting = list(macros)
    while waiting:
        id = waiting.pop()
        if id not in found and id in manifest.macros:
            found.add(id)
            waiting += manifest.macros[id].depends_on.macros
    return found
