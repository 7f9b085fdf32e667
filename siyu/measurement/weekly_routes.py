"""The weekly report over HTTP: as a record and as a PDF, and to whom it is told."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from siyu.foundation import jobs
from siyu.foundation.http import Body, Line, Router, conditional, language_of
from siyu.measurement import weekly_sending
from siyu.measurement.weekly import Weekly
from siyu.measurement.weekly_reports import weekly
from siyu.measurement.weekly_sending import TELL, Note, Plan
from siyu.segments.reports import ask_for_newer
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/measurement/weekly", tags=["measurement"])
Reader = Annotated[Access, Depends(require("reports.read"))]
Sender = Annotated[Access, Depends(require("messaging.write"))]
Week = Annotated[date | None, Query(description="A day of the week. Default: the last week that is over.")]
Kept = Annotated[bool, Query(description="Do not wait: compose it from the newest results that are kept.")]


class WeeklyToTurn(Body):
    """To whom the report is told on Monday at nine: `staff` by the carrier's ids."""

    is_on: bool
    account_id: Annotated[int, Field(ge=0, le=2**63 - 1)] = 0
    staff: Annotated[list[Line], Field(max_length=weekly_sending.MOST_STAFF)] = []


class WeeklyNote(BaseModel):
    """`state`: told · refused · meant (no answer came: it is not sent again)."""

    week_on: date
    staff: str
    state: str
    reason: str | None
    meant_at: datetime
    told_at: datetime | None

    @classmethod
    def of(cls, one: Note) -> WeeklyNote:
        return cls(**{name: getattr(one, name) for name in cls.model_fields})


class WeeklyTelling(BaseModel):
    """`notes`: the last messages, the newest first."""

    is_on: bool
    account_id: int
    staff: list[str]
    changed_at: datetime | None
    changed_by: str
    notes: list[WeeklyNote]

    @classmethod
    def of(cls, held: Plan, notes: list[Note]) -> WeeklyTelling:
        return cls(
            is_on=held.is_on, account_id=held.account_id, staff=list(held.staff), changed_at=held.changed_at, changed_by=held.changed_by, notes=[WeeklyNote.of(one) for one in notes]
        )


class WeeklyJob(BaseModel):
    job_id: str


class WeeklyToTell(Body):
    week: date | None = None


@router.get("", response_model=Weekly, summary="What happened in a week, what was wasted, what to do")
def read_weekly(request: Request, response: Response, access: Reader, week: Week = None, kept: Kept = False) -> Weekly:
    found = weekly(access.stores, week, kept=kept)
    if not found.is_newest:
        with access.stores.ledger.begin() as tx:
            response.headers["Siyu-Newer"] = ask_for_newer(tx, access.stores.now())
    conditional(request, f"{found.version} {access.stores.settings.currency}")
    return found.record


@router.get("/pdf", summary="The weekly report as a PDF", response_class=Response, responses={200: {"content": {"application/pdf": {}}}})
def read_pdf(request: Request, access: Reader, week: Week = None) -> Response:
    # What draws on paper is loaded by who wants paper: a start does without it.
    from siyu.measurement import weekly_pdf

    stores, language = access.stores, language_of(request)
    report = weekly(stores, week, kept=True).record
    brand = request.app.state.sample_name(stores) or stores.settings.brand_name
    made = weekly_pdf.pdf(report, brand=brand, currency=stores.settings.currency, language=language)
    headers = {"Content-Disposition": f'attachment; filename="weekly-{report.week_on}.pdf"', "Content-Language": language, "Cache-Control": "private, no-store"}
    return Response(made, media_type="application/pdf", headers=headers)


@router.get("/plan", summary="To whom the weekly report is told, and what became of the last messages")
def read_plan(access: Reader) -> WeeklyTelling:
    with access.stores.ledger.read() as tx:
        return WeeklyTelling.of(weekly_sending.plan(tx), weekly_sending.last_notes(tx))


@router.put("/plan", summary="Turn telling the weekly report on or off, and choose to whom")
def set_plan(body: WeeklyToTurn, access: Sender) -> WeeklyTelling:
    stores = access.stores
    with stores.ledger.begin() as tx:
        held = weekly_sending.set_plan(tx, is_on=body.is_on, account_id=body.account_id, staff=body.staff, by=access.actor.name, now=stores.now())
        audit.record(tx, access.actor, "measurement.weekly_plan", "weekly", body.model_dump(), stores.now())
        return WeeklyTelling.of(held, weekly_sending.last_notes(tx))


@router.post("/tell", status_code=202, summary="Tell a week's report now to those chosen who have not got it yet")
def tell_now(body: WeeklyToTell, access: Sender) -> WeeklyJob:
    stores = access.stores
    week_on = weekly(stores, body.week, kept=True).record.week_on
    with stores.ledger.begin() as tx:
        audit.record(tx, access.actor, "measurement.weekly_told", f"week:{week_on}", {}, stores.now())
        job_id = jobs.submit(tx, TELL, {"week_on": str(week_on)}, now=stores.now(), key=f"week {week_on}", created_by=access.actor.name)
    return WeeklyJob(job_id=job_id)
