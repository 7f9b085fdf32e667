"""Todos 导购任务: what a member of staff is asked to do for one customer (a call, a greeting, a visit), until when, and what came of it.

Staff see them on their own page (`staff_links`) and say there whether it was done or the customer was not reached; that is an
activity of the customer (`staff_task_done`, `staff_task_not_reached`), so whoever waits for it hears it like any other event.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import msgspec
from sqlalchemy import Connection, func, select, update

from siyu.events import log
from siyu.events.catalogue.customers import ACTIVITY_RECORDED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import insert_ignore, select_in
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import _todo_tables

State = Literal["open", "done", "not_reached", "over", "cancelled"]
ANSWERS = ("done", "not_reached")
EVENTS = {"done": "staff_task_done", "not_reached": "staff_task_not_reached"}
NOTE = 500
TELL = "messaging.todos"
"""Job: tell staff what they are asked to do, and remind them."""
_table = _todo_tables.todo


@dataclass(frozen=True)
class Asked:
    """One thing that is asked for. `ref` names it, such as journey:7:31:1790000000000."""

    ref: str
    customer_id: int
    identity_key: int
    account_id: int
    staff: str
    title: str
    text: str
    due_at: datetime
    remind_at: datetime | None = None


@dataclass(frozen=True)
class Todo:
    """One thing as it stands."""

    id: int
    ref: str
    customer_id: int
    account_id: int
    staff: str
    title: str
    text: str
    status: State
    note: str | None
    created_at: datetime
    due_at: datetime
    told_at: datetime | None
    reminded_at: datetime | None
    settled_at: datetime | None


_COLUMNS = [_table.c[name] for name in Todo.__dataclass_fields__]


def ask(tx: Connection, asked: Sequence[Asked], *, by: str, now: datetime) -> None:
    """Write down what staff are asked to do, in the caller's transaction; those whose ref is there already stay as they are. Staff are told soon."""
    rows = [
        {
            "ref": one.ref, "customer_id": one.customer_id, "identity_key": one.identity_key, "account_id": one.account_id, "staff": one.staff, "title": one.title[:80],
            "text": one.text, "status": "open", "created_at": now, "created_by": by[:80], "due_at": one.due_at, "remind_at": one.remind_at,
        }
        for one in asked
    ]  # fmt: skip
    if rows:
        insert_ignore(tx, _table, rows)


def states(tx: Connection, refs: Sequence[str]) -> dict[str, State]:
    """How each stands, by ref; unknown ones are absent."""
    return dict(select_in(tx, [_table.c.ref, _table.c.status], _table.c.ref, list(refs)))


def of_staff(tx: Connection, account_id: int, staff: str, *, limit: int = 50) -> list[Todo]:
    """Of one member of staff: those that are open by when they are due, then the newest."""
    mine = select(*_COLUMNS).where(_table.c.account_id == account_id, _table.c.staff == staff)
    open_ = tx.execute(mine.where(_table.c.status == "open").order_by(_table.c.due_at, _table.c.id).limit(limit)).all()
    ended = tx.execute(mine.where(_table.c.status != "open").order_by(_table.c.id.desc()).limit(max(0, limit - len(open_)))).all()
    return [Todo(**row._mapping) for row in (*open_, *ended)]


def counts(tx: Connection, ref_prefix: str) -> dict[str, int]:
    """How many of those whose ref begins so stand how."""
    query = select(_table.c.status, func.count()).where(_table.c.ref.startswith(ref_prefix, autoescape=True)).group_by(_table.c.status)
    return {status: int(count) for status, count in tx.execute(query)}


def answer(stores: Stores, tx: Connection, todo_id: int, *, account_id: int, staff: str, status: str, note: str = "") -> Todo:
    """What a member of staff says of one of theirs; it becomes an activity of the customer.

    Raises
    ------
    NotFoundError
        When it is not theirs.
    ConflictError
        When it was answered otherwise, or its time is over.
    InvalidError
        When the answer is none, or the note too long.
    """
    faults = [] if status in ANSWERS else [Fault("status", Text("已完成或未联系上", "done or not_reached"))]
    if len(note) > NOTE:
        faults.append(Fault("note", Text(f"最多 {NOTE} 字", f"at most {NOTE} characters")))
    if faults:
        raise InvalidError(Text("反馈有误", "the answer is not valid"), faults=faults)
    mine = (_table.c.id == todo_id) & (_table.c.account_id == account_id) & (_table.c.staff == staff)
    now = stores.now()
    changed = tx.execute(update(_table).where(mine, _table.c.status == "open").values(status=status, note=note.strip() or None, settled_at=now, remind_at=None)).rowcount
    row = tx.execute(select(*_COLUMNS, _table.c.identity_key).where(mine)).first()
    if row is None:
        raise NotFoundError(Text("没有这项任务", "there is no such task"))
    found = Todo(**{name: row._mapping[name] for name in Todo.__dataclass_fields__})
    if not changed and (found.status != status or (found.note or "") != note.strip()):
        raise ConflictError(Text("这项任务已经结束", "this task is over already"), way_out=Text("刷新后查看", "reload the page"))
    if changed:
        _tell_customer(tx, found, int(row.identity_key), now)
    return found


def _tell_customer(tx: Connection, one: Todo, identity_key: int, now: datetime) -> None:
    said = {"task": one.id, "ref": one.ref, "title": one.title, "staff": one.staff, "account_id": one.account_id}
    columns = {"event_key": [key64("todo", one.id, one.status)], "identity_key": [identity_key], "name": [EVENTS[one.status]], "at_ms": [to_ms(now)], "properties": [msgspec.json.encode(said).decode()]}
    log.append(tx, ACTIVITY_RECORDED, ACTIVITY_RECORDED.table(columns), now=now)


def to_tell(tx: Connection, now: datetime) -> dict[tuple[int, str], list[int]]:
    """(account, member of staff) → those of theirs of which they have not been told, or are to be reminded now."""
    due = (_table.c.status == "open") & (_table.c.due_at > now) & (_table.c.told_at.is_(None) | (_table.c.remind_at <= now))
    found: dict[tuple[int, str], list[int]] = {}
    for account, staff, number in tx.execute(select(_table.c.account_id, _table.c.staff, _table.c.id).where(due).order_by(_table.c.id)):
        found.setdefault((int(account), staff), []).append(int(number))
    return found


def note_told(tx: Connection, ids: Sequence[int], now: datetime) -> None:
    """They were told, or reminded, of these."""
    for start in range(0, len(ids), 500):
        mine = _table.c.id.in_(list(ids[start : start + 500]))
        tx.execute(update(_table).where(mine, _table.c.told_at.is_not(None)).values(reminded_at=now, remind_at=None))
        tx.execute(update(_table).where(mine, _table.c.told_at.is_(None)).values(told_at=now))


def close_late(tx: Connection, now: datetime) -> int:
    """Those whose time is over are `over`; returns how many."""
    return int(tx.execute(update(_table).where(_table.c.status == "open", _table.c.due_at <= now).values(status="over", settled_at=now, remind_at=None)).rowcount)

