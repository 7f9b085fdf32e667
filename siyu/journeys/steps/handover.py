"""Handover 转人工: the person is handed to the member of staff who serves them; the journey goes on, or ends, without waiting."""

from __future__ import annotations

from typing import Any

import numpy as np
from msgspec import field as part
from sqlalchemy import Connection

from siyu.foundation import jobs
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys import tasking
from siyu.journeys.definition import Number
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.staff_task import Title, Words, ask
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.wait import Span
from siyu.messaging.todos import TELL

NEXT, NOBODY = 0, 1


class HandoverSettings(Settings, frozen=True):
    """`text`: why they are handed over, with variables. `store`: who takes people whom nobody serves."""

    title: Title = "客户转给你跟进"
    text: Words = ""
    within: Span = part(default_factory=lambda: Span(days=1))
    store: Number | None = None

    @property
    def remind(self) -> Span | None:
        return None


class Handover(Step):
    kind = "handover"
    label = Text("转给员工", "Hand to staff")
    description = Text("马上给服务这位客户的员工发应用消息并留一项任务，请他接手", "the member of staff who serves the person is told at once by a message of the app, with a task to take over")
    group = "reach"
    Settings = HandoverSettings

    def edges(self, settings: Any) -> tuple[str, ...]:
        return ("next", "nobody")

    def reads(self, settings: Any) -> bool:
        return True

    def check(self, tx: Connection, settings: Any, field: str) -> list[Fault]:
        faults = tasking.check_text(tx, settings.text, f"{field}.text") + tasking.check_store(tx, settings.store, f"{field}.store")
        if not settings.text.strip():
            faults.append(Fault(f"{field}.text", Text("写下为什么转给员工", "write why they are handed over")))
        if not settings.within.ms:
            faults.append(Fault(f"{field}.within", Text("写多久内跟进", "say within what time staff see to them")))
        return faults

    def act(self, ctx: Context, settings: Any, people: People) -> Moves | None:
        found = ask(ctx, settings, people)
        if found.any():
            jobs.submit(ctx.tx, TELL, {}, now=from_ms(ctx.now_ms), key="now", created_by=f"journey:{ctx.journey_id}")
        return None if found.all() else Moves.along(len(people), np.where(found, NEXT, NOBODY).astype(np.int64))

    def sentence(self, settings: Any) -> Text:
        return Text(f"转给员工：{settings.title}", f"hand to staff: {settings.title}")


STEP = Handover()
