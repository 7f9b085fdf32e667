"""Measurement over HTTP: reports as JSON or CSV, with an ETag."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, TypeVar

from fastapi import Depends, Query, Request, Response
from pydantic import BaseModel

from siyu.foundation.http import Items, Label, Router, conditional, language_of
from siyu.measurement import reports
from siyu.measurement.cohorts import Cohorts, Measure, Monthly
from siyu.measurement.concentration import Concentration
from siyu.measurement.export import table_of, to_csv
from siyu.measurement.metrics import METRICS, Unit
from siyu.measurement.overview import Overview
from siyu.measurement.periods import Grain
from siyu.measurement.published import Published
from siyu.segments.reports import ask_for_newer
from siyu.team.access import Access, require

T = TypeVar("T", Overview, Monthly, Cohorts, Concentration)
router = Router(prefix="/measurement", tags=["measurement"])

Reader = Annotated[Access, Depends(require("reports.read"))]
AsOf = Annotated[
    date | None,
    Query(
        description="Local day, included. Default: today, or the day of the newest order if that is older than 60 days."
    ),
]
Kept = Annotated[
    bool,
    Query(
        description="Do not wait: give the newest result that is kept. If a newer one is due, a job computes it, and "
        "the header Siyu-Newer names that job."
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
    request: Request,
    response: Response,
    access: Reader,
    grain: Grain = "day",
    as_of: AsOf = None,
    kept: Kept = False,
    format: Format = "json",
) -> Overview | Response:
    """Every metric of the running period against as many days of the one before, with series and totals."""
    found = reports.overview(access.stores, as_of=as_of, grain=grain, kept=kept)
    return _answer(request, response, access, found, format)


@router.get("/monthly", response_model=Monthly, responses=_FILE)
def read_monthly(
    request: Request,
    response: Response,
    access: Reader,
    as_of: AsOf = None,
    kept: Kept = False,
    format: Format = "json",
) -> Monthly | Response:
    """Orders, buyers, revenue and refunds of every month."""
    return _answer(request, response, access, reports.monthly(access.stores, as_of=as_of, kept=kept), format)


@router.get("/cohorts", response_model=Cohorts, responses=_FILE)
def read_cohorts(
    request: Request,
    response: Response,
    access: Reader,
    measure: Measure = "buyers",
    as_of: AsOf = None,
    kept: Kept = False,
    format: Format = "json",
) -> Cohorts | Response:
    """Buyers by the month of their first order, followed month by month."""
    found = reports.cohorts(access.stores, as_of=as_of, measure=measure, kept=kept)
    return _answer(request, response, access, found, format)


@router.get("/concentration", response_model=Concentration, responses=_FILE)
def read_concentration(
    request: Request,
    response: Response,
    access: Reader,
    as_of: AsOf = None,
    kept: Kept = False,
    format: Format = "json",
) -> Concentration | Response:
    """How much of the revenue the biggest buyers bring."""
    found = reports.concentration(access.stores, as_of=as_of, kept=kept)
    return _answer(request, response, access, found, format)


def _answer(
    request: Request, response: Response, access: Access, published: Published[T], format: str
) -> T | Response:
    stores, settings = access.stores, access.stores.settings
    if not published.is_newest:
        with stores.ledger.begin() as tx:
            response.headers["Siyu-Newer"] = ask_for_newer(tx, stores.now())
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
