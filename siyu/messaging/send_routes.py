"""Sends over HTTP: ask for one, see how it stands, pause, resume and cancel it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Connection

from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.messaging import sends
from siyu.messaging.sends import Draft, Send, SendSpec
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/messaging/sends", tags=["messaging"])
Reader = Annotated[Access, Depends(require("messaging.read"))]
Writer = Annotated[Access, Depends(require("messaging.write"))]
Share = Annotated[float, Field(ge=0, le=1)]


class MessageAudience(Body):
    """Members of any of `include` and the customers named, without members of any of `exclude`."""

    include: Annotated[list[Id], Field(max_length=200)] = []
    exclude: Annotated[list[Id], Field(max_length=200)] = []
    customer_ids: Annotated[list[Id], Field(max_length=100_000)] | None = None


class PieceVersion(Body):
    piece_id: Id
    version: Id


class SendWave(Body):
    """The part of the audience whose hash lies in [from_rate, to_rate)."""

    from_rate: Share = 0.0
    to_rate: Share = 1.0


class SpecBody(Body):
    """`content` and `split` are by variant; the shares of `split` add up to 1. `carriers` come in order of preference."""

    audience: MessageAudience
    content: Annotated[dict[Line, PieceVersion], Field(max_length=20)]
    carriers: Annotated[list[Line], Field(max_length=10)]
    salt: Annotated[Line, Field(max_length=120)]
    split: Annotated[dict[Line, Share], Field(max_length=20)] = {"a": 1.0}
    control_rate: Share = 0.1
    use_global_holdout: bool = True
    accounts: Annotated[list[Id], Field(max_length=200)] | None = None
    per_minute: Annotated[int, Field(ge=1, le=10_000_000)] | None = None
    order: Literal["listed", "person", "cost"] = "listed"
    wave: SendWave = SendWave()
    hours: Literal["due", "best"] = "due"
    usual_hour: Annotated[int, Field(ge=0, le=23)] | None = None

    def to_spec(self) -> SendSpec:
        plain = self.model_dump()
        plain["content"] = {name: (one["piece_id"], one["version"]) for name, one in plain["content"].items()}
        return msgspec.convert(plain, SendSpec)


class NewSend(Body):
    """`priority_fen`: what one message is declared to be worth; of two that want the last slot the dearer gets it."""

    ref: Annotated[Line, Field(max_length=120)]
    name: Annotated[Line, Field(max_length=80)]
    purpose: Literal["promotion", "value", "service", "feedback"]
    spec: SpecBody
    due_at: AwareDatetime
    until_at: AwareDatetime
    exempt: bool = False
    priority_fen: Annotated[int, Field(ge=0, le=10**12)] = 0


def to_draft(body: NewSend) -> Draft:
    return Draft(body.ref, body.name, body.purpose, body.spec.to_spec(), body.due_at, body.until_at, body.exempt, body.priority_fen)


class SendInfo(BaseModel):
    """`counts` is what planning found (audience, decisions by reason, by account); `messages` and `dispatches` count by status as they are now."""

    id: int
    ref: str
    name: str
    purpose: str
    exempt: bool
    priority_fen: int
    spec: dict[str, Any]
    due_at: datetime
    until_at: datetime
    status: str
    status_code: str | None
    policy_version: int | None
    planned_at: datetime | None
    counts: dict[str, Any]
    messages: dict[str, int]
    dispatches: dict[str, int]
    created_at: datetime
    created_by: str

    @classmethod
    def all_of(cls, tx: Connection, found: list[Send]) -> list[SendInfo]:
        messages = sends.counts(tx, [send.id for send in found])
        own = cls.model_fields.keys() & Send.__dataclass_fields__.keys() - {"spec"}
        return [
            cls(
                **{name: getattr(send, name) for name in own}, spec=msgspec.to_builtins(send.spec), messages=messages[send.id],
                dispatches=sends.dispatch_counts(tx, send.id),
            )
            for send in found
        ]  # fmt: skip


@router.get("", summary="Sends, the newest first")
def list_sends(
    access: Reader, status: Annotated[Line | None, Query(max_length=16)] = None, ref: Annotated[Line, Query(max_length=120, description="Beginning of the ref, such as campaign:12:")] = "",
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[SendInfo]:  # fmt: skip
    stores, scope = access.stores, f"sends {status} {ref}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = sends.list_sends(tx, status=status, ref_prefix=ref, before=place[0] if place else None, limit=limit + 1)
        items = SendInfo.all_of(tx, found[:limit])
    return Page(items=items, next_cursor=encode_cursor(stores, scope, items[-1].id) if len(found) > limit else None, total=None)


@router.get("/{id}", summary="One send: how it was planned, and how far it is")
def get_send(id: RowId, access: Reader) -> SendInfo:
    with access.stores.ledger.read() as tx:
        return SendInfo.all_of(tx, [sends.find(tx, id)])[0]


@router.post("", status_code=201, summary="Ask for a send; the same ref again gives the send that is there")
def add_send(body: NewSend, access: Writer) -> SendInfo:
    stores = access.stores
    draft = to_draft(body)
    with stores.ledger.begin() as tx:
        known = sends.find_by_ref(tx, draft.ref)
        send = sends.create(stores, tx, draft, by=access.actor.name)
        if known is None:
            detail = {"ref": send.ref, "name": send.name, "purpose": send.purpose, "exempt": send.exempt}
            audit.record(tx, access.actor, "messaging.send_added", f"send:{send.id}", detail, stores.now())
        return SendInfo.all_of(tx, [send])[0]


@router.post("/{id}/pause", summary="Hold a send: nothing more of it is claimed")
def pause_send(id: RowId, access: Writer) -> SendInfo:
    with access.stores.ledger.begin() as tx:
        return _told(access, tx, sends.pause(tx, id), "paused")


@router.post("/{id}/resume", summary="Let a paused send go on")
def resume_send(id: RowId, access: Writer) -> SendInfo:
    with access.stores.ledger.begin() as tx:
        return _told(access, tx, sends.resume(access.stores, tx, id, by=access.actor.name), "resumed")


@router.post("/{id}/cancel", summary="Cancel a send: what is not claimed never goes out, and its slots are given back")
def cancel_send(id: RowId, access: Writer) -> SendInfo:
    with access.stores.ledger.begin() as tx:
        return _told(access, tx, sends.cancel(access.stores, tx, id, by=access.actor.name), "cancelled")


def _told(access: Access, tx: Connection, send: Send, action: str) -> SendInfo:
    audit.record(tx, access.actor, f"messaging.send_{action}", f"send:{send.id}", {"ref": send.ref, "name": send.name}, access.stores.now())
    return SendInfo.all_of(tx, [send])[0]
