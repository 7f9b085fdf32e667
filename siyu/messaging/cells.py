"""Cells 人群格: what a person was like at an instant, by what was known of them then: what they bought, and whether they answered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from siyu.foundation.clock import DAY_MS
from siyu.foundation.ids import Ints
from siyu.foundation.text import Text
from siyu.messaging.responses import Floats

BOUGHT_DAYS, LATELY_DAYS, ANSWERED_DAYS, OFTEN = 365, 60, 28, 3
_BOUGHT = (
    ("none", Text("近一年没买过", "bought nothing for a year")),
    ("earlier", Text("一年内买过，近 60 天没有", "bought within a year, not in 60 days")),
    ("lately", Text("近 60 天买过 1–2 次的人", "bought in 60 days, once or twice in a year")),
    ("often", Text("近 60 天买过，一年 3 次以上", "bought in 60 days, three times a year or more")),
)
_ANSWERED = (("silent", Text("近 28 天没有互动", "did not answer in 28 days")), ("answers", Text("近 28 天有互动", "answered in 28 days")))
CODES = tuple(f"{bought}_{answered}" for bought, _ in _BOUGHT for answered, _ in _ANSWERED)
"""Their place here is their number."""
NAMES = {f"{b}_{a}": Text(f"{zb},{za}", f"{eb}; {ea}") for b, (zb, eb) in ((c, (t.zh, t.en)) for c, t in _BOUGHT) for a, (za, ea) in ((c, (t.zh, t.en)) for c, t in _ANSWERED)}


@dataclass(frozen=True)
class Happened:
    """Instants of people, in the order of (person, instant), with an amount each: counted and added up between any two instants."""

    key: Ints
    total: Floats
    since_ms: int
    span: int

    @classmethod
    def of(cls, person: Ints, at_ms: Ints, since_ms: int, until_ms: int, amount: Ints | None = None) -> Happened:
        """`person`: places from 0; whoever is −1 is left out, and so is what lies outside of [since, until)."""
        mine = (person >= 0) & (at_ms >= since_ms) & (at_ms < until_ms)
        span = until_ms - since_ms + 1
        key = person[mine] * span + (at_ms[mine] - since_ms)
        order = np.argsort(key, kind="stable")
        amounts = np.ones(len(key)) if amount is None else amount[mine].astype(np.float64)
        return cls(key[order], np.concatenate([[0.0], np.cumsum(amounts[order])]), since_ms, span)

    def places(self, person: Ints, at_ms: Ints) -> Ints:
        found: Ints = np.searchsorted(self.key, person * self.span + np.clip(at_ms - self.since_ms, 0, self.span - 1))
        return found

    def count(self, person: Ints, from_ms: Ints, to_ms: Ints) -> Ints:
        """How many in [from, to)."""
        return self.places(person, to_ms) - self.places(person, from_ms)

    def sum(self, person: Ints, from_ms: Ints, to_ms: Ints) -> Floats:
        """The amounts in [from, to)."""
        found: Floats = self.total[self.places(person, to_ms)] - self.total[self.places(person, from_ms)]
        return found


def cells_at(person: Ints, at_ms: Ints, bought: Happened, answered: Happened) -> Ints:
    """The cell of each person at an instant, by what lies before it."""
    year = bought.count(person, at_ms - BOUGHT_DAYS * DAY_MS, at_ms)
    lately = bought.count(person, at_ms - LATELY_DAYS * DAY_MS, at_ms)
    kind = np.where(year == 0, 0, np.where(lately == 0, 1, np.where(year < OFTEN, 2, 3)))
    return kind * len(_ANSWERED) + (answered.count(person, at_ms - ANSWERED_DAYS * DAY_MS, at_ms) > 0)
