"""Deliveries 投递: what is told to other systems by webhook: kept first, called then, tried again for days, logged each time.

A delivery has one id in all its attempts, so the receiver can leave out what it has had. A claim moves `next_at` on, so that
no two processes call at once, and what a killed process had claimed comes up again by itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, func, insert, select, update

from siyu.carriers import _delivery_tables, accounts
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.happenings import Happening
from siyu.connectors.webhook.attempt import Attempt
from siyu.connectors.webhook.connector import Delivery as Letter
from siyu.connectors.webhook.schedule import retry_at
from siyu.foundation.errors import NotFoundError
from siyu.foundation.ids import new_id
from siyu.foundation.secrets import Secrets
from siyu.foundation.text import Text

STATUSES = ("waiting", "arrived", "given_up")
TOGETHER = 100
CLAIM = timedelta(seconds=90)
KEPT = timedelta(days=30)
EVERYTHING = "*"
_CONTEXT = "carriers delivery"
_table = _delivery_tables.delivery
_log = _delivery_tables.delivery_attempt


@dataclass(frozen=True)
class Delivery:
    """One thing told to one receiver, with the outcome of its last attempt."""

    number: int
    id: str
    account_id: int
    event: str
    body_sealed: bytes
    status: str
    attempt_count: int
    next_at: datetime | None
    created_at: datetime
    settled_at: datetime | None


def enqueue(secrets: Secrets, tx: Connection, account_id: int, event: str, bodies: Sequence[dict[str, Any]], now: datetime) -> list[str]:
    """Keep what is to be told, in the caller's transaction; it is called soon after. Returns the ids."""
    sealed = secrets.seal([msgspec.json.encode(body).decode() for body in bodies], _CONTEXT)
    rows = [
        {"id": new_id("dlv"), "account_id": account_id, "event": event, "body_sealed": body, "status": "waiting", "attempt_count": 0, "next_at": now, "created_at": now}
        for body in sealed
    ]
    if rows:
        tx.execute(insert(_table), rows)
    return [str(row["id"]) for row in rows]


def tell_on(secrets: Secrets, tx: Connection, told: Sequence[tuple[Account, Happening]], now: datetime) -> None:
    """Pass on what carriers told to the webhooks that want that kind (setting `tells`: kinds with commas, or *)."""
    for webhook in accounts.list_accounts(tx, ["webhook"]):
        wanted = {name.strip() for name in str(webhook.settings.get("tells") or "").split(",")}
        if webhook.status == "paused":
            continue
        for account, happening in told:
            if EVERYTHING in wanted or happening.kind in wanted:
                enqueue(secrets, tx, webhook.id, happening.kind, [_body(account, happening)], now)


def deliver_due(calls: Calls) -> int:
    """One round: claim what is due, call, write down what came of it. Returns how many were called."""
    stores = calls.stores
    with stores.ledger.begin() as tx:
        owners = {account.id: account for account in accounts.list_accounts(tx, ["webhook"]) if account.status != "paused"}
        due = _claim(tx, list(owners), stores.now())
    if due:
        bodies = [body_of(stores.secrets, one) for one in due]
        attempts = calls.run(_called(calls, [(owners[one.account_id], one, body) for one, body in zip(due, bodies, strict=True)]))
        with stores.ledger.begin() as tx:
            for one, attempt in zip(due, attempts, strict=True):
                _settle(tx, one, attempt, stores.now())
    return len(due)


def list_deliveries(tx: Connection, account_id: int, *, status: str | None = None, limit: int = 50, before: int | None = None) -> list[Delivery]:
    """Newest first."""
    query = select(_table).where(_table.c.account_id == account_id).order_by(_table.c.number.desc()).limit(limit)
    if status is not None:
        query = query.where(_table.c.status == status)
    if before is not None:
        query = query.where(_table.c.number < before)
    return [_delivery(row) for row in tx.execute(query)]


def totals(tx: Connection, account_id: int) -> dict[str, int]:
    """How many deliveries of an account are in each status."""
    counted = tx.execute(select(_table.c.status, func.count()).where(_table.c.account_id == account_id).group_by(_table.c.status)).all()
    return dict.fromkeys(STATUSES, 0) | {status: int(count) for status, count in counted}


