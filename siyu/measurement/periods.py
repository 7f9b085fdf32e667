"""Periods 期间: days, ISO weeks and months as spans of local day numbers, and what a period is compared with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from siyu.foundation.clock import day_number, from_day_number

Grain = Literal["day", "week", "month"]
SERIES_LENGTH: dict[Grain, int] = {"day": 30, "week": 26, "month": 24}


@dataclass(frozen=True, order=True)
class Span:
    """Local days `from_on` to `to_on`, both included (day numbers since 1970-01-01)."""

    from_on: int
    to_on: int

    @property
    def days(self) -> int:
        return self.to_on - self.from_on + 1


def period_of(day: int, grain: Grain) -> Span:
    """The whole calendar period that contains a day; weeks begin on Monday (ISO 8601)."""
    if grain == "day":
        return Span(day, day)
    if grain == "week":
        monday = day - (day + 3) % 7  # 1970-01-01 was a Thursday.
        return Span(monday, monday + 6)
    first = from_day_number(day).replace(day=1)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return Span(day_number(first), day_number(after) - 1)


def series_of(as_of: int, grain: Grain) -> list[Span]:
    """The last 30 days, 26 weeks or 24 months as whole periods, oldest first; the last one contains `as_of`."""
    periods = [period_of(as_of, grain)]
    while len(periods) < SERIES_LENGTH[grain]:
        periods.append(period_of(periods[-1].from_on - 1, grain))
    return periods[::-1]


def compared(as_of: int, grain: Grain) -> tuple[Span, Span]:
    """(the period up to `as_of`, what it is compared with): like with like.

    A period that `as_of` completes is compared with the whole period before. An unfinished one is compared with as many
    days from the beginning of the period before; where that one is shorter (31 days of March, 28 of February), with all
    of it. Both spans are told to the reader.
    """
    period = period_of(as_of, grain)
    before = period_of(period.from_on - 1, grain)
    elapsed = Span(period.from_on, as_of)
    if as_of == period.to_on:
        return elapsed, before
    return elapsed, Span(before.from_on, min(before.from_on + elapsed.days - 1, before.to_on))
