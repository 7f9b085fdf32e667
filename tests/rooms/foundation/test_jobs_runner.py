"""Running jobs: progress, cancel, failure, retry, several runners, a clean stop, going on from a state."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import Column, Connection, Integer, MetaData, String, Table, func, select

from siyu.foundation.errors import Fault, InvalidError, UnavailableError
from siyu.foundation.jobs import Job, JobKind, Runner, Running, cancel, find_job, retry, submit
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

TITLE = Text("测试任务", "A test job")
effects = Table("test_effects", MetaData(), Column("job_id", String(40)), Column("batch", Integer))
AT_ONCE = timedelta(0)


def kind_of(run: Callable[[Running], Any], **more: Any) -> JobKind:
    return JobKind("test.job", TITLE, run, **{"retry_wait": AT_ONCE, **more})


def ask(stores: Stores) -> str:
    with stores.ledger.begin() as tx:
        return submit(tx, "test.job", {"size": 3}, now=stores.now())


def look(stores: Stores, job_id: str, kind: JobKind | None = None) -> Job:
    with stores.ledger.read() as tx:
        return find_job(tx, job_id, [kind] if kind else [])


def ask_to_cancel(stores: Stores, job_id: str) -> None:
    with stores.ledger.begin() as tx:
        cancel(tx, job_id, stores.now())


def until(is_so: Callable[[], bool], seconds: float = 20.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def until_done(stores: Stores, runner: Runner, job_id: str) -> None:
    runner.wake()
    until(lambda: look(stores, job_id).status == "done")


def work_for_ever(running: Running) -> None:
    for done in range(10_000):
        running.progress(done, 10_000, Text("正在写入", "Writing"))
        time.sleep(0.02)
    raise AssertionError("nobody stopped the job")


def write_batches(running: Running, count: int = 5) -> dict[str, Any]:
    first = (running.state or {}).get("next", 0)
    for batch in range(first, count):
        with running.begin() as tx:
            write(tx, running.id, batch)
            running.save(tx, {"next": batch + 1})
    return {"first": first}


def write(tx: Connection, job_id: str, batch: int) -> None:
    tx.execute(effects.insert(), [{"job_id": job_id, "batch": batch}])


def written(stores: Stores) -> list[int]:
    with stores.ledger.read() as tx:
        return list(tx.scalars(select(effects.c.batch).order_by(effects.c.batch)))


def test_a_job_runs_with_its_arguments_and_keeps_its_result(stores: Stores) -> None:
    seen: list[tuple[str, dict[str, Any], int]] = []

    def run(running: Running) -> dict[str, Any]:
        seen.append((running.id, running.arguments, running.attempt))
        running.progress(2, 3, Text("快好了", "Nearly there"))
        return {"row_count": 3}

    kind = kind_of(run, link=lambda of: f"/rows/{of['size']}/{of.get('row_count')}")
    job_id = ask(stores)
    assert Runner(stores, [kind]).run_pending() == 1
    job = look(stores, job_id, kind)
    assert seen == [(job_id, {"size": 3}, 1)]
    assert (job.status, job.result, job.progress, job.attempts) == ("done", {"row_count": 3}, 1.0, 1)
    assert (job.done_count, job.total_count, job.message) == (2, 3, Text("快好了", "Nearly there"))
    assert job.link == "/rows/3/3"
    assert job.started_at is not None
    assert job.ended_at is not None
    assert (job.can_cancel, job.can_retry, job.error) == (False, False, None)


def test_background_threads_run_what_is_submitted_and_progress_is_seen_meanwhile(stores: Stores) -> None:
    runner = Runner(stores, [kind_of(work_for_ever)])
    runner.start()
    try:
        job_id = ask(stores)
        runner.wake()
        until(lambda: look(stores, job_id).done_count > 0)
        job = look(stores, job_id)
        assert (job.status, job.total_count, job.message) == ("running", 10_000, Text("正在写入", "Writing"))
        assert job.progress == pytest.approx(job.done_count / 10_000)
        until(lambda: (look(stores, job_id).eta_seconds or 0) > 0)
    finally:
        ask_to_cancel(stores, job_id)
        assert runner.stop()


def test_a_running_job_is_cancelled_at_its_next_progress(stores: Stores) -> None:
    runner = Runner(stores, [kind_of(work_for_ever)])
    runner.start()
    try:
        job_id = ask(stores)
        until(lambda: look(stores, job_id).status == "running")
        ask_to_cancel(stores, job_id)
        until(lambda: look(stores, job_id).status == "cancelled")
    finally:
        assert runner.stop()
    job = look(stores, job_id)
    assert job.ended_at is not None
    assert (job.can_cancel, job.can_retry, job.error) == (False, True, None)


def test_progress_inside_an_open_ledger_transaction_does_not_block(stores: Stores) -> None:
    def run(running: Running) -> None:
        with running.begin() as tx:
            tx.execute(select(1))
            for done in range(30):
                running.progress(done, 30)
                time.sleep(0.05)

    job_id = ask(stores)
    began = time.monotonic()
    Runner(stores, [kind_of(run)]).run_pending()
    assert look(stores, job_id).status == "done"
    assert time.monotonic() - began < 10


def test_an_error_of_the_product_is_shown_in_both_languages_and_not_tried_again(stores: Stores) -> None:
    fault = Fault("row 3", Text("金额不对", "the amount is wrong"))

    def run(running: Running) -> None:
        raise InvalidError(
            Text("文件有误", "the file is wrong"), faults=[fault], way_out=Text("改好再传", "mend it")
        )

    job_id = ask(stores)
    assert Runner(stores, [kind_of(run)]).run_pending() == 1
    job = look(stores, job_id)
    assert (job.status, job.attempts, job.can_retry) == ("failed", 1, True)
    assert job.error is not None
    assert (job.error.code, job.error.message) == ("invalid", Text("文件有误", "the file is wrong"))
    assert (job.error.way_out, job.error.faults) == (Text("改好再传", "mend it"), (fault,))


def test_an_unknown_error_is_tried_again_then_kept_without_its_traceback(
    stores: Stores, caplog: pytest.LogCaptureFixture
) -> None:
    def run(running: Running) -> None:
        raise RuntimeError("phone 13800138000 at line 7")

    job_id = ask(stores)
    with caplog.at_level(logging.ERROR, "siyu.jobs"):
        assert Runner(stores, [kind_of(run, max_attempts=3)]).run_pending() == 3
    job = look(stores, job_id)
    assert (job.status, job.attempts) == ("failed", 3)
    assert job.error is not None
    assert job.error.code == "internal"
    assert "13800138000" not in repr(job)
    assert "Traceback" in caplog.text
    assert f"job {job_id}" in caplog.text


def test_what_is_unavailable_now_is_tried_again_and_the_last_error_is_gone_when_it_works(
    stores: Stores,
) -> None:
    def run(running: Running) -> None:
        if running.attempt < 3:
            raise UnavailableError(Text("仓库忙", "the warehouse is busy"))

    job_id = ask(stores)
    assert Runner(stores, [kind_of(run)]).run_pending() == 3
    job = look(stores, job_id)
    assert (job.status, job.attempts, job.error) == ("done", 3, None)


def test_a_retry_waits_and_the_wait_doubles(stores: Stores) -> None:
    began: list[float] = []

    def run(running: Running) -> None:
        began.append(time.monotonic())
        raise RuntimeError("again")

    ask(stores)
    Runner(stores, [kind_of(run, retry_wait=timedelta(seconds=0.3))]).run_pending()
    assert len(began) == 3
    assert began[1] - began[0] >= 0.29
    assert began[2] - began[1] >= 0.59


def test_a_failed_job_is_retried_with_all_its_attempts_and_goes_on_from_its_state(stores: Stores) -> None:
    is_broken = True

    def run(running: Running) -> dict[str, Any]:
        if is_broken:
            write_batches(running, 2)
            raise RuntimeError("the disk is full")
        return write_batches(running, 4)

    effects.create(stores.ledger.engine)
    job_id = ask(stores)
    runner = Runner(stores, [kind_of(run, max_attempts=2)])
    assert runner.run_pending() == 2
    is_broken = False
    with stores.ledger.begin() as tx:
        retry(tx, job_id, stores.now())
    job = look(stores, job_id)
    assert (job.status, job.attempts, job.error, job.ended_at) == ("queued", 0, None, None)
    assert runner.run_pending() == 1
    job = look(stores, job_id)
    assert (job.status, job.attempts, job.result) == ("done", 1, {"first": 2})
    assert written(stores) == [0, 1, 2, 3]


def test_a_failed_ledger_transaction_of_a_job_keeps_neither_effect_nor_state(stores: Stores) -> None:
    def run(running: Running) -> dict[str, Any] | None:
        if running.attempt > 1:
            return running.state
        with running.begin() as tx:
            write(tx, running.id, 1)
            running.save(tx, {"next": 2})
            raise RuntimeError("in the middle")

    effects.create(stores.ledger.engine)
    job_id = ask(stores)
    Runner(stores, [kind_of(run)]).run_pending()
    assert look(stores, job_id).result is None
    assert written(stores) == []


def test_a_result_that_cannot_be_stored_is_a_failure_not_a_job_that_hangs(stores: Stores) -> None:
    job_id = ask(stores)
    Runner(stores, [kind_of(lambda running: {"bad": object()}, max_attempts=1)]).run_pending()
    assert look(stores, job_id).status == "failed"


def test_several_runners_at_once_run_each_job_once(make_stores: Callable[..., Stores]) -> None:
    several = [make_stores(job_workers=2) for _ in range(3)]
    stores = several[0]
    ran: list[str] = []

    def run(running: Running) -> None:
        ran.append(running.id)
        with running.begin() as tx:
            write(tx, running.id, 1)
        time.sleep(0.01)

    effects.create(stores.ledger.engine)
    ids = [ask(stores) for _ in range(30)]
    runners = [Runner(each, [kind_of(run)]) for each in several]
    for runner in runners:
        runner.start()
    try:
        until(lambda: all(look(stores, job_id).status == "done" for job_id in ids), 60)
    finally:
        stopped = [runner.stop() for runner in runners]
    assert all(stopped)
    assert sorted(ran) == sorted(ids)
    with stores.ledger.read() as tx:
        assert tx.scalar(select(func.count()).select_from(effects)) == 30


def test_a_stopped_runner_gives_its_job_back_with_the_attempt_unspent(
    make_stores: Callable[..., Stores],
) -> None:
    stores, other = make_stores(), make_stores()
    first = Runner(stores, [kind_of(work_for_ever)])
    first.start()
    job_id = ask(stores)
    first.wake()
    until(lambda: look(stores, job_id).status == "running")
    assert first.stop()
    job = look(stores, job_id)
    assert (job.status, job.attempts, job.ended_at, job.error) == ("queued", 0, None, None)
    assert Runner(other, [kind_of(lambda running: {"attempt": running.attempt})]).run_pending() == 1
    assert look(stores, job_id).result == {"attempt": 1}


def test_a_runner_that_is_stopped_can_start_again(stores: Stores) -> None:
    runner = Runner(stores, [kind_of(lambda running: None)])
    for _ in range(2):
        runner.start()
        with pytest.raises(RuntimeError, match="running already"):
            runner.start()
        until_done(stores, runner, ask(stores))
        assert runner.stop()
        assert not [thread for thread in threading.enumerate() if thread.name.startswith("siyu-jobs")]


def test_a_job_that_never_tells_its_progress_does_not_hold_up_a_stop(stores: Stores) -> None:
    go_on = threading.Event()
    runner = Runner(stores, [kind_of(lambda running: go_on.wait(20) and None)])
    runner.start()
    job_id = ask(stores)
    until(lambda: look(stores, job_id).status == "running")
    assert runner.stop(timeout_seconds=0.2) is False
    go_on.set()
    until(lambda: look(stores, job_id).status == "done")


def test_an_own_handler_of_exceptions_does_not_swallow_a_cancel(stores: Stores) -> None:
    def run(running: Running) -> None:
        for row in range(10_000):
            try:
                running.progress(row)
                time.sleep(0.01)
            except Exception:
                pass
        raise AssertionError("nobody stopped the job")

    runner = Runner(stores, [kind_of(run, max_attempts=1)])
    runner.start()
    job_id = ask(stores)
    until(lambda: look(stores, job_id).status == "running")
    ask_to_cancel(stores, job_id)
    until(lambda: look(stores, job_id).status == "cancelled")
    assert runner.stop()


def test_an_interrupt_at_the_command_line_gives_the_job_back(stores: Stores) -> None:
    def run(running: Running) -> None:
        raise KeyboardInterrupt

    job_id = ask(stores)
    with pytest.raises(KeyboardInterrupt):
        Runner(stores, [kind_of(run)]).run_pending()
    job = look(stores, job_id)
    assert (job.status, job.attempts) == ("queued", 0)
