"""Relations report 好友报表: growth and loss, by day, by member of staff, by live code. People and relations are counted apart.

Grain in: one row of `carriers_relation` is one spell of one relation; void ones are left out. Grain out: one row is one local
day, one (account, staff), or one state. A spell begins in the period when `began_ms` lies in it and was told, and ends in it
when `ended_ms` does. `open_count` is the relations open at the end of the row's day (of the period, by staff and by state),
`person_count` the customers with at least one such relation; `net_count` = begun - ended, of whatever kind. A transfer ends a
relation with one member of staff and begins one with another: it moves no person.
Engines count by quarters of an hour, of which every time zone's days are made; the days are put together here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Literal

import ibis
import ibis.expr.types as ir

from siyu.foundation.clock import Calendar, from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session

By = Literal["day", "staff", "state"]
QUARTER_MS = 900_000
MOST_DAYS = 800
KINDS = {"customer": "ended_by_customer_count", "staff": "ended_by_staff_count", "transfer": "transferred_count"}
"""Who ended it; whatever else there is (unknown) counts as gone."""


@dataclass
class Tally:
    """Counts of relations, and of people in `person_count`."""

    began_count: int = 0
    ended_by_customer_count: int = 0
    ended_by_staff_count: int = 0
    transferred_count: int = 0
    gone_count: int = 0
    open_count: int = 0
    person_count: int = 0

    @property
    def net_count(self) -> int:
        ended = self.ended_by_customer_count + self.ended_by_staff_count + self.transferred_count + self.gone_count
        return self.began_count - ended

    def ended(self, by: str | None, count: int) -> None:
        name = KINDS.get(by or "", "gone_count")
        setattr(self, name, getattr(self, name) + count)


@dataclass(frozen=True)
class Row:
    """`on`, or `account_id` and `staff`, or `state`, as the report was asked for."""

    tally: Tally
    on: date | None = None
    account_id: int | None = None
    staff: str | None = None
    state: str | None = None


@dataclass(frozen=True)
class Report:
    """Rows by day in the order of time, by staff and state the largest first."""

    from_on: date
    to_on: date
    by: By
    items: list[Row]
    totals: Tally = field(default_factory=Tally)


def relations_report(stores: Stores, *, account_id: int | None, from_on: date, to_on: date, by: By) -> Report:
    """The report of [from_on, to_on], both days included."""
    period = _Period(stores.calendar, from_on, to_on)
    fact = stores.warehouse.tables["carriers_relation"]
    valid = fact.filter(~fact.void)
    if account_id is not None:
        valid = valid.filter(valid.account_id == account_id)
    with stores.warehouse.read() as session:
        totals = _totals(session, valid, period)
        if by == "day":
            rows = _by_day(session, valid, period)
        else:
            rows = _by_key(session, valid, period, ("account_id", "staff") if by == "staff" else ("state",))
    return Report(from_on, to_on, by, rows, totals)


@dataclass(frozen=True)
class _Period:
    calendar: Calendar
    from_on: date
    to_on: date

    @property
    def start_ms(self) -> int:
        return self.calendar.midnight_ms(self.from_on)

    @property
    def end_ms(self) -> int:
        return self.calendar.end_ms(self.to_on)

    def holds(self, at_ms: ir.IntegerColumn) -> ir.BooleanColumn:
        return (at_ms >= self.start_ms) & (at_ms < self.end_ms)

    def day(self, quarter: int) -> date:
        return self.calendar.on(from_ms(quarter * QUARTER_MS))

    def days(self) -> list[date]:
        return [self.from_on + timedelta(days=n) for n in range((self.to_on - self.from_on).days + 1)]


def _totals(session: Session, spells: ir.Table, period: _Period) -> Tally:
    tally = Tally(began_count=int(session.scalar(_begun(spells, period).count())))
    ends = _ended(spells, period)
    for row in session.query(ends.group_by("by").agg(n=ends.count())).to_pylist():
        tally.ended(row["by"], row["n"])
    still = _open_at(spells, period.end_ms)
    tally.open_count = int(session.scalar(still.count()))
    tally.person_count = int(session.scalar(still.customer_id.nunique()))
    return tally


def _by_key(session: Session, spells: ir.Table, period: _Period, keys: Sequence[str]) -> list[Row]:
    found: dict[tuple[Any, ...], Tally] = {}

    def tally(row: dict[str, Any]) -> Tally:
        return found.setdefault(tuple(row[key] for key in keys), Tally())

    begun, ends, still = _begun(spells, period), _ended(spells, period), _open_at(spells, period.end_ms)
    for row in session.query(begun.group_by(*keys).agg(n=begun.count())).to_pylist():
        tally(row).began_count += row["n"]
    for row in session.query(ends.group_by(*keys, "by").agg(n=ends.count())).to_pylist():
        tally(row).ended(row["by"], row["n"])
    for row in session.query(still.group_by(*keys).agg(n=still.count(), people=still.customer_id.nunique())).to_pylist():
        one = tally(row)
        one.open_count, one.person_count = row["n"], row["people"]
    rows = [Row(one, **dict(zip(keys, key, strict=True))) for key, one in found.items()]
    return sorted(rows, key=lambda row: (-row.tally.open_count, -row.tally.began_count, row.account_id or 0, row.staff or "", row.state or ""))


def _by_day(session: Session, spells: ir.Table, period: _Period) -> list[Row]:
    days = {on: Tally() for on in period.days()}
    begun, ends = _begun(spells, period), _ended(spells, period)
    for row in _by_quarter(session, begun.mutate(quarter=begun.began_ms // QUARTER_MS)):
        days[period.day(row["quarter"])].began_count += row["n"]
    for row in _by_quarter(session, ends.mutate(quarter=ends.ended_ms // QUARTER_MS), "by", "began_known"):
        days[period.day(row["quarter"])].ended(row["by"], row["n"])
    relations = _balance(session, spells, period, _changes(spells))
    people = _balance(session, spells, period, _comings(spells))
    open_count = person_count = 0
    for on, tally in days.items():
        open_count += relations.pop(on, 0) + (relations.pop(None, 0))
        person_count += people.pop(on, 0) + (people.pop(None, 0))
        tally.open_count, tally.person_count = open_count, person_count
    return [Row(tally, on=on) for on, tally in days.items()]


def _by_quarter(session: Session, rows: ir.Table, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session.query(rows.group_by("quarter", *more).agg(n=rows.count())).to_pylist()
    return found


def _balance(session: Session, spells: ir.Table, period: _Period, changes: ir.Table) -> dict[date | None, int]:
    """The sum of changes of each day of the period; None: of all time before it."""
    before = (changes.at_ms < period.start_ms).ifelse(-1, changes.at_ms // QUARTER_MS)
    placed = changes.filter(changes.at_ms < period.end_ms).mutate(quarter=before)
    sums: dict[date | None, int] = {}
    for row in session.query(placed.group_by("quarter").agg(n=placed.change.sum())).to_pylist():
        on = None if row["quarter"] == -1 else period.day(row["quarter"])
        sums[on] = sums.get(on, 0) + int(row["n"])
    return sums


def _changes(spells: ir.Table) -> ir.Table:
    """+1 where a spell begins, -1 where it ends. A spell of which only the end was told never was among the open ones."""
    known = spells.filter(spells.began_known)
    names = ("customer_id", "account_id", "staff", "began_ms")
    begins = known.select(*names, at_ms=known.began_ms, change=ibis.literal(1, "int64"))
    over = known.filter(known.ended_ms.notnull())
    return begins.union(over.select(*names, at_ms=over.ended_ms, change=ibis.literal(-1, "int64")))


def _comings(spells: ir.Table) -> ir.Table:
    """+1 where a customer's first open relation begins, -1 where the last one ends. At one instant beginnings come first."""
    changes = _changes(spells)
    order = [changes.at_ms, changes.change.desc(), changes.account_id, changes.staff, changes.began_ms]
    window = ibis.window(group_by="customer_id", order_by=order, preceding=None, following=0)
    held = changes.mutate(open=changes.change.sum().over(window))
    return held.filter(((held.change == 1) & (held.open == 1)) | ((held.change == -1) & (held.open == 0)))


def _begun(spells: ir.Table, period: _Period) -> ir.Table:
    return spells.filter(spells.began_known & period.holds(spells.began_ms))


def _ended(spells: ir.Table, period: _Period) -> ir.Table:
    return spells.filter(period.holds(spells.ended_ms))


def _open_at(spells: ir.Table, at_ms: int) -> ir.Table:
    return spells.filter(spells.began_known & (spells.began_ms < at_ms) & (spells.ended_ms.isnull() | (spells.ended_ms >= at_ms)))
