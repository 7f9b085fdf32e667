"""The guard over HTTP: cases that wait for a decision with their evidence side by side, what was remembered, the settings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec
from fastapi import Depends
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.foundation.http import (
    Body,
    Cursor,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.identity.current import current_one
from siyu.referral import cases, evidence
from siyu.referral.cases import Case
from siyu.referral.guard import REASONS
from siyu.referral.routes import Reader
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/referral", tags=["referral"])
Reviewer = Annotated[Access, Depends(require("referral.review"))]


class RiskReason(BaseModel):
    """`weight`: what it adds on the average of the invitations; below zero it speaks for the people."""

    reason: str
    name: Label
    weight: float


class ReferralCase(BaseModel):
    """`score` 0–1; `size`: people; `held`: friends whose rewards wait for the decision."""

    id: int
    status: Literal["open", "approved", "rejected"]
    score: float
    size: int
    reasons: list[RiskReason]
    at: datetime
    held: int
    decided_at: datetime | None
    decided_by: str | None
    note: str


class CaseMember(BaseModel):
    """One invitation of a case, or somebody who only invited. Who shares a letter of `device`, `payer` or `address` shares that thing."""

    customer_id: int
    customer: CustomerRow | None
    inviter_id: int | None
    programme_id: int | None
    came_at: datetime | None
    left_at: datetime | None
    bought_fen: int
    net_fen: int
    active_days: int
    staff: int
    device: str
    payer: str
    address: str


class ReferralCaseDetail(ReferralCase):
    members: list[CaseMember]


class CaseDecision(Body):
    """`remember`: of those who invited, for what comes later too."""

    decision: Literal["approved", "rejected"]
    note: Annotated[Line, Field(max_length=200)] = ""
    remember: bool = False


class GuardInfo(BaseModel):
    """`version` 0: as Siyu comes. `settings`: weights in log odds, thresholds, names of properties."""

    version: int
    settings: dict[str, Any]
    reasons: list[RiskReason]


class GuardBody(Body):
    settings: dict[str, Any]


class CustomerRisk(BaseModel):
    """`score` null for somebody whom the guard never found suspicious; `verdict`: what was remembered, null for nothing."""

    customer_id: int
    score: float | None
    reasons: list[RiskReason]
    verdict: str | None


@router.get("/cases", summary="Cases, the most suspicious first")
def list_cases(access: Reader, status: Literal["open", "approved", "rejected"] = "open", limit: Limit = 50, cursor: Cursor = None) -> Page[ReferralCase]:
    stores, scope = access.stores, f"referral cases {status}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = cases.listed(tx, status=status, before=(place[0], place[1]) if place else None, limit=limit)
        total = cases.count_open(tx) if status == "open" else None
    after = encode_cursor(stores, scope, found[-1].score, found[-1].id) if len(found) == limit else None
    return Page(items=[ReferralCase(**_case(one)) for one in found], next_cursor=after, total=total)


@router.get("/cases/{case_id}", summary="A case with its evidence side by side")
def get_case(case_id: RowId, access: Reader) -> ReferralCaseDetail:
    with access.stores.ledger.read() as tx:
        return _detail(access, tx, cases.find(tx, case_id))


@router.post("/cases/{case_id}/decide", summary="Approve or reject: what waits is paid, or is not and what was paid comes back")
def decide_case(case_id: RowId, body: CaseDecision, access: Reviewer) -> ReferralCaseDetail:
    stores = access.stores
    with stores.ledger.begin() as tx:
        made = cases.decide(stores, tx, case_id, body.decision, note=body.note, remember=body.remember, by=access.actor.name)
        _audit(tx, access, f"case_{body.decision}", f"case:{case_id}", {"note": body.note, "remember": body.remember, "people": made.size})
    with stores.ledger.read() as tx:
        return _detail(access, tx, cases.find(tx, case_id))


@router.get("/customers/{customer_id}/risk", summary="What the guard says of a customer, and what was remembered")
def get_risk(customer_id: RowId, access: Reader) -> CustomerRisk:
    with access.stores.ledger.read() as tx:
        person = current_one(tx, customer_id)
        found = cases.risks(tx, [person]).get(person)
        verdict = cases.remembered(tx, person)
    return CustomerRisk(customer_id=person, score=found[0] if found else None, reasons=_reasons(found[1]) if found else [], verdict=verdict)


@router.delete("/customers/{customer_id}/verdict", summary="What was remembered of a customer does not hold any more", status_code=204)
def forget_verdict(customer_id: RowId, access: Reviewer) -> None:
    with access.stores.ledger.begin() as tx:
        person = current_one(tx, customer_id)
        cases.forget(tx, person)
        _audit(tx, access, "verdict_forgotten", f"customer:{person}", {})


@router.get("/guard", summary="The settings of the guard, with the meaning of every weight")
def get_guard(access: Reader) -> GuardInfo:
    with access.stores.ledger.read() as tx:
        return _guard(tx)


@router.put("/guard", summary="Change the settings; they hold from the next round on")
def change_guard(body: GuardBody, access: Reviewer) -> GuardInfo:
    with access.stores.ledger.begin() as tx:
        cases.change_settings(access.stores, tx, body.settings, by=access.actor.name)
        found = _guard(tx)
        _audit(tx, access, "guard_changed", f"guard:{found.version}", body.settings)
        return found


def _guard(tx: Connection) -> GuardInfo:
    held, version = cases.settings(tx)
    weights = [(name, getattr(held.weights, name)) for name in held.weights.__struct_fields__]
    return GuardInfo(version=version, settings=msgspec.to_builtins(held), reasons=_reasons(weights))


def _case(one: Case) -> dict[str, Any]:
    return {**vars(one), "reasons": _reasons(one.reasons)}


def _detail(access: Access, tx: Connection, one: Case) -> ReferralCaseDetail:
    stores = access.stores
    people = cases.members(tx, one.id)
    lines = evidence.side_by_side(stores, tx, cases.settings(tx)[0], people)
    with stores.warehouse.read() as session:
        rows = {row.id: row for row in load_rows(stores, session, tx, people)}
    members = [CaseMember(**{name: value for name, value in vars(line).items() if name != "row"}, customer=rows.get(line.customer_id)) for line in lines]
    return ReferralCaseDetail(**_case(one), members=members)


def _reasons(found: list[tuple[str, float]]) -> list[RiskReason]:
    return [RiskReason(reason=name, name=Label.of(REASONS[name]), weight=weight) for name, weight in found if name in REASONS]


def _audit(tx: Connection, access: Access, action: str, subject: str, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"referral.{action}", subject, detail, access.stores.now())
