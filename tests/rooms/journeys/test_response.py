"""Responses learned from history: what was put in comes out again, with intervals that hold it; too little is said to be assumed."""

from __future__ import annotations

import numpy as np
import pytest

from siyu.journeys.response import (
    DAYS,
    HALF_LIVES,
    UNKNOWN,
    Arms,
    assumed_share,
    effect,
    extra,
    own,
    share,
)


def _people(seed: int, mean: float = 0.02, shape: float = 1.2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    rate, days = random.gamma(shape, mean / shape, 5_000), random.uniform(5, 90, 5_000)
    return random.poisson(rate * days), days, rate


def test_rates_of_people_come_back_with_their_spread() -> None:
    count, days, rate = _people(1)
    found = own(count, days)
    assert found.mean == pytest.approx(0.02, rel=0.05)
    assert found.shape == pytest.approx(1.2, rel=0.2)
    drawn = np.array([found.rates(np.random.default_rng(n), np.arange(5_000), np.zeros(5_000, int), 1).sum() for n in range(40)])
    assert drawn.mean() == pytest.approx(rate.sum(), rel=0.03)
    often, never = np.flatnonzero(count >= 4), np.flatnonzero((count == 0) & (days > 80))
    random = np.random.default_rng(7)
    assert found.rates(random, often, np.zeros(len(often), int), 1).mean() == pytest.approx(rate[often].mean(), rel=0.1)
    assert found.rates(random, never, np.zeros(len(never), int), 1).mean() == pytest.approx(rate[never].mean(), rel=0.15)


def test_futures_differ_as_weeks_have_differed() -> None:
    count, days, _ = _people(2)
    steady, restless = own(count, days, [1.0, 1.01, 0.99, 1.0, 1.0, 1.01]), own(count, days, [1.0, 1.4, 0.7, 1.2, 0.6, 1.1])
    assert steady.spread < 0.05 < 0.2 < restless.spread
    falling = own(count, days, [1.6, 1.4, 1.2, 1.0, 0.9, 0.8, 0.75, 0.7])
    assert falling.level < 0.9


def test_what_hardly_ever_happened_is_assumed() -> None:
    found = own(np.array([1, 0, 0, 2]), np.full(4, 30.0))
    assert found.assumed
    assert found.seen == 3
    rates = found.rates(np.random.default_rng(0), np.zeros(4_000, int), np.arange(4_000), 4_000)
    assert np.quantile(rates, 0.9) > 20 * np.quantile(rates, 0.1)


def _send(random: np.random.Generator, amount: float, half: float, people: int = 30_000, base: float = 0.02) -> Arms:
    days = np.arange(DAYS) + 0.5
    return Arms(people, people // 2, random.poisson(people * base * (1 + amount * np.exp2(-days / half))), random.poisson(np.full(DAYS, people // 2 * base)))


def test_an_effect_and_how_fast_it_fades_come_back() -> None:
    random = np.random.default_rng(5)
    found = effect([_send(random, 0.8, 2.0) for _ in range(3)])
    assert found.sends == 3
    assert float((found.weights * HALF_LIVES).sum()) == pytest.approx(2.0, abs=0.7)
    mean, error = found.over(7)
    true = 0.8 * 2 / np.log(2) * (1 - 2 ** (-7 / 2)) / 7
    assert abs(mean - true) < 3 * error
    assert error < 0.06


def test_intervals_of_effects_hold_the_truth_as_often_as_they_say() -> None:
    hits = 0
    for seed in range(60):
        random = np.random.default_rng(seed)
        found = effect([_send(random, 0.5, 3.0, people=6_000) for _ in range(2)])
        mean, error = found.over(7)
        hits += abs(mean - 0.5 * 3 / np.log(2) * (1 - 2 ** (-7 / 3)) / 7) < 1.96 * error
    assert 53 <= hits <= 60


def test_without_a_control_no_effect_is_taken_for_granted() -> None:
    assert effect([]) is UNKNOWN
    mean, error = UNKNOWN.over(7)
    assert mean == 0
    assert error > 0.05
    amount, _ = UNKNOWN.drawn(np.random.default_rng(1), 4_000)
    assert amount.mean() == pytest.approx(0, abs=0.02)


def test_shares_of_few_messages_lean_on_those_of_all() -> None:
    top = share(3_000, 10_000, assumed_share(0.1, 1.0))
    few, many = share(9, 10, top), share(9_000, 10_000, top)
    assert top.mean == pytest.approx(0.3, abs=0.01)
    assert few.mean == pytest.approx(0.4, abs=0.02)
    assert many.mean == pytest.approx(0.897, abs=0.005)
    assert not top.assumed
    assert assumed_share(0.1, 1.0).assumed


def test_what_a_message_brings_is_a_multiple_of_what_each_buys_anyway() -> None:
    random, size = np.random.default_rng(3), 200_000
    rate = np.repeat([0.01, 0.03], size // 2)
    rows, days = extra(random, rate, np.full(size, 0.5), np.full(size, 2.0))
    expected = rate * 0.5 * 2 / np.log(2)
    assert len(rows) == pytest.approx(expected.sum(), rel=0.05)
    assert (rows >= size // 2).mean() == pytest.approx(0.75, abs=0.02)
    assert np.median(days) == pytest.approx(2.0, rel=0.05)
    assert not len(extra(random, rate, np.full(size, -0.5), np.full(size, 2.0))[0])
