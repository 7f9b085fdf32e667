"""Keeping 保留账号: accounts that a person connected stay when the sample brand is put away; their contacts are read anew."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from sqlalchemy import Connection, insert, select

from siyu.carriers import _tables

_WITH_THEM = (_tables.account, _tables.welcome, _tables.contact_way)
"""What people have set up; all else is what carriers told, and a reconcile brings it again."""
Kept = dict[str, list[dict[str, Any]]]


def take_out(tx: Connection, except_refs: Collection[str]) -> Kept:
    """Rows of connected accounts whose number at the carrier is none of these, with their welcomes and live codes."""
    account = _tables.account
    mine = list(tx.scalars(select(account.c.id).where(account.c.removed_at.is_(None), account.c.ref.not_in(list(except_refs)))))
    found: Kept = {}
    for table in _WITH_THEM:
        owner = table.c.id if table is account else table.c.account_id
        found[table.name] = [dict(row._mapping) for row in tx.execute(select(table).where(owner.in_(mine)))]
    return found


def put_back(tx: Connection, kept: Mapping[str, list[dict[str, Any]]]) -> list[int]:
    """Put them back after all other data was put away; returns the accounts' numbers."""
    for table in _WITH_THEM:
        if rows := kept[table.name]:
            tx.execute(insert(table), rows)
    return [row["id"] for row in kept[_tables.account.name]]
