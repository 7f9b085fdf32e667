"""Marks 标记: what a code's state, a scene, a link, a shop or an attribute stands for, and from when.

A mark is pinned by time: moved to another source it counts for the old one up to then. What becomes known late (a source is
made after its code was printed) is put right for everybody who came by it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, bindparam, select, update

from siyu.acquisition import _tables, sources, touches
from siyu.foundation.database import select_in, upsert
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import Ints, key64_numbers
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

Kind = Literal["way", "join", "scene", "link", "page", "offer", "referral", "order_source", "profile"]
KINDS: dict[str, Text] = {
    "way": Text("活码", "Live code"),
    "join": Text("入群码", "Join code of a group"),
    "scene": Text("公众号场景", "Scene of an Official Account"),
    "link": Text("短链", "Short link"),
    "page": Text("落地页", "Landing page"),
    "offer": Text("福利", "Offer"),
    "referral": Text("邀请", "Invitation"),
    "order_source": Text("店铺", "Shop"),
    "profile": Text("资料里的来源", "Source in the profile"),
}
OF_RELATIONS = ("way", "scene", "referral", "join", "link", "page", "offer")
"""What a relation's state may be: in one account a state stands for one thing."""
_LATEST_MS = (1 << 41) - 1
_t, _a = _tables.mark, _tables.arrival


@dataclass(frozen=True)
class Mark:
    """`account_id` 0: of no account. `from_ms` 0: since ever. `code_id`, `offer_id`, `store_id` 0 and `staff` '': none."""

    kind: Kind
    mark: str
    source_id: int
    account_id: int = 0
    code_id: int = 0
    offer_id: int = 0
    staff: str = ""
    store_id: int = 0
    from_ms: int = 0


@dataclass(frozen=True)
class Pinned(Mark):
    """A mark as it was written down."""

    id: int = 0
    at: datetime | None = None
    by: str = ""


class Resolved(NamedTuple):
    """What marks stand for, one entry a mark: 0 where it stands for nothing."""

    source_ids: Ints
    code_ids: Ints
    offer_ids: Ints


def put(stores: Stores, tx: Connection, given: Sequence[Mark], *, by: str) -> int:
    """Say what marks stand for, each from its instant on; the same again changes nothing. Who came by them since is traced anew; returns how many.

    Raises
    ------
    InvalidError
        A mark of none or more than 120 characters, or a source that there is not.
    """
    faults = [Fault(f"{row}.mark", Text("1 到 120 字", "1 to 120 characters")) for row, one in enumerate(given) if not 0 < len(one.mark) <= 120]
    faults += [Fault("source_id", Text(f"没有来源 {one}", f"there is no source {one}")) for one in sources.missing(tx, [one.source_id for one in given])]
    if faults:
        raise InvalidError(Text("标记有误", "the marks are not valid"), faults=faults)
    rows = [{**asdict(one), "at": stores.now(), "by": by[:80]} for one in given]
    upsert(tx, _t, rows, ["kind", "account_id", "mark", "from_ms"])
    return _retrace(stores, tx, sorted({one.mark for one in given if one.kind in (*OF_RELATIONS, "profile")}))


def resolve(tx: Connection, kind: str | Sequence[str], account_id: int, marks: Sequence[str], at_ms: Ints | None = None) -> Resolved:
    """What marks of an account stood for at some instants (None: stand for now). What the account itself says goes before what no account says."""
    wanted = sorted(set(marks))
    place = {mark: row for row, mark in enumerate(wanted)}
    row_of = np.array([place[mark] for mark in marks], np.int64)
    when = np.full(len(marks), _LATEST_MS) if at_ms is None else np.clip(at_ms, 0, _LATEST_MS)
    columns = [_t.c.mark, _t.c.from_ms, _t.c.source_id, _t.c.code_id, _t.c.offer_id, _t.c.account_id, _t.c.kind, _t.c.id]
    kinds = (kind,) if isinstance(kind, str) else tuple(kind)
    found = [row for row in select_in(tx, columns, _t.c.mark, wanted) if row.kind in kinds and row.account_id in (0, account_id)]
    results = [np.zeros(len(marks), np.int64) for _ in range(3)]
    for own in (False, True):
        _fill(results, [row for row in found if (row.account_id != 0) == own or account_id == 0], place, row_of, when)
    return Resolved(*results)


