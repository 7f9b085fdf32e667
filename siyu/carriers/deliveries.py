"""Deliveries 投递: what is told to other systems by webhook: kept first, called then, tried again for days, logged each time.

A delivery has one id in all its attempts, so the receiver can leave out what it has had. A claim moves `next_at` on, so that
no two processes call at once, and what a killed process had claimed comes up again by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection, and_, delete, func, insert, select, update

from siyu.carriers import _delivery_tables, accounts
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.lanes import Lanes
from siyu.carriers.rests import Rests
from siyu.connectors.happenings import Happening
from siyu.connectors.webhook.attempt import Attempt
from siyu.connectors.webhook.connector import Delivery as Letter
from siyu.connectors.webhook.schedule import retry_at
from siyu.events import log
from siyu.events.catalogue.carriers import DELIVERIES_SETTLED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import select_in
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
_logger = logging.getLogger("siyu.carriers")


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
    asked_by: str | None = None


def enqueue(secrets: Secrets, tx: Connection, account_id: int, event: str, bodies: Sequence[dict[str, Any]], now: datetime, *, asked_by: Sequence[str] | None = None) -> list[str]:
    """Keep what is to be told, in the caller's transaction; it is called soon after. Returns the ids.

    `asked_by`: for each body whose it is, where the answer is wanted; then `deliveries_settled` says when it has come, and `answers` what it was.
    """
    sealed = secrets.seal([msgspec.json.encode(body).decode() for body in bodies], _CONTEXT)
    rows = [
        {
            "id": new_id("dlv"), "account_id": account_id, "event": event, "body_sealed": body, "status": "waiting", "attempt_count": 0, "next_at": now, "created_at": now,
            "asked_by": asked_by[place] if asked_by else None,
        }
        for place, body in enumerate(sealed)
    ]  # fmt: skip
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


class Postman:
    """Calls the receivers side by side: a slow one, or one with thousands waiting, holds up nobody else."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._lanes: Lanes[list[tuple[Delivery, Attempt]]] = Lanes(Rests(calls.stores))

    def deliver_due(self) -> int:
        """Claim what is due, call, and write down what came of calls that have ended. Returns how many those were."""
        stores, done = self._calls.stores, 0
        with stores.ledger.read() as tx:
            waiting = _waiting(tx, stores.now())
            free = [account for account in accounts.list_accounts(tx, ["webhook"]) if account.status != "paused" and self._lanes.is_free(account)]
        for account in free:
            if account.id in waiting:
                with stores.ledger.begin() as tx:
                    due = _claim(tx, [account.id], stores.now())
                if due:
                    self._lanes.begin(account, self._calls.soon(_called(self._calls, account, due)))
        for _, attempts in self._lanes.finished():
            with stores.ledger.begin() as tx:
                for one, attempt in attempts:
                    _settle(stores.secrets, tx, one, attempt, stores.now())
            done += len(attempts)
        return done


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
    """What was settled a month ago is forgotten, and what waits for a receiver that was disconnected or paused two months ago."""
    is_old = (_table.c.settled_at < now - KEPT) | (_table.c.created_at < now - 2 * KEPT)
    tx.execute(delete(_log).where(_log.c.delivery_number.in_(select(_table.c.number).where(is_old))))
    tx.execute(delete(_table).where(is_old))


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


def _waiting(tx: Connection, now: datetime) -> set[int]:
    """Accounts for which something is due."""
    due = select(_table.c.account_id).where(_table.c.status == "waiting", _table.c.next_at <= now)
    return set(tx.scalars(due.distinct()))


async def _called(calls: Calls, account: Account, due: Sequence[Delivery]) -> list[tuple[Delivery, Attempt]]:
    """One that broke in an unforeseen way is left out: it stays claimed for a while and then comes up again."""
    connector = calls.connector(account)

    async def one(delivery: Delivery) -> Attempt:
        letter = Letter(delivery.id, delivery.event, body_of(calls.stores.secrets, delivery))
        attempt: Attempt = await connector.deliver(letter, delivery.attempt_count + 1)
        return attempt

    found = await asyncio.gather(*(one(delivery) for delivery in due), return_exceptions=True)
    for broken in (attempt for attempt in found if not isinstance(attempt, Attempt)):
        _logger.error("a delivery of account %s broke off", account.id, exc_info=broken)
    return [(delivery, attempt) for delivery, attempt in zip(due, found, strict=True) if isinstance(attempt, Attempt)]


def answers(secrets: Secrets, tx: Connection, ids: Sequence[str]) -> dict[str, str]:
    """Id → the answer of those that arrived and whose answer was wanted, as text."""
    rows = select_in(tx, [_table.c.id, _table.c.answer_sealed], _table.c.id, list(ids))
    held = [tuple(row) for row in rows if row.answer_sealed is not None]
    opened = secrets.open([sealed for _, sealed in held], _CONTEXT)
    return {one: text for (one, _), text in zip(held, opened, strict=True) if text is not None}


def _settle(secrets: Secrets, tx: Connection, one: Delivery, attempt: Attempt, now: datetime) -> None:
    again = retry_at(attempt)
    error = attempt.error
    row = {
        "delivery_number": one.number, "attempt": attempt.number, "at": attempt.at, "seconds": attempt.seconds, "http_status": attempt.status,
        "outcome": "arrived" if error is None else error.kind, "says": None if error is None else error.message.json(), "excerpt": attempt.excerpt,
    }  # fmt: skip
    tx.execute(insert(_log), row)
    values: dict[str, Any] = {"next_at": again} if again else {"status": "arrived" if error is None else "given_up", "settled_at": now}
    if one.asked_by is not None and error is None:
        values["answer_sealed"] = secrets.seal([attempt.answer], _CONTEXT)[0]
    # Fenced: an attempt that took longer than its claim does not undo what came of the next.
    mine = (_table.c.number == one.number) & (_table.c.attempt_count == attempt.number) & (_table.c.status == "waiting")
    changed = tx.execute(update(_table).where(mine).values(values)).rowcount
    if changed and again is None and one.asked_by is not None:
        said = {"delivery_id": [one.id], "account_id": [one.account_id], "asked_by": [one.asked_by], "status": [values["status"]], "http_status": [attempt.status], "at_ms": [to_ms(now)]}
        log.append(tx, DELIVERIES_SETTLED, DELIVERIES_SETTLED.table(said), now=now)


def _delivery(row: Any) -> Delivery:
    found = {name: getattr(row, name) for name in Delivery.__dataclass_fields__}
    return Delivery(**{**found, "next_at": row.next_at if row.status == "waiting" else None})
