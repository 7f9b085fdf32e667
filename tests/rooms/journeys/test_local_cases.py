"""Delays to a local time or a date, and send windows: the gathered cases by id, and their reference beside ours on random instants."""

from __future__ import annotations

import contextlib
import io
import json
import runpy
import sys
import warnings
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from siyu.foundation.clock import from_ms, to_ms
from siyu.journeys import local
from siyu.messaging import zones as places
from siyu.messaging.quiet import Zones

REFERENCE = Path(__file__).parents[4] / "shared" / "reference"
CASES = REFERENCE / "segment_journey_cases.jsonl"
ZONES = ("UTC", "America/New_York", "Europe/London", "Asia/Shanghai", "Australia/Lord_Howe", "America/Los_Angeles", "Asia/Kathmandu", "America/Santiago")
instants = st.datetimes(datetime(2018, 1, 1), datetime(2032, 1, 1)).map(lambda at: at.replace(microsecond=0, tzinfo=UTC))  # noqa: DTZ001  hypothesis wants naive bounds
near_changes = st.sampled_from([datetime(2024, 3, 10, 7, tzinfo=UTC), datetime(2024, 11, 3, 6, tzinfo=UTC), datetime(2024, 3, 31, 1, tzinfo=UTC), datetime(2024, 10, 5, 15, 30, tzinfo=UTC)])
moments = instants | st.tuples(near_changes, st.integers(-200_000, 200_000)).map(lambda pair: pair[0] + timedelta(seconds=pair[1]))
clocks = st.integers(0, 1439)
weekdays = st.none() | st.lists(st.integers(0, 6), min_size=1, max_size=7, unique=True)


def cases(kind: str) -> list[Any]:
    if not CASES.exists():
        return [pytest.param(None, marks=pytest.mark.skip(reason=f"{CASES.name} is not beside the repository"))]
    lines = [json.loads(line) for line in CASES.read_text(encoding="utf-8").splitlines()]
    return [pytest.param(case, id=case["id"]) for case in lines if case["kind"] == kind]


@cache
def reference() -> dict[str, Any]:
    """The functions of the simulator that was gathered with the cases."""
    if not CASES.exists():
        pytest.skip("the reference is not beside the repository")
    before, sys.argv = sys.argv, ["check_journeys", str(CASES)]
    try:
        # It leaves its file open.
        with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings(action="ignore", category=ResourceWarning):
            return runpy.run_path(str(REFERENCE / "oracle" / "check_journeys.py"))
    finally:
        sys.argv = before


def one(at: datetime) -> Any:
    return np.array([to_ms(at)], np.int64)


def everywhere(name: str) -> Zones:
    return Zones.everywhere(name, 1)


def iso(days: list[int] | None) -> tuple[int, ...]:
    """0 Sunday of the cases is 7 here."""
    return tuple(day or 7 for day in days or ())


def zone_of(rule: dict[str, Any]) -> str:
    if rule.get("user_tz"):
        return str(rule["user_tz"])
    if rule.get("lat_lon"):
        north, east = map(float, rule["lat_lon"].split(","))
        return places.at(north, east) or rule.get("default_tz") or "UTC"
    return rule.get("default_tz") or "UTC"


@pytest.mark.parametrize("case", cases("delay"))
def test_delay(case: dict[str, Any]) -> None:
    if case.get("declarative"):
        # 09:00 of New York, the brand's zone, of a person whose zone is not known: the next day that has not passed 09:00.
        for now, wanted in (("2024-01-05T13:59:00", "2024-01-05T14:00:00"), ("2024-01-05T14:00:00", "2024-01-06T14:00:00")):
            at = datetime.fromisoformat(now).replace(tzinfo=UTC)
            found = local.next_clock(everywhere("America/New_York"), one(at), 9 * 60)
            assert from_ms(int(found[0])) == datetime.fromisoformat(wanted).replace(tzinfo=UTC)
        return
    now = datetime.fromisoformat(case["now"].replace("Z", "+00:00"))
    if "rule" in case:
        found = local.next_clock(everywhere(zone_of(case["rule"])), one(now), case["rule"]["hour"] * 60 + case["rule"].get("minute", 0), iso(case["rule"].get("days")))
        assert (int(found[0]) - to_ms(now)) // 3_600_000 == case["expect_whole_hours"]
        return
    at = int(local.instants([case["value"]], everywhere("UTC"))[0])
    delay = None if at == local.UNKNOWN else (at + case["offset_s"] * 1000 - to_ms(now)) // 1000
    assert (delay if delay is not None and delay > 0 else None) == case["expect_delay_s"]


@pytest.mark.parametrize("case", cases("send_window"))
def test_send_window(case: dict[str, Any]) -> None:
    if case.get("declarative"):
        due = datetime(2021, 11, 8, 17, tzinfo=UTC)
        assert local.within(everywhere("America/New_York"), one(due), local.Window(8 * 60, 20 * 60)).tolist() == [to_ms(due)]
        return
    zones, window = known_zone(case), window_of(case)
    found = local.within(zones, one(datetime.fromisoformat(case["scheduled_utc"]).replace(tzinfo=UTC)), window)
    assert from_ms(int(zones.local(found)[0])).strftime("%Y-%m-%d %H:%M") == case["expect_local"]


def known_zone(case: dict[str, Any]) -> Zones:
    """As the product takes it: a zone that is none is the brand's."""
    return Zones.of(pa.array([case["contact_tz"]]), case["default_tz"])


