"""The likelihood that BG/NBD and MBG/NBD share: Poisson buying until a drop-out after one of the purchases.

With n = number of chances to drop out (n = x for BG/NBD, n = x + 1 for MBG/NBD) the two are one formula:

    L = G(r+x)/G(r) alpha^r [ B(a, b+n)/B(a, b) (alpha+T)^-(r+x)  +  [n>0] B(a+1, b+n-1)/B(a, b)
    (alpha+t_x)^-(r+x) ]
      = G(r+x)/G(r) alpha^r  B(a, b+n)/B(a, b) (alpha+T)^-(r+x) (1 + exp(d))
    d = ln a - ln(b+n-1) + (r+x) [ln(alpha+T) - ln(alpha+t_x)]       (minus infinity when n = 0)

exp(d) is the odds that the customer has dropped out, so P(alive) = 1 / (1 + exp(d)). Everything stays in
logs: a buyer with ten thousand orders neither overflows nor gives NaN.
"""

import numpy as np
import scipy

from siyu.segments.value._arrays import Floats, inner
from siyu.segments.value.cells import Cells


def log_odds_per_chance(a: float, b: float, chances: Floats) -> Floats:
    """Return ln a - ln(b + n - 1); minus infinity where n = 0 or a = 0 (no chance to drop out)."""
    if a <= 0:
        return np.full(len(chances), -np.inf)
    safe = np.where(chances > 0, b + chances - 1, 1.0)
    return np.where(chances > 0, np.log(a) - np.log(safe), -np.inf)


def log_likelihood(log_parameters: Floats, cells: Cells, first_chance: int) -> tuple[float, Floats]:
    """Return the log-likelihood and its gradient in (ln r, ln alpha, ln a, ln b).

    Grain: one row in is one cell; ``count`` weighs it.

    Parameters
    ----------
    log_parameters : natural logs of r, alpha, a, b
    cells : x >= 0, 0 <= t_x <= T in units, count >= 0
    first_chance : 0 for BG/NBD, 1 for MBG/NBD
    """
    gammaln, digamma = scipy.special.gammaln, scipy.special.digamma
    r, alpha, a, b = np.exp(log_parameters)
    x_values, row, count = cells.by_x
    chances = x_values + first_chance
    buyers, power = float(count.sum()), r + cells.x
    age, last = alpha + cells.T, alpha + cells.t_x
    log_age = np.log(age)
    stretch = log_age - np.log(last)
    odds = log_odds_per_chance(a, b, chances)[row] + power * stretch
    per_x = gammaln(r + x_values) - gammaln(r) + gammaln(a + b) + gammaln(b + chances)
    per_x -= gammaln(b) + gammaln(a + b + chances)
    value = inner(count, per_x) + buyers * r * np.log(alpha)
    value += inner(cells.count, np.logaddexp(0.0, odds) - power * log_age)
    gone = cells.count * scipy.special.expit(odds)
    gone_per_x = np.bincount(row, gone, len(x_values)).astype(np.float64)
    by_r = inner(count, digamma(r + x_values) - digamma(r)) + buyers * np.log(alpha)
    by_r += inner(gone, stretch) - inner(cells.count, log_age)
    by_alpha = (
        buyers * r / alpha + inner(gone, power * (1 / age - 1 / last)) - inner(cells.count, power / age)
    )
    beta = digamma(a + b) - digamma(a + b + chances)
    by_a = inner(count, beta) + gone_per_x.sum() / a
    by_b = inner(count, beta + digamma(b + chances) - digamma(b))
    by_b -= inner(gone_per_x, 1 / np.where(chances > 0, b + chances - 1, 1.0))
    return value, np.array([r * by_r, alpha * by_alpha, a * by_a, b * by_b])
