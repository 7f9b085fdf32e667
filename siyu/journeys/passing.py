"""Passing 通过人数: how many people have taken each way out of each node, kept in the transaction that moves them."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite

from siyu.journeys import _tables

_table = _tables.passed


def count_passed(tx: Connection, more: Mapping[tuple[int, str], int]) -> None:
    """(place, edge) → people to add."""
    rows = [{"place_id": place, "edge": edge, "people_count": count} for (place, edge), count in sorted(more.items())]
    if not rows:
        return
    new = sqlite.insert(_table) if tx.dialect.name == "sqlite" else postgresql.insert(_table)
    added = {"people_count": _table.c.people_count + new.excluded.people_count}
    tx.execute(new.on_conflict_do_update(index_elements=["place_id", "edge"], set_=added), rows)
