"""Orders for tests: a small world laid straight into the facts, as publishing would leave it."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

import ibis
import pyarrow as pa

from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.events import log
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.clock import day_number, month_number, to_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import CURSORS
from siyu.foundation.warehouse.engines import WriteSession
from siyu.foundation.warehouse.facts import Fact
from siyu.identity.facts import IDENTITY_LINK
from siyu.orders.facts import ORDERS_LINE, ORDERS_ORDER

NOBODY = 0
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Order:
    """One line. `at`: a local day (then noon) or an aware instant. Lines with the same `number` are one order."""

    customer: int
    at: date | datetime
    fen: int = 1000
    refund_fen: int = 0
    kind: str = "sale"
    number: int | None = None


def lay_orders(stores: Stores, orders: Sequence[Order], *, known: Mapping[int, date] | None = None) -> None:
    """Add lines to the warehouse, and what is derived from them; the position of the facts moves.

    Every customer named is known from the first line on; `known` adds customers who have not bought.
    """
    lines = [_line(stores, order) for order in orders]
    arriving = pa.Table.from_pylist(lines, ORDERS_LINE.arrow)
    position = _announce(stores, arriving)
    with stores.warehouse.engine.write() as session:
        session.insert(ORDERS_LINE, session.keep("_made_lines", arriving))
        _link(session, _first_seen(stores, lines, known or {}))
        _derive(stores, session, ORDERS_ORDER)
        _derive(stores, session, CUSTOMERS_PROFILE)
        _move(session, position)


def clear_orders(stores: Stores) -> None:
    """Empty the warehouse; the position moves too."""
    position = _announce(stores, ORDERS_LINE.arrow.empty_table())
    with stores.warehouse.engine.write() as session:
        for fact in stores.warehouse.facts:
            session.clear(fact)
        _move(session, position)


def _line(stores: Stores, order: Order) -> dict[str, object]:
    noon = time(12, tzinfo=stores.calendar.zone)
    at = order.at if isinstance(order.at, datetime) else datetime.combine(order.at, noon)
    on, key = stores.calendar.on(at), next(_numbers)
    return {
        "line_key": key,
        "order_key": order.number or 10**9 + key,
        "content_key": key,
        "identity_key": order.customer,
        "customer_id": order.customer,
        "source": "shop",
        "order_no": str(order.number or key),
        "ordered_ms": to_ms(at),
        "ordered_on": day_number(on),
        "ordered_month": month_number(on),
        "sku": "tea",
        "quantity": 1,
        "unit_price_fen": order.fen,
        "amount_fen": order.fen if order.kind == "sale" else 0,
        "refund_fen": order.refund_fen,
        "kind": order.kind,
    }


def _announce(stores: Stores, lines: pa.Table) -> int:
    """The lines in the event log, which is where a reader of the ledger sees that facts have moved."""
    rows = lines if lines.num_rows else pa.Table.from_pylist([{}], ORDERS_LINE.arrow)
    with stores.ledger.begin() as tx:
        position = log.append(tx, ORDER_LINES_RECORDED, rows, now=stores.now())
    assert position is not None
    return position


def _first_seen(
    stores: Stores, lines: Iterable[dict[str, object]], known: Mapping[int, date]
) -> list[tuple[int, int]]:
    seen = [(customer, stores.calendar.midnight_ms(on)) for customer, on in known.items()]
    return seen + [
        (int(str(row["customer_id"])), int(str(row["ordered_ms"]))) for row in lines if row["customer_id"]
    ]


def _link(session: WriteSession, seen: Sequence[tuple[int, int]]) -> None:
    if not seen:
        return
    columns = {
        "identity_key": [c for c, _ in seen],
        "customer_id": [c for c, _ in seen],
        "first_seen_ms": [at for _, at in seen],
    }
    both = ibis.union(
        IDENTITY_LINK.table, session.keep("_made_links", pa.table(columns, IDENTITY_LINK.arrow))
    )
    grouped = both.group_by("identity_key", "customer_id").agg(first_seen_ms=both.first_seen_ms.min())
    merged = session.keep("_merged_links", grouped)
    session.clear(IDENTITY_LINK)
    session.insert(IDENTITY_LINK, merged)


def _derive(stores: Stores, session: WriteSession, fact: Fact) -> None:
    assert fact.derive is not None
    fresh = fact.derive(stores.warehouse.tables).select([column.name for column in fact.columns])
    kept = session.keep(f"_made_{fact.name}", fresh)
    session.clear(fact)
    session.insert(fact, kept)


def _move(session: WriteSession, position: int) -> None:
    for name in (ORDERS_LINE.name, IDENTITY_LINK.name):
        row = session.keep("_made_cursor", pa.table({"fact": [name], "position": [position]}, CURSORS.arrow))
        session.delete(CURSORS, row, CURSORS.key)
        session.insert(CURSORS, row)
