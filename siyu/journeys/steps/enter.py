"""Enter 进入另一个旅程: people are let into another journey besides this one; its own rules of re-entry hold."""

from __future__ import annotations

from typing import Any

import numpy as np
from sqlalchemy import Connection, select

from siyu.foundation.errors import Fault, SiyuError
from siyu.foundation.text import Text
from siyu.journeys import _tables
from siyu.journeys.definition import Number
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.step import Context, Settings, Step


class OtherJourney(Settings, frozen=True):
    journey: Number


class Enter(Step):
    kind = "enter"
    label = Text("进入另一个旅程", "Enter another journey")
    description = Text("让走到这里的人也进入另一个旅程；这个旅程继续往下走", "whoever comes here is let into another journey too, and goes on in this one")
    group = "flow"
    Settings = OtherJourney

    def check(self, tx: Connection, settings: Any, field: str) -> list[Fault]:
        return journey_faults(tx, settings.journey, field, ("live", "paused"))

    def act(self, ctx: Context, settings: Any, people: People) -> Moves | None:
        try:
            ctx.enrol(settings.journey, people.customer_id.tolist())
        except SiyuError as error:
            # It was paused or stopped meanwhile: once it is live again they are tried again.
            return Moves.along(len(people)).failing(np.ones(len(people), np.bool_), error.code)
        return None

    def sentence(self, settings: Any) -> Text:
        return Text(f"进入旅程 {settings.journey}", f"enter journey {settings.journey}")


def journey_faults(tx: Connection, journey_id: int, field: str, statuses: tuple[str, ...]) -> list[Fault]:
    status = tx.scalar(select(_tables.journey.c.status).where(_tables.journey.c.id == journey_id))
    if status is None:
        return [Fault(f"{field}.journey", Text(f"没有旅程 {journey_id}", f"there is no journey {journey_id}"))]
    if status not in statuses:
        return [Fault(f"{field}.journey", Text(f"旅程 {journey_id} 没有在进行；先发布它", f"journey {journey_id} is not live; publish it first"))]
    return []


STEP = Enter()
