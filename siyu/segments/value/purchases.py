"""What the purchase models predict 预期购买: P(alive), expected purchases, their spread.

A known customer with (x, t_x, T) who is still alive has the rate Gamma(r + x, alpha + T) and the drop-out
probability Beta(a, b + n), n = chances survived. Given rate l and probability p, the purchases Y in the next
t are min(Poisson(l t), a geometric number of purchases up to the drop-out):

    E[Y]        = (1 - e^-ltp) / p
    E[Y(Y-1)]   = 2 (1-p) [1 - e^-ltp (1 + ltp)] / p^2
    P(Y = 0)    = e^-lt

The mean over l is closed, the mean over p is a quadrature (``quadrature``). The first is the published closed
form (a+b+n-1)/(a-1) [1 - ((alpha+T)/(alpha+T+t))^(r+x) 2F1(r+x, b+n; a+b+n-1; t/(alpha+T+t))] times P(alive).
"""

from dataclasses import dataclass

import numpy as np
import scipy

from siyu.segments.value._arrays import Floats, Ints
from siyu.segments.value.cells import Cells, one_by_one
from siyu.segments.value.drop_out import log_odds_per_chance
from siyu.segments.value.parameters import Parameters
from siyu.segments.value.quadrature import beta_nodes

ROWS_AT_ONCE = 16_384
# Below this r' u the second factorial moment is taken from its series: the direct form loses half of its
# digits.
SERIES_BELOW = 1e-4


@dataclass(frozen=True)
class Outlook:
    """One row is one customer; all arrays are float64.

    Attributes
    ----------
    p_alive : 0..1
    expected : expected purchases in the horizon, >= 0
    second_factorial : E[Y(Y-1)], >= 0
    p_some : probability of at least one purchase in the horizon, 0..1
    """

    p_alive: Floats
    expected: Floats
    second_factorial: Floats
    p_some: Floats

    @property
    def variance(self) -> Floats:
        """Return the variance of the number of purchases of each customer."""
        return np.maximum(self.second_factorial + self.expected - self.expected**2, 0.0)


def p_alive(parameters: Parameters, x: Floats, t_x: Floats, age: Floats) -> Floats:
    """Return the probability that each customer has not dropped out, 0..1.

    It is 1 for everybody in the NBD and for x = 0 in BG/NBD, by assumption and not by evidence.
    """
    values, row = np.unique(x, return_inverse=True)
    per_chance = log_odds_per_chance(parameters.a, parameters.b, values + parameters.first_chance)
    stretch = np.log1p((age - t_x) / (parameters.alpha + t_x))
    alive: Floats = scipy.special.expit(-(per_chance[row] + (parameters.r + x) * stretch))
    return alive


def look_ahead(parameters: Parameters, x: Floats, t_x: Floats, age: Floats, horizon: float) -> Outlook:
    """Return what each customer is expected to do in the next `horizon` units.

    Grain: one row in is one customer or cell, one row out is the same. What happens if alive depends on (x,
    T) alone, so it is computed once for each distinct pair.

    Parameters
    ----------
    x : repeat purchase days, >= 0
    t_x, age : units, 0 <= t_x <= age
    horizon : units, >= 0
    """
    alive = p_alive(parameters, x, t_x, age)
    x_pair, age_pair, row = _pairs(x, age)
    first, second = _if_alive(parameters, x_pair, age_pair, np.array([horizon]))
    some = -np.expm1(-(parameters.r + x_pair) * np.log1p(horizon / (parameters.alpha + age_pair)))
    return Outlook(alive, alive * first[row, 0], alive * second[row, 0], alive * some[row])


def path(parameters: Parameters, cells: Cells, horizons: Floats) -> Floats:
    """Return the expected purchases of all customers together, one value for each horizon (units, >= 0)."""
    alive = p_alive(parameters, cells.x, cells.t_x, cells.T) * cells.count
    x_pair, age_pair, row = _pairs(cells.x, cells.T)
    first, _ = _if_alive(parameters, x_pair, age_pair, horizons)
    totals: Floats = np.bincount(row, alive, len(x_pair)) @ first
    return totals


def new_customer(parameters: Parameters, times: Floats) -> Floats:
    """Return E[X(t)]: expected repeat purchases of a customer in the t units after the first one."""
    return path(parameters, one_by_one([0.0], [0.0], [0.0]), times)


