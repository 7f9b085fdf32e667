"""Job 任务: one piece of long work, as people see it, and what they may do with it.

A job is coarse (an import, a recompute, an export, a report); never one for each person. It is asked
for in the caller's own ledger transaction, so it exists exactly when what it is about exists.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, delete, func, literal, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from siyu.foundation.database import UtcTime
from siyu.foundation.errors import ConflictError, Fault, NotFoundError, SiyuError
from siyu.foundation.ids import new_id
from siyu.foundation.jobs._queue import lease_now
from siyu.foundation.jobs._tables import UNFINISHED, jobs_job
from siyu.foundation.jobs.running import Running
from siyu.foundation.text import Text

STATUSES = ("queued", "running", "done", "failed", "cancelled")


@dataclass(frozen=True)
class JobKind:
    """A kind of work; what `run` returns is the job's `result`.

    `run` may be called again after a crash, so it is idempotent. An error whose `retry` is "never"
    ends the job at once; any other is tried again, up to `max_attempts`, after `retry_wait`, which
    doubles each time. `link` makes the console path of the outcome from the arguments and, once done,
    the result.
    """

    name: str
    title: Text
    run: Callable[[Running], dict[str, Any] | None]
    max_attempts: int = 3
    retry_wait: timedelta = timedelta(seconds=5)
    link: Callable[[dict[str, Any]], str | None] | None = None


@dataclass(frozen=True)
class JobError:
    """Why an attempt failed, in the words of the error; the traceback is in the log under the job's id."""

    code: str
    message: Text
    way_out: Text | None = None
    faults: tuple[Fault, ...] = ()


@dataclass(frozen=True)
class Job:
    """One job. `progress` is 0–1 or None (total unknown); `error` of a queued job is its last attempt's."""

    id: str
    kind: str
    title: Text
    status: str
    progress: float | None
    message: Text | None
    done_count: int
    total_count: int | None
    error: JobError | None
    attempts: int
    arguments: dict[str, Any]
    result: dict[str, Any] | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None
    created_by: str | None
    can_cancel: bool
    can_retry: bool
    eta_seconds: int | None
    link: str | None


@dataclass(frozen=True)
class JobPage:
    """Newest first. `next_before` goes into `before` for the page that follows; None at the end."""

    items: list[Job]
    next_before: str | None
    total: int


def submit(
    tx: Connection,
    kind: str,
    arguments: dict[str, Any],
    *,
    now: datetime,
    key: str | None = None,
    created_by: str | None = None,
) -> str:
    """Ask for a job in the caller's transaction; rolled back, it never was.

    Call `Runner.wake` after the commit, or wait a second. With a `key`, a job of this kind and key
    that is queued or running is returned instead of a second one. A running one may already have read
    what this transaction changes: put a version in the key when that matters.

    Returns
    -------
    str
        The id of the job, new or found.
    """
    insert = sqlite.insert(jobs_job) if tx.dialect.name == "sqlite" else postgresql.insert(jobs_job)
    asked = {"kind": kind, "key": key, "arguments": arguments, "created_at": now, "created_by": created_by}
    while True:
        row = insert.values(id=new_id("job"), status="queued", **asked).on_conflict_do_nothing()
        if (new := tx.scalar(row.returning(jobs_job.c.id))) is not None:
            return str(new)
        same = select(jobs_job.c.id).where(
            jobs_job.c.kind == kind, jobs_job.c.key == key, jobs_job.c.status.in_(UNFINISHED)
        )
        # None when it ended between the two statements: then the key is free again.
        if key is not None and (found := tx.scalar(same)) is not None:
            return str(found)


def find_job(tx: Connection, id: str, kinds: Sequence[JobKind]) -> Job:
    """The job of this id.

    Raises
    ------
    NotFoundError
    """
    return _job(_row(tx, id), {kind.name: kind for kind in kinds})


def list_jobs(
    tx: Connection,
    kinds: Sequence[JobKind],
    *,
    status: str | None = None,
    kind: str | None = None,
    scheduled: bool | None = None,
    limit: int = 50,
    before: str | None = None,
) -> JobPage:
    """Jobs, newest first. `before` is the id of the last job of the page before; `total` counts all pages.

    `scheduled` tells those that a schedule started (True) from those that a person or an event did (False).

    Raises
    ------
    NotFoundError
        When `before` names no job.
    """
    found = select(jobs_job)
    if status is not None:
        found = found.where(jobs_job.c.status == status)
    if kind is not None:
        found = found.where(jobs_job.c.kind == kind)
    if scheduled is not None:
        found = found.where(_by_clock() if scheduled else ~_by_clock())
    total = tx.scalar(select(func.count()).select_from(found.subquery())) or 0
    if before is not None:
        found = found.where(jobs_job.c.number < _row(tx, before).number)
    rows = tx.execute(found.order_by(jobs_job.c.number.desc()).limit(limit + 1)).all()
    by_name = {each.name: each for each in kinds}
    items = [_job(row, by_name) for row in rows[:limit]]
    return JobPage(items, items[-1].id if len(rows) > limit else None, total)


