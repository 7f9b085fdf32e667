"""Accounts over HTTP: what can be connected, what is, and the checks that say what is still to be put right."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from pydantic import BaseModel
from sqlalchemy import Connection

from siyu.carriers import accounts, checks, health, status, words
from siyu.carriers.accounts import Account
from siyu.carriers.callback_routes import carriers_of
from siyu.carriers.silence import silence_of
from siyu.carriers.standing import Standing, standing_of
from siyu.connectors.registry import VENDORS
from siyu.connectors.vendor import Field, Vendor
from siyu.foundation.http import API_PREFIX, Body, Items, Label, Line, Router, RowId
from siyu.foundation.stores import Stores
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["carriers"])
Reader = Annotated[Access, Depends(require("carriers.read"))]
Writer = Annotated[Access, Depends(require("carriers.write"))]


class CarrierField(BaseModel):
    name: str
    label: Label
    help: Label
    secret: bool
    required: bool
    pattern: str
    default: str

    @classmethod
    def of(cls, field: Field) -> CarrierField:
        return cls(
            name=field.name, label=Label.of(field.label), help=Label.of(field.help), secret=field.secret,
            required=field.required, pattern=field.pattern, default=field.default,
        )  # fmt: skip


class StepName(BaseModel):
    key: str
    label: Label


class ProductInfo(BaseModel):
    """A carrier that can be connected, and what it wants to know."""

    product: str
    name: Label
    credentials: list[CarrierField]
    settings: list[CarrierField]
    has_callbacks: bool
    checks: list[StepName]

    @classmethod
    def of(cls, vendor: Vendor) -> ProductInfo:
        steps = [StepName(key=check.key, label=Label.of(check.label)) for check in vendor.checks]
        if vendor.has_callbacks:
            steps.append(StepName(key="callback", label=Label.of(checks.LABEL)))
        return cls(
            product=vendor.product,
            name=Label.of(vendor.name),
            credentials=[CarrierField.of(field) for field in vendor.credentials],
            settings=[CarrierField.of(field) for field in vendor.settings],
            has_callbacks=vendor.has_callbacks,
            checks=steps,
        )


class HealthInfo(BaseModel):
    """The last 24 hours. `error_rate` leaves out refusals of one person or content; silence is judged by the account's own habit."""

    call_count: int
    failed_count: int
    error_rate: float
    budget_left_rate: float
    average_seconds: float | None
    last_call_at: datetime | None
    last_success_at: datetime | None
    is_silent: bool
    silent_since: datetime | None

    @classmethod
    def read(cls, request: Request, stores: Stores, tx: Connection, account_id: int) -> HealthInfo:
        now, found = stores.now(), health.health_of(tx, account_id, stores.now())
        silence = silence_of(tx, account_id, now=now, listening_since=carriers_of(request).listening_since, zone=stores.calendar.zone)
        plain = {name: getattr(found, name) for name in cls.model_fields if hasattr(found, name)}
        return cls(**plain, is_silent=silence.is_silent, silent_since=silence.since if silence.is_silent else None)


class AccountInfo(BaseModel):
    """An account without its credentials: those are never told again."""

    id: int
    product: str
    product_name: Label
    ref: str
    name: str
    settings: dict[str, Any]
    status: str
    status_code: str | None
    status_says: Label | None
    status_fix: Label | None
    status_since: datetime
    called_back_at: datetime | None
    callback_url: str | None
    contact_count: int
    relation_count: int
    open_relation_count: int
    health: HealthInfo
    created_at: datetime
    created_by: str


class CheckStep(BaseModel):
    """`ok` is null where the step was not tried because one before it failed."""

    key: str
    label: Label
    ok: bool | None
    says: Label
    fix: Label | None
    code: str


class CheckResult(BaseModel):
    steps: list[CheckStep]


class NewAccount(Body):
    product: Line
    name: Line
    credentials: dict[Line, Line]
    settings: dict[Line, Line] = {}


class AccountChange(Body):
    """A credential that is left out keeps its value."""

    name: Line | None = None
    credentials: dict[Line, Line] | None = None
    settings: dict[Line, Line] | None = None


@router.get("/carriers/products", summary="Carriers that can be connected, and what each wants to know")
def list_products(_access: Reader) -> Items[ProductInfo]:
    return Items(items=[ProductInfo.of(vendor) for vendor in VENDORS.values()])


@router.get("/carriers/accounts", summary="Connected accounts with their health")
def list_accounts(request: Request, access: Reader) -> Items[AccountInfo]:
    stores = access.stores
    with stores.ledger.read() as tx:
        found = [account for account in accounts.list_accounts(tx) if account.product in VENDORS]
        standing = standing_of(tx, [account.id for account in found])
        return Items(items=[_info(request, stores, tx, account, standing[account.id]) for account in found])


