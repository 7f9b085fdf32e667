"""Tasks of places: look at each whose time has come."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from siyu.foundation import jobs
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import folders, places

LOOK = "orders.look"
LOOK_ALL = "orders.look_all"


def ask_look(tx: Connection, place_id: int, *, stores: Stores, by: str | None) -> str:
    """A job for one place; the one that waits or runs already, if there is one."""
    return jobs.submit(tx, LOOK, {"place_id": place_id}, now=stores.now(), key=f"place {place_id}", created_by=by)


def _look(running: Running) -> dict[str, Any]:
    return asdict(folders.look(running, int(running.arguments["place_id"])))


def _look_all(running: Running) -> dict[str, Any]:
    """An idle round is one small read."""
    stores = running.stores
    with stores.ledger.read() as tx:
        ready = places.due(tx, stores.now())
    if ready:
        with running.begin() as tx:
            for place in ready:
                ask_look(tx, place.id, stores=stores, by=None)
    return {"place_count": len(ready)}


def job_kinds() -> tuple[JobKind, ...]:
    return (
        JobKind(LOOK, Text("查看文件夹或存储桶", "Look at a folder or bucket"), _look, max_attempts=1, link=lambda _: "/imports/places"),
        JobKind(LOOK_ALL, Text("查看到点的文件夹和存储桶", "Look at folders and buckets that are due"), _look_all, link=lambda _: "/imports/places"),
    )
