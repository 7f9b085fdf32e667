"""A/B test A/B 测试: people are spread over ways by lot until one is clearly better; all newcomers take that one from then on."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta
from msgspec import field as part
from sqlalchemy import Connection

from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys import winners
from siyu.journeys.definition import Name
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.split import Way, drawn, way_faults
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.wait import Span
from siyu.segments.rules import Where


class Aim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """An event by which a way is judged."""

    event: Name
    where: tuple[Where, ...] = ()


class AbSettings(Settings, frozen=True):
    """A way counts a goal that is reached within `window` after it was taken; `goal` null: that of the journey. A winner is named when each way
    has at least `least_people` people whose window is over, and one is better for sure at `level`."""

    ways: Annotated[tuple[Way, ...], Meta(max_length=6)] = (Way("a", 50), Way("b", 50))
    goal: Aim | None = None
    window: Span = part(default_factory=lambda: Span(days=7))
    least_people: Annotated[int, Meta(ge=50, le=10_000_000)] = 200
    level: Annotated[float, Meta(ge=0.8, le=0.999)] = 0.95


class Ab(Step):
    kind = "ab"
    label = Text("A/B 测试", "A/B test")
    description = Text("随机走不同的线，直到一条明显更好；之后的新人都走它", "people take ways by lot until one is clearly better; all newcomers then take that one")
    group = "branch"
    Settings = AbSettings

    def edges(self, settings: AbSettings) -> tuple[str, ...]:
        return tuple(way.edge for way in settings.ways)

    def check(self, tx: Connection, settings: AbSettings, field: str) -> list[Fault]:
        faults = way_faults(settings.ways, f"{field}.ways")
        faults += [
            Fault(f"{field}.ways[{place}].percent", Text("测试的每条线都要有人走", "somebody must take each way of a test")) for place, way in enumerate(settings.ways) if way.percent <= 0
        ]
        if not settings.window.ms:
            faults.append(Fault(f"{field}.window", Text("写多久内达成目标才算", "say within what time a goal counts")))
        return faults

    def advance(self, ctx: Context, settings: AbSettings, people: People) -> Moves:
        won = winners.chosen(ctx.tx, ctx.place_id)
        edges = self.edges(settings)
        if won in edges:
            return Moves.along(len(people), edges.index(won))
        return Moves.along(len(people), drawn(ctx.draw(ctx.node, people.first_id), settings.ways))

    def act(self, ctx: Context, settings: AbSettings, people: People) -> Moves | None:
        winners.begin(ctx.tx, ctx.place_id, from_ms(ctx.now_ms))
        return None

    def sentence(self, settings: AbSettings) -> Text:
        names = " / ".join(way.name or way.edge for way in settings.ways)
        words = settings.window.words()
        return Text(f"A/B 测试 {names}，按 {words.zh} 内的目标率", f"A/B test {names}, by the goal rate within {words.en}")


STEP = Ab()
