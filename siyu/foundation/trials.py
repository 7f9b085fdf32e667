"""Trials 试验统计: what a randomised comparison shows, how sure that is, and what it can show at all.

Pure calculations on counts, means and variances: whoever has a million rows adds them up in the warehouse first. Every number
may be an array, and then the result is one too (one element a trial). Money, shares and counts are plain floats here.

Sources: Welch (1947); Fieller (1954); Deng et al., CUPED (WSDM 2013); Holm (1979); Waudby-Smith et al., time-uniform central
limit theory (arXiv 2103.06476); sizes after Cohen. Worked numbers: `docs/theory/experiments.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from math import ceil
from typing import Any

import numpy as np
import scipy

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

Number = Any
"""A float, or an array of floats with one element a trial."""
MISMATCH = 1e-3
"""Below this probability the split is not the planned one, and nothing is read from the trial."""
TUNED_FOR = 5_000
"""People at which the sequential interval is tightest."""
NO_EFFECT = Text("未检出效果", "no effect detected")
MORE = Text("有提升", "an increase")
LESS = Text("有下降", "a decrease")


@dataclass(frozen=True)
class Sample:
    """One arm. `count`: people; `mean` of the outcome per person; `variance` with count − 1 in the denominator."""

    count: Number
    mean: Number
    variance: Number

    @property
    def of_mean(self) -> Number:
        """The variance of the mean."""
        return self.variance / self.count

    @property
    def is_enough(self) -> bool:
        """Whether an interval is defined at all (for a single trial)."""
        return bool(self.count >= 2)


@dataclass(frozen=True)
class Paired:
    """One arm with a second number of each person from before the trial (the covariate): its mean, variance, and their covariance."""

    count: Number
    mean: Number
    variance: Number
    before_mean: Number
    before_variance: Number
    covariance: Number

    @property
    def sample(self) -> Sample:
        return Sample(self.count, self.mean, self.variance)


@dataclass(frozen=True)
class Effect:
    """Treated minus control, per person, with an interval at `level`.

    `relative` is the difference as a part of the control's mean, its interval by Fieller; its bounds are nan where the control's
    mean may be 0. `degrees` of freedom by Welch and Satterthwaite.
    """

    difference: Number
    error: Number
    low: Number
    high: Number
    p_value: Number
    degrees: Number
    relative: Number
    relative_low: Number
    relative_high: Number
    level: float

    @property
    def is_detected(self) -> Any:
        """Whether the interval leaves 0 out."""
        return (self.low > 0) | (self.high < 0)

    @property
    def finding(self) -> Text:
        """In words, for a single trial; an interval with 0 in it is no recommendation."""
        return NO_EFFECT if not self.is_detected else MORE if self.difference > 0 else LESS


def sample(values: Sequence[float] | np.ndarray[Any, Any]) -> Sample:
    """An arm from one number a person."""
    found = np.asarray(values, float)
    return Sample(len(found), found.mean(), found.var(ddof=1))


def from_sums(count: Number, total: Number, squares: Number) -> Sample:
    """An arm from sums: people, the sum of their outcomes, the sum of the squares."""
    mean = total / count
    return Sample(count, mean, np.maximum(squares - count * mean**2, 0) / (count - 1))


def share(count: Number, successes: Number) -> Sample:
    """An arm whose outcome is yes (1) or no (0)."""
    return from_sums(count, successes, successes)


def difference(treated: Sample, control: Sample, level: float = 0.95) -> Effect:
    """The average effect by Welch's t, which is a regression with HC2 errors on one indicator.

    standard error = √(v₁/n₁ + v₀/n₀)
    """
    gap = treated.mean - control.mean
    one, none = treated.of_mean, control.of_mean
    with np.errstate(divide="ignore", invalid="ignore"):
        error = np.sqrt(one + none)
        degrees = (one + none) ** 2 / (one**2 / (treated.count - 1) + none**2 / (control.count - 1))
        # Where nobody differs from anybody there is nothing to be unsure of.
        p_value = np.where(error > 0, 2 * scipy.stats.t.sf(np.abs(gap / error), degrees), np.where(gap == 0, 1.0, 0.0))[()]
        half = np.where(error > 0, scipy.stats.t.ppf(0.5 + level / 2, degrees) * error, 0.0)[()]
    low, high = relative_interval(treated, control, level)
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = gap / np.asarray(control.mean, float)
    return Effect(gap, error, gap - half, gap + half, p_value, degrees, relative[()], low, high, level)


def relative_interval(treated: Sample, control: Sample, level: float = 0.95) -> tuple[Number, Number]:
    """Bounds of (m₁ − m₀)/m₀ by Fieller's theorem, of independent means; nan where the control's mean is not clearly apart from 0.

    With g = z² var(m₀)/m₀² and r = m₁/m₀: (r ± z/|m₀| · √(var(m₁)(1 − g) + r² var(m₀))) / (1 − g) − 1.
    """
    z = scipy.stats.norm.ppf(0.5 + level / 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        base = np.asarray(control.mean, float)
        ratio, g = treated.mean / base, z**2 * control.of_mean / base**2
        spread = z / np.abs(base) * np.sqrt(np.maximum(treated.of_mean * (1 - g) + ratio**2 * control.of_mean, 0))
        low, high = (ratio - spread) / (1 - g) - 1, (ratio + spread) / (1 - g) - 1
        bounded = g < 1
    return np.where(bounded, low, np.nan)[()], np.where(bounded, high, np.nan)[()]


def clustered(outcomes: np.ndarray[Any, Any], treated: np.ndarray[Any, Any], cluster: np.ndarray[Any, Any], level: float = 0.95) -> Effect:
    """The same difference where whole groups (a store, a village) were drawn: errors by group (CR1), t with groups − 1 degrees.

    Grain in: one row a person; `treated` 1 or 0; `cluster` the group.
    """
    y, d = np.asarray(outcomes, float), np.asarray(treated, float)
    groups, place = np.unique(cluster, return_inverse=True)
    design = np.column_stack([np.ones_like(d), d])
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ (design.T @ y)
    scores = np.column_stack([np.bincount(place, weights=column) for column in (design * (y - design @ beta)[:, None]).T])
    count, number = len(y), len(groups)
    correction = number / (number - 1) * (count - 1) / (count - 2)
    error = float(np.sqrt((bread @ (scores.T @ scores) @ bread)[1, 1] * correction))
    half = scipy.stats.t.ppf(0.5 + level / 2, number - 1) * error
    plain = difference(sample(y[d == 1]), sample(y[d == 0]), level)
    p_value = 2 * scipy.stats.t.sf(abs(beta[1]) / error, number - 1)
    return replace(plain, error=error, low=beta[1] - half, high=beta[1] + half, p_value=p_value, degrees=number - 1, relative_low=np.nan, relative_high=np.nan)


def mismatch(counts: Sequence[Number], shares: Sequence[float]) -> Number:
    """The probability of a split at least this far from the planned one, by chi-square (sample-ratio mismatch 样本比例失衡).

    `counts`: people of each arm; `shares`: planned, adding up to 1. Below `MISMATCH` nothing may be read from the trial.
    """
    seen, planned = np.array(counts, float), np.array(shares, float)
    expected = planned.reshape(-1, *[1] * (seen.ndim - 1)) * seen.sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = np.where(expected > 0, (seen - expected) ** 2 / expected, np.where(seen > 0, np.inf, 0.0)).sum(axis=0)
    return scipy.stats.chi2.sf(distance, len(planned) - 1)[()]


def smallest_effect(variance: Number, treated: Number, control: Number, *, power: float = 0.8, level: float = 0.95) -> Number:
    """The least true difference of means that is found with this power: (z₁₋ₐ/₂ + z_power) · √(v/n₁ + v/n₀)."""
    return _sum_of_z(power, level) * np.sqrt(variance / treated + variance / control)


def smallest_share(base: float, treated: float, control: float, *, power: float = 0.8, level: float = 0.95) -> float:
    """The least true increase of a share (0–1) that is found with this power; the variance of the higher share counts for the treated."""
    found = float(smallest_effect(base * (1 - base), treated, control, power=power, level=level))
    for _ in range(50):
        above = min(base + found, 1.0)
        found = _sum_of_z(power, level) * float(np.sqrt(above * (1 - above) / treated + base * (1 - base) / control))
    return found


def people_needed(variance: float, effect: float, *, power: float = 0.8, level: float = 0.95) -> int:
    """People in each of two equal arms so that a difference is found: about 15.7 v/d² at 80 %."""
    return ceil(_sum_of_z(power, level) ** 2 * 2 * variance / effect**2)


def people_needed_for_share(base: float, effect: float, *, power: float = 0.8, level: float = 0.95) -> int:
    """As `people_needed`, of shares: each arm has the variance of its own share."""
    above = base + effect
    return ceil(_sum_of_z(power, level) ** 2 * (base * (1 - base) + above * (1 - above)) / effect**2)


def _sum_of_z(power: float, level: float) -> float:
    return float(scipy.stats.norm.ppf(0.5 + level / 2) + scipy.stats.norm.ppf(power))


def adjusted(treated: Paired, control: Paired, *, measured_until: datetime, started: datetime) -> tuple[Sample, Sample, Number]:
    """Both arms evened out by what people were like before (CUPED), and by how much the variance fell (0–1, the squared correlation).

    y − θ (x − mean of all x), with θ = cov(y, x)/var(x) pooled within the arms.

    Raises
    ------
    InvalidError
        The covariate was measured after the start: the campaign may have moved it, and the effect would be taken away with it.
    """
    if measured_until > started:
        fault = Fault("covariate", Text(f"量到 {measured_until:%Y-%m-%d %H:%M}，晚于开始 {started:%Y-%m-%d %H:%M}", f"it was measured until {measured_until:%Y-%m-%d %H:%M}, after the start at {started:%Y-%m-%d %H:%M}"))
        raise InvalidError(
            Text("协变量必须在试验开始之前量完", "a covariate must be measured before the trial starts"),
            faults=[fault],
            way_out=Text("改用开始之前的一段时间", "use a span that ends before the start"),
        )
    weights = [each.count - 1 for each in (treated, control)]
    together = sum(weight * each.covariance for weight, each in zip(weights, (treated, control), strict=True))
    spread = sum(weight * each.before_variance for weight, each in zip(weights, (treated, control), strict=True))
    whole = sum(weight * each.variance for weight, each in zip(weights, (treated, control), strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        theta = np.where(spread > 0, np.divide(together, spread), 0.0)[()]
        reduction = np.where((spread > 0) & (whole > 0), np.divide(together**2, spread * whole), 0.0)[()]
    middle = (treated.count * treated.before_mean + control.count * control.before_mean) / (treated.count + control.count)
    evened = [
        Sample(each.count, each.mean - theta * (each.before_mean - middle), each.variance - 2 * theta * each.covariance + theta**2 * each.before_variance)
        for each in (treated, control)
    ]
    return evened[0], evened[1], reduction


def sequential(treated: Sample, control: Sample, level: float = 0.95, tuned_for: float = TUNED_FOR) -> Effect:
    """The effect with an interval that holds at every look at once (asymptotic confidence sequence): look as often as you like.

    half-width = s √N √(2 (Nρ² + 1)/(Nρ)² · ln(√(Nρ² + 1)/α)), N people in both arms, s² the variance of the difference,
    ρ = √((−2 ln α + ln(−2 ln α + 1))/N*). Wider than a fixed interval: 1.6 times at N = 20,000.
    """
    plain = difference(treated, control, level)
    count, alpha = treated.count + control.count, 1 - level
    rho2 = (-2 * np.log(alpha) + np.log(-2 * np.log(alpha) + 1)) / tuned_for
    grown = count * rho2 + 1
    half = plain.error * np.sqrt(count) * np.sqrt(2 * grown / (count**2 * rho2) * np.log(np.sqrt(grown) / alpha))
    with np.errstate(divide="ignore", invalid="ignore"):
        evidence = plain.difference**2 / plain.error**2
        p_value = np.where(plain.error > 0, np.minimum(1, np.sqrt(grown) * np.exp(-rho2 * count * evidence / (2 * grown))), plain.p_value)[()]
        part = half / np.abs(np.asarray(control.mean, float))
        # With the control's mean as given; where it may as well be nothing there is no part of it to speak of.
        bounds = [np.where(part < 1, plain.relative + sign * part, np.nan)[()] for sign in (-1, 1)]
    low, high = plain.difference - half, plain.difference + half
    return replace(plain, low=low, high=high, p_value=p_value, relative_low=bounds[0], relative_high=bounds[1])


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values of several comparisons at once, corrected so that the chance of any false one stays as it was."""
    order = np.argsort(p_values, kind="stable")
    count, found, most = len(p_values), [0.0] * len(p_values), 0.0
    for rank, place in enumerate(order):
        most = max(most, min(1.0, (count - rank) * float(p_values[place])))
        found[place] = most
    return found


def against_control(variants: Sequence[Sample], control: Sample, level: float = 0.95) -> list[Effect]:
    """Each variant against the control: p-values by Holm, intervals by Bonferroni, so that all of them hold together."""
    found = [difference(each, control, 1 - (1 - level) / max(len(variants), 1)) for each in variants]
    return [replace(each, p_value=p) for each, p in zip(found, holm([float(each.p_value) for each in found]), strict=True)]


@dataclass(frozen=True)
class Winner:
    """The variant with the highest mean, and whether it beats each other one (Holm)."""

    place: int
    is_clear: bool
    p_value: float


def winner(variants: Sequence[Sample], level: float = 0.95) -> Winner | None:
    """The best of several variants; None where one has fewer than two people. A tie goes to the first."""
    if not variants or not all(each.is_enough for each in variants):
        return None
    best = max(range(len(variants)), key=lambda place: (float(variants[place].mean), -place))
    others = [difference(variants[best], each, level) for place, each in enumerate(variants) if place != best]
    worst = max(holm([float(np.nan_to_num(each.p_value, nan=1.0)) for each in others]), default=1.0)
    return Winner(best, worst < 1 - level, worst)
