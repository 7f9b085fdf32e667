"""Running 执行中: what a job's function is handed while it runs."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection

from siyu.foundation.jobs import _queue
from siyu.foundation.jobs._queue import Report, Ticket
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

CHECK_SECONDS = 0.5


class JobCancelled(BaseException):
    """The attempt must end here. Not an `Exception`, which a job's own handler of bad rows would swallow.

    `reason` is "cancelled" (a person asked), "stopping" (the process is going down; the job returns
    to the queue) or "lost" (another worker has the job now; nothing that this one does counts any
    more).
    """

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Running:
    """One attempt of one job.

    A job may be run again from its start after a crash, at any point. Its effects therefore are
    idempotent, or they are written with `begin` and `save`, which commit the effects of a batch and
    the place reached together, once.
    """

    def __init__(self, stores: Stores, ticket: Ticket, lease_seconds: float) -> None:
        self.stores = stores
        self.ticket = ticket
        self.id = ticket.id
        self.kind = ticket.kind
        self.arguments = ticket.arguments
        self.attempt = ticket.attempt
        self.created_by = ticket.created_by
        self.state: dict[str, Any] | None = ticket.state
        self._lease_seconds = lease_seconds
        self._lock = threading.Lock()
        self._reason: str | None = None
        self._report: Report | None = None
        self._is_news = False
        self._check_at = time.time() + lease_seconds

    def progress(self, done: int, total: int | None = None, message: Text | None = None) -> None:
        """Say how far the work is, as often as you like; another thread writes it, at most twice a second.

        So it may be called inside a ledger transaction, where a write of its own would wait for that
        very transaction.

        Raises
        ------
        JobCancelled
            When a person cancelled the job, the process is stopping, or another worker has the job.
        """
        with self._lock:
            report = Report(int(done), None if total is None else int(total), message)
            self._is_news = self._is_news or report != self._report
            self._report = report
        self.check()

    def check(self) -> None:
        """Raise `JobCancelled` if this attempt must end; for loops that have no progress to tell."""
        if self._reason is None and time.time() >= self._check_at:
            # No heartbeat for the length of a lease (the process was paused, or the ledger is busy): look.
            self._check_at = time.time() + CHECK_SECONDS
            with self.stores.ledger.read() as tx:
                self.tell(_queue.asked(tx, [self.ticket])[self.id])
        if self._reason is not None:
            raise JobCancelled(self._reason)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A ledger transaction that commits only while this worker holds the job.

        The job's row is locked just before the commit: a worker that was paused past its lease writes
        nothing.

        Raises
        ------
        JobCancelled
            As `progress`; the transaction is rolled back.
        """
        self.check()
        with self.stores.ledger.begin() as tx:
            yield tx
            self._must(_queue.hold(tx, self.ticket, round(self._lease_seconds * 1000)))

    def save(self, tx: Connection, state: dict[str, Any]) -> None:
        """Keep the place reached, in the transaction of that work; a later attempt finds it in `state`.

        Raises
        ------
        JobCancelled
            When another worker has the job.
        """
        self._must(_queue.keep_state(tx, self.ticket, state))

    def _must(self, held: bool) -> None:
        if not held:
            self.tell("lost")
            raise JobCancelled("lost")

    def tell(self, reason: str | None) -> None:
        """Used by the runner: this attempt must end, and why. A lost job stays lost."""
        if reason is not None and self._reason != "lost":
            self._reason = reason

    def renewed(self, at: float) -> None:
        """Used by the runner: the lease was prolonged at this instant of the machine's clock."""
        self._check_at = at + self._lease_seconds

    def take_news(self) -> Report | None:
        """Used by the runner: the progress that is not written yet."""
        with self._lock:
            news, self._is_news = (self._report if self._is_news else None), False
            return news

    @property
    def report(self) -> Report | None:
        return self._report
