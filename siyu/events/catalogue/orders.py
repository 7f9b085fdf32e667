"""Events of orders 订单."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

ORDER_LINES_RECORDED = EventType(
    name="order_lines_recorded",
    version=2,
    label=Text("订单明细", "Order lines recorded"),
    description=Text("订单明细行到达或有了新状态", "lines of orders arrived, or their state changed"),
    properties=(
        Property("line_key", pa.int64(), "key of the line: source, order and line number, or content and its count"),
        Property("order_key", pa.int64(), "key of (source, order number)"),
        Property("content_key", pa.int64(), "key of everything that may change in the line"),
        Property("identity_key", pa.int64(), "the buyer's strongest identifier; 0 when the order names no buyer"),
        Property("source", pa.string(), "where the order was made, such as taobao"),
        Property("order_no", pa.string(), "order number at the source"),
        Property("ordered_ms", pa.int64(), "when the order was made, epoch ms"),
        Property("ordered_on", pa.int32(), "local date, days since 1970-01-01"),
        Property("sku", pa.string(), "code of the goods"),
        Property("product_name", pa.string(), "name of the goods"),
        Property("category", pa.string(), "category of the goods"),
        Property("quantity", pa.int64(), "pieces; negative when goods came back"),
        Property("unit_price_fen", pa.int64(), "price of one piece, fen"),
        Property("amount_fen", pa.int64(), "what the line sold for, fen; 0 unless kind is sale"),
        Property("refund_fen", pa.int64(), "what was given back, fen"),
        Property("kind", pa.string(), "sale, refund, cancelled, gift (price 0), adjustment, or replaced (the order has other lines now)"),
        Property("state", pa.string(), "unpaid, paid, part_shipped, shipped, done, closed or refunded; null where it is not told"),
    ),
)
