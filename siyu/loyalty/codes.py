"""Codes 券码: coupons issued to people in sets: the stock is exact and so is the limit per person, whoever else issues meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Row, Select, func, select, update

from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.database import among, insert_table, select_in
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.identifiers import primary_keys
from siyu.loyalty import _tables, codewords, coupons, telling
from siyu.loyalty._sets import People

REASONS = {
    "unknown": Text("不是现有客户", "no customer (any more)"),
    "not_live": Text("未启用或已停发", "not being issued"),
    "over": Text("活动已结束", "its time is over"),
    "limit": Text("已达每人上限", "they have as many as one may have"),
    "none_left": Text("库存已发完", "none is left"),
    "withdrawn": Text("发过但已作废", "they had one, and it was withdrawn"),
}
VOID = "void"
"""The state of a code that was withdrawn before it was used."""
_WITHDRAWN = {"done": ("issued", VOID), "used": ("redeemed",), "ended": ("expired",)}
_t, _c = _tables.code, _tables.coupon


@dataclass(frozen=True)
class Issued:
    """Who has a code by this act: `customer_ids` (ascending) with `codes` beside; `again` of them had it before. `refused`: reason → customers."""

    customer_ids: Ints
    codes: tuple[str, ...]
    again: Ints
    refused: dict[str, Ints]

    def of(self, customer_id: int) -> str | None:
        place = int(np.searchsorted(self.customer_ids, customer_id))
        return self.codes[place] if place < len(self.codes) and self.customer_ids[place] == customer_id else None

    def why(self, customer_id: int) -> str | None:
        return next((reason for reason, ids in self.refused.items() if customer_id in ids), None)


@dataclass(frozen=True)
class Withdrawn:
    """Whose code is withdrawn (now or before), whose was used already, whose had ended; `none`: who never had one by this reference."""

    customer_ids: Ints
    used: Ints
    ended: Ints
    none: Ints


@dataclass(frozen=True)
class Code:
    """One person's coupon. `state`: issued, redeemed, expired or void (withdrawn before it was used)."""

    id: int
    code: str
    coupon_id: int
    customer_id: int
    ref: str
    state: str
    issued_at: datetime
    from_at: datetime
    until_at: datetime

    def ends_on(self, stores: Stores) -> Any:
        """Its last day."""
        return stores.calendar.on(from_ms(to_ms(self.until_at) - 1))


def issue(stores: Stores, tx: Connection, coupon_id: int, customer_ids: Sequence[int] | Ints, *, ref: str, limited: bool = True) -> Issued:
    """Give each of these people a code. Who has one by this reference keeps it; stock goes to them in the order given.

    Whose code of this reference was withdrawn gets no other by it. `limited` False: whoever asks holds a limit per person of their own.

    Raises
    ------
    NotFoundError
        When there is no such coupon.
    InvalidError
    """
    if not 0 < len(ref) <= 120:
        raise InvalidError(Text("发券有误", "it cannot be issued so"), faults=[Fault("ref", Text("编号 1 到 120 字", "a reference of 1 to 120 characters"))])
    # The coupon's row is held to the end: everybody who issues it waits here, so what is counted stays true.
    coupon = coupons.find(tx, coupon_id, hold=True)
    people = People(tx, customer_ids, np.arange(len(customer_ids)))
    mine = (_t.c.coupon_id == coupon_id, _t.c.ref == ref, among(tx, _t.c.customer_id, people.ids.tolist()))
    had = {int(one): code for one, code in tx.execute(select(_t.c.customer_id, func.min(_t.c.code)).where(*mine, _t.c.state != VOID).group_by(_t.c.customer_id))}
    gone = np.array([one for one in tx.scalars(select(_t.c.customer_id).where(*mine, _t.c.state == VOID)) if one not in had], np.int64)
    again = people.ids[np.isin(people.ids, np.array(list(had), np.int64))]
    new = ~np.isin(people.ids, again) & ~np.isin(people.ids, gone)
    # `amounts` are places in the order given (of somebody named twice their sum, which is as good).
    ids = people.ids[new][np.argsort(people.amounts[new], kind="stable")]
    ids, refused = _allowed(stores, tx, coupon, ids, limited)
    given = _give(stores, tx, coupon, ids, people, ref)
    had |= given
    have = np.sort(np.concatenate([again, ids]))
    return Issued(have, tuple(had[one] for one in have.tolist()), again, {reason: np.sort(ones) for reason, ones in {"unknown": people.unknown, "withdrawn": np.unique(gone), **refused}.items() if len(ones)})


