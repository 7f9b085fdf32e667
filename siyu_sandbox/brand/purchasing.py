"""When people order: the BG/NBD story (Fader, Hardie, Lee 2005) run on the season's clock.

A buyer orders at a personal rate ~ Gamma and, after every repeat order, stops for good with a personal
probability ~ Beta. Nobody stops after the first order, which is the model's own assumption.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from siyu_sandbox.brand.people import People
from siyu_sandbox.brand.plan import DAY_SECONDS, Floats, Ints, Plan
from siyu_sandbox.brand.season import Clock
from siyu_sandbox.brand.sources import load_sources
from siyu_sandbox.brand.world import World

RATE_SHAPE: Final = 0.52
RATE_SCALE_DAYS: Final = 84.0
"""Rate ~ Gamma(shape, scale days): the mean is shape / scale = one order in 162 days."""
RATE_LIMIT: Final = 1 / 4.0
"""No person orders more than once in four days on average: beyond it stands a wholesaler, not a customer."""
STOP_A: Final = 0.9
STOP_B: Final = 5.2
FIRST_ORDER_DAYS: Final = 9.0
LINGER_DAYS: Final = 30.0
"""How long someone who bought for the last time still looks around, on average."""


@dataclass(frozen=True)
class Purchases:
    """Orders of one batch by time, and until when each person takes part; seconds since the window began."""

    person: Ints
    at: Floats
    rank: Ints
    """0 for the first order of the person."""
    active_until: Floats


def draw_purchases(world: World, people: People) -> Purchases:
    """Run every buyer to the end of the window; one round is one order of everyone still buying."""
    random, sources = world.stream("purchases"), load_sources()
    plan, season = world.plan, world.season
    count = len(people.number)
    rate = random.gamma(RATE_SHAPE, 1 / RATE_SCALE_DAYS, count) * sources.rate[people.source]
    rate = np.maximum(np.minimum(rate, RATE_LIMIT), 1e-9) / DAY_SECONDS
    stop = random.beta(STOP_A, STOP_B * sources.loyalty[people.source])
    end = season.operational_edges[-1]
    buyers = np.flatnonzero(random.random(count) < sources.conversion[people.source])
    at = season.operational(people.registered)[buyers]
    at = (
        at
        + random.exponential(FIRST_ORDER_DAYS * DAY_SECONDS, len(buyers))
        * (random.random(len(buyers)) < 0.75)
        + 90
    )
    active = _prospect_interest(random, people, plan)
    rounds: list[tuple[Ints, Floats]] = []
    while len(buyers):
        inside = at < end
        buyers, at = buyers[inside], at[inside]
        rounds.append((buyers, at))
        stopped = (random.random(len(buyers)) < stop[buyers]) & (len(rounds) > 1)
        lingering = season.wall(at[stopped]) + random.exponential(
            LINGER_DAYS * DAY_SECONDS, int(stopped.sum())
        )
        active[buyers] = plan.seconds
        active[buyers[stopped]] = np.minimum(lingering, plan.seconds)
        buyers, at = buyers[~stopped], at[~stopped]
        at = at + random.exponential(1.0, len(buyers)) / rate[buyers]
    return _in_order(rounds, season, active)


def _prospect_interest(random: np.random.Generator, people: People, plan: Plan) -> Floats:
    """Until when someone who never orders keeps looking."""
    interest = random.exponential(60.0 * DAY_SECONDS, len(people.number))
    return np.minimum(people.registered + interest, plan.seconds)


def _in_order(rounds: list[tuple[Ints, Floats]], season: Clock, active: Floats) -> Purchases:
    """Join the rounds and sort them by time."""
    person = np.concatenate([buyers for buyers, _ in rounds]) if rounds else np.empty(0, dtype=np.int64)
    at = season.wall(np.concatenate([at for _, at in rounds])) if rounds else np.empty(0)
    sizes = [len(buyers) for buyers, _ in rounds]
    rank = np.repeat(np.arange(len(rounds)), sizes)
    order = np.argsort(at, kind="stable")
    return Purchases(person[order], at[order], rank[order], active)
