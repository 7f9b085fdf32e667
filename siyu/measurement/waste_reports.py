"""Where the money went, by bucket and source, and the people behind each number; value by month of adding; credit beside what was caused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, get_args

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.clock import DAY_MS, day_number, from_day_number, month_name, month_number
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.measurement import attribution, returns
from siyu.measurement.acquired import PATH_DAYS
from siyu.measurement.acquisition_records import (
    BUCKETS,
    Attribution,
    Bucket,
    CohortCell,
    CohortValue,
    Credit,
    Credited,
    Dimension,
    GroupRow,
    Groups,
    ValueCohort,
    Waste,
    WasteBucket,
    WasteDetail,
    WasteSource,
)
from siyu.measurement.acquisition_reports import Span, Tree, _each, _parts, rolled_up, span_of, tree_of
from siyu.measurement.attribution import Way
from siyu.measurement.facts import (
    MEASUREMENT_ACQUIRED,
    MEASUREMENT_COHORT,
    MEASUREMENT_DECAY,
    MEASUREMENT_PATH,
    MEASUREMENT_SPLIT,
)
from siyu.measurement.returns import Run
from siyu.measurement.waste import Z95

MOST_GROUPS = 500
DIMENSIONS = {"source": "source_id", "code": "code_id", "staff": "staff", "offer": "offer_id"}


@dataclass(frozen=True)
class Person:
    """Somebody behind a number: `share_fen` of the spend fell into the bucket by them."""

    customer_id: int
    source_id: int
    detail: str
    share_fen: int
    cost_fen: int
    margin_fen: int
    added_on: date


def waste_report(stores: Stores, *, from_on: date | None = None, to_on: date | None = None, source_id: int | None = None, run: Run | None = None) -> Waste:
    """Every fen of the spend in one bucket; with `source_id` only of that source and what hangs under it."""
    run = run or returns.newest(stores)
    span, tree = span_of(run, from_on, to_on), tree_of(stores)
    asked = {"from": span.from_on, "to": span.to_on, "source_id": source_id or 0}
    return returns.kept(stores, run, "acquisition_waste", asked, Waste, lambda session: _waste(session, run, span, tree, source_id))


def _waste(session: Session, run: Run, span: Span, tree: Tree, source_id: int | None) -> Waste:
    first, last = span.mondays
    table = MEASUREMENT_SPLIT.table
    mine = table.filter((table.week_on >= first) & (table.week_on <= last))
    if source_id is not None:
        mine = mine.filter(mine.source_id.isin(tree.within(source_id) or [-1]))
    sums = {name: mine[name].sum() for name in ("amount_fen", "people", "variance_fen2", "spread_fen")}
    summed = mine.group_by("source_id", "bucket", "detail").agg(**{name: one.cast("float64" if name in ("variance_fen2", "spread_fen") else "int64") for name, one in sums.items()})
    rows = session.query(summed)
    rolled = rolled_up(rows, tree, ["bucket", "detail"], list(sums))
    by_node = {int(node): part for node, part in _parts(rolled, "node")}
    measured = pc.is_in(rows["source_id"], pa.array(list(run.incremental), pa.int64()))
    whole = _buckets(by_node.get(0))
    return Waste(
        from_on=span.from_on, to_on=span.to_on, as_of_on=run.as_of, total_fen=sum(one.amount_fen for one in whole),
        known_anyway_fen=int(pc.sum(rows.filter(measured)["amount_fen"]).as_py() or 0), buckets=whole,
        by_source=[_source(tree, node, part, run) for node, part in by_node.items() if node],
    )  # fmt: skip


def _source(tree: Tree, node: int, part: pa.Table, run: Run) -> WasteSource:
    one, buckets = tree.nodes[node], _buckets(part)
    return WasteSource(node, one.parent_id, one.name, one.platform, sum(each.amount_fen for each in buckets), node in run.incremental, buckets)


def _buckets(part: pa.Table | None) -> list[WasteBucket]:
    """All buckets in their order, those of nothing too. What is on the way is uncertain, and as much so what will never come."""
    rows = part.to_pylist() if part is not None else []
    total = sum(row["amount_fen"] for row in rows)
    half = {bucket: Z95 * float(np.hypot(np.sqrt(sum(row["variance_fen2"] for row in rows if row["bucket"] == bucket)), sum(row["spread_fen"] for row in rows if row["bucket"] == bucket))) for bucket in BUCKETS}
    half["never_bought"] = max(half["never_bought"], half["on_the_way"])
    found = []
    for bucket in BUCKETS:
        mine = [row for row in rows if row["bucket"] == bucket]
        amount = sum(row["amount_fen"] for row in mine)
        details = [WasteDetail(row["detail"], row["amount_fen"], row["people"]) for row in mine if row["detail"]]
        low, high = round(max(amount - half[bucket], min(amount, 0))), round(min(amount + half[bucket], max(total, amount)))
        found.append(WasteBucket(bucket, details, amount, low, high, sum(row["people"] for row in mine)))
    return found


def waste_people(
    stores: Stores, tables: Tables, bucket: Bucket, *, from_on: date | None = None, to_on: date | None = None, source_id: int | None = None, before: int | None = None, limit: int = 50
) -> list[Person]:
    """Customers behind a bucket, those with the largest shares first, from behind `before`; nobody knows visitors who were never added."""
    if bucket not in get_args(Bucket):
        return []
    run = returns.newest(stores)
    span, tree = span_of(run, from_on, to_on), tree_of(stores)
    first, last = span.mondays
    acquired = tables["measurement_acquired"]
    share, detail = _share(acquired, bucket, list(run.incremental))
    rows = acquired.mutate(share_fen=share, detail=detail)
    mine = rows.filter((rows.week_on >= first) & (rows.week_on <= last) & (rows.share_fen > 0))
    if source_id is not None:
        mine = mine.filter(mine.source_id.isin(tree.within(source_id) or [-1]))
    with stores.warehouse.read() as session:
        if before is not None:
            theirs = int(session.scalar(rows.filter(rows.customer_id == before).share_fen.sum()) or 0)
            mine = mine.filter((mine.share_fen < theirs) | ((mine.share_fen == theirs) & (mine.customer_id < before)))
        ordered = mine.order_by([ibis.desc("share_fen"), ibis.desc("customer_id")]).limit(limit)
        found = session.query(ordered.select("customer_id", "source_id", "detail", "share_fen", "cost_fen", "margin_fen", "added_on"))
    return [Person(**{**row, "added_on": from_day_number(row["added_on"])}) for row in found.to_pylist()]


def _share(rows: ir.Table, bucket: Bucket, measured: Sequence[int]) -> tuple[ir.IntegerColumn, ir.StringColumn]:
    """How much of a person's cost is in the bucket, and what kind of person it is."""
    judged = ibis.literal("").cast("string")
    lost = rows["class"] == "lost_7d"
    match bucket:
        case "paid_back":
            return rows.paid_back_fen, judged
        case "on_the_way":
            return rows.on_the_way_fen, judged
        case "zombie":
            return rows.zombie_fen, judged
        case "deal_hunter":
            return rows.hunter_fen, judged
        case "never_bought":
            detail = ibis.cases((rows.order_count > 0, "bought_less_than_cost"), (rows.reachable, "reachable"), else_="left_later")
            return lost.ifelse(0, rows.cost_fen - rows.paid_back_fen - rows.on_the_way_fen - rows.zombie_fen - rows.hunter_fen), detail
        case "anyway":
            known = rows.source_id.isin(list(measured) or [-1])
            return known.ifelse(rows.paid_back_fen + rows.on_the_way_fen, 0), judged
        case "never_added":
            return rows.cost_fen * 0, judged
        case _:
            return lost.ifelse(rows.cost_fen, 0), judged