def cancel(tx: Connection, id: str, now: datetime) -> None:
    """Cancel at once what is queued or has lost its worker; ask a running job to end at its next `progress`.

    Raises
    ------
    NotFoundError
    ConflictError
        When it has ended already.
    """
    at = lease_now(tx)
    is_worked_on = (jobs_job.c.status == "running") & (jobs_job.c.lease_until_ms >= at)
    changed = tx.execute(
        update(jobs_job)
        .where(jobs_job.c.id == id, jobs_job.c.status.in_(UNFINISHED))
        .values(
            cancel_asked=True,
            status=case((is_worked_on, "running"), else_="cancelled"),
            ended_at=case((is_worked_on, null()), else_=literal(now, UtcTime)),
            fence=case((is_worked_on, jobs_job.c.fence), else_=jobs_job.c.fence + 1),
        )
    )
    if changed.rowcount == 0:
        _row(tx, id)
        raise ConflictError(Text("任务已经结束，不能取消", "the job has ended and cannot be cancelled"))


def retry(tx: Connection, id: str, now: datetime) -> None:
    """Queue a failed or cancelled job again, with all its attempts; it goes on from the state it kept.

    Raises
    ------
    NotFoundError
    ConflictError
        When it is neither failed nor cancelled, or another job with its key is unfinished.
    """
    change = update(jobs_job).where(jobs_job.c.id == id, jobs_job.c.status.in_(("failed", "cancelled")))
    fresh = {"status": "queued", "attempts": 0, "cancel_asked": False, "error": None, "message": None}
    times = {"started_at": None, "ended_at": None, "progress_at": None, "due_from_ms": 0}
    try:
        with tx.begin_nested():
            changed = tx.execute(change.values(**fresh, **times, done_count=0, total_count=None)).rowcount
    except IntegrityError as error:
        raise ConflictError(
            Text("同样的任务已在排队或执行", "the same job is queued or running already")
        ) from error
    if changed == 0:
        _row(tx, id)
        raise ConflictError(
            Text("只有失败或已取消的任务可以重试", "only a failed or cancelled job can be retried")
        )


def prune(tx: Connection, before: datetime, kinds: Sequence[str] = ()) -> int:
    """Remove jobs that were done before an instant; returns how many. Failures stay to be seen.

    Only those go that no person asked for: started by a schedule, or of these kinds.
    """
    old = (_by_clock() | jobs_job.c.kind.in_(kinds)) & (jobs_job.c.status == "done") & (jobs_job.c.ended_at < before)
    return int(tx.execute(delete(jobs_job).where(old)).rowcount)


def _by_clock() -> ColumnElement[bool]:
    return func.coalesce(jobs_job.c.key, "").startswith("schedule:", autoescape=True)


def to_error(error: Exception, job_id: str) -> dict[str, Any]:
    """What is kept of an exception. Only a `SiyuError` speaks for itself; another may carry data."""
    if isinstance(error, SiyuError):
        return {
            "code": error.code,
            "message": error.message,
            "way_out": error.way_out,
            "faults": error.faults,
        }
    message = Text("程序出错，详情已写入日志", "an internal error; the details are in the log")
    way_out = Text(
        f"可以重试；仍然失败时，请把日志中 {job_id} 的内容发给维护者",
        f"retry; if it fails again, look for {job_id} in the log",
    )
    return {"code": "internal", "message": message, "way_out": way_out}


def _row(tx: Connection, id: str) -> Row[Any]:
    row = tx.execute(select(jobs_job).where(jobs_job.c.id == id)).first()
    if row is None:
        raise NotFoundError(Text(f"没有任务 {id}", f"there is no job {id}"))
    return row


def _job(row: Row[Any], kinds: dict[str, JobKind]) -> Job:
    kind = kinds.get(row.kind)
    is_cancelling = row.status == "running" and row.cancel_asked
    return Job(
        id=row.id,
        kind=row.kind,
        title=kind.title if kind else Text(row.kind, row.kind),
        status=row.status,
        progress=_progress(row),
        message=Text("正在取消", "Cancelling") if is_cancelling else _text(row.message),
        done_count=row.done_count,
        total_count=row.total_count,
        error=_error(row.error),
        attempts=row.attempts,
        arguments=row.arguments,
        result=row.result,
        created_at=row.created_at,
        started_at=row.started_at,
        ended_at=row.ended_at,
        created_by=row.created_by,
        can_cancel=row.status in UNFINISHED and not row.cancel_asked,
        can_retry=row.status in ("failed", "cancelled"),
        eta_seconds=_eta(row),
        link=kind.link({**row.arguments, **(row.result or {})}) if kind and kind.link else None,
    )


def _progress(row: Row[Any]) -> float | None:
    if row.status == "done":
        return 1.0
    return min(1.0, row.done_count / row.total_count) if row.total_count else None


def _eta(row: Row[Any]) -> int | None:
    """Seconds left at the last report, if the rest goes as fast as what is done."""
    if row.status != "running" or not row.total_count or row.done_count <= 0 or row.progress_at is None:
        return None
    spent: timedelta = row.progress_at - row.started_at
    left: int = max(0, row.total_count - row.done_count)
    return int(spent.total_seconds() * left / row.done_count)


def _text(value: list[str] | None) -> Text | None:
    return None if value is None else Text(*value)


def _error(value: dict[str, Any] | None) -> JobError | None:
    if value is None:
        return None
    faults = tuple(Fault(field, Text(*message)) for field, message in value.get("faults", []))
    return JobError(value["code"], Text(*value["message"]), _text(value.get("way_out")), faults)
