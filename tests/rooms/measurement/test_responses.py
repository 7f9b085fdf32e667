"""Budgets: the closed form, bounds, what may be moved, and a source that brings nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.measurement.responses import exact, fit_curve, gain_of, reallocate, water_fill

THREE = [exact(40, 10), exact(30, 20), exact(20, 5)]


def test_the_closed_form() -> None:
    """b = a/λ − c with λ = Σa / (B + Σc) = 2/3: 50, 25, 25 bring 131.833, an equal split 128.816."""
    found = water_fill(THREE, 100.0, np.zeros(3), np.full(3, 1000.0))
    assert found == pytest.approx([50, 25, 25], abs=1e-6)
    assert [curve.marginal(b) for curve, b in zip(THREE, found, strict=True)] == pytest.approx([2 / 3] * 3, abs=1e-6)
    assert sum(curve.value(b) for curve, b in zip(THREE, found, strict=True)) == pytest.approx(131.833, abs=1e-3)
    assert sum(curve.value(100 / 3) for curve in THREE) == pytest.approx(128.816, abs=1e-3)


def test_a_source_without_effect_gets_nothing_but_its_floor() -> None:
    curves = [*THREE, exact(0, 10)]
    assert water_fill(curves, 100.0, np.zeros(4), np.full(4, 1000.0)) == pytest.approx([50, 25, 25, 0], abs=1e-6)
    budget = np.full(4, 25.0)
    for _ in range(4):
        budget = reallocate(curves, budget, np.full(4, 2.0), 2 * budget, 0.25 * budget.sum())
    assert budget[3] == pytest.approx(2.0)
    assert budget.sum() == pytest.approx(100)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.floats(0.01, 100), st.floats(0.1, 50), st.floats(0.5, 60)), min_size=2, max_size=8), st.floats(0.05, 0.5))
def test_what_is_moved_keeps_the_total_and_its_bounds_and_never_brings_less(sources: list[tuple[float, float, float]], part: float) -> None:
    curves, now = [exact(a, c) for a, c, _ in sources], np.array([b for _, _, b in sources])
    low, high = 0.1 * now, 2 * now
    then = reallocate(curves, now, low, high, part * now.sum())
    assert then.sum() == pytest.approx(now.sum(), rel=1e-6)
    assert np.maximum(then - now, 0).sum() <= part * now.sum() * (1 + 1e-6)
    assert (then >= low - 1e-6).all()
    assert (then <= high + 1e-6).all()
    assert gain_of(curves, now, then)[0] >= -1e-6


def test_a_curve_is_learnt_from_weeks() -> None:
    """Weeks with very different spend tell the bend; what an experiment denies is taken off."""
    random = np.random.default_rng(5)
    spend = random.uniform(10_000, 400_000, 60)
    gain = 300_000 * np.log1p(spend / 80_000) * random.lognormal(0, 0.05, 60)
    curve = fit_curve(spend, gain)
    assert curve is not None
    for b in (50_000, 200_000, 350_000):
        assert curve.value(b) == pytest.approx(300_000 * np.log1p(b / 80_000), rel=0.05)
        assert curve.marginal(b) == pytest.approx(300_000 / (80_000 + b), rel=0.15)
    halved = fit_curve(spend, gain, rate=0.5)
    assert halved is not None
    assert halved.value(100_000) == pytest.approx(curve.value(100_000) / 2)
    assert fit_curve(np.zeros(3), np.ones(3)) is None
