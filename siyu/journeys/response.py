"""Response 响应: what people do of themselves, and what a message adds to it, learned from the brand's own history with how sure that is.

Pure calculations on counts. Three kinds of knowledge, each with a posterior from which a rehearsal draws:

- `Own`: how often each person does something of themselves. Counts are Poisson in the time that no message was near; rates differ between
  people as a gamma, so a person's own rate is Gamma(a + n, b + days). Weeks differ by more than chance by `spread` (relative).
- `Share`: what part of those told read, open, opt out, block, complain: beta-binomial, each kind drawn towards the one above it.
- `Effect`: how much more is bought after a message, against those who were kept back: a multiple of a person's own rate that halves.

What rests on too little is `assumed`, with a wide interval, and says so. Theory and worked numbers: `docs/theory/rehearsal.md`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from siyu.foundation.ids import Ints

Column = np.ndarray[Any, Any]
Random = np.random.Generator
FEW = 30
"""Fewer happenings than this tell no rate."""
ASSUMED_SHAPE, ASSUMED_DAYS = 0.5, 50.0
"""A rate that nobody knows: one in a hundred days, as likely a third of it as three times."""
HALF_LIVES = np.array([1.0, 2.0, 3.0, 4.0, 6.0, 9.0, 14.0])
STRENGTH = 50.0
"""So many messages is worth what the kind above says of a share."""
DAYS = 14
"""Days after a message in which its effect is looked for."""
DOUBT = 0.25
"""Standard deviation of an effect that nobody has measured: of a person's own rate on the first day."""
LEAST_BETWEEN = 0.05
"""Sends of one purpose differ at least so much in their effect."""
LONGEST_HALF = 14.0


@dataclass(frozen=True)
class Own:
    """How often people do one thing of themselves.

    Attributes
    ----------
    shape, days : the gamma over people: mean rate shape/days a day.
    count, exposure : by person, how often they did it, and the days in which they could be watched.
    level : rate of the last four weeks against all of it, drawn towards 1 as far as chance alone explains it.
    spread : relative standard deviation of what the next weeks may be different by.
    seen : happenings in all. assumed : too few to know.
    """

    shape: float
    days: float
    count: Column
    exposure: Column
    level: float
    spread: float
    seen: int
    assumed: bool

    @property
    def mean(self) -> float:
        """Per person and day."""
        return self.shape / self.days * self.level

    def rates(self, random: Random, place: Ints, replicate: Ints, replicates: int) -> Column:
        """A daily rate for each row: a person (`place`) in one possible future (`replicate`)."""
        together = self.level * factors(random, self.spread, replicates)
        return np.asarray(random.gamma(self.shape + self.count[place]) / (self.days + self.exposure[place]) * together[replicate])


def own(count: Column, exposure: Column, weeks: Sequence[float] = ()) -> Own:
    """Fit the gamma over people by moments.

    Parameters
    ----------
    count, exposure : by person, happenings and days.
    weeks : happenings per watched day in each week, the oldest first; weighted alike.
    """
    total, days = float(count.sum()), float(exposure.sum())
    if total < FEW or not days:
        return Own(ASSUMED_SHAPE, ASSUMED_DAYS, np.zeros(len(count)), np.zeros(len(count)), 1.0, 1.0, int(total), True)
    mean = total / days
    beyond = float(((count - mean * exposure) ** 2 - mean * exposure).sum() / (exposure**2).sum())
    between = max(beyond, (0.05 * mean) ** 2)
    level, spread = _level(np.asarray(weeks, float), total)
    return Own(mean**2 / between, mean / between, count.astype(float), exposure.astype(float), level, float(np.hypot(spread, total**-0.5)), int(total), False)


