"""Staffing 员工同步: who serves customers at an account, as its carrier says; who is not found any more has left."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

import ibis.expr.types as ir
import pyarrow as pa
from sqlalchemy import Connection, func, select

from siyu.carriers import _tables, accounts
from siyu.carriers._limits import patient
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.errors import AccountRestricted, Refused
from siyu.events import log
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Tables
from siyu.team import staff
from siyu.team.staff import Taken, Told

PATIENCE_SECONDS = 600.0
LOOKED_BACK = 2_000
LEFT = 5
"""The carrier's status of a member who has left the corp."""


def sync(calls: Calls, account_id: int) -> Taken:
    """Read the staff and take them in."""
    stores = calls.stores
    with stores.ledger.read() as tx:
        account, known = accounts.find_account(tx, account_id), staff.known(tx, account_id).keys() | _holding(tx, account_id)
    told = calls.run(_read(calls, account, known))
    with stores.ledger.begin() as tx:
        return staff.take_in(tx, account.id, told, stores.now(), _left_at(tx, account_id))


def open_counts(tx: Connection, account_ids: Collection[int] | None = None) -> dict[tuple[int, str], int]:
    """(account, staff) → relations that are open."""
    table = _tables.relation
    query = select(table.c.account_id, table.c.staff, func.count()).where(table.c.ended_at.is_(None)).group_by(table.c.account_id, table.c.staff)
    if account_ids is not None:
        query = query.where(table.c.account_id.in_(account_ids))
    return {(int(account), name): int(count) for account, name, count in tx.execute(query)}


def customer_counts(stores: Stores) -> dict[tuple[int, str], int]:
    """(account, staff) → customers with an open relation, by the published facts."""
    relation = open_spells(stores.warehouse.tables)
    with stores.warehouse.read() as session:
        rows = session.query(relation.group_by("account_id", "staff").agg(customers=relation.customer_id.nunique())).to_pylist()
    return {(row["account_id"], row["staff"]): row["customers"] for row in rows}


def customer_counts_of(stores: Stores, groups: Sequence[tuple[int, int, str]]) -> dict[int, int]:
    """Group → customers with an open relation to any of its (account, staff); somebody known to two of them counts once."""
    if not groups:
        return {}
    columns = {name: [group[place] for group in groups] for place, name in enumerate(("group", "account_id", "staff"))}
    with stores.warehouse.read() as session:
        held = session.keep("_staff_groups", pa.table(columns, _GROUPS))
        relation = open_spells(stores.warehouse.tables).inner_join(held, ["account_id", "staff"])
        rows = session.query(relation.group_by("group").agg(customers=relation.customer_id.nunique())).to_pylist()
    return {row["group"]: row["customers"] for row in rows}


def open_spells(tables: Tables) -> ir.Table:
    fact = tables["carriers_relation"]
    return fact.filter(~fact.void & fact.ended_ms.isnull())


_GROUPS = pa.schema([("group", pa.int64()), ("account_id", pa.int64()), ("staff", pa.string())])


def _holding(tx: Connection, account_id: int) -> set[str]:
    """Staff who hold relations: somebody who left before Siyu came is known by them only."""
    return {name for _, name in open_counts(tx, [account_id]) if name}


async def _read(calls: Calls, account: Account, known: Collection[str]) -> list[Told]:
    connector = calls.connector(account)
    with patient(PATIENCE_SECONDS):
        serving = set(await connector.staff.serving())
        directory = await _directory(connector)
        told = [_told(directory.get(userid), userid, "active") for userid in sorted(serving)]
        told += [await _absent(connector, userid, directory.get(userid)) for userid in sorted(set(known) - serving)]
    return told


async def _directory(connector: Any) -> dict[str, tuple[str, tuple[str, ...]]]:
    """Userid → name and departments, as far as the app may read them; one call a department."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    try:
        departments = {one.id: one for one in await connector.staff.departments()}
        for number in departments:
            for member in await connector.staff.in_department(number):
                names = tuple(departments[d].name or str(d) for d in member.department if d in departments)
                found[member.userid] = (member.name, names)
    except (Refused, AccountRestricted):
        # An app without the address book: ids serve as names.
        return found
    return found


async def _absent(connector: Any, userid: str, entry: tuple[str, tuple[str, ...]] | None) -> Told:
    """Somebody who does not serve: there, or gone from the corp."""
    try:
        member = await connector.staff.get(userid)
    except Refused:
        return Told(userid, "", (), "left")
    return _told(entry, userid, "left" if member.status == LEFT else "disabled", member.name)


def _told(entry: tuple[str, tuple[str, ...]] | None, userid: str, status: str, name: str = "") -> Told:
    return Told(userid, (entry[0] if entry else "") or name or userid, entry[1] if entry else (), status)


def _left_at(tx: Connection, account_id: int) -> dict[str, datetime]:
    """When the carrier said that somebody left; its own time is better than ours."""
    batches = log.batches(tx, max(0, log.head(tx) - LOOKED_BACK), None, [CARRIER_REPORTED.name], limit=LOOKED_BACK)
    rows = [row for batch in batches for row in batch.rows.to_pylist()]
    return {row["staff"]: from_ms(row["at_ms"]) for row in rows if row["account_id"] == account_id and row["kind"] == "staff_deleted" and row["staff"]}
