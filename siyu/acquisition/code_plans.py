"""Plans 接待安排: who receives by a live code at a moment: on duty, not full, and carrying less than the others.

Pure: no store, no clock. A plan with shifts or daily limits names somebody who falls back, because a code of a carrier cannot be empty.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

import msgspec

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

Balance = Literal["lot", "least_loaded"]
State = Literal["receives", "falls_back", "off_duty", "full", "carries_more", "absent", "not_needed"]
CAPACITY = 100
"""So many additions a day count as a full load of somebody without a daily limit: only to compare colleagues."""
STEP = 0.1
"""Whoever carries a tenth of a capacity more than the least loaded rests; whoever is within half of that comes back."""
MOST_STAFF = 100
MOST_SHIFTS = 50
MOST_A_DAY = 5_000
_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")


class Receiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`daily_limit`: after so many additions by this code in a day of the brand they rest until the next; None: no limit."""

    staff: str
    daily_limit: int | None = None


class Shift(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`days` 1 Monday … 7 Sunday, [from_time, until_time) in the brand's zone; an end that is not after its beginning lies on the day after. `staff` empty: all."""

    days: tuple[int, ...]
    from_time: str
    until_time: str
    staff: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Without shifts everybody is always on duty. `balance`: the carrier draws among those on duty (`lot`), or those who carry least receive."""

    receivers: tuple[Receiver, ...] = ()
    shifts: tuple[Shift, ...] = ()
    fallback: tuple[str, ...] = ()
    balance: Balance = "lot"

    @property
    def staff(self) -> list[str]:
        return list(dict.fromkeys([*(one.staff for one in self.receivers), *self.fallback]))

    @property
    def counts(self) -> bool:
        """Whether who receives depends on how many were added."""
        return self.balance == "least_loaded" or any(one.daily_limit is not None for one in self.receivers)

    @property
    def moves(self) -> bool:
        """Whether who receives can change at all without an edit."""
        return self.counts or bool(self.shifts)


@dataclass(frozen=True)
class Moment:
    """What a decision depends on. `local`: the wall clock in the brand's zone. `mine`: additions of today by this code; `all_day`: by whatever way, by staff.

    `working`: staff who may serve (None: not known, everybody may). `now_on`: who is on the code at present.
    """

    local: datetime
    mine: Mapping[str, int] = field(default_factory=dict)
    all_day: Mapping[str, int] = field(default_factory=dict)
    working: Collection[str] | None = None
    now_on: Collection[str] = ()


@dataclass(frozen=True)
class Route:
    """Who is to be on the code, in the plan's order, and how everybody of the plan stands. `staff` is empty when nobody of the plan may serve."""

    staff: tuple[str, ...]
    states: dict[str, State]


def of(raw: Any) -> Plan:
    return msgspec.convert(raw, Plan)


def plain(plan: Plan) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(plan)
    return found


def on_duty(plan: Plan, local: datetime) -> set[str]:
    """Who of the receivers is on duty at a wall-clock moment."""
    everybody = {one.staff for one in plan.receivers}
    if not plan.shifts:
        return everybody
    found: set[str] = set()
    for shift in plan.shifts:
        if _covers(shift, local):
            found |= set(shift.staff) & everybody if shift.staff else everybody
    return found


def decide(plan: Plan, at: Moment) -> Route:
    """Who receives now.

    On duty, may serve, and below the daily limit; of these, with `least_loaded`, those whose load (additions of today by whatever
    way, as a share of their limit or of `CAPACITY`) is within a step of the least. When nobody is left: who falls back. When none of
    those may serve either: the receivers who may, whatever their limit, because the code must not lead nowhere.
    """
    duty, states = on_duty(plan, at.local), dict[str, State]()
    for one in plan.receivers:
        if at.working is not None and one.staff not in at.working:
            states[one.staff] = "absent"
        elif one.staff not in duty:
            states[one.staff] = "off_duty"
        elif one.daily_limit is not None and at.mine.get(one.staff, 0) >= one.daily_limit:
            states[one.staff] = "full"
        else:
            states[one.staff] = "receives"
    free = [one for one in plan.receivers if states[one.staff] == "receives"]
    if plan.balance == "least_loaded" and len(free) > 1:
        kept = _least_loaded(free, at)
        states |= {one.staff: "carries_more" for one in free if one.staff not in kept}
        free = [one for one in free if one.staff in kept]
    chosen = [one.staff for one in free]
    for staff in plan.fallback:
        may = at.working is None or staff in at.working
        if not free and may and staff not in chosen:
            chosen.append(staff)
            states[staff] = "falls_back"
        elif staff not in states:
            states[staff] = "not_needed" if may else "absent"
    if not chosen:
        chosen = [one.staff for one in plan.receivers if states[one.staff] in ("off_duty", "full")]
        states |= dict.fromkeys(chosen, "falls_back")
    return Route(tuple(chosen[:MOST_STAFF]), states)


def check(plan: Plan) -> None:
    """
    Raises
    ------
    InvalidError
        With one fault for everything that is wrong.
    """
    faults: list[Fault] = []
    names = [one.staff for one in plan.receivers]
    if not names or len(set(names)) < len(names) or len(plan.staff) > MOST_STAFF:
        faults.append(Fault("plan.receivers", Text(f"选 1 到 {MOST_STAFF} 位不同的员工", f"name 1 to {MOST_STAFF} different members of staff")))
    for number, one in enumerate(plan.receivers):
        if one.daily_limit is not None and not 0 < one.daily_limit <= MOST_A_DAY:
            faults.append(Fault(f"plan.receivers.{number}.daily_limit", Text(f"1 到 {MOST_A_DAY}", f"1 to {MOST_A_DAY}")))
    if len(plan.shifts) > MOST_SHIFTS:
        faults.append(Fault("plan.shifts", Text(f"最多 {MOST_SHIFTS} 个班次", f"at most {MOST_SHIFTS} shifts")))
    for number, shift in enumerate(plan.shifts):
        faults += [Fault(f"plan.shifts.{number}.{name}", says) for name, says in _wrong(shift, set(names))]
    limited = bool(plan.shifts) or (bool(names) and all(one.daily_limit is not None for one in plan.receivers))
    if limited and not plan.fallback:
        says = Text("有班次或全员限额时，请选后备员工：码不能没人接", "with shifts, or limits for everybody, name who falls back: a code must not lead nowhere")
        faults.append(Fault("plan.fallback", says))
    if faults:
        raise InvalidError(Text("接待安排有误", "the plan is not valid"), faults=faults)


def _wrong(shift: Shift, names: set[str]) -> list[tuple[str, Text]]:
    found = []
    if not shift.days or not set(shift.days) <= set(range(1, 8)):
        found.append(("days", Text("选星期几", "choose days of the week")))
    if not _TIME.fullmatch(shift.from_time) or shift.from_time == "24:00":
        found.append(("from_time", Text("形如 09:00", "such as 09:00")))
    if not _TIME.fullmatch(shift.until_time):
        found.append(("until_time", Text("形如 18:00,到午夜写 24:00", "such as 18:00; midnight is 24:00")))
    if set(shift.staff) - names:
        found.append(("staff", Text("班次里的员工须在接待员工之中", "staff of a shift are among the receivers")))
    return found


def _covers(shift: Shift, local: datetime) -> bool:
    minute, begins, ends = local.hour * 60 + local.minute, _minutes(shift.from_time), _minutes(shift.until_time)
    today, yesterday = local.isoweekday() in shift.days, (local.isoweekday() + 5) % 7 + 1 in shift.days
    if begins < ends:
        return today and begins <= minute < ends
    return (today and minute >= begins) or (yesterday and minute < ends)


def _minutes(time: str) -> int:
    return int(time[:2]) * 60 + int(time[3:])


def _least_loaded(free: list[Receiver], at: Moment) -> set[str]:
    """Whoever is on the code stays until a whole step above the least; whoever rests comes back within half a step, so that nobody flickers."""
    load = {one.staff: at.all_day.get(one.staff, 0) / (one.daily_limit or CAPACITY) for one in free}
    least = min(load.values())
    return {staff for staff, share in load.items() if share <= least + (STEP if staff in at.now_on else STEP / 2)}
