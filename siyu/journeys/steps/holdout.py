"""Hold-out 对照组 of a step: a share of those who come is kept from what follows, so that the effect of just that can be measured."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from msgspec import Meta
from sqlalchemy import Connection

from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.step import Context, Settings, Step

TREATED, HELD = 0, 1


class HoldoutSettings(Settings, frozen=True):
    """`percent` of those who come are held out; the same person always, for this journey and node."""

    percent: Annotated[float, Meta(ge=0, le=50)] = 10


class Holdout(Step):
    kind = "holdout"
    label = Text("节点对照组", "Hold-out")
    description = Text("随机留出一部分人不走后面的节点，报告用他们衡量后面这一段的效果", "a share by lot does not take what follows; the report measures the effect of just that against them")
    group = "branch"
    Settings = HoldoutSettings

    def edges(self, settings: HoldoutSettings) -> tuple[str, ...]:
        return ("next", "held")

    def check(self, tx: Connection, settings: HoldoutSettings, field: str) -> list[Fault]:
        return [] if settings.percent > 0 else [Fault(f"{field}.percent", Text("要大于 0,否则没有对照", "must be above 0, or there is nothing to compare with"))]

    def advance(self, ctx: Context, settings: HoldoutSettings, people: People) -> Moves:
        held = ctx.draw(f"{ctx.node} holdout", people.first_id) * 100 < settings.percent
        return Moves.along(len(people), np.where(held, HELD, TREATED).astype(np.int64))

    def sentence(self, settings: HoldoutSettings) -> Text:
        return Text(f"留 {settings.percent:g}% 作对照", f"hold out {settings.percent:g} %")


STEP = Holdout()
