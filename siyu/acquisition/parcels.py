"""Parcels 物流: what a person's newest activity of a scene says, for the page that it opens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import ibis

from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

TOLD = {
    "company": Text("快递", "Carrier"), "carrier": Text("快递", "Carrier"), "tracking_no": Text("单号", "Number"), "number": Text("单号", "Number"), "order_no": Text("订单", "Order"),
    "status": Text("状态", "State"), "state": Text("状态", "State"), "place": Text("位置", "Where"), "station": Text("位置", "Where"), "text": Text("说明", "Said"),
}  # fmt: skip
_MOST = 5


@dataclass(frozen=True)
class Parcel:
    """When, and what is said of it: (name, value)."""

    at: datetime
    told: list[tuple[Text, str]]


def newest(stores: Stores, customer_id: int, event: str) -> Parcel | None:
    """The newest activity of this name of a person, by the facts as they are published."""
    activity, said = stores.warehouse.tables["customers_activity"], stores.warehouse.tables["customers_property"]
    mine = activity.filter((activity.customer_id == customer_id) & (activity.name == event))
    last = mine.order_by(ibis.desc("at_ms"), ibis.desc("event_key")).limit(1).select("event_key", "at_ms")
    with stores.warehouse.read() as session:
        rows = session.query(last).to_pylist()
        if not rows:
            return None
        key = rows[0]["event_key"]
        values = {row["path"]: row["text"] for row in session.query(said.filter(said.event_key == key).select("path", "text")).to_pylist()}
    told = [(words, values[path][:80]) for path, words in TOLD.items() if values.get(path)]
    return Parcel(from_ms(rows[0]["at_ms"]), told[:_MOST])
