"""Measurement over HTTP: reports as JSON or CSV, with an ETag."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import BaseModel

from siyu.foundation.http import Items, Label, conditional, language_of
from siyu.measurement import reports
from siyu.measurement.cohorts import Cohorts, Measure, Monthly
from siyu.measurement.concentration import Concentration
from siyu.measurement.export import table_of, to_csv
from siyu.measurement.metrics import METRICS, Unit
from siyu.measurement.overview import Overview
from siyu.measurement.periods import Grain
from siyu.measurement.published import Published
from siyu.team.access import Access, require

T = TypeVar("T", Overview, Monthly, Cohorts, Concentration)
router = APIRouter(prefix="/measurement", tags=["measurement"])

Reader = Annotated[Access, Depends(require("reports.read"))]
AsOf = Annotated[
    date | None,
    Query(
        description="Local day, included. Default: today, or the day of the newest order if that is older than 60 days."
    ),
]
Format = Annotated[Literal["json", "csv"], Query(description="`csv` gives the table as a file.")]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {"content": {"text/csv": {"schema": {"type": "string"}}}},
    304: {"description": "What the caller holds (If-None-Match) is still so"},
}


class MetricRow(BaseModel):
    """What a key in the reports stands for."""

    key: str
    name: Label
    definition: Label
    unit: Unit


@router.get("/metrics")
def list_metrics(_access: Reader) -> Items[MetricRow]:
    """Every metric with its name, definition and unit."""
    rows = [
        MetricRow(key=m.key, name=Label.of(m.name), definition=Label.of(m.definition), unit=m.unit)
        for m in METRICS.values()
    ]
    return Items(items=rows)


@router.get("/overview", response_model=Overview, responses=_FILE)
def read_overview(
    request: Request, access: Reader, grain: Grain = "day", as_of: AsOf = None, format: Format = "json"
) -> Overview | Response:
    """Every metric of the running period against as many days of the one before, with series and totals."""
    return _answer(request, access, reports.overview(access.stores, as_of=as_of, grain=grain), format)


@router.get("/monthly", response_model=Monthly, responses=_FILE)
def read_monthly(
    request: Request, access: Reader, as_of: AsOf = None, format: Format = "json"
) -> Monthly | Response:
    """Orders, buyers, revenue and refunds of every month."""
    return _answer(request, access, reports.monthly(access.stores, as_of=as_of), format)


@router.get("/cohorts", response_model=Cohorts, responses=_FILE)
def read_cohorts(
    request: Request,
    access: Reader,
    measure: Measure = "buyers",
    as_of: AsOf = None,
    format: Format = "json",
) -> Cohorts | Response:
    """Buyers by the month of their first order, followed month by month."""
    return _answer(request, access, reports.cohorts(access.stores, as_of=as_of, measure=measure), format)


@router.get("/concentration", response_model=Concentration, responses=_FILE)
def read_concentration(
    request: Request, access: Reader, as_of: AsOf = None, format: Format = "json"
) -> Concentration | Response:
    """How much of the revenue the biggest buyers bring."""
    return _answer(request, access, reports.concentration(access.stores, as_of=as_of), format)


def _answer(request: Request, access: Access, published: Published[T], format: str) -> T | Response:
    settings = access.stores.settings
    conditional(request, f"{published.version} {settings.currency}")
    if format == "json":
        return published.record
    text = to_csv(table_of(published.record), language=language_of(request), currency=settings.currency)
    name = f"{request.url.path.rsplit('/', 1)[-1]}-{published.record.as_of_on}.csv"
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Content-Language": language_of(request),
    }
    return Response(text, media_type="text/csv; charset=utf-8", headers=headers)
