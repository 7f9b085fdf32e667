"""Quality report 客户质量: by source and by month of arrival, how many are zombies, deal-hunters, or not known yet.

It is made with the table, after every recompute, and kept by day: pages read what is kept. Sources are those of the
profile; what a source cost stands in the reports of acquisition.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any

import ibis
import ibis.expr.types as ir
from sqlalchemy import Connection, func, select

from siyu.foundation.clock import month_name, month_number
from siyu.foundation.database import upsert
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.segments import _tables
from siyu.segments.facts import SEGMENTS_QUALITY
from siyu.segments.quality_signs import HUNTER_REASONS, ZOMBIE_REASONS, Reason
from siyu.segments.quality_verdicts import UNCLEAR_FROM

NAME = "quality"
MONTHS, DAYS, SOURCES = 24, 90, 100


def publish_quality(stores: Stores, as_of: date) -> dict[str, Any]:
    """Count, and keep the counts in the ledger under this day."""
    with stores.warehouse.read() as session:
        found = _count(stores, session, as_of)
    now = stores.now()
    row = {"name": NAME, "as_of_on": as_of.isoformat(), "position": 0, "computed_at": now, "payload": {"as_of_on": as_of.isoformat(), **found}}
    with stores.ledger.begin() as tx:
        upsert(tx, _tables.report, [row], ["name", "as_of_on"])
    return found


def read_published(stores: Stores) -> dict[str, Any] | None:
    """The newest report with the totals of the days before it, oldest first; None before the first recompute."""
    t = _tables.report
    with stores.ledger.read() as tx:
        rows = tx.execute(select(t.c.payload, t.c.computed_at).where(t.c.name == NAME).order_by(t.c.as_of_on.desc()).limit(DAYS)).all()
    if not rows:
        return None
    days = [{"on": row.payload["as_of_on"], **row.payload["total"]} for row in reversed(rows)]
    return {**rows[0].payload, "computed_at": rows[0].computed_at, "days": days}


def judged_at(tx: Connection) -> datetime | None:
    """When people were last judged anew; None before the first recompute."""
    found: datetime | None = tx.scalar(select(func.max(_tables.report.c.computed_at)).where(_tables.report.c.name == NAME))
    return found


def _count(stores: Stores, session: Session, as_of: date) -> dict[str, Any]:
    judged, profiles = SEGMENTS_QUALITY.table, stores.warehouse.tables["customers_profile"]
    who = profiles.select("customer_id", "source", came_ms=profiles.registered_ms)
    people = session.keep("_people_judged", who.inner_join(judged, "customer_id"))
    firsts = _first_days(as_of)
    # The place of a month is the number of first days that lie before or at the arrival.
    place = reduce(lambda a, b: a + b, ((people.came_ms >= stores.calendar.midnight_ms(first)).cast("int64") for first in firsts))
    by_source = _shares(people.mutate(key=people.source)).order_by([ibis._.customers.desc(), ibis._.key]).limit(SOURCES)
    by_month = _shares(people.mutate(key=place)).order_by("key")
    total = session.query(_shares(people.mutate(key=ibis.literal(1)))).to_pylist()
    return {
        "total": _shown(total[0]) if total else dict.fromkeys(COUNTED, 0),
        "sources": [{"source": row["key"], **_shown(row)} for row in session.query(by_source).to_pylist()],
        "months": [
            {"month": month_name(month_number(first)), "from_on": first.isoformat(), "until_on": _next(first).isoformat(), **_shown(row)}
            for row in session.query(by_month).to_pylist()
            for first in firsts[max(row["key"], 1) - 1 : row["key"]]
        ],
        "zombie_reasons": _reasons(session, people.filter(people.is_zombie), "zombie_reasons", ZOMBIE_REASONS),
        "hunter_reasons": _reasons(session, people.filter(people.is_hunter), "hunter_reasons", HUNTER_REASONS),
    }


COUNTED = ("customers", "zombies", "hunters", "zombies_not_known", "hunters_not_known", "cleared", "neither")


def _shares(people: ir.Table) -> ir.Table:
    """By `key`: how many people, and how many of them are what. `neither`: known to be none of the two."""
    cleared = people.not_zombie | people.not_hunter
    no_zombie = ((people.zombie < UNCLEAR_FROM).fill_null(False) | people.not_zombie) & ~people.is_zombie
    no_hunter = ((people.deal_hunter < UNCLEAR_FROM).fill_null(False) | people.not_hunter) & ~people.is_hunter
    return people.group_by("key").agg(
        customers=people.count(),
        zombies=people.is_zombie.sum(),
        hunters=people.is_hunter.sum(),
        zombies_not_known=(~no_zombie & ~people.is_zombie).sum(),
        hunters_not_known=(~no_hunter & ~people.is_hunter).sum(),
        cleared=cleared.sum(),
        neither=(no_zombie & no_hunter).sum(),
    )


def _shown(row: dict[str, Any]) -> dict[str, int]:
    return {name: int(row[name] or 0) for name in COUNTED}


def _reasons(session: Session, people: ir.Table, bits: str, reasons: Mapping[str, Reason]) -> list[dict[str, Any]]:
    """How many of the people called so have each reason."""
    counts = {name: (people[bits] // (1 << reason.bit) % 2).sum().fill_null(0).cast("int64") for name, reason in reasons.items()}
    found = session.query(people.agg(**counts)).to_pylist()[0]
    return [{"reason": name, "name": reasons[name].name.json(), "customers": int(found[name] or 0)} for name in reasons]


def _first_days(as_of: date) -> list[date]:
    """The first days of the last months, oldest first, that of `as_of` included."""
    firsts = [as_of.replace(day=1)]
    while len(firsts) < MONTHS:
        firsts.append((firsts[-1] - timedelta(days=1)).replace(day=1))
    return firsts[::-1]


def _next(first: date) -> date:
    return (first + timedelta(days=32)).replace(day=1)
