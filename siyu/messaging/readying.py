"""Readying 备妥: of the people of a step, who may be told this very moment, at which address. In the transaction that claims them.

What is found here is final for the moment: nobody is handed to a carrier who was not asked for here, with the messages marked
as under way in the same transaction.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select

from siyu.carriers import contacts
from siyu.carriers.accounts import Account
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.database import among
from siyu.foundation.stores import Stores
from siyu.identity import identifiers
from siyu.messaging import _tables, failover, lease, outbox, rechecking
from siyu.messaging.outbox import COUNTING, PLANNED, REFUSED, RELEASED, Dispatch

BEHIND_WAIT = timedelta(seconds=2)
_message = _tables.message


def ready(stores: Stores, tx: Connection, dispatch: Dispatch, account: Account, messages: pa.Table, now: datetime) -> pa.Table:
    """Those of `messages` who may be told now, with the column `address`. The others are released, refused, or wait elsewhere."""
    messages = _one_each(tx, dispatch, messages, now)
    if not messages.num_rows:
        return messages.append_column("address", pa.array([], pa.string()))
    earlier = lease.behind(tx, dispatch, messages["customer_id"].to_pylist())
    messages = _wait(tx, dispatch, messages, pc.is_in(messages["customer_id"], pa.array(sorted(earlier), pa.int64())), now + BEHIND_WAIT, "order", now)
    checked = rechecking.recheck(stores, tx, dispatch, messages)
    for code, some in checked.refused:
        outbox.mark(tx, some, RELEASED, now=now, code=code, was=(PLANNED,))
        if code in failover.OTHER_WAY:
            failover.ask(stores, tx, dispatch, some, now)
    for until_ms, code, some in checked.waits:
        _part(tx, dispatch, some, from_ms(until_ms), code, now)
    return _addressed(stores, tx, dispatch, account, checked.may, now)


def _one_each(tx: Connection, dispatch: Dispatch, messages: pa.Table, now: datetime) -> pa.Table:
    """Two who turned out to be one person since they were planned are told once."""
    ids = messages["customer_id"].to_pylist()
    query = select(_message.c.customer_id, _message.c.route, _message.c.identity_key, _message.c.status).where(
        among(tx, _message.c.customer_id, ids), _message.c.send_id == dispatch.send_id
    )
    first: dict[int, tuple[int, int]] = {}
    told: set[int] = set()
    for customer, route, key, status in sorted(tx.execute(query), key=lambda row: (row[0], row[1], row[2])):
        if status == PLANNED:
            first.setdefault(customer, (route, key))
        elif status in COUNTING:
            told.add(customer)
    keys = zip(ids, messages["route"].to_pylist(), messages["identity_key"].to_pylist(), strict=True)
    again = pa.array([customer in told or first.get(customer) != (route, key) for customer, route, key in keys], pa.bool_())
    if pc.any(again).as_py():
        outbox.mark(tx, messages.filter(again), RELEASED, now=now, code="duplicate", was=(PLANNED,))
        messages = messages.filter(pc.invert(again))
    return messages


def _wait(tx: Connection, dispatch: Dispatch, messages: pa.Table, waits: pa.Array, until: datetime, code: str, now: datetime) -> pa.Table:
    held = messages.filter(waits)
    if held.num_rows:
        _part(tx, dispatch, held, until, code, now)
    return messages.filter(pc.invert(waits))


def _part(tx: Connection, dispatch: Dispatch, messages: pa.Table, until: datetime, code: str, now: datetime) -> None:
    number = lease.part(tx, dispatch, messages, status="planned", next_at=until, code=code, now=now)
    outbox.hand_over(tx, messages, number, at_ms=to_ms(until))


def _addressed(stores: Stores, tx: Connection, dispatch: Dispatch, account: Account, messages: pa.Table, now: datetime) -> pa.Table:
    """With their addresses. Whoever is gone there is `lost`, or `unreachable` where there never was an address."""
    keys = messages["identity_key"].to_pylist()
    if account.holds_relations:
        column = _column(keys, contacts.addresses(tx, account.id, keys, staff=dispatch.staff))
    else:
        column = _column(keys, identifiers.values_of(stores, tx, keys))
    gone = pc.is_null(column)
    if pc.any(gone).as_py():
        lost = messages.filter(gone)
        outbox.mark(tx, lost, REFUSED, now=now, code="lost" if account.holds_relations else "unreachable", was=(PLANNED,))
        failover.ask(stores, tx, dispatch, lost, now)
    return messages.append_column("address", column).filter(pc.is_valid(column))




def with_addresses(stores: Stores, tx: Connection, account: Account, messages: pa.Table) -> pa.Table:
    """With the addresses of people who were handed over already, gone since or not; null where none is known."""
    keys = messages["identity_key"].to_pylist()
    found = contacts.addresses(tx, account.id, keys, staff=None) if account.holds_relations else identifiers.values_of(stores, tx, keys)
    return messages.append_column("address", _column(keys, found))


def _column(keys: list[int], found: dict[int, str]) -> pa.Array:
    return pa.array([found.get(key) for key in keys], pa.string())
