"""Growth 裂变系数: how many friends one customer brings (K), how sure that is, how long it takes, and what it does to the cost of a customer.

K = invitations per customer × acceptance; both are means over the same customers, so their product is the mean number of friends one
customer brings. A generation is K times the one before it: N₀, N₀K, N₀K² …, together N₀ / (1 − K) for K < 1 and without end from 1 on,
so that no total is ever printed there. Sources: science.md §8; Galton & Watson (1875); delta method, Oehlert (1992).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import scipy

from siyu.foundation.ids import Ints

LEVEL = 0.95
FEWEST = 30
"""Customers below which K has no interval."""
ROUNDS = 1000


@dataclass(frozen=True)
class Growth:
    """
    `customers`: those who could invite and had time to; `invitations`: people whom one reached; `friends`: of them, who came.
    `k` with `low` and `high` at 95 %; None where there are too few customers. `cycle_days`: the median time from when a customer
    could invite to a friend who came. `total_per_customer` (with its bounds): how many one customer becomes over all generations, None
    where K or the upper end of its interval reaches 1: then there is no total. `cac_factor`: 1 − K, by which a friend makes a customer cheaper.
    """

    customers: int
    invitations: int
    friends: int
    per_customer: float | None
    acceptance: float | None
    k: float | None
    low: float | None
    high: float | None
    delta_low: float | None
    delta_high: float | None
    cycle_days: float | None
    total_per_customer: float | None
    total_low: float | None
    total_high: float | None
    cac_factor: float | None

    @property
    def may_not_end(self) -> bool:
        """Whether K, or the upper end of its interval, reaches 1."""
        return self.k is not None and (self.k >= 1 or (self.high is not None and self.high >= 1))


def growth(invited: Ints, came: Ints, cycle_ms: Ints, *, seed: int = 7) -> Growth:
    """
    Parameters
    ----------
    invited, came
        One entry a customer who could invite: people whom their invitations reached, and friends who came by them.
    cycle_ms
        One entry a friend: from when their inviter could invite to when they came.
    """
    size, sent, friends = len(invited), int(invited.sum()), int(came.sum())
    if not size:
        return Growth(0, 0, 0, *[None] * 12)
    per, share = sent / size, (friends / sent if sent else None)
    k = friends / size
    cycle = float(np.median(cycle_ms)) / 86_400_000 if len(cycle_ms) else None
    low = high = delta_low = delta_high = None
    if size >= FEWEST:
        low, high = _resampled(came, seed)
        delta_low, delta_high = _delta(invited, came)
    ends = k < 1 and high is not None and high < 1
    total, total_low, total_high = (1 / (1 - k), 1 / (1 - low), 1 / (1 - high)) if ends and low is not None and high is not None else (None, None, None)
    factor = 1 - k if ends else None
    return Growth(size, sent, friends, per, share, k, low, high, delta_low, delta_high, cycle, total, total_low, total_high, factor)


def _resampled(came: Ints, seed: int) -> tuple[float, float]:
    """Customers drawn anew, by how many there are of each number of friends: a bootstrap of a million customers is one multinomial draw."""
    values, counts = np.unique(came, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(came), counts / len(came), size=ROUNDS)
    means = drawn @ values / len(came)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    if not came.any():
        # Nobody came: the rule of three, as a share of nothing has no spread to draw from.
        high = 3.0 / len(came)
    return float(low), float(high)


def _delta(invited: Ints, came: Ints) -> tuple[float, float] | tuple[None, None]:
    """Interval of a·c by the delta method on its logarithm: a = invitations per customer, c = acceptance (a ratio of two means)."""
    size, mean_i, mean_c = len(invited), float(invited.mean()), float(came.mean())
    if mean_i == 0 or mean_c == 0:
        return None, None
    share = mean_c / mean_i
    var_a = float(invited.var(ddof=1)) / size
    residual = came - share * invited
    var_share = float(residual.var(ddof=1)) / size / mean_i**2
    covariance = float(np.cov(invited, residual, ddof=1)[0, 1]) / size / mean_i
    k = mean_i * share
    variance = share**2 * var_a + mean_i**2 * var_share + 2 * mean_i * share * covariance
    reach = float(scipy.stats.norm.ppf((1 + LEVEL) / 2)) * sqrt(max(variance, 0.0)) / k
    return float(k * np.exp(-reach)), float(k * np.exp(reach))


def generations(k: float, seeds: int, *, most: int = 200, seed: int = 7) -> Ints:
    """A simulation: how many people each generation has, the seeds first, when each brings a Poisson(k) number of friends; cut after `most`."""
    chance, sizes = np.random.default_rng(seed), [seeds]
    while sizes[-1] and len(sizes) < most:
        sizes.append(int(chance.poisson(k * sizes[-1])))
    return np.array(sizes, np.int64)


def effective_cac_fen(cac_fen: int, found: Growth) -> int | None:
    """CAC (1 − K): what a customer costs when each brings K more for nothing; None where no total is printed either."""
    return None if found.cac_factor is None else round(cac_fen * found.cac_factor)
