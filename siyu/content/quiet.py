"""Quiet 不被记录: whoever says so once is not tracked any more: as a customer where they are known, else as a browser. Links go on working."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete

from siyu.content import _tables
from siyu.content.touches import Readers, Touch
from siyu.foundation.database import insert_ignore, select_in
from siyu.foundation.stores import Stores
from siyu.identity.current import current


def stop(stores: Stores, touch: Touch) -> int:
    """From now on nothing is recorded of whoever opened this link here; returns the customer that they are (0: nobody known)."""
    now = stores.now()
    with stores.ledger.begin() as tx:
        reader = Readers(stores, tx, [touch]).reader_of(touch)
        if reader:
            insert_ignore(tx, _tables.quiet, [{"customer_id": reader, "at": now}])
        if touch.visitor:
            insert_ignore(tx, _tables.quiet_visitor, [{"visitor": touch.visitor, "at": now}])
        return reader


def resume(stores: Stores, touch: Touch) -> None:
    """Take it back."""
    with stores.ledger.begin() as tx:
        reader = Readers(stores, tx, [touch]).reader_of(touch)
        tx.execute(delete(_tables.quiet).where(_tables.quiet.c.customer_id == reader))
        tx.execute(delete(_tables.quiet_visitor).where(_tables.quiet_visitor.c.visitor == touch.visitor))


def visitors(tx: Connection, numbers: Sequence[int]) -> set[int]:
    """Which of these browsers said that nothing is to be recorded of them, or belong to a customer who did."""
    table, browser = _tables.quiet_visitor, _tables.browser
    found = {int(row.visitor) for row in select_in(tx, [table.c.visitor], table.c.visitor, numbers)}
    owners = {int(row.visitor): int(row.customer_id) for row in select_in(tx, [browser.c.visitor, browser.c.customer_id], browser.c.visitor, numbers)}
    now = current(tx, set(owners.values()))
    silent = {int(row.customer_id) for row in select_in(tx, [_tables.quiet.c.customer_id], _tables.quiet.c.customer_id, sorted({now.get(one, one) for one in owners.values()}))}
    return found | {visitor for visitor, owner in owners.items() if now.get(owner, owner) in silent}
