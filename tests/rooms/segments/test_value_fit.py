"""Fitting: simulated worlds are recovered, intervals cover, small or odd bases break nothing."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.segments.value.bg_nbd import log_likelihood
from siyu.segments.value.cells import Cells, aggregate, one_by_one
from siyu.segments.value.fit import fit
from siyu.segments.value.optimum import climb
from siyu.segments.value.parameters import ModelName, Parameters
from siyu.segments.value.purchases import look_ahead
from siyu.segments.value.simulation import histories, simulate
from tests.makers.cases import cases

TRUTH = Parameters("bg_nbd", 0.243, 4.414, 0.793, 2.426)
MODELS: list[ModelName | None] = [None, "bg_nbd", "mbg_nbd", "nbd"]


def base(
    size: int, seed: int, truth: Parameters = TRUTH
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return x, t_x, T of a simulated base and the purchases of each customer in the 13 weeks after."""
    age = np.random.default_rng(seed).uniform(4, 100, size)
    world = simulate(truth, age + 13, seed)
    x, t_x = histories(world, age)
    return x, t_x, age, histories(world, age + 13)[0] - x


def test_twenty_simulated_worlds_are_covered_and_forecast() -> None:
    covered = {"r": 0, "alpha": 0}
    errors = []
    for seed in range(20):
        x, t_x, age, later = base(20_000, seed)
        model = fit(aggregate(x, t_x, age), "bg_nbd", level=0.95)
        for name in covered:
            covered[name] += model.intervals[name].low < TRUTH.named()[name] < model.intervals[name].high
        expected = look_ahead(model.parameters, x, t_x, age, 13.0).expected.sum()
        errors.append(abs(expected / later.sum() - 1))
    assert all(17 <= count <= 20 for count in covered.values()), covered
    assert np.median(errors) < 0.03


@pytest.mark.parametrize(
    "truth", [TRUTH, Parameters("mbg_nbd", 0.9, 6.0, 0.8, 1.2), Parameters("nbd", 0.7, 9.0)]
)
def test_the_model_of_the_world_is_chosen(truth: Parameters) -> None:
    x, t_x, age, _ = base(30_000, 4, truth)
    model = fit(aggregate(x, t_x, age))
    assert model.parameters.model == truth.model
    for name, value in truth.named().items():
        assert model.parameters.named()[name] == pytest.approx(value, rel=0.2)


def test_every_start_reaches_the_same_optimum() -> None:
    x, t_x, age, _ = base(3_000, 1)
    cells = one_by_one(x, t_x, age)
    best = fit(cells, "bg_nbd").log_likelihood
    bounds = [(-9.0, 9.0)] * 4
    for start in ([1, 3, 1, 3], [1, 1, 1, 1], [0.1, 10, 5, 5]):
        found = climb(lambda point: log_likelihood(point, cells), np.log(start), bounds, len(x))
        assert found.log_likelihood == pytest.approx(best, abs=1e-6)


def test_a_wider_level_widens_every_interval() -> None:
    x, t_x, age, _ = base(3_000, 2)
    cells = aggregate(x, t_x, age)
    narrow, wide = fit(cells, "bg_nbd", level=0.5), fit(cells, "bg_nbd", level=0.99)
    for name, interval in narrow.intervals.items():
        assert (
            wide.intervals[name].low
            < interval.low
            < interval.value
            < interval.high
            < wide.intervals[name].high
        )


@pytest.mark.parametrize(
    ("people", "code"),
    [
        ([], "too_few_buyers"),
        ([(0, 0, 0)], "too_few_buyers"),
        ([(3, 5, 9)], "too_few_buyers"),
        ([(0, 0, 30)] * 500, "too_few_repeat_buyers"),
        ([(0, 0, 0)] * 500, "too_few_repeat_buyers"),
    ],
    ids=["nobody", "one today", "one regular", "all came once", "all came today"],
)
def test_small_worlds_get_a_pooled_rate_and_flags(people: list[tuple[int, float, float]], code: str) -> None:
    x, t_x, age = np.array(people, float).reshape(-1, 3).T
    model = fit(one_by_one(x, t_x, age))
    assert [flag.code for flag in model.flags] == [code, "pooled_rate_used", "no_parameter_intervals"]
    assert all(flag.message["zh"] and flag.message["en"] for flag in model.flags)
    assert model.log_likelihood is None
    expected = look_ahead(model.parameters, x, t_x, age, 13.0).expected
    assert np.isfinite(expected).all()


def test_equal_customers_fit_without_error() -> None:
    """Everybody has the same history: rates do not differ, r and alpha run to the edge, flagged."""
    model = fit(one_by_one([4.0] * 300, [20.0] * 300, [26.0] * 300))
    expected = look_ahead(
        model.parameters, np.array([4.0]), np.array([20.0]), np.array([26.0]), 26.0
    ).expected
    assert expected[0] == pytest.approx(4, rel=0.15)
    assert {"parameters_at_bound", "no_parameter_intervals"} & {flag.code for flag in model.flags}


PEOPLE = st.lists(
    st.tuples(
        st.integers(0, 40) | st.sampled_from([0, 0, 1, 5_000]),
        st.floats(0, 1),
        st.floats(0, 200),
        st.integers(1, 30),
    ),
    max_size=30,
)


@given(PEOPLE, st.sampled_from(MODELS))
@settings(deadline=None, max_examples=cases(40, 400))
def test_fit_never_raises_and_forecasts_are_finite(
    people: list[tuple[int, float, float, int]], model: ModelName | None
) -> None:
    x = np.array([one[0] for one in people], float)
    age = np.array([one[2] for one in people])
    t_x = np.where(x > 0, age * np.array([one[1] for one in people]), 0.0)
    cells = Cells(x, t_x, age, np.array([one[3] for one in people], float))
    found = fit(cells, model)
    assert all(np.isfinite(value) and value >= 0 for value in found.parameters.named().values())
    for interval in found.intervals.values():
        assert 0 <= interval.low <= interval.value <= interval.high < np.inf
    outlook = look_ahead(found.parameters, x, t_x, age, 26.0)
    for values in (
        outlook.p_alive,
        outlook.expected,
        outlook.second_factorial,
        outlook.p_some,
        outlook.variance,
    ):
        assert np.isfinite(values).all()
        assert (values >= 0).all()
