"""Who receives by a live code: pure decisions, checked by cases and for any plan."""

from __future__ import annotations

import os
from datetime import datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from siyu.acquisition import code_plans
from siyu.acquisition.code_plans import Moment, Plan, Receiver, Shift, decide
from siyu.foundation.errors import InvalidError

WEDNESDAY = datetime(2026, 1, 7, 10, 0)  # noqa: DTZ001  a wall clock is meant
ANY = settings(max_examples=400 if os.environ.get("ALL_CASES") else 30, deadline=None)


def plan(*names: str, limit: int | None = None, **rest: object) -> Plan:
    return Plan(tuple(Receiver(name, limit) for name in names), **rest)  # type: ignore[arg-type]


def at(hour: int, minute: int = 0, day: int = 7) -> datetime:
    return datetime(2026, 1, day, hour, minute)  # noqa: DTZ001


def test_without_shifts_and_limits_everybody_receives() -> None:
    found = decide(plan("a", "b"), Moment(WEDNESDAY))
    assert (found.staff, found.states) == (("a", "b"), {"a": "receives", "b": "receives"})


@pytest.mark.parametrize(
    ("local", "expected"),
    [(at(8, 59), ("z",)), (at(9), ("a",)), (at(17, 59), ("a",)), (at(18), ("z",)), (at(9, day=10), ("z",))],
    ids=["before", "first minute", "last minute", "its end is not in it", "Saturday"],
)
def test_a_shift_is_half_open_and_holds_on_its_days(local: datetime, expected: tuple[str, ...]) -> None:
    mine = plan("a", fallback=("z",), shifts=(Shift((1, 2, 3, 4, 5), "09:00", "18:00"),))
    assert decide(mine, Moment(local)).staff == expected


def test_a_shift_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = plan("a", fallback=("z",), shifts=(Shift((3,), "22:00", "06:00"),))
    shown = [decide(night, Moment(one)).staff[0] for one in (at(23, day=7), at(5, 59, day=8), at(6, day=8), at(5, day=7))]
    assert shown == ["a", "a", "z", "z"]


def test_shifts_name_who_is_on_duty() -> None:
    mine = plan("a", "b", "c", fallback=("z",), shifts=(Shift((3,), "09:00", "12:00", ("a",)), Shift((3,), "10:00", "24:00", ("b",))))
    assert [decide(mine, Moment(at(hour))).staff for hour in (9, 11, 13)] == [("a",), ("a", "b"), ("b",)]


def test_whoever_is_full_rests_and_the_next_goes_on() -> None:
    mine = Plan((Receiver("a", 2), Receiver("b", 5)), fallback=("z",))
    assert decide(mine, Moment(WEDNESDAY, mine={"a": 2, "b": 4})).staff == ("b",)
    both = decide(mine, Moment(WEDNESDAY, mine={"a": 2, "b": 5}))
    assert (both.staff, both.states) == (("z",), {"a": "full", "b": "full", "z": "falls_back"})


def test_when_nobody_else_may_serve_the_code_still_leads_to_somebody() -> None:
    mine = Plan((Receiver("a", 1),), fallback=("z",))
    assert decide(mine, Moment(WEDNESDAY, mine={"a": 1}, working={"a"})).staff == ("a",)
    assert decide(mine, Moment(WEDNESDAY, working=set())).staff == ()


def test_the_least_loaded_receive_and_nobody_flickers() -> None:
    mine = plan("a", "b", limit=100, balance="least_loaded", fallback=("z",))
    carried = {"a": 15, "b": 0}
    assert decide(mine, Moment(WEDNESDAY, all_day=carried, now_on=("a", "b"))).states["a"] == "carries_more"
    # 8 more: within a step for somebody who is on, not within half a step for somebody who rests.
    assert decide(mine, Moment(WEDNESDAY, all_day={"a": 8}, now_on=("a", "b"))).staff == ("a", "b")
    assert decide(mine, Moment(WEDNESDAY, all_day={"a": 8}, now_on=("b",))).staff == ("b",)
    assert decide(mine, Moment(WEDNESDAY, all_day={"a": 5}, now_on=("b",))).staff == ("a", "b")


