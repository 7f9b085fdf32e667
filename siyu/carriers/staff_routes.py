"""Staff and stores over HTTP. They stand in the room of carriers, for their numbers are relations."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel
from sqlalchemy import Connection

from siyu.carriers import accounts, staffing, tasks
from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
    Items,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.foundation.stores import Stores
from siyu.team import audit, staff, stores
from siyu.team.access import Access, require
from siyu.team.staff import Staff
from siyu.team.stores import Store

router = Router(prefix="/team", tags=["staff"])
Reader = Annotated[Access, Depends(require("carriers.read"))]
Writer = Annotated[Access, Depends(require("carriers.write"))]


class StaffInfo(BaseModel):
    """`open_relation_count` counts relations, `customer_count` people."""

    id: int
    account_id: int
    userid: str
    name: str
    departments: list[str]
    store_id: int | None
    store_name: str | None
    status: str
    left_at: datetime | None
    open_relation_count: int
    customer_count: int

    @classmethod
    def all_of(cls, opened: Stores, tx: Connection, found: list[Staff]) -> list[StaffInfo]:
        relations = staffing.open_counts(tx, {one.account_id for one in found}) if found else {}
        people = staffing.customer_counts(opened) if found else {}
        return [
            cls(
                **{name: getattr(one, name) for name in Staff.__dataclass_fields__},
                open_relation_count=relations.get((one.account_id, one.userid), 0),
                customer_count=people.get((one.account_id, one.userid), 0),
            )
            for one in found
        ]


class StaffChange(Body):
    store_id: Id | None


class StaffSync(Body):
    account_id: Id


class StaffJob(BaseModel):
    job_id: str


class StoreInfo(BaseModel):
    """`staff_count` leaves out those who left; `customer_count` counts a person once however many of the staff know them."""

    id: int
    name: str
    code: str | None
    city: str | None
    province: str | None
    address: str | None
    created_at: datetime
    staff_count: int
    customer_count: int

    @classmethod
    def all_of(cls, opened: Stores, tx: Connection, found: list[Store]) -> list[StoreInfo]:
        working = staff.count_by_store(tx)
        people = staffing.customer_counts_of(opened, staff.of_stores(tx))
        return [cls(**vars(one), staff_count=working.get(one.id, 0), customer_count=people.get(one.id, 0)) for one in found]


class NewStore(Body):
    name: Line
    code: Line | None = None
    city: Line | None = None
    province: Line | None = None
    address: Line | None = None


class StoreChange(Body):
    name: Line | None = None
    code: Line | None = None
    city: Line | None = None
    province: Line | None = None
    address: Line | None = None


@router.get("/staff", summary="Staff who serve customers, by name")
def list_staff(
    access: Reader, account: Annotated[Id | None, Query()] = None, store: Annotated[Id | None, Query()] = None,
    status: Annotated[str | None, Query(pattern="^(active|disabled|left)$")] = None, q: Annotated[Line, Query(max_length=80)] = "",
    cursor: Cursor = None, limit: Limit = 50,
) -> Page[StaffInfo]:  # fmt: skip
    opened, scope = access.stores, f"staff {account} {store} {status} {q}"
    place = decode_cursor(opened, scope, cursor)
    after = (place[0], place[1]) if place else None
    with opened.ledger.read() as tx:
        found = staff.list_staff(tx, account_id=account, store_id=store, status=status, q=q, after=after, limit=limit + 1)
        items = StaffInfo.all_of(opened, tx, found[:limit])
    following = encode_cursor(opened, scope, items[-1].name, items[-1].id) if len(found) > limit else None
    return Page(items=items, next_cursor=following, total=None)


@router.patch("/staff/{id}", summary="Say to which store somebody belongs")
def change_staff(id: RowId, body: StaffChange, access: Writer) -> StaffInfo:
    opened = access.stores
    with opened.ledger.begin() as tx:
        found = staff.set_store(tx, id, body.store_id)
        audit.record(tx, access.actor, "team.staff_changed", f"staff:{id}", {"store_id": body.store_id}, opened.now())
        return StaffInfo.all_of(opened, tx, [found])[0]


@router.post("/staff/sync", status_code=202, summary="Read the staff of an account from its carrier")
def sync_staff(body: StaffSync, access: Writer) -> StaffJob:
    opened = access.stores
    with opened.ledger.begin() as tx:
        account = accounts.find_account(tx, body.account_id)
        audit.record(tx, access.actor, "team.staff_sync_asked", f"account:{account.id}", {}, opened.now())
        return StaffJob(job_id=tasks.ask(tx, tasks.STAFF, account.id, stores=opened, by=access.actor.name))


@router.get("/stores", summary="Stores, by name")
def list_stores(access: Reader) -> Items[StoreInfo]:
    opened = access.stores
    with opened.ledger.read() as tx:
        return Items(items=StoreInfo.all_of(opened, tx, stores.list_stores(tx)))


@router.post("/stores", status_code=201, summary="Add a store")
def add_store(body: NewStore, access: Writer) -> StoreInfo:
    opened = access.stores
    with opened.ledger.begin() as tx:
        found = stores.add_store(tx, body.model_dump(), opened.now())
        audit.record(tx, access.actor, "team.store_added", f"store:{found.id}", {"name": found.name}, opened.now())
        return StoreInfo.all_of(opened, tx, [found])[0]


@router.patch("/stores/{id}", summary="Change a store")
def change_store(id: RowId, body: StoreChange, access: Writer) -> StoreInfo:
    opened, asked = access.stores, body.model_dump(exclude_unset=True)
    with opened.ledger.begin() as tx:
        found = stores.change_store(tx, id, asked)
        audit.record(tx, access.actor, "team.store_changed", f"store:{id}", asked, opened.now())
        return StoreInfo.all_of(opened, tx, [found])[0]


@router.delete("/stores/{id}", status_code=204, summary="Remove a store; its staff have none then")
def remove_store(id: RowId, access: Writer) -> None:
    opened = access.stores
    with opened.ledger.begin() as tx:
        found = stores.remove_store(tx, id)
        audit.record(tx, access.actor, "team.store_removed", f"store:{id}", {"name": found.name}, opened.now())
