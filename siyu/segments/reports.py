"""Reports 报表 of segments: RFM, lifecycle and value for a day, as the console and the command line read them.

A report is computed from published facts and kept in the ledger with the position of the log it was made from; asked
again at the same position, it is only read. A reader who would rather not wait takes what is kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from siyu.foundation import jobs
from siyu.foundation.brand import EPOCH_CURSOR
from siyu.foundation.database import upsert
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.connect import CURSORS
from siyu.orders.facts import ORDERS_LINE
from siyu.segments import _tables
from siyu.segments.lifecycle_report import lifecycle_report
from siyu.segments.rfm_report import rfm_report
from siyu.segments.value_report import value_report

PREPARE = "reports.prepare"
"""The kind of job that computes reports before somebody asks (`siyu.measurement.tasks`)."""
REPORTS: dict[str, Callable[[Stores, date], dict[str, Any]]] = {
    "rfm": rfm_report,
    "lifecycle": lifecycle_report,
    "value": value_report,
}


DEFINITIONS = 3
"""Raise it when a report's definition changes: what was kept under another number is computed anew."""
_computing = threading.Lock()


@dataclass(frozen=True)
class Report:
    """`key` names what it was made from: equal keys, equal payloads. `is_newest`: no fact was published since."""

    payload: dict[str, Any]
    computed_at: datetime
    key: str
    is_newest: bool = True


def report(stores: Stores, name: str, as_of: date, *, kept: bool = False) -> Report:
    """The report for a local day, that day included; computed only if facts were published since.

    With `kept`, an older result of the same data is given at once.
    """
    if as_of > stores.calendar.on(stores.now()):
        fault = Fault("as_of", Text("不能晚于今天", "must not be later than today"))
        raise InvalidError(Text("日期不对", "the day is not valid"), faults=[fault])
    if (found := _found(stores, name, as_of)) is not None and (found.is_newest or kept):
        return found
    with _computing:
        if (found := _found(stores, name, as_of)) is not None and found.is_newest:
            return found
        return _compute(stores, name, as_of)


def _found(stores: Stores, name: str, as_of: date) -> Report | None:
    """The kept result of the data that the warehouse holds. One from before the first orders is not worth having."""
    position, kept_as = _reached(stores, name)
    table = _tables.report
    with stores.ledger.read() as tx:
        row = tx.execute(select(table).where(table.c.name == kept_as, table.c.as_of_on == as_of.isoformat())).one_or_none()
    if row is None or (row.position != position and not row.position):
        return None
    return Report(row.payload, row.computed_at, f"{kept_as} {as_of} {row.position}", row.position == position)


def _compute(stores: Stores, name: str, as_of: date) -> Report:
    position, kept_as = _reached(stores, name)
    payload = {"as_of_on": as_of.isoformat(), **REPORTS[name](stores, as_of)}
    now = stores.now()
    row = {"name": kept_as, "as_of_on": as_of.isoformat(), "position": position, "computed_at": now, "payload": payload}
    with stores.ledger.begin() as tx:
        upsert(tx, _tables.report, [row], ["name", "as_of_on"])
    return Report(payload, now, f"{kept_as} {as_of} {position}")


def _reached(stores: Stores, name: str) -> tuple[int, str]:
    """How far the log is published into the orders, and the name under which a report of the warehouse's data is kept."""
    cursors = CURSORS.table
    with stores.warehouse.read() as session:
        rows = session.query(cursors.filter(cursors.fact.isin([ORDERS_LINE.name, EPOCH_CURSOR]))).to_pylist()
    at = {row["fact"]: int(row["position"]) for row in rows}
    return at.get(ORDERS_LINE.name, 0), f"{name} {DEFINITIONS} {at.get(EPOCH_CURSOR, 0)}"


def forget(tx: Connection) -> None:
    """Throw away what is kept: facts under it were made anew without anything published."""
    tx.execute(delete(_tables.report))


def ask_for_newer(tx: Connection, now: datetime, key: str = "asked") -> str:
    """Have reports computed by a job; one that waits or runs already is the answer, unless `key` names other data."""
    return jobs.submit(tx, PREPARE, {}, now=now, key=key)


