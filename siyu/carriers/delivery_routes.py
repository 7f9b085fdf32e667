"""Deliveries over HTTP: what was told to a webhook, each attempt, and trying again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends
from pydantic import BaseModel

from siyu.carriers import accounts, deliveries
from siyu.carriers.deliveries import Delivery
from siyu.foundation.http import Cursor, Label, Limit, Page, Router, RowId, decode_cursor, encode_cursor
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["carriers"])
Reader = Annotated[Access, Depends(require("carriers.read"))]
Writer = Annotated[Access, Depends(require("carriers.write"))]


class DeliveryInfo(BaseModel):
    """`next_at` is when it is tried again; null once it arrived or was given up."""

    id: str
    event: str
    status: Literal["waiting", "arrived", "given_up"]
    attempt_count: int
    next_at: datetime | None
    created_at: datetime
    settled_at: datetime | None

    @classmethod
    def of(cls, one: Delivery) -> DeliveryInfo:
        return cls.model_validate(one, from_attributes=True)


class DeliveryPage(Page[DeliveryInfo]):
    """`totals` counts the account's deliveries by status."""

    totals: dict[str, int]


class DeliveryAttempt(BaseModel):
    attempt: int
    at: datetime
    seconds: float
    http_status: int
    outcome: str
    says: Label | None
    excerpt: str


class DeliveryDetail(DeliveryInfo):
    """`body` may name people: null without the permission customers.identifiers."""

    body: dict[str, Any] | None
    attempts: list[DeliveryAttempt]


@router.get("/carriers/accounts/{account_id}/deliveries", summary="What was told to a webhook, newest first")
def list_deliveries(
    account_id: RowId, access: Reader, status: Literal["waiting", "arrived", "given_up"] | None = None, limit: Limit = 50, cursor: Cursor = None
) -> DeliveryPage:
    scope = f"deliveries {account_id} {status}"
    place = decode_cursor(access.stores, scope, cursor)
    with access.stores.ledger.read() as tx:
        accounts.find_account(tx, account_id)
        found = deliveries.list_deliveries(tx, account_id, status=status, limit=limit + 1, before=place[0] if place else None)
        totals = deliveries.totals(tx, account_id)
    items = [DeliveryInfo.of(one) for one in found[:limit]]
    more = encode_cursor(access.stores, scope, found[limit - 1].number) if len(found) > limit else None
    return DeliveryPage(items=items, next_cursor=more, total=totals[status] if status else sum(totals.values()), totals=totals)


@router.get("/carriers/accounts/{account_id}/deliveries/{delivery_id}", summary="One delivery with every attempt")
def get_delivery(account_id: RowId, delivery_id: str, access: Reader) -> DeliveryDetail:
    with access.stores.ledger.read() as tx:
        one, attempts = deliveries.attempts_of(tx, account_id, delivery_id)
    return DeliveryDetail(**vars(DeliveryInfo.of(one)), body=deliveries.body_of(access.stores.secrets, one) if access.may("customers.identifiers") else None, attempts=[DeliveryAttempt.model_validate(attempt) for attempt in attempts])


@router.post("/carriers/accounts/{account_id}/deliveries/{delivery_id}/retry", summary="Try a delivery again now")
def retry_delivery(account_id: RowId, delivery_id: str, access: Writer) -> DeliveryInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        accounts.find_account(tx, account_id)
        one = deliveries.try_again(tx, account_id, delivery_id, stores.now())
        audit.record(tx, access.actor, "deliveries.retried", f"account:{account_id}", {"delivery": delivery_id}, stores.now())
    return DeliveryInfo.of(one)
