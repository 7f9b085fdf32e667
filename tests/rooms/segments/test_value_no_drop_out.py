"""Online Retail to 2011-08-31: no drop-out is visible, where lifetimes raises ConvergenceError."""

import numpy as np
import pytest

from siyu.segments.value import accuracy
from siyu.segments.value.back_test import BackTest, back_test
from siyu.segments.value.cells import Cells, aggregate, one_by_one
from siyu.segments.value.fit import choose, fit, log_likelihood
from siyu.segments.value.holdout import split
from siyu.segments.value.parameters import ModelName, Parameters
from siyu.segments.value.purchases import look_ahead
from siyu.segments.value.summary import summarise
from tests.rooms.segments.test_value_data import RETAIL_END, retail_days


def retail() -> Cells:
    summary = summarise(retail_days(), RETAIL_END)
    return one_by_one(summary.x, summary.t_x, summary.T)


def retail_back_test(days: int) -> BackTest:
    result = back_test(*split(retail_days(), RETAIL_END, days))
    assert result is not None
    return result


def test_the_nbd_limit_is_returned_with_a_flag() -> None:
    model = fit(retail())
    assert model.parameters.model == "nbd"
    assert model.parameters.a == 0
    assert model.parameters.r == pytest.approx(0.7227, abs=2e-4)
    assert model.parameters.alpha == pytest.approx(9.424, abs=2e-3)
    assert model.log_likelihood == pytest.approx(-21755.348, abs=0.001)
    assert [flag.code for flag in model.flags] == ["no_drop_out_identified"]
    assert all("流失" in flag.zh and "drop" in flag.en for flag in model.flags)
    assert model.intervals["r"].low < model.parameters.r < model.intervals["r"].high


@pytest.mark.parametrize("forced", ["bg_nbd", "mbg_nbd"])
def test_asking_for_a_drop_out_model_gives_the_limit_and_says_so(forced: ModelName) -> None:
    model = fit(retail(), forced)
    assert model.parameters.model == "nbd"
    assert {flag.code for flag in model.flags} == {"no_drop_out_identified", "model_chosen_by_hand"}
    assert model.compared[forced] == pytest.approx(-21755.348, abs=0.01)


def test_back_test_shows_the_christmas_error() -> None:
    result = retail_back_test(100)
    assert result.actual_orders == 4_806
    assert result.predicted_orders == pytest.approx(3_634, abs=5)
    assert result.error_rate == pytest.approx(-0.244, abs=0.0005)
    assert [flag.code for flag in result.flags] == ["back_test_far_off"]
    assert result.weekly[-1].predicted == pytest.approx(result.predicted_orders)
    assert result.weekly[-1].actual == result.actual_orders


def test_91_days_of_value_rank_better_than_past_spend() -> None:
    result = retail_back_test(91)
    assert result.customer_count == 3_317
    assert result.actual_value_fen == pytest.approx(258_164_310, abs=200)
    assert result.gini_naive_rate == pytest.approx(0.736, abs=0.0005)
    assert result.gini_rate is not None
    assert result.gini_rate >= 0.761
    assert result.auc_active == pytest.approx(0.731, abs=0.001)
    assert result.value_error_rate == pytest.approx(-0.379, abs=0.005)


def test_nbd_is_the_limit_of_both_models() -> None:
    cells = retail()
    steady = log_likelihood(Parameters("nbd", 0.7, 9.0), cells)
    for name in ("bg_nbd", "mbg_nbd"):
        near = Parameters(name, 0.7, 9.0, 1e-9, 1.0)  # type: ignore[arg-type]
        assert log_likelihood(near, cells) == pytest.approx(steady, abs=1e-3)
        close = look_ahead(near, cells.x, cells.t_x, cells.T, 13.0)
        limit = look_ahead(Parameters("nbd", 0.7, 9.0), cells.x, cells.t_x, cells.T, 13.0)
        assert close.expected == pytest.approx(limit.expected, rel=1e-5)
        assert close.second_factorial == pytest.approx(limit.second_factorial, rel=1e-5)


def test_nbd_forecast_is_the_posterior_mean_rate() -> None:
    x, age = np.array([0.0, 4.0]), np.array([10.0, 30.0])
    outlook = look_ahead(Parameters("nbd", 0.7, 9.0), x, np.array([0.0, 28.0]), age, 13.0)
    assert outlook.expected == pytest.approx((0.7 + x) / (9.0 + age) * 13.0)
    assert outlook.p_alive.tolist() == [1, 1]
    assert outlook.p_some == pytest.approx(1 - ((9 + age) / (22 + age)) ** (0.7 + x))


def test_rule_of_choice() -> None:
    both: dict[ModelName, float] = {"nbd": -100.0, "bg_nbd": -99.0, "mbg_nbd": -98.5}
    assert choose(both, 0.9) == "nbd"
    both |= {"bg_nbd": -90.0, "mbg_nbd": -89.0}
    assert choose(both, 0.6) == "mbg_nbd"
    assert choose(both, 0.4) == "bg_nbd"
    assert choose(both | {"bg_nbd": -80.0}, 0.6) == "bg_nbd"
    assert choose(both | {"mbg_nbd": -80.0}, 0.4) == "mbg_nbd"
    assert choose({"nbd": -100.0, "bg_nbd": -50.0}, 0.9) == "bg_nbd"
    assert choose({"nbd": -100.0, "bg_nbd": float("nan")}, 0.9) == "nbd"


def test_cells_give_the_same_back_test() -> None:
    summary, holdout = split(retail_days(), RETAIL_END, 100)
    exact = fit(one_by_one(summary.x, summary.t_x, summary.T))
    cells = fit(aggregate(summary.x, summary.t_x, summary.T))
    forecasts = [
        look_ahead(model.parameters, summary.x, summary.t_x, summary.T, 100 / 7).expected.sum()
        for model in (exact, cells)
    ]
    assert forecasts[0] == pytest.approx(3_634, abs=1)
    assert forecasts[1] == pytest.approx(forecasts[0], rel=2e-4)
    assert accuracy.error_rate(forecasts[1], holdout.orders.sum()) == pytest.approx(-0.244, abs=0.0005)
