"""Survey 发问卷: each person's own link in a message, then wait for the answer or the time-out; whoever is not told leaves by the time-out at once."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta
from msgspec import field as part
from sqlalchemy import Connection

from siyu.content import pieces
from siyu.content.variables import canonical
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text
from siyu.journeys import sending
from siyu.journeys.definition import Condition, Number
from siyu.journeys.people import NEVER, STAY, Moves, People
from siyu.journeys.sending import HOUR_MS, Said, Wanted
from siyu.journeys.steps.send import standing_of
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.wait import Span
from siyu.journeys.steps.wait_until import happened
from siyu.journeys.steps.window import WindowSettings
from siyu.messaging import standing
from siyu.messaging.standing import NOT_TOLD, UNDECIDED, WAITING
from siyu.segments.rules import Where
from siyu.surveys import surveys
from siyu.surveys.responses import ANSWERED
from siyu.surveys.variables import LINK

DONE, TIMEOUT = 0, 1
_SURVEY = Meta(ge=0, le=2**63 - 1, extra_json_schema={"label": {"zh": "问卷", "en": "Survey"}, "picker": "survey"})
_PIECE = Meta(ge=0, le=2**63 - 1, extra_json_schema={"label": {"zh": "素材(含问卷链接)", "en": "Piece (with the survey's link)"}, "picker": "piece"})
_PURPOSE = Meta(extra_json_schema={"label": {"zh": "用途", "en": "Purpose"}, "words": {"feedback": {"zh": "征集反馈", "en": "feedback"}, "service": {"zh": "服务", "en": "service"}, "value": {"zh": "价值内容", "en": "value"}}})  # fmt: skip


class SurveySettings(Settings, frozen=True):
    """`piece` must hold the survey's variable, `{问卷:…}`. `timeout`: how long after the step an answer counts."""

    survey: Annotated[int, _SURVEY] = 0
    piece: Annotated[int, _PIECE] = 0
    purpose: Annotated[Literal["feedback", "service", "value"], _PURPOSE] = "feedback"
    carriers: tuple[str, ...] = ("wecom",)
    order: Literal["listed", "person", "cost"] = "listed"
    accounts: tuple[Number, ...] | None = None
    priority_fen: Annotated[int, Meta(ge=0, le=10**12)] | None = None
    valid_hours: Annotated[float, Meta(ge=0.1, le=2000)] = 72
    window: WindowSettings | None = None
    timeout: Span = part(default_factory=lambda: Span(days=7))

    def wanted(self, journey_priority: int = 0) -> Wanted:
        priority = journey_priority if self.priority_fen is None else self.priority_fen
        window = None if self.window is None else self.window.window
        return Wanted({"a": Said(self.piece)}, {}, self.purpose, self.carriers, self.order, self.accounts, False, priority, round(self.valid_hours * HOUR_MS), window)

    @property
    def condition(self) -> Condition:
        return Condition(event=ANSWERED, where=(Where(path="survey", op="is", value=self.survey),))


class SendSurvey(Step):
    kind = "survey"
    label = Text("发问卷", "Survey")
    description = Text("把每个人自己的问卷链接发出去，等到回答或超时；没发出去的人直接走超时", "send each person their own link and wait for the answer; whoever is not told leaves by the time-out at once")
    group = "reach"
    Settings = SurveySettings
    waits = True

    def edges(self, settings: SurveySettings) -> tuple[str, ...]:
        return ("answered", "timeout")

    def hears(self, settings: SurveySettings) -> tuple[Condition, ...]:
        return (settings.condition, Condition(event="message_failed"))

    def remembers(self, settings: SurveySettings) -> frozenset[str]:
        return frozenset({ANSWERED})

    def says(self, settings: SurveySettings) -> Wanted:
        return settings.wanted()

    def check(self, tx: Connection, settings: SurveySettings, field: str) -> list[Fault]:
        faults = [Fault(fault.field.replace("content.a.piece", "piece"), fault.message) for fault in sending.check(tx, settings.wanted(), field)]
        if settings.window is not None:
            faults += settings.window.faults(f"{field}.window")
        if not settings.timeout.ms:
            faults.append(Fault(f"{field}.timeout", Text("等多久算超时，要大于 0", "say after how long the wait is over")))
        try:
            survey = surveys.find(tx, settings.survey)
        except NotFoundError:
            return [*faults, Fault(f"{field}.survey", Text("请选一份问卷", "choose a survey"))]
        if survey.status != "live":
            faults.append(Fault(f"{field}.survey", Text(f"「{survey.name}」没有发布；先发布它", f"“{survey.name}” is not published; publish it first")))
        elif not _says(tx, settings.piece, f"{LINK}{survey.name}"):
            faults.append(Fault(f"{field}.piece", Text(f"素材里要有变量 {{{LINK}{survey.name}}}", f"the piece has to hold the variable {{survey:{survey.name}}}")))
        return faults

    def advance(self, ctx: Context, settings: SurveySettings, people: People) -> Moves:
        answered = np.isin(people.enrolment_id, happened(people, settings.condition))
        stands = people.all(UNDECIDED)
        old = ~people.arrived & ~answered
        sent: list[list[int]] = []
        if old.any():
            stands[old], sent = standing_of(ctx, people.take(old))
        until = people.arrived_ms + settings.timeout.ms
        refused = ~answered & (stands == NOT_TOLD)
        edge = np.where(answered, DONE, np.where(refused | (until <= ctx.now_ms), TIMEOUT, STAY))
        open_ = np.isin(stands, (UNDECIDED, WAITING))
        looks = np.where(people.arrived, ctx.now_ms + sending.FIRST_LOOK_MS, sending.next_look(ctx.now_ms, people.arrived_ms))
        due = np.where(edge == STAY, np.minimum(until, np.where(open_, looks, NEVER)), NEVER)
        code = np.full(len(people), None, object)
        if refused.any():
            code[refused] = standing.reasons(ctx.stores, sorted({number for some in sent for number in some}), people.customer_id[refused])
        return Moves(edge, due, code)

    def act(self, ctx: Context, settings: SurveySettings, people: People) -> Moves | None:
        answered = np.isin(people.enrolment_id, happened(people, settings.condition))
        if answered.all():
            return None
        try:
            sending.ask(ctx, settings.wanted(ctx.definition.priority_fen), people.take(~answered))
        except InvalidError:
            # For all alike: the piece was retired, or its time is over. Once that is mended they are tried again.
            return self.advance(ctx, settings, people).failing(~answered, "piece_not_sendable")
        return None

    def sentence(self, settings: SurveySettings) -> Text:
        until = settings.timeout.words()
        return Text(f"发问卷 #{settings.survey}，等回答最多 {until.zh}", f"send survey #{settings.survey}, wait {until.en} for the answer")


def _says(tx: Connection, piece_id: int, variable: str) -> bool:
    """Whether the version that is sent has a variable."""
    found: Any = pieces.find_some(tx, [piece_id]).get(piece_id)
    if found is None or found.approved_version is None:
        return False
    return variable in {canonical(name) for name in pieces.variables_of(pieces.version_of(tx, piece_id, found.approved_version).body)}


STEP = SendSurvey()
