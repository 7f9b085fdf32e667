"""The peers' population as Siyu's facts: customers, orders, page hits and messages of a made-up base, seed fixed.

The same data set on which other systems were measured (figures quoted in `segments_stored.py`): N customers, about 3 N
orders, 5 N page hits, 2 N messages sent; every time is an offset before `NOW`, so relative windows give the same members.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa

from siyu.customers.facts import (
    CUSTOMERS_ACTIVITY,
    CUSTOMERS_ATTRIBUTE,
    CUSTOMERS_PROFILE,
    CUSTOMERS_PROPERTY,
)
from siyu.foundation.warehouse.connect import Warehouse
from siyu.foundation.warehouse.facts import Fact
from siyu.orders.facts import ORDERS_ORDER

NOW = datetime(2026, 11, 22, 22, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)
DAY = 86_400
SOURCES = ["taobao", "jd", "pdd", "douyin", "kuaishou", "xiaohongshu", "weibo", "baidu", "meituan", "offline", "referral", "other"]
SHARES = np.array([16, 9, 9, 18, 7, 12, 4, 4, 5, 8, 6, 2]) / 100

SEGMENTS = {
    "s01": {"kind": "all", "of": [
        {"kind": "attribute", "field": "gender", "op": "is", "value": "F"},
        {"kind": "attribute", "field": "custom:city_tier", "op": "<=", "value": 2},
        {"kind": "attribute", "field": "source", "op": "in", "value": ["xiaohongshu", "douyin"]}]},
    "s02": {"kind": "orders", "measure": "count", "op": ">=", "value": 1, "window": {"last": 30}},
    "s03": {"kind": "event", "name": "page_viewed", "op": ">=", "count": 1, "where": [{"path": "page", "op": "is", "value": 17}]},
    "s04": {"kind": "orders", "measure": "spend_fen", "op": ">", "value": 100_000},
    "s05": {"kind": "all", "of": [
        {"kind": "orders", "measure": "count", "op": ">=", "value": 1, "window": {"last": 30}},
        {"kind": "orders", "measure": "count", "op": ">=", "value": 5},
        {"kind": "orders", "measure": "spend_fen", "op": ">=", "value": 100_000}]},
    "s06": {"kind": "all", "of": [
        {"kind": "orders", "measure": "count", "op": "=", "value": 0, "window": {"last": 90}},
        {"kind": "orders", "measure": "count", "op": ">=", "value": 3},
        {"kind": "orders", "measure": "spend_fen", "op": ">=", "value": 50_000}]},
    "s07": {"kind": "event", "name": "message_sent", "op": ">=", "count": 1, "window": {"last": 7}},
    "s08": {"kind": "not", "of": {"kind": "event", "name": "message_sent", "op": ">=", "count": 1, "window": {"last": 7}}},
    "s09": {"kind": "all", "of": [
        {"kind": "attribute", "field": "registered", "op": "within", "window": {"last": 30}},
        {"kind": "attribute", "field": "order_count", "op": "is", "value": 0}]},
    "s10": {"kind": "all", "of": [
        {"kind": "event", "name": "page_viewed", "op": ">=", "count": 1, "window": {"last": 7}},
        {"kind": "event", "name": "page_viewed", "op": ">=", "count": 3}]},
    "s11": {"kind": "everyone"},
}  # fmt: skip
EXPECTED = {
    100_000: dict(zip(SEGMENTS, (6_550, 29_202, 4_936, 14_760, 9_402, 3_671, 27_652, 72_348, 3_026, 52_980, 100_000), strict=True)),
    1_000_000: dict(zip(SEGMENTS, (65_837, 292_348, 49_233, 146_849, 93_940, 37_550, 276_263, 723_737, 30_087, 527_624, 100_000), strict=True)),
}


def segments(size: int) -> dict[str, dict[str, object]]:
    """The eleven rules; s11 is everybody at 100,000 and one bucket of ten at a million."""
    bucket = {"kind": "attribute", "field": "custom:bucket", "op": "is", "value": 3}
    return SEGMENTS | ({"s11": bucket} if size > 100_000 else {})


def load(warehouse: Warehouse, size: int) -> dict[str, int]:
    """Fill the facts; returns rows by fact."""
    counts: dict[str, int] = {}
    for fact, rows in tables(size):
        store(warehouse, fact, rows)
        counts[fact.name] = counts.get(fact.name, 0) + rows.num_rows
    return counts


def store(warehouse: Warehouse, fact: Fact, rows: pa.Table) -> None:
    """Append rows to a fact directly; columns that are not given are null."""
    missing = [field for field in fact.arrow if field.name not in rows.column_names]
    for field in missing:
        rows = rows.append_column(field, pa.nulls(rows.num_rows, field.type))
    with warehouse.engine.write() as session:
        session.insert(fact, session.keep("_rows", rows.select(fact.arrow.names).cast(fact.arrow)))


def tables(size: int) -> Iterator[tuple[Fact, pa.Table]]:
    """The population fact by fact, drawn in the order that the peers' data was drawn in."""
    rng = np.random.Generator(np.random.PCG64(20261122))
    ids = np.arange(1, size + 1)
    tenure = (rng.random(size) ** 1.3 * 720 * DAY).astype(np.int64) + 60
    rate = rng.gamma(0.6, 5.0, size)
    gender = _pick(rng, ["F", "M", "U"], np.array([0.55, 0.35, 0.10]), size)
    tier = rng.integers(1, 6, size)
    source = _pick(rng, SOURCES, SHARES, size)
    shares = 1 / np.arange(1, 32) ** 0.6
    province = _pick(rng, [f"P{i:02d}" for i in range(31)], shares / shares.sum(), size)
    rng.integers(0, 16800, size)
    rng.exponential(400, size)
    yield CUSTOMERS_PROFILE, pa.table(
        {"customer_id": ids, "gender": gender, "source": source, "province": province, "registered_ms": _ms(tenure), "first_seen_ms": _ms(tenure)}
    )
    for path, values in (("city_tier", tier), ("bucket", ids % 10)):
        yield CUSTOMERS_ATTRIBUTE, pa.table(
            {"customer_id": ids, "path": pa.array([path] * size), "text": pa.array(values).cast(pa.string()), "number": values.astype(np.float64)}
        )
    owner, ago = _children(rng, ids, tenure, rate, 720, 1.0)
    amount = np.round(rng.lognormal(4.6, 0.9, owner.size), 2)
    rng.integers(0, 20, owner.size)
    at = _ms(ago)
    yield ORDERS_ORDER, pa.table(
        {
            "order_key": np.arange(1, owner.size + 1), "customer_id": owner, "ordered_ms": at, "ordered_on": (at // (DAY * 1000)).astype(np.int32),
            "amount_fen": np.round(amount * 100).astype(np.int64), "quantity": np.ones(owner.size, np.int64),
        }
    )  # fmt: skip
    owner, ago = _children(rng, ids, tenure, 2.5 + 0.8 * rate, 90, 1.5)
    popular = 1 / np.arange(1, 201) ** 0.9
    page = np.searchsorted(np.cumsum(popular / popular.sum()), rng.random(owner.size), side="right").clip(0, 199) + 1
    keys = np.arange(1, owner.size + 1)
    yield CUSTOMERS_ACTIVITY, _activities(keys, owner, "page_viewed", _ms(ago))
    yield CUSTOMERS_PROPERTY, pa.table(
        {"event_key": keys, "customer_id": owner, "path": pa.array(["page"] * owner.size), "text": pa.array(page).cast(pa.string()), "number": page.astype(np.float64)}
    )
    sent, ago = _children(rng, ids, tenure, np.full(size, 2.0), 60, 1.0)
    yield CUSTOMERS_ACTIVITY, _activities(np.arange(1, sent.size + 1) + owner.size, sent, "message_sent", _ms(ago))


def _activities(keys: np.ndarray, owner: np.ndarray, name: str, at: np.ndarray) -> pa.Table:
    return pa.table({"event_key": keys, "customer_id": owner, "name": pa.array([name] * owner.size), "at_ms": at})


def _pick(rng: np.random.Generator, values: list[str], shares: np.ndarray, size: int) -> pa.Array:
    place = np.searchsorted(np.cumsum(shares), rng.random(size), side="right").clip(0, len(values) - 1)
    return pa.array(values).take(pa.array(place))


def _children(rng: np.random.Generator, ids: np.ndarray, tenure: np.ndarray, rate: np.ndarray, span: int, recency: float) -> tuple[np.ndarray, np.ndarray]:
    counts = rng.poisson(rate)
    owner, reach = np.repeat(ids, counts), np.minimum(np.repeat(tenure, counts), span * DAY)
    return owner, (rng.random(owner.size) ** recency * reach).astype(np.int64)


def _ms(ago: np.ndarray) -> np.ndarray:
    return NOW_MS - ago * 1000
