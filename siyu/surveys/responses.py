"""Responses 答卷: what a person says is checked, kept once, and told as an activity of theirs.

Free words stay with the response: they may hold anything, and the log is read by more people than the results are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, Select, insert, select, update

from siyu.events import log
from siyu.events.catalogue.customers import ACTIVITY_RECORDED
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.database import among
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.current import current_one
from siyu.identity.identifiers import primary_keys
from siyu.surveys import _tables, surveys
from siyu.surveys.questions import LONGEST_ANSWER, Form, Question
from siyu.surveys.surveys import Survey

ANSWERED = "survey_answered"
Given = Mapping[str, Sequence[str]]
"""Question → what came for it, as a form sends it."""
Value = tuple[str, ...] | int | str
"""Keys of choices, a number, or words."""
_t, _a, _s = _tables.response, _tables.answer, _tables.survey


@dataclass(frozen=True)
class Response:
    id: int
    survey_id: int
    version: int
    customer_id: int
    at: datetime
    answers: dict[str, Value]


def read(form: Form, given: Given) -> tuple[dict[str, Value], list[Fault]]:
    """Answers as they are kept, and what is wrong with them, by question."""
    answers: dict[str, Value] = {}
    faults: list[Fault] = []
    for question in form.questions:
        value, fault = _value(question, [one.strip() for one in given.get(question.key, ()) if one.strip()])
        if fault is not None:
            faults.append(Fault(question.key, fault))
        elif value is not None:
            answers[question.key] = value
    return answers, faults


def answer(stores: Stores, tx: Connection, survey_id: int, customer_id: int, version: int, given: Given) -> tuple[Response, bool]:
    """Keep what a person says to a version; the response, and False when they had answered before and only once is allowed.

    Raises
    ------
    NotFoundError
        When the person is not known any more, or there is no such survey or version.
    ConflictError
        When it takes no answers now.
    InvalidError
        With a fault for each question that is answered wrong or must be answered.
    """
    # The survey's row is held: who sends the form twice at once waits for himself.
    survey = surveys.find(tx, survey_id, hold=True)
    person = who(tx, customer_id)
    if not survey.repeats and (before := of_person(tx, survey_id, person)):
        return before[0], False
    if survey.status != "live":
        raise ConflictError(Text("这份问卷已结束", "this survey takes no more answers"), way_out=Text("谢谢你的关注", "thank you all the same"))
    form = surveys.find_version(tx, survey_id, version).form
    answers, faults = read(form, given)
    if faults:
        raise InvalidError(Text("还有没答好的题", "some answers are missing"), faults=faults)
    now_ms = to_ms(stores.now())
    number = int(tx.execute(insert(_t).values(survey_id=survey_id, version=version, customer_id=person, at_ms=now_ms).returning(_t.c.id)).scalar_one())
    if rows := [row for key, value in answers.items() for row in _rows(number, key, value)]:
        tx.execute(insert(_a), rows)
    tx.execute(update(_s).where(_s.c.id == survey_id).values(responses=_s.c.responses + 1))
    made = Response(number, survey_id, version, person, from_ms(now_ms), answers)
    _tell(stores, tx, survey, form, made)
    return made, True


def who(tx: Connection, customer_id: int) -> int:
    """Whom a number stands for now.

    Raises
    ------
    NotFoundError
        When that is nobody any more.
    """
    person = current_one(tx, customer_id)
    if person not in primary_keys(tx, [person]):
        raise NotFoundError(Text("链接已失效", "the link has ended"), way_out=Text("请联系我们要一个新的链接", "ask us for a new one"))
    return person


def of_person(tx: Connection, survey_id: int | None, customer_id: int) -> list[Response]:
    """Somebody's responses, the newest first; with `survey_id` None to all surveys."""
    query = select(_t).where(_t.c.customer_id == customer_id)
    return _load(tx, query if survey_id is None else query.where(_t.c.survey_id == survey_id))


