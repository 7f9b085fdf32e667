"""Until a time 等到几点: the next time of day, on some weekdays, where each person lives."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta

from siyu.foundation.text import Text
from siyu.journeys import local
from siyu.journeys.definition import Clock
from siyu.journeys.people import NEVER, STAY, Moves, People
from siyu.journeys.steps.step import Context, Settings, Step

Weekday = Annotated[int, Meta(ge=1, le=7)]
_ZH = "一二三四五六日"
_EN = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


class UntilTimeSettings(Settings, frozen=True):
    """`weekdays`: 1 (Monday) to 7; none: every day."""

    at: Clock = "10:00"
    weekdays: tuple[Weekday, ...] = ()


class UntilTime(Step):
    kind = "until_time"
    label = Text("等到几点", "Until a time")
    description = Text("等到客户当地的下一个几点几分，可限定星期几", "until the next time of day where the person lives, on some weekdays if you like")
    group = "wait"
    Settings = UntilTimeSettings
    waits = True

    def advance(self, ctx: Context, settings: UntilTimeSettings, people: People) -> Moves:
        until = local.next_clock(ctx.zones(people.customer_id), people.arrived_ms, local.minute_of(settings.at), settings.weekdays)
        return staying_until(until, ctx.now_ms)

    def sentence(self, settings: UntilTimeSettings) -> Text:
        days = weekdays_in_words(settings.weekdays)
        return Text(f"等到当地{days.zh} {settings.at}", f"until {settings.at} local time{f', {days.en}' if days.en else ''}")


def staying_until(until: np.ndarray[tuple[int], np.dtype[np.int64]], now_ms: int, edge: int = 0) -> Moves:
    """Who has reached their instant goes on by the edge, the others stay until it."""
    ready = until <= now_ms
    return Moves(np.where(ready, edge, STAY), np.where(ready, NEVER, until), np.full(len(until), None, object))


def weekdays_in_words(weekdays: tuple[int, ...]) -> Text:
    """Empty for every day."""
    chosen = sorted(set(weekdays))
    if not chosen or len(chosen) == 7:
        return Text("", "")
    return Text("周" + "、".join(_ZH[number - 1] for number in chosen), ", ".join(_EN[number - 1] for number in chosen))


STEP = UntilTime()
