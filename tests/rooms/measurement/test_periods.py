"""Days, ISO weeks and months, and what a running period is compared with."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.foundation.clock import day_number, from_day_number
from siyu.measurement.periods import SERIES_LENGTH, Grain, Span, compared, period_of, series_of

DAYS = st.dates(date(1980, 1, 1), date(2200, 1, 1))
GRAINS: tuple[Grain, ...] = ("day", "week", "month")


def dates(span: Span) -> tuple[str, str]:
    return from_day_number(span.from_on).isoformat(), from_day_number(span.to_on).isoformat()


@given(DAYS)
def test_a_week_is_the_iso_week(on: date) -> None:
    week = period_of(day_number(on), "week")
    first, last = from_day_number(week.from_on), from_day_number(week.to_on)
    assert first.isoweekday() == 1
    assert first <= on <= last
    assert first.isocalendar()[:2] == on.isocalendar()[:2] == last.isocalendar()[:2]


@given(DAYS, st.sampled_from(GRAINS))
def test_periods_follow_each_other_without_gap(on: date, grain: Grain) -> None:
    series = series_of(day_number(on), grain)
    assert len(series) == SERIES_LENGTH[grain]
    assert series[-1].from_on <= day_number(on) <= series[-1].to_on
    assert all(a.to_on + 1 == b.from_on for a, b in pairwise(series))


@given(DAYS, st.sampled_from(GRAINS))
def test_like_is_compared_with_like(on: date, grain: Grain) -> None:
    day = day_number(on)
    current, previous = compared(day, grain)
    before = period_of(current.from_on - 1, grain)
    assert current == Span(period_of(day, grain).from_on, day)
    assert previous.from_on == before.from_on
    if day == period_of(day, grain).to_on:
        assert previous == before
    else:
        assert previous.days == min(current.days, before.days)


@pytest.mark.parametrize(
    ("as_of", "grain", "current", "previous"),
    [
        ("2026-11-23", "day", ("2026-11-23", "2026-11-23"), ("2026-11-22", "2026-11-22")),
        ("2026-11-25", "week", ("2026-11-23", "2026-11-25"), ("2026-11-16", "2026-11-18")),
        ("2026-11-29", "week", ("2026-11-23", "2026-11-29"), ("2026-11-16", "2026-11-22")),
        ("2026-01-02", "week", ("2025-12-29", "2026-01-02"), ("2025-12-22", "2025-12-26")),
        ("2026-11-09", "month", ("2026-11-01", "2026-11-09"), ("2026-10-01", "2026-10-09")),
        ("2026-01-31", "month", ("2026-01-01", "2026-01-31"), ("2025-12-01", "2025-12-31")),
        ("2026-03-30", "month", ("2026-03-01", "2026-03-30"), ("2026-02-01", "2026-02-28")),
        ("2026-02-28", "month", ("2026-02-01", "2026-02-28"), ("2026-01-01", "2026-01-31")),
        ("2028-02-28", "month", ("2028-02-01", "2028-02-28"), ("2028-01-01", "2028-01-28")),
        ("2028-02-29", "month", ("2028-02-01", "2028-02-29"), ("2028-01-01", "2028-01-31")),
        ("2028-03-30", "month", ("2028-03-01", "2028-03-30"), ("2028-02-01", "2028-02-29")),
    ],
)
def test_by_hand(as_of: str, grain: Grain, current: tuple[str, str], previous: tuple[str, str]) -> None:
    found = compared(day_number(date.fromisoformat(as_of)), grain)
    assert (dates(found[0]), dates(found[1])) == (current, previous)


def test_a_leap_year_has_its_day() -> None:
    february = period_of(day_number(date(2028, 2, 10)), "month")
    assert february.days == 29
    assert from_day_number(february.to_on) + timedelta(days=1) == date(2028, 3, 1)