def cumulative(parameters: Parameters, age: Floats, offsets: Floats) -> Floats:
    """Return the expected repeat purchases of a base so far, as a curve over calendar time.

    Grain: one value of `age` (units at the end day, >= 0) is one customer; one value out is one offset.

    Parameters
    ----------
    offsets : units relative to the end day; negative is before it, positive after it. A customer counts from
        the first purchase on, and only what the parameters say is used, not the customer's own history (the
        tracking curve of the literature; ``back_test`` uses the history instead).
    """
    ages, count = np.unique(age, return_counts=True)
    times = np.maximum(ages[:, None] + offsets[None, :], 0.0)
    distinct, place = np.unique(times, return_inverse=True)
    expected = new_customer(parameters, distinct)[place.reshape(times.shape)]
    curve: Floats = count.astype(np.float64) @ expected
    return curve


def new_customer_distribution(parameters: Parameters, time: float, up_to: int) -> Floats:
    """Return P(X(t) = k), k = 0..up_to: repeat purchases in the t units after the first purchase.

    With n = k chances (BG/NBD) or k + 1 (MBG/NBD), N the negative binomial of the rate:
    P = B(a, b+n)/B(a, b) P(N = k) + [n > 0] B(a+1, b+n-1)/B(a, b) P(N >= k).
    """
    gammaln, betaln = scipy.special.gammaln, scipy.special.betaln
    r, alpha, a, b = parameters.r, parameters.alpha, parameters.a, parameters.b
    k = np.arange(up_to + 1, dtype=np.float64)
    share = time / (alpha + time)
    log_exactly = gammaln(r + k) - gammaln(r) - gammaln(k + 1) + r * np.log1p(-share)
    exactly = np.exp(log_exactly + np.where(k > 0, k * np.log(max(share, np.finfo(float).tiny)), 0.0))
    if a <= 0:
        return np.asarray(exactly)
    at_least = np.where(k > 0, scipy.special.betainc(np.maximum(k, 1.0), r, share), 1.0)
    n = k + parameters.first_chance
    gone = np.where(n > 0, np.exp(betaln(a + 1, b + np.maximum(n, 1.0) - 1) - betaln(a, b)), 0.0)
    chances: Floats = np.exp(betaln(a, b + n) - betaln(a, b)) * exactly + gone * at_least
    return chances


def _pairs(x: Floats, age: Floats) -> tuple[Floats, Floats, Ints]:
    """Return the distinct (x, T) and the place of each row among them."""
    ages, age_row = np.unique(age, return_inverse=True)
    values, x_row = np.unique(x, return_inverse=True)
    key, row = np.unique(x_row * max(len(ages), 1) + age_row, return_inverse=True)
    return values[key // max(len(ages), 1)], ages[key % max(len(ages), 1)], row.astype(np.int64)


def _if_alive(parameters: Parameters, x: Floats, age: Floats, horizons: Floats) -> tuple[Floats, Floats]:
    """Return E[Y | alive] and E[Y(Y-1) | alive], one row for each (x, T) and one column for each horizon."""
    values, row = np.unique(x, return_inverse=True)
    nodes, weights = beta_nodes(parameters.a, parameters.b + parameters.first_chance + values)
    first, second = np.empty((len(x), len(horizons))), np.empty((len(x), len(horizons)))
    for start in range(0, len(x), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        p, w = nodes[row[part]], weights[row[part]]
        power = (parameters.r + x[part])[:, None]
        for column, horizon in enumerate(horizons):
            mean, pairs = _over_rate(p, power, (horizon / (parameters.alpha + age[part]))[:, None])
            first[part, column] = (mean * w).sum(axis=1)
            second[part, column] = (pairs * w).sum(axis=1)
    return first, second


def _over_rate(p: Floats, power: Floats, stretch: Floats) -> tuple[Floats, Floats]:
    """Return E[Y] and E[Y(Y-1)] given p, the mean over the rate Gamma(power, 1) in a time of `stretch`."""
    u = p * stretch
    log_none = power * np.log1p(u)
    small = power * u < SERIES_BELOW
    safe = np.where(p > 0, p, 1.0)
    mean = np.where(p > 0, -np.expm1(-log_none) / safe, power * stretch)
    direct = -np.expm1(-log_none) - power * u / (1 + u) * np.exp(-log_none)
    series = 0.5 * power * (power + 1) * stretch**2 * (1 - 2 / 3 * (power + 2) * u)
    wide = np.where(small, 1.0, safe)
    pairs = 2 * (1 - p) * np.where(small, series, direct / wide**2)
    return mean, np.maximum(pairs, 0.0)
