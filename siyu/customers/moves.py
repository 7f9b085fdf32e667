"""Moves 搬移: the tags of customers who are merged, split or parted again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection

from siyu.customers import _consent_tables, _tables
from siyu.customers.consent_facts import STRICTEST
from siyu.events import log
from siyu.events.catalogue.customers import CONSENTS_CHANGED, TAGS_CHANGED
from siyu.foundation.clock import to_ms
from siyu.identity.moves import Change, Move, most_restrictive


def _told(tx: Connection, changes: Sequence[Change], now: datetime) -> None:
    rows = [(change.after or change.before, change.after is not None) for change in changes]
    columns: dict[str, object] = {
        "customer_id": [row["customer_id"] for row, _ in rows if row],
        "tag": [row["tag"] for row, _ in rows if row],
        "added": [added for _, added in rows],
        "at_ms": [to_ms(row["tagged_at"] if added else now) for row, added in rows if row],
        "by": [row["by"] for row, _ in rows if row],
    }
    log.append(tx, TAGS_CHANGED, TAGS_CHANGED.table(columns), now=now)


def _consents_told(tx: Connection, changes: Sequence[Change], now: datetime) -> None:
    rows = [{**(change.after or {**(change.before or {}), "state": "unknown", "at_ms": to_ms(now)}), "source": "merge"} for change in changes]
    names = ("customer_id", "purpose", "carrier", "state", "at_ms", "source")
    log.append(tx, CONSENTS_CHANGED, CONSENTS_CHANGED.table({name: [row[name] for row in rows] for name in names}), now=now)


MOVES = (
    Move(_tables.tag, announce=_told),
    Move(_consent_tables.consent, unite=most_restrictive("state", STRICTEST), copied_on_split=True, announce=_consents_told),
    Move(_consent_tables.record, copied_on_split=False),
    Move(_consent_tables.minor),
    Move(_consent_tables.restriction, copied_on_split=True),
)
"""Somebody who is merged keeps the tags of both; one that both had, as the customer who stays had it. Of two statements of consent the
stricter holds, who leaves takes it along, and the proofs stay with the person; so does a restriction."""
