"""Polling of sends 群发结果: who of the staff has sent, and who received, asked for weeks at growing intervals.

A task may lie on a phone for days. So the results are read often at first and ever more rarely later: an interval is a third
of the send's age, a minute at least and a day at most, for thirty days.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, select, update

from siyu.carriers import _tables, _work_tables, accounts, relations, sends
from siyu.carriers._limits import patient
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.relations import News, Pair
from siyu.carriers.sends import Send
from siyu.carriers.spells import Change
from siyu.connectors.errors import CarrierError
from siyu.connectors.wecom.moments import DONE
from siyu.connectors.wecom.sends import TASK_SENT
from siyu.events import log
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import upsert
from siyu.foundation.errors import ConflictError, InvalidError
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores

SHORTEST, LONGEST, WHOLE = timedelta(minutes=1), timedelta(days=1), timedelta(days=30)
RESULTS = {0: "waiting", 1: "received", 2: "not_a_friend", 3: "over_quota"}
PATIENCE_SECONDS = 300.0
RESULTS_READ = "send_results_read"
"""Kind of report: results of a send that somebody asked for were read, or will not come any more."""


def next_poll(send: Send, now: datetime) -> datetime | None:
    """When to ask again; None: nothing more will come."""
    age = now - (send.accepted_at or now)
    return None if age >= WHOLE else now + min(max(age / 3, SHORTEST), LONGEST)


def look_after(calls: Calls) -> int:
    """Everything that is due of all accounts: sends to be made, to be found, to be asked about; returns how many."""
    done = 0
    for account, send in due(calls.stores):
        try:
            calls.run(_one(calls, account, send))
        except (CarrierError, InvalidError, ConflictError):
            # A poll that failed is due again; the account's page says why.
            if send.status in ("accepted", "cancelled"):
                sends.record(calls.stores, send.id, next_poll_at=next_poll(send, calls.stores.now()))
        done += 1
    return done


def due(stores: Stores) -> list[tuple[Account, Send]]:
    table, now = _work_tables.send, stores.now()
    with stores.ledger.read() as tx:
        open_ = table.c.status.in_(("intended", "attempting", "unknown")) & table.c.asked_for.is_(None)
        rows = tx.execute(select(table).where(open_ | (table.c.next_poll_at <= now)).order_by(table.c.id).limit(500)).all()
        owners = {account.id: account for account in accounts.list_accounts(tx, ["wecom"]) if account.status == "connected"} if rows else {}
    return [(owners[row.account_id], sends.to_send(row)) for row in rows if row.account_id in owners]


async def _one(calls: Calls, account: Account, send: Send) -> None:
    with patient(PATIENCE_SECONDS):
        if send.status == "intended":
            await sends.make(calls, account, send)
        elif send.status in ("attempting", "unknown"):
            await sends.settle(calls, account, send)
        elif send.kind == "moment":
            await _poll_moment(calls, account, send)
        else:
            await _poll(calls, account, send)


async def _poll(calls: Calls, account: Account, send: Send) -> None:
    connector, stores = calls.connector(account).sends, calls.stores
    tasks = [task async for page in connector.tasks(send.ref) for task in page.items]
    told = {task.userid: (task.status == TASK_SENT, task.sent_at) for task in tasks}
    for staff in _to_read(stores, send.id, told):
        found = [one async for page in connector.results(send.ref, staff) for one in page.items]
        rows = [
            {"send_id": send.id, "staff": staff, "receiver": one.external_userid or one.chat_id, "status": RESULTS.get(one.status, "waiting"), "sent_at": one.sent_at}
            for one in found
        ]  # fmt: skip
        await asyncio.to_thread(_store_results, stores, account, send.id, staff, rows, send.asked_for)
    _polled(stores, send)


async def _poll_moment(calls: Calls, account: Account, send: Send) -> None:
    connector, stores = calls.connector(account).moments, calls.stores
    if send.ref is None:
        job = await connector.job(send.job_ref)
        if job.status != DONE or job.result is None:
            _polled(stores, send)
            return
        if job.result.errcode or not job.result.moment_id:
            sends.record(stores, send.id, status="refused", status_code=str(job.result.errcode), next_poll_at=None)
            return
        send = sends.record(stores, send.id, ref=job.result.moment_id)
    tasks = [task async for page in connector.tasks(send.ref) for task in page.items]
    for staff in _to_read(stores, send.id, {task.userid: (task.publish_status == 1, None) for task in tasks}):
        found = [one.external_userid async for page in connector.reached(send.ref, staff) for one in page.items]
        rows = [{"send_id": send.id, "staff": staff, "receiver": receiver, "status": "received", "sent_at": None} for receiver in found]
        _store_results(stores, account, send.id, staff, rows)
    _polled(stores, send)


def _to_read(stores: Stores, send_id: int, told: dict[str, tuple[bool, datetime | None]]) -> list[str]:
    """Staff whose results may be new: who has sent and was not read to the end."""
    table = _work_tables.send_task
    with stores.ledger.begin() as tx:
        read = set(tx.scalars(select(table.c.staff).where(table.c.send_id == send_id, table.c.read)))
        rows = [{"send_id": send_id, "staff": staff, "sent": sent, "sent_at": at, "read": staff in read} for staff, (sent, at) in told.items()]
        upsert(tx, table, rows, ["send_id", "staff"])
    return sorted(staff for staff, (sent, _) in told.items() if sent and staff not in read)


def _store_results(stores: Stores, account: Account, send_id: int, staff: str, rows: Sequence[dict[str, Any]], asked_for: str | None = None) -> None:
    """One member's results in one transaction. Read to the end means: somebody was reached and nobody waits any more. Whoever asked
    for the send is told that there is something to read."""
    table = _work_tables.send_task
    with stores.ledger.begin() as tx:
        upsert(tx, _work_tables.send_result, list({row["receiver"]: row for row in rows}.values()), ["send_id", "staff", "receiver"])
        over = bool(rows) and not any(row["status"] == "waiting" for row in rows)
        tx.execute(update(table).where(table.c.send_id == send_id, table.c.staff == staff).values(read=over))
        if asked_for is not None:
            _tell(stores, tx, account.id, send_id, asked_for)
        _end_relations(stores, tx, account, staff, [row["receiver"] for row in rows if row["status"] == "not_a_friend"])


def _tell(stores: Stores, tx: Connection, account_id: int, send_id: int, asked_for: str) -> None:
    now = stores.now()
    detail = {"send": send_id, "asked_for": asked_for}
    row = {"event_key": [key64(RESULTS_READ, send_id, to_ms(now))], "account_id": [account_id], "kind": [RESULTS_READ], "staff": [None], "detail": [msgspec.json.encode(detail).decode()], "at_ms": [to_ms(now)]}
    log.append(tx, CARRIER_REPORTED, CARRIER_REPORTED.table(row), now=now)


def _end_relations(stores: Stores, tx: Connection, account: Account, staff: str, receivers: Sequence[str]) -> None:
    """A send is the only one to tell of a customer who left without a callback: the carrier goes on listing the relation."""
    if not receivers:
        return
    relation, contact = _tables.relation, _tables.contact
    query = select(relation.c.contact_id, relation.c.began_at, contact.c.identity_key).join(contact, contact.c.id == relation.c.contact_id)
    rows = tx.execute(query.where(contact.c.account_id == account.id, contact.c.external_id.in_(receivers), relation.c.staff == staff, relation.c.ended_at.is_(None)))
    now_ms = to_ms(stores.now())
    news = [
        News(account.id, row.identity_key, Pair(row.contact_id, staff), (Change(max(now_ms, to_ms(row.began_at) + 1), False, "customer"),)) for row in rows
    ]
    relations.take_in(stores, tx, news, found_by="send")


def _polled(stores: Stores, send: Send) -> None:
    now = stores.now()
    following = next_poll(send, now)
    sends.record(stores, send.id, polled_at=now, next_poll_at=following)
    if send.asked_for and (following is None or send.status == "cancelled"):
        with stores.ledger.begin() as tx:
            _tell(stores, tx, send.account_id, send.id, send.asked_for)


def results_of(tx: Connection, send_id: int) -> list[tuple[str, str, datetime | None]]:
    """(receiver, waiting | received | not_a_friend | over_quota, when sent) of everybody of whom something was told."""
    table = _work_tables.send_result
    return [tuple(row) for row in tx.execute(select(table.c.receiver, table.c.status, table.c.sent_at).where(table.c.send_id == send_id))]
