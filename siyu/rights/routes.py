"""Rights over HTTP: the queue of requests, what is done about each, links, looks, retention."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from siyu.customers import minors
from siyu.customers import preference_links as links
from siyu.foundation.http import Body, Items, Label, Limit, Line, Page, Router, RowId
from siyu.rights import carry, export, receipt, requests
from siyu.rights.requests import KINDS, STATES
from siyu.team import audit
from siyu.team.access import Access, looks_of, require

router = Router(prefix="/rights", tags=["rights"])
Reader = Annotated[Access, Depends(require("rights.read"))]
Writer = Annotated[Access, Depends(require("rights.write"))]
Asker = Annotated[Access, Depends(require("consents.write"))]
Id = Annotated[str, Field(max_length=24)]


class RequestInfo(BaseModel):
    """`said` and `wanted` are what the person wrote; they go when the request ends."""

    id: str
    number: str
    customer_id: int
    kind: Annotated[str, Field(json_schema_extra={"enum": list(KINDS)})]
    kind_name: Label
    state: Annotated[str, Field(json_schema_extra={"enum": list(STATES)})]
    state_name: Label
    source: str
    received_at: datetime
    received_by: str
    due_on: date
    days_left: int
    said: str
    wanted: dict[str, str]
    verified_at: datetime | None
    verified_by: str | None
    verified_how: str | None
    ended_at: datetime | None
    ended_by: str | None
    reason: str | None
    job_id: str | None
    has_file: bool
    receipt: dict[str, Any] | None
    receipt_genuine: bool | None


class Step(BaseModel):
    at: datetime
    actor: str
    action: str


class RequestDetail(RequestInfo):
    steps: list[Step]


class RequestPage(Page[RequestInfo]):
    counts: dict[str, int]


class NewRequest(Body):
    """`wanted`: for a correction, attribute or identifier (`phone`, `email`, `name` …) → the right value."""

    customer_id: Annotated[int, Field(ge=1, le=2**63 - 1)]
    kind: Line
    said: Line = ""
    wanted: dict[Line, Line] = {}


class Verified(Body):
    how: Line


class Refused(Body):
    reason: Line


class LinkWish(Body):
    customer_ids: Annotated[list[Annotated[int, Field(ge=1, le=2**63 - 1)]], Field(min_length=1, max_length=10_000)]
    purpose: Annotated[Line, Field(max_length=16)] = ""
    carrier: Annotated[Line, Field(max_length=32)] = ""


class LinkInfo(BaseModel):
    """`url` is the person's page; `one_click` belongs into the head of a letter (List-Unsubscribe, RFC 8058)."""

    customer_id: int
    url: str
    one_click: str
    ends_at: datetime


class GuardianConsent(Body):
    evidence: Line


class Restriction(Body):
    reason: Line = ""


@router.get("/requests", summary="Requests of people about their data: the open ones by due date, or all, newest first")
def list_requests(
    access: Reader,
    state: Annotated[Line | None, Query(max_length=16)] = "open",
    kind: Annotated[Line | None, Query(max_length=16)] = None,
    customer_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    after: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="`next_cursor` of the page before.")] = None,
    limit: Limit = 50,
) -> RequestPage:
    stores = access.stores
    with stores.ledger.read() as tx:
        people = [customer_id] if customer_id else []
        found = requests.list_requests(stores, tx, state=state or None, kind=kind, customer_ids=people, before=after, limit=limit + 1)
        counts = requests.count_requests(stores, tx)
    more = found[limit - 1].number if len(found) > limit else None
    return RequestPage(items=[_info(access, one) for one in found[:limit]], next_cursor=None if more is None else str(more), total=None, counts=counts)


@router.post("/requests", summary="Take a person's request", status_code=201)
def take_request(asked: NewRequest, access: Asker) -> RequestInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        return _info(access, requests.open_request(stores, tx, asked.customer_id, asked.kind, access.actor, source="staff", said=asked.said, wanted=dict(asked.wanted)))


@router.get("/requests/{id}", summary="One request, and who did what about it")
def read_request(id: Id, access: Reader) -> RequestDetail:
    stores = access.stores
    with stores.ledger.read() as tx:
        found = requests.find_request(stores, tx, id)
    steps = audit.read_audit(stores, subject=f"request:{id}", limit=100)
    return RequestDetail(**_info(access, found).model_dump(), steps=[Step(at=one.at, actor=one.actor, action=one.action) for one in reversed(steps)])


