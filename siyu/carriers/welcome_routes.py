"""Welcomes over HTTP: which greeting new contacts get, and how the greetings went."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Response
from pydantic import BaseModel
from sqlalchemy import Connection

from siyu.carriers import accounts, greetings, welcome, words
from siyu.carriers.accounts import Account
from siyu.foundation.http import (
    Body,
    Cursor,
    Items,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["carriers"])
Reader = Annotated[Access, Depends(require("carriers.read"))]
Writer = Annotated[Access, Depends(require("carriers.write"))]
Status = Literal["attempting", "sent", "refused", "late"]


class WelcomeContent(Body):
    """`attachments` are in the carrier's own form: [{"msgtype": "link", "link": {…}}, …]."""

    text: Line = ""
    attachments: list[dict[str, Any]] = []


class WelcomeDraft(Body):
    """`states` (live codes) and `staff` say whom it is for; empty lists mean everybody."""

    name: Line
    states: list[Line] = []
    staff: list[Line] = []
    content: WelcomeContent
    active: bool = True


class WelcomeInfo(BaseModel):
    id: int
    name: str
    states: list[str]
    staff: list[str]
    content: dict[str, Any]
    active: bool
    version: int
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, one: welcome.Welcome) -> WelcomeInfo:
        return cls.model_validate(one, from_attributes=True)


class GreetingInfo(BaseModel):
    welcome_id: int
    welcome_name: str | None
    contact_name: str | None
    staff: str
    state: str | None
    status: str
    status_code: str | None
    status_says: Label | None
    received_at: datetime
    settled_at: datetime | None
    latency_ms: int | None


class GreetingTotals(BaseModel):
    """Of the last `days`: from the callback to the carrier's answer."""

    days: int
    sent: int
    refused: int
    late: int
    attempting: int
    p50_ms: int | None
    p99_ms: int | None


class GreetingPage(Page[GreetingInfo]):
    totals: GreetingTotals


@router.get("/carriers/accounts/{account_id}/welcomes", summary="Greetings for new contacts")
def list_welcomes(account_id: RowId, access: Reader) -> Items[WelcomeInfo]:
    with access.stores.ledger.read() as tx:
        accounts.find_account(tx, account_id)
        return Items(items=[WelcomeInfo.of(one) for one in welcome.list_welcomes(tx, account_id)])


@router.post("/carriers/accounts/{account_id}/welcomes", summary="Add a greeting", status_code=201)
def add_welcome(account_id: RowId, body: WelcomeDraft, access: Writer) -> WelcomeInfo:
    return _saved(access, account_id, None, body)


@router.put("/carriers/accounts/{account_id}/welcomes/{welcome_id}", summary="Change a greeting")
def change_welcome(account_id: RowId, welcome_id: RowId, body: WelcomeDraft, access: Writer) -> WelcomeInfo:
    return _saved(access, account_id, welcome_id, body)


@router.delete("/carriers/accounts/{account_id}/welcomes/{welcome_id}", summary="Take a greeting out of use", status_code=204)
def remove_welcome(account_id: RowId, welcome_id: RowId, access: Writer) -> Response:
    with access.stores.ledger.begin() as tx:
        accounts.find_account(tx, account_id)
        welcome.remove_welcome(tx, account_id, welcome_id)
        _audit(tx, access, "welcome_removed", welcome_id, {"account": account_id})
    return Response(status_code=204)


@router.get("/carriers/accounts/{account_id}/greetings", summary="Greetings that were sent or not, newest first, with how fast")
def list_greetings(account_id: RowId, access: Reader, status: Status | None = None, limit: Limit = 50, cursor: Cursor = None) -> GreetingPage:
    stores, scope = access.stores, f"greetings {account_id} {status}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
        rows = greetings.list_greetings(tx, account_id, status=status, before=(datetime.fromisoformat(place[0]), place[1]) if place else None, limit=limit)
        totals = greetings.totals_of(tx, account_id, stores.now())
    after = encode_cursor(stores, scope, rows[-1].received_at.isoformat(), rows[-1].event_key) if len(rows) == limit else None
    return GreetingPage(items=[_greeting(account, row) for row in rows], next_cursor=after, total=None, totals=GreetingTotals(**vars(totals)))


def _greeting(account: Account, row: greetings.Greeting) -> GreetingInfo:
    says = None
    if row.status_code is not None and row.status != "sent":
        says = Label.of(words.code_says(account.product, row.status_code, None))
    plain = {name: getattr(row, name) for name in GreetingInfo.model_fields if name != "status_says"}
    return GreetingInfo(**plain, status_says=says)


def _saved(access: Access, account_id: int, number: int | None, body: WelcomeDraft) -> WelcomeInfo:
    stores = access.stores
    with stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
    check = welcome.content_check(account)
    with stores.ledger.begin() as tx:
        made = welcome.save_welcome(
            tx, account, number=number, name=body.name, states=body.states, staff=body.staff, active=body.active,
            content=body.content.model_dump(), check=check, now=stores.now(), by=access.actor.name,
        )  # fmt: skip
        detail = {"account": account_id, "name": made.name, "version": made.version, "content": made.content}
        _audit(tx, access, "welcome_added" if number is None else "welcome_changed", made.id, detail)
        return WelcomeInfo.of(made)


def _audit(tx: Connection, access: Access, action: str, welcome_id: int, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"carriers.{action}", f"welcome:{welcome_id}", detail, access.stores.now())
