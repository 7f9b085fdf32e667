"""Scores and totals: finite for everybody, in range, monotone, and intervals that hold what they promise."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.segments.value.back_test import fit_money
from siyu.segments.value.cells import aggregate
from siyu.segments.value.fit import PurchaseModel, fit
from siyu.segments.value.gamma_gamma import OrderValue
from siyu.segments.value.parameters import ModelName, Parameters
from siyu.segments.value.purchases import look_ahead
from siyu.segments.value.score import score
from siyu.segments.value.simulation import histories, simulate
from siyu.segments.value.summary import Summary, empty
from siyu.segments.value.total import total

MONEY = OrderValue(6.0, 4.0, 3_000.0, 1_000, 0.0, None, {}, None, ())
SHAPE = st.floats(0.01, 50)
NAMES: list[ModelName] = ["bg_nbd", "mbg_nbd", "nbd"]


def known(parameters: Parameters) -> PurchaseModel:
    return PurchaseModel(parameters, None, {}, None, {}, 0, 0, ())


def one(x: float, t_x: float, age: float, spend: int = 1_000) -> Summary:
    return Summary(
        np.array([1]), np.array([x]), np.array([t_x]), np.array([age]), np.array([500.0]), np.array([spend])
    )


def world(size: int, seed: int, truth: Parameters) -> tuple[Summary, np.ndarray]:
    """Return a simulated base with Gamma-Gamma values and what each customer spends in 91 days."""
    random = np.random.default_rng(seed)
    age = random.uniform(10, 80, size)
    bought = simulate(truth, age + 13, seed)
    x, t_x = histories(bought, age)
    later = histories(bought, age + 13)[0] - x
    nu = random.gamma(MONEY.q, 1 / MONEY.gamma, size)
    first = random.gamma(MONEY.p, 1 / nu)
    repeat = random.gamma(np.maximum(MONEY.p * x, 1e-9), 1 / nu)
    spent = np.where(later > 0, random.gamma(np.maximum(MONEY.p * later, 1e-9), 1 / nu), 0.0)
    mean = np.divide(repeat, x, out=np.zeros(size), where=x > 0)
    summary = Summary(
        np.arange(size), x, t_x, age, mean, np.rint(first + np.where(x > 0, repeat, 0)).astype(np.int64)
    )
    return summary, spent


@given(
    st.builds(Parameters, st.sampled_from(NAMES), SHAPE, SHAPE, st.floats(0, 50), SHAPE),
    st.integers(0, 60) | st.sampled_from([500, 20_000]),
    st.floats(0, 1),
    st.floats(0, 500),
    st.floats(0.1, 0.95),
)
@settings(deadline=None)
def test_every_score_is_finite_in_range_and_grows_with_the_horizon(
    parameters: Parameters, x: float, part: float, age: float, level: float
) -> None:
    if parameters.model == "nbd":
        parameters = replace(parameters, a=0.0)
    summary = one(x, age * part if x else 0.0, age)
    before = None
    for days in (1, 7, 30, 91, 365, 1_500):
        scores = score(summary, known(parameters), MONEY, days, level)
        assert 0 <= scores.p_alive[0] <= 1
        assert 0 <= scores.low_fen[0] <= scores.high_fen[0]
        assert np.isfinite(scores.variance_fen2[0])
        figures = np.array([scores.predicted_orders[0], float(scores.predicted_value_fen[0])])
        assert np.isfinite(figures).all()
        assert (figures >= 0).all()
        if before is not None:
            assert (figures >= before * (1 - 1e-12)).all()
        before = figures


def test_heavy_buyers_have_a_forecast_near_their_own_rate() -> None:
    """lifetimes gives NaN for some of them: the series of 2F1 overflows."""
    for x in (300.0, 3_000.0, 30_000.0):
        for name in NAMES:
            parameters = Parameters(name, 0.25, 4.5, 0.0 if name == "nbd" else 0.02, 30.0)
            scores = score(one(x, 52.0, 52.0), known(parameters), MONEY, 70)
            assert scores.predicted_orders[0] == pytest.approx(x / 52 * 10, rel=0.11)


def test_silence_lowers_the_score_of_a_regular_customer() -> None:
    last = np.array([50.0, 40.0, 20.0, 5.0])
    outlook = look_ahead(
        Parameters("bg_nbd", 0.243, 4.414, 0.793, 2.426), np.full(4, 6.0), last, np.full(4, 52.0), 13.0
    )
    assert (np.diff(outlook.expected) < 0).all()
    assert (np.diff(outlook.p_alive) < 0).all()


def test_p_alive_is_known_only_where_the_model_could_tell() -> None:
    two = Summary(
        *(np.array(values) for values in ([1, 2], [0.0, 3.0], [0.0, 9.0], [20.0, 20.0], [0.0, 9.0], [9, 9]))
    )
    shown = {
        name: score(
            two, known(Parameters(name, 0.5, 5.0, 0.0 if name == "nbd" else 0.8, 2.0)), MONEY, 91
        ).p_alive_known.tolist()
        for name in NAMES
    }
    assert shown == {"bg_nbd": [False, True], "mbg_nbd": [True, True], "nbd": [False, False]}


@pytest.mark.parametrize("truth", [Parameters("mbg_nbd", 0.9, 5.0, 0.5, 2.0), Parameters("nbd", 2.0, 6.0)])
@pytest.mark.parametrize("level", [0.5, 0.8, 0.95])
def test_intervals_of_customers_hold_their_share(truth: Parameters, level: float) -> None:
    """Above the upper limit lies its tail, or the whole chance to buy at all where that is smaller."""
    summary, spent = world(60_000, 3, truth)
    scores = score(summary, known(truth), MONEY, 91, level)
    bought = look_ahead(truth, summary.x, summary.t_x, summary.T, 13.0).p_some
    above = spent > scores.high_fen + 0.5
    for group in (summary.x == 0, summary.x == 1, (summary.x > 1) & (summary.x < 8), summary.x >= 8):
        tail = np.minimum(0.5 - level / 2, bought[group])
        assert above[group].mean() == pytest.approx(tail.mean(), abs=0.025)
    inside = (spent >= scores.low_fen - 0.5) & ~above
    assert inside.mean() >= level - 0.02
    assert scores.predicted_value_fen.sum() == pytest.approx(spent.sum(), rel=0.03)


def test_the_variance_of_customers_adds_up_to_that_of_the_total() -> None:
    truth = Parameters("bg_nbd", 0.8, 6.0, 0.6, 2.0)
    gaps, spreads = [], []
    for seed in range(30):
        summary, spent = world(1_500, seed, truth)
        scores = score(summary, known(truth), MONEY, 91)
        gaps.append(spent.sum() - scores.predicted_value_fen.sum())
        spreads.append(scores.variance_fen2.sum())
    assert np.mean(np.square(gaps)) == pytest.approx(np.mean(spreads), rel=0.6)


def test_intervals_of_the_total_cover_simulated_totals() -> None:
    truth = Parameters("bg_nbd", 0.6, 6.0, 0.8, 2.4)
    inside_value, inside_orders = 0, 0
    for seed in range(30):
        summary, spent = world(3_000, seed + 100, truth)
        model, money = fit(aggregate(summary.x, summary.t_x, summary.T), "bg_nbd"), fit_money(summary)
        scores = score(summary, model, money, 91, level=0.8)
        whole = total(summary, model, money, scores)
        inside_value += whole.low_fen <= spent.sum() <= whole.high_fen
        inside_orders += whole.low_orders <= whole.predicted_orders <= whole.high_orders
        assert whole.predicted_value_fen == scores.predicted_value_fen.sum()
        assert whole.drift_rate == 0
    assert 19 <= inside_value <= 29
    assert inside_orders == 30


def test_the_error_of_the_back_test_widens_the_total() -> None:
    summary, _ = world(3_000, 7, Parameters("bg_nbd", 0.6, 6.0, 0.8, 2.4))
    model, money = fit(aggregate(summary.x, summary.t_x, summary.T)), fit_money(summary)
    scores = score(summary, model, money, 91)
    sure, unsure = total(summary, model, money, scores), total(summary, model, money, scores, -0.3)
    assert unsure.low_fen < sure.low_fen < sure.predicted_value_fen < sure.high_fen < unsure.high_fen
    assert unsure.drift_rate == 0.3
    assert unsure.high_fen / unsure.predicted_value_fen == pytest.approx(
        np.exp(1.2816 * np.hypot(0.3, 0.07)), rel=0.03
    )


def test_nobody_scores_nothing() -> None:
    model, money = fit(aggregate([], [], [])), fit_money(empty())
    scores = score(empty(), model, money, 91)
    assert len(scores) == 0
    whole = total(empty(), model, money, scores)
    assert (whole.predicted_orders, whole.predicted_value_fen, whole.low_fen, whole.high_fen) == (0, 0, 0, 0)


def test_one_customer_scores_as_in_the_crowd() -> None:
    summary, _ = world(500, 9, Parameters("mbg_nbd", 0.6, 6.0, 0.8, 2.4))
    model, money = fit(aggregate(summary.x, summary.t_x, summary.T)), fit_money(summary)
    crowd = score(summary, model, money, 91)
    for i in (0, 17, 499):
        alone = Summary(
            *(
                getattr(summary, name)[i : i + 1]
                for name in Summary.__dataclass_fields__
                if name != "unit_days"
            )
        )
        single = score(alone, model, money, 91)
        assert single.predicted_value_fen[0] == crowd.predicted_value_fen[i]
        assert single.high_fen[0] == crowd.high_fen[i]
        assert single.p_alive[0] == pytest.approx(crowd.p_alive[i])