def history(tx: Connection, *, source_id: int | None = None, kind: str | None = None, before_id: int | None = None, limit: int = 100) -> list[Pinned]:
    """Marks as they were put, the newest first."""
    query = select(_t).order_by(_t.c.id.desc()).limit(limit)
    for column, wanted in ((_t.c.source_id, source_id), (_t.c.kind, kind)):
        if wanted is not None:
            query = query.where(column == wanted)
    if before_id is not None:
        query = query.where(_t.c.id < before_id)
    return [Pinned(**row._mapping) for row in tx.execute(query)]


def touch_keys(identity_keys: Ints, account_ids: Ints) -> pa.Array:
    """The keys of the touches `add`: one a contact of an account, so that late news takes the place of what was told before."""
    return pa.array(key64_numbers(identity_keys, account_ids, np.full(len(identity_keys), 2)).astype(np.int64))


def _fill(results: list[Ints], rows: list[Any], place: dict[str, int], row_of: Ints, when: Ints) -> None:
    """For every wanted mark the last row that was put for an instant not after its own."""
    if not rows:
        return
    rows = sorted(rows, key=lambda row: (place[row.mark], row.from_ms, row.id))
    starts = np.array([place[row.mark] << 41 | min(max(row.from_ms, 0), _LATEST_MS) for row in rows], np.int64)
    at = np.searchsorted(starts, row_of << 41 | when, side="right") - 1
    fits = (at >= 0) & (starts[np.maximum(at, 0)] >> 41 == row_of)
    for result, name in zip(results, ("source_id", "code_id", "offer_id"), strict=True):
        values = np.array([getattr(row, name) for row in rows], np.int64)
        result[fits] = values[at[fits]]


def _retrace(stores: Stores, tx: Connection, marks: Sequence[str]) -> int:
    """Trace everybody who came by these marks anew, and tell of those who now belong to another source, code or offer."""
    columns = list(_a.c)
    by_account: dict[int, list[Any]] = defaultdict(list)
    for row in select_in(tx, columns, _a.c.mark, marks):
        by_account[row.account_id].append(row)
    return sum(_retraced(stores, tx, account_id, rows) for account_id, rows in by_account.items())


def _retraced(stores: Stores, tx: Connection, account_id: int, rows: list[Any]) -> int:
    names = _a.c.keys()
    held = {name: np.array(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    kinds = OF_RELATIONS if account_id else ("profile",)
    now = resolve(tx, kinds, account_id, held["mark"].tolist(), held["at_ms"].astype(np.int64))
    default = sources.untraced(stores, tx, [account_id])[account_id] if account_id else 0
    target = np.where(now.source_ids == 0, default, now.source_ids)
    other = (target != held["source_id"]) | (now.code_ids != held["code_id"]) | (now.offer_ids != held["offer_id"])
    if not other.any():
        return 0
    changed = {name: values[other] for name, values in held.items()} | {"source_id": target[other], "code_id": now.code_ids[other], "offer_id": now.offer_ids[other]}
    statement = update(_a).where(_a.c.identity_key == bindparam("k"), _a.c.account_id == account_id).values({name: bindparam(f"n_{name}") for name in ("source_id", "code_id", "offer_id")})
    values = zip(*(changed[name].tolist() for name in ("identity_key", "source_id", "code_id", "offer_id")), strict=True)
    tx.execute(statement, [{"k": key, "n_source_id": source, "n_code_id": code, "n_offer_id": offer} for key, source, code, offer in values])
    told = {name: pa.array(changed[name].tolist()) for name in ("identity_key", "account_id", "at_ms", "staff", "source_id", "code_id", "offer_id")}
    step = pa.array(np.where(changed["source_id"] == 0, "void", "add"))
    keys = touch_keys(changed["identity_key"].astype(np.int64), changed["account_id"].astype(np.int64))
    return touches.record(stores, tx, pa.table({**told, "event_key": keys, "step": step}))
