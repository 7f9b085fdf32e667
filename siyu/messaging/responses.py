"""Responses 响应曲线: what one message more in a week brings, learned from draws between being told and being kept back.

A send's own control is drawn by chance among people whom everything else lets through. So, among people who had k messages in
the seven days before, those who were told and those who were kept back differ by this one message alone: the difference is what the
(k + 1)-th message of a week causes. Learned by cell (`cells`) and place, each drawn towards its place's mean over all cells as far as
its own number is uncertain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from siyu.foundation.ids import Ints
from siyu.messaging.blocks import Flags

Floats = np.ndarray[Any, np.dtype[np.float64]]
Z = 1.959964
LEAST_DRAWS = 200
"""Draws of each arm that a place needs, over all cells: with fewer nothing is said about it."""
LEAST_OF_CELL = 10
"""Draws of each arm below which a cell has no number of its own and takes the mean of all."""
_LIKE_ALL = 50.0
"""As many draws with the spread of all cells are added to a cell's own: a cell in which nobody bought is not thereby certain."""


@dataclass(frozen=True)
class Draws:
    """One entry a draw: one person of the audience of one send with a control.

    Attributes
    ----------
    person : a number of theirs. cell : what they were like just before, 0 to C − 1. place : messages they had in the 7 days before.
    told : true told, false kept back. chance : probability of being told, above 0 and below 1.
    outcome : what came of them in the 7 days after, in any unit.
    """

    person: Ints
    cell: Ints
    place: Ints
    told: Flags
    chance: Floats
    outcome: Floats

    def take(self, which: Any) -> Draws:
        return Draws(self.person[which], self.cell[which], self.place[which], self.told[which], self.chance[which], self.outcome[which])

    def of(self, outcome: Floats) -> Draws:
        return Draws(self.person, self.cell, self.place, self.told, self.chance, outcome)


@dataclass(frozen=True)
class Curves:
    """Arrays of (cells, places). `effect` and `error`: what the message causes and its standard error, drawn towards all cells; `own` and
    `own_error`: the cell's own number, nan and infinite where it has none; `observed`: the mean outcome of those told, which is credit and
    not cause. `learned`: by place, whether anything may be said about it at all."""

    effect: Floats
    error: Floats
    own: Floats
    own_error: Floats
    observed: Floats
    told_count: Ints
    control_count: Ints
    learned: Flags

    @property
    def depth(self) -> int:
        """Places that are learned without a gap from the first on."""
        return int(np.argmin(np.append(self.learned, False)))


def learn(draws: Draws, cells: int, places: int) -> Curves:
    """Curves of draws; what lies at `places` or beyond is left out.

    Notes
    -----
    Arms are weighed by the inverse of their chance (Hájek), for sends keep back different shares. Errors are those of sums by person, who
    may have been drawn often. Drawn towards the mean of the place by DerSimonian and Laird (1986): with an own number d of variance s² and
    a spread t² between cells, b = s² / (s² + t²), the effect is b m + (1 − b) d.
    """
    draws = draws.take(draws.place < places)
    size, group = cells * places, draws.cell * places + draws.place
    mean, spread, told, control = _arms(draws, group, size)
    own = mean[0] - mean[1]
    own_variance = _clustered(draws, group, size, mean)
    alike = _alike(draws, spread, group, size)
    counted = np.minimum(told, control).astype(np.float64)
    share = counted / (counted + _LIKE_ALL)
    variance = np.where(counted >= LEAST_OF_CELL, share * own_variance + (1 - share) * alike, np.inf)
    shape = (cells, places)
    own, variance = np.where(np.isfinite(variance), own, np.nan).reshape(shape), variance.reshape(shape)
    effect, error = np.zeros(shape), np.full(shape, np.inf)
    for place in range(places):
        effect[:, place], error[:, place] = _drawn_in(own[:, place], variance[:, place])
    told, control = told.reshape(shape), control.reshape(shape)
    learned = (told.sum(axis=0) >= LEAST_DRAWS) & (control.sum(axis=0) >= LEAST_DRAWS)
    return Curves(effect, error, own, np.sqrt(variance), mean[0].reshape(shape), told, control, learned)


def _weights(draws: Draws) -> Floats:
    return np.where(draws.told, 1 / draws.chance, 1 / (1 - draws.chance))


def _arms(draws: Draws, group: Ints, size: int) -> tuple[list[Floats], list[float], Ints, Ints]:
    """By arm (told first) the weighed mean of each group (nan without any); the variance of all within groups; counts."""
    weight = _weights(draws)
    means, spreads, counts = [], [], []
    for mine in (draws.told, ~draws.told):
        total = np.bincount(group[mine], weight[mine], size)
        with np.errstate(invalid="ignore"):
            mean = np.bincount(group[mine], weight[mine] * draws.outcome[mine], size) / total
        rest = draws.outcome[mine] - mean[group[mine]]
        means.append(mean)
        spreads.append(float((rest**2).mean()) if mine.any() else 0.0)
        counts.append(np.bincount(group[mine], minlength=size))
    return means, spreads, counts[0], counts[1]


def _influence(draws: Draws, group: Ints, size: int) -> Floats:
    """The part of each draw in the mean of its arm."""
    weight = _weights(draws)
    total = np.bincount(group * 2 + draws.told, weight, size * 2)
    return weight / total[group * 2 + draws.told]


def _clustered(draws: Draws, group: Ints, size: int, mean: list[Floats]) -> Floats:
    """The variance of each group's difference, by person."""
    rest = draws.outcome - np.where(draws.told, mean[0][group], mean[1][group])
    part = rest * _influence(draws, group, size) * np.where(draws.told, 1, -1)
    people, person = np.unique(draws.person, return_inverse=True)
    key = group * max(1, len(people)) + person
    order = np.argsort(key, kind="stable")
    if not len(order):
        return np.zeros(size)
    heads = np.flatnonzero(np.diff(key[order], prepend=-1))
    sums = np.add.reduceat(part[order], heads)
    return np.bincount(group[order][heads], sums**2, size).astype(np.float64)


def _alike(draws: Draws, spread: list[float], group: Ints, size: int) -> Floats:
    """The variance that each group's difference would have with the spread of all."""
    part = _influence(draws, group, size)
    return np.bincount(group, part**2 * np.where(draws.told, spread[0], spread[1]), size).astype(np.float64)


def _drawn_in(own: Floats, variance: Floats) -> tuple[Floats, Floats]:
    """Effects and errors of the cells of one place."""
    there = np.isfinite(variance) & (variance > 0)
    if not there.any():
        return np.zeros(len(own)), np.full(len(own), np.inf)
    d, s = own[there], variance[there]
    weight = 1 / s
    middle = float((weight * d).sum() / weight.sum())
    scale = weight.sum() - (weight**2).sum() / weight.sum()
    between = max(0.0, (float((weight * (d - middle) ** 2).sum()) - (len(d) - 1)) / scale) if scale > 0 else 0.0
    weight = 1 / (s + between)
    middle, of_middle = float((weight * d).sum() / weight.sum()), float(1 / weight.sum())
    towards = np.ones(len(own))
    towards[there] = s / (s + between)
    effect = np.full(len(own), middle)
    effect[there] = towards[there] * middle + (1 - towards[there]) * d
    square = np.full(len(own), between + of_middle)
    square[there] = (1 - towards[there]) * s + towards[there] ** 2 * of_middle
    return effect, np.sqrt(square)
