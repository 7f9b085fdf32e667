"""Pulls 拉取: a shop is asked for orders: for those that a callback named, and each night for all that changed.

A stretch of time is read page by page; each page and the place reached are one transaction, so a pull that was cut off goes on
where it was. The list is that of changes, and stretches overlap: what a lost callback would have told comes the night after.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.errors import AccountRestricted, BadCredentials, CarrierError, Throttled, Unavailable
from siyu.connectors.registry import SHOPS
from siyu.connectors.selling import Order, Told
from siyu.foundation.database import upsert
from siyu.foundation.jobs import Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import _tables, shops
from siyu.orders.shops import Written

FIRST_DAYS = 90
LONGEST = timedelta(days=7)
"""WeChat Shop lists no more than seven days at once."""
OVERLAP = timedelta(hours=6)
NOT_YET = timedelta(seconds=30)
"""The last moments are left for the next time: a shop's list lags behind its orders."""
AT_ONCE = 8
TOGETHER = 100
_ENDS_ALL = (Throttled, BadCredentials, AccountRestricted)


def pulling(tx: Connection) -> list[Account]:
    """Shops that can be asked, and are well."""
    found = accounts.list_accounts(tx, SHOPS)
    return [one for one in found if one.status == "connected" and one.vendor.selling is not None and one.vendor.selling.pulls]


def waiting(tx: Connection) -> list[Account]:
    """Of those, the ones of which some order is to be read."""
    table = _tables.told
    named = set(tx.scalars(select(table.c.account_id).where(table.c.wanted_at.is_not(None)).distinct()))
    return [one for one in pulling(tx) if one.id in named]


def fetch(running: Running, calls: Calls, account: Account) -> int:
    """Read the orders that are wanted, until none is left; returns how many were read."""
    read = 0
    while True:
        with running.stores.ledger.read() as tx:
            some = shops.wanted(tx, account.id, TOGETHER)
        if not some:
            return read
        found = calls.run(_ask(calls, account, [number for number, _ in some]))
        _keep(running, account, some, found)
        errors = [one for one in found if isinstance(one, CarrierError)]
        read += len(found) - len(errors)
        for error in errors:
            if isinstance(error, _ENDS_ALL) or (isinstance(error, Unavailable) and error.vendor_code not in ("shape", "status")):
                raise error
        running.progress(read, None, Text(f"已读取 {read:,} 张订单", f"{read:,} orders read"))


def pull(running: Running, calls: Calls, account: Account, since: datetime | None = None) -> dict[str, int]:
    """Read all orders that changed since the last pull (the first time, or with `since`, from that day on)."""
    stores, total = running.stores, Written()
    goal = stores.now() - NOT_YET
    with stores.ledger.read() as tx:
        place = _place(tx, account.id)
    begins = since or (place["pulled_to"] - OVERLAP if place["pulled_to"] else goal - timedelta(days=FIRST_DAYS))
    ends, cursor = min(begins + LONGEST, goal), ""
    if since is None and place["since"] is not None:
        begins, ends, cursor = place["since"], place["until"], place["cursor"]
    while begins < goal:
        page: Told = calls.run(_page(calls, account, begins, ends, cursor))
        with running.begin() as tx:
            total = _sum(total, shops.write(stores, tx, account, page.orders))
            shops.want(tx, account, page.wanted, stores.now())
            _reached(tx, account.id, begins, ends, page.next_cursor, stores.now())
        fetch(running, calls, account)
        running.progress(sum(asdict(total).values()), None, Text(f"已读到 {begins:%Y-%m-%d}", f"read up to {begins:%Y-%m-%d}"))
        cursor = page.next_cursor
        if not cursor:
            begins, ends = ends, min(ends + LONGEST, goal)
    return asdict(total)


def failed(stores: Stores, account: Account, error: CarrierError) -> None:
    """Why the last pull broke off, for the page of shops; the next one goes on from there."""
    with stores.ledger.begin() as tx:
        row = _place(tx, account.id)
        upsert(tx, _tables.shop, [{**row, "fault": fault_of(error)}], ["account_id"])


def fault_of(error: Any) -> dict[str, Any]:
    way_out = error.way_out.json() if error.way_out is not None else None
    return {"code": getattr(error, "vendor_code", "") or error.code, **error.message.json(), "way_out": way_out}


async def _ask(calls: Calls, account: Account, numbers: Sequence[str]) -> list[Order | CarrierError]:
    orders, room = calls.connector(account).orders, asyncio.Semaphore(AT_ONCE)

    async def one(number: str) -> Order | CarrierError:
        async with room:
            try:
                found: Order = await orders.get(number)
                # The number by which it was asked for is the one it is known by.
                return found if found.order_no == number else replace(found, order_no=number)
            except CarrierError as error:
                return error

    return list(await asyncio.gather(*(one(number) for number in numbers)))


async def _page(calls: Calls, account: Account, since: datetime, until: datetime, cursor: str) -> Told:
    found: Told = await calls.connector(account).orders.page(since, until, cursor)
    return found


def _keep(running: Running, account: Account, some: Sequence[tuple[str, datetime]], found: Sequence[Order | CarrierError]) -> None:
    """What was read, and what the shop will not tell; what could not be had is left wanted."""
    stores = running.stores
    with running.begin() as tx:
        shops.write(stores, tx, account, [one for one in found if isinstance(one, Order)])
        for (number, at), one in zip(some, found, strict=True):
            if isinstance(one, Order):
                shops.answered(tx, account.id, number, at)
            elif not isinstance(one, _ENDS_ALL) and (not isinstance(one, Unavailable) or one.vendor_code in ("shape", "status")):
                shops.answered(tx, account.id, number, at, fault_of(one))


def _reached(tx: Connection, account_id: int, since: datetime, until: datetime, cursor: str, now: datetime) -> None:
    done = {"pulled_to": until, "since": None, "until": None, "cursor": None}
    going = {"since": since, "until": until, "cursor": cursor}
    upsert(tx, _tables.shop, [{**_place(tx, account_id), **(going if cursor else done), "pulled_at": now, "fault": None}], ["account_id"])


def _place(tx: Connection, account_id: int) -> dict[str, Any]:
    row = tx.execute(select(_tables.shop).where(_tables.shop.c.account_id == account_id)).one_or_none()
    return dict(row._mapping) if row is not None else {"account_id": account_id, **dict.fromkeys(("pulled_to", "since", "until", "cursor", "pulled_at", "fault"))}


def _sum(one: Written, other: Written) -> Written:
    return Written(*(a + b for a, b in zip(asdict(one).values(), asdict(other).values(), strict=True)))
