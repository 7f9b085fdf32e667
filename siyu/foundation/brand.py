"""Brand 品牌状态: the few facts about this installation's data as a whole."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, String, Table, delete, select, update

from siyu.foundation.database import Json, metadata, upsert

_state = Table("foundation_brand", metadata, Column("key", String(40), primary_key=True), Column("value", Json, nullable=False))

KEPT = ("foundation_", "team_", "jobs_", "collect_feed", "collect_journal", "collect_plan_", "segments_segment", "segments_version", "customers_view", "segments_view", "orders_mapping", "orders_place", "orders_found", "identity_limit", "customers_purpose", "rights_retention", "events_head", "alembic")
"""Tables whose rows stay when the data is put away: people, definitions, and the head of the log (positions never go back)."""


EPOCH_CURSOR = "data epoch"
"""The warehouse's cursor that says which data it holds; another number in the ledger means that the data was put away."""


def is_sample(tx: Connection) -> bool:
    """Whether all data is that of the sample brand."""
    return bool(_read(tx, "is_sample", False))


def set_sample(tx: Connection, value: bool) -> None:
    _write(tx, "is_sample", value)


def data_epoch(tx: Connection) -> int:
    """Counts how often the data was put away; the warehouse empties itself when it sees a new number."""
    return int(_read(tx, "data_epoch", 0))


def put_data_away(tx: Connection) -> None:
    """Remove every customer, order and event from the ledger, in the caller's transaction; definitions and people stay."""
    for table in reversed(metadata.sorted_tables):
        if not table.name.startswith(KEPT):
            tx.execute(delete(table))
    segment = metadata.tables.get("segments_segment")
    if segment is not None:
        tx.execute(update(segment).values(computed_version=None, computed_at=None, customer_count=None))
    _write(tx, "is_sample", False)
    _write(tx, "data_epoch", data_epoch(tx) + 1)


def _read(tx: Connection, key: str, default: Any) -> Any:
    value = tx.scalar(select(_state.c.value).where(_state.c.key == key))
    return default if value is None else value


def _write(tx: Connection, key: str, value: Any) -> None:
    upsert(tx, _state, [{"key": key, "value": value}], ["key"])
