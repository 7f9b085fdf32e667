"""Score customers 客户价值打分: expected purchases, predicted value and its interval, one row a customer."""

from dataclasses import dataclass

import numpy as np
import scipy

from siyu.segments.value._arrays import Flags, Floats, Ints
from siyu.segments.value.fit import PurchaseModel
from siyu.segments.value.gamma_gamma import OrderValue, next_order
from siyu.segments.value.purchases import Outlook, look_ahead
from siyu.segments.value.summary import Summary

OUTCOME_LEVEL = 0.8


@dataclass(frozen=True)
class Scores:
    """One row is one customer, in the order of the summary.

    Attributes
    ----------
    customer_id : int64
    p_alive : float64, 0..1
    p_alive_known : bool; False where the model says 1 by assumption and not by evidence (NBD; BG/NBD and x =
        0): show no figure there
    predicted_orders : float64, expected purchase days in the horizon, >= 0
    predicted_value_fen : int64, expected spend in the horizon
    low_fen, high_fen : int64, the interval in which the spend of this customer falls with the chance `level`
    variance_fen2 : float64, variance of the spend, fen^2
    horizon_days, level : what was asked for
    """

    customer_id: Ints
    p_alive: Floats
    p_alive_known: Flags
    predicted_orders: Floats
    predicted_value_fen: Ints
    low_fen: Ints
    high_fen: Ints
    variance_fen2: Floats
    orders_variance: Floats
    horizon_days: int
    level: float

    def __len__(self) -> int:
        return len(self.customer_id)


def score(
    summary: Summary,
    model: PurchaseModel,
    order_value: OrderValue,
    horizon_days: int,
    level: float = OUTCOME_LEVEL,
) -> Scores:
    """Score every customer of the summary for the next `horizon_days` days.

    Grain: one row in is one customer, one row out is the same customer. One customer is an array of length
    one.

    Parameters
    ----------
    summary : arrays as ``summarise`` returns them, from any source
    model : fitted on the same unit of time
    order_value : fitted in fen
    horizon_days : > 0
    level : chance that the customer's spend lies in [low_fen, high_fen], 0..1

    Formula
    -------
    value = E[Y] E[Z]; E[S^2] = E[Y] E[Z^2] + E[Y(Y-1)] E[Z Z'], with the moments of ``purchases`` and
    ``gamma_gamma``. The order value is conditioned on all purchase days, the first included: that ranked
    customers better than the repeat days alone in six of seven windows of CDNOW and Online Retail
    (docs/theory/value.md, "First order").
    Interval: the spend is 0 with P(Y = 0), else a gamma distribution with the two moments that remain. It
    holds the chance in the customer's own purchases and order values; the error of the parameters is small
    beside it and enters in ``total``.
    """
    outlook = look_ahead(
        model.parameters, summary.x, summary.t_x, summary.T, horizon_days / summary.unit_days
    )
    mean, square, pair = next_order(order_value, summary.purchase_days, summary.mean_value_fen)
    value = outlook.expected * mean
    second = outlook.expected * square + outlook.second_factorial * pair
    low, high = _interval(outlook, value, second, level)
    name = model.parameters.model
    known = np.full(len(summary), name != "nbd") if name != "bg_nbd" else summary.x > 0
    return Scores(
        customer_id=summary.customer_id,
        p_alive=outlook.p_alive,
        p_alive_known=known,
        predicted_orders=outlook.expected,
        predicted_value_fen=_fen(value),
        low_fen=_fen(low),
        high_fen=_fen(high),
        variance_fen2=np.maximum(second - value**2, 0.0),
        orders_variance=outlook.variance,
        horizon_days=horizon_days,
        level=level,
    )


def _interval(outlook: Outlook, value: Floats, second: Floats, level: float) -> tuple[Floats, Floats]:
    """Return the lower and upper limit of each customer's spend."""
    # Below this chance of any purchase both limits are 0 at every level in use.
    some = np.maximum(outlook.p_some, 1e-12)
    mean = value / some
    variance = np.maximum(second / some - mean**2, 1e-12 * mean**2)
    shape = np.divide(mean**2, variance, out=np.ones_like(mean), where=variance > 0)
    scale = np.divide(variance, mean, out=np.zeros_like(mean), where=mean > 0)
    limits = []
    for tail in (0.5 - level / 2, 0.5 + level / 2):
        chance = 1 - (1 - tail) / some
        limit = np.zeros(len(value))
        inside = np.flatnonzero((chance > 0) & (scale > 0))
        limit[inside] = scipy.special.gammaincinv(shape[inside], chance[inside]) * scale[inside]
        limits.append(limit)
    return limits[0], limits[1]


def _fen(money: Floats) -> Ints:
    return np.rint(money).astype(np.int64)
