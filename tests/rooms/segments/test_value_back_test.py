"""Back-test and whole forecast: the record that pages and jobs read."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.segments.value.accuracy import normalised_gini
from siyu.segments.value.back_test import BackTest, back_test, past_spend_rate
from siyu.segments.value.cells import aggregate
from siyu.segments.value.forecast import forecast
from siyu.segments.value.gamma_gamma import next_order
from siyu.segments.value.holdout import split
from siyu.segments.value.parameters import ModelName
from siyu.segments.value.purchases import look_ahead
from siyu.segments.value.spread import top_share
from siyu.segments.value.summary import empty, summarise
from tests.rooms.segments.test_value_data import (
    CDNOW_END,
    RETAIL_END,
    cdnow,
    cdnow_days,
    day_number,
    retail_days,
    table,
)


def cdnow_back_test(model: ModelName | None = "bg_nbd", bin_width: float = 1 / 7) -> BackTest:
    result = back_test(*split(cdnow_days(), CDNOW_END, 273), model, bin_width)
    assert result is not None
    return result


def test_cdnow_figures() -> None:
    result = cdnow_back_test()
    assert result.predicted_orders == pytest.approx(1653.41, abs=0.01)
    assert result.actual_orders == 1_882
    assert result.error_rate == pytest.approx(-0.121, abs=0.0005)
    assert result.correlation == pytest.approx(0.6257, abs=1e-4)
    assert result.mae == pytest.approx(0.7855, abs=5e-5)
    assert result.auc_active == pytest.approx(0.7725, abs=5e-5)
    assert result.calibration_end_day == CDNOW_END
    assert result.holdout_days == 273
    assert result.customer_count == 2_357


def test_week_cells_give_the_same_figures() -> None:
    exact, fast = cdnow_back_test(), cdnow_back_test(bin_width=1.0)
    assert fast.predicted_orders == pytest.approx(exact.predicted_orders, rel=5e-4)
    assert fast.gini_rate == pytest.approx(exact.gini_rate, abs=1e-3)


def test_every_model_tried_shows_its_error() -> None:
    rivals = cdnow_back_test(model=None).rivals
    assert rivals["bg_nbd"] == pytest.approx(-0.121, abs=0.001)
    assert rivals["mbg_nbd"] == pytest.approx(-0.162, abs=0.001)
    assert rivals["nbd"] == pytest.approx(0.557, abs=0.001)


def test_tables_add_up_to_the_headline() -> None:
    result = cdnow_back_test()
    assert sum(row.predicted for row in result.deciles) == pytest.approx(result.predicted_value_fen)
    assert sum(row.actual for row in result.deciles) == result.actual_value_fen
    assert result.deciles[0].actual > 4 * result.deciles[4].actual
    assert len(result.weekly) == 39
    assert result.weekly[-1].predicted == pytest.approx(result.predicted_orders)
    assert result.weekly[-1].actual == result.actual_orders
    steps = np.diff([0.0] + [week.predicted for week in result.weekly])
    assert (steps > 0).all()
    assert (np.diff(steps) < 0).all()


def test_curve_from_cells_is_the_curve_of_the_customers() -> None:
    result = cdnow_back_test()
    summary = cdnow()
    for week in (1, 13, 26):
        expected = look_ahead(
            result.model.parameters, summary.x, summary.t_x, summary.T, float(week)
        ).expected.sum()
        assert result.weekly[week - 1].predicted == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(
    ("whole", "end", "days", "gini", "naive"),
    [
        (True, (1997, 6, 30), 91, 0.664, 0.654),
        (True, (1997, 9, 30), 91, 0.676, 0.664),
        (True, (1998, 3, 31), 91, 0.773, 0.752),
        (None, (2011, 5, 31), 91, 0.805, 0.753),
        (None, (2011, 8, 31), 91, 0.771, 0.736),
    ],
)
def test_predicted_value_ranks_better_than_past_spend(
    whole: bool | None, end: tuple[int, int, int], days: int, gini: float, naive: float
) -> None:
    rows = retail_days() if whole is None else cdnow_days(whole)
    result = back_test(*split(rows, day_number(*end), days), "bg_nbd")
    assert result is not None
    assert result.gini_rate == pytest.approx(gini, abs=0.002)
    assert result.gini_naive_rate == pytest.approx(naive, abs=0.002)


def test_the_first_order_helps_to_rank() -> None:
    """Against the literature's convention of leaving it out of the customer's mean."""
    summary, holdout = split(retail_days(), day_number(2011, 5, 31), 91)
    result = back_test(summary, holdout)
    assert result is not None
    assert result.gini_rate is not None
    expected = look_ahead(result.model.parameters, summary.x, summary.t_x, summary.T, 13.0).expected
    repeat_only, _, _ = next_order(result.order_value, summary.x, summary.mean_repeat_value_fen)
    without = normalised_gini(expected * repeat_only, holdout.value_fen.astype(float))
    assert without is not None
    assert result.gini_rate > without + 0.05


def test_nothing_to_test() -> None:
    assert back_test(*split(table([]), 10, 7)) is None
    quiet = back_test(*split(table([(1, 3, 100)]), 10, 10))
    assert quiet is not None
    assert quiet.error_rate is None
    assert quiet.gini_rate is None
    assert len(quiet.weekly) == 2
    assert past_spend_rate(summarise(table([(1, 10, 100)]), 10)).tolist() == [100]


def test_forecast_of_cdnow_is_one_consistent_record() -> None:
    result = forecast(cdnow(), 91, cdnow_back_test())
    assert result.eligibility.eligible
    assert result.flags == ()
    assert result.total.predicted_value_fen == result.scores.predicted_value_fen.sum()
    assert result.total.predicted_orders == pytest.approx(result.scores.predicted_orders.sum())
    assert result.total.low_fen < result.total.predicted_value_fen < result.total.high_fen
    assert result.total.drift_rate == pytest.approx(0.165, abs=0.001)
    share = top_share(result.scores.predicted_value_fen)
    assert share is not None
    assert 0.5 < share < 0.9


def test_forecast_takes_cells_that_sql_made() -> None:
    summary = cdnow()
    cells = aggregate(summary.x, summary.t_x, summary.T)
    ours, theirs = forecast(summary, 91), forecast(summary, 91, cells=cells)
    assert ours.total == theirs.total
    assert [flag.code for flag in theirs.flags] == ["no_back_test"]


def test_forecast_of_online_retail_carries_every_warning() -> None:
    past = back_test(*split(retail_days(), RETAIL_END, 91))
    result = forecast(summarise(retail_days(), RETAIL_END), 91, past)
    assert [flag.code for flag in result.flags] == ["no_drop_out_identified", "back_test_far_off"]
    assert result.total.low_fen < 258_164_310
    assert result.total.high_fen > 258_164_310


def test_forecast_of_a_new_shop_is_refused_with_reasons_but_computed() -> None:
    result = forecast(summarise(table([(i, 95 + i % 5, 1_000) for i in range(30)]), 100), 91)
    assert not result.eligibility.eligible
    assert "too_few_buyers" in [reason.code for reason in result.eligibility.reasons]
    codes = [flag.code for flag in result.flags]
    assert codes == [
        "too_few_repeat_buyers",
        "pooled_rate_used",
        "no_parameter_intervals",
        "mean_order_value_used",
        "no_back_test",
    ]
    assert result.scores.predicted_value_fen.min() >= 0


def test_forecast_of_nobody() -> None:
    result = forecast(empty(), 91)
    assert len(result.scores) == 0
    assert result.total.predicted_value_fen == 0
    assert not result.eligibility.eligible


ORDERS = st.lists(st.tuples(st.integers(1, 15), st.integers(0, 120), st.integers(0, 10**7)), max_size=80)


@given(ORDERS, st.sampled_from([None, "bg_nbd", "mbg_nbd", "nbd"]))
@settings(deadline=None, max_examples=60)
def test_random_shops_never_raise_and_never_give_nan(
    rows: list[tuple[int, int, int]], model: ModelName | None
) -> None:
    days = table(rows)
    past = back_test(*split(days, 80, 40), model)
    result = forecast(summarise(days, 120), 91, past, model)
    figures = [
        value for record in (past, result.total) if record is not None for value in vars(record).values()
    ]
    assert all(np.isfinite(value) for value in figures if isinstance(value, float))
    for values in (result.scores.predicted_orders, result.scores.p_alive, result.scores.variance_fen2):
        assert np.isfinite(values).all()
    assert (result.scores.low_fen <= result.scores.high_fen).all()


def test_days_as_unit_give_the_same_forecast() -> None:
    weeks = forecast(cdnow(), 91, model="bg_nbd")
    by_day = summarise(cdnow_days(), CDNOW_END, unit_days=1)
    days = forecast(by_day, 91, model="bg_nbd", cells=aggregate(by_day.x, by_day.t_x, by_day.T, 7.0))
    assert days.total.predicted_value_fen == pytest.approx(weeks.total.predicted_value_fen, rel=1e-4)
    assert replace(days.total).parameter_rate == pytest.approx(weeks.total.parameter_rate, rel=0.05)
