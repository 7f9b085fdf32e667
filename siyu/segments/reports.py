"""Reports 报表 of segments: RFM, lifecycle and value for a day, as the console and the command line read them.

A report is computed from published facts and kept in the ledger with the position of the log it was made from; asked
again at the same position, it is only read.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from siyu.foundation.database import upsert
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.publish import published_through
from siyu.orders.facts import ORDERS_LINE
from siyu.segments import _tables
from siyu.segments.lifecycle_report import lifecycle_report
from siyu.segments.rfm_report import rfm_report
from siyu.segments.value_report import value_report

REPORTS: dict[str, Callable[[Stores, date], dict[str, Any]]] = {
    "rfm": rfm_report,
    "lifecycle": lifecycle_report,
    "value": value_report,
}


DEFINITIONS = 2
"""Raise it when a report's definition changes: what was kept under another number is computed anew."""


@dataclass(frozen=True)
class Report:
    """`key` names what it was made from: equal keys, equal payloads."""

    payload: dict[str, Any]
    computed_at: datetime
    key: str


def report(stores: Stores, name: str, as_of: date) -> Report:
    """The report for a local day, that day included; computed only if facts were published since."""
    if as_of > stores.calendar.on(stores.now()):
        fault = Fault("as_of", Text("不能晚于今天", "must not be later than today"))
        raise InvalidError(Text("日期不对", "the day is not valid"), faults=[fault])
    position = published_through(stores.warehouse, ORDERS_LINE)
    table, kept_as = _tables.report, f"{name} {DEFINITIONS}"
    with stores.ledger.read() as tx:
        row = tx.execute(select(table).where(table.c.name == kept_as, table.c.as_of_on == as_of.isoformat())).one_or_none()
    if row is not None and row.position == position:
        return Report(row.payload, row.computed_at, f"{kept_as} {as_of} {position}")
    payload = {"as_of_on": as_of.isoformat(), **REPORTS[name](stores, as_of)}
    now = stores.now()
    kept = {"name": kept_as, "as_of_on": as_of.isoformat(), "position": position, "computed_at": now, "payload": payload}
    with stores.ledger.begin() as tx:
        upsert(tx, table, [kept], ["name", "as_of_on"])
    return Report(payload, now, f"{kept_as} {as_of} {position}")


