"""Worlds with known truth for the quality of customers: the columns of a simulated past, as facts that Siyu would have published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from siyu.carriers.facts import CARRIERS_RELATION
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROFILE, CUSTOMERS_PROPERTY
from siyu.foundation.clock import day_number
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Fact
from siyu.orders.facts import ORDERS_LINE, ORDERS_ORDER
from siyu.segments.facts import SEGMENTS_QUALITY
from siyu.segments.quality import refresh_quality
from siyu_sandbox.people.past import KINDS, SOURCES, Past

DAY_MS = 86_400_000
ENDS_ON = date(2026, 6, 1)
"""The last local day of every world."""


@dataclass(frozen=True)
class Found:
    """By person: what was judged, and what they truly are."""

    judged: pa.Table
    kind: np.ndarray


def replace(stores: Stores, fact: Fact, columns: dict[str, Any]) -> None:
    size = len(next(iter(columns.values())))
    table = pa.table({field.name: pa.array(columns[field.name]).cast(field.type) if field.name in columns else pa.nulls(size, field.type) for field in fact.arrow})
    with stores.warehouse.engine.write() as session:
        session.clear(fact)
        session.insert(fact, session.keep("_put", table))


def put_past(stores: Stores, one: Past) -> None:
    """The world's rows in the place of whatever the facts held; it ends at the end of `ENDS_ON`."""
    begins_ms = stores.calendar.end_ms(ENDS_ON) - int(one.now * DAY_MS)

    def ms(days: Any) -> np.ndarray:
        return begins_ms + np.round(np.asarray(days, float) * DAY_MS).astype(np.int64)

    ids = np.arange(1, len(one.kind) + 1)
    replace(stores, CUSTOMERS_PROFILE, {"customer_id": ids, "source": [SOURCES[place] for place in one.source], "first_seen_ms": ms(one.came), "registered_ms": ms(one.came)})
    gone = ~np.isnan(one.left)
    ended = pa.array(ms(np.where(gone, one.left, 0)), mask=~gone)
    replace(stores, CARRIERS_RELATION, {
        "identity_key": ids, "customer_id": ids, "account_id": np.ones(len(ids), int), "staff": ["amy"] * len(ids), "began_ms": ms(one.came), "ended_ms": ended,
        "by": pa.array(np.where(gone, "customer", "")), "void": np.zeros(len(ids), bool),
    })  # fmt: skip
    acts = one.activities
    keys = np.arange(1, len(acts["at"]) + 1)
    replace(stores, CUSTOMERS_ACTIVITY, {"event_key": keys, "identity_key": acts["person"], "customer_id": acts["person"], "name": pa.array(acts["name"].astype(object)), "at_ms": ms(acts["at"])})
    told = np.flatnonzero(acts["path"] != "")
    number = np.array([value if isinstance(value, int | float) else np.nan for value in acts["value"][told]], float)
    replace(stores, CUSTOMERS_PROPERTY, {
        "event_key": keys[told], "identity_key": acts["person"][told], "customer_id": acts["person"][told], "path": pa.array(acts["path"][told].astype(object)),
        "text": pa.array([str(value) for value in acts["value"][told]]), "number": pa.array(number, mask=np.isnan(number)),
    })  # fmt: skip
    _put_orders(stores, one, ms)


def _put_orders(stores: Stores, one: Past, ms: Any) -> None:
    orders = one.orders
    keys, at = np.arange(1, len(orders["at"]) + 1), ms(orders["at"])
    back, paid = orders["refunded"], orders["paid_fen"]
    days = day_number(ENDS_ON) - np.floor((stores.calendar.end_ms(ENDS_ON) - 1 - at) / DAY_MS).astype(int)
    lines = {
        "line_key": keys, "order_key": keys, "content_key": keys, "identity_key": orders["person"], "customer_id": orders["person"], "ordered_ms": at, "ordered_on": days,
        "sku": pa.array(orders["sku"].astype(object)), "quantity": orders["quantity"], "unit_price_fen": orders["unit_fen"], "amount_fen": paid,
        "refund_fen": np.where(back, paid, 0), "kind": ["sale"] * len(keys),
    }  # fmt: skip
    replace(stores, ORDERS_LINE, lines)
    replace(stores, ORDERS_ORDER, {
        "order_key": keys, "customer_id": orders["person"], "ordered_ms": at, "ordered_on": days, "amount_fen": paid,
        "quantity": orders["quantity"], "line_count": np.ones(len(keys), int),
    })  # fmt: skip


