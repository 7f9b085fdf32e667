"""First orders 首单: how many of those who have not bought yet will, by the age since the add (a mixture cure model).

Of a source's people a share p is going to buy unless their interest fades first; F(t) have done so after t days while they are there:

    F(t) = ∫₀ᵗ e^(−m u) dG(u),   G(u) = (u/s)^k / (1 + (u/s)^k)

The shape (s, k) and the fading m are learnt from everybody, p from each source, drawn towards that of all as if `PRIOR_PEOPLE` more had been
seen. Leaving ends the chance, too: it is a hazard of its own, by age, so the future of somebody aged T is summed day by day:

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
USUAL = (30.0, 0.8, 1 / 180)
"""Scale in days, shape, and fading a day, where too few have bought to learn them."""
HOW_USUAL = (1.0, 0.5, 0.5)
"""Standard deviations of their logarithms over brands: fading shows only after months."""
BOUNDS = ((np.log(2.0), np.log(400.0)), (np.log(0.35), np.log(2.5)), (-9.0, 6.0), (np.log(1e-4), np.log(0.2)))
LEAVING_SMOOTH = 7


@dataclass(frozen=True)
class FirstOrders:
    """`share`: p of each stratum; `covariance` of (ln s, ln k, logit p, ln m) of all together, or None; `leaving`: hazard a day by age, 0-based."""

    scale: float
    shape: float
    fading: float
    share: Floats
    covariance: Floats | None
    leaving: Floats

    def chances(self, horizon: int, discount: float = 0.0) -> tuple[Floats, Floats]:
        """(chance of a first order within the horizon, mean days to it) by stratum (rows) and age in whole days (columns).

        `discount`: what a day takes off the worth of what comes.
        """
        oldest = len(self.leaving)
        done = _done(oldest + horizon, self.scale, self.shape, self.fading)
        gone = np.append(self.leaving, np.full(horizon, self.leaving[-1] if oldest else 0.0)) + discount
        left = np.maximum(1 - self.share[:, None] * done, 1e-12)
        hazard = np.clip(self.share[:, None] * np.diff(done) / left[:, :-1], 0, 1)
        stays = np.clip(1 - hazard - gone, 0, 1)
        return _within(hazard, stays, horizon, oldest)


def fit_first_orders(age: Floats, bought: np.ndarray[Any, Any], left: np.ndarray[Any, Any], stratum: np.ndarray[Any, Any], strata: int, weight: Floats) -> FirstOrders:
    """Learn from one row a person.

    Parameters
    ----------
    age : days from the add to the first order, to leaving, or to now, whichever came first
    bought, left : which of the three it was (neither: now)
    stratum : 0 … strata − 1, usually the source
    weight : how much of a person the row is, 0–1
    """
    day = np.maximum(np.floor(age), 0).astype(np.int64)
    size = int(day.max(initial=0)) + 1
    events = np.zeros((strata, size))
    censored = np.zeros((strata, size))
    np.add.at(events, (stratum[bought], day[bought]), weight[bought])
    np.add.at(censored, (stratum[~bought], day[~bought]), weight[~bought])
    leaving = _leaving(events.sum(axis=0) + censored.sum(axis=0), np.bincount(day[left], weight[left], size).astype(float))
    d, c = events.sum(axis=0), censored.sum(axis=0)
    if d.sum() < LEAST_BUYERS:
        pooled = (d.sum() + 0.5) / (d.sum() + c.sum() + 1.0)
        return FirstOrders(*USUAL, _shares(events, censored, *USUAL, min(pooled * 1.5, 1.0)), None, leaving)
    found = scipy.optimize.minimize(_loss, _start(d, c), args=(d, c), method="L-BFGS-B", bounds=BOUNDS)
    scale, shape, share, fading = _read(found.x)
    return FirstOrders(scale, shape, fading, _shares(events, censored, scale, shape, fading, share), _covariance(found.x, d, c), leaving)


def _done(days: int, scale: float, shape: float, fading: float) -> Floats:
    """F after 0 … `days` days."""
    age = np.arange(days + 1, dtype=float)
    odds = (age / scale) ** shape
    each = np.diff(odds / (1 + odds)) * np.exp(-fading * (age[:-1] + 0.5))
    return np.concatenate([[0.0], np.cumsum(each)])


def _read(point: Floats) -> tuple[float, float, float, float]:
    return float(np.exp(point[0])), float(np.exp(point[1])), float(1 / (1 + np.exp(-point[2]))), float(np.exp(point[3]))


def _start(d: Floats, c: Floats) -> Floats:
    mean = float((np.arange(len(d)) @ d) / d.sum()) + 1
    share = min(max(d.sum() / (d.sum() + c.sum()) * 1.3, 0.001), 0.9)
    return np.array([np.log(np.clip(mean, 3, 300)), 0.0, np.log(share / (1 - share)), np.log(USUAL[2])])


def _loss(point: Floats, d: Floats, c: Floats) -> float:
    """Minus the log-likelihood a person; a weak prior keeps the shape where few were seen long enough to tell it."""
    scale, shape, share, fading = _read(point)
    done = _done(len(d), scale, shape, fading)
    middle = (done[:-1] + done[1:]) / 2
    value = d @ np.log(np.maximum(share * np.diff(done), 1e-300)) + c @ np.log(np.maximum(1 - share * middle, 1e-300))
    prior = 0.5 * sum(((point[place] - np.log(usual)) / spread) ** 2 for place, usual, spread in zip((0, 1, 3), USUAL, HOW_USUAL, strict=True))
    return float(-(value - prior) / (d.sum() + c.sum()))


def _shares(events: Floats, censored: Floats, scale: float, shape: float, fading: float, pooled: float) -> Floats:
    """P of each stratum by expectation and maximisation, all at once; those of the prior are like everybody."""
    edges = _done(events.shape[1], scale, shape, fading)
    done = (edges[:-1] + edges[1:]) / 2
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
    moves = np.eye(4) * step
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
    """Hazard of leaving a day by age, smoothed over a week; the last one, by which later ages are reckoned, is that of the older half."""
    at_risk = ended[::-1].cumsum()[::-1]
    kernel = np.ones(LEAVING_SMOOTH)
    smooth = np.convolve(left, kernel, "same") / np.maximum(np.convolve(at_risk, kernel, "same"), 1.0)
    half = len(left) // 2
    smooth[-1] = left[half:].sum() / max(at_risk[half:].sum(), 1.0)
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
