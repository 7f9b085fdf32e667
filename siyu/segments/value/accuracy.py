"""How good a ranking or a forecast is 预测准确度; one row is one customer in every function.

Normalised Gini and decile tables are the acceptance figures that Wang, Liu and Miao (2019), arXiv 1912.07753,
propose for value models.
"""

from dataclasses import dataclass

import numpy as np

from siyu.segments.value._arrays import Flags, Floats


@dataclass(frozen=True)
class Decile:
    """A tenth of the customers, 1 = those predicted highest: totals of that tenth."""

    decile: int
    count: int
    predicted: float
    actual: float


def error_rate(predicted: float, actual: float) -> float | None:
    """Return (predicted - actual) / actual, or None where actual is 0."""
    return (predicted - actual) / actual if actual else None


def correlation(predicted: Floats, actual: Floats) -> float | None:
    """Return Pearson's correlation, -1..1, or None where one side does not vary."""
    if len(actual) < 2 or np.ptp(predicted) == 0 or np.ptp(actual) == 0:
        return None
    return float(np.corrcoef(predicted, actual)[0, 1])


def mean_absolute_error(predicted: Floats, actual: Floats) -> float | None:
    """Return the mean of |predicted - actual|, or None for nobody."""
    return float(np.abs(predicted - actual).mean()) if len(actual) else None


def normalised_gini(score: Floats, actual: Floats) -> float | None:
    """Return the Gini of the actual values ranked by the score, over the Gini of the perfect ranking.

    1 is perfect, 0 is no better than chance; None where nothing was bought or everybody bought the same.
    Customers with equal scores share their mean, so the figure does not depend on the order of the rows.
    """
    best = _gini(actual, actual)
    return _gini(score, actual) / best if best > 1e-12 else None


def area_under_curve(score: Floats, active: Flags) -> float | None:
    """Return the chance that an active customer scores above an inactive one; ties count half.

    None unless there are customers of both kinds.
    """
    positive = int(active.sum())
    negative = len(active) - positive
    if not positive or not negative:
        return None
    ranks = float(_mid_ranks(score)[active].sum())
    return (ranks - positive * (positive + 1) / 2) / (positive * negative)


def deciles(predicted: Floats, actual: Floats) -> tuple[Decile, ...]:
    """Return ten groups of equal size (to one customer), highest predicted first.

    Fewer than ten customers make fewer groups. Ties keep the order of the rows (callers order rows by
    customer_id).
    """
    order = np.argsort(-predicted, kind="stable")
    groups = [group for group in np.array_split(order, min(10, max(len(order), 1))) if len(group)]
    return tuple(
        Decile(number, len(group), float(predicted[group].sum()), float(actual[group].sum()))
        for number, group in enumerate(groups, start=1)
    )


def _gini(score: Floats, actual: Floats) -> float:
    """Return the Gini of `actual` by descending score: twice the area above the diagonal."""
    whole = float(actual.sum())
    if not len(actual) or whole <= 0:
        return 0.0
    # Ascending mid-ranks: each pair of customers counts by the order of its scores, a tie not at all.
    ranks = _mid_ranks(score)
    size = len(actual)
    return float(2 * (ranks @ actual) / (size * whole) - (size + 1) / size)


def _mid_ranks(score: Floats) -> Floats:
    """Ranks from 1, ascending; equal scores share their mean. (scipy.stats has it too, at a second of every start.)"""
    _, place, counts = np.unique(score, return_inverse=True, return_counts=True)
    return (np.cumsum(counts) - (counts - 1) / 2)[place]
