"""Response curves and the budget that they ask for: what the next yuan brings at each source, with how sure that is.

r(b) = a ln(1 + b/c) a week. c is not told well by a few weeks of much the same spend, so every c of a grid counts with its weight: a prior
around the weekly spend seen, times how well the weeks fit. The curve used is the mean over all of them, concave as each of them is.
Budgets: equal marginal value per yuan within bounds (water-filling). Worked numbers: docs/theory/budget-advice.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
GRID = np.exp(np.linspace(np.log(0.1), np.log(10.0), 33))
"""c as a multiple of the mean weekly spend."""
PRIOR_SPREAD = 0.8
"""Standard deviation of ln c around ln(mean weekly spend)."""
DRAWS = 400
SEED = 20261123


@dataclass(frozen=True)
class Curve:
    """A mixture of a ln(1 + b/c), fen a week: `weight` adds up to 1. `draws`: a of as many worlds, and which c each has."""

    a: Floats
    c: Floats
    weight: Floats
    draw_a: Floats
    draw_c: Floats

    def value(self, budget: float) -> float:
        return float(self.weight @ (self.a * np.log1p(budget / self.c)))

    def marginal(self, budget: float) -> float:
        """Margin that the next fen brings."""
        return float(self.weight @ (self.a / (self.c + budget)))

    def drawn(self, budget: float) -> Floats:
        """The value in every world."""
        found: Floats = self.draw_a * np.log1p(budget / self.draw_c)
        return found


def exact(a: float, c: float) -> Curve:
    """A curve that is known."""
    one = np.ones(1)
    return Curve(a * one, c * one, one, np.full(DRAWS, float(a)), np.full(DRAWS, float(c)))


def fit_curve(spend: Floats, gain: Floats, *, rate: float = 1.0, rate_error: float = 0.0, forecast_error: float = 0.0, place: int = 0) -> Curve | None:
    """Learn a source's curve from its weeks; None where it never spent.

    Parameters
    ----------
    spend, gain : fen, one entry a week with spend; gain: margin to date and further expected, of people added that week
    rate, rate_error : what of the gain is caused by the source, and its standard error
    forecast_error : standard deviation of the gain that all weeks share, as a part of it
    place : of the source, so that each draws numbers of its own
    """
    used = spend > 0
    spend, gain = spend[used].astype(float), np.maximum(gain[used].astype(float), 0.0)
    if not len(spend):
        return None
    c = GRID * spend.mean()
    x = np.log1p(spend[:, None] / c)
    # The more is spent in a week the more its gain varies, about in proportion.
    weigh = spend.mean() / spend
    square = (weigh[:, None] * x * x).sum(axis=0)
    a = (weigh[:, None] * x * gain[:, None]).sum(axis=0) / square
    left = (weigh[:, None] * (gain[:, None] - a * x) ** 2).sum(axis=0)
    count = len(spend)
    spread = max(float(left.min()) / max(count - 2, 1), (0.1 * float(gain.mean()) + 1.0) ** 2 / count)
    log_weight = -0.5 * (np.log(GRID) / PRIOR_SPREAD) ** 2 - 0.5 * left / spread - 0.5 * np.log(square)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    random = np.random.default_rng([SEED, place])
    chosen = random.choice(len(c), DRAWS, p=weight)
    drawn = a[chosen] + random.standard_normal(DRAWS) * np.sqrt(spread / square[chosen])
    scale = np.clip(rate + rate_error * random.standard_normal(DRAWS), 0, 1) * np.exp(forecast_error * random.standard_normal(DRAWS) - forecast_error**2 / 2)
    return Curve(a * rate, c, weight, np.maximum(drawn, 0) * scale, c[chosen])


def water_fill(curves: list[Curve], total: float, low: Floats, high: Floats) -> Floats:
    """Budgets that add up to `total` (within the bounds) and bring the same for the next yuan wherever they are not at a bound."""
    total = float(np.clip(total, low.sum(), high.sum()))
    top = max((curve.marginal(0.0) for curve in curves), default=0.0)
    if top <= 0:
        return _to_total(low.astype(float), total, low, high)
    under, over = 0.0, top
    for _ in range(80):
        middle = (under + over) / 2
        if at_marginal(curves, middle, low, high).sum() > total:
            under = middle
        else:
            over = middle
    return _to_total(at_marginal(curves, over, low, high), total, low, high)


def _to_total(budget: Floats, total: float, low: Floats, high: Floats) -> Floats:
    """What the search left over (sources whose curve is flat) goes where there is room, in proportion."""
    room = high - budget
    missing = total - budget.sum()
    return budget + room * (missing / room.sum()) if missing > 0 and room.sum() > 0 else budget


def at_marginal(curves: list[Curve], wanted: float, low: Floats, high: Floats) -> Floats:
    """For each source the budget at which the next yuan brings just so much, within its bounds."""
    widest = max(len(curve.a) for curve in curves)
    gain, bend = (np.stack([np.pad(each, (0, widest - len(each)), constant_values=fill) for each in column]) for column, fill in (([c.weight * c.a for c in curves], 0.0), ([c.c for c in curves], 1.0)))
    under, over = low.astype(float), np.maximum(high, low).astype(float)
    for _ in range(60):
        middle = (under + over) / 2
        more = (gain / (bend + middle[:, None])).sum(axis=1) > wanted
        under, over = np.where(more, middle, under), np.where(more, over, middle)
    found: Floats = (under + over) / 2
    return found


def reallocate(curves: list[Curve], now: Floats, low: Floats, high: Floats, most_moved: float) -> Floats:
    """The best budgets of the same total that move at most `most_moved` from one source to another.

    If the optimum is nearer than that, it is the answer. Else just so much is taken where the last yuan brings least and given where the
    next brings most: those that give end at one marginal value, those that get at another, and the rest stays.
    """
    best = water_fill(curves, float(now.sum()), low, high)
    if np.maximum(best - now, 0).sum() <= most_moved:
        return best
    gets = water_fill(curves, float(now.sum()) + most_moved, np.maximum(now, low), np.maximum(high, now))
    gives = water_fill(curves, float(now.sum()) - most_moved, np.minimum(low, now), now)
    return gets + gives - now


def gain_of(curves: list[Curve], now: Floats, then: Floats) -> tuple[float, float, float]:
    """(mean, low, high) of what the change brings a week, over all drawn worlds, at 95 %."""
    draws = np.sum([curve.drawn(float(b)) - curve.drawn(float(b0)) for curve, b, b0 in zip(curves, then, now, strict=True)], axis=0)
    mean = sum(curve.value(float(b)) - curve.value(float(b0)) for curve, b, b0 in zip(curves, then, now, strict=True))
    low, high = np.quantile(draws, [0.025, 0.975])
    return float(mean), float(min(low, mean)), float(max(high, mean))
