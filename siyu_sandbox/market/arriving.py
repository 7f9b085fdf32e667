"""Who comes, when, from where, at what cost; and who would have come anyway where a source was off."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, TypeVar, cast

import numpy as np

from siyu_sandbox.market import behaviour, buying
from siyu_sandbox.market.buying import Wish
from siyu_sandbox.market.plan import CYCLE_DAYS, DAY, SPENT_DAYS, WEEKS, Plan
from siyu_sandbox.market.shape import (
    BROWSER,
    CLASSES,
    CREATIVES,
    NO_EFFECT,
    REAL,
    REGIONS,
    ROLES,
    HoldOut,
    Shape,
    day_of,
    hold_outs,
    on_table,
)

Columns = TypeVar("Columns")
HORIZON_DAYS: Final = 365.0
ORGANIC: Final = -1
"""The place of people who came by themselves."""
ORGANIC_SHARE: Final = 0.10
"""People who come by themselves even while everything is on, against the added of all sources."""
ORGANIC_MIX: Final = (0.46, 0.30, 0.06, 0.03, 0.15)
SPEND_WOBBLE: Final = 0.30
SHOCK: Final = 0.08
"""The weeks differ for all sources together."""
WEEKDAYS: Final = np.array([0.92, 0.94, 0.95, 0.98, 1.05, 1.1, 1.06])
SEEN_BEFORE: Final = 0.07
"""People who had already looked at another source's page before they came."""
SEEN_BEFORE_NO_EFFECT: Final = 0.4
SAMPLE: Final = 12_000


@dataclass(frozen=True)
class Economy:
    """What a source's people are worth and how it answers to money."""

    price: float
    value_fen: np.ndarray
    """Expected margin of a person who is added, over the horizon."""
    pull: np.ndarray
    """a of a ln(1 + b/c): people arriving in a week."""
    organic_week: float
    """People added a week by themselves."""


@dataclass(frozen=True)
class Arrivals:
    """One entry a person who arrived at a source or by themselves, in no order; seconds since the market began."""

    source: np.ndarray
    """Where they were seen; ORGANIC for nowhere."""
    creative: np.ndarray
    region: np.ndarray
    at: np.ndarray
    kind: np.ndarray
    """Position in CLASSES; -1 for those who are never added."""
    anyway: np.ndarray
    """True: they would be here without the source."""
    born_of: np.ndarray
    """The source whose cost it would have been: differs from `source` where it was off."""
    cycle: np.ndarray

    def only(self, kept: np.ndarray) -> Arrivals:
        return Arrivals(*(getattr(self, name)[kept] for name in Arrivals.__dataclass_fields__))


@dataclass(frozen=True)
class Spending:
    """Money of one cycle. `planned_week`: sources × weeks, yuan while on everywhere; `paid_fen`: sources × days × creatives."""

    planned_week: np.ndarray
    paid_fen: np.ndarray


def calibrate(plan: Plan, shape: Shape) -> Economy:
    """Find prices and pulls so that the budgets bring about `people` people at each source's return."""
    random = plan.stream("calibration")
    unit = np.empty(len(ROLES))
    for source in range(len(ROLES)):
        kind = random.choice(len(CLASSES), SAMPLE, p=shape.mix[source])
        wish = Wish(kind, np.full(SAMPLE, shape.rate[source]), np.full(SAMPLE, shape.basket[source]))
        lives, orders = buying.draw_lives(random, wish)
        left = behaviour.draw_leaving(random, kind, lives, orders)
        orders = orders.only(orders.after < left[orders.person])
        unit[source] = buying.margin_of(orders, HORIZON_DAYS).sum() / SAMPLE
    budget_fen = shape.weekly_yuan * WEEKS * 100
    added = budget_fen * shape.roi / unit
    price = added.sum() / (plan.people / (1 + ORGANIC_SHARE))
    added = added / price
    # The first cycle's plan is raised where hold-outs take time or regions away, and bends the more for it.
    running = (on_table(shape, hold_outs(plan, shape), 0) * shape.region_share).sum(axis=2).mean(axis=1)
    arriving = added / shape.add_rate / WEEKS / running
    pull = arriving / np.log1p(shape.weekly_yuan / running / shape.bend_yuan)
    return Economy(float(price), unit * price, pull, float(added.sum() * ORGANIC_SHARE / WEEKS))


def spend(plan: Plan, shape: Shape, on: np.ndarray, cycle: int, budgets: Mapping[str, float]) -> Spending:
    """The weeks' budgets and what was paid a day and creative; a source that is off in a region pays nothing there.

    In the first cycle plans are raised by what hold-outs save, so that the year's plan is spent all the same.
    """
    random = plan.stream("spend", cycle)
    share = _day_share(shape, on)
    total = np.array([float(budgets.get(key, shape.weekly_yuan[place] * WEEKS)) for place, key in enumerate(shape.key)])
    weekly = random.lognormal(0.0, SPEND_WOBBLE, (len(ROLES), WEEKS))
    paid = (weekly[:, :, None] * share.reshape(len(ROLES), WEEKS, 7)).reshape(len(ROLES), SPENT_DAYS)
    factor = total / paid.sum(axis=1)
    exact = (paid * factor[:, None])[:, :, None] * shape.creative_share[:, None, :] * 100
    return Spending(weekly * factor[:, None], _to_fen(exact, round(total.sum() * 100)))


def _day_share(shape: Shape, on: np.ndarray) -> np.ndarray:
    """Sources × days: the share of a week's plan that falls on the day, where it was on."""
    weekday = np.tile(WEEKDAYS / WEEKDAYS.sum(), WEEKS)
    found: np.ndarray = (on * shape.region_share).sum(axis=2) * weekday
    return found


