"""Suppression 停发名单: addresses to which a carrier is not used any more: they do not exist, complained, or bounced again and again.

It is about the address on one carrier, not about the person: what they allow is consent. A hard bounce or a complaint
suppresses at once; soft ones are counted, and `SOFT` of them without a delivery between suppress too. Somebody who knows
better lifts it with a reason; what happened before that does not bring it back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import ColumnElement, Connection, func, select

from siyu.foundation.database import among, upsert
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.ids import Ints
from siyu.foundation.text import Text
from siyu.messaging import _tables

SOFT = 5
REASONS: dict[str, Text] = {
    "hard_bounce": Text("地址不存在", "The address does not exist"),
    "complaint": Text("被投诉", "Complained"),
    "soft_bounces": Text(f"连续 {SOFT} 次暂时退回", f"Returned {SOFT} times in a row"),
    "manual": Text("人工加入", "Added by hand"),
}
_t = _tables.suppression


@dataclass(frozen=True)
class Told:
    """What was told of one address: hard_bounce, complaint, soft (a bounce that may pass) or delivered; `at_ms` when."""

    identity_key: int
    kind: str
    at_ms: int
    code: str | None = None


@dataclass(frozen=True)
class Suppression:
    carrier: str
    identity_key: int
    status: str
    reason: str
    code: str | None
    soft_count: int
    at_ms: int
    note: str | None
    by: str


def take_in(tx: Connection, carrier: str, told: Sequence[Told]) -> int:
    """Take in what was told, in the order in which it happened; returns how many addresses are suppressed by it.

    What is older than what is known of an address changes nothing, so that it may come late, twice and in any order.
    """
    held = {row.identity_key: _read(row) for row in _rows(tx, carrier, [one.identity_key for one in told])}
    fresh: dict[int, Suppression] = {}
    suppressed = 0
    for one in sorted(told, key=lambda each: each.at_ms):
        was = fresh.get(one.identity_key) or held.get(one.identity_key)
        if (was is None and one.kind == "delivered") or (was is not None and (was.status == "suppressed" or one.at_ms <= was.at_ms)):
            continue
        count = 0 if one.kind == "delivered" or was is None or was.status == "lifted" else was.soft_count
        count += one.kind == "soft"
        reason = one.kind if one.kind in REASONS else "soft_bounces"
        status = "suppressed" if one.kind in REASONS or count >= SOFT else "counting"
        suppressed += status == "suppressed"
        fresh[one.identity_key] = Suppression(carrier, one.identity_key, status, reason, one.code and one.code[:32], count, one.at_ms, None, "system")
    upsert(tx, _t, [vars(one) for one in fresh.values()], ["carrier", "identity_key"])
    return suppressed


def add(tx: Connection, carrier: str, identity_key: int, *, note: str, by: str, at_ms: int) -> Suppression:
    """Suppress by hand, with the reason.

    Raises
    ------
    ConflictError, InvalidError
        When it is suppressed already: why it came to that is kept; without a reason.
    """
    if suppressed_among(tx, carrier, [identity_key]):
        raise ConflictError(Text("这个地址已经停发", "this address is suppressed already"), way_out=Text("在停发名单中核对原因", "see the suppression list for why"))
    return _put(tx, Suppression(carrier, identity_key, "suppressed", "manual", None, 0, at_ms, _noted(note), by[:80]))


def lift(tx: Connection, carrier: str, identity_key: int, *, note: str, by: str, at_ms: int) -> Suppression:
    """Use the address again; only what happens from now on counts against it.

    Raises
    ------
    NotFoundError, InvalidError
        When it is not suppressed; without a reason.
    """
    row = next(iter(_rows(tx, carrier, [identity_key])), None)
    if row is None or row.status != "suppressed":
        raise NotFoundError(Text("这个地址没有被停发", "this address is not suppressed"), way_out=Text("在停发名单中核对", "see the suppression list"))
    was = _read(row)
    return _put(tx, Suppression(carrier, identity_key, "lifted", was.reason, was.code, 0, max(at_ms, was.at_ms), _noted(note), by[:80]))


def suppressed_among(tx: Connection, carrier: str, identity_keys: Sequence[int]) -> set[int]:
    """Which of these may not be written to by this carrier. Set-based."""
    return {row.identity_key for row in _rows(tx, carrier, identity_keys) if row.status == "suppressed"}


def suppressed_keys(tx: Connection, carrier: str) -> Ints:
    """All that may not be written to by this carrier, sorted: for planning, which looks at everybody."""
    found = tx.scalars(select(_t.c.identity_key).where(_t.c.carrier == carrier, _t.c.status == "suppressed").order_by(_t.c.identity_key))
    return np.fromiter(found, np.int64)


def list_suppressions(
    tx: Connection, *, carrier: str | None = None, reason: str | None = None, keys: Sequence[int] | None = None, after: tuple[int, str, int] | None = None, limit: int = 50
) -> list[Suppression]:
    """The latest first, from behind `after` (at_ms, carrier, identifier) on. `keys`: only these identifiers."""
    query = select(_t).where(*_wanted(tx, carrier, reason, keys)).order_by(_t.c.at_ms.desc(), _t.c.carrier, _t.c.identity_key).limit(limit)
    if after is not None:
        later = (_t.c.carrier > after[1]) | ((_t.c.carrier == after[1]) & (_t.c.identity_key > after[2]))
        query = query.where((_t.c.at_ms < after[0]) | ((_t.c.at_ms == after[0]) & later))
    return [_read(row) for row in tx.execute(query)]


def count(tx: Connection, *, carrier: str | None = None, reason: str | None = None, keys: Sequence[int] | None = None) -> int:
    """How many `list_suppressions` would list."""
    return tx.scalar(select(func.count()).select_from(_t).where(*_wanted(tx, carrier, reason, keys))) or 0


def _wanted(tx: Connection, carrier: str | None, reason: str | None, keys: Sequence[int] | None) -> list[ColumnElement[bool]]:
    wanted = [_t.c.status == "suppressed"]
    if carrier is not None:
        wanted.append(_t.c.carrier == carrier)
    if reason is not None:
        wanted.append(_t.c.reason == reason)
    if keys is not None:
        wanted.append(among(tx, _t.c.identity_key, sorted(set(keys))))
    return wanted


def _rows(tx: Connection, carrier: str, keys: Sequence[int]) -> list[Any]:
    return list(tx.execute(select(_t).where(_t.c.carrier == carrier, among(tx, _t.c.identity_key, sorted(set(keys))))).all())


def _put(tx: Connection, one: Suppression) -> Suppression:
    upsert(tx, _t, [vars(one)], ["carrier", "identity_key"])
    return one


def _noted(note: str) -> str:
    if not 0 < len(note.strip()) <= 200:
        raise InvalidError(Text("请写明原因", "a reason is needed"), faults=[Fault("note", Text("1 到 200 个字", "1 to 200 characters"))])
    return note.strip()


def _read(row: Any) -> Suppression:
    return Suppression(**{name: getattr(row, name) for name in Suppression.__dataclass_fields__})
