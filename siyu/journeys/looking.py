"""Looking 到点进入: entries by time: who is in the segment when the journey starts or goes on, members at a time of day, and dates of people.

A journey says when it is looked at next (`looks_at`). People come in by parts, each in a transaction of its own; whoever has come
in by the same look before does not come in twice, so a look that was cut off is simply repeated.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Callable
from contextlib import suppress
from datetime import date, datetime, time, timedelta

import ibis.expr.types as ir
import numpy as np
from sqlalchemy import select, update

from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.stores import Stores
from siyu.journeys import _tables, entries
from siyu.journeys.books import Book, book
from siyu.journeys.definition import DateEntry, ScheduleEntry, SegmentEntry
from siyu.journeys.entries import Newcomers
from siyu.journeys.standing import all_members, memberships
from siyu.messaging import zones
from siyu.messaging.quiet import Zones
from siyu.orders.facts import ORDERS_BUYER
from siyu.segments.facts import SEGMENTS_TRAIT_VALUE

PART = 20_000
_journey = _tables.journey


def look(stores: Stores, *, told: Callable[[], None] = lambda: None) -> int:
    """Let in whoever is due by time, for every journey whose time has come; returns how many came in."""
    now, entered = stores.now(), 0
    with stores.ledger.read() as tx:
        due = tx.execute(
            select(_journey.c.id, _journey.c.version, _journey.c.salt, _journey.c.looks_at).where(_journey.c.status == "live", _journey.c.looks_at <= now).order_by(_journey.c.id)
        ).all()
        books = {row.id: book(stores, tx, row.id, row.version) for row in due}
    for row in due:
        one = books[row.id]
        new = _newcomers(stores, one, row.looks_at, now)
        for start in range(0, len(new.customer_id), PART):
            told()
            part = new.take(slice(start, start + PART))
            with stores.ledger.begin() as tx:
                entered += entries.admit(stores, tx, one, row.salt, part, now_ms=to_ms(now)).count
        with stores.ledger.begin() as tx:
            unchanged = (_journey.c.id == row.id) & (_journey.c.looks_at == row.looks_at)
            tx.execute(update(_journey).where(unchanged).values(looks_at=next_look(stores, one, now)))
    return entered


def next_look(stores: Stores, one: Book, now: datetime) -> datetime | None:
    """The next instant after `now` at which a journey lets people in by time; None for never."""
    entry, calendar = one.definition.entry, stores.calendar
    today = calendar.on(now)
    if isinstance(entry, DateEntry):
        return calendar.midnight(today + timedelta(days=1))
    if not isinstance(entry, ScheduleEntry):
        return None
    for days in range(800 if entry.every != "once" else 1):
        day = date.fromisoformat(entry.on) if entry.every == "once" else today + timedelta(days=days)
        if (at := calendar.parse_local(datetime.combine(day, time.fromisoformat(entry.at)))) > now and _is_day(entry, day):
            return at
    return None


def _is_day(entry: ScheduleEntry, day: date) -> bool:
    match entry.every:
        case "week":
            return day.isoweekday() == entry.weekday
        case "month":
            return day.day == min(entry.day, monthrange(day.year, day.month)[1])
    return True


def _newcomers(stores: Stores, one: Book, looked_for: datetime, now: datetime) -> Newcomers:
    entry, now_ms = one.definition.entry, to_ms(now)
    if isinstance(entry, SegmentEntry) and entry.existing and entry.direction == "entered":
        ids, since_ms = memberships(stores, entry.segment)
        # Each coming into the segment lets in once, whether it is heard or found.
        return Newcomers.plain(ids, now_ms, by=since_ms)
    if isinstance(entry, ScheduleEntry) and _is_due(stores, entry, looked_for):
        ids = all_members(stores, entry.segment)
        return Newcomers.plain(ids, now_ms, by=np.full(len(ids), to_ms(looked_for)))
    if isinstance(entry, DateEntry):
        return by_date(stores, entry, now)
    return Newcomers.plain(np.zeros(0, np.int64), now_ms)


def _is_due(stores: Stores, entry: ScheduleEntry, at: datetime) -> bool:
    """Whether a look was for an hour of the schedule (and not for a start or a resumption)."""
    day = stores.calendar.on(at)
    right = entry.on == day.isoformat() if entry.every == "once" else _is_day(entry, day)
    return right and at == stores.calendar.parse_local(datetime.combine(day, time.fromisoformat(entry.at)))


def by_date(stores: Stores, entry: DateEntry, now: datetime) -> Newcomers:
    """Whose date, moved by the offset, is today in the brand's calendar; due at the hour where each person lives."""
    today = stores.calendar.on(now)
    wanted = today - timedelta(days=entry.offset_days)
    with stores.warehouse.read() as session:
        found = session.query(_dated(stores, entry.field, wanted))
    ids = np.unique(found["customer_id"].to_numpy())
    clock = time.fromisoformat(entry.at)
    local = (today - date(1970, 1, 1)).days * DAY_MS + (clock.hour * 60 + clock.minute) * 60_000
    where = Zones.of(zones.of(stores, ids), str(stores.calendar.zone)) if len(ids) else None
    due = where.reach(np.full(len(ids), local - DAY_MS), np.full(len(ids), local)) if where else ids
    return Newcomers.plain(ids, to_ms(now), key=today.isoformat(), due_ms=np.maximum(due, to_ms(now)), by=np.full(len(ids), local))


def _dated(stores: Stores, field: str, wanted: date) -> ir.Table:
    """customer_id of those whose date is `wanted` (a birthday: of any year; 29 February counts on 28 in common years, as it does in segments)."""
    if field.startswith("trait:"):
        values = SEGMENTS_TRAIT_VALUE.table
        rows = values.filter(values.trait_id == int(field.removeprefix("trait:"))).select("customer_id", at_ms=values.time_ms)
    elif field in ("birthday", "registered"):
        profile = CUSTOMERS_PROFILE.table
        rows = profile.select("customer_id", at_ms=profile[f"{field}_ms"])
    else:
        rows = _of_orders(field)
    rows = rows.filter(rows.at_ms.notnull())
    if field != "birthday":
        start, end = stores.calendar.midnight_ms(wanted), stores.calendar.end_ms(wanted)
        return rows.filter((rows.at_ms >= start) & (rows.at_ms < end)).select("customer_id")
    return rows.filter(rows.at_ms.isin(_births(wanted))).select("customer_id")


def _births(wanted: date) -> list[int]:
    """Every birthday on this day of the year in the last 120 years, as the profile keeps it (midnight UTC)."""
    days = []
    for year in range(wanted.year - 120, wanted.year + 1):
        with suppress(ValueError):
            days.append(wanted.replace(year=year))
        if (wanted.month, wanted.day) == (2, 28) and not isleap(wanted.year) and isleap(year):
            days.append(date(year, 2, 29))
    return [(day - date(1970, 1, 1)).days * DAY_MS for day in days]


def _of_orders(field: str) -> ir.Table:
    buyer = ORDERS_BUYER.table
    return buyer.select("customer_id", at_ms=buyer.first_ms if field == "first_order" else buyer.last_ms)
