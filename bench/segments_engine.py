"""The segment engine against SQL written by hand: ten reference segments at one and at ten million customers.

    python bench/segments_engine.py [1000000] [10000000]

Work: N customers, 2 N orders of one line each, 8 N activities (views and messages), 2 N tags: ten million customers and a
hundred million events at the larger size. Rows arrive in the order of time with people at random, as in life. Each
segment is counted three ways on the same warehouse (DuckDB, 5 GB limit, 2 threads): by the rule through the engine, by
SQL written by hand, and all ten at once as a recompute does. Then 1,000 people get new events and only they are asked
again. Limits: engine ≤ 1.5 × hand-written in total, ≤ 6 GB, touched people ≤ 0.5 s.
"""

from __future__ import annotations

import os
import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
from population import store

from siyu.app import FACTS
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROFILE, CUSTOMERS_TAG
from siyu.foundation.clock import Calendar, to_ms
from siyu.foundation.warehouse.connect import Warehouse, attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.foundation.warehouse.facts import Fact
from siyu.orders.facts import ORDERS_LINE, ORDERS_ORDER
from siyu.segments.evaluate import members, verdicts
from siyu.segments.facts import SEGMENTS_STANDING
from siyu.segments.rules import parse
from siyu.segments.touched import ARRIVED, TOUCHED, ask_again
from siyu.segments.windows import Moment

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CALENDAR = Calendar(ZoneInfo("Asia/Shanghai"))
MOMENT = Moment(to_ms(NOW), CALENDAR)
DAY_MS = 86_400_000
SLICES = 40


def _orders(op: str, value: int, last: int | None = None, **more: object) -> dict[str, object]:
    return {"kind": "orders", "measure": "count", "op": op, "value": value, **({"window": {"last": last}} if last else {}), **more}


RULES = {
    "attribute": {"kind": "all", "of": [
        {"kind": "attribute", "field": "gender", "op": "is", "value": "F"}, {"kind": "attribute", "field": "province", "op": "in", "value": ["P01", "P02", "P03"]}]},
    "bought in 30 d": _orders(">=", 1, 30),
    "bought X in 30 d, not in 7 d": {"kind": "all", "of": [
        _orders(">=", 1, 30, where=[{"field": "sku", "op": "is", "value": "K007"}]), {"kind": "not", "of": _orders(">=", 1, 7)}]},
    "spend over 1,000": {"kind": "orders", "measure": "spend_fen", "op": ">", "value": 100_000},
    "viewed 3 times, not bought, 30 d": {"kind": "all", "of": [
        {"kind": "event", "name": "product_viewed", "op": ">=", "count": 3, "window": {"last": 30}}, {"kind": "not", "of": _orders(">=", 1, 30)}]},
    "dormant 90 d": {"kind": "all", "of": [_orders(">=", 1), _orders("=", 0, 90)]},
    "not contacted 7 d": {"kind": "event", "name": "message_sent", "op": "=", "count": 0, "window": {"last": 7}},
    "RFM cell": {"kind": "rfm", "r": [5], "f": [4, 5], "m": [5]},
    "tags any of two, without a third": {"kind": "all", "of": [
        {"kind": "tag", "op": "any_of", "tags": ["t1", "t2"]}, {"kind": "tag", "op": "none_of", "tags": ["t3"]}]},
    "nested and/or/not": {"kind": "any", "of": [
        {"kind": "all", "of": [{"kind": "attribute", "field": "gender", "op": "is", "value": "M"}, _orders(">=", 3)]},
        {"kind": "all", "of": [{"kind": "attribute", "field": "source", "op": "is", "value": "S2"}, {"kind": "not", "of": _orders(">=", 1, 60)}]}]},
}  # fmt: skip


