"""Looks 查看记录: who looked at whose data. Kept in memory for a second at most and written in sets: a look is not slower by it.

Reading identifiers in the clear is besides an entry of the audit, written before the answer.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, insert, select

from siyu.foundation.stores import Stores
from siyu.team._tables import LOOK
from siyu.team.audit import Actor

What = Literal["page", "identifiers", "timeline", "consents", "list", "file"]
REST_SECONDS, MOST = 1.0, 500


@dataclass(frozen=True)
class Look:
    """One look. Where many people were seen at once there is no customer, and `count` says how many."""

    id: int
    at: datetime
    actor: str
    actor_id: int | None
    actor_kind: str
    what: str
    customer_id: int | None
    count: int
    detail: str


class Looks:
    """Takes note of looks. Until it is started, and after it was stopped, each is written at once."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._lock = threading.Lock()
        self._waiting: list[dict[str, Any]] = []
        self._wake, self._stopping = threading.Event(), threading.Event()
        self._thread: threading.Thread | None = None

    def note(self, actor: Actor, what: What, *, customer_id: int | None = None, count: int = 1, detail: str = "") -> None:
        row = {
            "at": self._stores.now(), "actor_id": actor.id, "actor_kind": actor.kind, "actor_name": actor.name[:80], "what": what,
            "customer_id": customer_id, "count": count, "detail": detail[:120],
        }  # fmt: skip
        with self._lock:
            self._waiting.append(row)
            is_much = len(self._waiting) >= MOST
        if self._thread is None:
            self.write()
        elif is_much:
            self._wake.set()

    def write(self) -> int:
        """Write what waits; returns how many."""
        with self._lock:
            rows, self._waiting = self._waiting, []
        if rows:
            with self._stores.ledger.begin() as tx:
                tx.execute(insert(LOOK), rows)
        return len(rows)

    def start(self) -> None:
        self._stopping.clear()
        self._thread = threading.Thread(target=self._keep_writing, name="looks", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        thread, self._thread = self._thread, None
        self._stopping.set()
        self._wake.set()
        if thread is not None:
            thread.join(timeout=10)
        self.write()

    def _keep_writing(self) -> None:
        while not self._stopping.is_set():
            self._wake.wait(REST_SECONDS)
            self._wake.clear()
            self.write()


def read_looks(tx: Connection, *, customer_ids: Sequence[int] = (), actor: str = "", before: int | None = None, limit: int = 50) -> list[Look]:
    """Newest first; `actor` is a part of the name."""
    query = select(LOOK).order_by(LOOK.c.id.desc()).limit(limit)
    if customer_ids:
        query = query.where(LOOK.c.customer_id.in_(list(customer_ids)))
    if actor:
        query = query.where(LOOK.c.actor_name.icontains(actor, autoescape=True))
    if before is not None:
        query = query.where(LOOK.c.id < before)
    return [Look(r.id, r.at, r.actor_name, r.actor_id, r.actor_kind, r.what, r.customer_id, r._mapping["count"], r.detail) for r in tx.execute(query)]
