"""Value by cohort 获客价值: the further margin of everybody who was added, with its interval, by where they came from.

Two stages. Those who have not bought: `first_orders`, by source. Those who have: BG/NBD (or what the data ask for) on days with orders,
of all buyers, of a source's own where it has 400 with a second order; what an order earns by Gamma-Gamma (siyu.segments.value).
What is expected of a person against a cost c is E[min(c, S)], S being 0 or a gamma amount with the two moments of the models.

Errors: chance (person by person), parameters (delta method) and drift: the same computation one third of the history earlier, against
what came. The last two are common to all, so they do not average out.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import scipy

from siyu.measurement.first_orders import FirstOrders, fit_first_orders
from siyu.segments.value.back_test import fit_money
from siyu.segments.value.cells import aggregate
from siyu.segments.value.fit import PurchaseModel, fit
from siyu.segments.value.gamma_gamma import OrderValue, next_order
from siyu.segments.value.purchases import look_ahead
from siyu.segments.value.summary import Summary

Floats = np.ndarray[Any, np.dtype[np.float64]]
Ints = np.ndarray[Any, np.dtype[np.int64]]
Flags = np.ndarray[Any, np.dtype[np.bool_]]
OWN_MODEL = 400
"""Buyers with a second order that a source needs for a model of its own."""
LEAST_TEST_DAYS = 14
UNSEEN_DAYS = 300.0
"""Rates after leaving are drawn to the usual as if so many days of somebody more had been seen."""
AFTER_LEAVING_DAYS = 90
"""So far ahead somebody who left is expected to buy at the rate seen after leaving."""


@dataclass(frozen=True)
class People:
    """One row a customer who was added, in the order of `customer_id`; days are local day numbers.

    `gone_on`: the day of leaving, or beyond all days. `source`: place of the source, whose share of buyers applies. `real`: how likely this
    is an ordinary person, `hunter`: a deal-hunter, who are a stratum of their own; what is left are zombies, who never buy.
    """

    added_on: Ints
    gone_on: Ints
    source: Ints
    sources: int
    real: Floats
    hunter: Floats


@dataclass(frozen=True)
class Days:
    """One row a customer (place in `People`) and day with an order since the add, sorted by both; `earned_fen` before refunds."""

    person: Ints
    day: Ints
    earned_fen: Ints


@dataclass(frozen=True)
class Worth:
    """Further margin S of each person as a mixture: 0 with 1 − `some`, else gamma of `mean` and `second` moment (of S given some), fen."""

    some: Floats
    mean: Floats
    second: Floats

    @property
    def expected(self) -> Floats:
        return self.some * self.mean

    @property
    def variance(self) -> Floats:
        return np.maximum(self.some * self.second - self.expected**2, 0.0)

    def capped(self, cap: Floats) -> tuple[Floats, Floats]:
        """(E[min(cap, S)], its variance), fen and fen²."""
        spread = np.maximum(self.second - self.mean**2, 1e-9 * self.mean**2)
        shape = np.divide(self.mean**2, spread, out=np.ones_like(spread), where=spread > 0)
        scale = np.divide(spread, self.mean, out=np.ones_like(spread), where=self.mean > 0)
        edge = np.maximum(cap, 0) / np.maximum(scale, 1e-12)
        above = 1 - scipy.special.gammainc(shape, edge)
        first = self.mean * scipy.special.gammainc(shape + 1, edge) + cap * above
        square = (self.mean**2 + spread) * scipy.special.gammainc(shape + 2, edge) + cap**2 * above
        value = self.some * np.where(self.mean > 0, first, 0.0)
        return value, np.maximum(self.some * np.where(self.mean > 0, square, 0.0) - value**2, 0.0)


@dataclass(frozen=True)
class Outlook:
    """`parameter_rate`, `drift_rate`: standard deviations of a sum over many, as a share of it. `tested_days`: 0 where no test could be made."""

    worth: Worth
    """Of each person as an ordinary one of their source."""
    expected: Floats
    variance: Floats
    """Of each person by what they are likely to be, fen and fen²."""
    parameter_rate: float
    drift_rate: float
    tested_days: int
    buyers: int
    history_days: int

    @property
    def shared_rate(self) -> float:
        return float(np.hypot(self.parameter_rate, self.drift_rate))


@dataclass(frozen=True)
class _Models:
    first: FirstOrders
    repeat: PurchaseModel
    own: dict[int, PurchaseModel]
    money: OrderValue
    after_leaving: tuple[float, float]
    leaving: float
    net: float


@dataclass(frozen=True)
class _Seen:
    """What is known of each person at an end day: days from the add to the end of being watched, and the orders up to then."""

    age: Floats
    left: Flags
    first: Floats
    x: Floats
    t_x: Floats
    T: Floats
    earned: Floats
    days: Floats
    after: Floats
    soon: Floats
    since: Floats

    @property
    def bought(self) -> Flags:
        return self.days > 0


def look(people: People, days: Days, as_of: int, horizon: int, *, discount: float = 0.0, net: float = 1.0) -> Outlook:
    """What everybody is expected to bring within `horizon` days after `as_of`.

    `discount`: a year's rate. `net`: margin after refunds as a share of that before.
    """
    seen = _seen(people, days, as_of)
    models = _learn(people, seen, net)
    worth, expected, variance = _by_chance(people, seen, models, horizon, np.log1p(discount) / 365)
    history = int(as_of - people.added_on.min()) if len(people.added_on) else 0
    drift, tested = _drift(people, days, as_of, history, net)
    buyers = int(seen.bought.sum())
    return Outlook(worth, expected, variance, _parameter_rate(people, seen, models, horizon), drift, tested, buyers, history)


def _by_chance(people: People, seen: _Seen, models: _Models, horizon: int, discount: float) -> tuple[Worth, Floats, Floats]:
    """(worth as an ordinary person, expected and variance of the mixture of what somebody may be)."""
    parts = _parts(people.source, seen, models, horizon, discount)
    hunting = tuple(part.copy() for part in parts)
    hunters, waiting = np.full_like(people.source, people.sources), ~seen.bought & ~seen.left
    _fill_first(hunters, seen, models, horizon, discount, waiting, hunting)
    if people.sources in models.own:
        _fill_repeat(seen, models, models.own[people.sources], horizon, discount, seen.bought & ~seen.left, hunting)
    worth, other = (Worth(some, mean * models.net, second * models.net**2) for some, mean, second in (parts, hunting))
    expected = people.real * worth.expected + people.hunter * other.expected
    square = people.real * (worth.variance + worth.expected**2) + people.hunter * (other.variance + other.expected**2)
    return worth, expected, np.maximum(square - expected**2, 0.0)


def _seen(people: People, days: Days, as_of: int) -> _Seen:
    size = len(people.added_on)
    end = np.maximum(np.minimum(people.gone_on, as_of), people.added_on)
    past = days.day <= as_of
    person, day, earned = days.person[past], days.day[past], days.earned_fen[past]
    during = day <= end[person]
    watched, at = person[during], day[during]
    count = np.bincount(watched, minlength=size)
    first, last = np.full(size, 2**40), np.full(size, -(2**40))
    np.minimum.at(first, watched, at)
    np.maximum.at(last, watched, at)
    bought = count > 0
    start = np.where(bought, first, people.added_on)
    final = np.where(bought, last, people.added_on)
    return _Seen(
        age=(np.where(bought, start, end) - people.added_on).astype(float),
        left=people.gone_on <= as_of,
        first=(start - people.added_on).astype(float),
        x=np.maximum(count - 1, 0).astype(float),
        t_x=(final - start) / 7,
        T=(end - start) / 7,
        earned=np.bincount(person, earned, size).astype(float),
        days=np.bincount(person, minlength=size).astype(float),
        after=np.bincount(person[~during], minlength=size).astype(float),
        soon=np.bincount(person[~during & (day <= end[person] + AFTER_LEAVING_DAYS)], minlength=size).astype(float),
        since=np.maximum(as_of - end, 0).astype(float),
    )


def _learn(people: People, seen: _Seen, net: float) -> _Models:
    during = (seen.days - seen.after) > 0
    twice = np.concatenate([people.source, np.full_like(people.source, people.sources)])
    chance = np.concatenate([people.real, people.hunter])
    first = fit_first_orders(np.tile(seen.age, 2), np.tile(during, 2), np.tile(seen.left & ~during, 2), twice, people.sources + 1, chance)
    repeat = fit(aggregate(seen.x[during], seen.t_x[during], seen.T[during]))
    own = {}
    likely = np.where(people.hunter > people.real, people.sources, people.source)
    for stratum in np.unique(likely[during & (seen.x > 0)]):
        mine = during & (likely == stratum)
        if int((seen.x[mine] > 0).sum()) >= OWN_MODEL:
            found = fit(aggregate(seen.x[mine], seen.t_x[mine], seen.T[mine]))
            # Drop-out that all together show, and one source alone is too small to show, is not left out for it.
            if found.parameters.model != "nbd" or repeat.parameters.model == "nbd":
                own[int(stratum)] = found
    buyers = seen.bought
    per_day = np.divide(seen.earned, seen.days, out=np.zeros_like(seen.earned), where=buyers)
    several = np.maximum(seen.days[buyers] - 1, 0)
    none = np.zeros(int(buyers.sum()))
    money = fit_money(Summary(np.arange(len(none)), several, none, none, np.where(several > 0, per_day[buyers], 0), np.rint(seen.earned[buyers]).astype(np.int64)))
    weeks = seen.T[during].sum()
    leaving = float((seen.left & during).sum() / weeks) if weeks > 0 else 0.0
    return _Models(first, repeat, own, money, _after_leaving(seen), leaving, net)


def _after_leaving(seen: _Seen) -> tuple[float, float]:
    """Days with orders per day since leaving: (in the first 90 days of it, later). Where the later time was not seen, it is as the first."""
    left, edge = seen.left, float(AFTER_LEAVING_DAYS)
    soon, later = float(seen.soon[left].sum()), float((seen.after - seen.soon)[left].sum())
    early, late = np.minimum(seen.since[left], edge).sum(), np.maximum(seen.since[left] - edge, 0).sum()
    first = (soon + 0.5) / (float(early) + UNSEEN_DAYS)
    return first, (later + first * UNSEEN_DAYS) / (float(late) + UNSEEN_DAYS)


def _parts(stratum_of: Ints, seen: _Seen, models: _Models, horizon: int, discount: float) -> tuple[Floats, ...]:
    """`some`, `mean` and `second` of everybody's worth, before refunds."""
    some, mean, second = (np.zeros(len(seen.age)) for _ in range(3))
    waiting = ~seen.bought & ~seen.left
    _fill_first(stratum_of, seen, models, horizon, discount, waiting, (some, mean, second))
    for stratum, model in [(None, models.repeat), *models.own.items()]:
        mine = seen.bought & ~seen.left
        chosen = ~np.isin(stratum_of, list(models.own)) if stratum is None else stratum_of == stratum
        _fill_repeat(seen, models, model, horizon, discount, mine & chosen, (some, mean, second))
    left = seen.left
    value, square, pair = next_order(models.money, seen.days[left], _own_mean(seen, left))
    span = float(min(horizon, AFTER_LEAVING_DAYS))
    fresh = np.clip(AFTER_LEAVING_DAYS - seen.since[left], 0, span)
    orders = fresh * models.after_leaving[0] + (span - fresh) * models.after_leaving[1]
    some[left] = -np.expm1(-orders)
    times = orders / np.maximum(some[left], 1e-12)
    mean[left], second[left] = times * value, times * square + orders * times * pair
    return some, mean, second


