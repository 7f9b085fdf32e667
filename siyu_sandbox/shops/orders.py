"""Orders of a simulated shop (模拟店铺订单): baskets of the brand's goods, bought by phones, and what becomes of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from siyu_sandbox.brand.goods import load_goods
from siyu_sandbox.registry import ControlFault, Json

ACTS = {
    "pay": (("unpaid",), "paid"),
    "ship": (("paid",), "shipped"),
    "confirm": (("shipped",), "done"),
    "close": (("unpaid",), "closed"),
    "refund": (("paid", "shipped", "done"), "refunded"),
}
"""What may happen to an order: from which states, and to which."""
FREIGHT_FEN = 800


@dataclass
class Line:
    """One line; `paid_fen` is its part of what was paid for goods, after the discount."""

    item: int
    sku: str
    name: str
    count: int
    price_fen: int
    paid_fen: int


@dataclass
class ShopOrder:
    """One order; times in Unix seconds, money in fen."""

    number: str
    phone: int
    created: int
    updated: int
    lines: list[Line]
    freight_fen: int
    state: str = "unpaid"
    is_test: bool = False

    @property
    def paid_fen(self) -> int:
        """What the buyer paid, freight included."""
        return sum(line.paid_fen for line in self.lines) + self.freight_fen


@dataclass
class Book:
    """All orders of one shop, in the order in which they were made."""

    orders: dict[str, ShopOrder] = field(default_factory=dict)

    def make(self, numbers: Sequence[str], phones: Sequence[int], now: int, chance: random.Random) -> list[ShopOrder]:
        """New orders, one a number, of these phones in turn."""
        made = [_order(number, phones[at % len(phones)], now, chance) for at, number in enumerate(numbers)]
        self.orders.update((order.number, order) for order in made)
        return made

    def act(self, number: str, act: str, now: int) -> ShopOrder:
        """Let something happen to an order; it changes at least a second after it changed last."""
        order = self.find(number)
        if act not in ACTS:
            raise ControlFault(f"act must be one of {', '.join(ACTS)}")
        before, after = ACTS[act]
        if order.state not in before:
            raise ControlFault(f"{number} is {order.state}")
        order.state, order.updated = after, max(now, order.updated + 1)
        return order

    def able(self, act: str) -> list[str]:
        """Numbers of the orders to which this can happen now."""
        before = ACTS.get(act, ((), ""))[0]
        return [order.number for order in self.orders.values() if order.state in before]

    def find(self, number: str) -> ShopOrder:
        """Return one order."""
        if number not in self.orders:
            raise ControlFault(f"no order {number}", 404)
        return self.orders[number]

    def changed(self, since: int, until: int) -> list[ShopOrder]:
        """Orders that changed in [since, until), the latest first."""
        found = [order for order in self.orders.values() if since <= order.updated < until and not order.is_test]
        return sorted(found, key=lambda order: (-order.updated, order.number))

    def truth(self) -> list[Json]:
        """Return every order as it stands."""
        return [
            {"order_no": order.number, "phone": order.phone, "state": order.state, "paid_fen": order.paid_fen, "lines": len(order.lines), "test": order.is_test}
            for order in self.orders.values()
        ]


def _order(number: str, phone: int, now: int, chance: random.Random) -> ShopOrder:
    goods = load_goods()
    items = chance.sample(range(len(goods.sku)), chance.randint(1, 3))
    discount = chance.choice((0, 0, 10, 15))
    lines = []
    for item in items:
        count, price = chance.randint(1, 3), int(goods.list_fen[item])
        lines.append(Line(item, goods.sku[item], goods.name[item], count, price, count * price * (100 - discount) // 100))
    return ShopOrder(number, phone, now, now, lines, FREIGHT_FEN if chance.random() < 0.3 else 0)