@router.post("/carriers/accounts", summary="Connect an account", status_code=201)
def connect_account(body: NewAccount, request: Request, access: Writer) -> AccountInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        made = accounts.connect(
            stores, tx, product=body.product, name=body.name, credentials=body.credentials, settings=body.settings, by=access.actor.name
        )
        _audit(tx, access, "account_connected", made, {"product": made.product, "ref": made.ref, "name": made.name})
        return _info(request, stores, tx, made)


@router.get("/carriers/accounts/{account_id}", summary="One account")
def read_account(account_id: RowId, request: Request, access: Reader) -> AccountInfo:
    with access.stores.ledger.read() as tx:
        return _info(request, access.stores, tx, accounts.find_account(tx, account_id))


@router.patch("/carriers/accounts/{account_id}", summary="Change an account's name, credentials or settings")
def change_account(account_id: RowId, body: AccountChange, request: Request, access: Writer) -> AccountInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        before = accounts.find_account(tx, account_id)
        made = accounts.change(stores, tx, before, name=body.name, credentials=body.credentials, settings=body.settings)
        named = sorted(name for name, value in (body.credentials or {}).items() if value)
        detail = {"name": made.name, "settings": made.settings, "changed_credentials": named}
        _audit(tx, access, "account_changed", made, detail)
        return _info(request, stores, tx, made)


@router.delete("/carriers/accounts/{account_id}", summary="Disconnect an account; its relations stay on record", status_code=204)
def remove_account(account_id: RowId, access: Writer) -> Response:
    with access.stores.ledger.begin() as tx:
        account = accounts.find_account(tx, account_id)
        accounts.remove(tx, account, access.stores.now())
        _audit(tx, access, "account_removed", account, {"product": account.product, "ref": account.ref, "name": account.name})
    return Response(status_code=204)


@router.post("/carriers/accounts/{account_id}/pause", summary="Make no calls of our own to this account")
def pause_account(account_id: RowId, request: Request, access: Writer) -> AccountInfo:
    return _put(request, access, account_id, "paused")


@router.post("/carriers/accounts/{account_id}/resume", summary="Work with this account again")
def resume_account(account_id: RowId, request: Request, access: Writer) -> AccountInfo:
    return _put(request, access, account_id, "connected")


@router.post("/carriers/accounts/{account_id}/check", summary="Try every step of the connection and say what to put right")
def check_account(account_id: RowId, request: Request, access: Writer) -> CheckResult:
    stores, carriers = access.stores, carriers_of(request)
    with stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
    url = callback_url(request, stores, account)
    found = checks.run_checks(carriers.calls, account, callback_url=url, refused_at=carriers.refused_at.get(account_id))
    return CheckResult(
        steps=[
            CheckStep(key=s.key, label=Label.of(s.label), ok=s.ok, says=Label.of(s.says), fix=Label.of(s.fix) if s.fix else None, code=s.code)
            for s in found
        ]
    )


def callback_url(request: Request, stores: Stores, account: Account) -> str | None:
    """Where the carrier is to call; None for carriers that do not."""
    if account.product not in VENDORS or not account.vendor.has_callbacks:
        return None
    base = stores.settings.public_url or str(request.base_url)
    return f"{base.rstrip('/')}{API_PREFIX}/callbacks/{account.callback_key}"


def _put(request: Request, access: Access, account_id: int, wanted: str) -> AccountInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        accounts.find_account(tx, account_id)
        status.put(stores, tx, account_id, wanted, None, access.actor)
        return _info(request, stores, tx, accounts.find_account(tx, account_id))


def _info(request: Request, stores: Stores, tx: Connection, account: Account, standing: Standing | None = None) -> AccountInfo:
    counts, said = standing or standing_of(tx, [account.id])[account.id], words.status_says(account)
    return AccountInfo(
        id=account.id, product=account.product, product_name=Label.of(account.vendor.name), ref=account.ref, name=account.name,
        settings=account.settings, status=account.status, status_code=account.status_code,
        status_says=Label.of(said.says) if said else None, status_fix=Label.of(said.fix) if said and said.fix else None,
        status_since=account.status_since, called_back_at=account.called_back_at, callback_url=callback_url(request, stores, account),
        contact_count=counts.contact_count, relation_count=counts.relation_count, open_relation_count=counts.open_relation_count,
        health=HealthInfo.read(request, stores, tx, account.id), created_at=account.created_at, created_by=account.created_by,
    )  # fmt: skip


def _audit(tx: Connection, access: Access, action: str, account: Account, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"carriers.{action}", f"account:{account.id}", detail, access.stores.now())
