"""Company 同来的人: how likely somebody is a zombie or a deal-hunter, given how many of those who came by the same source look like one.

The rate of `segments_quality` is by behaviour alone, with the share of such people that is usual. Where a source brings five times as many,
the same behaviour means more. The share of each source is found with the chances themselves, by expectation and maximisation: the mean of its
people's chances must be the share that they were reckoned with. Worked numbers: docs/theory/waste.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

Floats = np.ndarray[Any, np.dtype[np.float64]]
PRIOR_PEOPLE = 30.0
"""A source's share is drawn to that of all as if so many more people of the brand had come by it."""
LEAST, STEPS, EXACT = 1e-4, 100, 1e-5


@dataclass(frozen=True)
class Belief:
    """How far the company is believed. `usual`: the share among the people that the rates were learnt on. `trust`: 0 not at all, 1 as if
    behaviour had nothing to do with the source. `moves_only`: between sources, the sum over all stays what behaviour says."""

    usual: float
    trust: float = 1.0
    moves_only: bool = False


def among(rate: Floats, belief: Belief, group: np.ndarray[Any, Any], counted: np.ndarray[Any, Any]) -> Floats:
    """The chance of each person, 0–1, from the rate; those not counted keep theirs, and what is certain (0 or 1) stays. `group`: 0 … n, the source."""
    found = rate.astype(float)
    free = counted & (rate > 0) & (rate < 1)
    if free.any():
        odds = found[free] / (1 - found[free])
        weighed = odds * _company(odds, belief, group[free])
        found[free] = weighed / (1 + weighed) if not belief.moves_only else _scaled(weighed, float(found[free].sum()))
    return found


def _company(odds: Floats, belief: Belief, group: np.ndarray[Any, Any]) -> Floats:
    """By what each person's odds are multiplied."""
    people, usual = np.bincount(group).astype(float), belief.usual
    share = np.full(len(people), usual)
    factor = np.ones(len(people))
    for _ in range(STEPS):
        factor = (share / (1 - share) * (1 - usual) / usual) ** belief.trust
        chance = 1 - 1 / (1 + odds * factor[group])
        whole = (chance.sum() + PRIOR_PEOPLE * usual) / (len(chance) + PRIOR_PEOPLE)
        new = np.clip((np.bincount(group, chance, len(people)) + PRIOR_PEOPLE * whole) / (people + PRIOR_PEOPLE), LEAST, 1 - LEAST)
        if np.abs(new - share).max() < EXACT:
            break
        share = new
    found: Floats = factor[group]
    return found


def _scaled(odds: Floats, total: float) -> Floats:
    """Chances by these odds times one factor for all, so that they add up to `total`."""
    low, high = -20.0, 20.0
    for _ in range(50):
        middle = (low + high) / 2
        if (1 - 1 / (1 + odds * np.exp(middle))).sum() < total:
            low = middle
        else:
            high = middle
    found: Floats = 1 - 1 / (1 + odds * np.exp((low + high) / 2))
    return found
