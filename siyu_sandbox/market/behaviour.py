"""What people do besides ordering: messages that reach them, what they read, visits, coupons, leaving.

Kinds overlap on purpose: some real buyers never read, browsers claim coupons, zombies open one message by accident,
deal-hunters read offers as eagerly as anybody. No single act tells a kind.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.market.buying import Lives, Orders, at_hours
from siyu_sandbox.market.plan import CYCLE_DAYS, DAY, MOST_CYCLES, Plan
from siyu_sandbox.market.shape import BROWSER, HUNTER, REAL, ZOMBIE

NAMES: Final = (
    "message_sent", "message_opened", "message_clicked", "message_replied", "message_blocked",
    "page_viewed", "product_viewed", "cart_added", "coupon_claimed",
)  # fmt: skip
SENT, OPENED, CLICKED, REPLIED, BLOCKED, PAGE, PRODUCT, CART, COUPON = range(len(NAMES))
SEND_DAYS: Final = (1, 3, 5)
"""Weekdays of the brand's messages: Tuesday a story, Thursday and Saturday by turns an offer and a story."""
PROMOTION, VALUE = 0, 1
READ_A: Final = np.array([2.4, 1.8, 0.0, 2.6, 1.0])
READ_B: Final = np.array([3.0, 3.6, 0.0, 2.9, 4.0])
ACCIDENT: Final = 0.006
"""How likely a zombie opens a message."""
FADED: Final = 0.3
"""Reading of those who no longer care, against before."""
LEAVE_DAYS: Final = np.array([420.0, 170.0, 260.0, 90.0, 2.2])
LEAVE_FADED: Final = 95.0
REWARDED_LEAVE: Final = 0.3
"""Deal-hunters who leave within days of what they came for."""
LOOK_DAYS: Final = np.array([9.0, 13.0, 900.0, 20.0, 30.0])
COUPON_AT_START: Final = np.array([0.34, 0.22, 0.03, 0.88, 0.10])
COUPON_OF_OFFER: Final = np.array([0.12, 0.08, 0.05, 0.62, 0.05])


@dataclass(frozen=True)
class Acts:
    """One entry a thing that happened to an added person. `said` is 0 offer or 1 story of a message, else −1."""

    person: np.ndarray
    at: np.ndarray
    name: np.ndarray
    said: np.ndarray

    def only(self, kept: np.ndarray) -> Acts:
        return Acts(*(getattr(self, name)[kept] for name in Acts.__dataclass_fields__))


def draw_leaving(random: np.random.Generator, kind: np.ndarray, lives: Lives, orders: Orders) -> np.ndarray:
    """When each person ends the relation, days after they were added."""
    count = len(kind)
    gone = random.exponential(LEAVE_DAYS[kind])
    fades = np.where((kind == REAL) | (kind == BROWSER), lives.until, np.inf)
    later = fades + random.exponential(LEAVE_FADED, count)
    after_gift = (kind == HUNTER) & (random.random(count) < REWARDED_LEAVE)
    last = np.zeros(count)
    np.maximum.at(last, orders.person, orders.after)
    gone = np.where(after_gift, last + random.exponential(5.0, count), np.minimum(gone, later))
    left: np.ndarray = np.maximum(gone, 0.01)
    return left


def draw_acts(plan: Plan, kind: np.ndarray, added: np.ndarray, left: np.ndarray, lives: Lives, orders: Orders, cycle: int) -> Acts:
    """Everything that the people of a cycle do, to the end of all cycles."""
    end = (MOST_CYCLES + 1) * CYCLE_DAYS * DAY
    parts = [
        *_messages(plan.stream("messages", cycle), kind, added, np.minimum(left, end), lives),
        _looking(plan.stream("looking", cycle), kind, added, np.minimum(left, end), lives),
        _at_start(plan.stream("start", cycle), kind, added),
        *_before_orders(plan.stream("around orders", cycle), added, orders),
    ]
    whole = Acts(*(np.concatenate([getattr(part, name) for part in parts]) for name in Acts.__dataclass_fields__))
    return whole.only(whole.at < left[whole.person])


def until(acts: Acts, moment: float) -> Acts:
    """What had happened by a moment, in order of time."""
    seen = acts.only(acts.at < moment)
    return seen.only(np.argsort(seen.at, kind="stable"))


