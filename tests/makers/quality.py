"""Worlds with known truth for the quality of customers: the columns of a simulated past, as facts that Siyu would have published."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

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
        "sku": pa.array(orders["sku"].astype(object)), "quantity": orders["quantity"], "unit_price_fen": orders["unit_fen"], "amount_fen": np.where(back, 0, paid),
        "refund_fen": np.where(back, paid, 0), "kind": pa.array(np.where(back, "refund", "sale").astype(object)),
    }  # fmt: skip
    replace(stores, ORDERS_LINE, lines)
    sold = np.flatnonzero(~back)
    replace(stores, ORDERS_ORDER, {
        "order_key": keys[sold], "customer_id": orders["person"][sold], "ordered_ms": at[sold], "ordered_on": days[sold], "amount_fen": paid[sold],
        "quantity": orders["quantity"][sold], "line_count": np.ones(len(sold), int),
    })  # fmt: skip


def judge(stores: Stores, one: Past) -> Found:
    """The world judged on its last day; rows in the order of people."""
    put_past(stores, one)
    refresh_quality(stores, ENDS_ON)
    return Found(read_judged(stores), one.kind)


def read_judged(stores: Stores) -> pa.Table:
    with stores.warehouse.read() as session:
        return session.query(SEGMENTS_QUALITY.table.order_by("customer_id"))


def precision_and_recall(called: np.ndarray, truly: np.ndarray) -> tuple[float, float]:
    """Of those called so, the share who are; of those who are, the share called so."""
    right = float((called & truly).sum())
    return right / max(float(called.sum()), 1), right / max(float(truly.sum()), 1)


def day_before(days: int) -> date:
    return ENDS_ON - timedelta(days=days)


__all__ = ["ENDS_ON", "KINDS", "Found", "day_before", "judge", "precision_and_recall", "put_past", "read_judged", "replace"]
