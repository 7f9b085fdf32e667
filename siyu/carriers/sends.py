"""Sends 群发与朋友圈: tasks that staff confirm on their phones. Three levels are counted: task made, staff sent, customer received.

intended → attempting → accepted | refused | unknown. The carrier's call is not idempotent: after an answer that never came, or
a killed process, it is never repeated; the carrier's own list is searched for what was made then, with this very content.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, case, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from siyu.carriers import _work_tables, media
from siyu.carriers._limits import patient
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors._wechat.limits import limits_of
from siyu.connectors.errors import CarrierError, Throttled, Unavailable
from siyu.connectors.wecom import content
from siyu.connectors.wecom.content import Attachment, Message
from siyu.connectors.wecom.limits import WeComLimits
from siyu.connectors.wecom.moments import MomentDraft
from siyu.connectors.wecom.sends import Draft, SendRecord
from siyu.foundation import faults
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

KINDS = ("customers", "groups", "moment")
NOT_MADE = "not_made"
"""The code of a send that was surely never made."""
SEARCHED = timedelta(days=1)
"""Around the moment of the attempt: the carrier's clock is not ours."""
REMINDERS = 3
REMINDERS_IN = timedelta(hours=24)
_ATTACHMENTS: dict[str, type[Attachment]] = {
    one.kind: one for one in (content.Image, content.Link, content.MiniProgram, content.Video, content.File)
}


@dataclass(frozen=True)
class Send:
    """`audience`: customers (contacts' ids), sender, chats, tags ([[any of these], and any of those]); of moments staff, departments, tags.

    `asked_for` names whose attempt it is where another room looks after it: that one keeps the customers (`count` says how many).
    """

    id: int
    account_id: int
    kind: str
    name: str
    content: dict[str, Any]
    audience: dict[str, Any]
    status: str
    status_code: str | None
    ref: str | None
    job_ref: str | None
    failed_count: int
    created_at: datetime
    created_by: str
    attempted_at: datetime | None
    accepted_at: datetime | None
    polled_at: datetime | None
    next_poll_at: datetime | None
    reminded_at: list[str]
    cancelled_at: datetime | None
    asked_for: str | None = None


@dataclass(frozen=True)
class Counts:
    """Level two: staff with a task, and who sent. Level three: receivers told of, by what became of them."""

    staff_count: int = 0
    staff_sent_count: int = 0
    receiver_count: int = 0
    received_count: int = 0
    waiting_count: int = 0
    not_a_friend_count: int = 0
    over_quota_count: int = 0


def list_sends(tx: Connection, account_id: int, *, before: int | None = None, limit: int = 50) -> list[Send]:
    """The newest first."""
    table = _work_tables.send
    query = select(table).where(table.c.account_id == account_id)
    if before is not None:
        query = query.where(table.c.id < before)
    return [to_send(row) for row in tx.execute(query.order_by(table.c.id.desc()).limit(limit))]


def find_send(tx: Connection, account_id: int, send_id: int) -> Send:
    row = tx.execute(select(_work_tables.send).where(_work_tables.send.c.id == send_id, _work_tables.send.c.account_id == account_id)).first()
    if row is None:
        raise NotFoundError(Text("没有这次群发", "there is no such send"))
    return to_send(row)


def counts(tx: Connection, send_ids: Sequence[int]) -> dict[int, Counts]:
    task, result = _work_tables.send_task, _work_tables.send_result
    staff = select(task.c.send_id, func.count(), func.sum(case((task.c.sent, 1), else_=0))).where(task.c.send_id.in_(send_ids)).group_by(task.c.send_id)
    found = {row[0]: {"staff_count": int(row[1]), "staff_sent_count": int(row[2] or 0)} for row in tx.execute(staff)}
    people = select(result.c.send_id, result.c.status, func.count()).where(result.c.send_id.in_(send_ids)).group_by(result.c.send_id, result.c.status)
    for send_id, status, count in tx.execute(people):
        one = found.setdefault(send_id, {})
        one[f"{status}_count"] = int(count)
        one["receiver_count"] = one.get("receiver_count", 0) + int(count)
    return {send_id: Counts(**found.get(send_id, {})) for send_id in send_ids}


def intend(
    tx: Connection, account: Account, *, kind: str, name: str, content: dict[str, Any], audience: dict[str, Any], now: datetime, by: str, asked_for: str | None = None
) -> Send:
    """Write down what is to be sent to whom, before any call. With `asked_for` the caller makes the call at once (`attempt`)."""
    wrong = [] if 0 < len(name.strip()) <= 80 else [Fault("name", Text("1 到 80 个字", "1 to 80 characters"))]
    if kind not in KINDS:
        wrong.append(Fault("kind", Text("没有这种群发", "there is no such kind of send")))
    wrong += [Fault(f"content.attachments.{n}.msgtype", Text("没有这种附件", "there is no such attachment")) for n, one in enumerate(content.get("attachments") or []) if one.get("msgtype") not in _ATTACHMENTS]
    if wrong:
        raise InvalidError(Text("群发有误", "the send is not valid"), faults=wrong)
    row = {
        "account_id": account.id, "kind": kind, "name": name.strip(), "content": content, "audience": audience, "status": "attempting" if asked_for else "intended",
        "created_at": now, "created_by": by, "reminded_at": [], "asked_for": asked_for, "attempted_at": now if asked_for else None,
    }  # fmt: skip
    key = tx.execute(insert(_work_tables.send).values(row)).inserted_primary_key
    assert key is not None
    return find_send(tx, account.id, int(key[0]))


