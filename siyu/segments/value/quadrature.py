"""Gauss-Jacobi quadrature for means over the drop-out probability p ~ Beta(a, b).

Why not the closed form with 2F1: it overflows for heavy buyers, is 0/0 at a = 1 and cancels as a -> 0. A
quadrature with positive weights of an integrand that is positive and increasing in the horizon gives
forecasts that are finite, positive and increasing by construction. Against scipy's hyp2f1, where that works,
the difference is below 1e-9 (tests).
"""

import numpy as np
import scipy

from siyu.segments.value._arrays import Floats

NODES = 32


def beta_nodes(a: float, b: Floats, count: int = NODES) -> tuple[Floats, Floats]:
    """Return nodes in [0, 1] and weights that sum to 1, for Beta(a, b_i), one row of `count` for each b_i.

    Golub and Welsch (1969), Mathematics of Computation 23: eigenvalues of the tridiagonal matrix of the
    Jacobi recurrence, shifted to [0, 1]. a = 0 is the point mass at p = 0 (nobody drops out).

    Parameters
    ----------
    a : >= 0
    b : > 0, one value a row
    """
    if a <= 0:
        return np.zeros((len(b), 1)), np.ones((len(b), 1))
    n = np.arange(count, dtype=np.float64)
    left, right = a - 1.0, b[:, None] - 1.0
    total = 2 * n + left + right
    mean = a / (a + b)
    with np.errstate(invalid="ignore", divide="ignore"):
        centre = 0.5 * (1 + (left - right) * (left + right) / (total * (total + 2)))
        m = n[1:]
        step = total[:, 1:]
        square = m * (m + left) * (m + right) * (m + left + right) / (step**2 * (step + 1) * (step - 1))
    centre[:, 0] = mean
    # For m = 1 the factor (m + left + right) cancels (step - 1); written out so that a + b = 1 is not 0/0.
    square[:, 0] = a * b / ((a + b) ** 2 * (a + b + 1))
    nodes, weights = np.empty(centre.shape), np.empty(centre.shape)
    # One by one: a batch through numpy.linalg.eigh starts threads for each small matrix and took 50 times as
    # long on a busy machine.
    for i, (diagonal, beside) in enumerate(zip(centre, np.sqrt(square), strict=True)):
        nodes[i], vectors = scipy.linalg.eigh_tridiagonal(diagonal, beside, check_finite=False, lapack_driver="stev")
        weights[i] = vectors[0] ** 2
    return np.clip(nodes, 0.0, 1.0), weights / weights.sum(axis=1, keepdims=True)
