"""Circles 循环: journeys that enter one another in a circle would keep people for ever; they are refused before they are published."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, select

from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys import _tables
from siyu.journeys.definition import Definition

_journey, _version = _tables.journey, _tables.version


def circles(tx: Connection, journey_id: int, definition: Definition) -> list[Fault]:
    """A fault for each step that lets people into a journey from which they come back into this one (or that is this one)."""
    live = _entered(tx)
    return [
        Fault(f"nodes.{node_id}.with.journey", Text("会绕回本旅程；换一个，或用重新进入规则", "it leads back into this journey; choose another, or use the rules of re-entry"))
        for node_id, node in definition.nodes.items()
        if node.step == "enter" and journey_id in _reached(live, node.with_.get("journey"))
    ]


def _entered(tx: Connection) -> dict[int, set[int]]:
    """Journey → those that its version for newcomers lets people into."""
    query = select(_journey.c.id, _version.c.definition).join(_version, (_version.c.journey_id == _journey.c.id) & (_version.c.number == _journey.c.version))
    rows = tx.execute(query.where(_journey.c.status.in_(("live", "paused", "draining"))))
    return {row.id: {node["with"].get("journey") for node in row.definition["nodes"].values() if node["step"] == "enter" and "with" in node} for row in rows}


def _reached(live: dict[int, set[int]], start: Any) -> set[Any]:
    seen: set[Any] = set()
    stack = [start]
    while stack:
        here = stack.pop()
        if here not in seen:
            seen.add(here)
            stack += live.get(here, ())
    return seen