def body_of(secrets: Secrets, one: Delivery) -> dict[str, Any]:
    """What is told; empty where it cannot be decrypted any more."""
    text = secrets.open([one.body_sealed], _CONTEXT)[0]
    body: dict[str, Any] = msgspec.json.decode(text) if text else {}
    return body


def attempts_of(tx: Connection, account_id: int, id: str) -> tuple[Delivery, list[dict[str, Any]]]:
    """A delivery and every attempt, oldest first."""
    row = tx.execute(select(_table).where(_table.c.id == id, _table.c.account_id == account_id)).first()
    if row is None:
        raise NotFoundError(Text("没有这次投递", "there is no such delivery"))
    found = tx.execute(select(_log).where(_log.c.delivery_number == row.number).order_by(_log.c.attempt))
    return _delivery(row), [dict(attempt._mapping) for attempt in found]


def try_again(tx: Connection, account_id: int, id: str, now: datetime) -> Delivery:
    """Try one that was given up, or waits for its next time, once more at once; the schedule goes on from there if it is not over."""
    tx.execute(
        update(_table).where(_table.c.id == id, _table.c.account_id == account_id, _table.c.status != "arrived").values(
            status="waiting", next_at=now, settled_at=None
        )
    )  # fmt: skip
    return attempts_of(tx, account_id, id)[0]


def prune(tx: Connection, now: datetime) -> None:
    """What was settled a month ago is forgotten."""
    old = select(_table.c.number).where(_table.c.settled_at < now - KEPT)
    tx.execute(delete(_log).where(_log.c.delivery_number.in_(old)))
    tx.execute(delete(_table).where(_table.c.settled_at < now - KEPT))


def _body(account: Account, happening: Happening) -> dict[str, Any]:
    """Codes that can be used are left out."""
    detail = {name: value for name, value in happening.detail.items() if name not in ("welcome_code", "ticket")}
    about = {"contact": happening.contact, "staff": happening.staff, "account": account.ref, "product": account.product}
    return {"event": happening.kind, "at": happening.at.isoformat(), **about, "detail": detail}


def _claim(tx: Connection, account_ids: Sequence[int], now: datetime) -> list[Delivery]:
    due = and_(_table.c.status == "waiting", _table.c.next_at <= now, _table.c.account_id.in_(account_ids))
    rows = tx.execute(select(_table).where(due).order_by(_table.c.next_at).limit(TOGETHER).with_for_update(skip_locked=True)).all()
    numbers = [row.number for row in rows]
    tx.execute(update(_table).where(_table.c.number.in_(numbers)).values(next_at=now + CLAIM, attempt_count=_table.c.attempt_count + 1))
    return [_delivery(row) for row in rows]


async def _called(calls: Calls, due: Sequence[tuple[Account, Delivery, dict[str, Any]]]) -> list[Attempt]:
    letters = [(calls.connector(account), Letter(one.id, one.event, body), one.attempt_count + 1) for account, one, body in due]
    attempts: list[Attempt] = await asyncio.gather(*(connector.deliver(letter, number) for connector, letter, number in letters))
    return attempts


def _settle(tx: Connection, one: Delivery, attempt: Attempt, now: datetime) -> None:
    again = retry_at(attempt)
    error = attempt.error
    row = {
        "delivery_number": one.number, "attempt": attempt.number, "at": attempt.at, "seconds": attempt.seconds, "http_status": attempt.status,
        "outcome": "arrived" if error is None else error.kind, "says": None if error is None else error.message.json(), "excerpt": attempt.excerpt,
    }  # fmt: skip
    tx.execute(insert(_log), row)
    values: dict[str, Any] = {"next_at": again} if again else {"status": "arrived" if error is None else "given_up", "settled_at": now}
    # Fenced: an attempt that took longer than its claim does not undo what came of the next.
    tx.execute(update(_table).where(_table.c.number == one.number, _table.c.attempt_count == attempt.number).values(values))


def _delivery(row: Any) -> Delivery:
    found = {name: getattr(row, name) for name in Delivery.__dataclass_fields__}
    return Delivery(**{**found, "next_at": row.next_at if row.status == "waiting" else None})
