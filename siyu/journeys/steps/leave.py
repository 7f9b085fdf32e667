"""Leave 退出另一个旅程: the runs of people in another journey end here and now."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.enter import OtherJourney, journey_faults
from siyu.journeys.steps.step import Context, Step


class Leave(Step):
    kind = "leave"
    label = Text("退出另一个旅程", "Leave another journey")
    description = Text("让走到这里的人退出另一个旅程；没有在里面的人不受影响", "whoever comes here leaves another journey; who is not in it goes on all the same")
    group = "flow"
    Settings = OtherJourney

    def check(self, tx: Connection, settings: Any, field: str) -> list[Fault]:
        return journey_faults(tx, settings.journey, field, ("draft", "live", "paused", "draining", "stopped"))

    def act(self, ctx: Context, settings: Any, people: People) -> Moves | None:
        if settings.journey != ctx.journey_id:
            ctx.take_out(settings.journey, people.customer_id.tolist())
        return None

    def sentence(self, settings: Any) -> Text:
        return Text(f"退出旅程 {settings.journey}", f"leave journey {settings.journey}")


STEP = Leave()
