"""Results 群发结果: what staff have sent and customers received of a task, taken into the messages, exactly once, in sets."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, update

from siyu.carriers import contacts, sends_polling
from siyu.carriers import sends as tasks
from siyu.carriers.sends_polling import RESULTS_READ
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.events.reactions import Reaction
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import NotFoundError
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.messaging import _tables, failover, outbox, sends
from siyu.messaging.outbox import ATTEMPTING, CANCELLED, RECEIVED, REFUSED, RELEASED, Dispatch

CODES = {"not_a_friend": "lost", "over_quota": "carrier_quota"}


def _take_in(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    rows = [row for batch in batches for row in batch.rows.select(["kind", "detail"]).to_pylist() if row["kind"] == RESULTS_READ]
    told = {detail["asked_for"]: detail["send"] for row in rows if (detail := msgspec.json.decode(row["detail"]))}
    for asked_for, task_id in sorted(told.items()):
        kind, _, number = asked_for.rpartition(":")[0].partition(":")
        if kind == "dispatch":
            take_in(stores, tx, int(number), task_id)


RESULTS = Reaction("messaging.results", (CARRIER_REPORTED.name,), _take_in)


def take_in(stores: Stores, tx: Connection, dispatch_id: int, task_id: int) -> int:
    """Bring the messages of a task up to what is known of it; returns how many are other than they were."""
    try:
        dispatch = outbox.find_dispatch(tx, dispatch_id)
        task = tasks.find_send(tx, dispatch.account_id, task_id)
    except NotFoundError:
        return 0
    if dispatch.settled_at is not None or dispatch.status != "sent":
        return 0
    now = stores.now()
    held = outbox.people_of(tx, dispatch_id)
    held = held.filter(pa.array(held["floating"].to_numpy(zero_copy_only=False) & (held["status"].to_numpy() == ATTEMPTING)))
    read = sends_polling.results_of(tx, task_id)
    keys = contacts.keys_of(tx, dispatch.account_id, [receiver for receiver, _, _ in read])
    status = {keys[receiver]: status for receiver, status, _ in read if receiver in keys}
    sent_at = max((at for _, _, at in read if at is not None), default=now)
    states = np.array([status.get(key, "waiting") for key in held["identity_key"].to_pylist()], object)
    changed = _received(stores, tx, dispatch, held, states, sent_at, now)
    is_over = task.status == "cancelled" or task.next_poll_at is None
    waiting = held.filter(pa.array(states == "waiting"))
    if is_over and waiting.num_rows:
        changed += outbox.mark(tx, waiting, CANCELLED if task.status == "cancelled" else RELEASED, now=now, code="cancelled" if task.status == "cancelled" else "stale", was=(ATTEMPTING,), floating=False)
    if is_over or not waiting.num_rows:
        _end(tx, dispatch, now)
    return changed


def _received(stores: Stores, tx: Connection, dispatch: Dispatch, held: pa.Table, states: np.ndarray[tuple[int], np.dtype[np.object_]], sent_at: datetime, now: datetime) -> int:
    received = held.filter(pa.array(states == "received"))
    changed = outbox.mark(tx, received, RECEIVED, now=now, at_ms=to_ms(sent_at), was=(ATTEMPTING,), floating=False) if received.num_rows else 0
    for state, code in CODES.items():
        some = held.filter(pa.array(states == state))
        if some.num_rows:
            changed += outbox.mark(tx, some, REFUSED, now=now, code=code, was=(ATTEMPTING,), floating=False)
            failover.ask(stores, tx, dispatch, some, now)
    return changed


def _end(tx: Connection, dispatch: Dispatch, now: datetime) -> None:
    """Everybody's message has come to its end: the dispatch keeps nobody."""
    table = _tables.dispatch
    tx.execute(update(table).where(table.c.id == dispatch.id).values(settled_at=now, people=b""))
    sends.close_finished(tx, [dispatch.send_id])