def group_report(stores: Stores, by: Dimension, *, from_on: date | None = None, to_on: date | None = None, run: Run | None = None) -> Groups:
    """People and money by live code, member of staff, offer or source itself (no roll-up), the dearest first."""
    run = run or returns.newest(stores)
    span = span_of(run, from_on, to_on)
    asked = {"from": span.from_on, "to": span.to_on, "by": by}
    return returns.kept(stores, run, "acquisition_groups", asked, Groups, lambda session: Groups(span.from_on, span.to_on, run.as_of, by, _groups(session, by, span, run)))


def _groups(session: Session, by: Dimension, span: Span, run: Run) -> list[GroupRow]:
    first, last = span.mondays
    table = MEASUREMENT_ACQUIRED.table
    mine = table.filter((table.week_on >= first) & (table.week_on <= last))
    week = ibis.literal(7 * DAY_MS, "int64")
    kept = mine.gone_ms.isnull() | (mine.gone_ms > mine.added_ms + week)
    old = mine.added_ms + week <= (day_number(run.as_of) + 1) * DAY_MS
    real = kept & mine["class"].isin(["bought", "reachable", "left_later"])
    flags = {"kept_7d": kept & old, "reachable": mine.reachable, "real": real, "first_orders": mine.order_count > 0, "second_orders": mine.order_count > 1}
    sums = ("revenue_fen", "margin_fen", "expected_fen", "cost_fen")
    made = mine.group_by(key=mine[DIMENSIONS[by]].cast("string")).agg(
        added=mine.count().cast("int64"),
        **{name: flag.ifelse(1, 0).sum().cast("int64") for name, flag in flags.items()},
        **{name: mine[name].sum().cast("int64") for name in sums},
    )
    rows = session.query(made.order_by([ibis.desc("cost_fen"), ibis.desc("added"), "key"]).limit(MOST_GROUPS)).to_pylist()
    return [_group(row) for row in rows if row["key"] not in ("", "0")]


