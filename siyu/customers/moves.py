"""Moves 搬移: the tags of customers who are merged, split or parted again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from siyu.customers import _tables
from siyu.events import log
from siyu.events.catalogue.customers import TAGS_CHANGED
from siyu.foundation.clock import to_ms
from siyu.identity.moves import Change, Move


def _told(tx: Connection, changes: Sequence[Change], now: datetime) -> None:
    rows = [(change.after or change.before, change.after is not None) for change in changes]
    columns: dict[str, object] = {
        "customer_id": [row["customer_id"] for row, _ in rows if row],
        "tag": [row["tag"] for row, _ in rows if row],
        "added": [added for _, added in rows],
        "at_ms": [to_ms(row["tagged_at"] if added else now) for row, added in rows if row],
        "by": [row["by"] for row, _ in rows if row],
    }
    log.append(tx, TAGS_CHANGED, TAGS_CHANGED.table(columns), now=now)


MOVES = (Move(_tables.tag, announce=_told),)
"""Somebody who is merged keeps the tags of both; one that both had, as the customer who stays had it."""
