"""Begun 新增好友: relations that began since a moment, counted from the ledger: what was told a second ago is in it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, func, select

from siyu.carriers import _tables


def since(tx: Connection, account_id: int, at: datetime) -> dict[tuple[str, str], int]:
    """(state, staff) → relations of an account that began then or later, those that ended again too; the state is '' where none was told.

    A contact who was added twice by the same member of staff counts once.
    """
    table = _tables.relation
    query = select(table.c.state, table.c.staff, func.count()).where(table.c.account_id == account_id, table.c.began_at >= at).group_by(table.c.state, table.c.staff)
    found: dict[tuple[str, str], int] = {}
    for state, staff, count in tx.execute(query):
        found[state or "", staff] = found.get((state or "", staff), 0) + int(count)
    return found
