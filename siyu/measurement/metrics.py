"""Metrics 指标: each a small record, computed from the same counts of a span of days.

A count or a sum of nothing is 0. A mean or a share of nothing is not defined: null, never 0.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from siyu.foundation.text import Text

Unit = Literal["count", "fen", "rate"]
Number = int | float
ACTIVE_DAYS = 90


@dataclass(frozen=True)
class Counts:
    """What the facts say of one span of days; every field is an exact integer.

    The first five are of the span itself. The others are of everything up to its last day: `active_buyers` of the
    90 days that end with it.
    """

    orders: int
    revenue_fen: int
    refund_fen: int
    buyers: int
    new_buyers: int
    buyers_ever: int
    repeat_buyers_ever: int
    active_buyers: int
    customers: int


@dataclass(frozen=True)
class Metric:
    """A number with a name, a definition and a unit (`rate`: 0 to 1). `compute` gives null where it is not defined."""

    key: str
    name: Text
    definition: Text
    unit: Unit
    compute: Callable[[Counts], Number | None]


def per(total: int, count: int) -> int | None:
    """A mean in whole units, half rounded up (`total` ≥ 0); None of nothing."""
    return (2 * total + count) // (2 * count) if count else None


def share(part: int, whole: int) -> float | None:
    """The part of a whole, 0 to 1; None of nothing."""
    return part / whole if whole else None


def change(value: Number | None, before: Number | None) -> float | None:
    """(value − before) / |before|; None when either is not known or there was nothing before."""
    return None if value is None or not before else (value - before) / abs(before)


_ALL = (
    Metric(
        "revenue_fen",
        Text("销售额", "Revenue"),
        Text(
            "期间内有效订单的金额合计(未扣退款)", "sum of the valid orders made in the period, before refunds"
        ),
        "fen",
        lambda c: c.revenue_fen,
    ),
    Metric(
        "refund_fen",
        Text("退款额", "Refunds"),
        Text(
            "期间内退给实名买家的金额，按退款自己的日期计",
            "what was given back to named buyers, by the date of the refund itself",
        ),
        "fen",
        lambda c: c.refund_fen,
    ),
    Metric(
        "net_revenue_fen",
        Text("净销售额", "Net revenue"),
        Text("销售额 − 退款额", "revenue − refunds"),
        "fen",
        lambda c: c.revenue_fen - c.refund_fen,
    ),
    Metric(
        "orders",
        Text("订单数", "Orders"),
        Text(
            "期间内的有效订单：有买家，且至少一行以大于 0 的价格售出",
            "valid orders made in the period: a buyer is named and at least one line was sold above 0",
        ),
        "count",
        lambda c: c.orders,
    ),
    Metric(
        "buyers",
        Text("买家数", "Buyers"),
        Text(
            "期间内有有效订单的客户，每人只计一次",
            "customers with a valid order in the period, each counted once",
        ),
        "count",
        lambda c: c.buyers,
    ),
    Metric(
        "new_buyers",
        Text("新买家", "New buyers"),
        Text(
            "有史以来第一笔有效订单落在期间内的客户",
            "customers whose first valid order ever is in the period",
        ),
        "count",
        lambda c: c.new_buyers,
    ),
    Metric(
        "returning_buyers",
        Text("老买家", "Returning buyers"),
        Text("期间内的买家中，期间之前已经买过的人", "buyers of the period who had bought before it began"),
        "count",
        lambda c: c.buyers - c.new_buyers,
    ),
    Metric(
        "average_order_fen",
        Text("客单价", "Average order"),
        Text("销售额 ÷ 订单数，四舍五入到分", "revenue ÷ orders, rounded to the fen"),
        "fen",
        lambda c: per(c.revenue_fen, c.orders),
    ),
    Metric(
        "repeat_rate",
        Text("复购率", "Repeat rate"),
        Text(
            "截至期末买过的客户中，有两笔及以上有效订单的比例",
            "of all who have bought by the end of the period, the share with two valid orders or more",
        ),
        "rate",
        lambda c: share(c.repeat_buyers_ever, c.buyers_ever),
    ),
    Metric(
        "active_buyers_90d",
        Text("90 天活跃买家", "Active buyers, 90 days"),
        Text(
            "截至期末(含)的 90 天内有有效订单的客户",
            "customers with a valid order in the 90 days that end with the period's last day",
        ),
        "count",
        lambda c: c.active_buyers,
    ),
    Metric(
        "customers",
        Text("客户数", "Customers"),
        Text(
            "截至期末已知的客户：已注册、已留下标识或已下单，不论是否买过",
            "customers known by the end of the period: registered, seen or with an order, buyers or not",
        ),
        "count",
        lambda c: c.customers,
    ),
)
METRICS: Mapping[str, Metric] = {metric.key: metric for metric in _ALL}
"""Every metric by its key, in the order of display."""


def values_of(counts: Counts) -> dict[str, Number | None]:
    """Every metric of one span."""
    return {key: metric.compute(counts) for key, metric in METRICS.items()}