def _by_hand() -> dict[str, str]:
    def since(days: int) -> int:
        return MOMENT.days_ago_ms(days)

    end = MOMENT.now_ms + 1
    bought = f"SELECT customer_id FROM orders_order WHERE ordered_ms < {end} AND ordered_ms >= "
    return {
        "attribute": "SELECT count(*) FROM customers_profile WHERE gender = 'F' AND province IN ('P01', 'P02', 'P03')",
        "bought in 30 d": f"SELECT count(DISTINCT customer_id) FROM orders_order WHERE ordered_ms >= {since(30)} AND ordered_ms < {end}",
        "bought X in 30 d, not in 7 d": f"SELECT count(DISTINCT customer_id) FROM orders_line WHERE sku = 'K007' AND kind = 'sale' AND ordered_ms >= {since(30)} "
        f"AND ordered_ms < {end} AND customer_id NOT IN ({bought}{since(7)})",
        "spend over 1,000": f"SELECT count(*) FROM (SELECT customer_id FROM orders_order WHERE ordered_ms < {end} GROUP BY 1 HAVING sum(amount_fen) > 100000)",
        "viewed 3 times, not bought, 30 d": f"SELECT count(*) FROM (SELECT customer_id FROM customers_activity WHERE name = 'product_viewed' AND at_ms >= {since(30)} "
        f"AND at_ms < {end} GROUP BY 1 HAVING count(*) >= 3) WHERE customer_id NOT IN ({bought}{since(30)})",
        "dormant 90 d": f"SELECT count(*) FROM (SELECT customer_id FROM orders_order WHERE ordered_ms < {end} GROUP BY 1 HAVING max(ordered_ms) < {since(90)})",
        "not contacted 7 d": "SELECT count(*) FROM customers_profile WHERE customer_id NOT IN (SELECT customer_id FROM customers_activity "
        f"WHERE name = 'message_sent' AND at_ms >= {since(7)} AND at_ms < {end})",
        "RFM cell": "SELECT count(*) FROM segments_standing WHERE r = 5 AND f IN (4, 5) AND m = 5",
        "tags any of two, without a third": "SELECT count(DISTINCT customer_id) FROM customers_tag WHERE added AND tag IN ('t1', 't2') AND customer_id NOT IN "
        "(SELECT customer_id FROM customers_tag WHERE added AND tag = 't3')",
        "nested and/or/not": f"SELECT count(*) FROM customers_profile WHERE (gender = 'M' AND customer_id IN (SELECT customer_id FROM orders_order "
        f"WHERE ordered_ms < {end} GROUP BY 1 HAVING count(*) >= 3)) OR (source = 'S2' AND customer_id NOT IN ({bought}{since(60)}))",
    }


def main() -> None:
    totals: dict[int, float] = {}
    for size in [int(a) for a in sys.argv[1:]] or [1_000_000, 10_000_000]:
        with tempfile.TemporaryDirectory() as folder:
            totals[size] = _run(size, Path(folder))
    if len(totals) > 1:
        (small, a), (large, b) = sorted(totals.items())
        print(f"\ngrowth from {small:,} to {large:,} customers ({large / small:g} times): engine {b / a:.1f} times")


def _run(size: int, folder: Path) -> float:
    warehouse = attach(DuckDBEngine(folder / "w.duckdb", "5GB", 2, folder / "spill"), FACTS)
    began, rows = time.perf_counter(), 0
    for fact, part in tables(size):
        store(warehouse, fact, part)
        rows += part.num_rows
    print(f"\n{size:,} customers, {rows:,} rows, made in {time.perf_counter() - began:.0f} s; {(folder / 'w.duckdb').stat().st_size / 1e9:.2f} GB on disk")
    engine, hand = _compare(warehouse)
    print(f"  {'in total':<36} {engine:8.3f} {hand:8.3f}  ratio {engine / hand:.2f} (limit 1.5)")
    began = time.perf_counter()
    rules = {f"s{i}": parse(rule) for i, rule in enumerate(RULES.values())}
    with warehouse.read() as session:
        session.keep("_all", verdicts(rules, warehouse.tables, MOMENT))
    together = time.perf_counter() - began
    print(f"  all ten at once, as a recompute does: {together:.2f} s, {together / hand:.2f} of hand-written")
    _touched(warehouse, size)
    print(f"  peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB (limit 6)")
    warehouse.close()
    return engine


def _compare(warehouse: Warehouse) -> tuple[float, float]:
    print(f"  {'segment':<36} {'engine s':>8} {'hand s':>8}")
    engine, hand = 0.0, 0.0
    by_hand = _by_hand()
    for name, raw in RULES.items():
        rule = parse(raw)
        times: list[tuple[float, float]] = []
        for _ in range(3):
            began = time.perf_counter()
            with warehouse.read() as session:
                ours = int(session.scalar(members(rule, warehouse.tables, MOMENT).count()))
            middle = time.perf_counter()
            theirs = warehouse.engine.inner._connection.cursor().execute(by_hand[name]).fetchall()[0][0]
            times.append((middle - began, time.perf_counter() - middle))
        assert ours == theirs, (name, ours, theirs)
        mine, other = (sorted(column)[1] for column in zip(*times, strict=True))
        engine, hand = engine + mine, hand + other
        print(f"  {name:<36} {mine:8.3f} {other:8.3f}  {ours:>10,} people")
    return engine, hand


