"""Clock 时钟: now, and the brand's calendar 品牌日历 (days, weeks and months in its own time zone)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
EPOCH_ON = date(1970, 1, 1)
DAY_MS = 86_400_000


def system_clock() -> datetime:
    """The machine's clock, aware UTC."""
    return datetime.now(UTC)


def to_ms(at: datetime) -> int:
    """Epoch milliseconds of an aware instant (exact integer arithmetic)."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


def from_ms(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)


def day_number(on: date) -> int:
    """Days since 1970-01-01, the form in which local dates are stored in the warehouse."""
    return (on - EPOCH_ON).days


def from_day_number(day: int) -> date:
    return EPOCH_ON + timedelta(days=day)


def month_number(on: date) -> int:
    """Year × 12 + (month − 1): months as integers compare and subtract alike on every engine."""
    return on.year * 12 + on.month - 1


def month_name(month: int) -> str:
    return f"{month // 12:04d}-{month % 12 + 1:02d}"


@dataclass(frozen=True)
class Calendar:
    """The brand's days. A local day is [midnight, next midnight) in `zone`; a gap goes to the first valid instant."""

    zone: ZoneInfo

    def on(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    def midnight(self, on: date) -> datetime:
        """The first instant of the local day `on`, aware UTC."""
        return self.parse_local(datetime(on.year, on.month, on.day))  # noqa: DTZ001  a wall-clock time is meant

    def midnight_ms(self, on: date) -> int:
        return to_ms(self.midnight(on))

    def end_ms(self, on: date) -> int:
        """The first instant after the local day `on`."""
        return self.midnight_ms(on + timedelta(days=1))

    def parse_local(self, naive: datetime) -> datetime:
        """An aware UTC instant from a wall-clock time in the brand's zone; one that occurs twice is its first."""
        at = naive.replace(tzinfo=self.zone, fold=0)
        instant = at.astimezone(UTC)
        if instant.astimezone(self.zone).replace(tzinfo=None) == naive.replace(fold=0):
            return instant
        # In a gap `fold` 0 and 1 read the clock of before and of after it; their difference is its length.
        return self._first_after_gap(instant, at.replace(fold=1).astimezone(UTC))

    def _first_after_gap(self, late: datetime, early: datetime) -> datetime:
        """The instant at which the clock jumps, known to lie in (early, late]."""
        before = early.astimezone(self.zone).utcoffset()
        while late - early > timedelta(seconds=1):
            middle = early + (late - early) // 2
            early, late = (middle, late) if middle.astimezone(self.zone).utcoffset() == before else (early, middle)
        return late.replace(microsecond=0)