def _sends(until: float) -> tuple[np.ndarray, np.ndarray]:
    """Instants and purposes of the brand's messages."""
    days = np.array([day for day in range(int(until // DAY) + 1) if day % 7 in SEND_DAYS])
    week, weekday = np.divmod(days, 7)
    offer = weekday == np.where(week % 2 == 0, SEND_DAYS[1], SEND_DAYS[2])
    return days * DAY + 10.5 * 3600, np.where(offer, PROMOTION, VALUE)


def _messages(random: np.random.Generator, kind: np.ndarray, added: np.ndarray, ends: np.ndarray, lives: Lives) -> list[Acts]:
    sends, purpose = _sends(ends.max(initial=0.0))
    first, after = np.searchsorted(sends, added + 3600), np.searchsorted(sends, ends)
    count = np.maximum(after - first, 0)
    person = np.repeat(np.arange(len(kind)), count)
    number = np.arange(len(person)) - np.repeat(np.cumsum(count) - count, count) + first[person]
    told = random.random(len(person)) < 0.94
    person, number = person[told], number[told]
    at, said = sends[number] + random.random(len(person)) * 2400, purpose[number]
    habit = np.where(kind == ZOMBIE, ACCIDENT, random.beta(np.maximum(READ_A[kind], 0.1), np.maximum(READ_B[kind], 0.1)))
    habit = np.where(lives.quiet, 0.01, habit)
    faded = at > added[person] + lives.until[person] * DAY
    taste = np.where(kind[person] == HUNTER, np.where(said == PROMOTION, 1.4, 0.5), 1.0)
    chance = habit[person] * taste * np.where(faded & (kind[person] != ZOMBIE), FADED, 1.0)
    opened = random.random(len(person)) < np.minimum(chance, 0.97)
    read_at = at + 60 + random.exponential(9000.0, len(person))
    clicked = opened & (random.random(len(person)) < 0.22)
    replied = opened & (random.random(len(person)) < np.where(kind[person] == HUNTER, 0.02, 0.05))
    muted = random.random(len(person)) < np.where(kind[person] == ZOMBIE, 0.012, 0.0025)
    coupon = opened & (said == PROMOTION) & (random.random(len(person)) < COUPON_OF_OFFER[kind[person]])

    def part(chosen: np.ndarray, name: int, when: np.ndarray) -> Acts:
        return Acts(person[chosen], when[chosen], np.full(int(chosen.sum()), name), said[chosen])

    return [
        part(np.ones(len(person), bool), SENT, at), part(opened, OPENED, read_at), part(clicked, CLICKED, read_at + 20),
        part(clicked, PAGE, read_at + 22), part(replied, REPLIED, read_at + 240), part(muted, BLOCKED, at + 300), part(coupon, COUPON, read_at + 70),
    ]  # fmt: skip


def _looking(random: np.random.Generator, kind: np.ndarray, added: np.ndarray, ends: np.ndarray, lives: Lives) -> Acts:
    """Visits between the add and the end of caring."""
    length = np.maximum(np.minimum(added + lives.until * DAY, ends) - added, 0) / DAY
    busy = random.gamma(1.5, 1 / 1.5, len(kind))
    person = np.repeat(np.arange(len(kind)), random.poisson(length * busy / LOOK_DAYS[kind]))
    at = at_hours(random, added[person] + random.random(len(person)) * length[person] * DAY, added[person])
    name = np.where(random.random(len(person)) < 0.55, PAGE, np.where(random.random(len(person)) < 0.85, PRODUCT, CART))
    return Acts(person, at, name, np.full(len(person), -1))


def _at_start(random: np.random.Generator, kind: np.ndarray, added: np.ndarray) -> Acts:
    """The coupon of the welcome."""
    person = np.flatnonzero(random.random(len(kind)) < COUPON_AT_START[kind])
    at = added[person] + 30 + random.exponential(600.0, len(person))
    return Acts(person, at, np.full(len(person), COUPON), np.full(len(person), -1))


def _before_orders(random: np.random.Generator, added: np.ndarray, orders: Orders) -> list[Acts]:
    at = added[orders.person] + orders.after * DAY
    parts = []
    for name, chance, wait in ((PRODUCT, 0.7, 1500.0), (CART, 0.45, 300.0)):
        chosen = np.flatnonzero(random.random(len(at)) < chance)
        when = np.maximum(at[chosen] - 20 - random.exponential(wait, len(chosen)), added[orders.person[chosen]])
        parts.append(Acts(orders.person[chosen], when, np.full(len(chosen), name), np.full(len(chosen), -1)))
    return parts