@router.post("/requests/{id}/verify", summary="The person's identity was checked; a restriction or withdrawal is done with it")
def verify_request(id: Id, said: Verified, access: Writer) -> RequestInfo:
    with access.stores.ledger.begin() as tx:
        return _info(access, requests.verify(access.stores, tx, id, access.actor, how=said.how))


@router.post("/requests/{id}/carry-out", summary="Do what a verified request asks: copy, correct or erase")
def carry_out(id: Id, access: Writer, request: Request) -> RequestInfo:
    with access.stores.ledger.begin() as tx:
        done = carry.carry_out(access.stores, tx, id, access.actor)
    runner = getattr(request.app.state, "runner", None)
    if runner is not None:
        runner.wake()
    return _info(access, done)


@router.post("/requests/{id}/refuse", summary="Refuse a request, with the reason that the person is told")
def refuse_request(id: Id, said: Refused, access: Writer) -> RequestInfo:
    with access.stores.ledger.begin() as tx:
        return _info(access, requests.refuse(access.stores, tx, id, access.actor, reason=said.reason))


@router.get("/requests/{id}/file", summary="The copy of everything of a person, as a zip file", response_class=FileResponse)
def fetch_file(id: Id, access: Annotated[Access, Depends(require("customers.identifiers"))], request: Request) -> FileResponse:
    with access.stores.ledger.begin() as tx:
        path = export.find_file(access.stores, tx, id, reader=access.actor)
    looks_of(request).note(access.actor, "file", detail=id)
    return FileResponse(path, media_type="application/zip", filename=f"{id}.zip")


@router.post("/links", summary="Preference-page links for people; one each")
def make_links(wish: LinkWish, access: Asker) -> Items[LinkInfo]:
    stores = access.stores
    tokens = links.make_tokens(stores, wish.customer_ids, purpose=wish.purpose, carrier=wish.carrier)
    with stores.ledger.begin() as tx:
        audit.record(tx, access.actor, "preferences.linked", f"customer:{wish.customer_ids[0]}", {"count": len(tokens)}, stores.now())
    ends = stores.now() + links.KEPT
    made = [(number, links.address(stores.settings, token)) for number, token in tokens.items()]
    return Items(items=[LinkInfo(customer_id=number, url=url, one_click=f"{url}/unsubscribe", ends_at=ends) for number, url in made])


@router.put("/customers/{id}/guardian", summary="Write down that the guardian of a child has consented", status_code=204)
def guardian_consents(id: RowId, said: GuardianConsent, access: Asker) -> None:
    with access.stores.ledger.begin() as tx:
        minors.guardian_consents(access.stores, tx, id, evidence=said.evidence, by=access.actor.name)
        audit.record(tx, access.actor, "guardian.consented", f"customer:{id}", {}, access.stores.now())


@router.put("/customers/{id}/restriction", summary="Keep a person's data, but use it for nothing except their orders", status_code=204)
def restrict(id: RowId, said: Restriction, access: Asker) -> None:
    with access.stores.ledger.begin() as tx:
        minors.restrict(access.stores, tx, id, by=access.actor.name, reason=said.reason)
        audit.record(tx, access.actor, "customer.restricted", f"customer:{id}", {}, access.stores.now())


@router.delete("/customers/{id}/restriction", summary="Lift a restriction", status_code=204)
def lift(id: RowId, access: Writer) -> None:
    with access.stores.ledger.begin() as tx:
        if minors.lift(tx, id):
            audit.record(tx, access.actor, "customer.restriction_lifted", f"customer:{id}", {}, access.stores.now())


def _info(access: Access, one: requests.Request) -> RequestInfo:
    stores = access.stores
    plain = {name: value for name, value in vars(one).items() if name not in ("number", "file_until")}
    return RequestInfo(
        **plain,
        number=one.receipt_number,
        kind_name=Label.of(KINDS[one.kind]),
        state_name=Label.of(STATES[one.state]),
        days_left=(one.due_on - stores.calendar.on(stores.now())).days,
        has_file=one.file_until is not None and one.file_until > stores.now(),
        receipt_genuine=receipt.is_genuine(stores.secrets, one.receipt) if one.receipt else None,
    )
