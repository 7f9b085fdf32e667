"""Pace 节奏: at most so many messages a minute of one send, counted in the ledger: by all processes together, over restarts."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select, update

from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.database import insert_ignore
from siyu.messaging import _tables
from siyu.messaging.sends import Send

_table = _tables.pace
TOGETHER_SECONDS = 1
"""What a send may say in a second, it may say at once."""


def allowed(tx: Connection, send: Send, count: int, now: datetime, *, whole: bool) -> tuple[int, datetime]:
    """How many of `count` may go now, and when the next may; they are counted as gone.

    `whole`: one call carries all of them, so all go, and the next wait the longer.
    """
    if send.spec.per_minute is None:
        return count, now
    insert_ignore(tx, _table, [{"send_id": send.id, "free_ms": to_ms(now)}])
    free_ms = int(tx.scalar(select(_table.c.free_ms).where(_table.c.send_id == send.id).with_for_update()) or 0)
    if free_ms > to_ms(now):
        return 0, from_ms(free_ms)
    gone = count if whole else min(count, max(1, send.spec.per_minute * TOGETHER_SECONDS // 60))
    after_ms = to_ms(now) + -(-gone * 60_000 // send.spec.per_minute)
    tx.execute(update(_table).where(_table.c.send_id == send.id).values(free_ms=after_ms))
    return gone, from_ms(after_ms)
