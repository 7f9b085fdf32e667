"""Again 再次: how often people do a thing again so long after they last did it, against how often they do it on average.

Whoever has just bought needs nothing for a while: the same orders come from more people than if each day stood by itself. Learned from the
brand's own history; theory: `docs/theory/rehearsal.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from siyu.foundation.clock import DAY_MS
from siyu.foundation.ids import Ints
from siyu.journeys.response import Column, Own, Random

if TYPE_CHECKING:
    from siyu.journeys._history import Watched
AGES = np.array([0, 1, 2, 3, 4, 6, 9, 14])
"""Days since the last time at which a stretch begins; the last has no end, and is that of people who were never seen to do it."""
PRIOR = 30.0
"""So many happenings is worth the guess that the last time makes no difference."""


@dataclass(frozen=True)
class Again:
    """How often a thing is done by the time since the last one.

    Attributes
    ----------
    often : for each stretch of `AGES`, a multiple of a person's own mean rate.
    place, at_ms : what was seen to happen, by person and time.
    """

    often: Column
    place: Ints
    at_ms: Ints

    @property
    def most(self) -> float:
        """Of a person's mean rate, how often somebody does it who has not done it for long."""
        return float(self.often[-1])

    def days_since(self, place: Ints, at_ms: Ints) -> Column:
        """Days since each of these people last did it by then; without end if they never did."""
        if not len(self.place):
            return np.full(len(place), np.inf)
        first = int(self.at_ms.min())
        span = int(max(self.at_ms.max(), at_ms.max(initial=0))) - first + 2
        last = np.searchsorted(self.place * span + (self.at_ms - first), place * span + np.maximum(at_ms - first, -1), side="right") - 1
        known = (last >= 0) & (self.place[last] == place)
        return np.where(known, (at_ms - self.at_ms[last]) / DAY_MS, np.inf)

    def thinned(self, random: Random, row: Ints, days: Column, since: Column) -> Column:
        """Of what would happen if all did it `most` often, sorted by row and day: whether it does happen.

        `days` are counted from when a row begins; `since`: by row, days since the last one at that time.
        """
        kept = np.ones(len(row), np.bool_)
        shares = self.often / self.most
        if (shares >= 1).all() or not len(row):
            return kept
        last = -since
        turn = np.arange(len(row)) - np.searchsorted(row, row)
        luck = random.random(len(row))
        # The first of each row, then the second …: how long ago the last was depends on which of them came about.
        order = np.argsort(turn, kind="stable")
        edges = np.searchsorted(turn[order], np.arange(int(turn.max()) + 2))
        for begin, end in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
            some = order[begin:end]
            age = np.searchsorted(AGES, days[some] - last[row[some]], side="right") - 1
            kept[some] = luck[some] < shares[age]
            some = some[kept[some]]
            last[row[some]] = days[some]
        return kept


def again(own: Own, place: Ints, at_ms: Ints, free: Column, time: Watched) -> Again:
    """Learn it from what happened (sorted by person and time; `free`: with no message near) in the time that was watched.

    Happenings of an age against those that the mean rates of the people who were of that age would have brought in that time.
    """
    seen = np.zeros(len(AGES))
    if own.assumed:
        return Again(np.ones(len(AGES)), place, at_ms)
    rate = (own.shape + own.count) / (own.days + own.exposure)
    follows = np.append(False, place[1:] == place[:-1])
    ages = np.where(follows, np.append(0, np.diff(at_ms)) / DAY_MS, np.inf)
    np.add.at(seen, np.searchsorted(AGES, ages[free], side="right") - 1, 1)
    end = np.where(np.append(follows[1:], False), np.append(at_ms[1:], 0), time.until_ms)
    edges = np.minimum(at_ms[:, None] + AGES[None, :] * DAY_MS, end[:, None])
    watched = np.stack([time.free_days(place, edges[:, one]) for one in range(len(AGES))] + [time.free_days(place, end)], axis=1)
    due = rate[place] @ np.diff(watched, axis=1) if len(place) else np.zeros(len(AGES))
    # Before somebody's first time, and all the time of those who have none.
    due[-1] = float(rate @ own.exposure) - due[:-1].sum()
    # More often the longer ago it was: what comes in bursts, and chance, is evened out to the mean.
    often = scipy.optimize.isotonic_regression((seen + PRIOR) / (due + PRIOR), weights=due + PRIOR).x
    return Again(often, place, at_ms)