def _fill_first(stratum_of: Ints, seen: _Seen, models: _Models, horizon: int, discount: float, mine: Flags, into: tuple[Floats, ...]) -> None:
    """Of those who have not bought: the chance that they do, and then that order with what follows it in the time that is left."""
    if not mine.any():
        return
    chance, wait = models.first.chances(horizon, discount)
    age = np.minimum(seen.age[mine].astype(np.int64), chance.shape[1] - 1)
    some, mean, second = into
    some[mine] = chance[stratum_of[mine], age]
    value, square, pair = (each[0] for each in next_order(models.money, np.zeros(1), np.zeros(1)))
    remaining = _effective(max(horizon - float(wait[stratum_of[mine], age].mean()), 1.0) / 7, models.leaving + discount * 7)
    zero = np.zeros(1)
    for stratum in np.unique(stratum_of[mine]):
        model = models.own.get(int(stratum), models.repeat)
        after = look_ahead(model.parameters, zero, zero, zero, remaining)
        more, pairs = float(after.expected[0]), float(after.second_factorial[0])
        here = mine & (stratum_of == stratum)
        mean[here] = (1 + more) * value
        second[here] = (1 + more) * square + (2 * more + pairs) * pair


def _fill_repeat(seen: _Seen, models: _Models, model: PurchaseModel, horizon: int, discount: float, mine: Flags, into: tuple[Floats, ...]) -> None:
    if not mine.any():
        return
    some, mean, second = into
    time = _effective(horizon / 7, models.leaving + discount * 7)
    ahead = look_ahead(model.parameters, seen.x[mine], seen.t_x[mine], seen.T[mine], time)
    value, square, pair = next_order(models.money, seen.days[mine], _own_mean(seen, mine))
    chance = np.clip(ahead.p_some, 1e-12, 1)
    some[mine] = chance
    mean[mine] = ahead.expected * value / chance
    second[mine] = (ahead.expected * square + ahead.second_factorial * pair) / chance