def _to_fen(exact: np.ndarray, total: int) -> np.ndarray:
    """Whole fen by largest remainder; they add up to `total`."""
    flat = np.floor(exact.ravel()).astype(np.int64)
    missing = total - int(flat.sum())
    flat[np.argsort(-(exact.ravel() - flat), kind="stable")[:missing]] += 1
    whole: np.ndarray = flat.reshape(exact.shape)
    return whole


def draw_arrivals(plan: Plan, shape: Shape, economy: Economy, cycle: int, budgets: Mapping[str, float]) -> tuple[Arrivals, Spending]:
    """Everybody of one cycle, by time."""
    on = on_table(shape, hold_outs(plan, shape), cycle)
    spending = spend(plan, shape, on, cycle, budgets)
    random = plan.stream("arrivals", cycle)
    shock = random.lognormal(0.0, SHOCK, WEEKS)
    rate = economy.pull[:, None] * np.log1p(spending.planned_week / shape.bend_yuan[:, None]) * shock
    daily = (rate[:, :, None] * (WEEKDAYS / WEEKDAYS.sum())).reshape(len(ROLES), SPENT_DAYS)
    counts = random.poisson(daily)
    source, day = (np.repeat(place, counts.ravel()) for place in np.indices(counts.shape).reshape(2, -1))
    paid = _people(random, plan, shape, source, day, cycle)
    kept = on[paid.source, day, paid.region]
    moved = ~kept & paid.anyway & (paid.kind >= 0)
    found = Arrivals(
        np.where(kept, paid.source, ORGANIC), np.where(kept, paid.creative, ORGANIC), paid.region, paid.at, paid.kind, paid.anyway, paid.born_of, paid.cycle
    ).only(kept | moved)  # fmt: skip
    whole = joined(Arrivals, [found, _organic(random, plan, shape, economy, cycle, shock)])
    return whole.only(np.argsort(whole.at, kind="stable")), spending





def _people(random: np.random.Generator, plan: Plan, shape: Shape, source: np.ndarray, day: np.ndarray, cycle: int) -> Arrivals:
    """Region, creative, instant and kind of those who arrive at sources."""
    count = len(source)
    creative = (random.random(count)[:, None] > np.cumsum(shape.creative_pull, axis=1)[source]).sum(axis=1).clip(max=CREATIVES - 1)
    region = random.choice(len(REGIONS), count, p=shape.region_share)
    kind = (random.random(count)[:, None] > np.cumsum(shape.mix, axis=1)[source]).sum(axis=1).clip(max=len(CLASSES) - 1)
    kind = np.where(random.random(count) < shape.add_rate[source], kind, -1)
    began = cycle * CYCLE_DAYS * DAY
    at = buying.at_hours(random, began + (day + random.random(count)) * DAY, np.full(count, -1e18))
    return Arrivals(source, creative, region, at, kind, random.random(count) < shape.anyway[source], source.copy(), np.full(count, cycle))


def _organic(random: np.random.Generator, plan: Plan, shape: Shape, economy: Economy, cycle: int, shock: np.ndarray) -> Arrivals:
    counts = random.poisson(np.repeat(economy.organic_week * shock / 7, 7))
    day = np.repeat(np.arange(SPENT_DAYS), counts)
    count = len(day)
    region = random.choice(len(REGIONS), count, p=shape.region_share)
    began = cycle * CYCLE_DAYS * DAY
    at = buying.at_hours(random, began + (day + random.random(count)) * DAY, np.full(count, -1e18))
    kind = random.choice(len(CLASSES), count, p=ORGANIC_MIX)
    nowhere = np.full(count, ORGANIC)
    return Arrivals(nowhere, nowhere, region, at, kind, np.ones(count, bool), nowhere, np.full(count, cycle))


def joined(kind: type[Columns], parts: list[Columns]) -> Columns:
    """Records of equally long columns, one after the other."""
    names = [field.name for field in fields(cast(Any, kind))]
    return kind(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


@dataclass(frozen=True)
class Visits:
    """One entry a look at a source's page. `arrival` is the row of the person."""

    arrival: np.ndarray
    source: np.ndarray
    creative: np.ndarray
    at: np.ndarray


def draw_visits(plan: Plan, shape: Shape, people: Arrivals, tests: tuple[HoldOut, ...], cycle: int) -> Visits:
    """Everybody at a source looked at its page; some had looked at another's before, where that was on."""
    random = plan.stream("visits", cycle)
    here = np.flatnonzero(people.source >= 0)
    often = np.where(shape.role[people.source[here]] == NO_EFFECT, SEEN_BEFORE_NO_EFFECT, SEEN_BEFORE)
    caring = (people.kind[here] == REAL) | (people.kind[here] == BROWSER)
    before = here[(random.random(len(here)) < often) & caring]
    other = _others(random, shape, len(before))
    creative = random.integers(0, CREATIVES, len(before))
    at = people.at[before] - random.exponential(4 * DAY, len(before)) - 3600
    on = on_table(shape, tests, cycle)
    day = day_of(at, cycle * CYCLE_DAYS * DAY)
    fits = (other != people.source[before]) & (day >= 0) & (day < SPENT_DAYS)
    fits &= on[other, day.clip(0, SPENT_DAYS - 1), people.region[before]]
    rows = np.concatenate([here, before[fits]])
    return Visits(
        rows, np.concatenate([people.source[here], other[fits]]), np.concatenate([people.creative[here], creative[fits]]),
        np.concatenate([people.at[here], at[fits]]),
    )  # fmt: skip


def _others(random: np.random.Generator, shape: Shape, count: int) -> np.ndarray:
    weight = np.where(shape.role == NO_EFFECT, 0.0, shape.weekly_yuan)
    chosen: np.ndarray = random.choice(len(ROLES), count, p=weight / weight.sum())
    return chosen


