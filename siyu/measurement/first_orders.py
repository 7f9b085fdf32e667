"""First orders 首单: how many of those who have not bought yet will, by the age since the add (a mixture cure model).

Of a source's people a share p is going to buy; of these, F(t) = (t/s)^k / (1 + (t/s)^k) have done so after t days while they are there. The
shape (s, k) is learnt from everybody, p from each source, drawn towards that of all as if `PRIOR_PEOPLE` more had been seen. Leaving ends
the chance: it is a hazard of its own, by age, so the future of somebody aged T is summed day by day:

    V(t) = h(t) + (1 − h(t) − l(t)) V(t + 1),   h(t) = p (F(t+1) − F(t)) / (1 − p F(t))

Worked numbers: docs/theory/waste.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

Floats = np.ndarray[Any, np.dtype[np.float64]]
PRIOR_PEOPLE = 30.0
LEAST_BUYERS = 10
USUAL = (30.0, 0.8)
"""Scale in days and shape, where too few have bought to learn them."""
BOUNDS = ((np.log(2.0), np.log(400.0)), (np.log(0.35), np.log(2.5)), (-9.0, 6.0))
LEAVING_SMOOTH = 7


@dataclass(frozen=True)
class FirstOrders:
    """`share`: p of each stratum; `covariance` of (ln s, ln k, logit p) of all together, or None; `leaving`: hazard a day by age, 0-based."""

    scale: float
    shape: float
    share: Floats
    covariance: Floats | None
    leaving: Floats

    def done(self, age: Floats) -> Floats:
        """F at an age in days."""
        return _done(age, self.scale, self.shape)

    def chances(self, horizon: int, discount: float = 0.0) -> tuple[Floats, Floats]:
        """(chance of a first order within the horizon, mean days to it) by stratum (rows) and age in whole days (columns).

        `discount`: what a day takes off the worth of what comes.
        """
        oldest = len(self.leaving)
        ages = np.arange(oldest + horizon + 1, dtype=float)
        done = self.done(ages)
        gone = np.append(self.leaving, np.full(horizon, self.leaving[-1] if oldest else 0.0)) + discount
        left = np.maximum(1 - self.share[:, None] * done, 1e-12)
        hazard = np.clip(self.share[:, None] * np.diff(done) / left[:, :-1], 0, 1)
        stays = np.clip(1 - hazard - gone, 0, 1)
        return _within(hazard, stays, horizon, oldest)


def fit_first_orders(age: Floats, bought: np.ndarray[Any, Any], left: np.ndarray[Any, Any], stratum: np.ndarray[Any, Any], strata: int) -> FirstOrders:
    """Learn from one row a person.

    Parameters
    ----------
    age : days from the add to the first order, to leaving, or to now, whichever came first
    bought, left : which of the three it was (neither: now)
    stratum : 0 … strata − 1, usually the source
    """
    day = np.maximum(np.floor(age), 0).astype(np.int64)
    size = int(day.max(initial=0)) + 1
    events = np.zeros((strata, size))
    censored = np.zeros((strata, size))
    np.add.at(events, (stratum[bought], day[bought]), 1.0)
    np.add.at(censored, (stratum[~bought], day[~bought]), 1.0)
    leaving = _leaving(events.sum(axis=0) + censored.sum(axis=0), np.bincount(day[left], minlength=size).astype(float))
    d, c = events.sum(axis=0), censored.sum(axis=0)
    if d.sum() < LEAST_BUYERS:
        pooled = (d.sum() + 0.5) / (d.sum() + c.sum() + 1.0)
        return FirstOrders(*USUAL, _shares(events, censored, *USUAL, min(pooled * 1.5, 1.0)), None, leaving)
    found = scipy.optimize.minimize(_loss, _start(d, c), args=(d, c), method="L-BFGS-B", bounds=BOUNDS)
    scale, shape, share = _read(found.x)
    return FirstOrders(scale, shape, _shares(events, censored, scale, shape, share), _covariance(found.x, d, c), leaving)


def _done(age: Floats, scale: float, shape: float) -> Floats:
    odds = (np.maximum(age, 0) / scale) ** shape
    found: Floats = odds / (1 + odds)
    return found


def _read(point: Floats) -> tuple[float, float, float]:
    return float(np.exp(point[0])), float(np.exp(point[1])), float(1 / (1 + np.exp(-point[2])))


def _start(d: Floats, c: Floats) -> Floats:
    mean = float((np.arange(len(d)) @ d) / d.sum()) + 1
    share = min(max(d.sum() / (d.sum() + c.sum()) * 1.3, 0.001), 0.9)
    return np.array([np.log(np.clip(mean, 3, 300)), 0.0, np.log(share / (1 - share))])


def _loss(point: Floats, d: Floats, c: Floats) -> float:
    """Minus the log-likelihood a person; a weak prior keeps the shape where few were seen long enough to tell it."""
    scale, shape, share = _read(point)
    done = _done(np.arange(len(d) + 1, dtype=float), scale, shape)
    middle = (done[:-1] + done[1:]) / 2
    value = d @ np.log(np.maximum(share * np.diff(done), 1e-300)) + c @ np.log(np.maximum(1 - share * middle, 1e-300))
    prior = 0.5 * ((point[0] - np.log(USUAL[0])) / 1.0) ** 2 + 0.5 * ((point[1] - np.log(USUAL[1])) / 0.5) ** 2
    return float(-(value - prior) / (d.sum() + c.sum()))


def _shares(events: Floats, censored: Floats, scale: float, shape: float, pooled: float) -> Floats:
    """P of each stratum by expectation and maximisation, all at once; those of the prior are like everybody."""
    done = _done(np.arange(events.shape[1]) + 0.5, scale, shape)
    bought, people = events.sum(axis=1), (events + censored).sum(axis=1)
    share = np.full(len(events), pooled)
    for _ in range(200):
        to_come = share[:, None] * (1 - done) / np.maximum(1 - share[:, None] * done, 1e-12)
        new = (bought + (censored * to_come).sum(axis=1) + PRIOR_PEOPLE * pooled) / (people + PRIOR_PEOPLE)
        if np.abs(new - share).max(initial=0) < 1e-7:
            break
        share = new
    return share


def _covariance(point: Floats, d: Floats, c: Floats) -> Floats | None:
    """From the curvature at the optimum; None where it is not one."""
    count, step = d.sum() + c.sum(), 1e-3
    moves = np.eye(3) * step
    hessian = np.array(
        [
            [
                _loss(point + a + b, d, c) - _loss(point + a - b, d, c) - _loss(point - a + b, d, c) + _loss(point - a - b, d, c)
                for b in moves
            ]
            for a in moves
        ]
    ) * count / (4 * step**2)
    try:
        np.linalg.cholesky(hessian)
    except np.linalg.LinAlgError:
        return None
    return np.linalg.inv(hessian)


def _leaving(ended: Floats, left: Floats) -> Floats:
    """Hazard of leaving a day by age, smoothed over two weeks."""
    at_risk = ended[::-1].cumsum()[::-1]
    kernel = np.ones(LEAVING_SMOOTH)
    smooth = np.convolve(left, kernel, "same") / np.maximum(np.convolve(at_risk, kernel, "same"), 1.0)
    return np.clip(smooth, 0, 1)


def _within(hazard: Floats, stays: Floats, horizon: int, oldest: int) -> tuple[Floats, Floats]:
    """Sums over the horizon from every age, by differences of cumulative products (each age looks `horizon` days ahead)."""
    with np.errstate(divide="ignore"):
        log_stay = np.cumsum(np.log(np.maximum(stays, 1e-300)), axis=1)
    before = np.concatenate([np.zeros((len(stays), 1)), log_stay], axis=1)
    base = before[:, :oldest]
    chance, wait = np.zeros_like(base), np.zeros_like(base)
    for ahead in range(horizon):
        part = np.exp(before[:, ahead : ahead + oldest] - base) * hazard[:, ahead : ahead + oldest]
        chance += part
        wait += part * ahead
    return np.minimum(chance, 1.0), wait / np.maximum(chance, 1e-12)
