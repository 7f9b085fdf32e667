"""Held 待触达: whose message a step has asked for and restraint has put off, by node."""

from __future__ import annotations

from sqlalchemy import Connection, select

from siyu.journeys import _step_tables, _tables
from siyu.messaging import sends

NEWEST = 500
"""Sends that are looked at: older ones are over, for a message waits three days and not for ever."""


def by_node(tx: Connection, journey_id: int, version: int | None = None) -> dict[str, int]:
    """Messages that wait for their time, of one version or of all; nodes with none are left out."""
    place, sent = _tables.place, _step_tables.sent
    query = select(place.c.node, sent.c.send_id).distinct().join(sent, sent.c.place_id == place.c.id).where(place.c.journey_id == journey_id)
    if version is not None:
        query = query.where(place.c.version == version)
    rows = tx.execute(query.order_by(sent.c.send_id.desc()).limit(NEWEST)).all()
    counted = sends.counts(tx, [row.send_id for row in rows])
    found: dict[str, int] = {}
    for node, send_id in rows:
        if waiting := counted[send_id]["planned"]:
            found[node] = found.get(node, 0) + waiting
    return found
