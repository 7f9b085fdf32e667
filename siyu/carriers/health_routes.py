"""Health over HTTP: calls and troubles of an account, its quotas, and what it told us."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel

from siyu.carriers import accounts, arrivals, health, quotas, words
from siyu.carriers.arrivals import ArrivalRow
from siyu.carriers.routes import HealthInfo
from siyu.foundation.http import (
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
from siyu.team.access import Access, require

router = Router(tags=["carriers"])
Reader = Annotated[Access, Depends(require("carriers.read"))]


class AccountTrouble(BaseModel):
    api: str
    code: str
    kind: str
    count: int
    last_at: datetime
    says: Label | None
    fix: Label | None


class CallHour(BaseModel):
    """`heard` is callbacks that came in."""

    hour_at: datetime
    calls: int
    failed: int
    heard: int


class AccountHealth(HealthInfo):
    troubles: list[AccountTrouble]
    hours: list[CallHour]


class AccountQuota(BaseModel):
    api: str
    seconds: int
    used_count: int
    limit_count: int
    ends_at: datetime
    blocked_until: datetime | None
    blocked_code: str | None


class ArrivalInfo(BaseModel):
    """`done_at` is null while it waits to be worked off."""

    position: int
    kind: str
    kind_name: Label
    at: datetime
    received_at: datetime
    done_at: datetime | None
    summary: str

    @classmethod
    def of(cls, row: ArrivalRow) -> ArrivalInfo:
        return cls(kind_name=Label.of(words.kind_name(row.kind)), **vars(row))


class ArrivalDetail(ArrivalInfo):
    """`document` is null where it cannot be decrypted any more; codes that can be used are left out of it."""

    document: str | None
    masked: bool


class ArrivalKind(BaseModel):
    kind: str
    name: Label
    count: int


@router.get("/carriers/accounts/{account_id}/health", summary="Calls and troubles of the last 24 hours")
def read_health(account_id: RowId, request: Request, access: Reader) -> AccountHealth:
    stores = access.stores
    with stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
        basis = HealthInfo.read(request, stores, tx, account_id)
        troubles = health.health_of(tx, account_id, stores.now()).troubles
        hours = health.hours_of(tx, account_id, stores.now())
    return AccountHealth(
        **basis.model_dump(),
        troubles=[_trouble(account.product, one) for one in troubles],
        hours=[CallHour(**vars(hour)) for hour in hours],
    )


def _trouble(product: str, one: health.Trouble) -> AccountTrouble:
    fix = words.code_fix(product, one.code, one.kind)
    return AccountTrouble(**vars(one), says=Label.of(words.code_says(product, one.code, one.kind)), fix=fix and Label.of(fix))


@router.get("/carriers/accounts/{account_id}/quotas", summary="What is used of each window of calls, and what is closed")
def read_quotas(account_id: RowId, access: Reader) -> Items[AccountQuota]:
    with access.stores.ledger.read() as tx:
        accounts.find_account(tx, account_id)
        return Items(items=[AccountQuota(**vars(quota)) for quota in quotas.quotas_of(tx, account_id, access.stores.now())])


@router.get("/carriers/accounts/{account_id}/inbox", summary="What the carrier told us, newest first")
def list_inbox(
    account_id: RowId,
    access: Reader,
    kind: Annotated[Line | None, Query(description="One kind, such as contact_added or unknown.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ArrivalInfo]:
    stores, scope = access.stores, f"inbox {account_id} {kind}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
        rows = arrivals.list_arrivals(stores, tx, account, kind=kind, before=place[0] if place else None, limit=limit)
    after = encode_cursor(stores, scope, rows[-1].position) if len(rows) == limit else None
    return Page(items=[ArrivalInfo.of(row) for row in rows], next_cursor=after, total=None)


@router.get("/carriers/accounts/{account_id}/inbox/kinds", summary="How many callbacks of each kind are kept")
def count_inbox(account_id: RowId, access: Reader) -> Items[ArrivalKind]:
    with access.stores.ledger.read() as tx:
        accounts.find_account(tx, account_id)
        found = arrivals.kinds_of(tx, account_id)
    return Items(items=[ArrivalKind(kind=kind, name=Label.of(words.kind_name(kind)), count=count) for kind, count in sorted(found.items(), key=lambda one: -one[1])])


@router.get("/carriers/accounts/{account_id}/inbox/{position}", summary="One callback as the carrier wrote it")
def read_arrival(account_id: RowId, position: Annotated[int, Path(ge=1, le=2**63 - 1)], access: Reader) -> ArrivalDetail:
    stores, masked = access.stores, not access.may("customers.identifiers")
    with stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
        row, document = arrivals.find_arrival(stores, tx, account, position, masked=masked)
    return ArrivalDetail(**ArrivalInfo.of(row).model_dump(), document=document, masked=masked)
