"""Customer numbers 客户编号: new ones, and whom an old one stands for now."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, func, select

from siyu.foundation.database import insert_table, select_in
from siyu.foundation.errors import Fault, NotFoundError
from siyu.foundation.ids import Ints
from siyu.foundation.text import Text
from siyu.identity import _tables

_LOCK = 0x5349_5955_0007
"""PostgreSQL's advisory lock of whoever changes who is who; the number means nothing, it only must not change."""


def take_turn(tx: Connection) -> None:
    """Wait until nobody else changes who is who, until the end of the transaction. SQLite has one writer anyway."""
    if tx.dialect.name == "postgresql":
        tx.execute(select(func.pg_advisory_xact_lock(_LOCK)))


def current(tx: Connection, ids: Iterable[int]) -> dict[int, int]:
    """Each id → the customer whom it stands for now; one that was never merged, or never given, stands for itself."""
    wanted = sorted(set(ids))
    table = _tables.customer
    into = {row[0]: row[1] for row in select_in(tx, [table.c.id, table.c.merged_into], table.c.id, wanted)}
    return {each: into.get(each) or each for each in wanted}


def merged(tx: Connection) -> pa.Table:
    """Everybody who was merged: customer_id (as it was) and merged_into (as it is)."""
    table = _tables.customer
    rows = tx.execute(select(table.c.id, table.c.merged_into).where(table.c.merged_into.is_not(None)).order_by(table.c.id)).all()
    return pa.table({"customer_id": pa.array([row[0] for row in rows], pa.int64()), "merged_into": pa.array([row[1] for row in rows], pa.int64())})


def merged_among(tx: Connection, ids: Ints) -> dict[int, int]:
    """Those of many numbers that were merged → the customer whom each stands for now. `ids` ascending; read as one range."""
    if not len(ids):
        return {}
    table = _tables.customer
    query = select(table.c.id, table.c.merged_into).where(table.c.id.between(int(ids[0]), int(ids[-1])), table.c.merged_into.is_not(None))
    found = {int(number): int(into) for number, into in tx.execute(query)}
    return {number: found[number] for number in ids[np.isin(ids, np.array(list(found), np.int64))].tolist()} if found else {}


def everybody(tx: Connection) -> Ints:
    """The number of every customer there is now, ascending."""
    table = _tables.customer
    found: Ints = np.array(tx.scalars(select(table.c.id).where(table.c.merged_into.is_(None)).order_by(table.c.id)).all(), np.int64)
    return found


def current_one(tx: Connection, customer_id: int) -> int:
    return current(tx, [customer_id])[customer_id]


def numbers_of(tx: Connection, customer_id: int) -> list[int]:
    """Every number that stands for a customer, the own one first."""
    table = _tables.customer
    return [customer_id, *tx.scalars(select(table.c.id).where(table.c.merged_into == customer_id).order_by(table.c.id))]


def known(tx: Connection, ids: Iterable[int]) -> dict[int, int]:
    """As `current`, for ids that people typed.

    Raises
    ------
    NotFoundError
        With a fault for each id that no customer ever had.
    """
    wanted = sorted(set(ids))
    table = _tables.customer
    into = {row[0]: row[1] or row[0] for row in select_in(tx, [table.c.id, table.c.merged_into], table.c.id, wanted)}
    if unknown := [each for each in wanted if each not in into]:
        faults = [Fault("customer_id", Text(f"没有编号为 {each} 的客户", f"there is no customer {each}")) for each in unknown]
        raise NotFoundError(Text("没有这样的客户", "there are no such customers"), faults=faults, way_out=Text("回到客户列表核对编号", "check the number in the list of customers"))
    return into


def create(tx: Connection, count: int, now: datetime) -> list[int]:
    """New customers, numbered on from the last one ever given."""
    start = int(tx.scalar(select(func.max(_tables.customer.c.id))) or 0)
    ids = list(range(start + 1, start + 1 + count))
    if ids:
        insert_table(tx, _tables.customer, pa.table({"id": pa.array(ids, pa.int64()), "created_at": pa.array([now] * count, pa.timestamp("us", "UTC"))}))
    return ids