def listed(tx: Connection, survey_id: int, *, before_id: int | None = None, limit: int = 50) -> list[Response]:
    """Responses to a survey, the newest first."""
    query = select(_t).where(_t.c.survey_id == survey_id).limit(limit)
    return _load(tx, query if before_id is None else query.where(_t.c.id < before_id))


def in_words(form: Form, answers: Mapping[str, Value], language: str) -> dict[str, Any]:
    """Answers as people read them: labels of choices, numbers, words; keys that the form does not know are left out."""
    told: dict[str, Any] = {}
    for question in form.questions:
        value = answers.get(question.key)
        if isinstance(value, tuple):
            labels = [choice.label.to(language) if (choice := question.choice(key)) else key for key in value]
            told[question.key] = labels if question.kind == "multi" else labels[0] if labels else None
        elif value is not None:
            told[question.key] = value
    return told


def _value(question: Question, said: list[str]) -> tuple[Value | None, Text | None]:
    if not said:
        return None, Text("请回答这一题", "please answer this one") if question.required else None
    if question.kind in ("single", "multi"):
        keys = tuple(dict.fromkeys(said))
        most = 1 if question.kind == "single" else question.most or len(question.choices)
        if any(question.choice(key) is None for key in keys):
            return None, Text("请选一个选项", "choose one of these")
        return (keys, None) if len(keys) <= most else (None, Text(f"最多选 {most} 个", f"choose {most} at most"))
    if question.kind == "text":
        return (said[0], None) if len(said[0]) <= LONGEST_ANSWER else (None, Text(f"最多 {LONGEST_ANSWER} 字", f"{LONGEST_ANSWER} characters at most"))
    is_number = said[0].isascii() and said[0].isdecimal() and len(said[0]) < 3
    return (int(said[0]), None) if is_number and int(said[0]) in question.span else (None, Text("请选一个分数", "choose a number"))


def _rows(response_id: int, question: str, value: Value) -> list[dict[str, Any]]:
    blank = {"response_id": response_id, "question": question, "place": 0, "choice": None, "number": None, "words": None}
    if isinstance(value, tuple):
        return [{**blank, "place": place, "choice": key} for place, key in enumerate(value)]
    return [{**blank, "number": value} if isinstance(value, int) else {**blank, "words": value}]


def _load(tx: Connection, query: Select[Any]) -> list[Response]:
    rows = tx.execute(query.order_by(_t.c.id.desc())).all()
    answers: dict[int, dict[str, Value]] = {row.id: {} for row in rows}
    said = select(_a).where(among(tx, _a.c.response_id, list(answers))).order_by(_a.c.response_id, _a.c.question, _a.c.place)
    for one in tx.execute(said) if rows else ():
        mine = answers[one.response_id]
        held = mine.get(one.question, ())
        mine[one.question] = one.number if one.number is not None else one.words if one.words is not None else (*(held if isinstance(held, tuple) else ()), one.choice)
    return [Response(row.id, row.survey_id, row.version, row.customer_id, from_ms(row.at_ms), answers[row.id]) for row in rows]


def _tell(stores: Stores, tx: Connection, survey: Survey, form: Form, made: Response) -> None:
    spoken = {one.key for one in form.questions if one.kind == "text"}
    said = {key: value for key, value in in_words(form, made.answers, "zh").items() if key not in spoken}
    nps = next((made.answers[one.key] for one in form.questions if one.kind == "nps" and one.key in made.answers), None)
    properties = {"survey": survey.id, "survey_name": survey.name, "version": made.version, **({"nps": nps} if nps is not None else {}), **said}
    columns: dict[str, object] = {
        "event_key": [key64("survey", made.id)], "identity_key": [primary_keys(tx, [made.customer_id])[made.customer_id]], "name": [ANSWERED],
        "at_ms": [to_ms(made.at)], "properties": [msgspec.json.encode(properties).decode()],
    }  # fmt: skip
    log.append(tx, ACTIVITY_RECORDED, ACTIVITY_RECORDED.table(columns), now=stores.now())