def _level(weeks: Column, total: float) -> tuple[float, float]:
    """(the last four weeks against all, shrunk; relative spread of what comes) from happenings per watched day, by week."""
    known = weeks[np.isfinite(weeks)]
    if len(known) < 4 or not known.mean():
        return 1.0, 0.0
    # Of total/weeks happenings a week, chance alone makes this much of the relative variance.
    chance = len(known) / total
    beyond = max(float(known.var(ddof=1)) / known.mean() ** 2 - chance, 0.0)
    lately = known[-4:].mean() / known.mean()
    trust = beyond / (beyond + chance / 4) if beyond else 0.0
    return float(1 + trust * (lately - 1)), float(np.sqrt(beyond))


def factors(random: Random, spread: float, replicates: int) -> Column:
    """Gamma with mean 1 and this relative spread, one for each future."""
    if spread <= 0:
        return np.ones(replicates)
    shape = 1 / spread**2
    return np.asarray(scipy.special.gammaincinv(shape, slices(random, replicates)) / shape)


def slices(random: Random, count: int) -> Column:
    """As many numbers in (0, 1) as there are futures, one out of each of so many equal slices, in any order: what a dozen futures share
    is then as a whole what is known of it, and no luck of the dozen."""
    return np.asarray((random.permutation(count) + np.clip(random.random(count), 1e-9, 1 - 1e-9)) / count)


@dataclass(frozen=True)
class Share:
    """Part of those told who do something: Beta(good, bad). `delay_ms`: how long after, on average (0: not known)."""

    good: float
    bad: float
    delay_ms: float
    seen: int
    assumed: bool

    @property
    def mean(self) -> float:
        return self.good / (self.good + self.bad)

    def drawn(self, random: Random, replicates: int) -> Column:
        return np.asarray(scipy.special.betaincinv(self.good, self.bad, slices(random, replicates)))


def share(successes: float, told: float, above: Share, delay_ms: float = 0.0) -> Share:
    """A share of one kind of message, drawn towards that of the kind above it."""
    prior = above.mean
    return Share(
        successes + STRENGTH * max(prior, 1e-4), told - successes + STRENGTH * (1 - max(prior, 1e-4)), delay_ms or above.delay_ms, int(told), above.assumed and told < FEW
    )


def assumed_share(mean: float, delay_ms: float) -> Share:
    """What is taken where no message was ever sent: as sure as a handful of messages makes one."""
    return Share(mean * 5, (1 - mean) * 5, delay_ms, 0, True)


@dataclass(frozen=True)
class Arms:
    """One past send with people kept back. `bought` and `kept_bought`: orders by day after it (a day that was not over is left out),
    of `told` and `kept` people."""

    told: int
    kept: int
    bought: Column
    kept_bought: Column


@dataclass(frozen=True)
class Effect:
    """What a message adds: on day t after it people buy (1 + amount · 2^(−t/half)) times as often as of themselves.

    `weights`: how likely each of `HALF_LIVES` is; `amount` and `error` belong to each of them. `between`: how far sends differ.
    `sends`: on how many it rests; 0 is assumed.
    """

    weights: Column
    amount: Column
    error: Column
    between: float
    sends: int

    @property
    def assumed(self) -> bool:
        return self.sends == 0

    def over(self, days: float) -> tuple[float, float]:
        """The mean addition over so many days as a part of what is bought anyway, and its standard deviation."""
        part = HALF_LIVES / np.log(2) * (1 - np.exp2(-days / HALF_LIVES)) / days
        mean = float((self.weights * self.amount * part).sum())
        second = float((self.weights * ((self.amount * part) ** 2 + (self.error**2 + self.between**2) * part**2)).sum())
        return mean, float(np.sqrt(max(second - mean**2, 0.0)))

    def drawn(self, random: Random, replicates: int) -> tuple[Column, Column]:
        """(amount, half-life in days) for each possible future."""
        which = np.minimum(np.searchsorted(np.cumsum(self.weights), slices(random, replicates)), len(HALF_LIVES) - 1)
        sure = self.amount[which] + np.hypot(self.error[which], self.between) * scipy.special.ndtri(slices(random, replicates))
        return np.maximum(sure, -1.0), HALF_LIVES[which]