def _group(row: dict[str, Any]) -> GroupRow:
    cost = row["cost_fen"]
    costs: dict[str, Any] = {f"cac_{name}_fen": _each(cost, row[of]) for name, of in (("add", "added"), ("real", "real"), ("buyer", "first_orders"))}
    return GroupRow(**row, **costs, roi=(row["margin_fen"] + row["expected_fen"]) / cost if cost else None)


def cohort_report(stores: Stores, *, source_id: int | None = None, run: Run | None = None) -> CohortValue:
    """People by month of adding, and what they had brought at each age."""
    run = run or returns.newest(stores)
    tree = tree_of(stores)
    return returns.kept(stores, run, "acquisition_cohorts", {"source_id": source_id or 0}, CohortValue, lambda session: CohortValue(run.as_of, source_id, _cohorts(session, stores.warehouse.tables, run, tree.within(source_id) if source_id else None)))


def _cohorts(session: Session, tables: Tables, run: Run, mine: list[int] | None) -> list[ValueCohort]:
    def chosen(table: ir.Table) -> ir.Table:
        return table if mine is None else table.filter(table.source_id.isin(mine or [-1]))

    cells, people, spend = chosen(MEASUREMENT_COHORT.table), chosen(MEASUREMENT_ACQUIRED.table), chosen(tables["acquisition_spend"])
    sums = {name: cells[name].sum().cast("int64") for name in ("buyers", "revenue_fen", "margin_fen")}
    by_age = session.query(cells.group_by("month", "age").agg(**sums)).to_pylist()
    days = people.group_by("added_on").agg(people=people.count().cast("int64"), expected_fen=people.expected_fen.sum().cast("int64"), variance_fen2=people.variance_fen2.sum())
    added = session.query(days).to_pylist()
    spent = session.query(spend.filter(spend.day <= day_number(run.as_of)).group_by("day").agg(fen=spend.amount_fen.sum().cast("int64"))).to_pylist()
    months = sorted({month_number(from_day_number(row["added_on"])) for row in added} | {month_number(from_day_number(row["day"])) for row in spent})
    return [_cohort(month, by_age, added, spent, day_number(run.as_of)) for month in months]


