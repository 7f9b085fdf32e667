"""Definition 旅程定义: what a journey is, as one frozen value: who comes in, which steps they take, when they leave, what counts as the goal.

It is plain data (`read`, `dump`); what is wrong with it, alone and against what exists, is told by `checks`.
"""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text
from siyu.segments.rules import Where, fault_of

MOST_NODES = 200
Name = Annotated[str, Meta(min_length=1, max_length=80)]
NodeId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]
Number = Annotated[int, Meta(ge=1, le=2**53)]
Chosen = Annotated[int, Meta(ge=0, le=2**53)]
"""A number of something that exists; 0 while it is not chosen yet: a draft can be saved, and `checks` asks for it."""


class _Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class SegmentEntry(_Part, frozen=True, tag_field="kind", tag="segment"):
    """Whoever enters (or leaves) the segment. `existing`: also those who are in it when the journey starts or goes on;
    `again`: whoever completes the journey and still is in it comes in again."""

    segment: Chosen = 0
    direction: Literal["entered", "left"] = "entered"
    existing: bool = True
    again: bool = False


class EventEntry(_Part, frozen=True, tag_field="kind", tag="event"):
    """Whoever does something. `key`: a property by whose value the runs of one person are told apart, such as an order's number."""

    name: Annotated[str, Meta(max_length=80)] = ""
    where: tuple[Where, ...] = ()
    key: Annotated[str, Meta(max_length=80)] = ""


class ScheduleEntry(_Part, frozen=True, tag_field="kind", tag="schedule"):
    """The segment's members, at a time of day of the brand: each day, on a weekday (1 Monday), on a day of the month (31: its last), or once."""

    segment: Chosen = 0
    every: Literal["day", "week", "month", "once"] = "day"
    at: Clock = "10:00"
    weekday: Annotated[int, Meta(ge=1, le=7)] = 1
    day: Annotated[int, Meta(ge=1, le=31)] = 1
    on: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] = ""


class DateEntry(_Part, frozen=True, tag_field="kind", tag="date"):
    """Whose date is `offset_days` away (-3: three days before it), at a time of day where each person lives. A birthday comes each year."""

    field: Annotated[str, Meta(pattern=r"^(|birthday|registered|first_order|last_order|trait:\d{1,9})$")] = ""
    offset_days: Annotated[int, Meta(ge=-366, le=3660)] = 0
    at: Clock = "10:00"


class ScanEntry(_Part, frozen=True, tag_field="kind", tag="scan"):
    """Whoever is added through a live code: any, or those of `ways` (their `state`)."""

    ways: tuple[Name, ...] = ()


class SurveyEntry(_Part, frozen=True, tag_field="kind", tag="survey"):
    survey: Chosen = 0


class ApiEntry(_Part, frozen=True, tag_field="kind", tag="api"):
    """Whom another system names over HTTP."""


class ManualEntry(_Part, frozen=True, tag_field="kind", tag="manual"):
    """Whom an operator chooses."""


Entry = SegmentEntry | EventEntry | ScheduleEntry | DateEntry | ScanEntry | SurveyEntry | ApiEntry | ManualEntry


class Reentry(_Part, frozen=True):
    """How often a person (and key) may come in: once; again after the run before has ended; or always. At most `at_most` times, at least `min_days` apart."""

    rule: Literal["once", "after_end", "always"] = "once"
    at_most: Annotated[int, Meta(ge=1, le=1000)] | None = None
    min_days: Annotated[float, Meta(ge=0, le=3660)] | None = None


class Condition(_Part, frozen=True):
    """Something that happens to a person: an event, entering a segment, or leaving one. Exactly one of them."""

    event: Name | None = None
    where: tuple[Where, ...] = ()
    segment: Number | None = None
    left: Number | None = None


class Goal(_Part, frozen=True):
    """What the journey is for: an event, or being in a segment, within `days` of coming in. `ends`: the run ends with it."""

    event: Name | None = None
    where: tuple[Where, ...] = ()
    segment: Number | None = None
    days: Annotated[float, Meta(gt=0, le=366)] = 7
    ends: bool = True


class Node(_Part, frozen=True):
    """One step: its kind, its settings (see `steps`), and where each of its edges leads (null: the end)."""

    step: Annotated[str, Meta(max_length=40)]
    with_: dict[str, Any] = msgspec.field(default_factory=dict, name="with")
    to: dict[str, NodeId | None] = {}
    note: Annotated[str, Meta(max_length=2000)] = ""


class Note(_Part, frozen=True):
    """A remark on the canvas."""

    text: Annotated[str, Meta(max_length=2000)]
    at: tuple[float, float] = (0, 0)


class Definition(_Part, frozen=True, dict=True):
    """See the parts. `holdout_rate` 0–0.5: share of newcomers who are watched and not touched; `max_active`: people on the way at once."""

    entry: Entry
    nodes: dict[NodeId, Node]
    start: NodeId | None
    reentry: Reentry = Reentry()
    max_active: Number | None = None
    priority_fen: Annotated[int, Meta(ge=0, le=10**12)] = 0
    holdout_rate: Annotated[float, Meta(ge=0, le=0.5)] = 0.1
    use_global_holdout: bool = True
    exit: tuple[Condition, ...] = ()
    exit_on_opt_out: bool = True
    goal: Goal | None = None
    layout: dict[NodeId, tuple[float, float]] = {}
    notes: tuple[Note, ...] = ()

    @cached_property
    def ids(self) -> tuple[str, ...]:
        return tuple(self.nodes)


def read(raw: Any) -> Definition:
    """A definition from plain data.

    Raises
    ------
    InvalidError
        With the place of what does not fit (`nodes.n2.with`); what fits and is wrong all the same is told by `checks`.
    """
    try:
        return msgspec.convert(raw, Definition)
    except msgspec.ValidationError as error:
        raise InvalidError(Text("旅程定义有误", "the journey is not valid"), faults=[_fault(str(error))]) from error


def dump(definition: Definition) -> dict[str, Any]:
    plain: dict[str, Any] = msgspec.to_builtins(definition)
    return plain


def empty() -> Definition:
    """What a new draft starts with."""
    return Definition(entry=ManualEntry(), nodes={}, start=None)


def _fault(message: str) -> Fault:
    return fault_of("", message)
