"""Advice on budgets over HTTP: look at it, make it the plan of next month, see whether it came true."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request, Response
from pydantic import BaseModel

from siyu.foundation.http import Router
from siyu.measurement import advice, returns
from siyu.measurement.acquisition_records import Advice, PastAdvices
from siyu.measurement.acquisition_routes import FILE, Format, answer, published
from siyu.team.access import Access, require
from siyu.team.audit import record

router = Router(prefix="/measurement/acquisition", tags=["measurement"])
Reader = Annotated[Access, Depends(require("reports.read"))]
Taker = Annotated[Access, Depends(require("acquisition.spend"))]


class AdviceTaken(BaseModel):
    """`month`: whose budgets were set."""

    id: int
    month: str


@router.get("/advice", summary="Advised budgets for the next month", response_model=Advice, responses=FILE)
def read_advice(request: Request, response: Response, access: Reader, format: Format = "json") -> Advice | Response:
    run = published(response, access)
    return answer(request, access, advice.advice_report(access.stores, run=run), "advice", format)


@router.post("/advice/take", summary="Make the advised budgets the plan of their month", status_code=201)
def take_advice(access: Taker) -> AdviceTaken:
    stores, now = access.stores, access.stores.now()
    found = advice.advice_report(stores, run=returns.newest(stores))
    with stores.ledger.begin() as tx:
        number = advice.take(stores, tx, found, by=access.actor.name)
        record(tx, access.actor, "measurement.advice_taken", f"advice {number}", {"month": found.month, "moved_fen": found.moved_fen, "gain_fen": found.gain_fen}, now)
    return AdviceTaken(id=number, month=found.month)


@router.get("/advice/past", summary="Advice that was taken, and whether it came true", response_model=PastAdvices, responses=FILE)
def read_past_advice(request: Request, response: Response, access: Reader, format: Format = "json") -> PastAdvices | Response:
    run = published(response, access)
    return answer(request, access, advice.past_advice(access.stores, run=run), "past-advice", format)