async def make(calls: Calls, account: Account, send: Send) -> Send:
    """Ask the carrier for the task, once. Without an answer it is `unknown`, and looked for later.

    Raises
    ------
    ContentError, CarrierError
        When a limit or the carrier says no. A window that is closed leaves the send `intended`.
    """
    stores = calls.stores
    if not _claim(stores, send.id):
        raise ConflictError(Text("这次群发已在创建", "this send is being made already"))
    return (await attempt(calls, account, send, send.audience.get("customers") or ()))[0]


async def attempt(calls: Calls, account: Account, send: Send, customers: Sequence[str]) -> tuple[Send, Sequence[str]]:
    """Make the call of a send that stands as `attempting`; gives who can never get it besides. Raises as `make`."""
    stores = calls.stores
    try:
        attachments = await media.filled(calls, account, send.content.get("attachments") or [], for_moments=send.kind == "moment")
        made, failed = await _asked(calls.connector(account), send, customers, _message(send.content.get("text") or "", attachments))
    except (CarrierError, InvalidError) as error:
        found = await asyncio.to_thread(partial(record, stores, send.id, **_after(error, send)))
        if found.status == "unknown":
            return found, ()
        raise
    faults.reach("send.answered")
    values = {"status": "accepted", "status_code": None, "accepted_at": stores.now(), "next_poll_at": stores.now(), "failed_count": len(failed), **made}
    return await asyncio.to_thread(partial(record, stores, send.id, **values)), failed


async def settle(calls: Calls, account: Account, send: Send, customers: Sequence[str] = ()) -> Send:
    """What became of a send that was not answered: found in the carrier's list, or never made (it is not sent again by itself)."""
    stores = calls.stores
    sure_after = timedelta(seconds=limits_of(WeComLimits, account.all_settings).answer_seconds)
    if send.attempted_at is None or send.attempted_at > stores.now() - sure_after:
        return send
    with stores.ledger.read() as tx:
        known = set(tx.scalars(select(_work_tables.send.c.ref).where(_work_tables.send.c.account_id == account.id)))
    with patient(120):
        ref = await _search(calls.connector(account), send, set(customers or send.audience.get("customers") or ()), known)
    if ref is None:
        return record(stores, send.id, status="refused", status_code=NOT_MADE)
    try:
        return record(stores, send.id, status="accepted", status_code=None, ref=ref, accepted_at=send.attempted_at, next_poll_at=stores.now())
    except IntegrityError:
        # It was found to be another's in this very moment: the next look leaves it out.
        return send


def asked(tx: Connection, asked_for: str) -> Send | None:
    """The last send that was asked for under a name that begins like this."""
    table = _work_tables.send
    row = tx.execute(select(table).where(table.c.asked_for.startswith(asked_for, autoescape=True)).order_by(table.c.id.desc()).limit(1)).first()
    return None if row is None else to_send(row)


@dataclass(frozen=True)
class Standing:
    """How the task of one member of staff stands."""

    send: Send
    sent: bool
    sent_at: datetime | None


def standings(tx: Connection, account_id: int, refs: Sequence[str]) -> dict[str, Standing]:
    """By the carrier's name of it, each task of a single sender of this account."""
    table, task = _work_tables.send, _work_tables.send_task
    found: dict[str, Standing] = {}
    for start in range(0, len(refs), 500):
        mine = (table.c.account_id == account_id) & table.c.ref.in_(list(refs[start : start + 500]))
        query = select(table, task.c.sent, task.c.sent_at.label("task_sent_at")).outerjoin(task, task.c.send_id == table.c.id).where(mine)
        found |= {row.ref: Standing(to_send(row), bool(row.sent), row.task_sent_at) for row in tx.execute(query)}
    return found


def may_remind(send: Send, now: datetime) -> bool:
    recent = [at for at in send.reminded_at if datetime.fromisoformat(at) > now - REMINDERS_IN]
    return send.kind != "moment" and send.status == "accepted" and send.ref is not None and len(recent) < REMINDERS


async def remind(calls: Calls, account: Account, send: Send) -> Send:
    """Remind staff who have not sent; three times in 24 hours at most. Counted before the call, for it cannot be taken back."""
    now = calls.stores.now()
    if not may_remind(send, now):
        raise ConflictError(Text("现在不能提醒:24 小时内最多 3 次，且群发须已创建", "no reminder now: three in 24 hours at most, and only of a send that was made"))
    found = record(calls.stores, send.id, reminded_at=[*send.reminded_at, now.isoformat()])
    await calls.connector(account).sends.remind(send.ref)
    return found


