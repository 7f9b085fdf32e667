"""Schedule 定时: a job that is asked for again and again, once for each slot however many processes look."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import select, update

from siyu.foundation.clock import Calendar
from siyu.foundation.database import insert_ignore
from siyu.foundation.jobs._tables import jobs_schedule
from siyu.foundation.jobs.job import submit
from siyu.foundation.stores import Stores

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Schedule:
    """When a kind of job is due: `every` so often (from 1970 in UTC), or `at` a time of the brand's day.

    A schedule seen for the first time starts with its next slot. Slots missed while nothing ran are
    made up by one job, the latest; and while a job of the schedule is unfinished, a new slot joins
    it.
    """

    name: str
    kind: str
    every: timedelta | None = None
    at: time | None = None
    arguments: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if (self.every is None) == (self.at is None):
            raise ValueError(f"schedule {self.name!r}: give `every` or `at`, one of them")
        if self.every is not None and self.every <= timedelta(0):
            raise ValueError(f"schedule {self.name!r}: `every` must be positive")

    def slot(self, now: datetime, calendar: Calendar) -> datetime:
        """The start of the slot that holds `now`: the latest instant, not after it, when the job was due."""
        if self.every is not None:
            return now - (now - _EPOCH) % self.every
        assert self.at is not None
        today = calendar.on(now)
        slot = calendar.parse_local(datetime.combine(today, self.at))
        return (
            slot
            if slot <= now
            else calendar.parse_local(datetime.combine(today - timedelta(days=1), self.at))
        )


def submit_due(stores: Stores, schedules: Sequence[Schedule]) -> list[str]:
    """Submit one job for each schedule that has entered a new slot; returns their ids.

    The slot is taken and the job submitted in one transaction, by a compare-and-set on the schedule's row.
    """
    now = stores.now()
    slots = {schedule.name: schedule.slot(now, stores.calendar) for schedule in schedules}
    with stores.ledger.read() as tx:
        taken = {
            row.name: row.slot_at
            for row in tx.execute(select(jobs_schedule).where(jobs_schedule.c.name.in_(slots)))
        }
    submitted = []
    for schedule in schedules:
        slot = slots[schedule.name]
        if schedule.name in taken and taken[schedule.name] >= slot:
            continue
        with stores.ledger.begin() as tx:
            if schedule.name not in taken:
                insert_ignore(tx, jobs_schedule, [{"name": schedule.name, "slot_at": slot}])
                continue
            mine = update(jobs_schedule).where(
                jobs_schedule.c.name == schedule.name, jobs_schedule.c.slot_at < slot
            )
            if tx.execute(mine.values(slot_at=slot)).rowcount == 1:
                submitted.append(
                    submit(tx, schedule.kind, schedule.arguments, now=now, key=f"schedule:{schedule.name}")
                )
    return submitted
