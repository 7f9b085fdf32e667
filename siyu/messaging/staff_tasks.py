"""Staff tasks 员工任务: what members of staff have still to send from their phones, for whom, until when; reminders and taking back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, select

from siyu.carriers import accounts
from siyu.carriers import sends as tasks
from siyu.carriers.calls import Calls
from siyu.connectors.errors import CarrierError
from siyu.foundation.errors import ConflictError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import _tables, staff_links

State = Literal["open", "sent", "cancelled", "over"]
_dispatch, _send = _tables.dispatch, _tables.send
_COLUMNS = (
    _dispatch.c.id, _dispatch.c.send_id, _dispatch.c.account_id, _dispatch.c.staff, _dispatch.c.people_count, _dispatch.c.counts, _dispatch.c.ref, _dispatch.c.settled_at,
    _send.c.name, _send.c.purpose, _send.c.until_at,
)  # fmt: skip
_MADE = (_dispatch.c.carrier == "wecom") & (_dispatch.c.status == "sent") & _dispatch.c.ref.is_not(None)


@dataclass(frozen=True)
class StaffTask:
    """One task of one member of staff. `text` and `attachments` are what is sent; `received_count` grows for weeks after it was sent."""

    dispatch_id: int
    send_id: int
    send_name: str
    purpose: str
    account_id: int
    staff: str
    state: State
    text: str
    attachments: tuple[str, ...]
    people_count: int
    received_count: int
    made_at: datetime | None
    until_at: datetime
    sent_at: datetime | None
    reminded_count: int
    can_remind: bool


def of_send(stores: Stores, tx: Connection, send_id: int, *, after: int = 0, limit: int = 200) -> list[StaffTask]:
    """Tasks of a send in the order in which they were made."""
    query = select(*_COLUMNS).join(_send, _send.c.id == _dispatch.c.send_id).where(_MADE, _dispatch.c.send_id == send_id, _dispatch.c.id > after)
    return _tasks(stores, tx, tx.execute(query.order_by(_dispatch.c.id).limit(limit)).all())


def of_staff(stores: Stores, tx: Connection, account_id: int, staff: str, *, limit: int = 50) -> list[StaffTask]:
    """Tasks of one member of staff, those that wait first, then the newest."""
    query = select(*_COLUMNS).join(_send, _send.c.id == _dispatch.c.send_id).where(_MADE, _dispatch.c.account_id == account_id, _dispatch.c.staff == staff)
    found = _tasks(stores, tx, tx.execute(query.order_by(_dispatch.c.id.desc()).limit(limit)).all())
    return sorted(found, key=lambda one: one.state != "open")


def find(stores: Stores, tx: Connection, dispatch_id: int) -> StaffTask:
    query = select(*_COLUMNS).join(_send, _send.c.id == _dispatch.c.send_id).where(_MADE, _dispatch.c.id == dispatch_id)
    found = _tasks(stores, tx, tx.execute(query).all())
    if not found:
        raise NotFoundError(Text(f"派发 {dispatch_id} 没有员工任务", f"dispatch {dispatch_id} has no staff task"))
    return found[0]


def _tasks(stores: Stores, tx: Connection, rows: Sequence[Any]) -> list[StaffTask]:
    by_account: dict[int, list[str]] = {}
    for row in rows:
        by_account.setdefault(row.account_id, []).append(row.ref)
    standing = {(account, ref): one for account, refs in by_account.items() for ref, one in tasks.standings(tx, account, refs).items()}
    return [_task(row, standing[row.account_id, row.ref], stores.now()) for row in rows if (row.account_id, row.ref) in standing]


def _task(row: Any, held: tasks.Standing, now: datetime) -> StaffTask:
    made = held.send
    state: State = "sent" if held.sent else "cancelled" if made.status == "cancelled" else "over" if row.settled_at is not None else "open"
    return StaffTask(
        row.id, row.send_id, row.name, row.purpose, row.account_id, row.staff, state, made.content.get("text") or "",
        tuple(one["msgtype"] for one in made.content.get("attachments") or []), row.people_count, row.counts.get("received", 0), made.accepted_at, row.until_at,
        held.sent_at, len(made.reminded_at), state == "open" and tasks.may_remind(made, now),
    )  # fmt: skip


async def remind(calls: Calls, dispatch_id: int) -> None:
    """Let WeCom remind a member of staff who has not sent; three times in 24 hours at most."""
    account, made = _carrier_task(calls.stores, dispatch_id)
    await tasks.remind(calls, account, made)


async def take_back(calls: Calls, dispatch_id: int) -> None:
    """Stop a task that is not sent yet; what was sent stays sent. Whose message it was is told when the results are read."""
    account, made = _carrier_task(calls.stores, dispatch_id)
    if made.status == "accepted":
        await tasks.cancel(calls, account, made)


async def tell(calls: Calls, account_id: int, staff: Sequence[str]) -> list[str]:
    """Send each member of staff the link of their own page as a message of the app; returns who could not be told."""
    stores = calls.stores
    with stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
    messages, not_told = calls.connector(account).messages, []
    for one in staff:
        url = staff_links.address(stores.settings, staff_links.make_token(stores, account_id, one))
        try:
            sent = await messages.card("待发送的客户消息", "点开查看要发什么、发给多少人、什么时候截止", url, users=[one])
            not_told += sent.not_told
        except CarrierError:
            not_told.append(one)
    return not_told


def _carrier_task(stores: Stores, dispatch_id: int) -> tuple[accounts.Account, tasks.Send]:
    with stores.ledger.read() as tx:
        one = find(stores, tx, dispatch_id)
        made = tasks.asked(tx, f"dispatch:{dispatch_id}:")
        if made is None:
            raise ConflictError(Text("这个任务还没有创建", "this task has not been made yet"))
        return accounts.find_account(tx, one.account_id), made


def to_take_back(tx: Connection, now: datetime, limit: int = 50) -> list[int]:
    """Dispatches whose tasks lie with staff though their send was cancelled or its time is over."""
    query = select(_dispatch.c.id, _dispatch.c.account_id, _dispatch.c.ref).join(_send, _send.c.id == _dispatch.c.send_id)
    late = (_send.c.status == "cancelled") | (_send.c.until_at < now)
    rows = tx.execute(query.where(_MADE, _dispatch.c.settled_at.is_(None), late).order_by(_dispatch.c.id).limit(limit)).all()
    by_account: dict[int, list[str]] = {}
    for row in rows:
        by_account.setdefault(row.account_id, []).append(row.ref)
    open_ = {(account, ref) for account, refs in by_account.items() for ref, one in tasks.standings(tx, account, refs).items() if one.send.status == "accepted" and not one.sent}
    return [row.id for row in rows if (row.account_id, row.ref) in open_]