async def cancel(calls: Calls, account: Account, send: Send) -> Send:
    """Stop what is not sent yet; what was sent stays sent."""
    if send.status == "intended":
        return record(calls.stores, send.id, status="cancelled", cancelled_at=calls.stores.now())
    if send.status != "accepted" or send.ref is None:
        raise ConflictError(Text("这次群发现在不能停止", "this send cannot be stopped now"))
    connector = calls.connector(account)
    await (connector.moments.cancel(send.ref) if send.kind == "moment" else connector.sends.cancel(send.ref))
    return record(calls.stores, send.id, status="cancelled", cancelled_at=calls.stores.now())


def record(stores: Stores, send_id: int, **values: Any) -> Send:
    """Write down how a send stands."""
    table = _work_tables.send
    with stores.ledger.begin() as tx:
        tx.execute(update(table).where(table.c.id == send_id).values(values))
        return to_send(tx.execute(select(table).where(table.c.id == send_id)).one())


def _claim(stores: Stores, send_id: int) -> bool:
    """Whoever turns `intended` into `attempting` makes the call, and nobody else."""
    table = _work_tables.send
    with stores.ledger.begin() as tx:
        mine = update(table).where(table.c.id == send_id, table.c.status == "intended")
        return tx.execute(mine.values(status="attempting", attempted_at=stores.now())).rowcount == 1


def to_send(row: Any) -> Send:
    return Send(**{name: getattr(row, name) for name in Send.__dataclass_fields__})


async def _asked(connector: Any, send: Send, customers: Sequence[str], message: Message) -> tuple[dict[str, Any], Sequence[str]]:
    audience = send.audience
    if send.kind == "moment":
        tags = tuple(tag for tags in audience.get("tags") or () for tag in tags)
        draft = MomentDraft(message, tuple(audience.get("staff") or ()), tuple(audience.get("departments") or ()), tags)
        return {"job_ref": await connector.moments.create(draft)}, ()
    made = await connector.sends.create(
        Draft(
            message, "single" if send.kind == "customers" else "group", tuple(customers), tuple(audience.get("chats") or ()),
            audience.get("sender") or "", tuple(tuple(tags) for tags in audience.get("tags") or ()),
        )
    )  # fmt: skip
    return {"ref": made.msgid or None}, made.failed


def _message(text: str, attachments: Sequence[dict[str, Any]]) -> Message:
    parts = [msgspec.convert(one.get(one["msgtype"]) or {}, _ATTACHMENTS[one["msgtype"]]) for one in attachments]
    return Message(text, tuple(parts))


async def _search(connector: Any, send: Send, customers: set[str], known: set[str]) -> str | None:
    """The one of the corp that was made about then with this content, by this sender to these people, and that is nobody else's of ours."""
    began = send.attempted_at
    assert began is not None
    since_at, until_at = began - SEARCHED, began + SEARCHED
    text = (send.content.get("text") or "").strip()
    if send.kind == "moment":
        async for page in connector.moments.list(since_at, until_at):
            for one in page.items:
                if one.create_type == 0 and one.moment_id not in known and one.text.get("content", "").strip() == text:
                    return str(one.moment_id)
        return None
    wanted = [one["msgtype"] for one in send.content.get("attachments") or []]
    alike: list[SendRecord] = []
    async for page in connector.sends.list("single" if send.kind == "customers" else "group", since_at, until_at, filter_type=0):
        for one in page.items:
            same = one.text.get("content", "").strip() == text and [part.get("msgtype") for part in one.attachments] == wanted
            if same and one.msgid not in known:
                alike.append(one)
    # The list names neither senders nor receivers: of several alike the nearest in time is asked first.
    alike.sort(key=lambda one: abs((one.created_at or since_at) - began))
    for one in alike:
        if await _is_its(connector, send, customers, one.msgid):
            return str(one.msgid)
    return None


async def _is_its(connector: Any, send: Send, customers: set[str], msgid: str) -> bool:
    """Whether a task of this content lies with this sender, for these people."""
    sender, receivers = send.audience.get("sender"), customers or set(send.audience.get("chats") or ())
    staff = [task.userid async for page in connector.sends.tasks(msgid) for task in page.items]
    if sender and staff != [sender]:
        return False
    if not receivers:
        return True
    for one in staff:
        async for page in connector.sends.results(msgid, one):
            if page.items:
                # Those of two sends of one sender are other people altogether, or the same: one of them tells.
                return any((found.external_userid or found.chat_id) in receivers for found in page.items)
    return False


def _after(error: CarrierError | InvalidError, send: Send) -> dict[str, Any]:
    if isinstance(error, Unavailable) and error.reached is None:
        return {"status": "unknown", "status_code": error.vendor_code or "no_answer"}
    if isinstance(error, Throttled | Unavailable):
        # Whoever asked asks again, with a send of its own.
        return {"status": "refused", "status_code": NOT_MADE} if send.asked_for else {"status": "intended", "status_code": error.vendor_code}
    return {"status": "refused", "status_code": error.vendor_code if isinstance(error, CarrierError) else error.code}
