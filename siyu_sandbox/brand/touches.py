"""Who was told what, and how people got tired of it.

Every person keeps a *pressure*: one for each promotion received, halving in ten days. The higher it is, the
less is opened and the likelier the person blocks that carrier. More promotion therefore really does cost
contacts here.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.brand.broadcasts import MESSAGE_CARRIERS
from siyu_sandbox.brand.people import People
from siyu_sandbox.brand.plan import DAY_SECONDS, Bools, Floats, Ints, Plan
from siyu_sandbox.brand.purchasing import Purchases
from siyu_sandbox.brand.sources import load_sources
from siyu_sandbox.brand.world import World

HALF_LIFE_DAYS: Final = 10.0
BLOCK_RATE: Final = 0.0016
"""Chance to block at a promotion without any pressure before it."""
SENT, OPENED, CLICKED, BLOCKED = range(4)


@dataclass(frozen=True)
class Touches:
    """Message events of one batch, and when each person blocked each carrier (infinite: never)."""

    person: Ints
    at: Floats
    broadcast: Ints
    outcome: Ints
    blocked_at: Floats
    """People × carriers."""


def draw_touches(world: World, people: People, purchases: Purchases) -> Touches:
    """Send every broadcast of the window to one batch of people, in order of time."""
    random, broadcasts = world.stream("touches"), world.broadcasts
    count = len(people.number)
    reach = np.stack([people.wecom, people.follower, people.has_phone, people.has_email])
    included = random.beta(
        1.3, 1.6, count
    )  # how eagerly the staff and lists of the past took this person along
    annoyance = load_sources().annoyance[people.source] * random.gamma(2.0, 0.5, count)
    blocked_at = np.full((count, len(MESSAGE_CARRIERS)), np.inf)
    pressure, last = np.zeros(count), 0.0
    parts: list[tuple[Ints, Floats, Ints, Ints]] = []
    for number in range(len(broadcasts.at)):
        at, purpose, carrier = broadcasts.at[number], broadcasts.purpose[number], broadcasts.carrier[number]
        pressure *= 0.5 ** ((at - last) / (HALF_LIFE_DAYS * DAY_SECONDS))
        last = at
        known = int(np.searchsorted(people.registered, at - 600.0))
        wanted = random.random(known) < included[:known] * (1.0 if purpose == 0 else 0.6)
        told = np.flatnonzero(reach[carrier][:known] & wanted)
        keen = at < purchases.active_until[told]
        opened, clicked, left = _reactions(random, pressure[told], annoyance[told], keen, purpose)
        reach[carrier][told[left]] = False
        pressure[told] += purpose == 0
        delays = _delays(random, carrier == 0, len(told))
        blocked_at[told[left], carrier] = at + delays[left, BLOCKED]
        for outcome, chosen in enumerate((np.ones(len(told), dtype=np.bool_), opened, clicked, left)):
            who = told[chosen]
            parts.append((who, at + delays[chosen, outcome], *_pair(number, outcome, len(who))))
    return _within(world.plan, parts, blocked_at)


def _reactions(
    random: np.random.Generator, pressure: Floats, annoyance: Floats, keen: Bools, purpose: int
) -> tuple[Bools, Bools, Bools]:
    """Who opens, clicks and leaves; leaving grows faster than linearly with pressure."""
    promotion = purpose == 0
    interest = (0.42 if promotion else 0.55) * np.where(keen, 1.0, 0.25) / (1 + 0.16 * pressure)
    opened = random.random(len(pressure)) < interest
    clicked = opened & (random.random(len(pressure)) < (0.20 if promotion else 0.28))
    hazard = BLOCK_RATE * (1.0 if promotion else 0.12) * annoyance * (1 + pressure) ** 1.35
    return opened, clicked, random.random(len(pressure)) < hazard * np.where(keen, 1.0, 1.8)


def _delays(random: np.random.Generator, by_staff: bool, count: int) -> Floats:
    """Seconds after the broadcast for each outcome, increasing; staff confirm WeCom broadcasts one by one."""
    means = np.array([900.0 if by_staff else 20.0, 5400.0, 60.0, 240.0])
    return np.cumsum(1.0 + random.exponential(1.0, (count, 4)) * means, axis=1)


def _pair(number: int, outcome: int, count: int) -> tuple[Ints, Ints]:
    """Columns of a broadcast's number and of an outcome."""
    return np.full(count, number), np.full(count, outcome)


def _within(plan: Plan, parts: list[tuple[Ints, Floats, Ints, Ints]], blocked_at: Floats) -> Touches:
    """Join the parts and drop what happens after the window."""
    if not parts:
        nothing = np.empty(0, dtype=np.int64)
        return Touches(nothing, np.empty(0), nothing, nothing, blocked_at)
    person, at, broadcast, outcome = (np.concatenate([part[column] for part in parts]) for column in range(4))
    inside = at < plan.seconds
    blocked_at[blocked_at >= plan.seconds] = np.inf
    return Touches(person[inside], at[inside], broadcast[inside], outcome[inside], blocked_at)
