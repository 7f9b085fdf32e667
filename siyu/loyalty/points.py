"""Points 积分: a ledger of movements between the brand's pool, customers and what has ended. It balances row by row, and nobody falls below zero.

Every grant is a batch of a person with its own end. What is spent comes out of the batch that ends first; what ends, what is taken
back and what is given back are movements of their own. A `ref` names an act: for somebody for whom it was done, it is not done again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Row, and_, exists, func, insert, literal, select, update

from siyu.foundation.clock import to_ms
from siyu.foundation.database import among, insert_ignore, insert_table
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import _tables, telling
from siyu.loyalty._sets import People, columns, shares, sums

Kind = Literal["grant", "spend", "expire", "reverse"]
POOL, CUSTOMER, EXPIRED = "pool", "customer", "expired"
MOST = 1_000_000_000
"""Points of one person in one act."""
ENDLESS_MS = 2**62
REASONS = {
    "unknown": Text("不是现有客户", "no customer (any more)"),
    "too_few": Text("积分不足", "too few points"),
    "nothing_left": Text("没有可冲回的", "nothing left to take back"),
    "beyond": Text("超过可冲回的数额", "more than is left to take back"),
}
_p, _l, _e, _r = _tables.posting, _tables.lot, _tables.entry, _tables.reversal
_NOBODY: Ints = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Posted:
    """What an act came to. `done` now, `again`: done before under this reference; `refused`: reason → customers. All ascending, current numbers."""

    posting_id: int
    done: Ints
    again: Ints
    refused: dict[str, Ints] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return len(self.done)

    def why(self, customer_id: int) -> str | None:
        """Why it was not done for somebody; None where it was."""
        return next((reason for reason, ids in self.refused.items() if customer_id in ids), None)


def grant(
    stores: Stores, tx: Connection, customer_ids: Sequence[int] | Ints, amounts: Sequence[int] | Ints, *, reason: str, ref: str, by: str, last_on: date | None = None
) -> Posted:  # fmt: skip
    """Give points, out of the brand's pool. `last_on`: their last day; None for points that do not end.

    Raises
    ------
    InvalidError
        For amounts below 1 or above `MOST`, an empty reference, a last day that is over.
    ConflictError
        When the reference names an act of another kind.
    """
    until_ms = None if last_on is None else stores.calendar.end_ms(last_on)
    now_ms = to_ms(stores.now())
    _check(customer_ids, amounts, ref, ended=until_ms is not None and until_ms <= now_ms)
    people = People(tx, customer_ids, amounts)
    posting_id, again = _posting(stores, tx, "grant", people.ids, reason=reason, ref=ref, by=by)
    new = ~np.isin(people.ids, again)
    ids, points = people.ids[new], people.amounts[new]
    if len(ids):
        same = {"posting_id": posting_id, "until_ms": until_ms, "at_ms": now_ms}
        rows = {"customer_id": ids, "granted": points, "remaining": points, **{name: pa.array([value] * len(ids), pa.int64()) for name, value in same.items()}}
        insert_table(tx, _l, pa.table(rows))
        into = select(_l.c.id, literal(posting_id), literal(POOL), literal(CUSTOMER), _l.c.granted, literal(now_ms)).where(
            _l.c.posting_id == posting_id, ~exists().where(_e.c.lot_id == _l.c.id, _e.c.posting_id == posting_id)
        )
        tx.execute(insert(_e).from_select([column for column in _e.c if column.name != "id"], into))
        _counted(tx, posting_id, ids, points)
        telling.points(stores, tx, people, posting_id, "grant", ids, points, reason=reason, ref=ref)
    return Posted(posting_id, ids, again, _named(unknown=people.unknown))


def spend(stores: Stores, tx: Connection, customer_ids: Sequence[int] | Ints, amounts: Sequence[int] | Ints, *, reason: str, ref: str, by: str) -> Posted:
    """Take points, those that end first before the others. Who has too few keeps them all, and is named.

    Raises
    ------
    InvalidError, ConflictError
        As `grant`.
    """
    _check(customer_ids, amounts, ref)
    people = People(tx, customer_ids, amounts)
    posting_id, again = _posting(stores, tx, "spend", people.ids, reason=reason, ref=ref, by=by)
    new = ~np.isin(people.ids, again)
    done, points, too_few = _taken(stores, tx, posting_id, people.ids[new], people.amounts[new])
    _counted(tx, posting_id, done, points)
    telling.points(stores, tx, people, posting_id, "spend", done, -points, reason=reason, ref=ref)
    return Posted(posting_id, done, again, _named(unknown=people.unknown, too_few=too_few))


def reverse(stores: Stores, tx: Connection, of: str, *, ref: str, reason: str, by: str, amounts: Mapping[int, int] | None = None) -> Posted:
    """Take back the grant or the spending with the reference `of`: all that is left of it, or of these customers these amounts.

    Points of a spending go back into the batches they came from, and end with them. Of a grant its own batch goes first, then
    others of the person; who has too few of all keeps them, and is named. Done in parts it never comes to more than the act.

    Raises
    ------
    NotFoundError
        When there is no such act.
    ConflictError
        For what is itself a reversal or an expiry; or when `ref` names another act.
    InvalidError
    """
    asked = None if amounts is None else (list(amounts), list(amounts.values()))
    _check(*(asked or ([], [])), ref, empty=asked is None)
    origin = _origin(tx, of)
    people = People(tx, *asked) if asked else None
    owner, entry, lot, left = _left(tx, origin.id, None if people is None else people.ids.tolist())
    people = people or People(tx, owner, left)
    posting_id, again = _posting(stores, tx, "reverse", people.ids if asked else None, reason=reason, ref=ref, by=by, reverses=origin.id)
    new = ~np.isin(people.ids, again)
    ids, wanted = people.ids[new], people.amounts[new]
    there = sums(owner[np.isin(owner, ids)], left[np.isin(owner, ids)], ids)
    nothing, beyond = ids[there == 0], ids[(there > 0) & (wanted > there)]
    able = (there > 0) & (wanted <= there)
    ids, wanted, too_few = ids[able], wanted[able], _NOBODY
    if origin.kind == "grant":
        ids, wanted, too_few = _taken(stores, tx, posting_id, ids, wanted, first=origin.id)
    mine = np.isin(owner, ids)
    taken = shares(owner[mine], left[mine], wanted)
    entry, lot, taken = entry[mine][taken > 0], lot[mine][taken > 0], taken[taken > 0]
    if origin.kind == "spend":
        _put_back(stores, tx, posting_id, lot, taken)
    if len(entry):
        insert_table(tx, _r, pa.table({"entry_id": entry, "posting_id": np.full(len(entry), posting_id), "points": taken}))
    _counted(tx, posting_id, ids, wanted)
    telling.points(stores, tx, people, posting_id, "reverse", ids, wanted if origin.kind == "spend" else -wanted, reason=reason, ref=ref)
    return Posted(posting_id, ids, again, _named(unknown=people.unknown, nothing_left=nothing, beyond=beyond, too_few=too_few))


def expire(stores: Stores, tx: Connection, *, by: str = "system", most: int = 50_000) -> int:
    """Move what has ended out of people's accounts, at most so many batches, those that ended first; returns how many there were."""
    now_ms = to_ms(stores.now())
    query = select(_l.c.id, _l.c.customer_id, _l.c.remaining).where(_l.c.until_ms <= now_ms, _l.c.remaining > 0)
    rows = tx.execute(query.order_by(_l.c.until_ms, _l.c.id).limit(most).with_for_update(skip_locked=True)).all()
    if not rows:
        return 0
    lot, owner, points = (np.array([row[place] for row in rows], np.int64) for place in range(3))
    order = np.lexsort((lot, owner))
    lot, owner, points = lot[order], owner[order], points[order]
    posting_id, _ = _posting(stores, tx, "expire", _NOBODY, reason="到期", ref=f"expire:{stores.calendar.on(stores.now()):%Y-%m-%d}", by=by)
    tx.execute(update(_l).where(among(tx, _l.c.id, lot.tolist())).values(remaining=0))
    _entries(tx, posting_id, lot, CUSTOMER, EXPIRED, points, now_ms)
    ids = np.unique(owner)
    people = People(tx, owner, points)
    total = sums(owner, points, ids)
    _counted(tx, posting_id, ids, total)
    known = np.isin(ids, people.ids)
    first = lot[np.unique(owner, return_index=True)[1]]
    telling.points(stores, tx, people, posting_id, "expire", ids[known], -total[known], reason="到期", ref="expire", marks=first[known])
    return len(rows)


