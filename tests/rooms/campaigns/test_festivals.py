"""The table of festivals against the moon and the sun: each lunar day is computed anew, after Meeus, in the time of Beijing."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from math import floor, radians, sin

import pytest

from siyu.campaigns.festivals import FIRST_YEAR, LAST_YEAR, NAMES, festivals_between

BEIJING = timedelta(hours=8)
SYNODIC = 29.530588861
# Month and day of the lunar year.
LUNAR = {"spring": (1, 1), "lantern": (1, 15), "dragon_boat": (5, 5), "qixi": (7, 7), "mid_autumn": (8, 15)}


def _instant(julian: float) -> datetime:
    """Dynamical time to UTC: about 72 seconds between them in these years."""
    return datetime(2000, 1, 1, 12, tzinfo=UTC) + timedelta(days=julian - 2451545.0, seconds=-72)


def _new_moon(number: int) -> date:
    """The day in Beijing of a new moon, counted from that of 2000-01-06 (Meeus, Astronomical Algorithms, chapter 49)."""
    t = number / 1236.85
    julian = 2451550.09766 + SYNODIC * number + 0.00015437 * t**2
    e = 1 - 0.002516 * t
    sun = radians(2.5534 + 29.10535670 * number)
    moon = radians(201.5643 + 385.81693528 * number + 0.0107582 * t**2)
    f = radians(160.7108 + 390.67050284 * number - 0.0016118 * t**2)
    node = radians(124.7746 - 1.56375588 * number)
    julian += (
        -0.40720 * sin(moon) + 0.17241 * e * sin(sun) + 0.01608 * sin(2 * moon) + 0.01039 * sin(2 * f) + 0.00739 * e * sin(moon - sun)
        - 0.00514 * e * sin(moon + sun) + 0.00208 * e * e * sin(2 * sun) - 0.00111 * sin(moon - 2 * f) - 0.00057 * sin(moon + 2 * f)
        + 0.00056 * e * sin(2 * moon + sun) - 0.00042 * sin(3 * moon) + 0.00042 * e * sin(sun + 2 * f) + 0.00038 * e * sin(sun - 2 * f)
        - 0.00024 * e * sin(2 * moon - sun) - 0.00017 * sin(node)
    )  # fmt: skip
    return (_instant(julian) + BEIJING).date()


def _sun(at: datetime) -> float:
    """The sun's apparent longitude, degrees (Meeus, chapter 25)."""
    t = ((at - datetime(2000, 1, 1, 12, tzinfo=UTC)).total_seconds() + 72) / 86_400 / 36_525
    mean = radians(357.52911 + 35_999.05029 * t)
    centre = (1.914602 - 0.004817 * t) * sin(mean) + (0.019993 - 0.000101 * t) * sin(2 * mean) + 0.000289 * sin(3 * mean)
    return (280.46646 + 36_000.76983 * t + centre - 0.00569 - 0.00478 * sin(radians(125.04 - 1_934.136 * t))) % 360


def _day_of(degrees: int, near: date) -> date:
    """The day in Beijing, within 20 days, on which the sun reaches a longitude."""
    for number in range(-20, 21):
        day = near + timedelta(days=number)
        starts = datetime(day.year, day.month, day.day, tzinfo=UTC) - BEIJING
        before, after = ((_sun(at) - degrees + 180) % 360 - 180 for at in (starts, starts + timedelta(days=1)))
        if before < 0 <= after:
            return day
    raise AssertionError(f"the sun does not reach {degrees} near {near}")


def _months(year: int) -> dict[int, date]:
    """First days of the months 1 to 10 of a lunar year. The month of the winter solstice is the 11th; if there are thirteen from one to the
    next, the first without a principal term is the leap one and has no number (GB/T 33661-2017)."""
    solstices = [_day_of(270, date(each, 12, 21)) for each in (year - 1, year)]
    terms = [_day_of(30 * (number % 12), date(year - 1, 12, 21) + timedelta(days=round(30.44 * (number - 9)))) for number in range(9, 22)]
    near = floor((solstices[0] - date(2000, 1, 6)).days / SYNODIC)
    moons = [_new_moon(number) for number in range(near - 2, near + 18)]
    eleventh, following = (max(place for place, moon in enumerate(moons) if moon <= solstice) for solstice in solstices)
    months, number, is_leap_due = {}, 11, following - eleventh == 13
    for place in range(eleventh + 1, following):
        has_term = any(moons[place] <= term < moons[place + 1] for term in terms)
        if is_leap_due and not has_term:
            is_leap_due = False
            continue
        number = number % 12 + 1
        months[number] = moons[place]
    return months


@pytest.mark.parametrize("year", range(FIRST_YEAR, LAST_YEAR + 1))
def test_each_lunar_day_is_that_of_the_moon_and_the_sun(year: int) -> None:
    days = {each.key: each.on for each in festivals_between(date(year, 1, 1), date(year, 12, 31))}
    months = _months(year)
    for key, (month, day) in LUNAR.items():
        assert months[month] + timedelta(days=day - 1) == days[key], (year, key)
    assert _day_of(15, date(year, 4, 5)) == days["qingming"]


def test_days_of_a_span_in_order() -> None:
    found = festivals_between(date(2026, 11, 1), date(2027, 2, 28))
    assert [(each.on.isoformat(), each.key) for each in found] == [
        ("2026-11-11", "double_11"), ("2026-12-12", "double_12"), ("2026-12-25", "christmas"), ("2027-01-01", "new_year"), ("2027-01-16", "new_year_goods"),
        ("2027-02-06", "spring"), ("2027-02-14", "valentine"), ("2027-02-20", "lantern"),
    ]  # fmt: skip


def test_every_year_has_every_festival_and_none_lies_outside_the_table() -> None:
    for year in range(FIRST_YEAR, LAST_YEAR + 1):
        found = festivals_between(date(year - 1, 12, 1), date(year + 1, 1, 31))
        assert NAMES.keys() == {each.key for each in found if each.on.year == year}
        assert (_named("mother", found, year).weekday(), _named("father", found, year).weekday()) == (6, 6)
    assert festivals_between(date(LAST_YEAR + 1, 1, 1), date(LAST_YEAR + 5, 1, 1)) == []


def _named(key: str, found: list, year: int) -> date:  # type: ignore[type-arg]
    return next(each.on for each in found if each.key == key and each.on.year == year)
