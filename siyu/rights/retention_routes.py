"""Retention over HTTP: the rules, what they would remove, and what they removed."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel, Field

from siyu.foundation import jobs
from siyu.foundation.http import Body, Items, Label, Router
from siyu.rights import retention
from siyu.rights.tasks import TEND
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/rights/retention", tags=["rights"])
Reader = Annotated[Access, Depends(require("rights.read"))]
Writer = Annotated[Access, Depends(require("rights.write"))]


class RetentionRule(BaseModel):
    """`days` null: kept for ever."""

    subject: str
    name: Label
    days: int | None
    least_days: int
    updated_at: datetime | None
    updated_by: str | None


class RetentionRun(BaseModel):
    at: datetime
    by: str
    counts: dict[str, int]


class RetentionList(Items[RetentionRule]):
    runs: list[RetentionRun]


class Days(Body):
    days: Annotated[int, Field(ge=1, le=retention.LONGEST_DAYS)] | None


class JobAsked(BaseModel):
    job_id: str


@router.get("", summary="How long each kind of data is kept, and what was removed lately")
def list_rules(access: Reader) -> RetentionList:
    with access.stores.ledger.read() as tx:
        found, runs = retention.list_rules(tx), retention.last_runs(tx)
    return RetentionList(
        items=[
            RetentionRule(subject=one.subject.name, name=Label.of(one.subject.label), days=one.days, least_days=one.subject.least_days, updated_at=one.updated_at, updated_by=one.updated_by)
            for one in found
        ],
        runs=[RetentionRun(**vars(run)) for run in runs],
    )


@router.get("/due", summary="What the rules would remove now; nothing is changed")
def count_due(access: Reader) -> dict[str, int]:
    return retention.count_old(access.stores)


@router.put("/{subject}", summary="Say how long something is kept", status_code=204)
def set_rule(subject: Annotated[str, Field(max_length=32)], wish: Days, access: Writer) -> None:
    with access.stores.ledger.begin() as tx:
        retention.set_rule(access.stores, tx, subject, wish.days, access.actor)


@router.post("/run", summary="Remove now what is kept too long, instead of tonight", status_code=202)
def run_now(access: Writer, request: Request) -> JobAsked:
    stores = access.stores
    with stores.ledger.begin() as tx:
        audit.record(tx, access.actor, "retention.run", "retention", {}, stores.now())
        job_id = jobs.submit(tx, TEND, {}, now=stores.now(), key="asked", created_by=access.actor.name)
    runner = getattr(request.app.state, "runner", None)
    if runner is not None:
        runner.wake()
    return JobAsked(job_id=job_id)
