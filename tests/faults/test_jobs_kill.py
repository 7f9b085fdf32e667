"""Workers that are killed (SIGKILL) or paused (SIGSTOP) in the middle of a job, on both ledgers.

Run as a program, this file is such a worker: `python test_jobs_kill.py <ledger url> <data folder>`.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, func, make_url, select, text
from sqlalchemy.exc import OperationalError

from siyu.foundation.clock import system_clock
from siyu.foundation.database import Ledger, metadata, open_ledger
from siyu.foundation.jobs import Job, JobKind, Runner, Running, find_job, submit
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.connect import open_warehouse

ROUNDS = 10 if os.environ.get("ALL_KILLS") else 3
BATCHES = 12
LEASE_SECONDS = 1.0
effects = Table(
    "test_effects",
    MetaData(),
    Column("job_id", String(40)),
    Column("batch", Integer),
    Column("pid", Integer),
    Column("attempt", Integer),
)


def write_batches(running: Running) -> dict[str, Any]:
    """Write each batch and the place reached in one transaction; nothing else prevents a second write."""
    first = (running.state or {}).get("next", 0)
    for batch in range(first, BATCHES):
        with running.begin() as tx:
            row = {"job_id": running.id, "batch": batch, "pid": os.getpid(), "attempt": running.attempt}
            tx.execute(effects.insert(), [row])
            running.save(tx, {"next": batch + 1})
            time.sleep(0.02)
        running.progress(batch + 1, BATCHES)
        time.sleep(0.03)
    return {"pid": os.getpid()}


def kill_the_worker(running: Running) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


BATCHED = JobKind("test.batches", Text("分批写入", "Write batches"), write_batches, max_attempts=5)
DEADLY = JobKind("test.deadly", Text("致命任务", "A deadly job"), kill_the_worker, max_attempts=2)
KINDS = [BATCHED, DEADLY]


def open_stores(url: str, home: Path) -> Stores:
    home.mkdir(parents=True, exist_ok=True)
    settings = Settings(home=home, database_url=url)
    return Stores(settings, open_ledger(url), open_warehouse(settings, []), load_secrets(settings))


def be_a_worker(url: str, home: Path) -> None:
    runner = Runner(open_stores(url, home), KINDS, lease_seconds=LEASE_SECONDS)
    runner.start()
    while True:
        time.sleep(60)


class Workers:
    """Worker processes of one ledger, by process id."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self.alive: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> int:
        home = self._folder / f"home-{uuid.uuid4().hex[:8]}"
        program = [sys.executable, __file__, self._url, str(home)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
        process = subprocess.Popen(program, env=environment)
        self.alive[process.pid] = process
        return process.pid

    def kill(self, pid: int) -> None:
        process = self.alive.pop(pid)
        process.kill()
        process.wait()


@contextmanager
def workers_of(url: str, folder: Path) -> Iterator[Workers]:
    workers = Workers(url, folder)
    try:
        yield workers
    finally:
        for pid in list(workers.alive):
            workers.kill(pid)


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ledger.sqlite'}"
        return
    server = create_engine(request.getfixturevalue("postgres_url"), isolation_level="AUTOCOMMIT")
    name = f"siyu_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    yield make_url(str(server.url)).set(database=name).render_as_string(hide_password=False)
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    opened = open_ledger(url)
    metadata.create_all(opened.engine)
    effects.create(opened.engine)
    yield opened
    opened.close()


def until(is_so: Callable[[], bool], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.02)


def ask(ledger: Ledger, kind: JobKind) -> str:
    with ledger.begin() as tx:
        return submit(tx, kind.name, {}, now=system_clock())


def look(ledger: Ledger, job_id: str) -> Job:
    with ledger.read() as tx:
        return find_job(tx, job_id, KINDS)


def rows_of(ledger: Ledger, job_id: str) -> list[Any]:
    with ledger.read() as tx:
        return list(tx.execute(select(effects).where(effects.c.job_id == job_id).order_by(effects.c.batch)))


def until_begun(ledger: Ledger, job_id: str) -> None:
    until(lambda: len(rows_of(ledger, job_id)) > 0)


def until_done(ledger: Ledger, job_id: str) -> None:
    until(lambda: look(ledger, job_id).status == "done")


def test_a_killed_workers_job_is_run_again_and_each_effect_is_there_once(
    url: str, ledger: Ledger, tmp_path: Path
) -> None:
    """Two live workers; the one that has the job is killed at a random moment, the other takes it over."""
    with workers_of(url, tmp_path) as workers:
        workers.start()
        workers.start()
        for _ in range(ROUNDS):
            job_id = ask(ledger, BATCHED)
            until_begun(ledger, job_id)
            time.sleep(random.uniform(0, 0.3))
            killed = rows_of(ledger, job_id)[-1].pid
            workers.kill(killed)
            workers.start()
            until_done(ledger, job_id)
            rows, job = rows_of(ledger, job_id), look(ledger, job_id)
            assert [row.batch for row in rows] == list(range(BATCHES))
            assert job.attempts == 2
            assert job.result is not None
            assert job.result["pid"] != killed
            assert rows[0].pid == killed
    with ledger.read() as tx:
        assert tx.scalar(select(func.count()).select_from(effects)) == ROUNDS * BATCHES


def test_a_deadly_job_fails_in_the_end(url: str, ledger: Ledger, tmp_path: Path) -> None:
    """A job that brings the process down (out of memory, say) must not do so for ever."""
    with workers_of(url, tmp_path) as workers:
        job_id = ask(ledger, DEADLY)
        for _ in range(DEADLY.max_attempts + 1):
            workers.start()
        until(lambda: look(ledger, job_id).status == "failed")
        job = look(ledger, job_id)
        assert (job.attempts, job.can_retry) == (DEADLY.max_attempts, True)
        assert job.error is not None
        assert job.error.code == "worker_lost"


def test_a_paused_worker_that_lost_its_lease_writes_no_more(url: str, ledger: Ledger, tmp_path: Path) -> None:
    with workers_of(url, tmp_path) as workers:
        workers.start()
        workers.start()
        job_id = ask(ledger, BATCHED)
        until_begun(ledger, job_id)
        paused = rows_of(ledger, job_id)[-1].pid
        pause_between_transactions(ledger, paused)
        until_done(ledger, job_id)
        os.kill(paused, signal.SIGCONT)
        time.sleep(1.5)
        rows, job = rows_of(ledger, job_id), look(ledger, job_id)
        assert [row.batch for row in rows] == list(range(BATCHES))
        assert job.result is not None
        assert (job.status, job.attempts) == ("done", 2)
        assert job.result["pid"] != paused
        assert {row.attempt for row in rows if row.pid != paused} == {2}
        # The worker that was paused lives on.
        assert workers.alive[paused].poll() is None


def pause_between_transactions(ledger: Ledger, pid: int) -> None:
    """Stop a process while it holds no lock: SQLite's one writer, stopped, would hold up everybody."""
    for _ in range(100):
        os.kill(pid, signal.SIGSTOP)
        if is_free(ledger):
            return
        os.kill(pid, signal.SIGCONT)
        time.sleep(0.01)
    raise AssertionError("the worker was never found between two transactions")


def is_free(ledger: Ledger) -> bool:
    with ledger.engine.connect() as connection:
        try:
            if ledger.is_sqlite:
                connection.exec_driver_sql("PRAGMA busy_timeout=50")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            else:
                connection.exec_driver_sql("SELECT 1 FROM jobs_job FOR UPDATE NOWAIT")
        except OperationalError:
            return False
        finally:
            connection.rollback()
            if ledger.is_sqlite:
                connection.exec_driver_sql("PRAGMA busy_timeout=60000")
    return True


if __name__ == "__main__":
    be_a_worker(sys.argv[1], Path(sys.argv[2]))
