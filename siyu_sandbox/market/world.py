"""A market as it happened: sources, people, orders and acts of all its cycles, whoever looks at it and when."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from siyu_sandbox.market import arriving, behaviour, buying
from siyu_sandbox.market.arriving import ORGANIC, Arrivals, Economy, Spending, Visits, joined
from siyu_sandbox.market.behaviour import Acts
from siyu_sandbox.market.buying import Lives, Orders, Wish
from siyu_sandbox.market.plan import DAY, Plan
from siyu_sandbox.market.shape import HUNTER, HoldOut, Shape, draw_shape, hold_outs

ADD_SECONDS = 500.0
SLOW_ADDS = 0.1
"""People who come back another day to add."""


@dataclass(frozen=True)
class World:
    """`arrivals` are people, by time; `added` is when each was added (infinite: never). Orders and lives are of the added:
    their `person` is a row of `member`, which points into `arrivals`."""

    plan: Plan
    shape: Shape
    economy: Economy
    tests: tuple[HoldOut, ...]
    spending: tuple[Spending, ...]
    arrivals: Arrivals
    visits: Visits
    added: np.ndarray
    claimed: np.ndarray
    """When each person claimed the source's gift; infinite: never."""
    member: np.ndarray
    lives: Lives
    orders: Orders
    left: np.ndarray
    """When each added person ended the relation, or will."""
    acts: Acts

    @property
    def since(self) -> np.ndarray:
        """When each member was added."""
        return np.asarray(self.added[self.member])


@dataclass(frozen=True)
class Part:
    """The people of one cycle; rows count from 0 within it."""

    spending: Spending
    arrivals: Arrivals
    visits: Visits
    added: np.ndarray
    claimed: np.ndarray
    member: np.ndarray
    lives: Lives
    orders: Orders
    left: np.ndarray
    acts: Acts


def build(plan: Plan) -> World:
    """Let everything happen. Each cycle has draws of its own: what comes later changes nothing before."""
    shape = draw_shape(plan)
    economy, tests = arriving.calibrate(plan, shape), hold_outs(plan, shape)
    parts: list[Part] = []
    budgets: dict[str, float] = {}
    for cycle in range(plan.cycle + 1):
        budgets = dict(plan.budgets.get(cycle, budgets))
        parts.append(_part(plan, shape, economy, tests, cycle, budgets))
    arrived = _before([len(part.added) for part in parts])
    members = _before([len(part.member) for part in parts])

    def flat(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    visits = [replace(part.visits, arrival=part.visits.arrival + first) for part, first in zip(parts, arrived, strict=True)]
    orders = [replace(part.orders, person=part.orders.person + first) for part, first in zip(parts, members, strict=True)]
    acts = [replace(part.acts, person=part.acts.person + first) for part, first in zip(parts, members, strict=True)]
    happened = joined(Acts, acts)
    return World(
        plan, shape, economy, tests, tuple(part.spending for part in parts), joined(Arrivals, [part.arrivals for part in parts]), joined(Visits, visits),
        flat("added"), flat("claimed"), np.concatenate([part.member + first for part, first in zip(parts, arrived, strict=True)]),
        joined(Lives, [part.lives for part in parts]), joined(Orders, orders), flat("left"), behaviour.until(happened, plan.seen),
    )  # fmt: skip


def _before(counts: list[int]) -> list[int]:
    return [0, *np.cumsum(counts).tolist()][: len(counts)]


def _part(plan: Plan, shape: Shape, economy: Economy, tests: tuple[HoldOut, ...], cycle: int, budgets: dict[str, float]) -> Part:
    arrivals, spending = arriving.draw_arrivals(plan, shape, economy, cycle, budgets)
    visits = arriving.draw_visits(plan, shape, arrivals, tests, cycle)
    added, claimed = _adding(plan, shape, arrivals, cycle)
    member = np.flatnonzero(np.isfinite(added))
    kind, source, since = arrivals.kind[member], arrivals.born_of[member], added[member]
    here = source != ORGANIC
    wish = Wish(kind, np.where(here, shape.rate[source], 1.0), np.where(here, shape.basket[source], 1.0))
    lives, orders = buying.draw_lives(plan.stream("lives", cycle), wish, economy.price)
    left = since + behaviour.draw_leaving(plan.stream("leaving", cycle), kind, lives, orders) * DAY
    orders = _at_hours(plan, orders, since, cycle)
    orders = orders.only(since[orders.person] + orders.after * DAY < left[orders.person])
    acts = behaviour.draw_acts(plan, kind, since, left, lives, orders, cycle)
    return Part(spending, arrivals, visits, added, claimed, member, lives, orders, left, acts)


def _adding(plan: Plan, shape: Shape, arrivals: Arrivals, cycle: int) -> tuple[np.ndarray, np.ndarray]:
    random = plan.stream("adding", cycle)
    count = len(arrivals.at)
    wait = random.exponential(ADD_SECONDS, count) + 15
    wait = np.where(random.random(count) < SLOW_ADDS, wait + random.exponential(1.2 * DAY, count), wait)
    added = np.where(arrivals.kind >= 0, arrivals.at + wait, np.inf)
    claims = np.where(arrivals.source >= 0, shape.claims[arrivals.source], 0.0)
    claims = np.where(arrivals.kind == HUNTER, np.maximum(claims, 0.8) * (arrivals.source >= 0), claims)
    claimed = np.where(random.random(count) < claims, added + 60 + random.exponential(900.0, count), np.inf)
    return added, claimed


def _at_hours(plan: Plan, orders: Orders, since: np.ndarray, cycle: int) -> Orders:
    """Orders at hours at which people are awake, refunds after them."""
    at = since[orders.person] + orders.after * DAY
    moved = buying.at_hours(plan.stream("hours of orders", cycle), at, since[orders.person])
    after = (moved - since[orders.person]) / DAY
    return replace(orders, after=after, back=orders.back + (after - orders.after))
