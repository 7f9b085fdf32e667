"""Rehearsals against brands of simulated people: what is foreseen, and what then becomes of the very journey."""

from __future__ import annotations

from datetime import timedelta

import pytest

from siyu.foundation.stores import Stores
from tests.conftest import SetClock
from tests.makers.rehearsing import Brand, grown_up, really, rehearsed, way


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_is_foreseen_comes_true_within_its_interval(stores: Stores, clock: SetClock, seed: int) -> None:
    clock.at = clock.at.replace(hour=2)
    brand = Brand(stores, clock, 700, seed=seed)
    grown_up(brand, ("value", "promotion"), first_days=40)
    journey, foreseen = rehearsed(brand, way(brand), rows=20_000)
    real = really(brand, journey, step_days=1)
    assert foreseen.nodes["tell"].came.mean == foreseen.nodes["tell"].came.low == real.came["tell"]
    for node in ("thank", "offer"):
        came = foreseen.nodes[node].came
        assert came.low < real.came[node] < came.high
    assert foreseen.outcome.orders.low < real.orders < foreseen.outcome.orders.high
    assert foreseen.outcome.goals is not None
    assert foreseen.outcome.goals.low < real.goals < foreseen.outcome.goals.high
    assert foreseen.outcome.extra_orders.high > 0
    assert timedelta(0) < stores.now() - journey.created_at
