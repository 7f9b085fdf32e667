"""Contact ways over HTTP: live codes are made, changed, closed, and taken up where others made them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.carriers import accounts, contact_ways
from siyu.carriers.accounts import Account
from siyu.carriers.callback_routes import carriers_of
from siyu.carriers.contact_ways import Way
from siyu.foundation.errors import InvalidError
from siyu.foundation.http import Body, Id, Items, Line, Router, RowId
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/carriers/accounts/{id}/contact-ways", tags=["carriers"])
Reader = Annotated[Access, Depends(require("carriers.read"))]
Writer = Annotated[Access, Depends(require("carriers.write"))]
WAIT_SECONDS = 60


class NewContactWay(Body):
    """`state` comes with whoever adds by the code; it is made up where none is given."""

    name: Line
    state: Annotated[Line, Field(max_length=30)] | None = None
    staff: list[Line] = []
    departments: list[Id] = []
    skip_verify: bool = True


class ContactWayChange(Body):
    name: Line | None = None
    staff: list[Line] | None = None
    departments: list[Id] | None = None
    skip_verify: bool | None = None


class ContactWayInfo(BaseModel):
    """`added_count` relations began by it, `open_count` of them are open. `status`: intended, attempting, open, refused, closed."""

    id: int
    config_id: str | None
    status: str
    status_code: str | None
    name: str
    state: str
    staff: list[str]
    departments: list[int]
    skip_verify: bool
    qr_code: str | None
    created_at: datetime
    created_by: str
    closed_at: datetime | None
    added_count: int
    open_count: int

    @classmethod
    def all_of(cls, stores: Stores, account_id: int, ways: list[Way]) -> list[ContactWayInfo]:
        counted = contact_ways.counts(stores, account_id)
        names = cls.model_fields.keys() - {"added_count", "open_count"}
        return [
            cls(**{name: getattr(way, name) for name in names}, added_count=count[0], open_count=count[1])
            for way in ways
            for count in [counted.get(way.state, (0, 0))]
        ]


class TakenUp(BaseModel):
    new_count: int


@router.get("", summary="Live codes of an account, the newest first")
def list_contact_ways(id: RowId, access: Reader) -> Items[ContactWayInfo]:
    with access.stores.ledger.read() as tx:
        accounts.find_account(tx, id)
        found = contact_ways.list_ways(tx, id)
    return Items(items=ContactWayInfo.all_of(access.stores, id, found))


@router.post("", status_code=201, summary="Make a live code")
def add_contact_way(id: RowId, body: NewContactWay, access: Writer, request: Request) -> ContactWayInfo:
    """Without an answer of the carrier it stays `attempting` and is looked for later: it is never asked for blindly again."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        account = _account(tx, id)
        way = contact_ways.intend(
            tx, account, name=body.name, state=body.state, staff=body.staff, departments=body.departments, skip_verify=body.skip_verify,
            now=stores.now(), by=access.actor.name,
        )  # fmt: skip
        audit.record(tx, access.actor, "carriers.contact_way_added", f"account:{id}", {"name": way.name, "state": way.state}, stores.now())
    calls = carriers_of(request).calls
    made = calls.run(contact_ways.make(calls, account, way), WAIT_SECONDS)
    return ContactWayInfo.all_of(stores, id, [made])[0]


@router.patch("/{way_id}", summary="Change a live code")
def change_contact_way(id: RowId, way_id: RowId, body: ContactWayChange, access: Writer, request: Request) -> ContactWayInfo:
    stores, asked = access.stores, body.model_dump(exclude_none=True)
    with stores.ledger.begin() as tx:
        account, way = _account(tx, id), contact_ways.find_way(tx, id, way_id)
        audit.record(tx, access.actor, "carriers.contact_way_changed", f"account:{id}", {"way": way_id, **asked}, stores.now())
    calls = carriers_of(request).calls
    return ContactWayInfo.all_of(stores, id, [calls.run(contact_ways.change(calls, account, way, asked), WAIT_SECONDS)])[0]


@router.post("/{way_id}/close", summary="Take a live code out of use")
def close_contact_way(id: RowId, way_id: RowId, access: Writer, request: Request) -> ContactWayInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        account, way = _account(tx, id), contact_ways.find_way(tx, id, way_id)
        audit.record(tx, access.actor, "carriers.contact_way_closed", f"account:{id}", {"way": way_id, "state": way.state}, stores.now())
    calls = carriers_of(request).calls
    return ContactWayInfo.all_of(stores, id, [calls.run(contact_ways.close(calls, account, way), WAIT_SECONDS)])[0]


@router.post("/import", summary="Take up live codes that were made elsewhere")
def import_contact_ways(id: RowId, access: Writer, request: Request) -> TakenUp:
    stores = access.stores
    with stores.ledger.begin() as tx:
        account = _account(tx, id)
        audit.record(tx, access.actor, "carriers.contact_ways_imported", f"account:{id}", {}, stores.now())
    calls = carriers_of(request).calls
    return TakenUp(new_count=calls.run(contact_ways.take_up(calls, account, access.actor.name), WAIT_SECONDS * 5))


def _account(tx: Connection, account_id: int) -> Account:
    account = accounts.find_account(tx, account_id)
    if account.product != "wecom":
        raise InvalidError(Text("只有企业微信有活码", "only WeCom has live codes"))
    return account
