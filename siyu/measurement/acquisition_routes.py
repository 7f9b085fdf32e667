"""True cost over HTTP: sources, waste and the people behind it, groups, cohorts, credit; how margin is reckoned."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from siyu.foundation.clock import from_ms
from siyu.foundation.http import Body, Id, Items, Limit, Line, Router, conditional, language_of
from siyu.identity.identifiers import masked_contacts
from siyu.measurement import acquisition_reports, economics, returns, waste_reports
from siyu.measurement.acquisition_files import acquisition_table
from siyu.measurement.acquisition_records import (
    Attribution,
    Bucket,
    CohortValue,
    Dimension,
    Groups,
    Sources,
    Waste,
)
from siyu.measurement.export import to_csv
from siyu.segments.reports import ask_for_newer
from siyu.team.access import Access, looks_of, require
from siyu.team.audit import record

T = TypeVar("T")
router = Router(prefix="/measurement/acquisition", tags=["measurement"])
Reader = Annotated[Access, Depends(require("reports.read"))]
Looker = Annotated[Access, Depends(require("customers.read"))]
Writer = Annotated[Access, Depends(require("acquisition.spend"))]
From = Annotated[date | None, Query(alias="from", description="Local day; weeks whose Monday lies from here on count. Default: 26 weeks before `to`.")]
To = Annotated[date | None, Query(description="Local day, included. Default: the last day that is computed.")]
SourceId = Annotated[Id | None, Query(description="Only this source and what hangs under it.")]
Format = Annotated[Literal["json", "csv"], Query(description="`csv` gives the table as a file.")]
FILE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}, 304: {"description": "What the caller holds (If-None-Match) is still so"}}


class WastePerson(BaseModel):
    """`share_fen` of the spend fell into the bucket by this customer; `margin_fen`: earned on them to date."""

    customer_id: int
    name: str | None
    phone_masked: str | None
    source_id: int
    source_name: str
    bucket: Bucket
    detail: str
    share_fen: int
    cost_fen: int
    margin_fen: int
    added_on: date


class WastePeople(BaseModel):
    """`next_before`: ask for more with it; null on the last page."""

    items: list[WastePerson]
    next_before: int | None


class EconomicsInfo(BaseModel):
    margin_rate: float
    category_rates: dict[str, float]
    staff_hour_fen: int
    message_fees: dict[str, int]
    discount_rate: float
    horizon_days: int
    move_rate: float
    floor_rate: float


class EconomicsVersion(EconomicsInfo):
    at: datetime
    by: str


class EconomicsToSet(Body):
    """What is left out stays as it is."""

    margin_rate: float | None = None
    category_rates: Annotated[dict[Annotated[Line, Field(max_length=80)], float], Field(max_length=economics.MOST_CATEGORIES)] | None = None
    staff_hour_fen: Annotated[int, Field(ge=0, le=10**9)] | None = None
    message_fees: Annotated[dict[Annotated[Line, Field(max_length=40)], Annotated[int, Field(ge=0, le=10**9)]], Field(max_length=50)] | None = None
    discount_rate: float | None = None
    horizon_days: Annotated[int, Field(ge=0, le=10**6)] | None = None
    move_rate: float | None = None
    floor_rate: float | None = None


@router.get("/sources", summary="Sources: spend, funnel, costs and return", response_model=Sources, responses=FILE)
def read_sources(
    request: Request, response: Response, access: Reader, from_on: From = None, to: To = None,
    level: Literal["platform", "campaign", "creative", "place"] | None = None, format: Format = "json",
) -> Sources | Response:  # fmt: skip
    run = _run(request, response, access)
    return answer(request, access, acquisition_reports.source_report(access.stores, from_on=from_on, to_on=to, level=level, run=run), "sources", format)


@router.get("/groups", summary="The same by live code, member of staff, offer or source itself", response_model=Groups, responses=FILE)
def read_groups(request: Request, response: Response, access: Reader, by: Dimension, from_on: From = None, to: To = None, format: Format = "json") -> Groups | Response:
    run = _run(request, response, access)
    return answer(request, access, waste_reports.group_report(access.stores, by, from_on=from_on, to_on=to, run=run), f"by-{by}", format)


@router.get("/waste", summary="Waste: where every fen of the spend went", response_model=Waste, responses=FILE)
def read_waste(request: Request, response: Response, access: Reader, from_on: From = None, to: To = None, source_id: SourceId = None, format: Format = "json") -> Waste | Response:
    run = _run(request, response, access)
    return answer(request, access, waste_reports.waste_report(access.stores, from_on=from_on, to_on=to, source_id=source_id, run=run), "waste", format)


@router.get("/waste/people", summary="The customers behind a bucket of the waste")
def list_waste_people(
    request: Request, access: Looker, bucket: Bucket, from_on: From = None, to: To = None, source_id: SourceId = None,
    before: Annotated[Id | None, Query(description="`next_before` of the page before.")] = None, limit: Limit = 50,
) -> WastePeople:  # fmt: skip
    stores = access.stores
    found = waste_reports.waste_people(stores, stores.warehouse.tables, bucket, from_on=from_on, to_on=to, source_id=source_id, before=before, limit=limit)
    ids = [person.customer_id for person in found]
    profile = stores.warehouse.tables["customers_profile"]
    with stores.warehouse.read() as session:
        named = {row["customer_id"]: row["name"] for row in session.query(profile.filter(profile.customer_id.isin(ids or [-1])).select("customer_id", "name")).to_pylist()}
    with stores.ledger.read() as tx:
        contacts = masked_contacts(stores, tx, ids)
    nodes = acquisition_reports.tree_of(stores).nodes
    looks_of(request).note(access.actor, "list", count=len(found), detail=f"waste {bucket}")
    rows = [
        WastePerson(
            **vars(one), name=named.get(one.customer_id), phone_masked=contacts.get((one.customer_id, "phone")), bucket=bucket,
            source_name=nodes[one.source_id].name if one.source_id in nodes else "",
        )
        for one in found
    ]  # fmt: skip
    return WastePeople(items=rows, next_before=found[-1].customer_id if len(found) == limit else None)


@router.get("/cohorts", summary="Value of people by the month they were added", response_model=CohortValue, responses=FILE)
def read_value_cohorts(request: Request, response: Response, access: Reader, source_id: SourceId = None, format: Format = "json") -> CohortValue | Response:
    run = _run(request, response, access)
    return answer(request, access, waste_reports.cohort_report(access.stores, source_id=source_id, run=run), "cohort-value", format)


@router.get("/attribution", summary="First orders by rules of credit, beside what experiments found", response_model=Attribution, responses=FILE)
def read_attribution(request: Request, response: Response, access: Reader, from_on: From = None, to: To = None, format: Format = "json") -> Attribution | Response:
    run = _run(request, response, access)
    return answer(request, access, waste_reports.attribution_report(access.stores, from_on=from_on, to_on=to, run=run), "attribution", format)


@router.get("/economics", summary="How margin is reckoned: all versions, newest first")
def list_economics(access: Reader) -> Items[EconomicsVersion]:
    with access.stores.ledger.read() as tx:
        found = economics.versions(tx) or [(from_ms(0), "", economics.current(tx))]
    return Items(items=[EconomicsVersion(at=at, by=by, **vars(one)) for at, by, one in found])


@router.put("/economics", summary="Reckon margin differently from now on")
def set_economics(body: EconomicsToSet, access: Writer) -> EconomicsInfo:
    stores, now = access.stores, access.stores.now()
    changes = {name: value for name, value in body.model_dump(exclude_unset=True).items() if value is not None}
    with stores.ledger.begin() as tx:
        made = economics.change(tx, changes, by=access.actor.name, now=now)
        record(tx, access.actor, "measurement.economics_changed", "measurement_economics", changes, now)
    return EconomicsInfo(**vars(made))


def _run(request: Request, response: Response, access: Access) -> returns.Run:
    """What is published, unless the caller holds this very answer."""
    run = published(response, access)
    conditional(request, f"{run.key} {access.stores.settings.currency}")
    return run


def published(response: Response, access: Access) -> returns.Run:
    """What is published; if it is not the newest, a job makes a newer one."""
    stores = access.stores
    run = returns.newest(stores)
    if not run.is_newest:
        with stores.ledger.begin() as tx:
            response.headers["Siyu-Newer"] = ask_for_newer(tx, stores.now())
    return run


def answer(request: Request, access: Access, report: T, name: str, format: str) -> T | Response:
    """The report, as JSON or as a file."""
    if format == "json":
        return report
    text = to_csv(acquisition_table(report), language=language_of(request), currency=access.stores.settings.currency)
    headers = {"Content-Disposition": f'attachment; filename="{name}.csv"', "Content-Language": language_of(request)}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