def _allowed(stores: Stores, tx: Connection, coupon: coupons.Coupon, ids: Ints, limited: bool) -> tuple[Ints, dict[str, Ints]]:
    """Those who may have one, in their order, and why the others may not."""
    if coupon.status != "live":
        return ids[:0], {"not_live": ids}
    if coupons.spell(stores, coupon, stores.now())[1] <= to_ms(stores.now()):
        return ids[:0], {"over": ids}
    refused: dict[str, Ints] = {}
    if limited:
        is_full = np.isin(ids, at_limit(tx, coupon, ids))
        ids, refused["limit"] = ids[~is_full], ids[is_full]
    if coupon.left is not None:
        ids, refused["none_left"] = ids[: coupon.left], ids[coupon.left :]
    return ids, refused


def at_limit(tx: Connection, coupon: coupons.Coupon, customer_ids: Ints) -> Ints:
    """Those of these people who have as many of a coupon as one may have; codes that were withdrawn do not count."""
    if coupon.per_person is None or not len(customer_ids):
        return customer_ids[:0]
    query = select(_t.c.customer_id).where(_t.c.coupon_id == coupon.id, _t.c.state != VOID, among(tx, _t.c.customer_id, customer_ids.tolist()))
    found: Ints = np.array(tx.scalars(query.group_by(_t.c.customer_id).having(func.count() >= coupon.per_person)).all(), np.int64)
    return found


def _give(stores: Stores, tx: Connection, coupon: coupons.Coupon, ids: Ints, people: People, ref: str) -> dict[int, str]:
    size = len(ids)
    if not size:
        return {}
    words, now_ms = _unused(tx, size), to_ms(stores.now())
    from_ms_, until_ms = coupons.spell(stores, coupon, stores.now())
    same = {"coupon_id": coupon.id, "issued_ms": now_ms, "from_ms": from_ms_, "until_ms": until_ms}
    texts = {"code": pa.array(words), "ref": pa.array([ref] * size), "state": pa.array(["issued"] * size)}
    insert_table(tx, _t, pa.table({"customer_id": ids, **texts, **{name: np.full(size, value) for name, value in same.items()}}))
    tx.execute(update(_c).where(_c.c.id == coupon.id).values(issued=_c.c.issued + size))
    number = {code: int(each) for each, code in tx.execute(select(_t.c.id, _t.c.code).where(_t.c.coupon_id == coupon.id, _t.c.ref == ref))}
    keys = people.keys_of(ids)
    rows = [{"code_id": number[code], "mark": 0, "identity_key": key, "coupon": coupon, "ref": ref, "value_fen": None, "order_no": None} for code, key in zip(words, keys, strict=True)]
    telling.coupons(stores, tx, "coupon_issued", rows)
    return dict(zip(ids.tolist(), words, strict=True))


def _unused(tx: Connection, count: int) -> list[str]:
    """Codes that nobody has: all are drawn again in the hardly possible case that one is taken."""
    while True:
        words = codewords.draw(count)
        if len(set(words)) == count and not select_in(tx, [_t.c.id], _t.c.code, words):
            return words


def numbers(tx: Connection, words: Sequence[str]) -> dict[str, int]:
    """Code → its number, by which events name it; ones that were never given are absent."""
    return {row.code: int(row.id) for row in select_in(tx, [_t.c.id, _t.c.code], _t.c.code, list(words))}


def find(tx: Connection, code_id: int) -> Code | None:
    """A code by its number; None when it is gone with its person."""
    row = tx.execute(select(_t).where(_t.c.id == code_id)).first()
    return None if row is None else read_row(row)


def of_customer(tx: Connection, customer_id: int, *, limit: int = 100) -> list[Code]:
    """Somebody's codes, the newest first."""
    return read(tx, select(_t).where(_t.c.customer_id == customer_id).order_by(_t.c.id.desc()).limit(limit))


def of_coupon(tx: Connection, coupon_id: int, *, state: str | None = None, before_id: int | None = None, limit: int = 50) -> list[Code]:
    """Codes of a coupon, the newest first."""
    query = select(_t).where(_t.c.coupon_id == coupon_id).order_by(_t.c.id.desc()).limit(limit)
    if state is not None:
        query = query.where(_t.c.state == state)
    if before_id is not None:
        query = query.where(_t.c.id < before_id)
    return read(tx, query)