def put_market(stores: Stores, folder: Path) -> np.ndarray:
    """The files of a market in the place of whatever the facts held; returns the true class of every added person, in the order of ids."""
    people = pq.read_table(folder / "people.parquet").sort_by("person")
    ids = {name: number for number, name in enumerate(people["person"].to_pylist(), start=1)}

    def of(names: pa.ChunkedArray) -> np.ndarray:
        return np.array([ids.get(name, 0) for name in names.to_pylist()], np.int64)

    def ms(at: pa.ChunkedArray) -> pa.ChunkedArray:
        return at.cast(pa.timestamp("ms", at.type.tz), safe=False).cast(pa.int64())

    known, came = np.arange(1, len(ids) + 1), ms(people["added_at"])
    replace(stores, CUSTOMERS_PROFILE, {"customer_id": known, "first_seen_ms": came, "registered_ms": came})
    spells = pq.read_table(folder / "relations.parquet")
    replace(stores, CARRIERS_RELATION, {
        "identity_key": of(spells["person"]), "customer_id": of(spells["person"]), "account_id": np.ones(spells.num_rows, int), "staff": spells["staff"].combine_chunks(),
        "began_ms": ms(spells["began"]).combine_chunks(), "ended_ms": ms(spells["ended"]).combine_chunks(), "by": spells["by"].combine_chunks(), "void": np.zeros(spells.num_rows, bool),
    })  # fmt: skip
    acts, touches = pq.read_table(folder / "activities.parquet"), pq.read_table(folder / "touches.parquet")
    claims = touches.filter(pc.and_(pc.equal(touches["step"], "claim"), pc.is_valid(touches["person"])))
    who = np.concatenate([of(acts["person"]), of(claims["person"])])
    keys = np.arange(1, len(who) + 1)
    names = acts["name"].to_pylist() + ["source_touched"] * claims.num_rows
    at = np.concatenate([ms(acts["at"]).to_numpy(), ms(claims["at"]).to_numpy()])
    replace(stores, CUSTOMERS_ACTIVITY, {"event_key": keys, "identity_key": who, "customer_id": who, "name": names, "at_ms": at})
    of_claims = keys[acts.num_rows :]
    replace(stores, CUSTOMERS_PROPERTY, {
        "event_key": of_claims, "identity_key": who[acts.num_rows :], "customer_id": who[acts.num_rows :], "path": ["step"] * claims.num_rows, "text": ["claim"] * claims.num_rows,
    })  # fmt: skip
    _put_market_orders(stores, pq.read_table(folder / "orders.parquet"), of)
    truth = pq.read_table(folder / "truth/persons.parquet", columns=["person", "class"])
    classes = dict(zip(truth["person"].to_pylist(), truth["class"].to_pylist(), strict=True))
    return np.array([classes[name] for name in ids])


def _put_market_orders(stores: Stores, orders: pa.Table, of: Any) -> None:
    keys, buyer = np.arange(1, orders.num_rows + 1), of(orders["买家账号"])
    fen = {name: np.array([int(value * 100) for value in orders[name].to_pylist()]) for name in ("单价", "实付金额")}
    local = orders["下单时间"].cast(pa.timestamp("ms"), safe=False).cast(pa.int64()).to_numpy()
    at, back = local - 8 * 3_600_000, np.array(orders["订单状态"].to_pylist()) == "已退款"
    replace(stores, ORDERS_LINE, {
        "line_key": keys, "order_key": keys, "content_key": keys, "identity_key": buyer, "customer_id": buyer, "ordered_ms": at, "ordered_on": local // DAY_MS,
        "sku": orders["商品编码"].combine_chunks(), "quantity": orders["数量"].combine_chunks().cast(pa.int64()), "unit_price_fen": fen["单价"],
        "amount_fen": fen["实付金额"], "refund_fen": np.where(back, fen["实付金额"], 0), "kind": ["sale"] * orders.num_rows,
    })  # fmt: skip


def judge(stores: Stores, one: Past) -> Found:
    """The world judged on its last day; rows in the order of people."""
    put_past(stores, one)
    refresh_quality(stores, ENDS_ON)
    return Found(read_judged(stores), one.kind)


def read_judged(stores: Stores) -> pa.Table:
    with stores.warehouse.read() as session:
        return session.query(SEGMENTS_QUALITY.table.order_by("customer_id"))


__all__ = ["ENDS_ON", "KINDS", "Found", "judge", "put_market", "put_past", "read_judged", "replace"]
