"""Maximum of a smooth log-likelihood with its Laplace covariance 最大似然与拉普拉斯近似.

The search runs over natural logs of the parameters, so they stay positive and the normal approximation is on
the scale where it fits. The mean log-likelihood is maximised (the sum grows with the base and would spoil the
stopping rule).
"""

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import scipy

from siyu.segments.value._arrays import Floats

Objective = Callable[[Floats], tuple[float, Floats]]
STEP = 1e-4
# A polish step by Newton is taken only this close to the optimum, where it is a correction of the last
# digits.
LARGEST_POLISH = 0.05


@dataclass(frozen=True)
class Interval:
    """A value with its interval, in the unit of the value."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Optimum:
    """Where a log-likelihood is largest.

    Attributes
    ----------
    log_parameters : natural logs
    log_likelihood : sum over customers
    covariance : of the log parameters (inverse of minus the Hessian), or None where that is not positive
        definite
    at_bound : the search ended on the edge of the allowed box, so the data do not pin every parameter
    converged : the search stopped by its own rule
    """

    log_parameters: Floats
    log_likelihood: float
    covariance: Floats | None
    at_bound: bool
    converged: bool

    def intervals(self, level: float) -> list[Interval]:
        """Return each parameter with its interval at the level (0..1).

        The interval is exp(log value -+ z times the standard error of the log). Without a covariance the
        interval is the value itself on both sides; the caller flags it.
        """
        values = np.exp(self.log_parameters)
        if self.covariance is None:
            return [Interval(float(v), float(v), float(v)) for v in values]
        reach = NormalDist().inv_cdf(0.5 + level / 2) * np.sqrt(np.diag(self.covariance))
        # exp(50) stands for "no upper limit"; beyond it a float would overflow.
        low, high = np.exp(np.clip(self.log_parameters + np.outer([-1, 1], reach), -50, 50))
        return [Interval(float(v), float(lo), float(hi)) for v, lo, hi in zip(values, low, high, strict=True)]


def climb(objective: Objective, start: Floats, bounds: list[tuple[float, float]], weight: float) -> Optimum:
    """Return the maximum of the objective found from `start` by L-BFGS.

    Parameters
    ----------
    objective : log-likelihood and gradient at log parameters
    start : log parameters inside the bounds
    bounds : lowest and highest log of each parameter
    weight : number of customers, > 0
    """

    def downhill(point: Floats) -> tuple[float, Floats]:
        value, gradient = objective(point)
        return -value / weight, -gradient / weight

    found = scipy.optimize.minimize(
        downhill,
        start,
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": 500, "ftol": 1e-13, "gtol": 1e-7},
    )
    point = np.asarray(found.x, dtype=np.float64)
    edge = np.array([min(p - low, high - p) for p, (low, high) in zip(point, bounds, strict=True)])
    at_bound = bool((edge < 1e-3).any())
    covariance = None
    if not at_bound:
        point, covariance = _polish(objective, point)
    value, _ = objective(point)
    return Optimum(point, float(value), covariance, at_bound, bool(found.success) or covariance is not None)


def _polish(objective: Objective, point: Floats) -> tuple[Floats, Floats | None]:
    """Return the point after up to two Newton steps and the covariance; unchanged off a hilltop."""
    for _ in range(2):
        covariance = _inverse_information(objective, point)
        if covariance is None:
            return point, None
        value, gradient = objective(point)
        step = covariance @ gradient
        if np.abs(step).max() > LARGEST_POLISH or objective(point + step)[0] < value - 1e-9 * abs(value):
            return point, covariance
        point = point + step
        # Newton squares the error, so a step this small leaves nothing that a reader could see.
        if np.abs(step).max() < 1e-3:
            break
    return point, covariance


def _inverse_information(objective: Objective, point: Floats) -> Floats | None:
    """Return the inverse of minus the Hessian (differences of the gradient), None if not positive."""
    size = len(point)
    hessian = np.empty((size, size))
    for i in range(size):
        shift = np.zeros(size)
        shift[i] = STEP
        hessian[i] = (objective(point + shift)[1] - objective(point - shift)[1]) / (2 * STEP)
    information = -(hessian + hessian.T) / 2
    if not np.isfinite(information).all():
        return None
    values, vectors = np.linalg.eigh(information)
    if values[0] <= 1e-9 * max(values[-1], 1e-300):
        return None
    inverse: Floats = (vectors / values) @ vectors.T
    return inverse