def newest(stores: Stores, tx: Connection, coupon_id: int, customer_ids: Sequence[int]) -> dict[int, Code]:
    """Customer → their newest code of a coupon that can still be used; who has none is absent."""
    last = select(func.max(_t.c.id)).where(
        _t.c.coupon_id == coupon_id, among(tx, _t.c.customer_id, list(customer_ids)), _t.c.state == "issued", _t.c.until_ms > to_ms(stores.now())
    )
    return {one.customer_id: one for one in read(tx, select(_t).where(_t.c.id.in_(last.group_by(_t.c.customer_id))))}


def withdraw(stores: Stores, tx: Connection, coupon_id: int, customer_ids: Sequence[int] | Ints, *, ref: str) -> Withdrawn:
    """Take unused codes back from these people: those that they had by a reference. They go back to the stock; a used or ended one stays as it is.

    Withdrawn twice they are withdrawn once.

    Raises
    ------
    NotFoundError
        When there is no such coupon.
    """
    coupon = coupons.find(tx, coupon_id, hold=True)
    people = People(tx, customer_ids, np.zeros(len(customer_ids), np.int64))
    mine = select(_t.c.id, _t.c.customer_id, _t.c.state).where(_t.c.coupon_id == coupon_id, _t.c.ref == ref, among(tx, _t.c.customer_id, people.ids.tolist()))
    rows = tx.execute(mine.with_for_update()).all()
    open_ = [row for row in rows if row.state == "issued"]
    if open_:
        tx.execute(update(_t).where(among(tx, _t.c.id, [row.id for row in open_])).values(state=VOID))
        tx.execute(update(_c).where(_c.c.id == coupon_id).values(issued=_c.c.issued - len(open_)))
        same = {"mark": 0, "coupon": coupon, "ref": ref, "value_fen": None, "order_no": None}
        keys = primary_keys(tx, sorted({row.customer_id for row in open_}))
        telling.coupons(stores, tx, "coupon_withdrawn", [{"code_id": row.id, "identity_key": keys[row.customer_id], **same} for row in open_])
    by_state = {state: np.array(sorted(row.customer_id for row in rows if row.state in states), np.int64) for state, states in _WITHDRAWN.items()}
    known = np.array([row.customer_id for row in rows], np.int64)
    return Withdrawn(by_state["done"], by_state["used"], by_state["ended"], people.ids[~np.isin(people.ids, known)])


def expire(stores: Stores, tx: Connection, *, most: int = 20_000) -> int:
    """Codes that ended without being redeemed, at most so many; returns how many there were."""
    query = select(_t.c.id, _t.c.customer_id, _t.c.coupon_id, _t.c.ref).where(_t.c.state == "issued", _t.c.until_ms <= to_ms(stores.now()))
    rows = tx.execute(query.order_by(_t.c.id).limit(most).with_for_update(skip_locked=True)).all()
    if not rows:
        return 0
    tx.execute(update(_t).where(among(tx, _t.c.id, [row.id for row in rows])).values(state="expired"))
    ids, counts = np.unique(np.array([row.coupon_id for row in rows], np.int64), return_counts=True)
    for coupon_id, count in zip(ids.tolist(), counts.tolist(), strict=True):
        tx.execute(update(_c).where(_c.c.id == coupon_id).values(expired=_c.c.expired + count))
    held, keys = coupons.find_some(tx, ids.tolist()), primary_keys(tx, sorted({row.customer_id for row in rows}))
    told = [
        {"code_id": row.id, "mark": 0, "identity_key": keys[row.customer_id], "coupon": held[row.coupon_id], "ref": row.ref, "value_fen": None, "order_no": None}
        for row in rows if row.customer_id in keys
    ]  # fmt: skip
    telling.coupons(stores, tx, "coupon_expired", told)
    return len(rows)


def read(tx: Connection, query: Select[Any]) -> list[Code]:
    return [read_row(row) for row in tx.execute(query)]


def read_row(row: Row[Any]) -> Code:
    return Code(row.id, row.code, row.coupon_id, row.customer_id, row.ref, row.state, from_ms(row.issued_ms), from_ms(row.from_ms), from_ms(row.until_ms))
