"""Acquired 获来的人: from touches, relations, orders and judgements to one row a customer, and who arrived where in which week.

Only rows up to the last day count. A customer belongs to the source of the first add; orders count from that instant on.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.clock import DAY_MS, Calendar, day_number, from_day_number, from_ms
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.measurement.economics import Economics, margin

FOREVER = 2**61
LOST_DAYS = 7
PATH_DAYS = 30
LONGEST_PATH = 20
CONVERTING = ("visit", "claim", "add")


@dataclass(frozen=True)
class Frame:
    """Up to which local day, by which calendar and rates. `tree`: source_id, ancestor_id, root_id, depth (0 the root's own), one row a pair.
    `untraced`: sources that stand for people without a known mark."""

    as_of: int
    calendar: Calendar
    economics: Economics
    tree: pa.Table
    untraced: tuple[int, ...] = ()

    @property
    def end_ms(self) -> int:
        return self.calendar.end_ms(from_day_number(self.as_of))


@dataclass(frozen=True)
class Acquired:
    """Tables kept in the session.

    `touches`: one touch, with `person` (the customer where `known`, else the visitor), `day` and `week_on`. `people`: one customer who was
    added. `days`: one customer and local day with orders or refunds since the add. `arrivals`: one person, source and week.
    """

    touches: ir.Table
    people: ir.Table
    days: ir.Table
    arrivals: ir.Table


def gather(session: Session, tables: Tables, frame: Frame) -> Acquired:
    """Everything that true cost is reckoned from, in a few scans."""
    touches = session.keep("_acq_touches", _touches(session, tables, frame))
    adds = session.keep("_acq_adds", _adds(touches))
    stays = session.keep("_acq_stays", _stays(tables["carriers_relation"], adds, frame.end_ms))
    days = session.keep("_acq_days", _days(tables["orders_line"], adds, frame))
    orders = session.keep("_acq_orders", _orders(tables["orders_order"], adds, frame.end_ms))
    judged = session.keep("_acq_judged", _judged(session, tables))
    people = session.keep("_acq_people", _people(adds, stays, orders, days, judged))
    arrivals = session.keep("_acq_arrivals", touches.select("known", "person", "source_id", "week_on").distinct())
    return Acquired(touches, people, days, arrivals)


def local_day(at_ms: ir.IntegerColumn, calendar: Calendar, begin: date, end: date) -> ir.IntegerColumn:
    """The local day number of an instant, between two days; the zone's offset is looked up where it changes."""
    day = begin
    changes: list[tuple[int, int]] = []
    while day <= end:
        midnight = calendar.midnight_ms(day)
        offset = day_number(day) * DAY_MS - midnight
        if not changes or changes[-1][1] != offset:
            changes.append((midnight, offset))
        day += timedelta(days=1)
    cases = [(at_ms < after, ibis.literal(offset, "int64")) for (_, offset), (after, _) in pairwise(changes)]
    last = ibis.literal(changes[-1][1], "int64")
    offset = ibis.cases(*cases, else_=last) if cases else last
    return ((at_ms + offset) // DAY_MS).cast("int32")


def monday(day: ir.IntegerColumn) -> ir.IntegerColumn:
    """The Monday of the week of a local day; 1970-01-01 was a Thursday."""
    return (day - (day + 3) % 7).cast("int32")


def _touches(session: Session, tables: Tables, frame: Frame) -> ir.Table:
    touch, visitor = tables["acquisition_touch"], tables["acquisition_visitor"]
    counted = touch.filter(touch.step.isin(CONVERTING) & (touch.at_ms < frame.end_ms))
    first = session.scalar(counted.at_ms.min())
    begin = frame.calendar.on(from_ms(int(first))) - timedelta(days=1) if first is not None else from_day_number(frame.as_of)
    named = counted.left_join(visitor.select("visitor_key", whose="customer_id"), "visitor_key")
    whose = (named.customer_id > 0).ifelse(named.customer_id, named.whose.fill_null(0))
    placed = named.mutate(whose=whose, known=whose > 0, person=(whose > 0).ifelse(whose, named.visitor_key))
    dated = placed.mutate(day=local_day(placed.at_ms, frame.calendar, begin, from_day_number(frame.as_of)))
    columns = ("event_key", "known", "person", "at_ms", "day", "step", "source_id", "code_id", "offer_id", "staff", "region")
    return dated.mutate(week_on=monday(dated.day)).select(*columns, "week_on")


def _adds(touches: ir.Table) -> ir.Table:
    """The first add of each customer."""
    adds = touches.filter((touches.step == "add") & touches.known)
    place = ibis.row_number().over(ibis.window(group_by=adds.person, order_by=[adds.at_ms, adds.event_key]))
    first = adds.mutate(place=place).filter(lambda t: t.place == 0)
    return first.select(
        "source_id", "code_id", "offer_id", "staff", "region", "week_on", customer_id="person", added_ms="at_ms", added_on="day"
    )


def _stays(relation: ir.Table, adds: ir.Table, end_ms: int) -> ir.Table:
    """One customer with relations: when the first stay ended (no relation for a day), and whether one lasts now."""
    spells = relation.filter(~relation.void & (relation.began_ms < end_ms) & (relation.customer_id > 0))
    ended = (spells.ended_ms.fill_null(FOREVER) < end_ms).ifelse(spells.ended_ms, FOREVER)
    spells = spells.mutate(ended=ended).select("customer_id", "began_ms", "ended", "staff", "account_id", "identity_key")
    mine = spells.inner_join(adds.select("customer_id", "added_ms"), "customer_id")
    mine = mine.filter(mine.ended > mine.added_ms)
    order = [mine.began_ms, mine.ended, mine.staff, mine.account_id, mine.identity_key]
    before = mine.ended.max().over(ibis.window(group_by=mine.customer_id, order_by=order, rows=(None, -1)))
    broken = mine.mutate(gap=(before.notnull() & (mine.began_ms > before + DAY_MS)).ifelse(1, 0))
    again = [broken.began_ms, broken.ended, broken.staff, broken.account_id, broken.identity_key]
    stay = broken.gap.sum().over(ibis.window(group_by=broken.customer_id, order_by=again, rows=(None, 0)))
    numbered = broken.mutate(stay=stay)
    return numbered.group_by("customer_id").agg(gone_ms=numbered.ended.max(where=numbered.stay == 0), last_ms=numbered.ended.max())


def _days(lines: ir.Table, adds: ir.Table, frame: Frame) -> ir.Table:
    """Orders and refunds by customer and local day, from the add on."""
    joined = lines.filter((lines.customer_id > 0) & (lines.ordered_on <= frame.as_of)).inner_join(adds.select("customer_id", "added_ms"), "customer_id")
    mine = joined.filter(joined.ordered_ms >= joined.added_ms)
    sold = (mine.kind == "sale").ifelse(mine.amount_fen, 0).cast("int64")
    valued = mine.mutate(
        sold=sold,
        earned=margin(frame.economics, mine.category.fill_null(""), sold),
        lost=margin(frame.economics, mine.category.fill_null(""), mine.refund_fen.fill_null(0)),
        is_sale=(mine.kind == "sale").ifelse(1, 0),
    )
    return valued.group_by("customer_id", day="ordered_on").agg(
        revenue_fen=valued.sold.sum().cast("int64"),
        earned_fen=valued.earned.sum().cast("int64"),
        margin_fen=(valued.earned.sum() - valued.lost.sum()).cast("int64"),
        is_sale=valued.is_sale.max().cast("int64"),
    )


def _orders(orders: ir.Table, adds: ir.Table, end_ms: int) -> ir.Table:
    joined = orders.filter(orders.ordered_ms < end_ms).inner_join(adds.select("customer_id", "added_ms"), "customer_id")
    mine = joined.filter(joined.ordered_ms >= joined.added_ms)
    return mine.group_by("customer_id").agg(order_count=mine.count().cast("int64"), first_ms=mine.ordered_ms.min())


def _judged(session: Session, tables: Tables) -> ir.Table:
    """By customer, how many of a hundred like this are zombies or deal-hunters (0–1), by behaviour alone (theory/quality.md)."""
    quality = tables.get("segments_quality")
    if quality is None:
        none = pa.table({"customer_id": pa.array([], pa.int64()), "zombie_rate": pa.array([], pa.float64()), "hunter_rate": pa.array([], pa.float64())})
        return session.keep("_acq_quality", none)
    zombie = quality.not_zombie.ifelse(0.0, quality.zombie_rate).fill_null(0.0)
    hunter = quality.not_hunter.ifelse(0.0, quality.hunter_rate).fill_null(0.0)
    return quality.select("customer_id", zombie_rate=zombie, hunter_rate=hunter)


def _people(adds: ir.Table, stays: ir.Table, orders: ir.Table, days: ir.Table, judged: ir.Table) -> ir.Table:
    """One customer who was added."""
    joined = adds.left_join(stays, "customer_id").drop("customer_id_right")
    joined = joined.left_join(orders, "customer_id").drop("customer_id_right").left_join(judged, "customer_id").drop("customer_id_right")
    gone = joined.gone_ms.fill_null(FOREVER)
    base = joined.mutate(
        gone_ms=gone,
        reachable=joined.last_ms.fill_null(FOREVER) == FOREVER,
        zombie_rate=joined.zombie_rate.fill_null(0.0),
        hunter_rate=joined.hunter_rate.fill_null(0.0),
        order_count=joined.order_count.fill_null(0),
    ).drop("last_ms")
    sums = days.group_by("customer_id").agg(
        revenue_fen=days.revenue_fen.sum().cast("int64"), margin_fen=days.margin_fen.sum().cast("int64")
    )
    all_of = base.left_join(sums, "customer_id").drop("customer_id_right")
    return all_of.mutate(**{name: all_of[name].fill_null(0) for name in ("revenue_fen", "margin_fen")})


def paths(session: Session, gathered: Acquired, frame: Frame) -> tuple[ir.Table, ir.Table]:
    """Ways to the first order, at the top of the tree: (paths by month, weights of time decay by month and source).

    Touches from 30 days before the add (of visitors: before their last touch) up to the first order; the same source twice running is once.
    """
    touches, people = gathered.touches, gathered.people
    tree = session.keep("_acq_roots", frame.tree.select(["source_id", "root_id"]).group_by(["source_id", "root_id"]).aggregate([]))
    rooted = touches.inner_join(tree, "source_id").drop("source_id")
    buyers = people.select("added_ms", "first_ms", person="customer_id", known=ibis.literal(True))
    joined = rooted.left_join(buyers, ["known", "person"]).drop("known_right", "person_right")
    last = joined.at_ms.max().over(ibis.window(group_by=[joined.known, joined.person]))
    anchored = joined.mutate(anchor=joined.added_ms.fill_null(last), end=joined.first_ms.fill_null(FOREVER))
    within = anchored.filter((anchored.at_ms >= anchored.anchor - PATH_DAYS * DAY_MS) & (anchored.at_ms <= anchored.end))
    window = ibis.window(group_by=[within.known, within.person], order_by=[within.at_ms, within.event_key])
    stepped = within.mutate(before=within.root_id.lag().over(window))
    steps = stepped.filter(stepped.before.isnull() | (stepped.before != stepped.root_id))
    reverse = ibis.row_number().over(ibis.window(group_by=[steps.known, steps.person], order_by=[steps.at_ms.desc(), steps.event_key.desc()]))
    steps = session.keep("_acq_steps", steps.mutate(place=reverse).filter(lambda t: t.place < LONGEST_PATH))
    each = steps.group_by("known", "person").agg(
        path=steps.root_id.cast("string").group_concat(">", order_by=[steps.at_ms, steps.event_key]),
        bought=steps.first_ms.max().notnull(),
        day=steps.day.max(),
    )
    ways = each.mutate(month=_month(each.day, frame)).group_by("month", "path", "bought").agg(people=lambda t: t.count().cast("int64"))
    return ways, _decayed(steps, frame)


def _decayed(steps: ir.Table, frame: Frame) -> ir.Table:
    mine = steps.filter(steps.first_ms.notnull())
    weight = (-((mine.first_ms - mine.at_ms) / (7.0 * DAY_MS)) * 0.6931471805599453).exp()
    weighed = mine.mutate(weight=weight)
    whole = weighed.weight.sum().over(ibis.window(group_by=[weighed.known, weighed.person]))
    last = weighed.day.max().over(ibis.window(group_by=[weighed.known, weighed.person]))
    shared = weighed.mutate(share=weighed.weight / whole, month=_month(last, frame))
    # Added up in whole billionths: a sum of floats depends on the order in which rows are added.
    billionths = (shared.share * 1e9).round().cast("int64")
    return shared.group_by("month", source_id="root_id").agg(weight=billionths.sum().cast("float64") / 1e9)


def _month(day: ir.IntegerColumn, frame: Frame) -> ir.IntegerColumn:
    at = ibis.literal(date(1970, 1, 1)) + day.cast("int64").as_interval("D")
    return (at.year() * 12 + at.month() - 1).cast("int32")
