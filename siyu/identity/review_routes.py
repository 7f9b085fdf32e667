"""Review 审核 over HTTP: what people decide about suggestions."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel, Field

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.http import Body, Id, Router
from siyu.foundation.text import Text
from siyu.identity import suggest_decisions, suggestions
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["identity"])
Writer = Annotated[Access, Depends(require("identity.write"))]
Probability = Annotated[float, Field(ge=0.5, le=1)]


class Decision(Body):
    """Of these suggestions, or of all open ones of at least a probability; `dry_run` only counts."""

    decision: suggest_decisions.Decision
    ids: Annotated[list[Id], Field(max_length=1000)] = []
    at_least: Probability | None = None
    dry_run: bool = False
    beyond_limits: bool = False


class Decided(BaseModel):
    suggestion_count: int
    customer_count: int
    operation_ids: list[int]


@router.post("/identity/suggestions/decisions", summary="Accept, reject or put off suggestions, or take a decision back")
def decide_suggestions(body: Decision, access: Writer) -> Decided:
    """Accepting merges the two customers. With `at_least` it takes all open ones of that probability; `dry_run` only counts."""
    stores, by = access.stores, access.actor.name
    if (body.at_least is None) == (not body.ids):
        fault = Fault("ids", Text("给出建议编号，或给出最低概率，二选一", "give either ids or a least probability"))
        raise InvalidError(Text("没有说是哪些建议", "it is not said which suggestions"), faults=[fault])
    with stores.ledger.read() if body.dry_run else stores.ledger.begin() as tx:
        chosen = suggestions.above(tx, body.at_least) if body.at_least is not None else suggestions.find(tx, body.ids)
        if body.dry_run:
            done = suggest_decisions.count(tx, chosen)
        else:
            done = suggest_decisions.decide(stores, tx, chosen, body.decision, by=by, beyond_limits=body.beyond_limits)
            detail = {"decision": body.decision, "at_least": body.at_least, "suggestion_count": done.suggestion_count, "operations": list(done.operation_ids[:100])}
            audit.record(tx, access.actor, "identity.suggestions_decided", f"suggestion:{body.ids[0] if body.ids else 'all'}", detail, stores.now())
    return Decided(suggestion_count=done.suggestion_count, customer_count=done.customer_count, operation_ids=list(done.operation_ids))
