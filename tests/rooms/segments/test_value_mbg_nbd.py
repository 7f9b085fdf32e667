"""MBG/NBD: no table is printed for it, so the formulas meet integration, a simulation and lifetimes."""

import warnings

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.stats import beta, gamma

from siyu.segments.value import accuracy
from siyu.segments.value.cells import one_by_one
from siyu.segments.value.fit import fit, log_likelihood
from siyu.segments.value.holdout import split
from siyu.segments.value.parameters import ModelName, Parameters
from siyu.segments.value.purchases import look_ahead, new_customer, new_customer_distribution
from siyu.segments.value.simulation import histories, simulate
from tests.rooms.segments.test_value_data import CDNOW_END, cdnow, cdnow_days

WORLDS = [
    Parameters("mbg_nbd", 0.6, 6.0, 0.9, 1.6),
    Parameters("bg_nbd", 0.5, 5.0, 0.8, 2.4),
    Parameters("nbd", 0.7, 9.0),
]


def test_whole_cdnow_forecast_is_19_per_cent_low() -> None:
    summary, holdout = split(cdnow_days(whole=True), CDNOW_END, 273)
    model = fit(one_by_one(summary.x, summary.t_x, summary.T), "mbg_nbd")
    expected = look_ahead(model.parameters, summary.x, summary.t_x, summary.T, 39.0).expected
    assert accuracy.error_rate(expected.sum(), holdout.orders.sum()) == pytest.approx(-0.191, abs=0.0007)
    assert model.log_likelihood == pytest.approx(-95336.958, abs=0.005)


def test_sample_fit() -> None:
    summary = cdnow()
    model = fit(one_by_one(summary.x, summary.t_x, summary.T), "mbg_nbd")
    found = list(model.parameters.named().values())
    assert found == pytest.approx([0.52484, 6.18309, 0.89136, 1.61400], rel=1e-4)
    assert model.log_likelihood == pytest.approx(-9582.1357, abs=0.001)


@pytest.mark.parametrize("name", ["bg_nbd", "mbg_nbd"])
@pytest.mark.parametrize(("x", "t_x", "age"), [(0, 0.0, 12.0), (1, 3.0, 12.0), (4, 9.0, 10.0)])
def test_likelihood_equals_the_integral_over_rate_and_drop_out(
    name: ModelName, x: int, t_x: float, age: float
) -> None:
    parameters = Parameters(name, 0.8, 5.0, 1.3, 2.2)
    chances = x + parameters.first_chance

    def over_rate(until: float) -> float:
        density = gamma(parameters.r, scale=1 / parameters.alpha).pdf
        return float(quad(lambda rate: rate**x * np.exp(-rate * until) * density(rate), 0, 20, limit=200)[0])

    def over_drop_out(gone: int, stays: int) -> float:
        density = beta(parameters.a, parameters.b).pdf
        return float(quad(lambda p: p**gone * (1 - p) ** stays * density(p), 0, 1)[0])

    integral = over_rate(age) * over_drop_out(0, chances)
    if chances:
        integral += over_rate(t_x) * over_drop_out(1, chances - 1)
    cells = one_by_one([x], [t_x], [age])
    assert log_likelihood(parameters, cells) == pytest.approx(np.log(integral), abs=2e-5)


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.model)
def test_forecasts_equal_what_a_simulated_world_does(world: Parameters) -> None:
    """Compared within 4.5 standard errors of the mean, in five groups of like histories."""
    size, horizon = 300_000, 20.0
    age = np.random.default_rng(5).uniform(5, 40, size)
    simulated = simulate(world, age + horizon, seed=11)
    x, t_x = histories(simulated, age)
    bought = histories(simulated, age + horizon)[0] - x
    outlook = look_ahead(world, x, t_x, age, horizon)
    for group in (x == 0, x == 1, (x > 1) & (t_x > age - 3), (x > 1) & (t_x < age / 2), x > 6):
        pairs = (
            (outlook.p_alive, simulated.gone_at > age),
            (outlook.expected, bought),
            (outlook.second_factorial, bought * (bought - 1)),
            (outlook.p_some, bought > 0),
        )
        for predicted, happened in pairs:
            gap = predicted[group] - happened[group]
            assert abs(gap.mean()) <= 4.5 * gap.std() / np.sqrt(group.sum()) + 1e-12


@pytest.mark.parametrize("world", WORLDS, ids=lambda world: world.model)
def test_new_customers_of_a_simulated_world(world: Parameters) -> None:
    size, span = 300_000, 26.0
    simulated = simulate(world, np.full(size, span), seed=12)
    x, _ = histories(simulated, np.full(size, span))
    assert new_customer(world, np.array([span]))[0] == pytest.approx(
        x.mean(), abs=4.5 * x.std() / np.sqrt(size)
    )
    distribution = new_customer_distribution(world, span, 5)
    for k, share in enumerate(distribution):
        assert share == pytest.approx((x == k).mean(), abs=4.5 * np.sqrt(share / size))


def test_one_time_buyers_lose_life_with_silence() -> None:
    silence = np.array([0.0, 4.0, 26.0, 104.0])
    nobody = np.zeros(4)
    alive = look_ahead(Parameters("mbg_nbd", 0.6, 6.0, 0.9, 1.6), nobody, nobody, silence, 10.0).p_alive
    assert alive[0] == pytest.approx(1.6 / 2.5)
    assert (np.diff(alive) < 0).all()


def test_lifetimes_agrees() -> None:
    """lifetimes 0.11.3 runs under numpy 2.4 and pandas 3.1; its optimiser warns, the answer is the same."""
    pytest.importorskip("pandas")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        lifetimes = pytest.importorskip("lifetimes")
        summary = cdnow()
        fitter = lifetimes.ModifiedBetaGeoFitter().fit(summary.x, summary.t_x, summary.T)
        theirs = Parameters("mbg_nbd", **fitter.params_.to_dict())
        forecast = fitter.conditional_expected_number_of_purchases_up_to_time(
            39, summary.x, summary.t_x, summary.T
        )
        alive = fitter.conditional_probability_alive(summary.x, summary.t_x, summary.T)
    ours = fit(one_by_one(summary.x, summary.t_x, summary.T), "mbg_nbd")
    for name, value in theirs.named().items():
        assert value == pytest.approx(ours.parameters.named()[name], rel=2e-3)
    outlook = look_ahead(theirs, summary.x, summary.t_x, summary.T, 39.0)
    assert outlook.expected == pytest.approx(np.asarray(forecast), rel=1e-7)
    assert outlook.p_alive == pytest.approx(np.asarray(alive), rel=1e-7)
