"""Selling 销售: an order as a shop tells of it, in one form for every vendor.

An order's amount is what the buyer paid for it, freight included; over its lines it is spread in proportion to what each of
them cost, so that the lines add up to it to the fen.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Literal, Protocol

State = Literal["unpaid", "paid", "part_shipped", "shipped", "done", "closed", "refunded"]
STATES: Final[tuple[State, ...]] = ("unpaid", "paid", "part_shipped", "shipped", "done", "closed", "refunded")
"""待付款, 待发货, 部分发货, 待收货, 已完成, 已关闭, 已全额退款. Unpaid and closed orders are no sales."""
ACCOUNT: Final = "account"
"""Stands for the namespace `account:<source>` of the shop's own ids of buyers."""


@dataclass(frozen=True)
class OrderLine:
    """One line. `line_no` names it within the order and stays the same; amounts in fen, for the whole line."""

    line_no: str
    sku: str
    product_name: str
    quantity: int
    unit_price_fen: int
    amount_fen: int
    refund_fen: int = 0


@dataclass(frozen=True)
class Order:
    """One order as it stands. `version` and `updated_at` say which of two tellings is the newer; 0 and None: not told.

    `buyer` holds identifiers by namespace, `profile` what else was told of the person. `status` and `ordered_text` are the
    shop's own words.
    """

    order_no: str
    state: State
    status: str
    ordered_at: datetime
    ordered_text: str
    lines: tuple[OrderLine, ...]
    buyer: Mapping[str, str] = field(default_factory=dict, repr=False)
    profile: Mapping[str, str] = field(default_factory=dict, repr=False)
    version: int = 0
    updated_at: datetime | None = None


@dataclass(frozen=True)
class Told:
    """What one callback or one page of a list says: whole orders, and numbers of orders that are to be asked for.

    `next_cursor` is empty after the last page.
    """

    orders: tuple[Order, ...] = ()
    wanted: tuple[str, ...] = ()
    next_cursor: str = ""


class Orders(Protocol):
    """How a shop is asked for its orders."""

    async def get(self, order_no: str) -> Order: ...

    async def page(self, since: datetime, until: datetime, cursor: str) -> Told:
        """A page of the orders that changed in [since, until); the first where `cursor` is empty."""
        ...


@dataclass(frozen=True)
class Selling:
    """What a vendor that sells offers. `told` reads a callback's document with the account's settings, and raises
    CallbackError or InvalidError where it cannot. `pulls`: the connector has `orders` to ask (`Orders`)."""

    told: Callable[[bytes, Mapping[str, Any]], Told]
    source: str
    pulls: bool = True


def spread(total_fen: int, weights: Sequence[int]) -> list[int]:
    """`total_fen` over lines in proportion to their weights (evenly where all are 0), to the fen: largest remainders first."""
    if not weights:
        return []
    known = [max(0, weight) for weight in weights]
    whole = sum(known)
    if not whole:
        known, whole = [1] * len(known), len(known)
    parts = [total_fen * weight // whole for weight in known]
    left = total_fen - sum(parts)
    order = sorted(range(len(known)), key=lambda at: (-(total_fen * known[at] % whole), at))
    for at in order[:left]:
        parts[at] += 1
    return parts
