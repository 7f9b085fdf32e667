"""Total of the base 总预测: the sum over customers and how far it can be off.

Three errors add up (as variances, since they have different causes):

- chance: each customer's purchases and order values, independent between customers;
- parameters: delta method, gradient of the total in the log parameters times their Laplace covariance;
- drift: season, promotions, a changing market. No model of this kind sees it; its size is the error of the
  back-test, taken as one standard deviation. On CDNOW and on Online Retail it is 3 to 10 times the other two
  together: without it the interval would mislead.

The interval is exp(ln total -+ z s), so it stays positive.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from statistics import NormalDist

import numpy as np

from siyu.segments.value._arrays import Floats
from siyu.segments.value.cells import Cells, aggregate
from siyu.segments.value.fit import PurchaseModel
from siyu.segments.value.gamma_gamma import OrderValue, next_order
from siyu.segments.value.optimum import Optimum
from siyu.segments.value.parameters import Parameters
from siyu.segments.value.purchases import look_ahead
from siyu.segments.value.score import Scores
from siyu.segments.value.summary import Summary

# A gradient for an error bar does not need week cells; month cells are ten times fewer.
GRADIENT_BIN = 4.0
STEP = 1e-3


@dataclass(frozen=True)
class Total:
    """The sum over customers with its interval at `level`; money in fen.

    `chance_rate`, `parameter_rate` and `drift_rate` are the three standard deviations of the value, each as a
    share of the total.
    """

    predicted_orders: float
    low_orders: float
    high_orders: float
    predicted_value_fen: int
    low_fen: int
    high_fen: int
    chance_rate: float
    parameter_rate: float
    drift_rate: float
    level: float


def total(
    summary: Summary,
    model: PurchaseModel,
    order_value: OrderValue,
    scores: Scores,
    back_test_error_rate: float | None = None,
) -> Total:
    """Return the total of the scores, with the interval in which it falls with the chance `scores.level`.

    Grain: one row in is one customer; one record out. `predicted_value_fen` is the sum of the customers'
    integers, so it can be recomputed from them.

    Parameters
    ----------
    summary, model, order_value, scores : of the same customers, in the same order
    back_test_error_rate : (predicted - actual) / actual of the back-test, any sign; None leaves drift out
    """
    orders, value = float(scores.predicted_orders.sum()), float(scores.predicted_value_fen.sum())
    drift = abs(back_test_error_rate or 0.0)
    mean, _, _ = next_order(order_value, summary.purchase_days, summary.mean_value_fen)
    horizon = scores.horizon_days / summary.unit_days
    by_count = _purchase_variance(model, summary, None, horizon)
    by_value = _purchase_variance(model, summary, mean, horizon)
    by_value += _money_variance(order_value, summary, scores)
    chance = _share(float(scores.variance_fen2.sum()), value)
    parameter = _share(by_value, value)
    orders_rate = np.hypot(_share(float(scores.orders_variance.sum()) + by_count, orders), drift)
    low, high = _limits(value, float(np.hypot(np.hypot(chance, parameter), drift)), scores.level)
    low_orders, high_orders = _limits(orders, float(orders_rate), scores.level)
    return Total(
        predicted_orders=orders,
        low_orders=low_orders,
        high_orders=high_orders,
        predicted_value_fen=round(value),
        low_fen=round(low),
        high_fen=round(high),
        chance_rate=chance,
        parameter_rate=parameter,
        drift_rate=drift,
        level=scores.level,
    )


def _purchase_variance(
    model: PurchaseModel, summary: Summary, weight: Floats | None, horizon: float
) -> float:
    """Return the variance of the weighted expected purchases that the purchase parameters cause."""
    cells = aggregate(summary.x, summary.t_x, summary.T, GRADIENT_BIN, weight)

    def expected(values: Floats) -> float:
        names = list(model.parameters.named())
        moved = replace(model.parameters, **dict(zip(names, values, strict=True)))
        return _expected(moved, cells, horizon)

    return _delta(expected, model.optimum)


def _expected(parameters: Parameters, cells: Cells, horizon: float) -> float:
    return float(cells.count @ look_ahead(parameters, cells.x, cells.t_x, cells.T, horizon).expected)


def _money_variance(order_value: OrderValue, summary: Summary, scores: Scores) -> float:
    """Return the variance of the total value that comes from the order-value parameters."""
    if order_value.optimum is None:
        return 0.0
    scale = order_value.gamma / float(np.exp(order_value.optimum.log_parameters[2]))

    def expected(values: Floats) -> float:
        moved = replace(order_value, p=values[0], q=max(values[1], 1.001), gamma=values[2] * scale)
        mean, _, _ = next_order(moved, summary.purchase_days, summary.mean_value_fen)
        return float(scores.predicted_orders @ mean)

    return _delta(expected, order_value.optimum)


def _delta(function: Callable[[Floats], float], optimum: Optimum | None) -> float:
    """Return the variance of a function of the parameters (delta method); 0 without a covariance."""
    if optimum is None or optimum.covariance is None:
        return 0.0
    point = optimum.log_parameters
    moves = np.eye(len(point)) * STEP
    rises = [function(np.exp(point + move)) - function(np.exp(point - move)) for move in moves]
    gradient = np.array(rises) / (2 * STEP)
    return float(gradient @ optimum.covariance @ gradient)


def _share(variance: float, amount: float) -> float:
    return float(np.sqrt(max(variance, 0.0))) / amount if amount > 0 else 0.0


def _limits(amount: float, rate: float, level: float) -> tuple[float, float]:
    reach = NormalDist().inv_cdf(0.5 + level / 2) * min(rate, 5.0)
    return amount * float(np.exp(-reach)), amount * float(np.exp(reach))
