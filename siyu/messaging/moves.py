"""Moves 搬移: what messaging keeps by customer, of those who are merged, split or parted again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from siyu.identity.moves import Move, Row, most_restrictive
from siyu.messaging import _budget_tables, _gate_tables, _tables, _todo_tables
from siyu.messaging.holdouts import COMPARED, CONTROL


def _silence(row: dict[str, Any]) -> tuple[bool, int]:
    """An open ticket before every closed one, then the latest."""
    return row["cause"].startswith("ticket") and row["closed_ms"] is None, row["at_ms"]


def _stricter(rows: Sequence[Row]) -> Row:
    """A budget that holds comes before none, and the lower one first."""
    return min(rows, key=lambda row: (row["arm"], row["level"]))


MOVES = (
    Move(_tables.message),
    Move(_todo_tables.todo),
    Move(_gate_tables.held, unite=most_restrictive("arm", (CONTROL, COMPARED))),
    Move(_gate_tables.cooldown, unite=lambda rows: max(rows, key=_silence)),
    Move(_budget_tables.budget, unite=_stricter, copied_on_split=True),
)
"""All messages of both count for the person: what was sent twice was sent twice. Whoever was held out stays so; the latest silence holds,
and the lower budget."""