def _own_mean(seen: _Seen, mine: Flags) -> Floats:
    return np.divide(seen.earned[mine], seen.days[mine], out=np.zeros(int(mine.sum())), where=seen.days[mine] > 0)


def _effective(weeks: float, hazard: float) -> float:
    """So many weeks of being there are expected of so many weeks ahead."""
    return weeks if hazard * weeks < 1e-9 else float(-np.expm1(-hazard * weeks) / hazard)


def _drift(people: People, days: Days, as_of: int, history: int, net: float) -> tuple[float, int]:
    """(|expected − came| / came in the last third of the history, its days): what no model sees."""
    length = min(history // 3, 90)
    if length < LEAST_TEST_DAYS:
        return 0.0, 0
    cut = as_of - length
    kept = people.added_on <= cut
    if not kept.any():
        return 0.0, 0
    place = np.cumsum(kept) - 1
    earlier = People(people.added_on[kept], people.gone_on[kept], people.source[kept], people.sources, people.real[kept], people.hunter[kept])
    mine = kept[days.person]
    past = Days(place[days.person[mine]], days.day[mine], days.earned_fen[mine])
    seen = _seen(earlier, past, cut)
    expected = float(_by_chance(earlier, seen, _learn(earlier, seen, net), length, 0.0)[1].sum())
    came = float(past.earned_fen[(past.day > cut) & (past.day <= as_of)].sum()) * net
    if came <= 0:
        return 0.0, 0
    return min(abs(expected - came) / came, 1.0), length


def _parameter_rate(people: People, seen: _Seen, models: _Models, horizon: int) -> float:
    """Of the total: how much it moves with the parameters of first and of later orders, each by the delta method."""
    parts = [_first_rate(people, seen, models, horizon), _repeat_rate(seen, models, horizon)]
    whole = sum(amount for amount, _ in parts)
    return float(np.sqrt(sum(variance for _, variance in parts))) / whole if whole > 0 else 0.0


def _first_rate(people: People, seen: _Seen, models: _Models, horizon: int) -> tuple[float, float]:
    first, mine = models.first, ~seen.bought & ~seen.left
    if first.covariance is None or not mine.any():
        return 0.0, 0.0
    age = np.minimum(seen.age[mine].astype(np.int64), len(first.leaving) - 1)
    chance = people.real[mine]
    counts = np.bincount(age, chance, len(first.leaving))
    pooled = float(np.average(first.share[people.source[mine]], weights=chance + 1e-12))
    value = float(next_order(models.money, np.zeros(1), np.zeros(1))[0][0])

    def total(move: Floats) -> float:
        odds = pooled / (1 - pooled) * np.exp(move[2]) if pooled < 1 else 1e9
        moved = replace(first, scale=first.scale * np.exp(move[0]), shape=first.shape * np.exp(move[1]), fading=first.fading * np.exp(move[3]), share=np.array([odds / (1 + odds)]))
        return float(moved.chances(horizon)[0][0] @ counts) * value

    step = 1e-3
    gradient = np.array([(total(move) - total(-move)) / (2 * step) for move in np.eye(4) * step])
    return total(np.zeros(4)), float(gradient @ first.covariance @ gradient)


def _repeat_rate(seen: _Seen, models: _Models, horizon: int) -> tuple[float, float]:
    mine, optimum = seen.bought & ~seen.left, models.repeat.optimum
    if optimum is None or optimum.covariance is None or not mine.any():
        return 0.0, 0.0
    cells = aggregate(seen.x[mine], seen.t_x[mine], seen.T[mine], 4.0)
    time = _effective(horizon / 7, models.leaving)
    value = float(models.money.mean_fen)
    names = list(models.repeat.parameters.named())

    def total(point: Floats) -> float:
        moved = replace(models.repeat.parameters, **dict(zip(names, np.exp(point), strict=True)))
        return float(cells.count @ look_ahead(moved, cells.x, cells.t_x, cells.T, time).expected) * value

    point, step = optimum.log_parameters, 1e-3
    gradient = np.array([(total(point + move) - total(point - move)) / (2 * step) for move in np.eye(len(point)) * step])
    return total(point), float(gradient @ optimum.covariance @ gradient)