UNKNOWN = Effect(np.where(HALF_LIVES == 3.0, 1.0, 0.0), np.zeros(len(HALF_LIVES)), np.zeros(len(HALF_LIVES)), DOUBT, 0)
"""No send with a control was ever made: no effect is taken for granted, and none is excluded."""


def effect(sends: Sequence[Arms]) -> Effect:
    """Pool past sends of one purpose.

    Each day's relative addition is rd = md/m0 − 1 with m0 the control's mean day; its variance md/(n m0²), and that of m0 is common to all
    days. For each half-life the amount follows by weighted least squares; the half-lives are weighed by how well they fit. Sends differ
    by the moment estimate of DerSimonian and Laird, at least `LEAST_BETWEEN`.
    """
    usable = [each for each in sends if len(each.bought) and each.told > 1 and each.kept_bought.sum() >= FEW / 3]
    if not usable:
        return UNKNOWN
    days = max(len(each.bought) for each in usable)
    base, people, bought = np.zeros(days), np.zeros(days), np.zeros(days)
    kept = sum(float(each.kept_bought.sum()) for each in usable)
    for each in usable:
        mine = slice(0, len(each.bought))
        base[mine] += each.told * each.kept_bought.sum() / (each.kept * len(each.bought))
        people[mine] += each.told
        bought[mine] += each.bought
    beyond = bought / base - 1
    variance = np.maximum(bought, 1) / base**2
    # Middle of each day; what all days share is that the control's mean is itself a guess.
    shape = np.exp2(-(np.arange(days) + 0.5)[None, :] / HALF_LIVES[:, None])
    common = 1 / kept
    covariance = np.diag(variance) + common * np.outer(1 + beyond, 1 + beyond)
    inverse = np.linalg.inv(covariance)
    precision = np.einsum("hd,de,he->h", shape, inverse, shape)
    amount = np.einsum("hd,de,e->h", shape, inverse, beyond) / precision
    left = beyond[None, :] - amount[:, None] * shape
    misfit = np.einsum("hd,de,he->h", left, inverse, left)
    # A wide prior on the amount, so that a half-life does not win by hiding the effect.
    weights = np.exp(-(misfit - misfit.min()) / 2) / np.sqrt(precision)
    return Effect(weights / weights.sum(), amount, precision**-0.5, _between(usable), len(usable))


def _between(sends: Sequence[Arms]) -> float:
    """How far the effects of sends lie apart beyond chance."""
    told = np.array([each.bought.sum() / each.told for each in sends])
    kept = np.array([each.kept_bought.sum() / each.kept for each in sends])
    found = told / kept - 1
    variance = np.array([max(each.bought.sum(), 1) / each.told**2 for each in sends]) / kept**2 + (told / kept) ** 2 / np.array([each.kept_bought.sum() for each in sends])
    if len(sends) < 2:
        return max(LEAST_BETWEEN, DOUBT / 2)
    weight = 1 / variance
    middle = (weight * found).sum() / weight.sum()
    apart = float((weight * (found - middle) ** 2).sum()) - (len(sends) - 1)
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    # Of the mean over the days that were looked at; on the first day it is as much larger as the effect is.
    return max(LEAST_BETWEEN, float(np.sqrt(max(apart / scale, 0.0))))


def extra(random: Random, rate: Column, amount: Column, half: Column) -> tuple[Ints, Column]:
    """What a message brings that would not have been: (rows, days after it), one entry a purchase. `amount` below 0 brings none."""
    expected = rate * np.maximum(amount, 0) * half / np.log(2)
    count = random.poisson(expected)
    rows = np.repeat(np.arange(len(rate)), count)
    return rows, np.asarray(-np.log2(1 - random.random(len(rows))) * half[rows])
