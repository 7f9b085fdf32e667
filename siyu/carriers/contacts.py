"""Contacts 联系人: a person as one account knows them. Who that is, is for identity to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from siyu.carriers import _tables
from siyu.carriers.accounts import Account
from siyu.foundation.database import among, insert_ignore
from siyu.foundation.stores import Stores

LOOKED_UP_TOGETHER = 5_000


@dataclass(frozen=True)
class Contact:
    """`external_id` is the carrier's own id; `identity_key` is how events name the person."""

    id: int
    external_id: str
    identity_key: int


def known(stores: Stores, tx: Connection, account: Account, external_ids: Sequence[str], now: datetime) -> dict[str, Contact]:
    """The contacts of these ids; those that are new are made."""
    distinct = sorted(set(external_ids))
    keys = stores.secrets.index(distinct, f"identifier {account.namespace}")
    rows = [
        {"account_id": account.id, "external_id": external_id, "identity_key": key, "first_seen_at": now}
        for external_id, key in zip(distinct, keys, strict=True)
    ]
    insert_ignore(tx, _tables.contact, rows)
    table = _tables.contact
    found: dict[str, Contact] = {}
    for start in range(0, len(distinct), LOOKED_UP_TOGETHER):
        mine = table.c.external_id.in_(distinct[start : start + LOOKED_UP_TOGETHER])
        rows_of = select(table.c.id, table.c.external_id, table.c.identity_key).where(table.c.account_id == account.id, mine)
        found |= {row.external_id: Contact(*row) for row in tx.execute(rows_of)}
    return found


def unread(tx: Connection, account_id: int, limit: int) -> list[Contact]:
    """Contacts whose details were never read, oldest first."""
    table = _tables.contact
    query = select(table.c.id, table.c.external_id, table.c.identity_key).where(table.c.account_id == account_id, table.c.read_at.is_(None))
    return [Contact(*row) for row in tx.execute(query.order_by(table.c.id).limit(limit))]


def never_read(tx: Connection, account_id: int, external_ids: Sequence[str]) -> list[str]:
    """Those of these ids whose details were never read, known or not."""
    table, read = _tables.contact, set()
    for start in range(0, len(external_ids), LOOKED_UP_TOGETHER):
        some = table.c.external_id.in_(external_ids[start : start + LOOKED_UP_TOGETHER])
        read |= set(tx.scalars(select(table.c.external_id).where(table.c.account_id == account_id, some, table.c.read_at.is_not(None))))
    return [name for name in external_ids if name not in read]


def addresses(tx: Connection, account_id: int, identity_keys: Sequence[int], *, staff: str | None) -> dict[int, str]:
    """Identity key → the carrier's id, of those whom this member of staff ('' : the account itself) is still connected with; None: of all."""
    table, relation = _tables.contact, _tables.relation
    query = select(table.c.identity_key, table.c.external_id).where(table.c.account_id == account_id, among(tx, table.c.identity_key, list(identity_keys)))
    if staff is not None:
        query = query.join(relation, relation.c.contact_id == table.c.id).where(relation.c.staff == staff, relation.c.ended_at.is_(None))
    return {int(key): str(external_id) for key, external_id in tx.execute(query)}


def keys_of(tx: Connection, account_id: int, external_ids: Sequence[str]) -> dict[str, int]:
    """The carrier's id → identity key, of those who are known."""
    table = _tables.contact
    found: dict[str, int] = {}
    for start in range(0, len(external_ids), LOOKED_UP_TOGETHER):
        some = table.c.external_id.in_(list(external_ids[start : start + LOOKED_UP_TOGETHER]))
        found |= {str(name): int(key) for name, key in tx.execute(select(table.c.external_id, table.c.identity_key).where(table.c.account_id == account_id, some))}
    return found