def _touched(warehouse: Warehouse, size: int) -> None:
    """A thousand people have new events; the same ten segments are asked for them alone, and compared with members."""
    people = np.random.default_rng(5).choice(np.arange(1, size + 1), 1000, replace=False)
    rules = {i + 1: parse(rule) for i, rule in enumerate(RULES.values())}
    later = Moment(MOMENT.now_ms + 60_000, CALENDAR)
    for attempt in ("first, expressions are made", *["again"] * 10):
        began, cpu = time.perf_counter(), time.process_time()
        with warehouse.read() as session:
            session.keep(ARRIVED.get_name(), pa.table({"customer_id": people}))
            changed = ask_again(session, rules, warehouse.tables, MOMENT, later)
            count = int(session.scalar(TOUCHED.count()))
        spent = f"{time.perf_counter() - began:.3f} s, {time.process_time() - cpu:.3f} CPU s; load {os.getloadavg()[0]:.1f}"
        print(f"  touched people ({attempt}): {count:,} asked, {changed.num_rows:,} differ from members, {spent} (limit 0.5 s)")


def tables(size: int) -> Iterator[tuple[Fact, pa.Table]]:
    rng = np.random.default_rng(7)
    ids = np.arange(1, size + 1)
    for part in np.array_split(ids, max(1, size // 1_000_000)):
        yield CUSTOMERS_PROFILE, pa.table({
            "customer_id": part, "gender": _words(rng, ["F", "M"], part.size), "province": _words(rng, [f"P{i:02d}" for i in range(31)], part.size),
            "source": _words(rng, [f"S{i}" for i in range(12)], part.size), "registered_ms": MOMENT.now_ms - rng.integers(0, 720 * DAY_MS, part.size)})  # fmt: skip
        yield SEGMENTS_STANDING, pa.table({
            "customer_id": part, **{name: rng.integers(1, 6, part.size) for name in "rfm"}, "stage": _words(rng, ["active", "lost", "new"], part.size)})  # fmt: skip
        yield CUSTOMERS_TAG, pa.table({
            "customer_id": np.repeat(part, 2), "tag": _words(rng, [f"t{i}" for i in range(20)], part.size * 2), "added": np.ones(part.size * 2, bool)})  # fmt: skip
    orders, activities = 2 * size // SLICES, 8 * size // SLICES
    for place in range(SLICES):
        at = MOMENT.now_ms - (SLICES - place) * (720 * DAY_MS // SLICES) + np.sort(rng.integers(0, 720 * DAY_MS // SLICES, orders))
        keys, owner = np.arange(orders) + place * orders, _people(rng, size, orders)
        amount = np.exp(rng.normal(9.2, 0.9, orders)).astype(np.int64)
        yield ORDERS_ORDER, pa.table({"order_key": keys, "customer_id": owner, "ordered_ms": at, "amount_fen": amount})
        yield ORDERS_LINE, pa.table({
            "line_key": keys, "order_key": keys, "customer_id": owner, "ordered_ms": at, "sku": _words(rng, [f"K{i:03d}" for i in range(200)], orders),
            "amount_fen": amount, "kind": pa.array(["sale"] * orders)})  # fmt: skip
        at = MOMENT.now_ms - (SLICES - place) * (360 * DAY_MS // SLICES) + np.sort(rng.integers(0, 360 * DAY_MS // SLICES, activities))
        keys = np.arange(activities) + place * activities
        names = _words(rng, ["product_viewed", "product_viewed", "page_viewed", "message_sent", "message_opened"], activities)
        yield CUSTOMERS_ACTIVITY, pa.table({"event_key": keys, "customer_id": _people(rng, size, activities), "name": names, "at_ms": at})


def _people(rng: np.random.Generator, size: int, count: int) -> np.ndarray:
    """Heavy-tailed: a fifth of the people make most of the rows."""
    return (rng.random(count) ** 2 * size).astype(np.int64) + 1


def _words(rng: np.random.Generator, words: list[str], count: int) -> pa.Array:
    return pa.array(words).take(pa.array(rng.integers(0, len(words), count)))


if __name__ == "__main__":
    main()
