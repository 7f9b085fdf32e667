"""Split 随机分流: people are spread over ways by lot, in stated shares; the same person always the same way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

import msgspec
import numpy as np
from msgspec import Meta
from sqlalchemy import Connection

from siyu.foundation.errors import Fault
from siyu.foundation.ids import Ints, Shares
from siyu.foundation.text import Text
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.step import Context, Settings, Step

Edge = Annotated[str, Meta(pattern=r"^[a-z0-9_]{1,20}$")]
RESERVED = ("failed", "exited", "goal", "removed", "stopped")
"""Counted beside the edges of every node."""


class Way(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One way out. `name` is what the canvas shows; without it the edge."""

    edge: Edge
    percent: Annotated[float, Meta(ge=0, le=100)]
    name: Annotated[str, Meta(max_length=40)] = ""


class SplitSettings(Settings, frozen=True):
    """Percentages add up to 100."""

    ways: Annotated[tuple[Way, ...], Meta(max_length=10)] = (Way("a", 50), Way("b", 50))


class Split(Step):
    kind = "split"
    label = Text("随机分流", "Random split")
    description = Text("按比例随机走不同的线；同一个人每次都走同一条", "people take different ways by lot, in shares; the same person always the same one")
    group = "branch"
    Settings = SplitSettings

    def edges(self, settings: SplitSettings) -> tuple[str, ...]:
        return tuple(way.edge for way in settings.ways)

    def check(self, tx: Connection, settings: SplitSettings, field: str) -> list[Fault]:
        return way_faults(settings.ways, f"{field}.ways")

    def advance(self, ctx: Context, settings: SplitSettings, people: People) -> Moves:
        return Moves.along(len(people), drawn(ctx.draw(ctx.node, people.first_id), settings.ways))

    def sentence(self, settings: SplitSettings) -> Text:
        shares = " / ".join(f"{way.name or way.edge} {way.percent:g}%" for way in settings.ways)
        return Text(f"随机分流 {shares}", f"by lot: {shares}")


def drawn(lots: Shares, ways: Sequence[Way]) -> Ints:
    """Place of the way of each lot: the first whose percentages up to and with it lie above."""
    ends = np.cumsum([way.percent for way in ways])
    return np.minimum(np.searchsorted(ends, lots * 100, side="right"), len(ways) - 1).astype(np.int64)


def way_faults(ways: Sequence[Way], field: str, least: int = 2) -> list[Fault]:
    """Every fault of ways that people are spread over."""
    faults = edge_faults([way.edge for way in ways], field)
    if len(ways) < least:
        faults.append(Fault(field, Text(f"至少 {least} 条线", f"at least {least} ways")))
    total = sum(way.percent for way in ways)
    if abs(total - 100) > 1e-6:
        faults.append(Fault(field, Text(f"比例合计 {total:g}%,须为 100%", f"the percentages add up to {total:g}, they must make 100")))
    return faults


def edge_faults(edges: Sequence[str], field: str) -> list[Fault]:
    """Names of edges that are given twice, or that mean something else."""
    faults = []
    for place, edge in enumerate(edges):
        if edge in edges[:place]:
            faults.append(Fault(f"{field}[{place}].edge", Text(f"线「{edge}」重复", f"the edge {edge} is given twice")))
        elif edge in RESERVED:
            faults.append(Fault(f"{field}[{place}].edge", Text(f"「{edge}」是保留名，换一个", f"{edge} has another meaning; choose another name")))
    return faults


STEP = Split()
