"""Cells 单元格: customers with about the same history, counted once.

The likelihood of a million customers needs only the distinct histories. Week cells keep the exact number of
repeat purchases and the MEAN of t_x and T in the cell; with the upper edge of the bin in place of the mean
alpha is off by 8.4 %, with the mean by about .2 % (docs/theory/value.md, "Cells").
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from siyu.segments.value._arrays import Floats, Ints, floats

# Above this number of possible cells a sort of the occupied ones is cheaper than counting into all of them.
DENSE_LIMIT = 4_000_000


@dataclass(frozen=True)
class Cells:
    """One row is one cell: `count` customers with x repeat purchases and mean times t_x and T (in units).

    The caller may fill it straight from SQL (``count(*)``, ``avg(t_x)``, ``avg(T)`` grouped by x and the two
    bins), or give one row a customer with count 1. ``count`` may be any weight >= 0.
    """

    x: Floats
    t_x: Floats
    T: Floats
    count: Floats

    def __len__(self) -> int:
        return len(self.x)

    @cached_property
    def by_x(self) -> tuple[Floats, Ints, Floats]:
        """Return the distinct x, the place of each cell's x among them, and their counts.

        There are a few dozen of them, so gammaln and digamma are looked up and not computed for each cell.
        """
        values, row = np.unique(self.x, return_inverse=True)
        return values, row.astype(np.int64), np.bincount(row, self.count, len(values)).astype(np.float64)


def one_by_one(x: ArrayLike, t_x: ArrayLike, age: ArrayLike) -> Cells:
    """Return one cell a customer: the exact likelihood."""
    x = floats(x)
    return Cells(x, floats(t_x), floats(age), np.ones(len(x)))


def aggregate(
    x: ArrayLike, t_x: ArrayLike, age: ArrayLike, width: float = 1.0, weight: ArrayLike | None = None
) -> Cells:
    """Put customers into cells of equal x and of t_x and T within bins, and keep the bin means.

    Grain: one row in is one customer, one row out is one occupied cell.

    Parameters
    ----------
    x : repeat purchase days, >= 0, whole numbers
    t_x, age : units, 0 <= t_x <= age
    width : width of a bin in units (1.0: a week when the unit is a week)
    weight : per customer, >= 0; 1 when left out. Means are weighted by it.

    Returns
    -------
    Cells with count = sum of the weights; the sum of count * T equals the sum of weight * age (means lose
    nothing in total).
    """
    x, t_x, age = floats(x), floats(t_x), floats(age)
    if not len(x):
        return one_by_one(x, t_x, age)
    key, bins = _keys(x, t_x, age, width)
    if bins <= DENSE_LIMIT:
        occupied = np.flatnonzero(np.bincount(key, minlength=bins))
        place = np.empty(bins, np.int64)
        place[occupied] = np.arange(len(occupied))
        row = place[key]
    else:
        occupied, row = np.unique(key, return_inverse=True)
    w = None if weight is None else floats(weight)
    size = len(occupied)
    count = np.bincount(row, w, size).astype(np.float64)
    share = np.maximum(count, np.finfo(np.float64).tiny)
    means = [np.bincount(row, v if w is None else v * w, size) / share for v in (x, t_x, age)]
    kept = count > 0
    return Cells(np.rint(means[0][kept]), np.minimum(means[1], means[2])[kept], means[2][kept], count[kept])


def _keys(x: Floats, t_x: Floats, age: Floats, width: float) -> tuple[Ints, int]:
    """Return the packed cell number of each row and the number of possible cells.

    Distinct x values are numbered first, so one buyer with a thousand orders does not widen the table.
    """
    purchases = x.astype(np.int64)
    seen = np.flatnonzero(np.bincount(purchases)) if purchases.max() < DENSE_LIMIT else np.unique(purchases)
    number = np.searchsorted(seen, purchases)
    # 1e-9: whole units must not fall into the bin below when they come from a division of days.
    age_bin = np.floor(age / width + 1e-9).astype(np.int64)
    last_bin = np.floor(t_x / width + 1e-9).astype(np.int64)
    ages, lasts = int(age_bin.max()) + 1, int(last_bin.max()) + 1
    return (number * ages + age_bin) * lasts + last_bin, len(seen) * ages * lasts