def window_of(case: dict[str, Any]) -> local.Window:
    begin, end = (None if clock is None else local.minute_of(clock) for clock in case["window"])
    return local.Window(begin, end, iso(case["allowed_days"]), None if case["exact_hour"] is None else local.minute_of(case["exact_hour"]))


@given(now=moments, zone=st.sampled_from(ZONES), minute=clocks, days=weekdays)
def test_the_next_time_of_day_is_that_of_the_reference(now: datetime, zone: str, minute: int, days: list[int] | None) -> None:
    wanted = reference()["nextlocal"](now, minute // 60, minute % 60, days, user_tz=zone).astimezone(UTC)
    found = from_ms(int(local.next_clock(everywhere(zone), one(now), minute, iso(days))[0]))
    assert found > now
    agree(found, wanted, zone)


@given(
    now=moments, zone=st.sampled_from(ZONES), begin=st.none() | clocks, end=st.none() | clocks, days=weekdays, exact=st.none() | clocks,
)  # fmt: skip
def test_the_window_is_that_of_the_reference(now: datetime, zone: str, begin: int | None, end: int | None, days: list[int] | None, exact: int | None) -> None:
    now = now.replace(second=0)
    case = {
        "contact_tz": zone, "default_tz": "UTC", "scheduled_utc": now.strftime("%Y-%m-%d %H:%M"), "window": [clock(begin), clock(end)], "allowed_days": days,
        "exact_hour": clock(exact),
    }  # fmt: skip
    naive = reference()["window"](case)
    found = local.within(everywhere(zone), one(now), window_of(case))
    assert int(found[0]) >= to_ms(now)
    shown = from_ms(int(everywhere(zone).local(found)[0])).replace(tzinfo=None)
    if exists(naive, zone):
        assert shown == naive
    else:
        assert shown == first_after_gap(naive, zone)
    assert local.within(everywhere(zone), found, window_of(case)).tolist() == found.tolist() or begin == end or not exists(naive, zone)


def clock(minute: int | None) -> str | None:
    return None if minute is None else f"{minute // 60:02d}:{minute % 60:02d}"


def agree(found: datetime, wanted: datetime, zone: str) -> None:
    """The same instant; a time that does not exist goes to the first instant after the gap here, past it in the reference."""
    naive = wanted.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    shown = found.astimezone(ZoneInfo(zone)).replace(tzinfo=None)
    if found != wanted:
        assert shown <= naive
        assert timedelta(0) < wanted - found < timedelta(hours=1)
        assert (found - timedelta(seconds=1)).astimezone(ZoneInfo(zone)).utcoffset() != found.astimezone(ZoneInfo(zone)).utcoffset()


def exists(naive: datetime, zone: str) -> bool:
    return naive.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) == naive


def first_after_gap(naive: datetime, zone: str) -> datetime:
    while not exists(naive, zone):
        naive += timedelta(minutes=1)
    return naive.replace(second=0)


@given(moments=st.lists(moments, min_size=1, max_size=30), zone=st.sampled_from(ZONES), minute=clocks, data=st.data())
def test_many_people_are_answered_like_one(moments: list[datetime], zone: str, minute: int, data: st.DataObject) -> None:
    at = np.array([to_ms(now) for now in moments], np.int64)
    which = np.array(data.draw(st.lists(st.integers(0, len(ZONES) - 1), min_size=len(at), max_size=len(at))), np.int64)
    together = Zones(tuple(Zones.everywhere(name, 1).zones[0] for name in ZONES), which)
    alone = [int(local.next_clock(everywhere(ZONES[code]), at[place : place + 1], minute, (1, 3))[0]) for place, code in enumerate(which.tolist())]
    assert local.next_clock(together, at, minute, (1, 3)).tolist() == alone


def test_a_window_ends_with_its_hour_or_its_last_day() -> None:
    friday = one(datetime(2026, 11, 20, 6, tzinfo=UTC))
    shanghai = everywhere("Asia/Shanghai")
    assert from_ms(int(local.ends(shanghai, friday, local.Window(9 * 60, 18 * 60))[0])) == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert from_ms(int(local.ends(shanghai, friday, local.Window(weekdays=(4, 5)))[0])) == datetime(2026, 11, 20, 16, tzinfo=UTC)


def test_who_was_born_on_a_leap_day_has_it_on_the_28th_in_other_years() -> None:
    born = np.array([np.datetime64("1996-02-29", "D").astype(np.int64)] * 3)
    since = np.array([np.datetime64(day, "D").astype(np.int64) for day in ("2027-01-01", "2028-02-01", "2027-03-01")])
    assert [str(np.datetime64(int(day), "D")) for day in local.anniversary(born, since)] == ["2027-02-28", "2028-02-29", "2028-02-29"]


def test_what_events_say_of_dates_is_read_with_the_persons_clock() -> None:
    said = [1_704_114_000, "1704114000000", "2024-01-01T14:00:00+01:00", "2024-01-01 09:30", "2024-01-02", None, True, "soon", float("nan"), [1]]
    found = local.instants(said, Zones.everywhere("Asia/Shanghai", len(said)))
    readable = [from_ms(int(ms)) if ms != local.UNKNOWN else None for ms in found]
    assert readable == [
        datetime(2024, 1, 1, 13, tzinfo=UTC), datetime(2024, 1, 1, 13, tzinfo=UTC), datetime(2024, 1, 1, 13, tzinfo=UTC), datetime(2024, 1, 1, 1, 30, tzinfo=UTC),
        datetime(2024, 1, 1, 16, tzinfo=UTC), None, None, None, None, None,
    ]  # fmt: skip
