"""The statements of the queue: claim, beat, hold, end. Every one that writes a running job is fenced.

The number in `fence` grows with each claim. A statement of a worker that was paused, or whose machine
stood still past its lease, carries an older number, touches no row, and is refused; so two workers
may believe they hold a job, but only one can write.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Update, and_, func, or_, select, update

from siyu.foundation.clock import system_clock, to_ms
from siyu.foundation.database import Ledger
from siyu.foundation.jobs._tables import UNFINISHED, jobs_job
from siyu.foundation.text import Text

WORKER_LOST = {
    "code": "worker_lost",
    "message": [
        "执行任务的进程多次中途退出(可能是内存不足或被系统终止)",
        "the process that ran this job died repeatedly (out of memory, or ended by the system)",
    ],
    "way_out": ["查看日志和内存后再重试", "look at the log and at the memory, then retry"],
}


@dataclass(frozen=True)
class Ticket:
    """One claim of one job: what to run, and the fencing number that its writes must carry."""

    id: str
    kind: str
    arguments: dict[str, Any]
    state: dict[str, Any] | None
    created_by: str | None
    attempt: int
    fence: int


@dataclass(frozen=True)
class Report:
    """How far a running attempt has come."""

    done: int
    total: int | None
    message: Text | None


def lease_now(tx: Connection) -> int:
    """Epoch milliseconds of the clock that all workers share: the server's, or the machine's for SQLite."""
    if tx.dialect.name == "postgresql":
        return int(tx.scalar(select(func.date_part("epoch", func.clock_timestamp()) * 1000)) or 0)
    return to_ms(system_clock())


def claim(
    ledger: Ledger, worker: str, limits: Mapping[str, int], own: Collection[str], lease_ms: int, now: datetime
) -> Ticket | None:
    """Take the oldest job that is due, or whose worker let its lease run out.

    Parameters
    ----------
    limits
        Attempts allowed for each kind; a job of another kind is left alone (an older version must not
        run a newer kind).
    own
        Jobs that this process is running now. A long ledger transaction may hold up its own
        heartbeat; it must not take them twice.
    """
    with ledger.read() as tx:
        if tx.execute(select(jobs_job.c.id).where(_due(lease_now(tx), limits, own)).limit(1)).first() is None:
            return None
    while True:
        with ledger.begin() as tx:
            at = lease_now(tx)
            row = tx.execute(
                select(jobs_job)
                .where(_due(at, limits, own))
                .order_by(jobs_job.c.number)
                .limit(1)
                .with_for_update(skip_locked=True)
            ).first()
            if row is None:
                return None
            change = update(jobs_job).where(jobs_job.c.id == row.id)
            if row.cancel_asked:
                tx.execute(change.values(status="cancelled", ended_at=now, fence=row.fence + 1))
            elif row.attempts >= limits[row.kind]:
                tx.execute(
                    change.values(status="failed", ended_at=now, fence=row.fence + 1, error=WORKER_LOST)
                )
            else:
                tx.execute(
                    change.values(
                        status="running",
                        attempts=row.attempts + 1,
                        fence=row.fence + 1,
                        worker=worker,
                        lease_until_ms=at + lease_ms,
                        started_at=now,
                        done_count=0,
                        total_count=None,
                        message=None,
                        progress_at=None,
                    )
                )
                return Ticket(
                    row.id,
                    row.kind,
                    row.arguments,
                    row.state,
                    row.created_by,
                    row.attempts + 1,
                    row.fence + 1,
                )


def _due(at: int, limits: Mapping[str, int], own: Collection[str]) -> ColumnElement[bool]:
    return and_(
        jobs_job.c.status.in_(UNFINISHED),
        or_(
            and_(jobs_job.c.status == "queued", jobs_job.c.due_from_ms <= at),
            and_(jobs_job.c.status == "running", jobs_job.c.lease_until_ms < at),
        ),
        jobs_job.c.kind.in_(limits),
        jobs_job.c.id.not_in(own),
    )


def wait_ms(tx: Connection, limits: Mapping[str, int]) -> int | None:
    """Milliseconds until the next queued job is due; None when none is queued."""
    soonest = tx.scalar(
        select(func.min(jobs_job.c.due_from_ms)).where(
            jobs_job.c.status == "queued", jobs_job.c.kind.in_(limits)
        )
    )
    return None if soonest is None else max(0, soonest - lease_now(tx))


def asked(tx: Connection, tickets: Collection[Ticket]) -> dict[str, str | None]:
    """For each ticket: None to go on, "cancelled" when asked, "lost" when it is no longer this worker's."""
    rows = tx.execute(
        select(jobs_job.c.id, jobs_job.c.fence, jobs_job.c.status, jobs_job.c.cancel_asked).where(
            jobs_job.c.id.in_([ticket.id for ticket in tickets])
        )
    ).all()
    held = {
        (row.id, row.fence): "cancelled" if row.cancel_asked else None
        for row in rows
        if row.status == "running"
    }
    return {ticket.id: held.get((ticket.id, ticket.fence), "lost") for ticket in tickets}


def beat(tx: Connection, ticket: Ticket, lease_ms: int, report: Report | None, now: datetime) -> bool:
    """Prolong the lease and write what progress there is; False when the job is no longer this worker's."""
    change = _fenced(ticket).values(lease_until_ms=lease_now(tx) + lease_ms, **_counts(report, now))
    return tx.execute(change).rowcount == 1


def hold(tx: Connection, ticket: Ticket, lease_ms: int) -> bool:
    """Lock the job until the transaction ends; False (roll back!) when it is no longer this worker's."""
    return tx.execute(_fenced(ticket).values(lease_until_ms=lease_now(tx) + lease_ms)).rowcount == 1


def keep_state(tx: Connection, ticket: Ticket, state: dict[str, Any]) -> bool:
    return tx.execute(_fenced(ticket).values(state=state)).rowcount == 1


def end(
    tx: Connection, ticket: Ticket, status: str, now: datetime, report: Report | None, **values: Any
) -> bool:
    """Write how the job ended; False when it is no longer this worker's."""
    change = _fenced(ticket).values(
        status=status, ended_at=now, lease_until_ms=0, **_counts(report, now), **values
    )
    return tx.execute(change).rowcount == 1


def give_back(
    tx: Connection, ticket: Ticket, *, wait_ms: int = 0, keeps_attempt: bool, **values: Any
) -> bool:
    """Put the job back in the queue: at once, or to be tried again after a wait."""
    attempts = ticket.attempt - 1 if keeps_attempt else ticket.attempt
    change = _fenced(ticket).values(
        status="queued", attempts=attempts, lease_until_ms=0, due_from_ms=lease_now(tx) + wait_ms, **values
    )
    return tx.execute(change).rowcount == 1


def _fenced(ticket: Ticket) -> Update:
    return update(jobs_job).where(
        jobs_job.c.id == ticket.id, jobs_job.c.fence == ticket.fence, jobs_job.c.status == "running"
    )


def _counts(report: Report | None, now: datetime) -> dict[str, Any]:
    if report is None:
        return {}
    return {
        "done_count": report.done,
        "total_count": report.total,
        "message": report.message,
        "progress_at": now,
    }
