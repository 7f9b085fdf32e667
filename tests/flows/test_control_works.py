"""Control works: what a campaign truly did is what its report says, in as many cases as the interval promises.

The gate draws the control, the sandbox's people respond by their model, the report reads facts. Here a few repetitions; all 500 of
`bench/control_works.py` with CONTROL_WORKS=1.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from siyu.campaigns.driving import drive
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from tests.makers.campaigns import approved_and_scheduled, open_office, put_segment, written
from tests.makers.responding import gated, put_repetition, report_of, truth

REPETITIONS, PEOPLE = (500, 2_000) if os.environ.get("CONTROL_WORKS") else (10, 2_000)


def _campaign(stores: Stores) -> int:
    office = open_office(stores)
    made = approved_and_scheduled(office, written(put_segment(stores, range(1, 3)), starts=None, control_rate=0.3, purpose="value"))
    drive(stores, lambda _: 0)
    return made


def test_the_true_effect_lies_within_its_interval_as_often_as_it_should(stores: Stores) -> None:
    made, at_ms, known = _campaign(stores), to_ms(stores.now()), truth()
    assert known.effect > 0.02
    covered, errors = 0, []
    for number in range(REPETITIONS):
        lift = report_of(stores, made, put_repetition(stores, number, PEOPLE, at_ms), control_rate=0.3).lift
        assert lift.bought is not None
        assert lift.bought.low is not None
        assert lift.bought.high is not None
        covered += lift.bought.low < known.effect < lift.bought.high
        errors.append((lift.bought.difference - known.effect) / ((lift.bought.high - lift.bought.low) / 3.92))
    # In units of the standard error: no bias, and as wide as the interval says.
    assert abs(np.mean(errors)) < 4 / np.sqrt(REPETITIONS)
    assert 0.4 < np.std(errors) < 1.9
    low, high = (0.93, 0.97) if REPETITIONS >= 500 else (0.7, 1.0)
    assert low <= covered / REPETITIONS <= high


def test_the_draw_of_the_gate_is_even_sticky_and_different_for_each_campaign() -> None:
    ids = np.arange(1, 20_001, dtype=np.int64)
    at_ms = 1_767_268_800_000
    one, again, other = (np.array(gated(ids, salt, 0.3, at_ms)["reason"].to_pylist(), object) == "holdout" for salt in ("a", "a", "b"))
    assert np.array_equal(one, again)
    assert one.mean() == pytest.approx(0.3, abs=0.012)
    assert (one & other).mean() == pytest.approx(0.09, abs=0.008)
