"""Programmes 裂变活动: written, begun, stopped. What was promised to people who came stays as it was when they came."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Row, delete, insert, select, update

from siyu.foundation.clock import from_ms
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import coupons
from siyu.referral import _tables, terms
from siyu.referral.terms import Mode, Terms

Status = Literal["draft", "live", "stopped"]
_t = _tables.programme
MONEY = ("friend", "inviter", "steps", "size", "hours", "after_refund", "stay_days", "buys_fen", "needs", "wait_days", "watch_days", "only_new", "most_friends")
"""What people rely on once the first has come."""


@dataclass(frozen=True)
class Draft:
    """`begins_on`, `ends_on`: the first and the last local day; None without."""

    name: str
    mode: Mode
    terms: Terms
    begins_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True)
class Programme:
    """`committed_fen`: promised or given; `friend_count`: friends for whom something was promised. `ends_ms` is the first instant after it."""

    id: int
    name: str
    mode: Mode
    status: Status
    terms: Terms
    source_id: int
    committed_fen: int
    friend_count: int
    begins_ms: int | None
    ends_ms: int | None
    edit: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    def begins_on(self, stores: Stores) -> date | None:
        return None if self.begins_ms is None else stores.calendar.on(from_ms(self.begins_ms))

    def ends_on(self, stores: Stores) -> date | None:
        return None if self.ends_ms is None else stores.calendar.on(from_ms(self.ends_ms) - timedelta(milliseconds=1))

    def is_open(self, at_ms: int) -> bool:
        """Whether friends who come then count."""
        return self.status == "live" and (self.begins_ms or 0) <= at_ms and (self.ends_ms is None or at_ms < self.ends_ms)

    @property
    def is_full(self) -> bool:
        """Whether the budget or the stock is used up."""
        used = bool(self.terms.budget_fen) and self.committed_fen >= self.terms.budget_fen
        return used or (bool(self.terms.stock) and self.friend_count >= self.terms.stock)


def add(stores: Stores, tx: Connection, draft: Draft, *, by: str) -> Programme:
    """
    Raises
    ------
    InvalidError
    """
    now = stores.now()
    row = {**_row(stores, draft), "status": "draft", "source_id": 0, "committed_fen": 0, "friend_count": 0, "edit": 1}
    row |= {"created_at": now, "created_by": by[:80], "updated_at": now, "updated_by": by[:80]}
    return find(tx, int(tx.execute(insert(_t).values(row).returning(_t.c.id)).scalar_one()))


def change(stores: Stores, tx: Connection, programme_id: int, draft: Draft, *, edit: int | None, by: str) -> Programme:
    """
    Raises
    ------
    NotFoundError, InvalidError
    ConflictError
        When somebody else changed it since `edit`, or when a friend has come and what was promised would change.
    """
    held = find(tx, programme_id, hold=True)
    if edit is not None and edit != held.edit:
        raise ConflictError(Text("这个活动刚被别人改过", "somebody else has changed this programme"), way_out=Text("刷新后再改", "load it again"))
    if has_friends(tx, programme_id):
        before, after = terms.plain(held.terms), terms.plain(draft.terms)
        faults = [Fault(f"terms.{name}", Text("已有好友参加，不能再改", "a friend has come; this stays")) for name in MONEY if before[name] != after[name]]
        if draft.mode != held.mode:
            faults.append(Fault("mode", Text("已有好友参加，不能再改", "a friend has come; this stays")))
        if faults:
            raise ConflictError(Text("已有人参加，承诺不能改", "what was promised to people stays"), faults=faults, way_out=Text("停止这个活动，另建一个", "stop this one and write a new programme"))
    if held.status == "live":
        _must_be_right(tx, draft.mode, draft.terms)
    tx.execute(update(_t).where(_t.c.id == programme_id).values(**_row(stores, draft), edit=held.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    return find(tx, programme_id)


def start(stores: Stores, tx: Connection, programme_id: int, *, source_id: int, by: str) -> Programme:
    """Open it; its friends count for this source from now on.

    Raises
    ------
    NotFoundError
    InvalidError
        With every fault of its terms.
    """
    held = find(tx, programme_id, hold=True)
    _must_be_right(tx, held.mode, held.terms)
    tx.execute(update(_t).where(_t.c.id == programme_id).values(status="live", source_id=source_id, edit=held.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    return find(tx, programme_id)


def stop(stores: Stores, tx: Connection, programme_id: int, *, by: str) -> Programme:
    """Nobody comes any more; who came before still gets what was promised.

    Raises
    ------
    NotFoundError, ConflictError
    """
    held = find(tx, programme_id, hold=True)
    if held.status == "draft":
        raise ConflictError(Text("还没有开始", "it has not begun"))
    tx.execute(update(_t).where(_t.c.id == programme_id).values(status="stopped", edit=held.edit + 1, updated_at=stores.now(), updated_by=by[:80]))
    return find(tx, programme_id)


def remove(tx: Connection, programme_id: int) -> Programme:
    """Remove one that never began.

    Raises
    ------
    NotFoundError, ConflictError
    """
    held = find(tx, programme_id, hold=True)
    if held.status != "draft":
        raise ConflictError(Text("开始过的活动不能删除", "one that has begun cannot be removed"), way_out=Text("停止即可", "stop it instead"))
    tx.execute(delete(_t).where(_t.c.id == programme_id))
    return held


def find(tx: Connection, programme_id: int, *, hold: bool = False) -> Programme:
    """
    Raises
    ------
    NotFoundError
    """
    query = select(_t).where(_t.c.id == programme_id)
    row = tx.execute(query.with_for_update() if hold else query).first()
    if row is None:
        raise NotFoundError(Text(f"没有裂变活动 {programme_id}", f"there is no programme {programme_id}"), way_out=Text("回到裂变活动列表", "go back to the list of programmes"))
    return _read(row)


def listed(tx: Connection, *, status: str | None = None, before_id: int | None = None, limit: int = 50) -> list[Programme]:
    """The newest first."""
    query = select(_t).order_by(_t.c.id.desc()).limit(limit)
    if status is not None:
        query = query.where(_t.c.status == status)
    if before_id is not None:
        query = query.where(_t.c.id < before_id)
    return [_read(row) for row in tx.execute(query)]


def faults(tx: Connection, one: Programme) -> list[Fault]:
    """What must be mended before it can begin."""
    return terms.faults_of(one.mode, one.terms, _live_coupons(tx))


def has_friends(tx: Connection, programme_id: int) -> bool:
    return tx.scalar(select(_tables.friend.c.id).where(_tables.friend.c.programme_id == programme_id).limit(1)) is not None


def _must_be_right(tx: Connection, mode: Mode, one: Terms) -> None:
    if found := terms.faults_of(mode, one, _live_coupons(tx)):
        raise InvalidError(Text("活动还有没写好的地方", "the programme is not ready"), faults=found)


def _live_coupons(tx: Connection) -> set[int]:
    return {one.id for one in coupons.listed(tx, status="live", limit=10_000)}


def _row(stores: Stores, draft: Draft) -> dict[str, Any]:
    name = draft.name.strip()
    found = [] if 0 < len(name) <= 80 else [Fault("name", Text("名称 1 到 80 字", "a name of 1 to 80 characters"))]
    if draft.begins_on and draft.ends_on and draft.ends_on < draft.begins_on:
        found.append(Fault("ends_on", Text("在开始之前", "it lies before the beginning")))
    if found:
        raise InvalidError(Text("活动有误", "the programme is not valid"), faults=found)
    begins = stores.calendar.midnight_ms(draft.begins_on) if draft.begins_on else None
    ends = stores.calendar.end_ms(draft.ends_on) if draft.ends_on else None
    return {"name": name, "mode": draft.mode, "terms": terms.plain(draft.terms), "begins_ms": begins, "ends_ms": ends}


def _read(row: Row[Any]) -> Programme:
    return Programme(**{**row._mapping, "terms": terms.read(row.terms)})


