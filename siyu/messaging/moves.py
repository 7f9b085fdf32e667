"""Moves 搬移: what messaging keeps by customer, of those who are merged, split or parted again."""

from __future__ import annotations

from siyu.identity.moves import Move, keep_newest, most_restrictive
from siyu.messaging import _gate_tables, _tables
from siyu.messaging.holdouts import COMPARED, CONTROL

MOVES = (
    Move(_tables.message),
    Move(_gate_tables.held, unite=most_restrictive("arm", (CONTROL, COMPARED))),
    Move(_gate_tables.cooldown, unite=keep_newest("at_ms")),
)
"""All messages of both count for the person: what was sent twice was sent twice. Whoever was held out stays so; the latest silence holds."""
