"""Reconcile 查明: what became of messages whose call was never answered: found out from the carrier, or decided by a person.

Nothing that is unknown is sent again by itself, but for carriers where the same key tells nobody twice.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select, update

from siyu.carriers.calls import Calls
from siyu.foundation.clock import to_ms
from siyu.foundation.errors import ConflictError, SiyuError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import _tables, outbox, sends
from siyu.messaging.carriers.port import AGAIN, Chunk, Content, Outcome, Part, Sender
from siyu.messaging.outbox import PLANNED, SENT, UNKNOWN, Dispatch

KEYS_HOLD = timedelta(hours=23)
"""A carrier that knows a key again does so for a day."""
_dispatch = _tables.dispatch
_log = logging.getLogger("siyu.messaging")


def due(tx: Connection, now: datetime) -> dict[int, int]:
    """Account → its oldest unknown dispatch that is to be asked about now."""
    waits = (_dispatch.c.status == "unknown") & (_dispatch.c.next_at <= now)
    query = select(_dispatch.c.account_id, func.min(_dispatch.c.id)).where(waits).group_by(_dispatch.c.account_id)
    return {int(account): int(number) for account, number in tx.execute(query)}


def unknown_of(tx: Connection, dispatch: Dispatch) -> pa.Table:
    """Its messages of which nothing is known."""
    found = outbox.people_of(tx, dispatch.id)
    return found.filter(pc.equal(found["status"], UNKNOWN))


def decide(stores: Stores, tx: Connection, dispatch_id: int, verdict: Literal["sent", "again"]) -> Dispatch:
    """A person says what holds for an unknown dispatch: it counts as `sent`, or is sent `again` at the risk that some hear it twice."""
    now, dispatch = stores.now(), outbox.find_dispatch(tx, dispatch_id)
    table = update(_dispatch).where(_dispatch.c.id == dispatch_id, _dispatch.c.status == "unknown")
    # The number grows: an answer that comes now is too late to be believed over the person's word.
    if not tx.execute(table.values(fence=_dispatch.c.fence + 1, holder=None, leased_until=None)).rowcount:
        raise ConflictError(Text("这次派发不是“未知”状态", "this dispatch is not unknown"), way_out=Text("刷新后查看它的状态", "reload it and see how it stands"))
    messages = unknown_of(tx, dispatch)
    if verdict == "sent":
        outbox.mark(tx, messages, SENT, now=now, at_ms=to_ms(dispatch.attempted_at or now), was=(UNKNOWN,), code="decided", floating=False)
        outbox.settle(tx, dispatch_id, "sent", now=now, code="decided")
    else:
        outbox.mark(tx, messages, PLANNED, now=now, code="decided", was=(UNKNOWN,))
        tx.execute(update(_dispatch).where(_dispatch.c.id == dispatch_id).values(status="planned", status_code="decided", next_at=now, attempt_count=0, crash_count=0))
    sends.close_finished(tx, [dispatch.send_id])
    return outbox.find_dispatch(tx, dispatch_id)


async def asked(calls: Calls, sender: Sender, chunk: Chunk, content: Content | None, barred: Sequence[Part]) -> Outcome | None:
    """What became of a chunk. Where handing it over again tells nobody twice (`content` is given), that is done: if the first time
    was none, those whom the gate bars by now (`barred`) are left out.

    A question that fails, or that the carrier turns away, says nothing about the first time: None, and it stays unknown.
    """
    out = {row for part in barred for row in part.rows}
    rows = [row for row in range(chunk.people.num_rows) if row not in out]
    try:
        if content is None or not rows:
            return await sender.reconcile(calls, chunk)
        outcome = await sender.send(calls, replace(chunk, people=chunk.people.take(rows), again=True), content.take(rows))
    except SiyuError as error:
        _log.info("dispatch %s could not be asked about: %s", chunk.dispatch_id, error.code)
        return None
    if outcome.kind != "sent":
        return None
    if outcome.code == AGAIN:
        return outcome
    others = [replace(part, rows=[rows[row] for row in part.rows], kind=part.kind if part.kind in ("sent", "refused") else "unknown") for part in outcome.others]
    return replace(outcome, others=[*others, *barred])
