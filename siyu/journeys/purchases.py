"""Purchases 下单: order lines as they arrive, as the event `order_paid`: one an order, however often its lines come."""

from __future__ import annotations

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

_JSON = msgspec.json.Encoder()
_UNPAID = pa.array(["unpaid", "closed"])


def purchases(lines: pa.Table) -> tuple[pa.Table, pa.Table]:
    """(events, properties): columns of an activity (event_key, identity_key, name, at_ms) and of its properties in long form.

    An order counts when a line of it was sold to somebody named, and it is not known to be unpaid. Its event has the order's own key.
    """
    sold = pc.and_(pc.equal(lines["kind"], "sale"), pc.not_equal(lines["identity_key"], 0))
    unpaid = pc.fill_null(pc.is_in(lines["state"], _UNPAID), False)
    good = lines.filter(pc.and_not(sold, unpaid))
    orders = good.group_by(["order_key", "identity_key"], use_threads=False).aggregate(
        [("ordered_ms", "min"), ("amount_fen", "sum"), ("quantity", "sum"), ("source", "min"), ("order_no", "min"), ("sku", "list"), ("category", "list")]
    )
    count = orders.num_rows
    events = pa.table(
        {"event_key": orders["order_key"], "identity_key": orders["identity_key"], "name": pa.array(["order_paid"] * count, pa.string()), "at_ms": orders["ordered_ms_min"]}
    )
    parts = [_said(orders["order_key"], path, orders[column]) for path, column in _PATHS.items()]
    return events, pa.concat_tables(parts)


_PATHS = {"amount_fen": "amount_fen_sum", "quantity": "quantity_sum", "source": "source_min", "order_id": "order_no_min", "sku": "sku_list", "category": "category_list"}
_SAID = pa.schema([("event_key", pa.int64()), ("path", pa.string()), ("text", pa.string()), ("number", pa.float64()), ("time_ms", pa.int64())])


def _said(keys: pa.ChunkedArray, path: str, values: pa.ChunkedArray) -> pa.Table:
    count = len(keys)
    number = values.cast(pa.float64()) if pa.types.is_integer(values.type) else pa.nulls(count, pa.float64())
    return pa.table([keys, pa.array([path] * count, pa.string()), _text(values), number, pa.nulls(count, pa.int64())], schema=_SAID)


def _text(values: pa.ChunkedArray) -> pa.ChunkedArray | pa.Array:
    """Lists as the compact JSON in which other properties keep theirs."""
    if not pa.types.is_list(values.type):
        return values.cast(pa.string())
    return pa.array([_JSON.encode(sorted({one for one in some if one})).decode() for some in values.to_pylist()], pa.string())