def _origin(tx: Connection, of: str) -> Row[Any]:
    """The act that is taken back, held until the end of the transaction: two who take back the same wait for each other."""
    origin = tx.execute(select(_p).where(_p.c.ref == of).with_for_update()).first()
    if origin is None:
        raise NotFoundError(Text(f"没有记账 {of}", f"there is no posting {of}"), way_out=Text("在积分流水里查看编号", "see the list of postings"))
    if origin.kind not in ("grant", "spend"):
        raise ConflictError(Text("只有发放和消耗可以冲回", "only a grant or a spending can be taken back"))
    return origin


def _check(ids: Sequence[int] | Ints, amounts: Sequence[int] | Ints, ref: str, *, ended: bool = False, empty: bool = False) -> None:
    faults: list[Fault] = []
    if not empty and (len(ids) != len(amounts) or not len(ids)):
        faults.append(Fault("customer_ids", Text("客户和积分要一一对应，至少一位", "one amount for each customer, and at least one")))
    given = np.asarray(amounts, np.int64)
    if len(given) and (given.min() < 1 or given.max() > MOST):
        faults.append(Fault("points", Text(f"每人 1 到 {MOST:,} 积分", f"1 to {MOST:,} points each")))
    if not 0 < len(ref) <= 120:
        faults.append(Fault("ref", Text("编号 1 到 120 字", "a reference of 1 to 120 characters")))
    if ended:
        faults.append(Fault("last_on", Text("到期日已过", "the last day is over")))
    if faults:
        raise InvalidError(Text("积分记账有误", "the posting is not valid"), faults=faults)


