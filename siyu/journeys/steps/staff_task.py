"""Staff task 导购任务: whoever serves the person is asked to do something for them, with the words to say, until when; and what came of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from msgspec import field as part
from sqlalchemy import Connection

from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys import tasking
from siyu.journeys.definition import Condition, Number
from siyu.journeys.people import NEVER, STAY, Moves, People
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.wait import Span
from siyu.messaging import todos
from siyu.messaging.todos import EVENTS

DONE, NOT_REACHED, TIMEOUT, NOBODY = range(4)
_EDGE = {"done": DONE, "not_reached": NOT_REACHED, "over": TIMEOUT, "cancelled": TIMEOUT}
Title = Annotated[str, Meta(min_length=1, max_length=80)]
Words = Annotated[str, Meta(max_length=tasking.MOST_TEXT)]


class StaffTaskSettings(Settings, frozen=True):
    """`text`: the SOP, with variables such as {称呼|您}. `within`: until then it is to be done. `remind`: so long before the end staff are
    reminded; null: not. `store`: who does it for people whom nobody serves. `waits`: people stay until it is answered or over."""

    title: Title = "联系客户"
    text: Words = ""
    within: Span = part(default_factory=lambda: Span(days=2))
    remind: Span | None = part(default_factory=lambda: Span(hours=12))
    store: Number | None = None
    waits: bool = True


class StaffTask(Step):
    kind = "staff_task"
    label = Text("导购任务", "Staff task")
    description = Text("请服务这位客户的员工去做一件事；员工在手机上看到话术，做完反馈", "whoever serves the person is asked to do something; they see the words on their phone and say what came of it")
    group = "reach"
    Settings = StaffTaskSettings
    waits = True

    def edges(self, settings: Any) -> tuple[str, ...]:
        return ("done", "not_reached", "timeout", "nobody") if settings.waits else ("next", "nobody")

    def stays(self, settings: Any) -> bool:
        return bool(settings.waits)

    def reads(self, settings: Any) -> bool:
        return True

    def hears(self, settings: Any) -> tuple[Condition, ...]:
        return tuple(Condition(event=name) for name in EVENTS.values()) if settings.waits else ()

    def remembers(self, settings: Any) -> frozenset[str]:
        return frozenset()

    def check(self, tx: Connection, settings: Any, field: str) -> list[Fault]:
        faults = tasking.check_text(tx, settings.text, f"{field}.text") + tasking.check_store(tx, settings.store, f"{field}.store")
        if not settings.text.strip():
            faults.append(Fault(f"{field}.text", Text("写下员工要做什么、说什么", "write what staff are to do and say")))
        if not settings.within.ms:
            faults.append(Fault(f"{field}.within", Text("写多久内完成", "say until when it is to be done")))
        elif settings.remind is not None and settings.remind.ms >= settings.within.ms:
            faults.append(Fault(f"{field}.remind", Text("提醒要在截止之前、任务开始之后", "remind them after it begins and before it ends")))
        return faults

    def advance(self, ctx: Context, settings: Any, people: People) -> Moves:
        if not settings.waits:
            return Moves.along(len(people))
        until = people.arrived_ms + settings.within.ms
        held = todos.states(ctx.tx, tasking.refs(ctx, people)) if not people.arrived.all() else {}
        answered = np.array([_EDGE.get(held.get(ref, ""), STAY) for ref in tasking.refs(ctx, people)], np.int64)
        edge = np.where((answered == STAY) & (until <= ctx.now_ms), TIMEOUT, answered)
        return Moves(edge, np.where(edge == STAY, until, NEVER), np.full(len(people), None, object))

    def act(self, ctx: Context, settings: Any, people: People) -> Moves | None:
        found = ask(ctx, settings, people)
        if found.all():
            return None
        moves = self.advance(ctx, settings, people) if settings.waits else Moves.along(len(people))
        return Moves(np.where(found, moves.edge, len(self.edges(settings)) - 1), np.where(found, moves.due_ms, NEVER), moves.code)

    def sentence(self, settings: Any) -> Text:
        words = settings.within.words()
        return Text(f"导购任务「{settings.title}」，{words.zh} 内", f"staff task “{settings.title}”, within {words.en}")


def ask(ctx: Context, settings: Any, people: People) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """For whom there is somebody to do it; all of one batch are due alike."""
    due = from_ms(ctx.now_ms + settings.within.ms)
    remind = None if settings.remind is None else due - timedelta(milliseconds=settings.remind.ms)
    return tasking.ask(ctx, people, title=settings.title, text=settings.text, store_id=settings.store, due=due, remind=remind)


STEP = StaffTask()
