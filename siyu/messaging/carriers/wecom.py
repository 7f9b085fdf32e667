"""WeCom 企业微信群发: a chunk becomes one task of one member of staff, who sends it from the phone.

Level one, the task, is made by `send`; the other two (staff sent, customer received) are read for weeks by `carriers.sends_polling`
and taken in by `messaging.results`. Asking for a task is not idempotent: an attempt has a row of its own before the call, by
which its task is found among those of the corp.
"""

from __future__ import annotations

import asyncio
from typing import Any

from sqlalchemy import Connection, select

from siyu.carriers import sends
from siyu.carriers.calls import Calls
from siyu.foundation import faults
from siyu.foundation.stores import Stores
from siyu.messaging import _tables
from siyu.messaging.carriers.port import Chunk, Content, Outcome, Part

CUSTOMERS = 10_000
LOST = "lost"


class WeCom:
    """See `port.Sender`."""

    chunk = CUSTOMERS
    idempotent = False

    def step(self, content: Content) -> int:
        return CUSTOMERS

    async def send(self, calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        intended = await asyncio.to_thread(_intend, calls.stores, chunk, content.of(0))
        if intended is None:
            # Somebody took the dispatch meanwhile: nothing was asked for, and nothing of this will be written down.
            return Outcome("unavailable", "overtaken")
        faults.reach("send.intended")
        made, failed = await sends.attempt(calls, chunk.account, intended, chunk.addresses)
        return _outcome(chunk, made, set(failed))

    async def reconcile(self, calls: Calls, chunk: Chunk) -> Outcome | None:
        with calls.stores.ledger.read() as tx:
            found = sends.asked(tx, _name(chunk, ""))
        if found is None:
            return Outcome("unavailable", sends.NOT_MADE)
        if found.status in ("attempting", "unknown"):
            found = await sends.settle(calls, chunk.account, found, [one for one in chunk.addresses if one])
        if found.status in ("attempting", "unknown"):
            return None
        if found.status == "refused":
            return Outcome("unavailable", sends.NOT_MADE) if found.status_code == sends.NOT_MADE else Outcome("refused", found.status_code)
        return _outcome(chunk, found, set())


def _name(chunk: Chunk, fence: int | str) -> str:
    return f"dispatch:{chunk.dispatch_id}:{fence}"


def _intend(stores: Stores, chunk: Chunk, body: dict[str, Any]) -> sends.Send | None:
    """Written down with the fencing number looked at once more: whoever lost the dispatch while it slept asks for nothing."""
    with stores.ledger.begin() as tx:
        if not _is_ours(tx, chunk):
            return None
        content = {"text": body.get("text") or "", "attachments": body.get("attachments") or []}
        audience = {"sender": chunk.staff, "count": chunk.people.num_rows}
        return sends.intend(
            tx, chunk.account, kind="customers", name=f"派发 {chunk.dispatch_id}", content=content, audience=audience, now=stores.now(), by="messaging",
            asked_for=_name(chunk, chunk.fence),
        )  # fmt: skip


def _is_ours(tx: Connection, chunk: Chunk) -> bool:
    table = _tables.dispatch
    mine = (table.c.id == chunk.dispatch_id) & (table.c.fence == chunk.fence) & (table.c.status == "claimed")
    return tx.execute(select(table.c.id).where(mine).with_for_update()).first() is not None


def _outcome(chunk: Chunk, made: sends.Send, failed: set[str]) -> Outcome:
    if made.status == "unknown":
        return Outcome("unknown", made.status_code)
    rows = [row for row, address in enumerate(chunk.addresses) if address in failed]
    return Outcome("sent", ref=made.ref, floating=True, others=[Part("refused", rows, LOST)] if rows else [])
