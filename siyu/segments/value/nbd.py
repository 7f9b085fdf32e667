"""NBD 负二项模型: steady buyers who never drop out, the limit a -> 0 of BG/NBD and MBG/NBD.

Each customer buys by a Poisson process with rate lambda ~ Gamma(r, alpha). For x repeat purchases in age T

    L = G(r + x) / G(r) * alpha^r / (alpha + T)^(r + x)

Source: Ehrenberg (1959), Applied Statistics 8(1), in the form that Fader, Hardie and Lee (2005), Marketing
Science 24(2), use for the part before drop-out; the factor T^x / x! is left out as there, so the values of
the three models can be compared.
"""

import numpy as np
import scipy

from siyu.segments.value._arrays import Floats, inner
from siyu.segments.value.cells import Cells


def log_likelihood(log_parameters: Floats, cells: Cells) -> tuple[float, Floats]:
    """Return the log-likelihood and its gradient in (ln r, ln alpha).

    Grain: one row in is one cell; ``count`` weighs it. Values of gammaln and digamma are taken once for each
    distinct x.
    """
    gammaln, digamma = scipy.special.gammaln, scipy.special.digamma
    r, alpha = np.exp(log_parameters)
    x_values, _, count = cells.by_x
    buyers = float(count.sum())
    log_age = np.log(alpha + cells.T)
    power = r + cells.x
    value = inner(count, gammaln(r + x_values) - gammaln(r)) + buyers * r * np.log(alpha)
    value -= inner(cells.count, power * log_age)
    by_r = inner(count, digamma(r + x_values) - digamma(r)) + buyers * np.log(alpha)
    by_r -= inner(cells.count, log_age)
    by_alpha = buyers * r / alpha - inner(cells.count, power / (alpha + cells.T))
    return value, np.array([r * by_r, alpha * by_alpha])
