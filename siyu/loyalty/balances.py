"""Balances 积分余额: what people have and how it came to be; every number is the sum of entries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, Select, and_, case, func, or_, select

from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.database import among
from siyu.foundation.errors import NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import _tables

_p, _l, _e = _tables.posting, _tables.lot, _tables.entry
SOON_DAYS = 30


@dataclass(frozen=True)
class Lot:
    """A batch that somebody has. `last_on`: its last day; None for points that do not end."""

    id: int
    granted: int
    remaining: int
    granted_at: datetime
    last_on: date | None
    reason: str


@dataclass(frozen=True)
class Movement:
    """What one act did to one person's points; below zero: they left. `account`: where they came from or went, pool or expired."""

    posting_id: int
    at: datetime
    kind: str
    account: str
    points: int
    reason: str
    by: str
    ref: str


@dataclass(frozen=True)
class Posting:
    """An act. `people` and `points` as they were told; `taken_back`: how much of its points reversals have moved back."""

    id: int
    ref: str
    kind: str
    reverses: int | None
    reason: str
    by: str
    at: datetime
    people: int
    points: int
    taken_back: int


@dataclass(frozen=True)
class Totals:
    """The accounts: `customers` + `pool` + `expired` = 0, `pool` below zero by all that is out. `ended`: still in batches that are over."""

    customers: int
    pool: int
    expired: int
    ended: int
    people: int
    granted: int
    spent: int
    ending_soon: int


def of(stores: Stores, tx: Connection, customer_ids: Sequence[int]) -> dict[int, int]:
    """Customer → points they can spend now; who has none is absent."""
    mine = and_(among(tx, _l.c.customer_id, list(customer_ids)), _alive(stores))
    return {int(one): int(points) for one, points in tx.execute(select(_l.c.customer_id, func.sum(_l.c.remaining)).where(mine).group_by(_l.c.customer_id))}


def top(stores: Stores, tx: Connection, *, before: tuple[int, int] | None = None, limit: int = 50) -> list[tuple[int, int]]:
    """(customer, points), who has the most first; `before`: the last of the page before."""
    total = func.sum(_l.c.remaining)
    query = select(_l.c.customer_id, total).where(_alive(stores)).group_by(_l.c.customer_id).order_by(total.desc(), _l.c.customer_id).limit(limit)
    if before is not None:
        query = query.having(or_(total < before[0], and_(total == before[0], _l.c.customer_id > before[1])))
    return [(int(one), int(points)) for one, points in tx.execute(query)]


def lots(stores: Stores, tx: Connection, customer_id: int, *, limit: int = 200) -> list[Lot]:
    """Batches with points left, in the order in which they are spent."""
    query = select(_l, _p.c.reason).join(_p, _p.c.id == _l.c.posting_id).where(_l.c.customer_id == customer_id, _alive(stores))
    rows = tx.execute(query.order_by(_l.c.until_ms.is_(None), _l.c.until_ms, _l.c.id).limit(limit))
    return [Lot(row.id, row.granted, row.remaining, from_ms(row.at_ms), _last_on(stores, row.until_ms), row.reason) for row in rows]


def movements(tx: Connection, customer_id: int, *, before_id: int | None = None, limit: int = 50) -> list[Movement]:
    """What happened to somebody's points, the latest act first."""
    signed = case((_e.c.to_account == "customer", _e.c.points), else_=-_e.c.points)
    other = case((_e.c.to_account == "customer", _e.c.from_account), else_=_e.c.to_account)
    query = select(_p.c.id, func.max(_e.c.at_ms).label("at_ms"), _p.c.kind, func.max(other).label("account"), func.sum(signed).label("points"), _p.c.reason, _p.c.by, _p.c.ref)
    query = query.select_from(_e).join(_l, _l.c.id == _e.c.lot_id).join(_p, _p.c.id == _e.c.posting_id).where(_l.c.customer_id == customer_id)
    if before_id is not None:
        query = query.where(_p.c.id < before_id)
    rows = tx.execute(query.group_by(_p.c.id, _p.c.kind, _p.c.reason, _p.c.by, _p.c.ref).order_by(_p.c.id.desc()).limit(limit))
    return [Movement(row.id, from_ms(row.at_ms), row.kind, row.account, int(row.points), row.reason, row.by, row.ref) for row in rows]