def _posting(stores: Stores, tx: Connection, kind: Kind, ids: Ints | None, *, reason: str, ref: str, by: str, reverses: int | None = None) -> tuple[int, Ints]:
    """The act of a reference, new or found again and held until the end of the transaction; and for whom of `ids` (None: of all) it was done before."""
    row = {"ref": ref, "kind": kind, "reverses": reverses, "reason": reason[:200], "by": by[:80], "at": stores.now(), "people": 0, "points": 0}
    insert_ignore(tx, _p, [row])
    held = tx.execute(select(_p.c.id, _p.c.kind, _p.c.reverses).where(_p.c.ref == ref).with_for_update()).one()
    if (held.kind, held.reverses) != (kind, reverses):
        raise ConflictError(Text(f"编号 {ref} 已用于另一笔记账", f"the reference {ref} names another act"), way_out=Text("换一个编号", "use another reference"))
    done = select(_l.c.customer_id).join(_e, _e.c.lot_id == _l.c.id).where(_e.c.posting_id == held.id).distinct()
    if ids is not None:
        done = done.where(among(tx, _l.c.customer_id, ids.tolist()))
    again = np.array(tx.scalars(done).all(), np.int64)
    return int(held.id), np.sort(again)


def _taken(stores: Stores, tx: Connection, posting_id: int, ids: Ints, wanted: Ints, first: int = 0) -> tuple[Ints, Ints, Ints]:
    """Take from batches, those of the posting `first` before all, then what ends first. Returns who gave, how much, and who had too few."""
    now_ms = to_ms(stores.now())
    if not len(ids):
        return ids, wanted, _NOBODY
    alive = and_(_l.c.remaining > 0, func.coalesce(_l.c.until_ms, ENDLESS_MS) > now_ms, among(tx, _l.c.customer_id, ids.tolist()))
    # One order for everybody, so that two who take at once do not wait for each other in a circle.
    rows = tx.execute(select(_l.c.id, _l.c.customer_id, _l.c.remaining, func.coalesce(_l.c.until_ms, ENDLESS_MS), _l.c.posting_id).where(alive).order_by(_l.c.id).with_for_update()).all()
    lot, owner, there, until, posting = (np.array([row[place] for row in rows], np.int64) for place in range(5))
    order = np.lexsort((lot, until, posting != first, owner))
    lot, owner, there = lot[order], owner[order], there[order]
    enough = sums(owner, there, ids) >= wanted
    mine = np.isin(owner, ids[enough])
    taken = shares(owner[mine], there[mine], wanted[enough])
    lot, taken = lot[mine][taken > 0], taken[taken > 0]
    _change(tx, lot, -taken)
    _entries(tx, posting_id, lot, CUSTOMER, POOL, taken, now_ms)
    return ids[enough], wanted[enough], ids[~enough]


