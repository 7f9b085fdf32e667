"""Small random worlds, as facts for Siyu and as plain rows for the plain answer beside it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
from hypothesis import strategies as st

from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Fact

DAY_MS = 86_400_000
SKUS, TAGS, NAMES = ("X", "Y", "Z"), ("a", "b", "c"), ("product_viewed", "message_sent", "other")


@dataclass
class World:
    """Rows by fact. Customers are numbered from 1."""

    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)

    def of(self, fact: str, customer: int) -> list[dict[str, Any]]:
        return [row for row in self.rows.get(fact, []) if row["customer_id"] == customer]


@st.composite
def worlds(draw: st.DrawFn, now_ms: int) -> World:
    """Up to eight customers with orders, activities, tags and scores around the edges of 7, 30 and 90 days."""
    ago = st.one_of(
        st.integers(0, 120 * DAY_MS), st.sampled_from([day * DAY_MS + edge for day in (0, 7, 30, 90) for edge in (-1, 0, 1) if day * DAY_MS + edge >= 0])
    )
    size = draw(st.integers(1, 8))
    world = World({"customers_profile": [], "orders_order": [], "orders_line": [], "customers_activity": [], "customers_tag": [], "segments_standing": []})
    number = 0
    for customer in range(1, size + 1):
        world.rows["customers_profile"].append(
            {"customer_id": customer, "gender": draw(st.sampled_from(["F", "M", None])), "province": draw(st.sampled_from(["P1", "P2", None])), "registered_ms": now_ms - draw(ago)}
        )
        for _ in range(draw(st.integers(0, 4))):
            number += 1
            at, amount, sku = now_ms - draw(ago), draw(st.integers(0, 200_000)), draw(st.sampled_from(SKUS))
            base = {"order_key": number, "customer_id": customer, "ordered_ms": at, "amount_fen": amount, "quantity": 1}
            world.rows["orders_order"].append(base)
            world.rows["orders_line"].append({**base, "line_key": number, "sku": sku, "kind": "sale"})
        for _ in range(draw(st.integers(0, 5))):
            number += 1
            world.rows["customers_activity"].append({"event_key": number, "customer_id": customer, "name": draw(st.sampled_from(NAMES)), "at_ms": now_ms - draw(ago)})
        for tag in draw(st.sets(st.sampled_from(TAGS))):
            world.rows["customers_tag"].append({"customer_id": customer, "tag": tag, "added": draw(st.booleans()), "at_ms": now_ms})
        if draw(st.booleans()):
            scores = {name: draw(st.integers(1, 5)) for name in "rfm"}
            world.rows["segments_standing"].append({"customer_id": customer, **scores, "stage": draw(st.sampled_from(["new", "active", "lost"]))})
    return world


def settle(stores: Stores, world: World) -> None:
    """Put the world's rows in the place of whatever the facts held."""
    by_name = {fact.name: fact for fact in stores.warehouse.facts}
    for name, rows in world.rows.items():
        replace_rows(stores, by_name[name], rows)


def replace_rows(stores: Stores, fact: Fact, rows: list[dict[str, Any]]) -> None:
    full = [{column.name: row.get(column.name) for column in fact.columns} for row in rows]
    with stores.warehouse.engine.write() as session:
        session.clear(fact)
        session.insert(fact, session.keep("_rows", pa.Table.from_pylist(full, schema=fact.arrow)))
