"""Quality 客户质量: who is a zombie 僵尸粉 or a deal-hunter 羊毛党, by their behaviour and with reasons; written as one table for a day.

Nobody is punished by it: it prices sources, holds rewards back for a look, and leaves people out where somebody chose so.
What is not known yet is said to be so and never counts against a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.clock import day_number, from_day_number, from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session, WriteSession
from siyu.foundation.warehouse.facts import Tables
from siyu.segments.facts import SEGMENTS_QUALITY, SEGMENTS_QUALITY_BASE, SEGMENTS_USUAL_PRICE
from siyu.segments.quality_behaviour import behaviours, rates, usual_prices
from siyu.segments.quality_marks import all_marks
from siyu.segments.quality_signs import HUNTER_REASONS, ZOMBIE_REASONS, Reason, judged, told
from siyu.segments.touched import ARRIVED, keep_arrived

REASONS: dict[str, dict[str, Reason]] = {"zombie": {**ZOMBIE_REASONS}, "deal_hunter": {**HUNTER_REASONS}}
"""By score, the reasons by name; each is a bit of `zombie_reasons` or `hunter_reasons`."""
_MARKS = ibis.table({"customer_id": "int64", "what": "string"}, name="_quality_marks")
_BEHAVIOURS, _JUDGED = "_behaviours", "_quality"
_READ = ("customers_profile", "customers_activity", "customers_property", "orders_line", "carriers_relation")


@dataclass(frozen=True)
class Quality:
    """One customer's scores (0–1; None: not known yet), the names of the reasons, and what they were made from."""

    as_of_on: date
    zombie: float | None
    deal_hunter: float | None
    is_zombie: bool
    is_hunter: bool
    zombie_reasons: tuple[str, ...]
    hunter_reasons: tuple[str, ...]
    seen: dict[str, Any]


def table() -> ir.Table:
    """The published table: one row a customer, as of the last recompute."""
    return SEGMENTS_QUALITY.table


def refresh_quality(stores: Stores, as_of: date) -> int:
    """Judge everybody by what is known up to the end of a local day, in the place of what stood there; returns how many."""
    tables, end_ms = stores.warehouse.tables, stores.calendar.end_ms(as_of)
    with stores.ledger.read() as tx:
        marks = all_marks(tx)
    with stores.warehouse.engine.write() as session:
        session.clear(SEGMENTS_USUAL_PRICE)
        session.insert(SEGMENTS_USUAL_PRICE, usual_prices(tables["orders_line"], end_ms))
        people = session.keep(_BEHAVIOURS, behaviours(tables, SEGMENTS_USUAL_PRICE.table, end_ms))
        session.clear(SEGMENTS_QUALITY_BASE)
        session.insert(SEGMENTS_QUALITY_BASE, rates(people).mutate(as_of_on=ibis.literal(day_number(as_of), "int32")))
        session.keep(_MARKS.get_name(), marks)
        session.clear(SEGMENTS_QUALITY)
        session.insert(SEGMENTS_QUALITY, _rows(people, day_number(as_of)))
        return int(session.scalar(SEGMENTS_QUALITY.table.count()))


def refresh_some(stores: Stores, keys: pa.Array, customers: pa.Array, as_of: date) -> int:
    """Judge the people behind these identifiers and numbers anew, by the usual prices and rates of the last recompute.

    Before the first recompute nobody is judged.
    """
    with stores.ledger.read() as tx:
        marks = all_marks(tx)
    with stores.warehouse.engine.write() as session:
        if not session.scalar(SEGMENTS_QUALITY_BASE.table.count()):
            return 0
        keep_arrived(session, keys, customers)
        session.keep(_MARKS.get_name(), marks)
        few = _narrowed(session, stores.warehouse.tables)
        people = session.keep(_BEHAVIOURS, behaviours(few, SEGMENTS_USUAL_PRICE.table, stores.calendar.end_ms(as_of)))
        session.delete(SEGMENTS_QUALITY, session.keep("_again", ARRIVED.distinct()), ["customer_id"])
        fresh = session.keep(_JUDGED, _rows(people, day_number(as_of)))
        session.insert(SEGMENTS_QUALITY, fresh)
        return int(session.scalar(fresh.count()))


def _rows(people: ir.Table, as_of_on: int) -> ir.Table:
    base = SEGMENTS_QUALITY_BASE.table
    base = base.select("read_rate", "visit_rate", welcome_rate=base.welcome_rate.fill_null(0.0))
    found = judged(people.cross_join(base), _MARKS, as_of_on)
    return found.select([column.name for column in SEGMENTS_QUALITY.columns])


def _narrowed(session: WriteSession, tables: Tables) -> Tables:
    """These people's rows of the facts that behaviour is read from."""
    few = {name: session.keep(f"_few_{name}", tables[name].semi_join(ARRIVED, "customer_id")) for name in _READ}
    return {**tables, **few}


def find_quality(session: Session, customer_id: int) -> Quality | None:
    """What was last computed for a customer; None for somebody who came since."""
    rows = session.query(SEGMENTS_QUALITY.table.filter(SEGMENTS_QUALITY.table.customer_id == customer_id)).to_pylist()
    return quality_of(rows[0]) if rows else None


def quality_of(row: dict[str, Any]) -> Quality:
    """A row of the table as a record."""
    named = {column.name for column in SEGMENTS_QUALITY.columns}
    judged_by = {"customer_id", "as_of_on", "zombie", "deal_hunter", "is_zombie", "is_hunter", "zombie_reasons", "hunter_reasons", "not_zombie", "not_hunter", "left_ms", "zombie_rate", "hunter_rate"}
    return Quality(
        as_of_on=from_day_number(row["as_of_on"]),
        zombie=row["zombie"],
        deal_hunter=row["deal_hunter"],
        is_zombie=bool(row["is_zombie"]),
        is_hunter=bool(row["is_hunter"]),
        zombie_reasons=told(row["zombie_reasons"] or 0, ZOMBIE_REASONS),
        hunter_reasons=told(row["hunter_reasons"] or 0, HUNTER_REASONS),
        seen={name: row[name] for name in sorted(named - judged_by)} | {"left_at": from_ms(row["left_ms"]) if row["left_ms"] is not None else None},
    )
