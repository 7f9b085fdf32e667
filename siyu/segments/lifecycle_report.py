"""Lifecycle report: stages today, month by month, and who moved from where to where."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from siyu.foundation.clock import day_number, from_day_number, month_name, month_number
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.segments import lifecycle, rfm
from siyu.segments.labels import STAGES
from siyu.segments.lifecycle import LifecycleClock

MONTHS = 24


def lifecycle_report(stores: Stores, as_of: date) -> dict[str, Any]:
    """Everything the lifecycle page shows for one day. Prospects are the customers who are known and have not ordered."""
    orders, profiles = stores.warehouse.tables["orders_order"], stores.warehouse.tables["customers_profile"]
    today = day_number(as_of)
    with stores.warehouse.read() as session:
        days = session.keep("_days", lifecycle.purchase_days(orders, today))
        medians = session.keep("_medians", lifecycle.own_medians(days))
        clock = lifecycle.learn_clock(session, days, medians)
        base = rfm.buyers(orders, today)
        staged = session.keep("_staged", lifecycle.staged(base, lifecycle.day_counts(days), medians, clock, today))
        now = session.query(staged.group_by("stage").agg(count=staged.count(), spend_fen=staged.spend_fen.sum().cast("int64"))).to_pylist()
        known = int(session.scalar(profiles.filter(profiles.first_seen_ms < stores.calendar.end_ms(as_of)).count()))
        first = session.scalar(days.day.min())
        months, flows = _history(session, days, medians, clock, as_of, None if first is None else from_day_number(int(first)))
    return {"stages": _stages(now, known), "months": months, "flows": flows, "clock": _clock(clock)}


def _stages(rows: list[dict[str, Any]], known: int) -> list[dict[str, Any]]:
    found = {row["stage"]: row for row in rows}
    buyers = sum(row["count"] for row in rows)
    found["prospect"] = {"count": max(0, known - buyers), "spend_fen": 0}
    total = sum(found.get(stage, {}).get("count", 0) for stage in STAGES)
    return [
        {
            "stage": stage,
            "name": name.json(),
            "definition": lifecycle.DEFINITIONS[stage].json(),
            "count": found.get(stage, {}).get("count", 0),
            "share_rate": found.get(stage, {}).get("count", 0) / total if total else None,
            "spend_fen": found.get(stage, {}).get("spend_fen", 0),
        }
        for stage, name in STAGES.items()
    ]


def _history(
    session: Session, days: Any, medians: Any, clock: LifecycleClock, as_of: date, first: date | None
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Stages of buyers at the end of each of the last months (the current one: today), and moves between neighbours."""
    months: list[dict[str, Any]] = []
    flows: list[dict[str, Any]] = []
    before = None
    ends = [end for end in _month_ends(as_of) if first is not None and end >= first]
    for place, end in enumerate(ends):
        current = session.keep(f"_stages_{place % 2}", lifecycle.stages_at(days, medians, clock, day_number(end)))
        month = month_name(month_number(end))
        counts = session.query(current.group_by("stage").agg(count=current.count())).to_pylist()
        months.append({"month": month, "stages": {row["stage"]: row["count"] for row in counts}})
        if before is not None:
            both = before.rename(stage_from="stage").right_join(current, "customer_id")
            moved = both.select(source=both.stage_from.fill_null("prospect"), target=both.stage)
            rows = session.query(moved.group_by("source", "target").agg(count=moved.count()).order_by("source", "target")).to_pylist()
            flows += [{"month": month, "from": row["source"], "to": row["target"], "count": row["count"]} for row in rows]
        before = current
    return months, flows


def _month_ends(as_of: date) -> list[date]:
    ends = [as_of]
    while len(ends) < MONTHS:
        ends.append(ends[-1].replace(day=1) - timedelta(days=1))
    return ends[::-1]


def _clock(clock: LifecycleClock) -> dict[str, Any]:
    return {"segment_median_gap_days": clock.median_gap_days, "cuts": clock.cuts, "gap_count": clock.gap_count, "is_fallback": clock.is_fallback}
