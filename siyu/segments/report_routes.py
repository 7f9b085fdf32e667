"""RFM, lifecycle and value over HTTP: the payloads as the reports of this room make and keep them, with an ETag."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel, Field

from siyu.foundation.http import Label, Router, conditional, language_of
from siyu.orders.recency import default_as_of
from siyu.segments.report_files import to_csv
from siyu.segments.reports import ask_for_newer, report
from siyu.segments.value.parameters import ModelName
from siyu.segments.value_report import value_report
from siyu.team.access import Access, require

router = Router(prefix="/segments", tags=["segments"])
Reader = Annotated[Access, Depends(require("reports.read"))]
AsOf = Annotated[date | None, Query(description="Local day, included; default: today, or the last order's day of old data.")]
StageKey = Literal["prospect", "new", "active", "slowing", "at_risk", "dormant", "lost"]
Kept = Annotated[
    bool,
    Query(
        description="Do not wait: give the newest result that is kept. If a newer one is due, a job computes it, and the header Siyu-Newer names that job."
    ),
]
Format = Annotated[Literal["json", "csv"], Query(description="`csv` gives the table as a file.")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
    304: {"description": "What the caller holds (If-None-Match) is still so"},
}


class NoOrders(BaseModel):
    """Nobody has bought up to the day of the report: why it is empty, and what to do."""

    message: Label
    way_out: Label


class RfmCell(BaseModel):
    r: int
    f: int
    m: int
    count: int
    spend_fen: int


class RfmSquare(BaseModel):
    r: int
    f: int
    count: int
    spend_fen: int
    average_fen: int | None


class RfmCut(BaseModel):
    """Days ago for r, orders for f, fen for m; both ends included."""

    score: int
    low: int
    high: int
    count: int


class RfmCuts(BaseModel):
    r: list[RfmCut]
    f: list[RfmCut]
    m: list[RfmCut]


class RfmGroup(BaseModel):
    key: str
    name: Label
    definition: Label
    rule: dict[str, Any]
    count: int
    spend_fen: int


class RfmReport(BaseModel):
    """`grid` holds the cells with people; `rf` all 25 squares; `version` names the cut points; a group's `rule` has its people.

    Everything is empty where `no_orders` says why.
    """

    as_of_on: date
    no_orders: NoOrders | None
    version: str | None
    customer_count: int
    grid: list[RfmCell]
    rf: list[RfmSquare]
    cuts: RfmCuts
    groups: list[RfmGroup]


class StageShare(BaseModel):
    stage: StageKey
    name: Label
    definition: Label
    count: int
    share_rate: float | None
    spend_fen: int


class MonthOfStages(BaseModel):
    month: str
    stages: dict[StageKey, int]


class StageFlow(BaseModel):
    """Buyers who stood in `from` at the end of the month before and in `to` at the end of this one."""

    month: str
    from_: StageKey = Field(alias="from")
    to: StageKey
    count: int


class Clock(BaseModel):
    """`cuts` are in clocks: gaps divided by the customer's own usual gap, pulled towards the base's median."""

    segment_median_gap_days: float
    cuts: dict[StageKey, float]
    gap_count: int
    is_fallback: bool


class LifecycleReport(BaseModel):
    as_of_on: date
    stages: list[StageShare]
    months: list[MonthOfStages]
    flows: list[StageFlow]
    clock: Clock


class Estimate(BaseModel):
    value: float
    low: float | None
    high: float | None


class FittedModel(BaseModel):
    model: ModelName
    log_likelihood: float
    parameters: dict[str, float]


class OrderValueInfo(BaseModel):
    """Gamma-Gamma; `gamma` in whole units of the currency."""

    p: float
    q: float
    gamma: float
    mean_fen: int
    customer_count: int
    correlation: float | None
    log_likelihood: float | None


class ForecastFlag(BaseModel):
    code: str
    message: Label


class ValueBar(BaseModel):
    from_fen: int
    to_fen: int
    count: int
    value_fen: int


class ValueDecile(BaseModel):
    decile: int
    count: int
    predicted_value_fen: int


class TestedDecile(BaseModel):
    """Spend in fen of a tenth of the customers, 1 = predicted highest."""

    decile: int
    count: int
    predicted: float
    actual: float


class TestedWeek(BaseModel):
    """Purchase days from the start of the hold-out up to the end of the week."""

    week: int
    predicted: float
    actual: float


class BackTestInfo(BaseModel):
    calibration_end_on: date
    model: ModelName
    holdout_days: int
    customer_count: int
    predicted_orders: float
    actual_orders: float
    error_rate: float | None
    predicted_value_fen: int
    actual_value_fen: int
    value_error_rate: float | None
    correlation: float | None
    mae: float | None
    gini_rate: float | None
    gini_naive_rate: float | None
    auc_active: float | None
    rivals: dict[ModelName, float | None]
    deciles: list[TestedDecile]
    weekly: list[TestedWeek]


class ValueReport(BaseModel):
    """What the base will buy within `horizon_days`; the figures are null while it is not `eligible`.

    Where `no_orders` says so there is no model either: nothing was fitted.
    """

    as_of_on: date
    no_orders: NoOrders | None
    model: ModelName | None
    parameters: dict[str, Estimate]
    log_likelihood: float | None
    compared: list[FittedModel]
    monetary: OrderValueInfo | None
    horizon_days: int
    customer_count: int
    predicted_orders: float | None
    predicted_value_fen: int | None
    low_fen: int | None
    high_fen: int | None
    eligible: bool
    ineligible_reasons: list[Label]
    flags: list[ForecastFlag]
    histogram: list[ValueBar]
    deciles: list[ValueDecile]
    top_share_rate: float | None
    back_test: BackTestInfo | None


@router.get("/rfm", summary="RFM: cube, grid, cut points, named groups", response_model=RfmReport, responses=_FILE)
def read_rfm(
    request: Request, response: Response, access: Reader, as_of: AsOf = None, kept: Kept = False, format: Format = "json"
) -> RfmReport | Response:
    payload = _payload(request, response, access, "rfm", as_of, kept)
    return RfmReport.model_validate(payload) if format == "json" else _file(request, access, "rfm", payload)


@router.get("/lifecycle", summary="Lifecycle: stages, months, movement, the clock", response_model=LifecycleReport, responses=_FILE)
def read_lifecycle(
    request: Request, response: Response, access: Reader, as_of: AsOf = None, kept: Kept = False, format: Format = "json"
) -> LifecycleReport | Response:
    payload = _payload(request, response, access, "lifecycle", as_of, kept)
    return LifecycleReport.model_validate(payload) if format == "json" else _file(request, access, "lifecycle", payload)


@router.get("/value", summary="Predicted value with intervals, flags and back-test", response_model=ValueReport, responses=_FILE)
def read_value(
    request: Request,
    response: Response,
    access: Reader,
    as_of: AsOf = None,
    model: Annotated[ModelName | None, Query(description="Default: the one that the data ask for.")] = None,
    kept: Kept = False,
    format: Format = "json",
) -> ValueReport | Response:
    if model is None:
        payload = _payload(request, response, access, "value", as_of, kept)
    else:
        day = as_of or default_as_of(access.stores)
        payload = {"as_of_on": day.isoformat(), **value_report(access.stores, day, model)}
    return ValueReport.model_validate(payload) if format == "json" else _file(request, access, "value", payload)


def _payload(request: Request, response: Response, access: Access, name: str, as_of: date | None, kept: bool) -> dict[str, Any]:
    stores = access.stores
    found = report(stores, name, as_of or default_as_of(stores), kept=kept)
    if not found.is_newest:
        with stores.ledger.begin() as tx:
            response.headers["Siyu-Newer"] = ask_for_newer(tx, stores.now())
    conditional(request, found.key)
    return found.payload


def _file(request: Request, access: Access, name: str, payload: dict[str, Any]) -> Response:
    text = to_csv(name, payload, language=language_of(request), currency=access.stores.settings.currency)
    headers = {"Content-Disposition": f'attachment; filename="{name}-{payload["as_of_on"]}.csv"', "Content-Language": language_of(request)}
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
