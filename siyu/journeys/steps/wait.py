"""Wait 等待: a span of time, the same for everybody."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from sqlalchemy import Connection

from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys.people import NEVER, STAY, Moves, People
from siyu.journeys.steps.step import Context, Settings, Step

_MS = {"days": 86_400_000, "hours": 3_600_000, "minutes": 60_000, "seconds": 1_000}
_WORDS = {"days": ("天", "d"), "hours": ("小时", "h"), "minutes": ("分钟", "min"), "seconds": ("秒", "s")}
Part = Annotated[float, Meta(ge=0, le=100_000_000)]


class Span(Settings, frozen=True):
    """A span of time; its parts add up. A day is 24 hours."""

    days: Part = 0
    hours: Part = 0
    minutes: Part = 0
    seconds: Part = 0

    @property
    def ms(self) -> int:
        return round(sum(float(getattr(self, name)) * ms for name, ms in _MS.items()))

    def words(self) -> Text:
        parts = [(getattr(self, name), words) for name, words in _WORDS.items() if getattr(self, name)]
        return Text(" ".join(f"{value:g} {zh}" for value, (zh, _) in parts) or "0 秒", " ".join(f"{value:g} {en}" for value, (_, en) in parts) or "0 s")


class Wait(Step):
    kind = "wait"
    label = Text("等待一段时间", "Wait")
    description = Text("每个人到这里后等同样长的时间", "everybody waits equally long after coming here")
    group = "wait"
    Settings = Span
    waits = True

    def least_ms(self, settings: Span, edge: str) -> int:
        return settings.ms

    def check(self, tx: Connection, settings: Span, field: str) -> list[Fault]:
        return [] if settings.ms else [Fault(f"{field}.hours", Text("等待时间要大于 0", "wait for some time"))]

    def advance(self, ctx: Context, settings: Any, people: People) -> Moves:
        until = people.arrived_ms + settings.ms
        ready = until <= ctx.now_ms
        return Moves(np.where(ready, 0, STAY), np.where(ready, NEVER, until), np.full(len(people), None, object))

    def sentence(self, settings: Span) -> Text:
        words = settings.words()
        return Text(f"等待 {words.zh}", f"wait {words.en}")


STEP = Wait()
