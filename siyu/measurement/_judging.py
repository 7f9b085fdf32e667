"""Everything that one computation makes: customers judged, their worth, the split of the spend, funnels, cohorts and ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.clock import DAY_MS
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.measurement import experiments
from siyu.measurement.acquired import FOREVER, LOST_DAYS, Acquired, Frame, _month, gather, monday, paths
from siyu.measurement.company import Belief, among
from siyu.measurement.facts import MEASUREMENT_ACQUIRED, MEASUREMENT_FUNNEL
from siyu.measurement.value_by_cohort import Days, Outlook, People, look
from siyu.measurement.waste import (
    BOUGHT,
    CLASSES,
    HUNTER,
    LOST,
    ZOMBIE,
    Incremental,
    Judged,
    Split,
    classify,
    likeliest,
    shares,
    split,
)
from siyu.segments.quality_weights import HUNTER as HUNTERS
from siyu.segments.quality_weights import ZOMBIE as ZOMBIES

KEPT_AFTER = (1, 7, 30)
SILENT, TAKING = Belief(ZOMBIES.usual), Belief(HUNTERS.usual, trust=0.6, moves_only=True)
"""What people take depends on what their source offers, so the company of deal-hunters is believed less."""


@dataclass(frozen=True)
class Results:
    """By fact, its rows; what the forecast rests on; and the share that each experiment found, by node."""

    tables: Mapping[str, pa.Table]
    notes: Sequence[Text]
    incremental: Mapping[int, Incremental]


def judge(session: Session, tables: Tables, frame: Frame, plans: Sequence[experiments.Experiment]) -> Results:
    """One pass over the facts; nothing is written."""
    gathered = gather(session, tables, frame)
    rows = session.query(gathered.people).sort_by("customer_id")
    people = {name: rows[name].to_numpy() for name in rows.column_names if name not in ("staff", "region")}
    judged = _judge(people, frame)
    outlook = look(*_watched(session, gathered, people, judged, frame), frame.as_of, frame.economics.horizon_days, discount=frame.economics.discount_rate, net=_net(session, gathered))
    measured = _by_node(experiments.incremental(session, tables, gathered, frame, plans), frame)
    found = split(shares(session, tables, gathered, frame), judged, outlook.worth, outlook.shared_rate, measured)
    acquired = _acquired(rows, judged, outlook, found)
    ways, decay = paths(session, gathered, frame)
    return Results(
        {
            "measurement_acquired": acquired,
            "measurement_funnel": _funnel(session, tables, gathered, acquired, frame, outlook.shared_rate),
            "measurement_split": found.rows,
            "measurement_return": session.query(_payback(gathered)),
            "measurement_cohort": _cohorts(session, gathered, frame),
            "measurement_path": session.query(ways),
            "measurement_decay": session.query(decay),
        },
        _notes(outlook),
        measured,
    )


def _judge(people: Mapping[str, Any], frame: Frame) -> Judged:
    """How everybody stands, and how likely they are zombies or deal-hunters, given who else came by their source."""
    first = np.where(np.isnan(people["first_ms"].astype(float)), float(FOREVER), people["first_ms"].astype(float))
    kind = classify(
        gone_ms=people["gone_ms"], added_ms=people["added_ms"], first_ms=first, order_count=people["order_count"], reachable=people["reachable"].astype(bool), lost_ms=LOST_DAYS * DAY_MS
    )  # fmt: skip
    _, root = _roots(people, frame)
    stayed = kind != LOST
    # Who came by no known source came in no company.
    together = stayed & ~np.isin(people["source_id"], (0, *frame.untraced))
    zombie = np.where(stayed, among(np.where(kind == BOUGHT, 0.0, people["zombie_rate"]), SILENT, root, together), 0.0)
    hunter = np.where(stayed, among(people["hunter_rate"], TAKING, root, together), 0.0)
    whole = np.maximum(zombie + hunter, 1.0)
    return Judged(people["customer_id"], kind, people["margin_fen"], zombie / whole, hunter / whole)


def _roots(people: Mapping[str, Any], frame: Frame) -> tuple[int, Any]:
    """(how many sources at the top of the tree brought people, the place of each person's among them)."""
    tree = frame.tree
    root = dict(zip(tree["source_id"].to_pylist(), tree["root_id"].to_pylist(), strict=True))
    names, place = np.unique([root.get(int(one), 0) for one in people["source_id"]], return_inverse=True)
    return len(names), place.reshape(-1).astype(np.int64)


def _watched(session: Session, gathered: Acquired, people: Mapping[str, Any], judged: Judged, frame: Frame) -> tuple[People, Days]:
    """Everybody as an ordinary person of their source and as a deal-hunter, as likely as they are it; zombies count for nothing."""
    roots, root = _roots(people, frame)
    gone, added = people["gone_ms"].astype(np.int64), people["added_ms"]
    gone_on = np.where(gone >= FOREVER, 2**30, people["added_on"] + (gone - added) // DAY_MS).astype(np.int64)
    days = gathered.days.filter(gathered.days.is_sale == 1).select("customer_id", "day", "earned_fen")
    sold = session.query(days).sort_by([("customer_id", "ascending"), ("day", "ascending")])
    place = np.searchsorted(people["customer_id"], sold["customer_id"].to_numpy())
    watched = People(people["added_on"].astype(np.int64), gone_on, root, roots, judged.real, judged.hunter)
    return watched, Days(place, sold["day"].to_numpy().astype(np.int64), sold["earned_fen"].to_numpy())


def _net(session: Session, gathered: Acquired) -> float:
    """Margin after refunds as a share of that before, of all."""
    days = gathered.days
    row = session.query(days.aggregate(net=days.margin_fen.sum().cast("int64"), gross=days.earned_fen.sum().cast("int64"))).to_pylist()[0]
    return float(np.clip(row["net"] / row["gross"], 0.0, 1.0)) if row["gross"] else 1.0


def _by_node(found: Mapping[int, Incremental], frame: Frame) -> dict[int, Incremental]:
    """The nearest experiment at or above each node."""
    nearest: dict[int, tuple[int, Incremental]] = {}
    for node, above, depth in zip(*(frame.tree[name].to_pylist() for name in ("source_id", "ancestor_id", "depth")), strict=True):
        if above in found and depth >= nearest.get(node, (-1, None))[0]:
            nearest[node] = (depth, found[above])
    return {node: one for node, (_, one) in nearest.items()}


def _acquired(rows: pa.Table, judged: Judged, outlook: Outlook, found: Split) -> pa.Table:
    gone, kind = rows["gone_ms"], likeliest(judged)
    made = {
        "gone_ms": pc.if_else(pc.greater_equal(gone, FOREVER), pa.scalar(None, pa.int64()), gone),
        "is_zombie": kind == ZOMBIE,
        "is_hunter": kind == HUNTER,
        "expected_fen": np.rint(outlook.expected).astype(np.int64),
        "variance_fen2": outlook.variance,
        "cost_fen": found.cost,
        "class": pa.array(CLASSES).take(pa.array(kind)),
        "paid_back_fen": found.paid,
        "on_the_way_fen": found.coming,
        "zombie_fen": found.zombie,
        "hunter_fen": found.hunter,
    }
    names = MEASUREMENT_ACQUIRED.arrow.names
    return pa.table([made[name] if name in made else rows[name] for name in names], names).cast(MEASUREMENT_ACQUIRED.arrow)


def _funnel(session: Session, tables: Tables, gathered: Acquired, acquired: pa.Table, frame: Frame, shared_rate: float) -> pa.Table:
    """Visits, arrivals, spend and customers side by side: one row a source and week that has any of them."""
    touches, arrivals = gathered.touches, gathered.arrivals
    visits = touches.filter(touches.step == "visit").group_by("source_id", "week_on").agg(visits=lambda t: t.count().cast("int64"))
    scanned = arrivals.group_by("source_id", "week_on").agg(scanned=lambda t: t.count().cast("int64"))
    spend = tables["acquisition_spend"]
    spent = spend.filter(spend.day <= frame.as_of).mutate(week_on=monday(spend.day)).group_by("source_id", "week_on").agg(spend_fen=lambda t: t.amount_fen.sum().cast("int64"))
    parts = [session.query(one) for one in (visits, scanned, spent)] + [_counted(acquired, frame)]
    keys = ["source_id", "week_on"]
    found = parts[0]
    for part in parts[1:]:
        found = found.join(part, keys, join_type="full outer")
    names = MEASUREMENT_FUNNEL.arrow
    columns = {name: pc.fill_null(found[name], 0) for name in names.names if name != "spread_fen"}
    columns["spread_fen"] = pc.multiply(columns["expected_fen"].cast(pa.float64()), shared_rate)
    return pa.table(columns).select(names.names).cast(names)


def _counted(acquired: pa.Table, frame: Frame) -> pa.Table:
    """Customers by source and week of the add."""
    added, gone = acquired["added_ms"].to_numpy(), pc.fill_null(acquired["gone_ms"], FOREVER).to_numpy()
    kind = acquired["class"].to_numpy(zero_copy_only=False)
    orders = acquired["order_count"].to_numpy()
    stayed = {days: added + days * DAY_MS < np.minimum(gone, FOREVER) for days in KEPT_AFTER}
    old = {days: added + days * DAY_MS <= frame.end_ms for days in KEPT_AFTER}
    flags = {
        "added": np.ones(len(added), bool),
        **{f"aged_{days}d": old[days] for days in KEPT_AFTER},
        **{f"kept_{days}d": old[days] & stayed[days] for days in KEPT_AFTER},
        "reachable": acquired["reachable"].to_numpy(zero_copy_only=False),
        "real": ~np.isin(kind, [CLASSES[one] for one in (LOST, ZOMBIE, HUNTER)]) & stayed[7],
        "first_orders": orders > 0,
        "second_orders": orders > 1,
    }
    keys = [acquired["source_id"], acquired["week_on"]]
    sums = ("revenue_fen", "margin_fen", "expected_fen", "variance_fen2")
    wide = pa.table([*keys, *(pa.array(flag.astype(np.int64)) for flag in flags.values()), *(acquired[name] for name in sums)], ["source_id", "week_on", *flags, *sums])
    made = wide.group_by(["source_id", "week_on"]).aggregate([(name, "sum") for name in (*flags, *sums)])
    return made.rename_columns([name.removesuffix("_sum") for name in made.column_names])


def _payback(gathered: Acquired):  # type: ignore[no-untyped-def]
    joined = gathered.days.inner_join(gathered.people.select("customer_id", "source_id", "week_on"), "customer_id")
    return joined.group_by("source_id", "week_on", ordered_week_on=monday(joined.day)).agg(margin_fen=joined.margin_fen.sum().cast("int64"))


def _cohorts(session: Session, gathered: Acquired, frame: Frame) -> pa.Table:
    people, days = gathered.people, gathered.days
    placed = session.keep("_acq_months", people.select("customer_id", "source_id", "added_on", "added_ms", "first_ms", month=_month(people.added_on, frame)))
    joined = days.inner_join(placed, "customer_id")
    age = ((joined.day - joined.added_on) // 30).cast("int32")
    sold = joined.group_by("source_id", "month", age=age).agg(
        revenue_fen=joined.revenue_fen.sum().cast("int64"), margin_fen=joined.margin_fen.sum().cast("int64")
    )
    bought = placed.filter(placed.first_ms.notnull())
    began = ((bought.first_ms - bought.added_ms) // (30 * DAY_MS)).cast("int32")
    firsts = bought.group_by("source_id", "month", age=began).agg(buyers=lambda t: t.count().cast("int64"))
    found = session.query(sold).join(session.query(firsts), ["source_id", "month", "age"], join_type="full outer")
    return pa.table({name: pc.fill_null(found[name], 0) for name in found.column_names})


def _notes(outlook: Outlook) -> list[Text]:
    """What the forecast rests on, in words."""
    notes = [Text(f"预测依据 {outlook.buyers} 位买家、{outlook.history_days} 天历史", f"The forecast rests on {outlook.buyers} buyers and {outlook.history_days} days of history")]
    if outlook.history_days < 180:
        notes.append(Text("历史不足 180 天，区间因此较宽", "Less than 180 days of history: the intervals are wide for that reason"))
    if outlook.tested_days:
        rate = round(outlook.drift_rate * 100)
        notes.append(Text(f"回测：对最近 {outlook.tested_days} 天的预测与实际相差 {rate}%", f"Back-test: the forecast of the last {outlook.tested_days} days was off by {rate} %"))
    else:
        notes.append(Text("历史太短，无法回测，区间偏乐观", "Too little history for a back-test: the intervals are too narrow"))
    return notes
