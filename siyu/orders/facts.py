"""Facts of orders: lines as they came, and valid orders made of them."""

from __future__ import annotations

import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc

from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.warehouse.facts import Batch, Column, Fact, Tables

_LINE = {p.name: p for p in ORDER_LINES_RECORDED.properties}


def _lines(batch: Batch) -> pa.Table:
    days = batch.rows["ordered_on"]
    return batch.rows.append_column("ordered_month", _months(days))


def _months(days: pa.ChunkedArray) -> pa.ChunkedArray:
    dates = days.cast(pa.date32())
    return pc.subtract(pc.add(pc.multiply(pc.year(dates), 12), pc.month(dates)), 1).cast(pa.int32())


def _orders(tables: Tables) -> ir.Table:
    """Valid orders: lines of kind sale that name a buyer, one row an order; its time is that of its first line."""
    lines = tables["orders_line"]
    valid = lines.filter((lines.kind == "sale") & (lines.customer_id > 0))
    return valid.group_by("order_key", "customer_id").agg(
        source=valid.source.min(),
        ordered_ms=valid.ordered_ms.min(),
        ordered_on=valid.ordered_on.min(),
        ordered_month=valid.ordered_month.min(),
        amount_fen=valid.amount_fen.sum().cast("int64"),
        quantity=valid.quantity.sum().cast("int64"),
        line_count=valid.count().cast("int64"),
    )


def buyers(orders: ir.Table) -> ir.Table:
    """Totals of these orders: one row a buyer, columns as those of `orders_buyer`."""
    return orders.group_by("customer_id").agg(
        order_count=orders.count().cast("int64"),
        amount_fen=orders.amount_fen.sum().cast("int64"),
        largest_fen=orders.amount_fen.max(),
        quantity=orders.quantity.sum().cast("int64"),
        first_ms=orders.ordered_ms.min(),
        last_ms=orders.ordered_ms.max(),
    )


ORDERS_LINE = Fact(
    name="orders_line",
    grain="one line of an order, or of a cancellation or refund",
    key=("line_key",),
    columns=(
        *(Column(n, "int64", _LINE[n].meaning) for n in ("line_key", "order_key", "content_key", "identity_key")),
        Column("customer_id", "int64", "the buyer; 0 when the order names none"),
        Column("source", "string", _LINE["source"].meaning),
        Column("order_no", "string", _LINE["order_no"].meaning),
        Column("ordered_ms", "int64", _LINE["ordered_ms"].meaning),
        Column("ordered_on", "int32", _LINE["ordered_on"].meaning),
        Column("ordered_month", "int32", "local month, year × 12 + month − 1"),
        *(Column(n, "string", _LINE[n].meaning) for n in ("sku", "product_name", "category")),
        *(Column(n, "int64", _LINE[n].meaning) for n in ("quantity", "unit_price_fen", "amount_fen", "refund_fen")),
        Column("kind", "string", _LINE["kind"].meaning),
        Column("state", "string", _LINE["state"].meaning),
    ),
    sources={ORDER_LINES_RECORDED.name: _lines},
)

ORDERS_ORDER = Fact(
    name="orders_order",
    grain="one valid order: a buyer is named, and at least one line was sold at a price above 0",
    key=("order_key", "customer_id"),
    columns=(
        Column("order_key", "int64", "key of (source, order number)"),
        Column("customer_id", "int64", "the buyer"),
        Column("source", "string", "the shop"),
        Column("ordered_ms", "int64", "time of the first valid line, epoch ms"),
        Column("ordered_on", "int32", "local day number of it"),
        Column("ordered_month", "int32", "local month, year × 12 + month − 1"),
        Column("amount_fen", "int64", "sum of the valid lines, fen"),
        Column("quantity", "int64", "pieces"),
        Column("line_count", "int64", "valid lines"),
    ),
    derive=_orders,
    derive_from=("orders_line",),
    group="order_key",
)

ORDERS_BUYER = Fact(
    name="orders_buyer",
    grain="one buyer: a customer with a valid order; over all of them, also those dated ahead of now",
    key=("customer_id",),
    columns=(
        Column("customer_id", "int64", "the buyer"),
        Column("order_count", "int64", "valid orders"),
        Column("amount_fen", "int64", "their sum, fen"),
        Column("largest_fen", "int64", "the largest of them, fen"),
        Column("quantity", "int64", "their pieces"),
        Column("first_ms", "int64", "time of the first, epoch ms"),
        Column("last_ms", "int64", "time of the last, epoch ms"),
    ),
    derive=lambda tables: buyers(tables["orders_order"]),
    derive_from=("orders_order",),
    group="customer_id",
    always=True,
)
