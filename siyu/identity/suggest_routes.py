"""Suggestions over HTTP: look now, review, decide."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from siyu.foundation import jobs
from siyu.foundation.http import Cursor, Id, Label, Limit, Page, Router, decode_cursor, encode_cursor
from siyu.identity import suggestions
from siyu.identity.suggest_tasks import LOOK
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["identity"])
Reader = Annotated[Access, Depends(require("identity.read"))]
Writer = Annotated[Access, Depends(require("identity.write"))]
State = Annotated[suggestions.State, Query(description="open, later, accepted, rejected or stale")]


class EvidenceInfo(BaseModel):
    """`weight_bits` above 0 speaks for one person, below 0 against."""

    field: str
    level: str
    level_name: Label
    weight_bits: float


class SuggestionInfo(BaseModel):
    id: int
    customer_ids: Annotated[list[int], Field(min_length=2, max_length=2)]
    probability: float
    weight_bits: float
    reasons: list[EvidenceInfo]
    state: suggestions.State
    found_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    operation_id: int | None


class SuggestionLook(BaseModel):
    """The newest look over all customers; `is_tightened`: so many were alike that the largest groups were left out."""

    ended_at: datetime
    record_count: int
    candidate_count: int
    pair_count: int
    new_count: int
    is_tightened: bool
    model: str


class ReviewedInfo(BaseModel):
    """How often people found suggestions of at least a probability right; `low_rate`: so much at least, with 95 % confidence."""

    probability: float
    accepted_count: int
    rejected_count: int
    precision_rate: float | None
    low_rate: float
    may_be_automatic: bool


class SuggestionSummary(BaseModel):
    counts: dict[str, int]
    last_look: SuggestionLook | None
    reviewed: list[ReviewedInfo]


class StartedLook(BaseModel):
    job_id: str


@router.get("/identity/suggestions/summary", summary="Suggested merges: counts, the newest look, and how often people found them right")
def read_summary(access: Reader) -> SuggestionSummary:
    with access.stores.ledger.read() as tx:
        look = suggestions.last_look(tx)
        found = [(least, suggestions.reviewed(tx, least)) for least in (0.9, 0.99, 0.999)]
        return SuggestionSummary(
            counts=suggestions.counts(tx),
            last_look=SuggestionLook(**{name: getattr(look, name) for name in SuggestionLook.model_fields}) if look else None,
            reviewed=[ReviewedInfo(probability=least, may_be_automatic=each.may_be_automatic, **vars(each)) for least, each in found],
        )


@router.get("/identity/suggestions", summary="Suggested merges of a state, likeliest first")
def list_suggestions(access: Reader, state: State = "open", customer_id: Id | None = None, cursor: Cursor = None, limit: Limit = 50) -> Page[SuggestionInfo]:
    scope = f"identity.suggestions {state} {customer_id}"
    place = decode_cursor(access.stores, scope, cursor)
    with access.stores.ledger.read() as tx:
        wanted = [customer_id] if customer_id is not None else []
        found = suggestions.page(tx, state, after=(place[0], place[1]) if place else None, limit=limit + 1, customer_ids=wanted)
    rows = found[:limit]
    more = encode_cursor(access.stores, scope, rows[-1].probability, rows[-1].id) if len(found) > limit else None
    return Page(items=[_info(each) for each in rows], next_cursor=more, total=None)


@router.post("/identity/suggestions/look", summary="Look for customers who are probably one person, now", status_code=202)
def look_now(access: Writer) -> StartedLook:
    stores = access.stores
    with stores.ledger.begin() as tx:
        job_id = jobs.submit(tx, LOOK, {}, now=stores.now(), key="now", created_by=access.actor.name)
        audit.record(tx, access.actor, "identity.look_asked", f"job:{job_id}", {}, stores.now())
    return StartedLook(job_id=job_id)


def _info(each: suggestions.Suggestion) -> SuggestionInfo:
    reasons = [EvidenceInfo(field=r.field, level=r.level, level_name=Label.of(r.name), weight_bits=r.weight) for r in each.reasons]
    plain: dict[str, Any] = {name: getattr(each, name) for name in ("id", "probability", "state", "found_at", "decided_at", "decided_by", "operation_id")}
    return SuggestionInfo(customer_ids=[each.low_id, each.high_id], weight_bits=each.weight, reasons=reasons, **plain)
