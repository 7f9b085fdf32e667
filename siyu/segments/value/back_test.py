"""Back-test 回测: fit on the past as it was known then, forecast, compare with what happened."""

from dataclasses import dataclass

import numpy as np

from siyu.segments.value import accuracy
from siyu.segments.value._arrays import Floats
from siyu.segments.value.accuracy import Decile
from siyu.segments.value.cells import Cells, aggregate
from siyu.segments.value.fit import PurchaseModel, fit, parameters_at
from siyu.segments.value.flags import BACK_TEST_FAR_OFF, Flag
from siyu.segments.value.gamma_gamma import OrderValue, fit_order_value
from siyu.segments.value.holdout import Holdout
from siyu.segments.value.parameters import ModelName, Parameters
from siyu.segments.value.purchases import look_ahead, path
from siyu.segments.value.score import Scores, score
from siyu.segments.value.summary import Summary

FAR_OFF_RATE = 0.2


@dataclass(frozen=True)
class Week:
    """Cumulative purchase days of the base up to the end of a week of the hold-out period."""

    week: int
    predicted: float
    actual: float


@dataclass(frozen=True)
class BackTest:
    """A forecast of the past beside what happened.

    Money is in fen; rates are shares (-.24: 24 % too low), None where undefined.

    Attributes
    ----------
    correlation, mae : of purchase days per customer
    gini_rate : normalised Gini of the spend ranked by predicted value; gini_naive_rate : ranked by past spend
        per unit of time
    auc_active : chance that a customer who bought is ranked above one who did not, by expected purchases
    deciles : of customers by predicted value, with predicted and actual spend in fen
    weekly : cumulative purchase days
    rivals : model name -> error rate of the purchase days, for every model tried
    """

    model: PurchaseModel
    order_value: OrderValue
    calibration_end_day: int
    holdout_days: int
    customer_count: int
    predicted_orders: float
    actual_orders: float
    error_rate: float | None
    predicted_value_fen: int
    actual_value_fen: int
    value_error_rate: float | None
    correlation: float | None
    mae: float | None
    gini_rate: float | None
    gini_naive_rate: float | None
    auc_active: float | None
    deciles: tuple[Decile, ...]
    weekly: tuple[Week, ...]
    rivals: dict[str, float | None]
    flags: tuple[Flag, ...]


def back_test(
    summary: Summary, holdout: Holdout, model: ModelName | None = None, bin_width: float = 1.0
) -> BackTest | None:
    """Fit on the calibration summary and compare with the hold-out period.

    Grain: one row in is one customer of the calibration; one record out. None when there is nobody to
    forecast.

    Parameters
    ----------
    summary, holdout : from ``holdout.split`` or from SQL, rows in the same order
    model : force a model; None chooses on the calibration data alone, as the forecast does
    bin_width : of the cells of the fit, in units
    """
    if not len(summary):
        return None
    cells = aggregate(summary.x, summary.t_x, summary.T, bin_width)
    fitted, money = fit(cells, model), fit_money(summary)
    scores = score(summary, fitted, money, holdout.days)
    actual_value = holdout.value_fen.astype(np.float64)
    predicted, actual = float(scores.predicted_orders.sum()), float(holdout.orders.sum())
    value, spent = int(scores.predicted_value_fen.sum()), int(holdout.value_fen.sum())
    expected_value = scores.predicted_value_fen.astype(np.float64)
    rates = (accuracy.error_rate(predicted, actual), accuracy.error_rate(value, spent))
    return BackTest(
        model=fitted,
        order_value=money,
        calibration_end_day=holdout.calibration_end_day,
        holdout_days=holdout.days,
        customer_count=len(summary),
        predicted_orders=predicted,
        actual_orders=actual,
        error_rate=rates[0],
        predicted_value_fen=value,
        actual_value_fen=spent,
        value_error_rate=rates[1],
        correlation=accuracy.correlation(scores.predicted_orders, holdout.orders),
        mae=accuracy.mean_absolute_error(scores.predicted_orders, holdout.orders),
        gini_rate=accuracy.normalised_gini(expected_value, actual_value),
        gini_naive_rate=accuracy.normalised_gini(past_spend_rate(summary), actual_value),
        auc_active=accuracy.area_under_curve(scores.predicted_orders, holdout.orders > 0),
        deciles=accuracy.deciles(expected_value, actual_value),
        weekly=_weekly(fitted.parameters, summary, holdout, scores),
        rivals=_rivals(cells, fitted, holdout, summary.unit_days),
        flags=(BACK_TEST_FAR_OFF,) if max(abs(rate or 0.0) for rate in rates) > FAR_OFF_RATE else (),
    )


def fit_money(summary: Summary) -> OrderValue:
    """Fit the order-value model of a summary; the fallback mean is that of all purchase days."""
    days = float(summary.x.sum()) + len(summary)
    mean = float(summary.spend_fen.sum()) / days if days else 0.0
    return fit_order_value(summary.x, summary.mean_repeat_value_fen, mean)


def past_spend_rate(summary: Summary) -> Floats:
    """Return the naive rank: fen spent a unit of time since the first purchase (at least one unit)."""
    rate = summary.spend_fen / np.maximum(summary.T, 1.0)
    return rate.astype(np.float64)


def _weekly(parameters: Parameters, summary: Summary, holdout: Holdout, scores: Scores) -> tuple[Week, ...]:
    """Return the cumulative curve; its last point is the forecast, the rest comes from cells scaled to it."""
    ends = np.minimum(7.0 * np.arange(1, len(holdout.weekly_orders) + 1), holdout.days) / summary.unit_days
    cells = aggregate(summary.x, summary.t_x, summary.T, 2.0)
    curve = path(parameters, cells, ends)
    scale = float(scores.predicted_orders.sum()) / curve[-1] if len(curve) and curve[-1] > 0 else 1.0
    actual = np.cumsum(holdout.weekly_orders)
    pairs = zip(curve * scale, actual, strict=True)
    return tuple(Week(number, float(p), float(a)) for number, (p, a) in enumerate(pairs, start=1))


def _rivals(cells: Cells, chosen: PurchaseModel, holdout: Holdout, unit_days: int) -> dict[str, float | None]:
    """Return the error rate of each model, so a reader sees what the choice cost."""
    actual = float(holdout.orders.sum())
    rates: dict[str, float | None] = {}
    for name, found in chosen.tried.items():
        parameters = parameters_at(name, found)
        outlook = look_ahead(parameters, cells.x, cells.t_x, cells.T, holdout.days / unit_days)
        rates[name] = accuracy.error_rate(float(cells.count @ outlook.expected), actual)
    return rates
