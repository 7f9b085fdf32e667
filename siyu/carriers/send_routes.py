"""Sends and moments over HTTP: tasks that staff confirm, how far they have come, reminders and cancelling."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Request
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.carriers import accounts, sends
from siyu.carriers.accounts import Account
from siyu.carriers.callback_routes import carriers_of
from siyu.carriers.sends import Counts, Send
from siyu.foundation.errors import InvalidError
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
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/carriers/accounts/{id}/sends", tags=["carriers"])
Reader = Annotated[Access, Depends(require("carriers.read"))]
Writer = Annotated[Access, Depends(require("carriers.write"))]
WAIT_SECONDS = 60
MOST_CUSTOMERS = 10_000


class SendContent(Body):
    """`attachments` are in the carrier's own form: [{"msgtype": "link", "link": {…}}, …]."""

    text: Line = ""
    attachments: list[dict[str, Any]] = []


class SendAudience(Body):
    """`customers` are contacts' ids at the carrier; `tags`: one of each inner list, of all lists."""

    customers: Annotated[list[Line], Field(max_length=MOST_CUSTOMERS)] = []
    sender: Line = ""
    chats: list[Line] = []
    staff: list[Line] = []
    departments: list[Id] = []
    tags: list[list[Line]] = []


class NewCarrierSend(Body):
    kind: Literal["customers", "groups", "moment"]
    name: Line
    content: SendContent
    audience: SendAudience = SendAudience()


class CarrierSendInfo(BaseModel):
    """Level one: `status` accepted and `failed_count` who can never get it. Level two: staff. Level three: receivers."""

    id: int
    kind: str
    name: str
    content: dict[str, Any]
    status: str
    status_code: str | None
    ref: str | None
    audience_count: int
    failed_count: int
    staff_count: int
    staff_sent_count: int
    receiver_count: int
    received_count: int
    waiting_count: int
    not_a_friend_count: int
    over_quota_count: int
    can_remind: bool
    created_at: datetime
    created_by: str
    attempted_at: datetime | None
    accepted_at: datetime | None
    polled_at: datetime | None
    next_poll_at: datetime | None
    cancelled_at: datetime | None

    @classmethod
    def all_of(cls, stores: Stores, tx: Connection, found: list[Send]) -> list[CarrierSendInfo]:
        counted = sends.counts(tx, [send.id for send in found])
        own = cls.model_fields.keys() & Send.__dataclass_fields__.keys()
        return [
            cls(
                **{name: getattr(send, name) for name in own}, **vars(counted.get(send.id, Counts())),
                audience_count=send.audience.get("count") or len(send.audience.get("customers") or send.audience.get("chats") or ()), can_remind=sends.may_remind(send, stores.now()),
            )
            for send in found
        ]  # fmt: skip


@router.get("", summary="Sends and moments of an account, the newest first")
def list_sends(id: RowId, access: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[CarrierSendInfo]:
    stores, scope = access.stores, f"sends {id}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        _account(tx, id)
        found = sends.list_sends(tx, id, before=place[0] if place else None, limit=limit + 1)
        items = CarrierSendInfo.all_of(stores, tx, found[:limit])
    following = encode_cursor(stores, scope, items[-1].id) if len(found) > limit else None
    return Page(items=items, next_cursor=following, total=None)


@router.get("/{send_id}", summary="One send")
def get_send(id: RowId, send_id: RowId, access: Reader) -> CarrierSendInfo:
    with access.stores.ledger.read() as tx:
        return CarrierSendInfo.all_of(access.stores, tx, [sends.find_send(tx, id, send_id)])[0]


@router.post("", status_code=201, summary="Make a task that staff confirm")
def add_send(id: RowId, body: NewCarrierSend, access: Writer, request: Request) -> CarrierSendInfo:
    """Asked for once. Without an answer it is `unknown` until the carrier's list tells; it is never asked for again by itself."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        account = _account(tx, id)
        send = sends.intend(
            tx, account, kind=body.kind, name=body.name, content=body.content.model_dump(), audience=body.audience.model_dump(), now=stores.now(), by=access.actor.name
        )
        audit.record(tx, access.actor, "carriers.send_added", f"account:{id}", {"send": send.id, "kind": send.kind, "name": send.name}, stores.now())
    calls = carriers_of(request).calls
    return _shown(stores, calls.run(sends.make(calls, account, send), WAIT_SECONDS))


@router.post("/{send_id}/remind", summary="Remind staff who have not sent")
def remind_send(id: RowId, send_id: RowId, access: Writer, request: Request) -> CarrierSendInfo:
    account, send = _found(access, id, send_id, "carriers.send_reminded")
    calls = carriers_of(request).calls
    return _shown(access.stores, calls.run(sends.remind(calls, account, send), WAIT_SECONDS))


@router.post("/{send_id}/cancel", summary="Stop what is not sent yet")
def cancel_send(id: RowId, send_id: RowId, access: Writer, request: Request) -> CarrierSendInfo:
    account, send = _found(access, id, send_id, "carriers.send_cancelled")
    calls = carriers_of(request).calls
    return _shown(access.stores, calls.run(sends.cancel(calls, account, send), WAIT_SECONDS))


def _found(access: Access, account_id: int, send_id: int, action: str) -> tuple[Account, Send]:
    stores = access.stores
    with stores.ledger.begin() as tx:
        account, send = _account(tx, account_id), sends.find_send(tx, account_id, send_id)
        audit.record(tx, access.actor, action, f"account:{account_id}", {"send": send_id, "name": send.name}, stores.now())
    return account, send


def _shown(stores: Stores, send: Send) -> CarrierSendInfo:
    with stores.ledger.read() as tx:
        return CarrierSendInfo.all_of(stores, tx, [send])[0]


def _account(tx: Connection, account_id: int) -> Account:
    account = accounts.find_account(tx, account_id)
    if account.product != "wecom":
        raise InvalidError(Text("只有企业微信有员工确认的群发", "only WeCom has sends that staff confirm"))
    return account
