"""Gamma-Gamma 客单价模型: the value of a customer's next orders, from the mean of the ones seen.

Order values of a customer are Gamma(p, nu), nu differs between customers as Gamma(q, gamma). With x repeat
purchases of mean m

    ln L = lnG(px+q) - lnG(px) - lnG(q) + q ln gamma + (px-1) ln m + px ln x - (px+q) ln(gamma + x m)
    E[Z | x, m] = p (gamma + x m) / (p x + q - 1)         population mean p gamma / (q - 1)

The model assumes that order value and number of purchases are nearly independent (CDNOW .114, Online Retail
.016); the correlation is part of the result. Source: Fader and Hardie (2013), "The Gamma-Gamma model of
monetary value"; Fader, Hardie and Lee (2005), Journal of Marketing Research 42(4).
"""

from dataclasses import dataclass

import numpy as np
import scipy

from siyu.segments.value._arrays import Floats, inner
from siyu.segments.value.flags import AT_BOUND, MEAN_ORDER_VALUE, VALUE_CORRELATED, Flag
from siyu.segments.value.optimum import Interval, Optimum, climb

LEAST_BUYERS = 20
# One fen over a million purchase days; below it a mean is rounding and its logarithm is noise.
LEAST_MEAN_FEN = 1e-6
LARGEST_CORRELATION = 0.3
# q > 1 keeps the population mean finite; the box is wide enough for every data set of docs/theory/value.md.
BOUNDS = [(float(np.log(low)), float(np.log(high))) for low, high in ((1e-2, 1e4), (1.01, 1e4), (1e-6, 1e6))]
# The fallback draws a mean towards the mean of all as if two orders of that value had been seen.
FALLBACK_SHAPES = (1.0, 3.0)
# A second moment of a heavy tail (q' <= 2) does not exist; the spread is then computed as at this distance
# above 2.
LEAST_TAIL = 0.25


@dataclass(frozen=True)
class OrderValue:
    """The fitted order-value model; money is in fen, `gamma` too.

    Attributes
    ----------
    p, q, gamma : parameters > 0, q > 1
    customer_count : repeat buyers with a positive mean that were used
    correlation : between x and mean order value of those buyers, -1..1, or None where it is not defined
    log_likelihood : of the means in fen, or None for the fallback
    intervals : parameter name -> Interval, empty for the fallback
    optimum : of ln p, ln q, ln(gamma / scale), or None for the fallback
    flags : remarks
    """

    p: float
    q: float
    gamma: float
    customer_count: int
    correlation: float | None
    log_likelihood: float | None
    intervals: dict[str, Interval]
    optimum: Optimum | None
    flags: tuple[Flag, ...]

    @property
    def mean_fen(self) -> float:
        """Return the mean order value of the population in fen."""
        return self.p * self.gamma / (self.q - 1)


def log_likelihood(log_parameters: Floats, x: Floats, mean_value: Floats) -> tuple[float, Floats]:
    """Return the log-likelihood and its gradient in (ln p, ln q, ln gamma).

    One row in is one buyer with x >= 1 and mean_value > 0, both in the unit of gamma.
    """
    gammaln, digamma = scipy.special.gammaln, scipy.special.digamma
    p, q, gamma = np.exp(log_parameters)
    tally = np.bincount(x.astype(np.int64))
    values = np.flatnonzero(tally).astype(np.float64)
    count = tally[tally > 0].astype(np.float64)
    pooled = np.log(gamma + x * mean_value)
    log_mean = np.log(mean_value)
    shape = p * x
    value = inner(
        count, gammaln(p * values + q) - gammaln(p * values) - gammaln(q) + p * values * np.log(values)
    )
    value += len(x) * q * np.log(gamma) + inner(shape - 1, log_mean) - inner(shape + q, pooled)
    by_p = inner(count, values * (digamma(p * values + q) - digamma(p * values) + np.log(values)))
    by_p += inner(x, log_mean - pooled)
    by_q = inner(count, digamma(p * values + q) - digamma(q)) + len(x) * np.log(gamma) - pooled.sum()
    by_gamma = len(x) * q / gamma - ((shape + q) / (gamma + x * mean_value)).sum()
    return value, np.array([p * by_p, q * by_q, gamma * by_gamma])


def fit_order_value(
    x: Floats, mean_repeat_value_fen: Floats, fallback_mean_fen: float, level: float = 0.95
) -> OrderValue:
    """Fit the order-value model on repeat buyers; never raises.

    Grain: one row in is one customer. Customers without a repeat purchase or with a mean of 0 are left out.

    Parameters
    ----------
    x : repeat purchase days, >= 0
    mean_repeat_value_fen : fen per repeat purchase day, >= 0
    fallback_mean_fen : mean value of a purchase day over all buyers, fen; used where the model cannot be
        fitted (fewer than 20 such buyers, all means equal, or the search ends on a bound), with flag
        ``mean_order_value_used``
    level : of the parameter intervals, 0..1
    """
    used = (x > 0) & (mean_repeat_value_fen > LEAST_MEAN_FEN)
    count, mean = x[used], mean_repeat_value_fen[used]
    correlation = _correlation(count, mean)
    if len(count) < LEAST_BUYERS or np.ptp(mean) <= 1e-9 * mean.mean():
        return _fallback(fallback_mean_fen, len(count), correlation, ())
    scale = float(np.median(mean))

    def objective(point: Floats) -> tuple[float, Floats]:
        return log_likelihood(point, count, mean / scale)

    best = climb(objective, np.log([2.0, 4.0, 1.5]), BOUNDS, len(count))
    if best.at_bound or not np.isfinite(best.log_likelihood):
        return _fallback(fallback_mean_fen, len(count), correlation, (AT_BOUND,))
    p, q, gamma = best.intervals(level)
    money = Interval(gamma.value * scale, gamma.low * scale, gamma.high * scale)
    flags = (VALUE_CORRELATED,) if abs(correlation or 0.0) > LARGEST_CORRELATION else ()
    return OrderValue(
        p=p.value,
        q=q.value,
        gamma=money.value,
        customer_count=len(count),
        correlation=correlation,
        log_likelihood=best.log_likelihood - len(count) * float(np.log(scale)),
        intervals={"p": p, "q": q, "gamma": money},
        optimum=best,
        flags=flags,
    )


def next_order(model: OrderValue, seen: Floats, mean_fen: Floats) -> tuple[Floats, Floats, Floats]:
    """Return E[Z], E[Z^2] and E[Z Z'] of each customer's next orders (fen, fen^2, fen^2).

    E[Z Z'] is for two different orders of the same customer: they share the unknown nu, so it exceeds E[Z]^2.

    Parameters
    ----------
    seen : orders (purchase days) that the mean is taken over, >= 0, one value a customer
    mean_fen : their mean value, fen
    """
    shape = model.q + model.p * seen
    amount = model.gamma + seen * mean_fen
    mean = model.p * amount / (shape - 1)
    pair = model.p**2 * amount**2 / ((shape - 1) * np.maximum(shape - 2, LEAST_TAIL))
    return mean, pair * (1 + 1 / model.p), pair


def _fallback(mean_fen: float, count: int, correlation: float | None, flags: tuple[Flag, ...]) -> OrderValue:
    p, q = FALLBACK_SHAPES
    gamma = max(mean_fen, 0.0) * (q - 1) / p
    return OrderValue(p, q, gamma, count, correlation, None, {}, None, (*flags, MEAN_ORDER_VALUE))


def _correlation(x: Floats, mean: Floats) -> float | None:
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(mean) == 0:
        return None
    return float(np.corrcoef(x, mean)[0, 1])
