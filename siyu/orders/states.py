"""States 订单状态: the seven states of an order, and the words by which exports name them.

A text that says none of them has no state (null) and counts as a sale: files without a status are of finished orders.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.connectors.selling import State
from siyu.foundation.text import Text

Mask = np.ndarray[tuple[int], np.dtype[np.bool_]]
NAMES: dict[State, Text] = {
    "unpaid": Text("待付款", "Not paid"),
    "paid": Text("待发货", "To be shipped"),
    "part_shipped": Text("部分发货", "Partly shipped"),
    "shipped": Text("待收货", "Shipped"),
    "done": Text("已完成", "Done"),
    "closed": Text("已关闭", "Closed"),
    "refunded": Text("已全额退款", "Refunded in full"),
}
_WORDS: tuple[tuple[State, str], ...] = (
    ("closed", r"关闭|取消|作废|cancel|closed|void"),
    ("unpaid", r"未付款|待付款|未支付|待支付|等待买家付款|等待付款|unpaid|wait_buyer_pay"),
    ("refunded", r"已退款|退款成功|退货成功|refunded|returned"),
    ("part_shipped", r"部分发货|部分出库|partly shipped"),
    ("shipped", r"已发货|待收货|等待买家确认|等待确认收货|已出库|运输中|wait_buyer_confirm_goods|shipped"),
    ("paid", r"待发货|等待发货|等待卖家发货|已付款|已支付|备货|等待出库|等待接单|trade_paid|wait_seller_send_goods|\bpaid\b"),
    ("done", r"已完成|交易成功|交易完成|订单完成|已收货|已签收|trade_success|completed|delivered|success"),
)
"""In this order: a closed order may name its refund, an unpaid one its payment."""


def of_words(status: pa.Array) -> pa.Array:
    """The state that each text says; null for none."""
    encoded = status.cast(pa.string()).dictionary_encode()
    words = encoded.dictionary
    found = pa.nulls(len(words), pa.string())
    for state, pattern in _WORDS:
        says = pc.match_substring_regex(words, pattern, ignore_case=True)
        found = pc.if_else(pc.and_(says, pc.is_null(found)), state, found)
    return pc.take(found, encoded.indices)


def is_no_sale(state: pa.Array) -> Mask:
    return _one_of(state, ["unpaid", "closed"])


def is_refunded(state: pa.Array) -> Mask:
    return _one_of(state, ["refunded"])


def _one_of(state: pa.Array, names: list[Any]) -> Mask:
    found: Mask = pc.fill_null(pc.is_in(state, value_set=pa.array(names, pa.string())), False).to_numpy(zero_copy_only=False)
    return found
