"""The definitions of `docs/theory/metrics.md` once more, in plain Python over a list of orders: slow and obvious."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction

from tests.makers.orders import Order

Number = int | float | None


def day(order: Order) -> date:
    assert type(order.at) is date
    return order.at


def metrics(orders: Sequence[Order], first: date, last: date, known: Mapping[int, date]) -> dict[str, Number]:
    """Every metric of the local days `first` to `last`, from lines of which each valid one is an order."""
    valid = [o for o in orders if o.kind == "sale" and o.customer and day(o) <= last]
    inside = [o for o in valid if day(o) >= first]
    revenue = sum(o.fen for o in inside)
    refunds = sum(o.refund_fen for o in orders if o.customer and first <= day(o) <= last)
    buyers = {o.customer for o in inside}
    before = {o.customer for o in valid if day(o) < first}
    counts = Counter(o.customer for o in valid)
    since = dict(known)
    for order in orders:
        if order.customer:
            since[order.customer] = min(since.get(order.customer, day(order)), day(order))
    return {
        "revenue_fen": revenue,
        "refund_fen": refunds,
        "net_revenue_fen": revenue - refunds,
        "orders": len(inside),
        "buyers": len(buyers),
        "new_buyers": len(buyers - before),
        "returning_buyers": len(buyers & before),
        "average_order_fen": int(Fraction(revenue, len(inside)) + Fraction(1, 2)) if inside else None,
        "repeat_rate": sum(n >= 2 for n in counts.values()) / len(counts) if counts else None,
        "active_buyers_90d": len({o.customer for o in valid if day(o) > last - timedelta(days=90)}),
        "customers": sum(on <= last for on in since.values()),
    }


def cohorts(orders: Sequence[Order], as_of: date) -> dict[tuple[str, str], tuple[int, int, int]]:
    """(month of first order, month) → (buyers, orders, revenue)."""
    valid = [o for o in orders if o.kind == "sale" and o.customer and day(o) <= as_of]
    firsts: dict[int, str] = {}
    for order in sorted(valid, key=day):
        firsts.setdefault(order.customer, f"{day(order):%Y-%m}")
    found: dict[tuple[str, str], list[Order]] = {}
    for order in valid:
        found.setdefault((firsts[order.customer], f"{day(order):%Y-%m}"), []).append(order)
    return {
        key: (len({o.customer for o in rows}), len(rows), sum(o.fen for o in rows))
        for key, rows in found.items()
    }


def gini(spent: Sequence[int]) -> float:
    """Half the relative mean absolute difference over all pairs."""
    pairs = sum(abs(a - b) for a in spent for b in spent)
    return pairs / (2 * len(spent) * sum(spent))
