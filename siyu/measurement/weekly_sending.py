"""Telling the weekly report 周报发送: to whom it goes, and what became of each message. Off until somebody turns it on.

A message is written down before the call (meant → told, or refused). One whose answer never came stays `meant` and is not sent
again: staff rather miss a report, which stands in the console, than get it twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Literal

from sqlalchemy import Connection, delete, select, update

from siyu.carriers import accounts
from siyu.foundation.clock import Calendar
from siyu.foundation.database import insert_ignore, upsert
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.settings import Settings
from siyu.foundation.text import Text
from siyu.measurement import _weekly_tables
from siyu.measurement.weekly import monday
from siyu.team import staff as team_staff

TELL = "measurement.weekly"
"""Job: tell staff the report of the last whole week."""
AT = time(9, 0)
LATE = timedelta(days=2)
"""A server that was down on Monday tells it until Wednesday morning; later nobody waits for it."""
MOST_STAFF = 100
State = Literal["meant", "told", "refused"]
_plan, _note = _weekly_tables.plan, _weekly_tables.note


@dataclass(frozen=True)
class Plan:
    """Whether it is told, through the app of which WeCom account, and to whom (the carrier's ids)."""

    is_on: bool = False
    account_id: int = 0
    staff: tuple[str, ...] = ()
    turned_on_at: datetime | None = None
    changed_at: datetime | None = None
    changed_by: str = ""


@dataclass(frozen=True)
class Note:
    """One message to one member of staff."""

    id: int
    week_on: str
    account_id: int
    staff: str
    state: State
    words: str
    reason: str | None
    meant_at: datetime
    told_at: datetime | None


def plan(tx: Connection) -> Plan:
    row = tx.execute(select(_plan).where(_plan.c.id == 1)).first()
    return Plan() if row is None else Plan(row.is_on, row.account_id, tuple(row.staff), row.turned_on_at, row.changed_at, row.changed_by)


def set_plan(tx: Connection, *, is_on: bool, account_id: int, staff: Sequence[str], by: str, now: datetime) -> Plan:
    """Turn it on or off, and say to whom it goes.

    Raises
    ------
    InvalidError
        When it is on and the account is no WeCom account, or nobody is named, or somebody who is not staff of that account.
    """
    names = tuple(dict.fromkeys(staff))
    if is_on and (faults := _faults(tx, account_id, names)):
        raise InvalidError(Text("周报发送设置有误", "The weekly report cannot be sent like this"), faults=faults)
    before = plan(tx)
    since = (before.turned_on_at if before.is_on else now) if is_on else None
    made = Plan(is_on, account_id, names, since, now, by[:80])
    upsert(tx, _plan, [{"id": 1, "is_on": is_on, "account_id": account_id, "staff": list(names), "turned_on_at": since, "changed_at": now, "changed_by": by[:80]}], ["id"])
    return made


def _faults(tx: Connection, account_id: int, names: Sequence[str]) -> list[Fault]:
    try:
        account = accounts.find_account(tx, account_id)
    except NotFoundError:
        return [Fault("account_id", Text("没有这个账号", "there is no such account"))]
    if account.product != "wecom":
        return [Fault("account_id", Text("要选一个企业微信账号", "choose a WeCom account"))]
    if not 1 <= len(names) <= MOST_STAFF:
        return [Fault("staff", Text(f"选 1 到 {MOST_STAFF} 位员工", f"choose 1 to {MOST_STAFF} members of staff"))]
    known = team_staff.known(tx, account_id)
    strange = [name for name in names if known.get(name, "left") == "left"]
    return [Fault("staff", Text(f"{name} 不是这个账号的在职员工", f"{name} is not on the staff of this account")) for name in strange]


def due_week(calendar: Calendar, now: datetime, held: Plan) -> date | None:
    """The Monday of the week whose report is to be told now: its own time has come since it was turned on, and is not long past."""
    if not held.is_on or held.turned_on_at is None:
        return None
    on = monday(calendar.on(now))
    due = calendar.parse_local(datetime.combine(on, AT))
    return on - timedelta(days=7) if due <= now < due + LATE and held.turned_on_at <= due else None


def mean(tx: Connection, week_on: date, held: Plan, words: str, now: datetime) -> list[Note]:
    """Write down who is to be told of a week; gives those who are told now: nobody is told of a week twice."""
    week = week_on.isoformat()
    there = {one.staff for one in notes(tx, week_on, account_id=held.account_id)}
    rows = [{"week_on": week, "account_id": held.account_id, "staff": name, "state": "meant", "words": words, "meant_at": now} for name in held.staff if name not in there]
    if rows:
        insert_ignore(tx, _note, rows)
    return [one for one in notes(tx, week_on, account_id=held.account_id) if one.staff not in there]


def settle(tx: Connection, note_id: int, state: State, now: datetime, reason: str = "") -> None:
    told = now if state == "told" else None
    tx.execute(update(_note).where(_note.c.id == note_id, _note.c.state == "meant").values(state=state, told_at=told, reason=reason[:200] or None))


def forget(tx: Connection, ids: Sequence[int]) -> None:
    """Nothing was done for these: they may be told by the next try."""
    tx.execute(delete(_note).where(_note.c.id.in_(list(ids)), _note.c.state == "meant"))


def notes(tx: Connection, week_on: date, *, account_id: int | None = None) -> list[Note]:
    """Messages about a week, in the order in which they were meant."""
    query = select(*(_note.c[name] for name in Note.__dataclass_fields__)).where(_note.c.week_on == week_on.isoformat())
    if account_id is not None:
        query = query.where(_note.c.account_id == account_id)
    return [Note(**row._mapping) for row in tx.execute(query.order_by(_note.c.id))]


def last_notes(tx: Connection, limit: int = 20) -> list[Note]:
    """The newest messages first."""
    query = select(*(_note.c[name] for name in Note.__dataclass_fields__)).order_by(_note.c.id.desc()).limit(limit)
    return [Note(**row._mapping) for row in tx.execute(query)]


def address(settings: Settings, week_on: date) -> str:
    """The page of the console; whoever opens it logs in."""
    return f"{(settings.public_url or f'http://{settings.host}:{settings.port}').rstrip('/')}/weekly?week={week_on}"

