"""Quarantine 隔离区: what could not be taken in, with its reason, sealed as it came, so that it can be taken in after a fix."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from siyu.collect._tables import quarantine as table
from siyu.collect.journal import Arrival, pack, unpack
from siyu.foundation.clock import from_ms
from siyu.foundation.database import insert_ignore
from siyu.foundation.ids import key64
from siyu.foundation.secrets import Secrets

STRANGERS_LIMIT = 10_000
"""So many requests of no known feed, or of paused ones, are kept; a key stands in every page, and anybody can make one up."""
UNBOUND = ("no_feed", "feed_paused")


@dataclass(frozen=True)
class Rejected:
    """A request, or some operations of one, with the reason. `operation_count` is how many it holds (0: not known)."""

    arrival: Arrival
    reason: str
    detail: str
    operation_count: int


def keep(tx: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Write prepared rows; what lies there already with the same content is left alone."""
    insert_ignore(tx, table, rows, chunk=500)


def settle(tx: Connection, numbers: Sequence[int], status: str, *, by: str, now: datetime) -> None:
    """Mark entries that wait no longer: replayed or discarded."""
    for start in range(0, len(numbers), 5_000):
        mine = table.c.id.in_(numbers[start : start + 5_000])
        tx.execute(update(table).where(mine, table.c.status == "waiting").values(status=status, settled_at=now, settled_by=by[:80]))


def prepare(secrets: Secrets, rejected: Sequence[Rejected]) -> list[dict[str, Any]]:
    """Rows to be written: sealing takes its time, and is done before the ledger is locked."""
    rows = []
    for one in rejected:
        sealed, size = pack(secrets, [one.arrival])
        rows.append({
            "content_key": key64("quarantine", one.arrival.feed_id, one.arrival.format, one.reason, one.arrival.key, one.arrival.hint, one.arrival.body.hex()),
            "feed_id": one.arrival.feed_id or None, "reason": one.reason, "detail": one.detail[:300], "operation_count": one.operation_count,
            "format": one.arrival.format, "arrival_sealed": size.to_bytes(8, "big") + sealed, "received_at": from_ms(one.arrival.received_ms), "status": "waiting",
        })  # fmt: skip
    return rows


def open_arrival(secrets: Secrets, sealed: bytes) -> Arrival | None:
    """A kept request again; None under another master key."""
    found = unpack(secrets, sealed[8:], int.from_bytes(sealed[:8], "big"))
    return found[0] if found else None


def has_room_for_strangers(tx: Connection) -> bool:
    """Whether requests without a feed are kept still."""
    waiting = select(func.count()).select_from(table).where(table.c.status == "waiting", table.c.reason.in_(UNBOUND))
    return int(tx.scalar(waiting) or 0) < STRANGERS_LIMIT
