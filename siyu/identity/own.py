"""Own 本间的搬移: the columns of this room's own tables that name customers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, bindparam, update

from siyu.events import log
from siyu.events.catalogue.identity import IDENTIFIERS_LINKED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import select_in
from siyu.identity import _tables
from siyu.identity.keys import by_key
from siyu.identity.moves import Change, Move, declare


def _linked(tx: Connection, changes: Sequence[Change], now: datetime) -> None:
    table = _tables.identifier
    whose = {after["id"]: (before["customer_id"], after["customer_id"]) for before, after in changes if before and after}
    rows = sorted(select_in(tx, [table.c.id, table.c.identity_key, table.c.first_seen_at], table.c.id, sorted(whose)))
    columns: dict[str, object] = {
        "identity_key": [key for _, key, _ in rows],
        "customer_id": [whose[each][1] for each, _, _ in rows],
        "seen_ms": [to_ms(seen_at) for _, _, seen_at in rows],
        "was_customer_id": [whose[each][0] for each, _, _ in rows],
    }
    log.append(tx, IDENTIFIERS_LINKED, IDENTIFIERS_LINKED.table(columns), now=now)


def _claims(tx: Connection, changes: Sequence[Change], now: datetime) -> None:
    """An identifier is claimed by one less when two claimants become one person, or its owner and a claimant do."""
    delta: Counter[int] = Counter()
    for change in changes:
        for row, sign in zip(change, (-1, 1), strict=True):
            if row is not None and row["state"] != "merged":
                delta[row["identity_key"]] += sign
    add_claims(tx, delta)


def add_claims(tx: Connection, more: Mapping[int, int]) -> None:
    """So many people more (or less) claim each identifier."""
    table = _tables.identifier
    now = by_key(tx, [table.c.id, table.c.identity_key, table.c.claim_count], (key for key, count in more.items() if count))
    rows = [{"_id": each, "claim_count": count + more[key]} for each, key, count in now]
    if rows:
        tx.execute(update(table).where(table.c.id == bindparam("_id")), rows)


IDENTIFIERS = Move(_tables.identifier, announce=_linked)
APART = Move(_tables.apart)
CONFLICTS = Move(_tables.conflict, announce=_claims)
FORMER = Move(_tables.customer, "merged_into")
"""Numbers that stood for a customer stand for whom that one became."""

declare((IDENTIFIERS, APART, Move(_tables.apart, "other_id"), CONFLICTS, FORMER))
