"""Decisions over HTTP: the funnel of a send, the people behind every number, why for one person, a file of it, and a dry run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel
from starlette.background import BackgroundTask

from siyu.foundation.http import (
    Cursor,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
    language_of,
)
from siyu.messaging import decision_files, decisions, planning, reasons, sends
from siyu.messaging.decisions import Funnel, Person, Step
from siyu.messaging.quota_needs import Need
from siyu.messaging.send_routes import NewSend, to_draft
from siyu.messaging.sends import Send
from siyu.segments.directory_rows import CustomerRow
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/messaging/sends", tags=["messaging"])
Reader = Annotated[Access, Depends(require("messaging.read"))]
Writer = Annotated[Access, Depends(require("messaging.write"))]
Exporter = Annotated[Access, Depends(require("customers.export"))]
Verdict = Annotated[Line | None, Query(max_length=16, description="allow, wait or refuse; told: allow and wait")]
ReasonCode = Annotated[Line | None, Query(max_length=32, description="A reason, as in the funnel.")]
Status = Annotated[Line | None, Query(max_length=16, description="A status of messages.")]


class StepInfo(BaseModel):
    """`way_out`: what can be done about it; null where there is nothing to do."""

    key: str
    name: Label
    count: int
    way_out: Label | None

    @classmethod
    def of(cls, step: Step) -> StepInfo:
        return cls(key=step.key, name=Label.of(step.name), count=step.count, way_out=Label.of(step.way_out) if step.way_out else None)


class FunnelInfo(BaseModel):
    """`steps` narrow from those included to those told; `out` are those who are not, by reason; `waits` are told later."""

    steps: list[StepInfo]
    out: list[StepInfo]
    waits: list[StepInfo]
    messages: dict[str, int]
    planned_count: int

    @classmethod
    def of(cls, funnel: Funnel) -> FunnelInfo:
        parts = {name: [StepInfo.of(step) for step in getattr(funnel, name)] for name in ("steps", "out", "waits")}
        return cls(**parts, messages=funnel.messages, planned_count=funnel.planned_count)


class DecidedPerson(BaseModel):
    """`status` is that of the message, null without one; contacts in `customer` are masked."""

    customer_id: int
    customer: CustomerRow | None
    verdict: str
    reason: str | None
    reason_name: Label | None
    variant: str | None
    account_id: int | None
    carrier: str | None
    staff: str
    at_ms: int
    status: str | None
    status_code: str | None

    @classmethod
    def of(cls, person: Person) -> DecidedPerson:
        return cls(**vars(person), reason_name=Label.of(reasons.name(person.reason)) if person.reason else None)


class WhyInfo(BaseModel):
    """`verdict`: allow, wait, refuse, outside (not in the audience) or planning (not decided yet). `told`: what happened, in sentences."""

    verdict: str
    reason: str | None
    at_ms: int | None
    told: list[Label]
    way_out: Label | None


class LoadInfo(BaseModel):
    """Messages that one member of staff would be asked to send ('' : the account itself)."""

    account_id: int
    staff: str
    count: int


class NeedInfo(BaseModel):
    """What a send takes of an account in one window of the carrier's limit, and what is left of it."""

    account_id: int
    api: str
    seconds: int
    needs_count: int
    left_count: int
    enough: bool

    @classmethod
    def of(cls, need: Need) -> NeedInfo:
        return cls(**vars(need), enough=need.enough)


class DryRunInfo(BaseModel):
    """`load`: the 100 busiest. `quotas`: the windows of carriers' limits that the send would take from today."""

    funnel: FunnelInfo
    carriers: dict[str, int]
    accounts: dict[str, int]
    variants: dict[str, int]
    cost_fen: int
    staff_count: int
    load: list[LoadInfo]
    quotas: list[NeedInfo]


@router.post("/dry-run", summary="What a send would come to now: who is told, who not and why, by whom; nothing is written")
def dry_run(body: NewSend, access: Writer) -> DryRunInfo:
    stores, draft = access.stores, to_draft(body)
    found = planning.dry_run(stores, draft)
    now = stores.now()
    send = Send(0, draft.ref, draft.name, draft.purpose, draft.exempt, draft.priority_fen, draft.spec, draft.due_at, draft.until_at, "planning", None, None, None, {**found, "planned": found["audience"]}, now, "")
    with stores.ledger.read() as tx:
        funnel = decisions.funnel(tx, send)
    asked: list[dict[str, Any]] = [one for one in found["load"] if one["staff"]]
    return DryRunInfo(
        funnel=FunnelInfo.of(funnel), carriers=found.get("carriers", {}), accounts=found.get("accounts", {}), variants=found.get("variants", {}), cost_fen=found["cost_fen"],
        staff_count=len(asked), load=[LoadInfo(**one) for one in found["load"][:100]], quotas=[NeedInfo.of(need) for need in found["quotas"]],
    )  # fmt: skip


@router.get("/{id}/audience", summary="The funnel of a send: included, audience, eligible, told; and why the others are not")
def get_funnel(id: RowId, access: Reader) -> FunnelInfo:
    with access.stores.ledger.read() as tx:
        return FunnelInfo.of(decisions.funnel(tx, sends.find(tx, id)))


@router.get("/{id}/people", summary="The people behind a number of the funnel, contacts masked")
def list_people(id: RowId, access: Reader, verdict: Verdict = None, reason: ReasonCode = None, status: Status = None, cursor: Cursor = None, limit: Limit = 50) -> Page[DecidedPerson]:
    stores, scope = access.stores, f"send people {id} {verdict} {reason} {status}"
    decisions.check_filter(verdict, reason, status)
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        sends.find(tx, id)
    found = decisions.people(stores, id, verdict=verdict, reason=reason, status=status, after=place[0] if place else 0, limit=limit + 1)
    following = encode_cursor(stores, scope, found[limit - 1].customer_id) if len(found) > limit else None
    return Page(items=[DecidedPerson.of(person) for person in found[:limit]], next_cursor=following, total=None)


@router.get("/{id}/people/{customer_id}", summary="Why one person is told of a send, or not")
def get_why(id: RowId, customer_id: RowId, access: Reader) -> WhyInfo:
    with access.stores.ledger.read() as tx:
        found = decisions.why(access.stores, tx, customer_id, id)
    told = [Label.of(text) for text in found.told]
    return WhyInfo(verdict=found.verdict, reason=found.reason, at_ms=found.at_ms, told=told, way_out=Label.of(found.way_out) if found.way_out else None)


@router.get("/{id}/export", summary="The people of a send and what was decided, as a file", response_class=FileResponse)
def export_people(
    id: RowId, access: Exporter, request: Request, format: Literal["csv", "xlsx"] = "csv", verdict: Verdict = None, reason: ReasonCode = None, status: Status = None
) -> FileResponse:  # fmt: skip
    stores = access.stores
    decisions.check_filter(verdict, reason, status)
    with stores.ledger.read() as tx:
        send = sends.find(tx, id)
    # Among the exports: what a killed process leaves behind goes with them when somebody is erased.
    exports = stores.settings.files / "exports"
    exports.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=exports))
    path = folder / f"send-{id}.{format}"
    count = decision_files.write(stores, path, send, format, language_of(request), verdict=verdict, reason=reason, status=status)
    with stores.ledger.begin() as tx:
        audit.record(tx, access.actor, "messaging.people_exported", f"send:{id}", {"format": format, "row_count": count, "verdict": verdict, "reason": reason}, stores.now())
    return FileResponse(path, filename=path.name, background=BackgroundTask(decision_files.remove, folder))