def _cohort(month: int, by_age: list[dict[str, Any]], added: list[dict[str, Any]], spent: list[dict[str, Any]], as_of: int) -> ValueCohort:
    here = [row for row in added if month_number(from_day_number(row["added_on"])) == month]
    spend = sum(row["fen"] for row in spent if month_number(from_day_number(row["day"])) == month)
    first, last = min((row["added_on"] for row in here), default=as_of), max((row["added_on"] for row in here), default=as_of)
    known = {row["age"]: row for row in by_age if row["month"] == month}
    cells, sums = [], {"buyers": 0, "revenue_fen": 0, "margin_fen": 0}
    for age in range((as_of - first) // 30 + 1 if here else 0):
        sums = {name: amount + (known[age][name] if age in known else 0) for name, amount in sums.items()}
        cells.append(CohortCell(age, partial=last + 30 * (age + 1) - 1 > as_of, **sums))
    expected = sum(row["expected_fen"] for row in here)
    half = Z95 * float(np.sqrt(sum(row["variance_fen2"] for row in here)))
    back = next((cell.age for cell in cells if spend > 0 and cell.margin_fen >= spend), None)
    return ValueCohort(month_name(month), sum(row["people"] for row in here), spend, expected, round(max(expected - half, 0)), round(expected + half), back, cells)


def attribution_report(stores: Stores, *, from_on: date | None = None, to_on: date | None = None, run: Run | None = None) -> Attribution:
    """First orders by seven rules of credit, beside what experiments found, for the sources at the top of the tree."""
    run = run or returns.newest(stores)
    span, tree = span_of(run, from_on, to_on), tree_of(stores)
    asked = {"from": span.from_on, "to": span.to_on}
    return returns.kept(stores, run, "acquisition_attribution", asked, Attribution, lambda session: _attribution(session, stores.warehouse.tables, run, span, tree))


def _attribution(session: Session, tables: Tables, run: Run, span: Span, tree: Tree) -> Attribution:
    first, last = month_number(span.from_on), month_number(span.to_on)
    paths, decay, spend = MEASUREMENT_PATH.table, MEASUREMENT_DECAY.table, tables["acquisition_spend"]
    within = paths.filter((paths.month >= first) & (paths.month <= last))
    summed = session.query(within.group_by("path", "bought").agg(people=within.people.sum().cast("int64"))).to_pylist()
    ways = [Way(tuple(int(step) for step in row["path"].split(">")), row["people"], row["bought"]) for row in summed]
    faded = decay.filter((decay.month >= first) & (decay.month <= last))
    weights = {row["source_id"]: row["weight"] for row in session.query(faded.group_by("source_id").agg(weight=faded.weight.sum())).to_pylist()}
    begin, end = day_number(span.from_on.replace(day=1)), day_number(run.as_of)
    spent = spend.filter((spend.day >= begin) & (spend.day <= end)).group_by("source_id").agg(fen=lambda t: t.amount_fen.sum().cast("int64"))
    rolled = rolled_up(session.query(spent), tree, [], ["fen"])
    fen = dict(zip(rolled["node"].to_pylist(), rolled["fen"].to_pylist(), strict=True))
    rules = {"first": attribution.first_touch(ways), "last": attribution.last_touch(ways), "linear": attribution.linear(ways), "position": attribution.position(ways), "decay": weights, "markov": attribution.markov(ways), "shapley": attribution.shapley(ways)}  # fmt: skip
    tops = [one for one in tree.nodes.values() if one.parent_id is None]
    items = [_credited(one, {name: float(rule.get(one.id, 0.0)) for name, rule in rules.items()}, fen.get(one.id, 0), run) for one in tops]
    items = [item for item in items if item.spend_fen or item.credit.linear]
    bought = sum(way.people for way in ways if way.bought)
    return Attribution(span.from_on, span.to_on, run.as_of, bought, sum(way.people for way in ways), PATH_DAYS, sorted(items, key=lambda item: -item.spend_fen))


def _credited(one: Any, credit: dict[str, float], spend_fen: int, run: Run) -> Credited:
    """Incremental: of the first orders booked on the last touch, the share that an experiment says the source caused."""
    measured = run.incremental.get(one.id)
    rates = (measured.rate, measured.low, measured.high) if measured else (None, None, None)
    caused = [None if rate is None else credit["last"] * rate for rate in rates]
    return Credited(one.id, one.name, one.platform, spend_fen, Credit(**credit), *caused)