def test_load_is_measured_against_each_ones_own_limit() -> None:
    mine = Plan((Receiver("a", 20), Receiver("b", 200)), fallback=("z",), balance="least_loaded")
    assert decide(mine, Moment(WEDNESDAY, all_day={"a": 10, "b": 20}, now_on=("a", "b"))).staff == ("b",)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (Plan(), "plan.receivers"),
        (plan("a", "a"), "plan.receivers"),
        (plan("a", limit=0, fallback=("z",)), "plan.receivers.0.daily_limit"),
        (plan("a", limit=5), "plan.fallback"),
        (plan("a", shifts=(Shift((1,), "09:00", "18:00"),)), "plan.fallback"),
        (plan("a", fallback=("z",), shifts=(Shift((), "09:00", "18:00"),)), "plan.shifts.0.days"),
        (plan("a", fallback=("z",), shifts=(Shift((1,), "9:00", "18:00"),)), "plan.shifts.0.from_time"),
        (plan("a", fallback=("z",), shifts=(Shift((1,), "09:00", "25:00"),)), "plan.shifts.0.until_time"),
        (plan("a", fallback=("z",), shifts=(Shift((1,), "09:00", "18:00", ("b",)),)), "plan.shifts.0.staff"),
    ],
)
def test_what_would_lead_nowhere_is_refused(wrong: Plan, field: str) -> None:
    with pytest.raises(InvalidError) as refused:
        code_plans.check(wrong)
    assert field in [fault.field for fault in refused.value.faults]


NAMES = st.sampled_from("abcdef")
TIMES = st.integers(0, 95).map(lambda quarter: f"{quarter // 4:02d}:{quarter % 4 * 15:02d}")
SHIFTS = st.builds(Shift, st.sets(st.integers(1, 7), min_size=1).map(tuple), TIMES, TIMES, st.sets(NAMES, max_size=3).map(tuple))
PLANS = st.builds(
    Plan, st.dictionaries(NAMES, st.none() | st.integers(1, 9), min_size=1).map(lambda held: tuple(Receiver(*one) for one in held.items())),
    st.lists(SHIFTS, max_size=3).map(tuple), st.sets(st.sampled_from("xyzab"), min_size=1).map(tuple), st.sampled_from(["lot", "least_loaded"]),
)  # fmt: skip
COUNTS = st.dictionaries(st.sampled_from("abcdefxyz"), st.integers(0, 12))


@ANY
@given(PLANS, COUNTS, COUNTS, st.sets(st.sampled_from("abcdefxyz")), st.sets(NAMES), st.integers(0, 60 * 24 * 7 - 1))
def test_for_any_plan_nobody_absent_receives_and_somebody_does_if_anybody_may(
    any_plan: Plan, mine: dict[str, int], all_day: dict[str, int], working: set[str], now_on: set[str], minute: int
) -> None:
    local = datetime(2026, 1, 5 + minute // 1440, minute // 60 % 24, minute % 60)  # noqa: DTZ001
    found = decide(any_plan, Moment(local, mine, {**mine, **all_day}, working, now_on))
    assert set(found.staff) <= working & set(any_plan.staff)
    assert bool(found.staff) == bool(working & set(any_plan.staff))
    duty, limits = code_plans.on_duty(any_plan, local), {one.staff: one.daily_limit for one in any_plan.receivers}
    regular = [one for one in limits if one in working & duty and (limits[one] is None or mine.get(one, 0) < (limits[one] or 0))]
    if regular:
        # While anybody regular is free, nobody who is full or off duty receives.
        assert set(found.staff) <= set(regular)
    assert set(found.states) == set(any_plan.staff)
    again = decide(any_plan, Moment(local, mine, {**mine, **all_day}, working, found.staff))
    assert decide(any_plan, Moment(local, mine, {**mine, **all_day}, working, again.staff)).staff == again.staff, "it settles"
