"""Drawn 改动: what somebody changed in a draft, in the history of the journey. Saving happens every second; a sitting is one line."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select, update

from siyu.journeys import _tables, journeys
from siyu.journeys.definition import Definition

SITTING = timedelta(minutes=10)
"""Changes of one person with shorter pauses between them are one line."""
_PARTS = ("entry", "reentry", "goal", "exit", "exit_on_opt_out", "holdout_rate", "use_global_holdout", "max_active", "priority_fen", "start")
_LISTS = ("added", "removed", "changed", "parts")


def between(before: Definition, after: Definition) -> dict[str, list[str]]:
    """What differs, places and remarks of the canvas aside: nodes `added`, `removed`, `changed`, and `parts` of the journey as a whole."""
    both = before.nodes.keys() & after.nodes.keys()
    return {
        "added": sorted(after.nodes.keys() - before.nodes.keys()),
        "removed": sorted(before.nodes.keys() - after.nodes.keys()),
        "changed": sorted(node for node in both if before.nodes[node] != after.nodes[node]),
        "parts": [part for part in _PARTS if getattr(before, part) != getattr(after, part)],
    }


def keep(tx: Connection, journey_id: int, before: Definition, after: Definition, *, by: str, now: datetime) -> None:
    """Write down what was changed: into the line of the same sitting, or a new one. Nothing where only the drawing moved."""
    found = between(before, after)
    if not any(found.values()):
        return
    h = _tables.happening
    last = tx.execute(select(h).where(h.c.journey_id == journey_id).order_by(h.c.id.desc()).limit(1)).first()
    if last is None or last.what != "drawn" or last.by != by[:80] or now - last.at > SITTING:
        journeys.note(tx, journey_id, "drawn", {**found}, by=by, now=now)
        return
    tx.execute(update(h).where(h.c.id == last.id).values(at=now, detail=_both(last.detail, found)))


def _both(old: dict[str, Any], new: dict[str, list[str]]) -> dict[str, list[str]]:
    both = {name: set(old.get(name, ())) | set(new[name]) for name in _LISTS}
    # What was added and taken out again in one sitting was never there; what is new is not changed as well.
    gone = both["added"] & both["removed"]
    for name in ("added", "removed", "changed"):
        both[name] -= gone
    both["changed"] -= both["added"] | both["removed"]
    return {name: sorted(both[name]) for name in _LISTS}
