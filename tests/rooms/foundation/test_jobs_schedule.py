"""Schedules: one job for each slot, however many processes look, and in the brand's own day."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from siyu.foundation.clock import Calendar
from siyu.foundation.jobs import Job, JobKind, Runner, Running, Schedule, list_jobs
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

SHANGHAI = Calendar(ZoneInfo("Asia/Shanghai"))
START = datetime(2026, 11, 22, 8, 10, tzinfo=UTC)


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def nothing(running: Running) -> None:
    return None


KINDS = [JobKind("segments.recompute", Text("重算分群", "Recompute segments"), nothing)]
HOURLY = Schedule("segments", "segments.recompute", every=timedelta(hours=1), arguments={"all": True})


def jobs(stores: Stores) -> list[Job]:
    with stores.ledger.read() as tx:
        return list_jobs(tx, KINDS).items


def test_a_schedule_starts_with_its_next_slot_and_submits_once_in_each(
    make_stores: Callable[..., Stores],
) -> None:
    clock = Hand()
    stores = make_stores(clock)
    runner = Runner(stores, KINDS, [HOURLY])
    assert runner.submit_due() == []
    clock.now += timedelta(minutes=49)
    assert runner.submit_due() == []
    clock.now += timedelta(minutes=1)
    (job_id,) = runner.submit_due()
    assert runner.submit_due() == []
    (job,) = jobs(stores)
    assert (job.id, job.kind, job.arguments, job.created_by) == (
        job_id,
        "segments.recompute",
        {"all": True},
        None,
    )


def test_slots_missed_while_nothing_ran_are_made_up_by_one_job(make_stores: Callable[..., Stores]) -> None:
    clock = Hand()
    stores = make_stores(clock)
    Runner(stores, KINDS, [HOURLY]).submit_due()
    clock.now += timedelta(days=3)
    assert len(Runner(stores, KINDS, [HOURLY]).submit_due()) == 1


def test_a_new_slot_joins_the_job_that_is_still_unfinished(make_stores: Callable[..., Stores]) -> None:
    clock = Hand()
    stores = make_stores(clock)
    runner = Runner(stores, KINDS, [HOURLY])
    runner.submit_due()
    clock.now += timedelta(hours=1)
    first = runner.submit_due()
    clock.now += timedelta(hours=1)
    assert runner.submit_due() == first
    assert runner.run_pending() == 1
    clock.now += timedelta(hours=1)
    assert runner.submit_due() != first


def test_several_processes_submit_one_job_for_a_slot(make_stores: Callable[..., Stores]) -> None:
    clock = Hand()
    runners = [Runner(make_stores(clock), KINDS, [HOURLY]) for _ in range(4)]
    for runner in runners:
        runner.submit_due()
    for _ in range(5):
        clock.now += timedelta(hours=1)
        with ThreadPoolExecutor(4) as threads:
            found = list(threads.map(Runner.submit_due, runners))
        assert sorted(len(each) for each in found) == [0, 0, 0, 1]
        runners[0].run_pending()


def test_background_threads_look_at_the_schedules(make_stores: Callable[..., Stores]) -> None:
    clock = Hand()
    stores = make_stores(clock)
    done = threading.Event()
    kind = JobKind("segments.recompute", Text("重算", "Recompute"), lambda running: done.set())
    runner = Runner(stores, [kind], [HOURLY], lease_seconds=0.6)
    runner.submit_due()
    clock.now += timedelta(hours=1)
    runner.start()
    assert done.wait(20)
    assert runner.stop()


@pytest.mark.parametrize(
    ("now", "slot"),
    [
        (datetime(2026, 11, 22, 19, 29, tzinfo=UTC), datetime(2026, 11, 21, 19, 30, tzinfo=UTC)),
        (datetime(2026, 11, 22, 19, 30, tzinfo=UTC), datetime(2026, 11, 22, 19, 30, tzinfo=UTC)),
        (datetime(2026, 11, 23, 5, 0, tzinfo=UTC), datetime(2026, 11, 22, 19, 30, tzinfo=UTC)),
    ],
)
def test_a_time_of_day_is_the_brands(now: datetime, slot: datetime) -> None:
    nightly = Schedule("nightly", "segments.recompute", at=time(3, 30))
    assert nightly.slot(now, SHANGHAI) == slot


def test_a_time_of_day_comes_once_on_the_days_that_change_the_clock() -> None:
    nightly = Schedule("nightly", "segments.recompute", at=time(2, 30))
    new_york = Calendar(ZoneInfo("America/New_York"))
    for day in (datetime(2026, 3, 8, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)):
        slots = {nightly.slot(day + timedelta(minutes=10 * step), new_york) for step in range(144 * 3)}
        assert len(slots) == 4


def test_a_schedule_needs_one_rhythm_and_a_kind_that_exists(make_stores: Callable[..., Stores]) -> None:
    with pytest.raises(ValueError, match="one of them"):
        Schedule("none", "segments.recompute")
    with pytest.raises(ValueError, match="one of them"):
        Schedule("both", "segments.recompute", every=timedelta(hours=1), at=time(3))
    with pytest.raises(ValueError, match="positive"):
        Schedule("zero", "segments.recompute", every=timedelta(0))
    stores = make_stores()
    with pytest.raises(ValueError, match="do not exist"):
        Runner(stores, KINDS, [Schedule("other", "reports.make", at=time(3))])
    with pytest.raises(ValueError, match="same name"):
        Runner(stores, KINDS, [HOURLY, HOURLY])
    with pytest.raises(ValueError, match="same name"):
        Runner(stores, KINDS * 2)
