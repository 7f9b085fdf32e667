"""Standing lines 现存明细: which lines of some orders are known, whether published already or still on their way."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.events import log
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.publish import published_through
from siyu.orders.facts import ORDERS_LINE

REPLACED = "replaced"
_COLUMNS = ["line_key", "order_key", "kind"]
_PAGE = 20


def lines_of(stores: Stores, tx: Connection, order_keys: pa.Array) -> dict[int, list[int]]:
    """order_key → keys of its lines that count. The caller holds the log (`log.hold`): what is not in the warehouse is behind it there."""
    if not len(order_keys):
        return {}
    known = ORDERS_LINE.table
    with stores.warehouse.read() as session:
        asked = session.keep("_orders", pa.table({"order_key": order_keys}))
        found = session.query(known.semi_join(asked, "order_key").select(*_COLUMNS))
    through = published_through(stores.warehouse, ORDERS_LINE)
    parts = [found, *_on_their_way(tx, through, order_keys)]
    # The last that was said of a line counts.
    newest = {row["line_key"]: row for row in pa.concat_tables(parts).to_pylist()}
    lines: dict[int, list[int]] = {}
    for row in newest.values():
        if row["kind"] != REPLACED:
            lines.setdefault(row["order_key"], []).append(row["line_key"])
    return lines


def _on_their_way(tx: Connection, after: int, order_keys: pa.Array) -> list[pa.Table]:
    found: list[pa.Table] = []
    while batches := log.batches(tx, after, None, [ORDER_LINES_RECORDED.name], limit=_PAGE):
        found += [batch.rows.filter(pc.is_in(batch.rows["order_key"], value_set=order_keys)).select(_COLUMNS) for batch in batches]
        after = batches[-1].position
    return found
