"""Greeting 即时欢迎: the fast path of a welcome code, which lives 20 seconds and serves once.

planned with the callback's own transaction (`attempting`) → called → sent | refused | late. The code is what makes this safe
to repeat: after an answer that never came, or a killed process, the same code is tried again, and 41051 (used) then means
that the first try got through.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec
from sqlalchemy import Connection, bindparam, select, update

from siyu.carriers import _tables, accounts, media, welcome
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.inbox import Arrival
from siyu.connectors.errors import CarrierError, Throttled, Unavailable
from siyu.connectors.wecom.content import Message
from siyu.foundation.database import insert_ignore
from siyu.foundation.secrets import Secrets
from siyu.foundation.stores import Stores

LIFE = timedelta(seconds=20)
USED, EXPIRED, SENDING = "41051", "41050", "41096"
AGAIN_SECONDS = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
SETTLE_SECONDS = 0.1
NAME_SECONDS = 2.0
_CONTEXT = "carriers welcome code"
_log = logging.getLogger("siyu.carriers")


@dataclass(frozen=True)
class Dispatch:
    """One greeting to one contact."""

    event_key: int
    account: Account
    external_id: str
    code: str
    content: dict[str, Any]
    ends_at: datetime
    is_repeat: bool


@dataclass(frozen=True)
class _Outcome:
    status: str
    code: str | None


class Greeter:
    """Plans greetings for new arrivals and sends them in the carriers' loop."""

    def __init__(self, calls: Calls) -> None:
        self._calls = calls
        self._stores: Stores = calls.stores
        self._settled: list[dict[str, Any]] = []

    def start(self) -> None:
        """Take up what an earlier process has left."""
        self._calls.soon(self._keep_settling())
        for dispatch in self._left():
            self._calls.soon(self._send(dispatch))

    def plan(self, tx: Connection, arrivals: Sequence[Arrival]) -> Callable[[], None]:
        """An `inbox.Also`: write down who will be greeted, with what; it is sent when that is on disk."""
        found = [pair for arrival in arrivals for pair in _with_code(arrival)]
        if not found:
            return lambda: None
        # The account that came with the callback may have been looked up some seconds ago.
        working = {account.id for account in accounts.list_accounts(tx, ["wecom"]) if account.status != "paused"}
        found = [pair for pair in found if pair[0].account.id in working]
        known = {number: welcome.list_welcomes(tx, number) for number in {arrival.account.id for arrival, _, _ in found}}
        planned = [planned for pair in found if (planned := _planned(self._stores.secrets, known, *pair)) is not None]
        insert_ignore(tx, _tables.welcome_dispatch, [row for _, row in planned])
        return partial(self._send_all, [dispatch for dispatch, _ in planned])

    def _send_all(self, dispatches: Sequence[Dispatch]) -> None:
        for dispatch in dispatches:
            self._calls.soon(self._send(dispatch))

    async def _send(self, dispatch: Dispatch) -> None:
        try:
            outcome = await self._tried(dispatch)
        except Exception:
            _log.exception("a welcome could not be sent")
            outcome = _Outcome("refused", "error")
        self._settled.append({"b_key": dispatch.event_key, "status": outcome.status, "status_code": outcome.code, "settled_at": self._stores.now()})

    async def _tried(self, dispatch: Dispatch) -> _Outcome:
        connector = self._calls.connector(dispatch.account)
        message, repeated = None, dispatch.is_repeat
        for wait in (*AGAIN_SECONDS, None):
            try:
                message = message or await _filled(self._calls, connector, dispatch)
                await connector.welcome.send(dispatch.code, message)
                return _Outcome("sent", None)
            except CarrierError as error:
                if error.vendor_code == USED:
                    return _Outcome("sent" if repeated or error.after_unknown else "refused", USED)
                if error.vendor_code == EXPIRED:
                    return _Outcome("late", EXPIRED)
                if not isinstance(error, Unavailable | Throttled) and error.vendor_code != SENDING:
                    return _Outcome("refused", error.vendor_code)
                repeated = repeated or error.vendor_code == SENDING or (isinstance(error, Unavailable) and error.reached is None)
            if wait is None or self._stores.now() + timedelta(seconds=wait) > dispatch.ends_at:
                break
            await asyncio.sleep(wait)
        return _Outcome("late", None)

    def _left(self) -> list[Dispatch]:
        table = _tables.welcome_dispatch
        with self._stores.ledger.read() as tx:
            rows = tx.execute(select(table).where(table.c.status == "attempting").order_by(table.c.ends_at)).all()
            owners = {account.id: account for account in accounts.list_accounts(tx, ["wecom"]) if account.status != "paused"}
        codes = self._stores.secrets.open([row.code_sealed for row in rows], _CONTEXT)
        return [
            Dispatch(row.event_key, owners[row.account_id], row.external_id, code, row.content, row.ends_at, is_repeat=True)
            for row, code in zip(rows, codes, strict=True)
            if code is not None and row.account_id in owners
        ]

    async def _keep_settling(self) -> None:
        while True:
            await asyncio.sleep(SETTLE_SECONDS)
            settled, self._settled = self._settled, []
            if not settled:
                continue
            try:
                await asyncio.to_thread(self._settle, settled)
            except Exception:
                _log.exception("outcomes of welcomes could not be written; the next look tries again")
                self._settled += settled

    def _settle(self, rows: list[dict[str, Any]]) -> None:
        """Two processes may have tried one code (the second after a restart): what one has sent, the other's "used" does not undo."""
        table = _tables.welcome_dispatch
        with self._stores.ledger.begin() as tx:
            tx.execute(update(table).where(table.c.event_key == bindparam("b_key"), table.c.status != "sent"), rows)