def postings(tx: Connection, *, kind: str | None = None, before_id: int | None = None, limit: int = 50) -> list[Posting]:
    """Acts, the latest first."""
    query = _postings().order_by(_p.c.id.desc()).limit(limit)
    if kind is not None:
        query = query.where(_p.c.kind == kind)
    if before_id is not None:
        query = query.where(_p.c.id < before_id)
    return _read(tx, query)


def find(tx: Connection, posting_id: int) -> Posting:
    """
    Raises
    ------
    NotFoundError
    """
    found = _read(tx, _postings().where(_p.c.id == posting_id))
    if not found:
        raise NotFoundError(Text(f"没有记账 {posting_id}", f"there is no posting {posting_id}"), way_out=Text("回到积分流水", "go back to the list of postings"))
    return found[0]


def people_of(tx: Connection, posting_id: int, *, after: int = 0, limit: int = 50) -> list[tuple[int, int]]:
    """(customer, points) of an act, by number; below zero: they left."""
    signed = func.sum(case((_e.c.to_account == "customer", _e.c.points), else_=-_e.c.points))
    query = select(_l.c.customer_id, signed).select_from(_e).join(_l, _l.c.id == _e.c.lot_id).where(_e.c.posting_id == posting_id, _l.c.customer_id > after)
    return [(int(one), int(points)) for one, points in tx.execute(query.group_by(_l.c.customer_id).order_by(_l.c.customer_id).limit(limit))]


def totals(stores: Stores, tx: Connection) -> Totals:
    """The accounts now, summed up from the entries; from the batches what people can spend."""
    account: dict[str, int] = {"customer": 0, "pool": 0, "expired": 0}
    for source, target, points in tx.execute(select(_e.c.from_account, _e.c.to_account, func.sum(_e.c.points)).group_by(_e.c.from_account, _e.c.to_account)):
        account[source] -= int(points)
        account[target] += int(points)
    soon_ms = to_ms(stores.now()) + SOON_DAYS * 86_400_000
    alive = _alive(stores)
    counts = select(func.count(_l.c.customer_id.distinct()), func.sum(_l.c.remaining), func.sum(case((_l.c.until_ms <= soon_ms, _l.c.remaining), else_=0))).where(alive)
    people, there, soon = tx.execute(counts).one()
    done = {kind: int(points or 0) for kind, points in tx.execute(select(_p.c.kind, func.sum(_p.c.points)).group_by(_p.c.kind))}
    ended = account["customer"] - int(there or 0)
    return Totals(account["customer"], account["pool"], account["expired"], ended, int(people), done.get("grant", 0), done.get("spend", 0), int(soon or 0))


def _alive(stores: Stores) -> Any:
    return and_(_l.c.remaining > 0, or_(_l.c.until_ms.is_(None), _l.c.until_ms > to_ms(stores.now())))


def _last_on(stores: Stores, until_ms: int | None) -> date | None:
    return None if until_ms is None else stores.calendar.on(from_ms(until_ms - 1))


def _postings() -> Select[Any]:
    other = _p.alias("back")
    back = select(func.coalesce(func.sum(other.c.points), 0)).where(other.c.reverses == _p.c.id).scalar_subquery()
    return select(_p, back.label("taken_back"))


def _read(tx: Connection, query: Select[Any]) -> list[Posting]:
    return [
        Posting(row.id, row.ref, row.kind, row.reverses, row.reason, row.by, row.at, row.people, int(row.points), int(row.taken_back))
        for row in tx.execute(query)
    ]


def not_taken_back(tx: Connection, refs: Sequence[str]) -> dict[tuple[str, int], int]:
    """(reference of a grant, customer who has its batches now) → points of it that were not taken back, spent or not."""
    back = select(_tables.reversal.c.entry_id, func.sum(_tables.reversal.c.points).label("points")).group_by(_tables.reversal.c.entry_id).subquery()
    left = func.sum(_e.c.points - func.coalesce(back.c.points, 0))
    query = select(_p.c.ref, _l.c.customer_id, left).join(_e, _e.c.posting_id == _p.c.id).join(_l, _l.c.id == _e.c.lot_id).outerjoin(back, back.c.entry_id == _e.c.id)
    found: dict[tuple[str, int], int] = {}
    for start in range(0, len(refs), 500):
        rows = tx.execute(query.where(_p.c.ref.in_(refs[start : start + 500]), _p.c.kind == "grant").group_by(_p.c.ref, _l.c.customer_id))
        found |= {(row[0], int(row[1])): int(row[2]) for row in rows}
    return found
