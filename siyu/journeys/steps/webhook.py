"""Webhook 调用外部系统: tell another system of people, signed and durable; what it answers becomes something the run has heard.

One delivery a person, kept in the tick's transaction and called soon after, again for two days until it is taken. Of a JSON answer
the mapped values are kept as properties of the event `webhook_answered` of the run: branches test them, attributes take them.
"""

from __future__ import annotations

from typing import Annotated, Any

import numpy as np
from msgspec import Meta
from msgspec import field as part
from sqlalchemy import Connection

from siyu.carriers import deliveries
from siyu.carriers.accounts import list_accounts
from siyu.content import variables
from siyu.events.properties import normalise_path
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault
from siyu.foundation.text import Text
from siyu.journeys import calls
from siyu.journeys.definition import Number
from siyu.journeys.people import NEVER, STAY, Moves, People
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.until_date import values_heard
from siyu.journeys.steps.wait import Span

ANSWERED, FAILED, TIMEOUT = 0, 1, 2
EVENT = "journey.step"
_EDGE = {"answered": ANSWERED, "failed": FAILED, "waiting": STAY}
Path = Annotated[str, Meta(min_length=1, max_length=120)]


class WebhookSettings(Settings, frozen=True):
    """`account`: the webhook account that is called. `values`: name in the body → variable of the person (称呼, 属性:x, 特征:x); `heard`: name in the
    body → property of what the run has heard. `answer`: property → path in the JSON answer (a.b, or $["a.b"]); it may be empty. `waits`: people
    stay until the answer has come, at most `timeout`."""

    account: Number
    values: dict[Path, Annotated[str, Meta(min_length=1, max_length=120)]] = {}
    heard: dict[Path, Path] = {}
    answer: dict[Path, Path] = {}
    waits: bool = True
    timeout: Span = part(default_factory=lambda: Span(hours=1))


class Webhook(Step):
    kind = "webhook"
    label = Text("调用外部系统", "Webhook")
    description = Text("把客户告诉另一个系统(签名、可靠重试)，把它的答复映射成本次旅程的属性", "tell another system of the person, signed and tried again, and keep what it answers as properties of the run")
    group = "flow"
    Settings = WebhookSettings
    waits = True

    def edges(self, settings: Any) -> tuple[str, ...]:
        return ("answered", "failed", "timeout") if settings.waits else ("next",)

    def stays(self, settings: Any) -> bool:
        return bool(settings.waits)

    def reads(self, settings: Any) -> bool:
        return bool(settings.values)

    def check(self, tx: Connection, settings: Any, field: str) -> list[Fault]:
        faults = []
        if settings.account not in {account.id for account in list_accounts(tx, ["webhook"])}:
            faults.append(Fault(f"{field}.account", Text(f"没有网络钩子账号 {settings.account}；先到账号页接入", f"there is no webhook account {settings.account}; connect one first")))
        known = variables.known(tx)
        faults += [Fault(f"{field}.values.{name}", Text(f"没有变量「{given}」", f"there is no variable “{given}”")) for name, given in settings.values.items() if not known(given)]
        for part_, paths in (("heard", settings.heard), ("answer", settings.answer)):
            faults += [Fault(f"{field}.{part_}.{name}", Text("属性路径写错了", "the path is malformed")) for name, path in paths.items() if normalise_path(path) is None]
        if settings.waits and not settings.timeout.ms:
            faults.append(Fault(f"{field}.timeout", Text("写等多久算超时", "say after how long the wait is over")))
        if settings.answer and not settings.waits:
            faults.append(Fault(f"{field}.answer", Text("要用答复，就要等它", "to use the answer people must wait for it")))
        return faults

    def advance(self, ctx: Context, settings: Any, people: People) -> Moves:
        if not settings.waits:
            return Moves.along(len(people))
        until = people.arrived_ms + settings.timeout.ms
        edge, code = people.all(STAY), np.full(len(people), None, object)
        old = np.flatnonzero(~people.arrived)
        if len(old):
            outcomes = calls.outcomes(ctx.tx, ctx.journey_id, ctx.node, people.take(old))
            edge[old] = [_EDGE[outcome] for outcome, _ in outcomes]
            code[old] = [said for _, said in outcomes]
        edge = np.where((edge == STAY) & (until <= ctx.now_ms), TIMEOUT, edge)
        return Moves(edge, np.where(edge == STAY, until, NEVER), code)

    def act(self, ctx: Context, settings: Any, people: People) -> Moves | None:
        bodies = self._bodies(ctx, settings, people)
        names = calls.names(ctx.place_id, people) if settings.waits else None
        ids = deliveries.enqueue(ctx.stores.secrets, ctx.tx, settings.account, EVENT, bodies, from_ms(ctx.now_ms), asked_by=names)
        if settings.waits:
            calls.begin(ctx.tx, ctx.place_id, people, ids)
        return None

    def sentence(self, settings: Any) -> Text:
        gives = "、".join(settings.answer)
        return Text(f"调用外部系统 #{settings.account}" + (f",得到 {gives}" if gives else ""), f"call system #{settings.account}" + (f" for {gives}" if gives else ""))

    def _bodies(self, ctx: Context, settings: Any, people: People) -> list[dict[str, Any]]:
        ids = people.customer_id.tolist()
        with ctx.stores.warehouse.read() as session:
            values = variables.load(ctx.stores, session, ctx.tx, settings.values.values(), ids) if settings.values else {}
        columns = {name: values[given] for name, given in settings.values.items()}
        columns |= {name: values_heard(people, path) for name, path in settings.heard.items()}
        rows = zip(*columns.values(), strict=True) if columns else ((),) * len(ids)
        same = {"event": EVENT, "journey": ctx.journey_id, "version": ctx.version, "node": ctx.node, "at": from_ms(ctx.now_ms).isoformat()}
        return [
            {**same, "customer_id": customer, "run": run, "values": dict(zip(columns, row, strict=True))}
            for customer, run, row in zip(ids, people.enrolment_id.tolist(), rows, strict=True)
        ]


STEP = Webhook()
