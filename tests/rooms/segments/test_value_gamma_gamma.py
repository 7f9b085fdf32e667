"""Gamma-Gamma against Fader and Hardie (2013) and against a simulation."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import check_grad

from siyu.segments.value.back_test import fit_money
from siyu.segments.value.gamma_gamma import OrderValue, fit_order_value, log_likelihood, next_order
from siyu.segments.value.summary import summarise
from tests.rooms.segments.test_value_data import RETAIL_END, cdnow, retail_days

PUBLISHED = OrderValue(6.25, 3.74, 15.44, 946, None, None, {}, None, ())


def simulated(
    size: int, seed: int, p: float = 6.0, q: float = 4.0, gamma: float = 3_000.0
) -> tuple[np.ndarray, np.ndarray]:
    """Return the scale nu and the purchases x of each customer of a world with the given parameters."""
    random = np.random.default_rng(seed)
    return random.gamma(q, 1 / gamma, size), random.integers(1, 6, size).astype(np.float64)


def test_cdnow_sample() -> None:
    model = fit_money(cdnow())
    assert model.customer_count == 946
    assert model.p == pytest.approx(6.25, abs=0.005)
    assert model.q == pytest.approx(3.74, abs=0.005)
    assert model.gamma / 100 == pytest.approx(15.44, abs=0.005)
    # In fen the density is divided by 100 for each buyer.
    assert model.log_likelihood == pytest.approx(-4055.92 - 946 * np.log(100), abs=0.005)
    assert model.correlation == pytest.approx(0.114, abs=0.0005)
    assert model.intervals["q"].low < 3.74 < model.intervals["q"].high
    assert model.flags == ()


def test_whole_cdnow_leaves_out_the_one_repeat_buyer_without_value() -> None:
    summary = cdnow(whole=True)
    assert ((summary.x > 0) & (summary.mean_repeat_value_fen == 0)).sum() == 1
    model = fit_money(summary)
    assert model.customer_count == 9_450
    assert [model.p, model.q, model.gamma / 100] == pytest.approx([6.27536, 3.62445, 14.98369], rel=1e-5)


def test_online_retail_is_nearly_independent() -> None:
    model = fit_money(summarise(retail_days(), RETAIL_END))
    assert model.correlation is not None
    assert abs(model.correlation) < 0.15
    assert model.flags == ()


def test_expected_next_order() -> None:
    mean, _, _ = next_order(PUBLISHED, np.array([0.0, 2.0]), np.array([0.0, 22.35]))
    assert mean[0] == pytest.approx(6.25 * 15.44 / 2.74)
    assert PUBLISHED.mean_fen == pytest.approx(mean[0])
    assert mean[1] == pytest.approx(6.25 * (15.44 + 2 * 22.35) / (6.25 * 2 + 2.74))


def test_moments_of_the_next_orders_equal_a_simulated_world() -> None:
    nu, seen = simulated(400_000, 1)
    random = np.random.default_rng(2)
    mean_seen = random.gamma(6.0 * seen, 1 / nu) / seen
    first, second = random.gamma(6.0, 1 / nu), random.gamma(6.0, 1 / nu)
    model = OrderValue(6.0, 4.0, 3_000.0, 0, None, None, {}, None, ())
    mean, square, pair = next_order(model, seen, mean_seen)
    for predicted, happened in ((mean, first), (square, first**2), (pair, first * second)):
        gap = predicted - happened
        assert abs(gap.mean()) < 4.5 * gap.std() / np.sqrt(len(gap))


def test_a_simulated_world_is_recovered() -> None:
    nu, seen = simulated(50_000, 3)
    mean = np.random.default_rng(4).gamma(6.0 * seen, 1 / nu) / seen
    model = fit_order_value(seen, mean, 1.0, level=0.999)
    for name, truth in (("p", 6.0), ("q", 4.0), ("gamma", 3_000.0)):
        assert model.intervals[name].low < truth < model.intervals[name].high


def test_gradient_equals_finite_differences() -> None:
    x, mean = np.array([1.0, 2.0, 2.0, 7.0]), np.array([3.0, 0.4, 2.0, 1.0])
    for seed in range(5):
        point = np.random.default_rng(seed).uniform(-1, 1, 3)
        off = check_grad(
            lambda v: log_likelihood(v, x, mean)[0], lambda v: log_likelihood(v, x, mean)[1], point
        )
        assert off < 1e-4


@pytest.mark.parametrize(
    ("x", "mean"), [([], []), ([0, 0], [0, 0]), ([1] * 5, [900.0] * 5), ([1, 2] * 30, [900.0] * 60)]
)
def test_fallback_where_the_model_cannot_be_fitted(x: list[float], mean: list[float]) -> None:
    model = fit_order_value(np.array(x, float), np.array(mean, float), fallback_mean_fen=800.0)
    assert [flag.code for flag in model.flags] == ["mean_order_value_used"]
    assert model.mean_fen == pytest.approx(800)
    value, _, _ = next_order(model, np.array([0.0, 2.0, 1e6]), np.array([0.0, 1_400.0, 1_400.0]))
    assert value == pytest.approx([800, 1_100, 1_400], rel=1e-5)


def test_value_that_depends_on_frequency_is_flagged() -> None:
    random = np.random.default_rng(5)
    x = random.integers(1, 10, 500).astype(float)
    model = fit_order_value(x, 1_000 * x * random.uniform(0.5, 1.5, 500), 1.0)
    assert [flag.code for flag in model.flags] == ["order_value_depends_on_frequency"]


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 50), st.floats(0, 1e9)), max_size=80), st.floats(0, 1e7))
def test_never_raises_and_never_gives_a_negative_value(
    buyers: list[tuple[int, float]], mean_all: float
) -> None:
    x = np.array([one[0] for one in buyers], float)
    mean = np.array([one[1] for one in buyers], float)
    model = fit_order_value(x, mean, mean_all)
    for moment in next_order(model, x, mean):
        assert np.isfinite(moment).all()
        assert (moment >= 0).all()
