"""Points 积分: give points, or take them; who has too few goes the other way."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

import numpy as np
from msgspec import Meta
from sqlalchemy import Connection

from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys.giving import rounds
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.loyalty import points
from siyu.loyalty.points import Posted

DONE, REFUSED = 0, 1
_DO = Meta(extra_json_schema={"label": {"zh": "做什么", "en": "Do"}, "words": {"grant": {"zh": "送积分", "en": "give"}, "spend": {"zh": "扣积分", "en": "take"}}})
_POINTS = Meta(ge=0, le=points.MOST, extra_json_schema={"label": {"zh": "积分", "en": "Points"}})
_DAYS = Meta(ge=1, le=3650, extra_json_schema={"label": {"zh": "几天后到期", "en": "They end after (days)"}, "hint": {"zh": "留空不到期", "en": "empty: they do not end"}})
_REASON = Meta(max_length=200, extra_json_schema={"label": {"zh": "客户看到的原因", "en": "Reason, as people see it"}})


class PointsSettings(Settings, frozen=True):
    """`valid_days`: their last day is so many days later, in the brand's days; null for points that do not end."""

    do: Annotated[Literal["grant", "spend"], _DO] = "grant"
    points: Annotated[int, _POINTS] = 0
    reason: Annotated[str, _REASON] = ""
    valid_days: Annotated[int, _DAYS] | None = None


class Points(Step):
    kind = "points"
    label = Text("积分", "Points")
    description = Text("送积分或扣积分；积分不足的人走另一条线", "give points, or take them; who has too few goes the other way")
    group = "customer"
    Settings = PointsSettings
    writes = True

    def edges(self, settings: PointsSettings) -> tuple[str, ...]:
        return ("next",) if settings.do == "grant" else ("done", "refused")

    def check(self, tx: Connection, settings: PointsSettings, field: str) -> list[Fault]:
        return [] if settings.points else [Fault(f"{field}.points", Text("请写多少积分", "say how many points"))]

    def act(self, ctx: Context, settings: PointsSettings, people: People) -> Moves | None:
        moves = Moves.along(len(people))
        edge, code = moves.edge.copy(), moves.code.copy()
        for ref, places in rounds(ctx, people):
            posted = self._post(ctx, settings, people.customer_id[places].tolist(), ref)
            for reason, ids in posted.refused.items():
                out = places[np.isin(people.customer_id[places], ids)]
                # Of a grant nobody is refused but who is no customer any more: they go on.
                edge[out] = REFUSED if settings.do == "spend" else DONE
                code[out] = reason
        return Moves(edge, moves.due_ms, code)

    def _post(self, ctx: Context, settings: PointsSettings, ids: list[int], ref: str) -> Posted:
        amounts, reason, by = [settings.points] * len(ids), settings.reason or f"旅程 {ctx.journey_id}", f"journey:{ctx.journey_id}"
        if settings.do == "spend":
            return points.spend(ctx.stores, ctx.tx, ids, amounts, reason=reason, ref=ref, by=by)
        last_on = None if settings.valid_days is None else ctx.stores.calendar.on(from_ms(ctx.now_ms)) + timedelta(days=settings.valid_days)
        return points.grant(ctx.stores, ctx.tx, ids, amounts, reason=reason, ref=ref, by=by, last_on=last_on)

    def sentence(self, settings: PointsSettings) -> Text:
        if settings.do == "spend":
            return Text(f"扣 {settings.points} 积分", f"take {settings.points} points")
        until = Text("", "") if settings.valid_days is None else Text(f",{settings.valid_days} 天后到期", f", for {settings.valid_days} days")
        return Text(f"送 {settings.points} 积分{until.zh}", f"give {settings.points} points{until.en}")


STEP = Points()
