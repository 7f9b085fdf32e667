"""Mailboxes 退信邮箱: bounces, complaints and wishes to unsubscribe that came back by mail go into the inbox like callbacks."""

from __future__ import annotations

import logging

from sqlalchemy import select

from siyu.carriers import _delivery_tables, accounts
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.inbox import Arrival, store
from siyu.connectors.email.connector import Told
from siyu.connectors.errors import CarrierError
from siyu.foundation.database import upsert

_table = _delivery_tables.mailbox
_log = logging.getLogger("siyu.carriers")


def read_mailboxes(calls: Calls) -> int:
    """Read on in every mailbox; how far is kept with what was found. Returns how many reports were new."""
    with calls.stores.ledger.read() as tx:
        senders = [account for account in accounts.list_accounts(tx, ["email"]) if account.status != "paused"]
        cursors = {row.account_id: row.cursor for row in tx.execute(select(_table))}
    new = 0
    for account in senders:
        try:
            new += _read_on(calls, account, cursors.get(account.id, ""))
        except CarrierError as error:
            _log.info("the mailbox of account %s cannot be read now: %s", account.id, error.vendor_code)
        except Exception:
            _log.exception("the mailbox of account %s cannot be read; the others are", account.id)
    return new


def _read_on(calls: Calls, account: Account, cursor: str) -> int:
    stores, new = calls.stores, 0
    while True:
        told = calls.run(_told(calls, account, cursor))
        arrivals = [Arrival.of(account, [one], b"", stores.now()) for one in told.happenings]
        if arrivals:
            new += store(stores, arrivals, lambda _tx, _new: lambda: None)
        if told.cursor != cursor:
            # After what was found: read again after a crash, it is known by its keys.
            with stores.ledger.begin() as tx:
                upsert(tx, _table, [{"account_id": account.id, "cursor": told.cursor, "read_at": stores.now()}], ["account_id"])
        if not told.more or told.cursor == cursor:
            return new
        cursor = told.cursor


async def _told(calls: Calls, account: Account, cursor: str) -> Told:
    told: Told = await calls.connector(account).read(cursor)
    return told
