"""What to generate: size, window and seed, and the random stream of each subject."""

import datetime as dt
import zlib
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

ZONE_OFFSET_SECONDS: Final = 8 * 3600
"""Asia/Shanghai; one fixed offset since 1991."""
DAY_SECONDS: Final = 86_400
MICROSECOND: Final = 1_000_000


@dataclass(frozen=True)
class Plan:
    """One run of the generator.

    Parameters
    ----------
    customers : number of people known to the brand, buyers and prospects, ≥ 1.
    months : length of the window in calendar months, ≥ 1.
    until : first local day that is *not* in the data, so no event lies in the future of that day.
    seed : any non-negative number; equal plans give equal bytes.
    batch : people generated at once; bounds memory, and is part of the plan because it orders the draws.
    """

    customers: int = 4_000
    months: int = 24
    until: dt.date = dt.date(2026, 11, 22)
    seed: int = 20261122
    batch: int = 20_000

    def __post_init__(self) -> None:
        """Report every fault of the plan at once."""
        faults = [
            name
            for name, bad in (
                ("customers must be 1 to 50,000,000", not 1 <= self.customers <= 50_000_000),
                ("months must be 1 to 120", not 1 <= self.months <= 120),
                ("seed must not be negative", self.seed < 0),
                ("batch must be at least 1", self.batch < 1),
            )
            if bad
        ]
        if faults:
            raise ValueError("; ".join(faults))

    @property
    def began_on(self) -> dt.date:
        """First local day in the data: `until` minus `months`, clipped to the length of that month."""
        month = self.until.year * 12 + self.until.month - 1 - self.months
        year, month = divmod(month, 12)
        after = dt.date(year + month // 11, (month + 1) % 12 + 1, 1)
        return dt.date(year, month + 1, min(self.until.day, (after - dt.timedelta(days=1)).day))

    @property
    def days(self) -> int:
        """Length of the window in days."""
        return (self.until - self.began_on).days

    @property
    def seconds(self) -> float:
        """Length of the window in seconds; times inside the generator count from its local midnight."""
        return float(self.days * DAY_SECONDS)

    def utc_microseconds(self, seconds: Floats) -> Ints:
        """Seconds since the window began, as microseconds since the Unix epoch (UTC)."""
        epoch = (self.began_on - dt.date(1970, 1, 1)).days * DAY_SECONDS - ZONE_OFFSET_SECONDS
        return epoch * MICROSECOND + (seconds * MICROSECOND).astype(np.int64)

    def months_of(self, seconds: Floats) -> Ints:
        """Local calendar month as months since January 1970."""
        days = np.datetime64(self.began_on, "D") + (seconds // DAY_SECONDS).astype("timedelta64[D]")
        return days.astype("datetime64[M]").astype(np.int64)

    def stream(self, subject: str, batch: int = 0) -> np.random.Generator:
        """Return the generator of one subject in one batch: a change in one subject moves no other."""
        key = zlib.crc32(subject.encode())
        return np.random.Generator(np.random.PCG64(np.random.SeedSequence([self.seed, key, batch])))


def choose(random: np.random.Generator, weights: Floats, count: int) -> Ints:
    """Draw `count` positions in proportion to `weights` (need not sum to 1)."""
    edges = np.cumsum(weights) / np.sum(weights)
    return np.minimum(np.searchsorted(edges, random.random(count), side="right"), len(weights) - 1)
