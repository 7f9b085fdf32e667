"""The brand's days in zones with gaps and folds: days join without holes, and a gap goes to its first valid instant."""

# ruff: noqa: DTZ001  wall-clock times are what is tested

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pyarrow as pa
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from siyu.foundation.clock import Calendar, from_day_number, from_ms, month_name, month_number, to_ms
from siyu.orders import cells

ZONES = ["Asia/Shanghai", "America/New_York", "America/Sao_Paulo", "America/Havana", "Pacific/Apia", "Australia/Lord_Howe", "Africa/Cairo", "Asia/Kathmandu", "Europe/London"]
days = st.dates(date(1971, 1, 1), date(2037, 12, 1))
zones = st.sampled_from(ZONES)


@given(zones, days)
@example("America/Sao_Paulo", date(2018, 11, 4))
@example("America/Havana", date(2024, 11, 3))
@example("Pacific/Apia", date(2011, 12, 30))
@example("Pacific/Apia", date(2011, 12, 29))
@example("Australia/Lord_Howe", date(2024, 10, 6))
def test_every_day_ends_where_the_next_begins(zone: str, on: date) -> None:
    calendar = Calendar(ZoneInfo(zone))
    start, end = calendar.midnight_ms(on), calendar.end_ms(on)
    assert end == calendar.midnight_ms(on + timedelta(days=1))
    if start == end:
        assert (zone, on) == ("Pacific/Apia", date(2011, 12, 30)), "only a day that never was has no instant"
        return
    assert calendar.on(from_ms(start)) == on
    assert calendar.on(from_ms(end - 1)) == on
    assert calendar.on(from_ms(start - 1)) < on


@pytest.mark.parametrize(
    ("zone", "wall", "instant"),
    [
        ("America/New_York", datetime(2024, 3, 10, 2, 30), datetime(2024, 3, 10, 7, tzinfo=UTC)),
        ("America/New_York", datetime(2024, 3, 10, 2, 0), datetime(2024, 3, 10, 7, tzinfo=UTC)),
        ("America/New_York", datetime(2024, 3, 10, 3, 0), datetime(2024, 3, 10, 7, tzinfo=UTC)),
        ("America/New_York", datetime(2024, 11, 3, 1, 30), datetime(2024, 11, 3, 5, 30, tzinfo=UTC)),
        ("Australia/Lord_Howe", datetime(2024, 10, 6, 2, 15), datetime(2024, 10, 5, 15, 30, tzinfo=UTC)),
        ("America/Sao_Paulo", datetime(2018, 11, 4, 0, 30), datetime(2018, 11, 4, 3, tzinfo=UTC)),
        ("Pacific/Apia", datetime(2011, 12, 30, 12, 0), datetime(2011, 12, 30, 10, tzinfo=UTC)),
        ("Asia/Shanghai", datetime(1988, 4, 17, 2, 30), datetime(1988, 4, 16, 18, tzinfo=UTC)),
    ],
)
def test_a_gap_goes_to_its_first_valid_instant_and_a_fold_to_its_first(zone: str, wall: datetime, instant: datetime) -> None:
    """The same wherever a wall-clock time comes in: a setting, a schedule, a rule or the cell of a file."""
    assert Calendar(ZoneInfo(zone)).parse_local(wall) == instant
    read = cells.times(pa.array([wall.strftime("%Y-%m-%d %H:%M")]), ZoneInfo(zone), day_first=False)
    assert read.values.to_pylist() == [to_ms(instant)]


@given(zones, st.datetimes(datetime(1971, 1, 1), datetime(2037, 1, 1)).map(lambda at: at.replace(microsecond=0)))
def test_calendar_and_cells_read_every_wall_clock_alike(zone: str, wall: datetime) -> None:
    read = cells.times(pa.array([wall.isoformat(sep=" ")]), ZoneInfo(zone), day_first=False)
    assert read.values.to_pylist() == [to_ms(Calendar(ZoneInfo(zone)).parse_local(wall))]


@given(st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC)))
def test_milliseconds_are_exact(at: datetime) -> None:
    assert timedelta(0) <= at - from_ms(to_ms(at)) < timedelta(milliseconds=1)


@given(days)
def test_months_are_numbers_in_order(on: date) -> None:
    assert month_name(month_number(on)) == f"{on:%Y-%m}"
    assert month_number(from_day_number((on - date(1970, 1, 1)).days)) == month_number(on)
