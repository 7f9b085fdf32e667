"""Wait until 等到: something happens to the person (an event, entering or leaving a segment), or the time for it is over.

What happened earlier in the same run counts: whoever has done it already does not wait. The event by which somebody came in is
not waited for: it takes another one, such as the second order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow.compute as pc
from msgspec import field
from sqlalchemy import Connection

from siyu.foundation.errors import Fault, NotFoundError
from siyu.foundation.ids import Ints
from siyu.foundation.text import Text
from siyu.journeys.conditions import long_form, passing
from siyu.journeys.definition import Condition, Name, Number
from siyu.journeys.people import NEVER, STAY, Flags, Moves, People
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.wait import Span
from siyu.segments.rules import Where
from siyu.segments.segments import find_segment

HAPPENED, TIMEOUT = 0, 1


class UntilSettings(Settings, frozen=True):
    """Exactly one of event, segment (to be in it) and left (not to be in it). Without a time-out people wait as long as it takes."""

    event: Name | None = None
    where: tuple[Where, ...] = ()
    segment: Number | None = None
    left: Number | None = None
    timeout: Span | None = field(default_factory=lambda: Span(days=7))

    @property
    def condition(self) -> Condition:
        return Condition(event=self.event, where=self.where, segment=self.segment, left=self.left)


class WaitUntil(Step):
    kind = "wait_until"
    label = Text("等到某件事发生", "Wait until")
    description = Text("等到事件发生、进入或离开分群；超时走另一条线", "until an event happens or the person enters or leaves a segment; or the time is over")
    group = "wait"
    Settings = UntilSettings
    waits = True

    def edges(self, settings: Any) -> tuple[str, ...]:
        return ("happened", "timeout")

    def reads(self, settings: UntilSettings) -> bool:
        return settings.event is None

    def hears(self, settings: UntilSettings) -> tuple[Condition, ...]:
        return (settings.condition,)

    def check(self, tx: Connection, settings: UntilSettings, field: str) -> list[Fault]:
        return condition_faults(tx, settings.condition, field)

    def advance(self, ctx: Context, settings: UntilSettings, people: People) -> Moves:
        done = people.woken | self._already(ctx, settings, people)
        until = people.all(NEVER) if settings.timeout is None else people.arrived_ms + settings.timeout.ms
        late = ~done & (until <= ctx.now_ms)
        edge = np.where(done, HAPPENED, np.where(late, TIMEOUT, STAY))
        return Moves(edge, np.where(edge == STAY, until, NEVER), np.full(len(people), None, object))

    def sentence(self, settings: UntilSettings) -> Text:
        what = settings.event or (f"#{settings.segment or settings.left}")
        until = Text("", "") if settings.timeout is None else settings.timeout.words()
        return Text(f"等到 {what}" + (f",最多 {until.zh}" if settings.timeout else ""), f"until {what}" + (f", at most {until.en}" if settings.timeout else ""))

    def _already(self, ctx: Context, settings: UntilSettings, people: People) -> Flags:
        new = people.arrived & ~people.woken
        found = np.zeros(len(people), np.bool_)
        if not new.any():
            return found
        if settings.event is not None:
            found[new] = np.isin(people.enrolment_id[new], happened(people.take(new), settings.condition, with_entry=False))
        elif settings.segment is not None:
            found[new] = ctx.members(settings.segment, people.customer_id[new])
        elif settings.left is not None:
            found[new] = ~ctx.members(settings.left, people.customer_id[new])
        return found


def happened(people: People, condition: Condition, *, with_entry: bool = True) -> Ints:
    """The runs during which an event like this has happened so far; `with_entry`: the one that began the run counts."""
    told = people.heard(people.enrolment_id)
    mine = told.filter(pc.equal(told["name"], condition.event))
    mine = mine if with_entry else mine.filter(pc.invert(mine["is_entry"]))
    keys = mine["event_key"].to_numpy()
    passed = passing(condition.where, keys, long_form(keys.tolist(), mine["properties"].to_pylist()) if condition.where else mine)
    return np.unique(mine["enrolment_id"].to_numpy()[passed])


def condition_faults(tx: Connection, condition: Condition, field: str) -> list[Fault]:
    """Exactly one thing is waited for, and it exists."""
    if sum(one is not None for one in (condition.event, condition.segment, condition.left)) != 1:
        return [Fault(f"{field}.event", Text("在事件、进入分群、离开分群中选一样", "choose one: an event, entering a segment, or leaving one"))]
    number = condition.segment or condition.left
    if number is None:
        return []
    try:
        segment = find_segment(tx, number)
    except NotFoundError:
        return [Fault(f"{field}.segment", Text(f"没有分群 {number}", f"there is no segment {number}"))]
    if segment.problem:
        return [Fault(f"{field}.segment", Text(f"分群「{segment.name}」的规则已失效，先改好它", f"the rule of the segment {segment.name} is not valid; mend it first"))]
    return []


STEP = WaitUntil()
