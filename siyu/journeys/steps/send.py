"""Send 发消息: through messaging, the one way out. The gate decides who is told and when; whoever is refused goes on, with the reason kept."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

import msgspec
import numpy as np
import pyarrow as pa
from msgspec import Meta
from msgspec import field as part
from sqlalchemy import Connection

from siyu.customers.purposes import CARRIERS
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import Ints
from siyu.foundation.text import Text
from siyu.journeys import sending
from siyu.journeys.definition import Condition, Number
from siyu.journeys.people import NEVER, STAY, Flags, Moves, People
from siyu.journeys.sending import HOUR_MS, Purpose, Said, Wanted
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.wait import Span
from siyu.journeys.steps.window import WindowSettings
from siyu.messaging import standing
from siyu.messaging.standing import NOT_TOLD, RECEIVED, SENT, UNDECIDED, WAITING

Then = Literal["go_on", "sent", "received", "clicked"]
EDGES: dict[str, tuple[str, ...]] = {"go_on": ("next",), "sent": ("sent", "refused"), "received": ("received", "refused", "timeout"), "clicked": ("clicked", "refused", "timeout")}
HEARD = {"go_on": (), "sent": ("message_sent", "message_failed"), "received": ("message_delivered", "message_failed"), "clicked": ("link_opened", "message_failed")}
PURPOSES = {"promotion": Text("促销", "promotion"), "value": Text("价值内容", "value"), "service": Text("服务", "service"), "feedback": Text("征集反馈", "feedback")}
DONE, REFUSED, TIMEOUT = 0, 1, 2


class SendSettings(Settings, frozen=True):
    """`content`: variant → piece; `split`: its shares (0–1), equal ones where none are given. `carriers` in order of preference; who cannot be
    reached by the first is told by the next. `then`: people go on at once, or wait until their message has gone out, came in, or one of its
    links was opened. `valid_hours`: so long it may wait for what restraint allows. `priority_fen` null: that of the journey."""

    content: dict[Annotated[str, Meta(min_length=1, max_length=16)], Said] = {}
    split: dict[str, float] = {}
    purpose: Purpose = "value"
    carriers: tuple[str, ...] = ("wecom",)
    order: Literal["listed", "person", "cost"] = "listed"
    accounts: tuple[Number, ...] | None = None
    exempt: bool = False
    priority_fen: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    valid_hours: Annotated[float, Meta(ge=0.1, le=2000)] = 72
    window: WindowSettings | None = None
    then: Then = "go_on"
    timeout: Span = part(default_factory=lambda: Span(days=3))

    def wanted(self, journey_priority: int = 0) -> Wanted:
        priority = journey_priority if self.priority_fen is None else self.priority_fen
        window = None if self.window is None else self.window.window
        return Wanted(self.content, self.split, self.purpose, self.carriers, self.order, self.accounts, self.exempt, priority, round(self.valid_hours * HOUR_MS), window)


class Send(Step):
    kind = "send"
    label = Text("发消息", "Send")
    description = Text("按载体顺序发一条素材；克制策略决定谁收到、何时收到，被拒绝的人带着原因继续往下走", "one piece by carriers in order; restraint decides who is told and when, whoever is refused goes on with the reason kept")
    group = "reach"
    Settings: ClassVar[type[SendSettings]] = SendSettings
    waits = True

    def edges(self, settings: Any) -> tuple[str, ...]:
        return EDGES[settings.then]

    def stays(self, settings: Any) -> bool:
        return bool(settings.then != "go_on")

    def hears(self, settings: Any) -> tuple[Condition, ...]:
        return tuple(Condition(event=name) for name in HEARD[settings.then])

    def remembers(self, settings: Any) -> frozenset[str]:
        return frozenset({"link_opened"} if settings.then == "clicked" else ())

    def says(self, settings: Any) -> Wanted:
        wanted: Wanted = settings.wanted()
        return wanted

    def check(self, tx: Connection, settings: Any, field: str) -> list[Fault]:
        faults = sending.check(tx, settings.wanted(), field)
        if settings.window is not None:
            faults += settings.window.faults(f"{field}.window")
        if settings.then in ("received", "clicked") and not settings.timeout.ms:
            faults.append(Fault(f"{field}.timeout", Text("等多久算超时，要大于 0", "say after how long the wait is over")))
        return faults

    def advance(self, ctx: Context, settings: Any, people: People) -> Moves:
        if settings.then == "go_on":
            return Moves.along(len(people))
        moves = Moves.stay(people.all(ctx.now_ms + sending.FIRST_LOOK_MS))
        old = ~people.arrived
        return _laid_in(moves, old, _looked(ctx, settings, people.take(old))) if old.any() else moves

    def act(self, ctx: Context, settings: Any, people: People) -> Moves | None:
        try:
            sending.ask(ctx, settings.wanted(ctx.definition.priority_fen), people)
        except InvalidError:
            # For all alike: the piece was retired, or its time is over. Once that is mended they are tried again.
            return Moves.along(len(people)).failing(np.ones(len(people), np.bool_), "piece_not_sendable")
        return None

    def sentence(self, settings: Any) -> Text:
        return sentence(settings, Text("发消息", "send"))


def sentence(settings: Any, verb: Text) -> Text:
    names = [CARRIERS.get(one, Text(one, one)) for one in settings.carriers]
    zh, en = " → ".join(one.zh for one in names), " → ".join(one.en for one in names)
    pieces = "、".join(f"#{one.piece}" for one in settings.content.values())
    what = PURPOSES[settings.purpose]
    return Text(f"{verb.zh} {pieces}({what.zh},{zh})", f"{verb.en} {pieces} ({what.en}, {en})")


def _looked(ctx: Context, settings: Any, people: People) -> Moves:
    """Who has their outcome goes on; the others are looked at again, or woken by what happens."""
    stands, sent = standing_of(ctx, people)
    until = people.arrived_ms + (round(settings.valid_hours * HOUR_MS) + HOUR_MS if settings.then == "sent" else settings.timeout.ms)
    done = {"sent": stands >= SENT, "received": stands == RECEIVED, "clicked": _clicked(people, sent) if settings.then == "clicked" else stands < 0}[settings.then]
    refused = ~done & (stands == NOT_TOLD)
    late = ~done & ~refused & (until <= ctx.now_ms)
    edge = np.where(done, DONE, np.where(refused, REFUSED, np.where(late, REFUSED if settings.then == "sent" else TIMEOUT, STAY)))
    open_ = np.isin(stands, (UNDECIDED, WAITING)) | (settings.then == "sent")
    due = np.where(edge == STAY, np.minimum(until, np.where(open_, sending.next_look(ctx.now_ms, people.arrived_ms), NEVER)), NEVER)
    code = np.full(len(people), None, object)
    if refused.any():
        numbers = sorted({number for some in sent for number in some})
        code[refused] = standing.reasons(ctx.stores, numbers, people.customer_id[refused])
    return Moves(edge, due, code)


def standing_of(ctx: Context, people: People) -> tuple[Ints, list[list[int]]]:
    """How each stands, and the sends in question of each."""
    arrived, which = np.unique(people.arrived_ms, return_inverse=True)
    held = sending.sends_of(ctx.tx, ctx.journey_id, ctx.node, arrived.tolist())
    stands = np.full(len(people), NOT_TOLD, np.int64)
    groups: dict[tuple[int, ...], list[int]] = {}
    for number, at in enumerate(arrived.tolist()):
        groups.setdefault(tuple(held.get(at, ())), []).append(number)
    for sends_, numbers in groups.items():
        mine = np.isin(which, numbers)
        stands[mine] = standing.of_people(ctx.tx, sends_, people.customer_id[mine])
    return stands, [held.get(at, []) for at in people.arrived_ms.tolist()]


def _clicked(people: People, sent: list[list[int]]) -> Flags:
    """Who has opened a link of the very message they wait about."""
    told = people.heard(people.enrolment_id)
    mine = told.filter(pa.array([name == "link_opened" for name in told["name"].to_pylist()], pa.bool_()))
    own = dict(zip(people.enrolment_id.tolist(), sent, strict=True))
    runs, texts = mine["enrolment_id"].to_pylist(), mine["properties"].to_pylist()
    opened = [run for run, text in zip(runs, texts, strict=True) if int(msgspec.json.decode(text).get("send") or 0) in own[run]]
    return np.isin(people.enrolment_id, np.array(opened, np.int64))


def _laid_in(moves: Moves, which: Flags, other: Moves) -> Moves:
    edge, due, code = moves.edge.copy(), moves.due_ms.copy(), moves.code.copy()
    edge[which], due[which], code[which] = other.edge, other.due_ms, other.code
    return Moves(edge, due, code)


STEP = Send()
