"""Weekly budgets over HTTP: have them proposed, look at what they would change, adopt, drop, undo; what they have brought since."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends
from pydantic import BaseModel, Field

from siyu.foundation.http import Body, Cursor, Label, Limit, Page, Router, RowId, decode_cursor, encode_cursor
from siyu.messaging import budget_results, budgets
from siyu.messaging.budgets import Asked, BudgetPlan
from siyu.messaging.cells import NAMES
from siyu.messaging.proposing import LACKS, Estimate, Terms
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/messaging/budgets", tags=["messaging"])
Reader = Annotated[Access, Depends(require("messaging.read"))]
Writer = Annotated[Access, Depends(require("messaging.write"))]


class BudgetTerms(Body):
    """`weeks` of history. `margin_rate`: what of each yuan spent is earned. `lost_fen`: what one lost person costs; null: what one person
    spent in the last 365 days. `worth_fen`: what a message must bring at least. `least`: messages a week that everybody keeps.
    `per_person`: messages a week on average at most; null: as many as pay."""

    weeks: Annotated[int, Field(ge=4, le=104)] = 26
    margin_rate: Annotated[float, Field(gt=0, le=1)] = 1.0
    lost_fen: Annotated[int | None, Field(ge=0, le=10**9)] = None
    worth_fen: Annotated[int, Field(ge=0, le=10**7)] = 0
    least: Annotated[int, Field(ge=0, le=7)] = 1
    per_person: Annotated[float | None, Field(ge=0, le=7)] = None


class AdoptBudgets(Body):
    weeks: Annotated[int, Field(ge=1, le=budgets.MOST_WEEKS)] = 4


class BudgetRange(BaseModel):
    """An estimate with its 95 % interval."""

    point: float
    low: float
    high: float

    @classmethod
    def of(cls, one: Estimate | dict[str, float] | None) -> BudgetRange | None:
        return None if one is None else cls(**(one if isinstance(one, dict) else vars(one)))


class BudgetPlace(BaseModel):
    """The message that comes after so many others in a week (from 0). `effect_fen`: what it causes, by those kept back by chance; null: too
    few. `observed_fen`: what came after it, credit and not cause. `often`: how often it comes up, a person and week."""

    effect_fen: float | None
    error_fen: float | None
    lost_rate: float | None
    observed_fen: float | None
    told_count: int
    control_count: int
    often: float


class BudgetCell(BaseModel):
    """People who are alike. `level`: the budget that most of them would get."""

    code: str
    name: Label
    people: int
    level: int
    places: list[BudgetPlace]


class BudgetLack(BaseModel):
    code: str
    words: Label


class BudgetFindings(BaseModel):
    """Money in fen a week over all people, counts a week. `lacking`: why nothing is proposed. `most`: messages that the policy leaves a
    person a week. `top`: the budget at which somebody just follows the policy, which can be lower: what is not learned is left as it is. `before`, `after`: people by budget, from 0 to top. `gain_fen`: profit more than under the policy alone, and `even_gain_fen`
    if as many messages were given up evenly. `lost`: people fewer who are lost."""

    lacking: list[BudgetLack]
    most: int
    top: int
    people: int
    before: list[int]
    after: list[int]
    messages_before: float
    messages_after: float
    gain_fen: BudgetRange
    lost: BudgetRange
    even_gain_fen: float
    lost_fen: float
    cost_fen: float
    cells: list[BudgetCell]
    draws: int
    controls: int
    sends: int
    weeks: float

    @classmethod
    def of(cls, found: dict[str, Any]) -> BudgetFindings | None:
        if not found:
            return None
        cells = [BudgetCell(**{**one, "name": Label.of(NAMES[one["code"]])}) for one in found["cells"]]
        lacking = [BudgetLack(code=code, words=Label.of(LACKS[code])) for code in found["lacking"]]
        return cls(**{**{name: value for name, value in found.items() if name != "gain"}, "gain_fen": found["gain"], "cells": cells, "lacking": lacking})


class BudgetInfo(BaseModel):
    """`status`: computing, proposed, lacking, adopted, replaced, undone or dropped. `is_active`: its budgets hold now, up to `ends_at`."""

    id: int
    status: str
    is_active: bool
    terms: BudgetTerms
    found: BudgetFindings | None
    job_id: str | None
    created_at: datetime
    created_by: str
    adopted_at: datetime | None
    adopted_by: str | None
    ends_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None

    @classmethod
    def of(cls, plan: BudgetPlan, now: datetime) -> BudgetInfo:
        own = {name: getattr(plan, name) for name in ("id", "status", "job_id", "created_at", "created_by", "adopted_at", "adopted_by", "ends_at", "closed_at", "closed_by")}
        terms = BudgetTerms(weeks=plan.asked.weeks, **vars(plan.asked.terms))
        return cls(**own, is_active=plan.is_active(now), terms=terms, found=BudgetFindings.of(plan.found))


class BudgetResults(BaseModel):
    """Those with a budget less those compared, per person and week; null while there is too little."""

    days: float
    held_count: int
    compared_count: int
    profit_fen: BudgetRange | None
    messages: BudgetRange | None
    lost_rate: BudgetRange | None


@router.get("", summary="Proposals of weekly budgets, the newest first")
def list_budgets(access: Reader, cursor: Cursor = None, limit: Limit = 20) -> Page[BudgetInfo]:
    stores, scope = access.stores, "budgets"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = budgets.listed(tx, before=place[0] if place else None, limit=limit + 1)
    items = [BudgetInfo.of(one, stores.now()) for one in found[:limit]]
    return Page(items=items, next_cursor=encode_cursor(stores, scope, items[-1].id) if len(found) > limit else None, total=None)


@router.post("", status_code=201, summary="Have weekly budgets worked out by a job; one that waits for an answer is dropped")
def propose_budgets(body: BudgetTerms, access: Writer) -> BudgetInfo:
    stores = access.stores
    terms = Terms(**body.model_dump(exclude={"weeks"}))
    with stores.ledger.begin() as tx:
        plan = budgets.ask(stores, tx, Asked(body.weeks, terms), by=access.actor.name)
        audit.record(tx, access.actor, "messaging.budgets_asked", f"budget:{plan.id}", body.model_dump(), stores.now())
    return BudgetInfo.of(plan, stores.now())


@router.get("/{id}", summary="One proposal: what it rests on, whom it changes and what that would bring")
def get_budgets(id: RowId, access: Reader) -> BudgetInfo:
    with access.stores.ledger.read() as tx:
        return BudgetInfo.of(budgets.find(tx, id), access.stores.now())


@router.get("/{id}/results", summary="What adopted budgets have brought since, against those who are told as before")
def get_budget_results(id: RowId, access: Reader) -> BudgetResults | None:
    stores = access.stores
    with stores.ledger.read() as tx:
        plan = budgets.find(tx, id)
    found = budget_results.measured(stores, plan)
    if found is None:
        return None
    ranges = {name: BudgetRange.of(getattr(found, name)) for name in ("profit_fen", "messages", "lost_rate")}
    return BudgetResults(days=found.days, held_count=found.held_count, compared_count=found.compared_count, **ranges)


@router.post("/{id}/adopt", summary="Let these budgets hold from now on, for some weeks")
def adopt_budgets(id: RowId, body: AdoptBudgets, access: Writer) -> BudgetInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        plan = budgets.adopt(stores, tx, id, weeks=body.weeks, by=access.actor.name)
        audit.record(tx, access.actor, "messaging.budgets_adopted", f"budget:{id}", {"weeks": body.weeks, "after": plan.found["after"]}, stores.now())
    return BudgetInfo.of(plan, stores.now())


@router.post("/{id}/undo", summary="These budgets hold no more; those before them do again, if their time is not over")
def undo_budgets(id: RowId, access: Writer) -> BudgetInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        plan = budgets.undo(stores, tx, id, by=access.actor.name)
        audit.record(tx, access.actor, "messaging.budgets_undone", f"budget:{id}", {}, stores.now())
    return BudgetInfo.of(plan, stores.now())


@router.post("/{id}/drop", summary="Put a proposal away that was not adopted")
def drop_budgets(id: RowId, access: Writer) -> BudgetInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        plan = budgets.drop(stores, tx, id, by=access.actor.name)
        audit.record(tx, access.actor, "messaging.budgets_dropped", f"budget:{id}", {}, stores.now())
    return BudgetInfo.of(plan, stores.now())
