"""Lifecycle 生命周期: where each customer stands, by their own clock and by that of the whole base.

The clock of a customer is the larger of their own median gap between purchase days and the base's median gap: somebody
who buys weekly is not late after ten days if most people take a month. The gap since the last order, in clocks, is then
compared with the gaps after which people did come back: beyond the 75th percentile of those a customer is slowing, beyond
the 90th at risk, the 95th dormant, the 99th lost (science: docs/theory/lifecycle.md). P(alive) of BG/NBD is 1 for
everybody who bought once, so it stages nobody.
"""

from __future__ import annotations

from dataclasses import dataclass

import ibis
import ibis.expr.types as ir

from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session

CUT_PERCENTILES = {"slowing": 75, "at_risk": 90, "dormant": 95, "lost": 99}
FEWEST_GAPS = 50
FALLBACK_MEDIAN_DAYS = 30.0
FALLBACK_CUTS = {"slowing": 1.5, "at_risk": 2.5, "dormant": 4.0, "lost": 8.0}

DEFINITIONS = {
    "prospect": Text("还没有下过单", "has not ordered yet"),
    "new": Text("只买过一天，还在自己的节奏之内", "bought on one day only, and is still within the clock"),
    "active": Text("距上次下单还在自己的节奏之内", "the last order is within the clock"),
    "slowing": Text("距上次下单超过 75% 的复购间隔", "silent longer than 75 % of the gaps after which people came back"),
    "at_risk": Text("超过 90% 的复购间隔", "silent longer than 90 % of those gaps"),
    "dormant": Text("超过 95% 的复购间隔", "silent longer than 95 % of those gaps"),
    "lost": Text("超过 99% 的复购间隔", "silent longer than 99 % of those gaps"),
}


@dataclass(frozen=True)
class LifecycleClock:
    """What the stages are measured with: the base's median gap in days, and cut points in clocks, rising."""

    median_gap_days: float
    cuts: dict[str, float]
    gap_count: int
    is_fallback: bool


def purchase_days(orders: ir.Table, as_of_on: int) -> ir.Table:
    """Distinct (customer_id, day), one row a customer and local day with a valid order."""
    known = orders.filter(orders.ordered_on <= as_of_on)
    return known.select("customer_id", day=known.ordered_on).distinct()


def own_medians(days: ir.Table) -> ir.Table:
    """customer_id, own_gap_days: the lower median of the gaps between a customer's purchase days; buyers of one day are absent."""
    gaps = _gaps(days)
    order = ibis.window(group_by="customer_id", order_by=[gaps.gap, gaps.day])
    placed = gaps.mutate(place=ibis.row_number().over(order), size=gaps.count().over(ibis.window(group_by="customer_id")))
    middle = placed.filter(placed.place == (placed["size"] - 1) // 2)
    return middle.select("customer_id", own_gap_days=middle.gap)


def learn_clock(session: Session, days: ir.Table, medians: ir.Table) -> LifecycleClock:
    """The base's median gap and the cut points, from every gap that was followed by a purchase."""
    gaps = session.keep("_gaps", _gaps(days).select("customer_id", "day", "gap"))
    size = int(session.scalar(gaps.count()))
    if size < FEWEST_GAPS:
        return LifecycleClock(FALLBACK_MEDIAN_DAYS, FALLBACK_CUTS, size, is_fallback=True)
    median = float(_at_rank(session, gaps.select(x=gaps.gap.cast("float64")), (size - 1) // 2))
    joined = gaps.left_join(medians, "customer_id")
    clock = ibis.greatest(joined.own_gap_days.fill_null(0).cast("float64"), ibis.literal(median))
    ratios = session.keep("_ratios", joined.select(x=joined.gap / clock))
    cuts: dict[str, float] = {}
    for name, percentile in CUT_PERCENTILES.items():
        value = float(_at_rank(session, ratios, (size - 1) * percentile // 100))
        cuts[name] = max(value, 1.0, *(cut * 1.05 for cut in cuts.values()))
    return LifecycleClock(median, cuts, size, is_fallback=False)


def staged(base: ir.Table, day_counts: ir.Table, medians: ir.Table, clock: LifecycleClock, as_of_on: int) -> ir.Table:
    """`base` (one row a buyer, with last_on) with gap_days, expected_gap_days and stage at the local day `as_of_on`."""
    joined = base.left_join(medians, "customer_id").drop("customer_id_right").left_join(day_counts, "customer_id").drop("customer_id_right")
    own = ibis.greatest(joined.own_gap_days.fill_null(0).cast("float64"), ibis.literal(clock.median_gap_days))
    timed = joined.mutate(gap_days=(as_of_on - joined.last_on).cast("float64"), expected_gap_days=own)
    ratio = timed.gap_days / timed.expected_gap_days
    stage = ibis.cases(
        (ratio > clock.cuts["lost"], "lost"),
        (ratio > clock.cuts["dormant"], "dormant"),
        (ratio > clock.cuts["at_risk"], "at_risk"),
        (ratio > clock.cuts["slowing"], "slowing"),
        (timed.day_count == 1, "new"),
        else_="active",
    )
    return timed.mutate(stage=stage)


def stages_at(days: ir.Table, medians: ir.Table, clock: LifecycleClock, as_of_on: int) -> ir.Table:
    """customer_id, stage at the end of an earlier day, measured with today's clock so that months compare like with like."""
    known = days.filter(days.day <= as_of_on)
    base = known.group_by("customer_id").agg(last_on=known.day.max(), day_count=known.count())
    return staged(base.drop("day_count"), base.select("customer_id", "day_count"), medians, clock, as_of_on).select("customer_id", "stage")


def day_counts(days: ir.Table) -> ir.Table:
    return days.group_by("customer_id").agg(day_count=days.count())


def _gaps(days: ir.Table) -> ir.Table:
    order = ibis.window(group_by="customer_id", order_by=days.day)
    spaced = days.mutate(gap=days.day - days.day.lag().over(order))
    return spaced.filter(spaced.gap.notnull())


def _at_rank(session: Session, values: ir.Table, rank: int) -> float:
    ordered = values.mutate(place=ibis.row_number().over(ibis.window(order_by=values.x)))
    return float(session.scalar(ordered.filter(ordered.place == rank).x.max()))
