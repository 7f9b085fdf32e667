"""Runner 执行器: the threads of a process that run jobs, prolong leases and submit what is scheduled."""

from __future__ import annotations

import logging
import os
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection

from siyu.foundation.errors import SiyuError
from siyu.foundation.ids import new_id
from siyu.foundation.jobs import _queue
from siyu.foundation.jobs._queue import Ticket
from siyu.foundation.jobs.job import JobKind, to_error
from siyu.foundation.jobs.running import JobCancelled, Running
from siyu.foundation.jobs.schedule import Schedule, submit_due
from siyu.foundation.stores import Stores

log = logging.getLogger("siyu.jobs")
POLL_SECONDS = 1.0
PULSE_SECONDS = 0.5
LEASE_SECONDS = 30.0
Outcome = JobCancelled | Exception | dict[str, Any] | None


class Runner:
    """Runs jobs of these kinds, `settings.job_workers` at a time.

    Any number of runners, in any processes, may share a ledger. A lease lasts `lease_seconds` and is
    prolonged six times in that span; a job whose process was killed is run again by any runner when
    the lease has run out.
    """

    def __init__(
        self,
        stores: Stores,
        kinds: Sequence[JobKind],
        schedules: Sequence[Schedule] = (),
        *,
        lease_seconds: float = LEASE_SECONDS,
    ) -> None:
        self._stores = stores
        self._kinds = {kind.name: kind for kind in kinds}
        self._limits = {kind.name: kind.max_attempts for kind in kinds}
        self._schedules = schedules
        self._lease_seconds = lease_seconds
        self._lease_ms = round(lease_seconds * 1000)
        self._worker = f"{socket.gethostname()[:60]}:{os.getpid()}:{new_id('r')}"
        self._active: dict[str, Running] = {}
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._pulse: threading.Thread | None = None
        self._workers: list[threading.Thread] = []
        if len(self._kinds) != len(kinds) or len({each.name for each in schedules}) != len(schedules):
            raise ValueError("two kinds of job, or two schedules, have the same name")
        if unknown := sorted({each.kind for each in schedules} - set(self._kinds)):
            raise ValueError(f"schedules name kinds that do not exist: {unknown}")

    def start(self) -> None:
        """Begin to work in background threads."""
        if self._pulse is not None:
            raise RuntimeError("the runner is running already")
        self._stopping.clear()
        self._ended.clear()
        self._pulse = threading.Thread(
            target=self._beat, args=(self._ended, True), name="siyu-jobs-pulse", daemon=True
        )
        self._workers = [
            threading.Thread(target=self._work, name=f"siyu-jobs-{number}", daemon=True)
            for number in range(self._stores.settings.job_workers)
        ]
        for thread in (self._pulse, *self._workers):
            thread.start()

    def stop(self, timeout_seconds: float = 30.0) -> bool:
        """End cleanly: running jobs stop at their next `progress` and are queued again, the attempt unspent.

        Returns
        -------
        bool
            False when a job did not come to a `progress` in time. Its lease runs out by itself and
            another runner takes it.
        """
        deadline = time.monotonic() + timeout_seconds
        self._stopping.set()
        self._wake.set()
        for running in self._running():
            running.tell("stopping")
        for worker in self._workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        # The leases are prolonged until the workers are done.
        self._ended.set()
        if self._pulse is not None:
            self._pulse.join(max(1.0, deadline - time.monotonic()))
        is_clean = not any(worker.is_alive() for worker in self._workers)
        self._pulse, self._workers = None, []
        return is_clean

    def wake(self) -> None:
        """Look for work now, not at the next poll; call it once the submitting transaction has committed."""
        self._wake.set()

    def run_pending(self) -> int:
        """Run what is queued, here and now, until nothing is. For the CLI and for tests.

        Waits between attempts are waited out. Jobs that another process is running are left to it,
        and schedules are not looked at.

        Returns
        -------
        int
            How many attempts were run.
        """
        count = 0
        with self._pulsing():
            while not self._stopping.is_set():
                if (ticket := self._claim()) is not None:
                    self._run(ticket)
                    count += 1
                    continue
                with self._stores.ledger.read() as tx:
                    wait = _queue.wait_ms(tx, self._limits)
                if wait is None:
                    break
                self._stopping.wait(max(wait, 10) / 1000)
        return count

    def submit_due(self) -> list[str]:
        """Submit a job for each schedule that is due; the background threads do this by themselves."""
        return submit_due(self._stores, self._schedules)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                if (ticket := self._claim()) is not None:
                    self._run(ticket)
                    continue
            except Exception:
                # The ledger may be away for a while; the worker is not to die of it.
                log.exception("the job worker met an error; it goes on")
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()

    def _claim(self) -> Ticket | None:
        stores, own = self._stores, [running.id for running in self._running()]
        return _queue.claim(stores.ledger, self._worker, self._limits, own, self._lease_ms, stores.now())

    def _run(self, ticket: Ticket) -> None:
        running = Running(self._stores, ticket, self._lease_seconds)
        with self._lock:
            self._active[ticket.id] = running
        if self._stopping.is_set():
            running.tell("stopping")
        log.info("job %s (%s) starts, attempt %d", ticket.id, ticket.kind, ticket.attempt)
        try:
            outcome = self._attempt(running)
            now = self._stores.now()
            with self._stores.ledger.begin() as tx:
                ended = self._settle(tx, running, outcome, now)
        finally:
            with self._lock:
                self._active.pop(ticket.id, None)
        if ended is None:
            log.warning(
                "job %s (%s) was taken over by another worker; this attempt does not count",
                ticket.id,
                ticket.kind,
            )
        else:
            log.info("job %s (%s): %s", ticket.id, ticket.kind, ended)

    def _attempt(self, running: Running) -> Outcome:
        try:
            running.check()
            result = self._kinds[running.kind].run(running)
            msgspec.json.encode(result)
            return result
        except JobCancelled as stopped:
            return stopped
        except SiyuError as error:
            # It says in words what is wrong, and the job shows them: no fault of the program to trace.
            log.warning("job %s (%s): %s", running.id, running.kind, error)
            return error
        except Exception as error:
            log.exception("job %s (%s) failed in attempt %d", running.id, running.kind, running.attempt)
            return error
        except BaseException:
            # Ctrl-C at the command line: the job is not to blame.
            with self._stores.ledger.begin() as tx:
                _queue.give_back(tx, running.ticket, keeps_attempt=True)
            raise

    def _settle(self, tx: Connection, running: Running, outcome: Outcome, now: datetime) -> str | None:
        """Write how the attempt ended; None (nothing written) when the job is another worker's by now."""
        ticket = running.ticket
        match outcome:
            case JobCancelled(reason="lost"):
                return None
            case JobCancelled(reason="stopping"):
                return "queued" if _queue.give_back(tx, ticket, keeps_attempt=True) else None
            case JobCancelled():
                return "cancelled" if _queue.end(tx, ticket, "cancelled", now, running.report) else None
            case Exception():
                return self._settle_error(tx, running, outcome, now)
            case _:
                return (
                    "done"
                    if _queue.end(tx, ticket, "done", now, running.report, result=outcome, error=None)
                    else None
                )

    def _settle_error(self, tx: Connection, running: Running, error: Exception, now: datetime) -> str | None:
        ticket, kind = running.ticket, self._kinds[running.kind]
        kept = to_error(error, ticket.id)
        is_hopeless = isinstance(error, SiyuError) and error.retry == "never"
        if is_hopeless or ticket.attempt >= kind.max_attempts:
            return "failed" if _queue.end(tx, ticket, "failed", now, running.report, error=kept) else None
        wait_ms = round(kind.retry_wait.total_seconds() * 1000) * 2 ** (ticket.attempt - 1)
        return (
            "queued again"
            if _queue.give_back(tx, ticket, wait_ms=wait_ms, keeps_attempt=False, error=kept)
            else None
        )

    def _running(self) -> list[Running]:
        with self._lock:
            return list(self._active.values())

    @contextmanager
    def _pulsing(self) -> Iterator[None]:
        ended = threading.Event()
        pulse = threading.Thread(target=self._beat, args=(ended, False), name="siyu-jobs-pulse", daemon=True)
        pulse.start()
        try:
            yield
        finally:
            ended.set()
            pulse.join()

    def _beat(self, ended: threading.Event, is_scheduling: bool) -> None:
        """The pulse: writes progress, prolongs leases, hears of cancels; no job waits for it."""
        sixth = self._lease_seconds / 6
        renewed_at = time.monotonic()
        while not ended.wait(min(PULSE_SECONDS, sixth)):
            is_due = time.monotonic() - renewed_at >= sixth
            try:
                self._beat_once(is_due)
                if is_due and is_scheduling and self.submit_due():
                    self._wake.set()
            except Exception:
                log.exception("the heartbeat of the jobs met an error; it goes on")
            if is_due:
                renewed_at = time.monotonic()

    def _beat_once(self, is_due: bool) -> None:
        stores, active, now = self._stores, self._running(), self._stores.now()
        for running in active:
            news, at = running.take_news(), time.time()
            if news is not None or is_due:
                with stores.ledger.begin() as tx:
                    held = _queue.beat(tx, running.ticket, self._lease_ms, news, now)
                if held:
                    running.renewed(at)
        if active:
            with stores.ledger.read() as tx:
                answers = _queue.asked(tx, [running.ticket for running in active])
            for running in active:
                running.tell(answers[running.id])
