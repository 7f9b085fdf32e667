"""What a market is asked to be: seed, size, how long it is looked at, and the budgets of its cycles."""

from __future__ import annotations

import datetime as dt
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

DAY: Final = 86_400.0
ZONE_SECONDS: Final = 8 * 3600
WEEKS: Final = 6
"""Weeks in which money is spent, per cycle."""
SPENT_DAYS: Final = 7 * WEEKS
CYCLE_DAYS: Final = 63
"""From the beginning of one cycle to that of the next: nine weeks, so that each begins on a Monday."""
BUDGET_YUAN: Final = 100_000.0
"""Spent in a cycle by a market of 10,000 people; other sizes in proportion."""
MOST_CYCLES: Final = 3
"""After the first."""
MOST_PEOPLE: Final = 2_000_000


@dataclass(frozen=True)
class Plan:
    """One market, looked at `days` after the beginning of its cycle `cycle`.

    Parameters
    ----------
    seed : equal seeds are the same market; what happens does not depend on `days`.
    people : about how many people are added in the first cycle, ≥ 500.
    days : how far into the last cycle it is looked at, 1 to 63.
    cycle : number of the last cycle; 0 is the first, with the brand's habitual budgets.
    budgets : cycle → source → yuan. A cycle without budgets repeats those of the cycle before.
    began_on : a Monday, the first local day (Asia/Shanghai).
    """

    seed: int
    people: int = 10_000
    days: int = 60
    cycle: int = 0
    budgets: Mapping[int, Mapping[str, float]] = field(default_factory=dict)
    began_on: dt.date = dt.date(2026, 8, 31)

    def __post_init__(self) -> None:
        """Report every fault at once."""
        faults = [
            name
            for name, bad in (
                ("seed must not be negative", self.seed < 0),
                (f"people must be 500 to {MOST_PEOPLE:,}", not 500 <= self.people <= MOST_PEOPLE),
                (f"days must be 1 to {CYCLE_DAYS}", not 1 <= self.days <= CYCLE_DAYS),
                (f"cycle must be 0 to {MOST_CYCLES}", not 0 <= self.cycle <= MOST_CYCLES),
                ("began_on must be a Monday", self.began_on.weekday() != 0),
                ("budgets must not be negative", any(not v >= 0 for row in self.budgets.values() for v in row.values())),
            )
            if bad
        ]
        if faults:
            raise ValueError("; ".join(faults))

    @property
    def scale(self) -> float:
        """Size against a market of 10,000 people."""
        return self.people / 10_000

    @property
    def seen(self) -> float:
        """Seconds from the beginning to the moment at which it is looked at."""
        return (self.cycle * CYCLE_DAYS + self.days) * DAY

    def stream(self, subject: str, number: int = 0) -> np.random.Generator:
        """A generator of its own for each subject: a change in one moves no other."""
        words = [self.seed, zlib.crc32(subject.encode()), number]
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence(words)))

    def microseconds(self, seconds: np.ndarray) -> np.ndarray:
        """Seconds since the beginning → microseconds since the epoch (UTC)."""
        epoch = (self.began_on - dt.date(1970, 1, 1)).days * int(DAY) - ZONE_SECONDS
        found: np.ndarray = epoch * 1_000_000 + np.floor(seconds).astype(np.int64) * 1_000_000
        return found

    def on(self, day: int) -> dt.date:
        """The local date of a day's number."""
        return self.began_on + dt.timedelta(days=day)


def read_budgets(path: Path) -> dict[int, dict[str, float]]:
    """Budgets from JSON: {"1": {"s1": 12000, …}, "2": {…}}, yuan a cycle by source."""
    told = json.loads(path.read_text(encoding="utf-8"))
    return {int(cycle): {str(name): float(yuan) for name, yuan in row.items()} for cycle, row in told.items()}
