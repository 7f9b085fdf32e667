"""Whether, when and for how much people buy, and until when they care at all.

Each person has an own rate; the first order competes with attention that ends; after every order some stop for good.
Nothing here knows when the market is looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.market.plan import DAY
from siyu_sandbox.market.shape import HUNTER, REAL

FIRST_DAYS: Final = 24.0
"""Mean of a real buyer's own days to the first order; heterogeneous (exponential over people)."""
ATTENTION_DAYS: Final = 55.0
"""How long somebody who has not bought goes on caring, on average."""
REPEAT_SHAPE, REPEAT_DAYS = 2.5, 24.0
STOP_A, STOP_B = 2.4, 4.4
LINGER_DAYS: Final = 18.0
HUNTERS_WHO_BUY: Final = 0.55
HUNTER_DAYS: Final = 22.0
BARGAIN_SHARE: Final = 0.15
"""Real buyers who love a bargain: three orders in four are cheap, the rest at full price."""
QUIET_SHARE: Final = 0.05
"""Real buyers who never read and buy all the same."""
MOST_ORDERS: Final = 60
MARGIN_RATE: Final = 0.45
PRICES_FEN: Final = np.array([1990, 2490, 2900, 3600, 3900, 4500, 4900, 5800, 6800, 7900, 8800, 9900])
GOODS: Final = (
    ("CSL-01", "茉莉花茶 30g"), ("CSL-02", "陈皮普洱 40g"), ("CSL-03", "桂花乌龙 50g"), ("CSL-04", "玫瑰红茶 60g"),
    ("CSL-05", "菊花枸杞 12 袋"), ("CSL-06", "高山绿茶 75g"), ("CSL-07", "正山小种 80g"), ("CSL-08", "祁门红茶 90g"),
    ("CSL-09", "凤凰单丛 100g"), ("CSL-10", "老白茶 100g"), ("CSL-11", "明前龙井 50g"), ("CSL-12", "四季茶礼"),
)  # fmt: skip
HOURS: Final = np.array(
    [0.30, 0.15, 0.08, 0.05, 0.05, 0.10, 0.30, 0.60, 0.90, 1.20, 1.50, 1.45,
     1.40, 1.30, 1.20, 1.15, 1.15, 1.10, 1.20, 1.50, 2.00, 2.20, 1.70, 0.80]
)  # fmt: skip


@dataclass(frozen=True)
class Wish:
    """What people are like; one entry a person."""

    kind: np.ndarray
    """Position in CLASSES."""
    rate: np.ndarray
    basket: np.ndarray


@dataclass(frozen=True)
class Lives:
    """What is drawn of each person. `until` is when they stop caring, days after they were added; infinite for nobody."""

    until: np.ndarray
    bargain: np.ndarray
    quiet: np.ndarray


@dataclass(frozen=True)
class Orders:
    """One entry an order of one article, by person; `after` and `back` are days after the person was added."""

    person: np.ndarray
    after: np.ndarray
    good: np.ndarray
    quantity: np.ndarray
    unit_fen: np.ndarray
    paid_fen: np.ndarray
    back: np.ndarray
    """When it was refunded; infinite: never."""

    def only(self, kept: np.ndarray) -> Orders:
        return Orders(*(getattr(self, name)[kept] for name in Orders.__dataclass_fields__))


def draw_lives(random: np.random.Generator, wish: Wish, price: float = 1.0) -> tuple[Lives, Orders]:
    """Live everybody to the end. `price`: the level of prices against PRICES_FEN."""
    count = len(wish.kind)
    real = wish.kind == REAL
    hunter = (wish.kind == HUNTER) & (random.random(count) < HUNTERS_WHO_BUY)
    attention = random.exponential(ATTENTION_DAYS, count)
    mean = np.where(real, FIRST_DAYS * random.exponential(1.0, count) ** -1, HUNTER_DAYS) / wish.rate
    first = random.exponential(1.0, count) * mean + 0.02
    bargain = real & (random.random(count) < BARGAIN_SHARE)
    quiet = real & (random.random(count) < QUIET_SHARE)
    until = attention.copy()
    pace = random.gamma(REPEAT_SHAPE, 1 / REPEAT_SHAPE, count) * wish.rate / REPEAT_DAYS
    stop = np.where(real, random.beta(STOP_A, STOP_B, count), 0.45)
    buyer = np.flatnonzero((real | hunter) & (first < attention))
    at, parts = first[buyer], []
    for _ in range(MOST_ORDERS):
        parts.append((buyer, at))
        until[buyer] = at + random.exponential(LINGER_DAYS, len(buyer))
        on = random.random(len(buyer)) >= stop[buyer]
        buyer, at = buyer[on], at[on] + random.exponential(1.0, int(on.sum())) / pace[buyer[on]] + 0.05
        if not len(buyer):
            break
    person, after = (np.concatenate([part[place] for part in parts]) for place in (0, 1))
    return Lives(until, bargain, quiet), _bought(random, wish, bargain, person, after, price)


def _bought(random: np.random.Generator, wish: Wish, bargain: np.ndarray, person: np.ndarray, after: np.ndarray, price: float) -> Orders:
    """What is in each order and what is paid for it."""
    count = len(person)
    hunting = wish.kind[person] == HUNTER
    cheap = np.where(hunting, 0.97, np.where(bargain[person], 0.75, 0.14)) > random.random(count)
    deep = np.where(hunting, 0.42 + 0.25 * random.random(count), 0.2 + 0.3 * random.random(count))
    light = np.where(random.random(count) < 0.3, 0.1, 0.0)
    discount = np.where(cheap, deep, light)
    good = np.minimum((random.random(count) ** np.where(hunting, 2.2, 1.0) * len(PRICES_FEN)).astype(np.int64), len(PRICES_FEN) - 1)
    unit = np.maximum(np.round(PRICES_FEN[good] * price * wish.basket[person] / 10).astype(np.int64) * 10, 100)
    quantity = 1 + (random.random(count) < np.where(hunting, 0.05, 0.3))
    paid = np.round(unit * quantity * (1 - discount)).astype(np.int64)
    returned = random.random(count) < np.where(hunting, 0.25, 0.04)
    back = np.where(returned, after + random.uniform(2.0, 9.0, count), np.inf)
    return Orders(person, after, good, quantity.astype(np.int64), unit, paid, back)


def at_hours(random: np.random.Generator, seconds: np.ndarray, not_before: np.ndarray) -> np.ndarray:
    """The same days at hours at which people are awake; never before `not_before`."""
    share = np.cumsum(HOURS) / HOURS.sum()
    hour = np.searchsorted(share, random.random(len(seconds)), side="right")
    moved = np.floor(seconds / DAY) * DAY + (np.minimum(hour, 23) + random.random(len(seconds))) * 3600
    found: np.ndarray = np.where(moved > not_before + 300, moved, np.maximum(seconds, not_before + 300))
    return found


def margin_of(orders: Orders, before_days: np.ndarray | float) -> np.ndarray:
    """Margin of each order as it stands at `before_days` after the add, fen: nothing if made later, nothing if refunded by then."""
    made = (orders.after < before_days) & ~(orders.back < before_days)
    kept: np.ndarray = np.where(made, orders.paid_fen * MARGIN_RATE, 0.0)
    return kept
