"""Budgets, rates and figures of sources over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.acquisition import budgets, ledger, rates, source_files, sources
from siyu.acquisition.budgets import Cell
from siyu.acquisition.tasks import ACCRUE
from siyu.foundation import jobs
from siyu.foundation.http import Body, Id, Items, Label, Line, Router
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/acquisition", tags=["acquisition"])
Reader = Annotated[Access, Depends(require("acquisition.read"))]
Writer = Annotated[Access, Depends(require("acquisition.write"))]
Spender = Annotated[Access, Depends(require("acquisition.spend"))]
Month = Annotated[Line, Field(pattern=r"^\d{4}-\d{2}$")]


class SourceFigures(BaseModel):
    """Of the source alone (`own_`), and with all that lies below it. People: who were added (by their first relation) in these days."""

    source_id: int
    own_people: int
    people: int
    own_spend_fen: int
    spend_fen: int


class SourcesFile(Body):
    """`file_id`: uploaded with PUT /imports/files."""

    file_id: Line
    dry_run: bool = False


class SourcesFault(BaseModel):
    line: int
    message: Label


class SourcesTaken(BaseModel):
    made_count: int
    changed_count: int
    same_count: int
    faults: list[SourcesFault]


class SourceBudget(BaseModel):
    """`actual_fen`: what was spent in the month, of the source with all below it. `amount_fen` null: no budget."""

    source_id: int
    month: str
    amount_fen: int | None
    actual_fen: int
    origin: budgets.Origin | None
    by: str | None
    at: datetime | None


class SourceBudgets(BaseModel):
    """Every source and month of which there is a budget or spend."""

    months: list[str]
    cells: list[SourceBudget]


class BudgetCellBody(Body):
    """0 takes the budget away."""

    source_id: Id
    month: Month
    amount_fen: Annotated[int, Field(ge=0, le=budgets.MOST_FEN)]


class BudgetsToSet(Body):
    cells: Annotated[list[BudgetCellBody], Field(min_length=1, max_length=5000)]
    origin: Literal["hand", "sheet"] = "hand"


class BudgetsSet(BaseModel):
    changed_count: int


class BudgetSaid(BaseModel):
    amount_fen: int
    origin: budgets.Origin
    by: str
    at: datetime


class SpendRate(BaseModel):
    name: str
    label: Label
    from_on: date
    value: int
    by: str
    at: datetime | None


class SpendRateBody(Body):
    """From `from_on` on; 0: nothing is reckoned."""

    name: Literal["staff_hour_fen", "seconds_per_add"]
    from_on: date
    value: Annotated[int, Field(ge=0, le=10_000_000)]


class SpendRatesToSet(Body):
    rates: Annotated[list[SpendRateBody], Field(min_length=1, max_length=20)]


class AccrualJob(BaseModel):
    job_id: str


@router.get("/figures", summary="What each source cost and how many people it brought in some days")
def source_figures(access: Reader, from_on: date, to_on: date) -> Items[SourceFigures]:
    calendar = access.stores.calendar
    with access.stores.ledger.read() as tx:
        found = ledger.figures(tx, from_on, to_on, calendar.midnight_ms(from_on), calendar.end_ms(to_on))
    return Items(items=[SourceFigures(source_id=number, **vars(one)) for number, one in found.items()])


@router.post("/sources/import", summary="Make and change sources by a file")
def import_sources(body: SourcesFile, access: Writer) -> SourcesTaken:
    stores = access.stores
    with stores.ledger.begin() as tx:
        held = tx.begin_nested()
        taken = source_files.take_in(stores, tx, body.file_id, by=access.actor.name)
        if body.dry_run:
            held.rollback()
        else:
            held.commit()
            _audit(tx, access, "sources_imported", "sources", {"made": taken.made, "changed": taken.changed, "faults": len(taken.faults)})
    faults = [SourcesFault(line=line, message=Label.of(said)) for line, said in taken.faults]
    return SourcesTaken(made_count=taken.made, changed_count=taken.changed, same_count=taken.same, faults=faults)


@router.get("/budgets", summary="Budgets by source and month, with what was spent")
def list_budgets(access: Reader, first: Annotated[Month, Query(description="The first month, 2026-01.")], count: Annotated[int, Query(ge=1, le=24)] = 6) -> SourceBudgets:
    low = budgets.read_month(first)
    months = range(low, low + count)
    with access.stores.ledger.read() as tx:
        said = {(one.source_id, one.month): one for one in budgets.listed(tx, low, months[-1])}
        spent = ledger.by_month(tx, low, months[-1])
        tree = sources.listed(tx, archived=True)
    found = []
    for month in months:
        actual = ledger.rolled_up(tree, {source: fen for (source, of), fen in spent.items() if of == month})
        for one in tree:
            budget = said.get((one.id, month))
            if budget or actual[one.id]:
                told: dict[str, Any] = {name: getattr(budget, name) if budget else None for name in ("amount_fen", "origin", "by", "at")}
                found.append(SourceBudget(source_id=one.id, month=budgets.named(month), actual_fen=actual[one.id], **told))
    return SourceBudgets(months=[budgets.named(month) for month in months], cells=found)


@router.put("/budgets", summary="Say budgets; what was said before is kept")
def set_budgets(body: BudgetsToSet, access: Spender) -> BudgetsSet:
    stores = access.stores
    cells = [Cell(one.source_id, budgets.read_month(one.month), one.amount_fen) for one in body.cells]
    with stores.ledger.begin() as tx:
        count = budgets.set(stores, tx, cells, by=access.actor.name, origin=body.origin)
        _audit(tx, access, "budgets_set", "budgets", {"changed": count, "cells": [one.model_dump() for one in body.cells[:50]]})
    return BudgetsSet(changed_count=count)


@router.get("/budgets/history", summary="All that was said of the budget of one source and month")
def budget_history(access: Reader, source_id: Annotated[int, Query(ge=1, le=2**63 - 1)], month: Month) -> Items[BudgetSaid]:
    with access.stores.ledger.read() as tx:
        found = budgets.history(tx, source_id, budgets.read_month(month))
    return Items(items=[BudgetSaid(amount_fen=one.amount_fen, origin=one.origin, by=one.by, at=one.at) for one in found])


@router.get("/rates", summary="What an hour of staff costs and how long a new friend takes, as it was said")
def list_rates(access: Reader) -> Items[SpendRate]:
    with access.stores.ledger.read() as tx:
        found = rates.history(tx)
    return Items(items=[SpendRate(name=one.name, label=Label.of(rates.NAMES[one.name]), from_on=one.from_on, value=one.value, by=one.by, at=one.at) for one in found])


@router.put("/rates", summary="Say rates from a day on")
def set_rates(body: SpendRatesToSet, access: Spender) -> Items[SpendRate]:
    with access.stores.ledger.begin() as tx:
        rates.put(access.stores, tx, [rates.Rate(one.name, one.from_on, one.value) for one in body.rates], by=access.actor.name)
        _audit(tx, access, "rates_set", "rates", body.model_dump(mode="json"))
    return list_rates(access)


@router.post("/accruals", summary="Reckon what has accrued now, by a job", status_code=202)
def accrue_now(access: Spender) -> AccrualJob:
    with access.stores.ledger.begin() as tx:
        job_id = jobs.submit(tx, ACCRUE, {}, now=access.stores.now(), key="now", created_by=access.actor.name)
        _audit(tx, access, "accruals_asked", "ledger", {})
    return AccrualJob(job_id=job_id)


def _audit(tx: Connection, access: Access, action: str, subject: str, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"acquisition.{action}", subject, detail, access.stores.now())
