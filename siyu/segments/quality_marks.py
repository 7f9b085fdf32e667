"""Marks 人工更正: somebody looked and says that this person is no deal-hunter, or no zombie; it is kept, shown, and holds until it is taken back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import pyarrow as pa
from sqlalchemy import Connection, delete, select

from siyu.foundation.database import upsert
from siyu.foundation.stores import Stores
from siyu.segments import _quality_tables

What = Literal["zombie", "deal_hunter"]
WHATS: tuple[What, ...] = ("zombie", "deal_hunter")
_table = _quality_tables.mark


@dataclass(frozen=True)
class Mark:
    """`what` the person was said not to be."""

    what: What
    reason: str
    by: str
    at: datetime


def put_mark(stores: Stores, tx: Connection, customer_id: int, what: What, reason: str, by: str) -> Mark:
    """Say that a customer is not this; said again, the newer word stands."""
    made = Mark(what, reason, by[:120], stores.now())
    upsert(tx, _table, [{"customer_id": customer_id, "what": what, "reason": reason, "by": made.by, "at": made.at}], ["customer_id", "what"])
    return made


def take_mark_back(tx: Connection, customer_id: int, what: What) -> bool:
    """Whether there was one."""
    return bool(tx.execute(delete(_table).where(_table.c.customer_id == customer_id, _table.c.what == what)).rowcount)


def marks_of(tx: Connection, customer_id: int) -> list[Mark]:
    rows = tx.execute(select(_table).where(_table.c.customer_id == customer_id).order_by(_table.c.what))
    return [Mark(row.what, row.reason, row.by, row.at) for row in rows]


def all_marks(tx: Connection) -> pa.Table:
    """customer_id, what: everybody who was said not to be something."""
    rows = tx.execute(select(_table.c.customer_id, _table.c.what)).all()
    return pa.table({"customer_id": pa.array([row[0] for row in rows], pa.int64()), "what": pa.array([row[1] for row in rows], pa.string())})