def _put_back(stores: Stores, tx: Connection, posting_id: int, lot: Ints, points: Ints) -> None:
    each = np.unique(lot)
    _change(tx, each, sums(np.sort(lot), points[np.argsort(lot, kind="stable")], each))
    _entries(tx, posting_id, lot, POOL, CUSTOMER, points, to_ms(stores.now()))


def _change(tx: Connection, lot: Ints, points: Ints) -> None:
    if len(lot):
        by = columns(tx, lot_id=lot, points=points)
        tx.execute(update(_l).where(_l.c.id == by.c.lot_id).values(remaining=_l.c.remaining + by.c.points))


def _entries(tx: Connection, posting_id: int, lot: Ints, source: str, target: str, points: Ints, at_ms: int) -> None:
    size = len(lot)
    if size:
        names = {"from_account": pa.array([source] * size), "to_account": pa.array([target] * size)}
        insert_table(tx, _e, pa.table({"lot_id": lot, "posting_id": np.full(size, posting_id), **names, "points": points, "at_ms": np.full(size, at_ms)}))


def _left(tx: Connection, posting_id: int, ids: Sequence[int] | None) -> tuple[Ints, Ints, Ints, Ints]:
    """Of the entries of an act: whose, which, of which batch, and how much was not taken back yet; by person."""
    back = select(_r.c.entry_id, func.sum(_r.c.points).label("points")).group_by(_r.c.entry_id).subquery()
    left = _e.c.points - func.coalesce(back.c.points, 0)
    query = select(_l.c.customer_id, _e.c.id, _l.c.id, left).select_from(_e).join(_l, _e.c.lot_id == _l.c.id).outerjoin(back, back.c.entry_id == _e.c.id)
    query = query.where(_e.c.posting_id == posting_id, left > 0)
    if ids is not None:
        query = query.where(among(tx, _l.c.customer_id, list(ids)))
    rows = tx.execute(query.order_by(_l.c.customer_id, _e.c.id)).all()
    owner, entry, lot, points = (np.array([row[place] for row in rows], np.int64) for place in range(4))
    return owner, entry, lot, points


def _counted(tx: Connection, posting_id: int, ids: Ints, points: Ints) -> None:
    """Add to the totals of an act."""
    if len(ids):
        tx.execute(update(_p).where(_p.c.id == posting_id).values(people=_p.c.people + len(ids), points=_p.c.points + int(points.sum())))


def _named(**refused: Ints) -> dict[str, Ints]:
    return {reason: ids for reason, ids in refused.items() if len(ids)}
