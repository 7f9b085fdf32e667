"""Until allowed 等到可触达: until restraint lets the person be told of something of a purpose; it holds no slot, a send after it is decided anew."""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
import pyarrow as pa
from msgspec import Meta
from msgspec import field as part
from sqlalchemy import Connection

from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys.people import NEVER, STAY, Moves, People
from siyu.journeys.sending import Purpose
from siyu.journeys.steps.send import PURPOSES
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.wait import Span
from siyu.messaging import asking
from siyu.messaging.sends import SENDABLE

ALLOWED, REFUSED = 0, 1


class UntilAllowedSettings(Settings, frozen=True):
    """`at_most`: who is not allowed by then goes the other way, with the reason."""

    purpose: Purpose = "value"
    carriers: Annotated[tuple[str, ...], Meta(max_length=10)] = ("wecom",)
    at_most: Span = part(default_factory=lambda: Span(days=7))


class UntilAllowed(Step):
    kind = "until_allowed"
    label = Text("等到可触达", "Until allowed")
    description = Text("等到频控、免打扰和冷静期允许再往下走；期限内都不允许的带着原因走另一条线", "until caps, quiet hours and cool-downs allow a message; who is not allowed in time goes the other way with the reason")
    group = "wait"
    Settings = UntilAllowedSettings
    waits = True

    def edges(self, settings: Any) -> tuple[str, ...]:
        return ("allowed", "refused")

    def reads(self, settings: Any) -> bool:
        return True

    def check(self, tx: Connection, settings: UntilAllowedSettings, field: str) -> list[Fault]:
        faults = [] if settings.carriers else [Fault(f"{field}.carriers", Text("至少选一个载体", "choose a carrier"))]
        faults += [
            Fault(f"{field}.carriers[{place}]", Text(f"可用：{'、'.join(SENDABLE)}", f"use one of: {', '.join(SENDABLE)}")) for place, one in enumerate(settings.carriers) if one not in SENDABLE
        ]
        return faults if settings.at_most.ms else [*faults, Fault(f"{field}.at_most", Text("写最多等多久", "say how long they wait at most"))]

    def advance(self, ctx: Context, settings: UntilAllowedSettings, people: People) -> Moves:
        last = people.arrived_ms + settings.at_most.ms
        until = int(max(last.max(), ctx.now_ms)) if len(people) else ctx.now_ms
        ids, place = np.unique(people.customer_id, return_inverse=True)
        said = asking.ask(
            ctx.stores, ctx.tx, ids, purpose=settings.purpose, carriers=settings.carriers, at_ms=ctx.now_ms, until_ms=until, use_global_holdout=ctx.definition.use_global_holdout
        ).take(pa.array(place))
        verdict, reason = (np.array(said[name].to_pylist(), object) for name in ("verdict", "reason"))
        at = said["at_ms"].to_numpy()
        waits = (verdict == "wait") & (at <= last)
        edge = np.where(verdict == "allow", ALLOWED, np.where(waits, STAY, REFUSED))
        return Moves(edge, np.where(waits, at, NEVER), np.where(edge == REFUSED, reason, np.full(len(people), None, object)))

    def sentence(self, settings: UntilAllowedSettings) -> Text:
        what, words = PURPOSES[settings.purpose], settings.at_most.words()
        return Text(f"等到可以发{what.zh}消息，最多 {words.zh}", f"until a {what.en} message is allowed, at most {words.en}")


STEP = UntilAllowed()
