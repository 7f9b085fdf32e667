"""A worker whose heartbeat failed for longer than its lease: whatever it does afterwards does not count."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from queue import Queue
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, func, select

from siyu.foundation.clock import system_clock
from siyu.foundation.jobs import Job, JobCancelled, JobKind, Runner, Running, cancel, find_job, submit
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

LEASE_SECONDS = 0.5
effects = Table("test_effects", MetaData(), Column("batch", Integer))


class StalledClock:
    """A clock in which the thread of the heartbeat gets stuck, as it does in a process that is paused."""

    def __init__(self) -> None:
        self.go_on = threading.Event()

    def __call__(self) -> datetime:
        if threading.current_thread().name == "siyu-jobs-pulse":
            self.go_on.wait(30)
        return system_clock()


@pytest.fixture
def clock() -> Iterator[StalledClock]:
    stalled = StalledClock()
    yield stalled
    stalled.go_on.set()


def kind_of(run: Callable[[Running], Any]) -> JobKind:
    return JobKind("test.job", Text("测试任务", "A test job"), run)


def ask(stores: Stores) -> str:
    effects.create(stores.ledger.engine)
    with stores.ledger.begin() as tx:
        return submit(tx, "test.job", {}, now=system_clock())


def look(stores: Stores, job_id: str) -> Job:
    with stores.ledger.read() as tx:
        return find_job(tx, job_id, [])


def effect_count(stores: Stores) -> int:
    with stores.ledger.read() as tx:
        return tx.scalar(select(func.count()).select_from(effects)) or 0


def finish(runner: Runner, clock: StalledClock) -> None:
    clock.go_on.set()
    assert runner.stop()


def test_the_outcome_of_a_worker_that_was_taken_over_is_dropped(
    make_stores: Callable[..., Stores], clock: StalledClock, caplog: pytest.LogCaptureFixture
) -> None:
    stores, other = make_stores(clock), make_stores()
    was_begun, is_taken_over = threading.Event(), threading.Event()

    def slow(running: Running) -> dict[str, Any]:
        was_begun.set()
        is_taken_over.wait(30)
        return {"by": "first"}

    job_id = ask(stores)
    first = Runner(stores, [kind_of(slow)], lease_seconds=LEASE_SECONDS)
    first.start()
    assert was_begun.wait(20)
    time.sleep(LEASE_SECONDS + 0.1)
    assert Runner(other, [kind_of(lambda running: {"by": "second"})]).run_pending() == 1
    with caplog.at_level(logging.WARNING, "siyu.jobs"):
        is_taken_over.set()
        finish(first, clock)
    job = look(other, job_id)
    assert (job.status, job.result, job.attempts) == ("done", {"by": "second"}, 2)
    assert "taken over by another worker" in caplog.text


def test_progress_ends_an_attempt_that_was_taken_over(
    make_stores: Callable[..., Stores], clock: StalledClock
) -> None:
    stores, other = make_stores(clock), make_stores()
    was_begun, is_taken_over = threading.Event(), threading.Event()
    reasons: Queue[str] = Queue()

    def slow(running: Running) -> None:
        was_begun.set()
        is_taken_over.wait(30)
        try:
            running.progress(1, 2)
        except JobCancelled as stopped:
            reasons.put(stopped.reason)
            raise

    job_id = ask(stores)
    first = Runner(stores, [kind_of(slow)], lease_seconds=LEASE_SECONDS)
    first.start()
    assert was_begun.wait(20)
    time.sleep(LEASE_SECONDS + 0.1)
    assert Runner(other, [kind_of(lambda running: None)]).run_pending() == 1
    is_taken_over.set()
    assert reasons.get(timeout=20) == "lost"
    finish(first, clock)
    assert look(other, job_id).status == "done"


def test_a_transaction_of_a_worker_that_lost_the_job_meanwhile_is_rolled_back(
    make_stores: Callable[..., Stores], clock: StalledClock
) -> None:
    """The check at the start of `begin` still passes; only the fence before the commit can tell."""
    stores, other = make_stores(clock), make_stores()
    was_begun, is_locked, is_taken = threading.Event(), threading.Event(), threading.Event()
    reasons: Queue[str] = Queue()

    def slow(running: Running) -> None:
        was_begun.set()
        is_locked.wait(30)
        try:
            with running.begin() as tx:
                tx.execute(effects.insert(), [{"batch": 1}])
                is_taken.wait(30)
        except JobCancelled as stopped:
            reasons.put(stopped.reason)
            raise

    job_id = ask(stores)
    first = Runner(stores, [kind_of(slow)], lease_seconds=LEASE_SECONDS)
    first.start()
    assert was_begun.wait(20)
    with other.ledger.begin() as tx:
        is_locked.set()
        time.sleep(LEASE_SECONDS + 0.2)
        cancel(tx, job_id, system_clock())
    is_taken.set()
    assert reasons.get(timeout=20) == "lost"
    finish(first, clock)
    assert look(other, job_id).status == "cancelled"
    assert effect_count(other) == 0


def test_a_job_whose_worker_is_gone_is_cancelled_at_once(
    make_stores: Callable[..., Stores], clock: StalledClock
) -> None:
    stores, other = make_stores(clock), make_stores()
    was_begun, go_on = threading.Event(), threading.Event()

    def slow(running: Running) -> None:
        was_begun.set()
        go_on.wait(30)

    job_id = ask(stores)
    first = Runner(stores, [kind_of(slow)], lease_seconds=LEASE_SECONDS)
    first.start()
    assert was_begun.wait(20)
    time.sleep(LEASE_SECONDS + 0.1)
    with other.ledger.begin() as tx:
        cancel(tx, job_id, system_clock())
    assert look(other, job_id).status == "cancelled"
    go_on.set()
    finish(first, clock)
    assert look(other, job_id).status == "cancelled"