def _with_code(arrival: Arrival) -> list[tuple[Arrival, str, Any]]:
    return [(arrival, code, h) for h in arrival.happenings if h.kind == "contact_added" and h.contact and (code := h.detail.get("welcome_code"))]


def _planned(secrets: Secrets, known: dict[int, list[welcome.Welcome]], arrival: Arrival, code: str, happening: Any) -> tuple[Dispatch, dict[str, Any]] | None:
    staff, state = happening.staff or "", happening.detail.get("state") or None
    chosen = welcome.choose(known[arrival.account.id], staff, state)
    if chosen is None:
        return None
    # The carrier tells the time in whole seconds, so the code may live up to a second longer than it says.
    ends_at = max(happening.at, arrival.received_at - LIFE / 2) + LIFE
    row = {
        "event_key": arrival.key, "account_id": arrival.account.id, "welcome_id": chosen.id, "welcome_version": chosen.version,
        "external_id": happening.contact, "staff": staff, "state": state, "code_sealed": secrets.seal([code], _CONTEXT)[0],
        "content": chosen.content, "status": "attempting", "received_at": arrival.received_at, "ends_at": ends_at,
    }  # fmt: skip
    return Dispatch(arrival.key, arrival.account, happening.contact, code, chosen.content, ends_at, is_repeat=False), row


async def _filled(calls: Calls, connector: Any, dispatch: Dispatch) -> Message:
    """The content with files and the contact's name in their places; a name that cannot be had in time becomes a friendly word."""
    attachments = await media.filled(calls, dispatch.account, dispatch.content.get("attachments") or [])
    message = welcome.message_of({**dispatch.content, "attachments": attachments})
    if welcome.NAME_PLACE not in message.text:
        return message
    name = welcome.NAME_DEFAULT
    try:
        found = await asyncio.wait_for(connector.customers.get(dispatch.external_id), NAME_SECONDS)
        name = found.customer.name or name
    except (CarrierError, TimeoutError):
        _log.info("a contact's name was not to be had in time for the welcome")
    return msgspec.structs.replace(message, text=message.text.replace(welcome.NAME_PLACE, name))
