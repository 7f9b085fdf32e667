"""The quality of customers over HTTP: the report, one customer's card, and marks by hand."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Path, Query, Request, Response
from pydantic import BaseModel, StringConstraints

from siyu.customers.profile import find_profile
from siyu.foundation import jobs
from siyu.foundation.http import Body, Label, Line, Router, RowId, language_of
from siyu.foundation.text import Text
from siyu.identity.current import current_one
from siyu.segments.export_files import safe
from siyu.segments.labels import QUALITIES
from siyu.segments.quality import REASONS, find_quality
from siyu.segments.quality_card import Seen, seen_of
from siyu.segments.quality_marks import What, marks_of, put_mark, take_mark_back
from siyu.segments.quality_report import read_published
from siyu.segments.quality_verdicts import NOT_KNOWN, UNCLEAR_FROM, Verdict
from siyu.segments.quality_weights import HUNTER, ZOMBIE
from siyu.segments.tasks import QUALITY
from siyu.team.access import Access, require
from siyu.team.audit import record

router = Router(tags=["segments"])
ReportReader = Annotated[Access, Depends(require("reports.read"))]
Reader = Annotated[Access, Depends(require("customers.read"))]
Writer = Annotated[Access, Depends(require("customers.write"))]
WhatPath = Annotated[What, Path(description="What the person is said not to be.")]


class QualityCounts(BaseModel):
    """`cleared`: said by hand not to be one of the two; `neither`: known to be none of the two."""

    customers: int
    zombies: int
    hunters: int
    zombies_not_known: int
    hunters_not_known: int
    cleared: int
    neither: int


class QualitySource(QualityCounts):
    """People of one source of the profile; null: none is told."""

    source: str | None


class QualityMonth(QualityCounts):
    """People who came in this local month: from `from_on` up to before `until_on`."""

    month: str
    from_on: date
    until_on: date


class QualityDay(QualityCounts):
    """What stood on this day."""

    on: date


class ReasonCount(BaseModel):
    reason: str
    name: Label
    customers: int


class QualityReport(BaseModel):
    """Made after every recompute; `as_of_on` is null before the first."""

    as_of_on: date | None
    computed_at: datetime | None
    total: QualityCounts
    sources: list[QualitySource]
    months: list[QualityMonth]
    days: list[QualityDay]
    zombie_reasons: list[ReasonCount]
    hunter_reasons: list[ReasonCount]


class QualityMark(BaseModel):
    reason: str
    by: str
    at: datetime


class Judgement(BaseModel):
    """One score with its reasons. `score` is null while it is not known; `mark`: somebody said that the person is none."""

    what: What
    name: Label
    verdict: Verdict
    score: float | None
    threshold: float
    reasons: list[Label]
    mark: QualityMark | None


class CustomerQuality(BaseModel):
    """`as_of_on` is null for somebody who came after the last recompute."""

    as_of_on: date | None
    judgements: list[Judgement]
    seen: list[Seen]


class QualityMarkBody(Body):
    reason: Annotated[Line, StringConstraints(pattern=r"\S", max_length=200)]


@router.get("/segments/quality", summary="Quality of customers: zombies and deal-hunters by source and month", response_model=QualityReport)
def read_quality(
    access: ReportReader, request: Request, format: Annotated[Literal["json", "csv"], Query(description="`csv` gives the sources as a file.")] = "json"
) -> QualityReport | Response:
    found = read_published(access.stores)
    if found is None:
        nothing = QualityCounts(customers=0, zombies=0, hunters=0, zombies_not_known=0, hunters_not_known=0, cleared=0, neither=0)
        found = {"as_of_on": None, "computed_at": None, "total": nothing, "sources": [], "months": [], "days": [], "zombie_reasons": [], "hunter_reasons": []}
    if format == "csv":
        return _file(found, language_of(request))
    return QualityReport.model_validate(found)


@router.get("/customers/{id:int}/quality", summary="What one customer is judged to be, and why")
def read_customer_quality(id: RowId, access: Reader) -> CustomerQuality:
    return _card(access, id)


@router.put("/customers/{id:int}/quality/marks/{what}", summary="Say that a customer is no deal-hunter, or no zombie")
def mark_customer(id: RowId, what: WhatPath, body: QualityMarkBody, access: Writer) -> CustomerQuality:
    customer_id = _known(access, id)
    with access.stores.ledger.begin() as tx:
        put_mark(access.stores, tx, customer_id, what, body.reason.strip(), access.actor.name)
        record(tx, access.actor, "customers.quality_marked", f"customer:{customer_id}", {"what": what, "reason": body.reason.strip()}, access.stores.now())
        _judge_anew(access, tx, customer_id)
    return _card(access, customer_id)


@router.delete("/customers/{id:int}/quality/marks/{what}", summary="Take such a mark back")
def unmark_customer(id: RowId, what: WhatPath, access: Writer) -> CustomerQuality:
    customer_id = _known(access, id)
    with access.stores.ledger.begin() as tx:
        if take_mark_back(tx, customer_id, what):
            record(tx, access.actor, "customers.quality_unmarked", f"customer:{customer_id}", {"what": what}, access.stores.now())
            _judge_anew(access, tx, customer_id)
    return _card(access, customer_id)


def _judge_anew(access: Access, tx: Any, customer_id: int) -> None:
    jobs.submit(tx, QUALITY, {"customer_ids": [customer_id]}, now=access.stores.now(), created_by=access.actor.name)


def _known(access: Access, customer_id: int) -> int:
    """The number under which the person stands now.

    Raises
    ------
    NotFoundError
    """
    with access.stores.ledger.read() as tx:
        found = current_one(tx, customer_id)
    with access.stores.warehouse.read() as session:
        find_profile(access.stores, session, found)
    return found


def _card(access: Access, customer_id: int) -> CustomerQuality:
    found = _known(access, customer_id)
    with access.stores.warehouse.read() as session:
        judged = find_quality(session, found)
    with access.stores.ledger.read() as tx:
        marks = {mark.what: mark for mark in marks_of(tx, found)}
    scores = {"zombie": (judged.zombie, judged.is_zombie, judged.zombie_reasons), "deal_hunter": (judged.deal_hunter, judged.is_hunter, judged.hunter_reasons)} if judged else {}
    judgements = []
    for what, weights in (("zombie", ZOMBIE), ("deal_hunter", HUNTER)):
        score, called, reasons = scores.get(what, (None, False, ()))
        mark = marks.get(what)  # type: ignore[call-overload]
        verdict: Verdict = "yes" if called and not mark else "no" if mark or (score is not None and score < UNCLEAR_FROM) else NOT_KNOWN
        shown = [Label.of(REASONS[what][reason].name) for reason in reasons] if score is not None else []
        info = QualityMark(reason=mark.reason, by=mark.by, at=mark.at) if mark else None
        judgements.append(Judgement(what=what, name=Label.of(QUALITIES[what]), verdict=verdict, score=score, threshold=weights.threshold, reasons=shown, mark=info))
    return CustomerQuality(as_of_on=judged.as_of_on if judged else None, judgements=judgements, seen=seen_of(judged) if judged else [])


_HEADINGS = {
    "source": Text("来源", "Source"), "customers": Text("客户数", "Customers"), "zombies": Text("僵尸粉", "Zombies"), "hunters": Text("羊毛党", "Deal-hunters"),
    "zombies_not_known": Text("僵尸粉：还不知道", "Zombie: not known yet"), "hunters_not_known": Text("羊毛党：还不知道", "Deal-hunter: not known yet"),
    "cleared": Text("人工更正", "Cleared by hand"), "neither": Text("都不是", "Neither"),
}  # fmt: skip


def _file(found: dict[str, Any], language: str) -> Response:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([name.to(language) for name in _HEADINGS.values()])
    writer.writerows([[safe(row[name]) if row[name] is not None else "" for name in _HEADINGS] for row in found["sources"]])
    headers = {"Content-Disposition": f'attachment; filename="quality-{found["as_of_on"]}.csv"', "Content-Language": language}
    return Response("\ufeff" + text.getvalue(), media_type="text/csv; charset=utf-8", headers=headers)
