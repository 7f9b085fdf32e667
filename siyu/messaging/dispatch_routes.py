"""Dispatches over HTTP: the chunks of a send, those of which nothing is known, and what a person decides about one."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import Connection

from siyu.carriers import accounts
from siyu.foundation.http import Body, Cursor, Limit, Page, Router, RowId, decode_cursor, encode_cursor
from siyu.messaging import outbox, reconcile, sends
from siyu.messaging.outbox import Dispatch
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/messaging/dispatches", tags=["messaging"])
Reader = Annotated[Access, Depends(require("messaging.read"))]
Writer = Annotated[Access, Depends(require("messaging.write"))]
Status = Literal["planned", "claimed", "sent", "refused", "failed", "unknown", "cancelled"]


class DispatchInfo(BaseModel):
    """A chunk of one send, one account and one sender. `counts`: its messages by status; `attempted_at`: when its call was made last."""

    id: int
    send_id: int
    send_name: str
    account_id: int
    account_name: str
    carrier: str
    staff: str
    variant: str
    due_at: datetime
    status: Status
    status_code: str | None
    attempt_count: int
    attempted_at: datetime | None
    next_at: datetime | None
    people_count: int
    ref: str | None
    counts: dict[str, int]
    created_at: datetime
    settled_at: datetime | None

    @classmethod
    def all_of(cls, tx: Connection, found: list[Dispatch]) -> list[DispatchInfo]:
        names = {account.id: account.name for account in accounts.list_accounts(tx)}
        of = {number: sends.find(tx, number).name for number in {one.send_id for one in found}}
        own = cls.model_fields.keys() & Dispatch.__dataclass_fields__.keys()
        return [
            cls(**{name: getattr(one, name) for name in own}, send_name=of[one.send_id], account_name=names.get(one.account_id, "")) for one in found
        ]  # fmt: skip


class DecideBody(Body):
    """`sent`: it counts as sent and nobody is told twice. `again`: it is sent again, at the risk that some hear it twice."""

    verdict: Literal["sent", "again"]


@router.get("", summary="Dispatches in the order in which they were made, of one send or in one state")
def list_dispatches(
    access: Reader, send_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None, status: Status | None = None, cursor: Cursor = None, limit: Limit = 50
) -> Page[DispatchInfo]:
    stores, scope = access.stores, f"dispatches {send_id} {status}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = outbox.list_dispatches(tx, send_id=send_id, status=status, after=place[0] if place else 0, limit=limit + 1)
        items = DispatchInfo.all_of(tx, found[:limit])
    return Page(items=items, next_cursor=encode_cursor(stores, scope, items[-1].id) if len(found) > limit else None, total=None)


@router.post("/{id}/decide", summary="Say what holds for a dispatch whose call was never answered")
def decide_dispatch(id: RowId, body: DecideBody, access: Writer) -> DispatchInfo:
    with access.stores.ledger.begin() as tx:
        found = reconcile.decide(access.stores, tx, id, body.verdict)
        detail = {"verdict": body.verdict, "send_id": found.send_id, "people": found.people_count}
        audit.record(tx, access.actor, "messaging.dispatch_decided", f"dispatch:{id}", detail, access.stores.now())
        return DispatchInfo.all_of(tx, [found])[0]
