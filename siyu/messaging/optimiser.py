"""Optimiser 频次优化: how many messages a week each person should get, from what each further one is expected to bring them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import Ints
from siyu.foundation.text import Text

Gains = np.ndarray[tuple[int, int], np.dtype[np.float64]]
ROUNDS = 50


@dataclass(frozen=True)
class Allotment:
    """`levels`: messages a week by person. `gain`: their sum; `bound`: no allotment whatever brings more. `price`: what one message more
    would bring, the least worth sending."""

    levels: Ints
    gain: float
    bound: float
    price: float


def allot(gains: Gains, budget: int, most: Ints | None = None) -> Allotment:
    """Spend at most `budget` messages a week where they bring most.

    One row in is one person, one entry out is one person.

    Parameters
    ----------
    gains
        Expected gain of 0, 1, … K messages in a week, in any one unit; losses by fatigue and opt-out taken off. Any shape of curve.
    budget
        Messages a week for all people together.
    most
        What the caps of the policy leave each person, 0 to K; null: K.

    Returns
    -------
    Allotment
        Within one person's step of the best.

    Raises
    ------
    InvalidError

    Notes
    -----
    max sum u(i, k_i) with sum k_i <= B: for a price p each person takes argmax u(i, k) - p k; the least p that keeps the budget is found by
    bisection (Everett 1963; as in Gupta et al., LinkedIn, KDD 2016, and Zhao et al., Pinterest, KDD 2018). What is then left goes to whoever
    gains most by message. For every p, p B + sum max_k (u - p k) is a bound from above.
    """
    faults = [] if budget >= 0 else [Fault("budget", Text("不能为负", "must not be negative"))]
    if gains.ndim != 2 or not gains.shape[1] or not np.isfinite(gains).all():
        faults.append(Fault("gains", Text("应为每人一行、有限的数", "must be a row of finite numbers for each person")))
    if faults:
        raise InvalidError(Text("频次优化的输入有误", "what is to be optimised is not valid"), faults=faults)
    levels = gains.shape[1] - 1
    allowed = np.full(len(gains), levels) if most is None else np.clip(most, 0, levels)
    curves = [np.where(allowed >= level, gains[:, level], -np.inf) for level in range(levels + 1)]
    chosen, best = _taken(curves, 0.0)
    price = 0.0
    bound = float(best.sum())
    if int(chosen.sum()) > budget:
        low, high = 0.0, float(max((np.nanmax(curve - curves[0]) for curve in curves[1:]), default=0.0)) + 1.0
        for _ in range(ROUNDS):
            price = (low + high) / 2
            tried, best = _taken(curves, price)
            bound = min(bound, float(best.sum()) + price * budget)
            if int(tried.sum()) > budget:
                low = price
            else:
                high, chosen = price, tried
        price = high
        chosen, _ = _taken(curves, high)
        chosen = _spent(curves, chosen, budget - int(chosen.sum()))
    gain = float(gains[np.arange(len(gains)), chosen].sum()) if len(gains) else 0.0
    return Allotment(chosen, gain, bound, price)


def _taken(curves: list[Any], price: float) -> tuple[Ints, Any]:
    """What each person takes at a price, the fewest of equals, and what is left to them of it."""
    best, chosen = curves[0].copy(), np.zeros(len(curves[0]), np.int64)
    for level, curve in enumerate(curves[1:], 1):
        after = curve - price * level
        more = after > best
        chosen[more] = level
        np.maximum(best, after, out=best)
    return chosen, best


def _spent(curves: list[Any], chosen: Ints, left: int) -> Ints:
    """Give what is left to those who gain most by message, whole steps only."""
    matrix = np.stack(curves, axis=1)
    here = matrix[np.arange(len(chosen)), chosen]
    while left > 0:
        steps = np.arange(matrix.shape[1])[None, :] - chosen[:, None]
        rate = np.where((steps > 0) & (steps <= left), (matrix - here[:, None]) / np.maximum(steps, 1), -np.inf)
        step = rate.argmax(axis=1)
        by_person = rate[np.arange(len(chosen)), step]
        order = np.argsort(-by_person, kind="stable")
        order = order[by_person[order] > 0]
        fits = order[np.cumsum(step[order] - chosen[order]) <= left]
        if not len(fits):
            return chosen
        left -= int((step[fits] - chosen[fits]).sum())
        chosen[fits] = step[fits]
        here = matrix[np.arange(len(chosen)), chosen]
    return chosen
