"""End 结束: the run is over. An edge that leads nowhere ends it too; a step that says so is easier to read."""

from __future__ import annotations

from typing import Any

from siyu.foundation.text import Text
from siyu.journeys.steps.step import Settings, Step


class EndSettings(Settings, frozen=True):
    pass


class End(Step):
    kind = "end"
    label = Text("结束", "End")
    description = Text("走到这里的人完成旅程", "whoever comes here has completed the journey")
    group = "flow"
    Settings = EndSettings

    def edges(self, settings: Any) -> tuple[str, ...]:
        return ()


STEP = End()
