"""Jobs over HTTP. They belong to no room of the trade; the team room is the first that knows permissions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from pydantic import BaseModel

from siyu.foundation import jobs
from siyu.foundation.http import Cursor, Label, Limit, Page, Router, decode_cursor, encode_cursor
from siyu.foundation.jobs import Job, JobKind
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["jobs"])
Reader = Annotated[Access, Depends(require("jobs.read"))]
Writer = Annotated[Access, Depends(require("jobs.write"))]


Status = Literal["queued", "running", "done", "failed", "cancelled"]


class JobInfo(BaseModel):
    """`progress` is 0–1, null while the whole is not known."""

    id: str
    kind: str
    title: Label
    status: Status
    progress: float | None
    message: Label | None
    done_count: int
    total_count: int | None
    error: Label | None
    way_out: Label | None
    attempts: int
    result: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    created_by: str | None
    can_cancel: bool
    can_retry: bool
    eta_seconds: int | None
    link: str | None

    @classmethod
    def of(cls, job: Job) -> JobInfo:
        plain = {
            name: getattr(job, name) for name in cls.model_fields if name not in ("title", "message", "error", "way_out", "result")
        }
        error = job.error
        return cls(
            **plain,
            title=Label.of(job.title),
            message=Label.of(job.message) if job.message else None,
            error=Label.of(error.message) if error else None,
            way_out=Label.of(error.way_out) if error and error.way_out else None,
            result=job.result,
        )


@router.get("/jobs", summary="Jobs, newest first")
def list_jobs(
    request: Request,
    access: Reader,
    status: Status | None = None,
    kind: str | None = None,
    scheduled: Annotated[bool | None, Query(description="Only what a schedule started, or (false) leave it out.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[JobInfo]:
    stores, scope = access.stores, f"jobs {status} {kind} {scheduled}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        page = jobs.list_jobs(tx, _kinds(request), status=status, kind=kind, scheduled=scheduled, limit=limit, before=place[0] if place else None)
    after = encode_cursor(stores, scope, page.next_before) if page.next_before else None
    return Page(items=[JobInfo.of(job) for job in page.items], next_cursor=after, total=page.total)


@router.get("/jobs/{job_id}", summary="One job")
def get_job(request: Request, job_id: str, access: Reader) -> JobInfo:
    with access.stores.ledger.read() as tx:
        return JobInfo.of(jobs.find_job(tx, job_id, _kinds(request)))


@router.post("/jobs/{job_id}/cancel", summary="Cancel a job that is queued or running")
def cancel_job(request: Request, job_id: str, access: Writer) -> JobInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        jobs.cancel(tx, job_id, stores.now())
        audit.record(tx, access.actor, "jobs.cancel", f"job:{job_id}", {}, stores.now())
        return JobInfo.of(jobs.find_job(tx, job_id, _kinds(request)))


@router.post("/jobs/{job_id}/retry", summary="Run a failed or cancelled job again")
def retry_job(request: Request, job_id: str, access: Writer) -> JobInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        jobs.retry(tx, job_id, stores.now())
        audit.record(tx, access.actor, "jobs.retry", f"job:{job_id}", {}, stores.now())
        return JobInfo.of(jobs.find_job(tx, job_id, _kinds(request)))


def _kinds(request: Request) -> Sequence[JobKind]:
    kinds: Sequence[JobKind] = request.app.state.job_kinds
    return kinds
