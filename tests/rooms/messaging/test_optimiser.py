"""Weekly budgets against every allotment there is."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from siyu.foundation.errors import InvalidError
from siyu.messaging.optimiser import allot


@pytest.mark.parametrize("seed", range(4))
def test_no_allotment_of_eight_people_is_better_by_more_than_one_persons_step(seed: int) -> None:
    chance = np.random.default_rng(seed)
    gains = np.concatenate([np.zeros((8, 1)), np.cumsum(chance.normal(0.4, 1, (8, 3)), axis=1)], axis=1)
    every = np.array(list(product(range(4), repeat=8)))
    worth, size = gains[np.arange(8), every].sum(axis=1), every.sum(axis=1)
    step = np.abs(np.diff(gains, axis=1)).max() * 3
    for budget in (0, 3, 9, 24):
        best = worth[size <= budget].max()
        found = allot(gains, budget)
        assert found.levels.sum() <= budget
        assert best - step <= found.gain <= best + 1e-9
        assert found.bound >= best - 1e-9


def test_curves_that_bend_down_are_allotted_exactly_and_nobody_gets_more_than_the_caps_leave() -> None:
    chance = np.random.default_rng(9)
    gains = np.concatenate([np.zeros((5_000, 1)), np.cumsum(np.sort(chance.normal(0.2, 1, (5_000, 5)), axis=1)[:, ::-1], axis=1)], axis=1)
    most = chance.integers(0, 4, 5_000)
    found = allot(gains, 4_000, most)
    assert (found.levels <= most).all()
    assert found.levels.sum() <= 4_000
    assert (found.bound - found.gain) / found.bound <= 1e-4


def test_what_is_no_curve_and_no_budget_is_said_at_once() -> None:
    with pytest.raises(InvalidError) as said:
        allot(np.array([[0.0, np.nan]]), -1)
    assert [fault.field for fault in said.value.faults] == ["budget", "gains"]
