"""Who looked at whose data, over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel

from siyu.foundation.http import Limit, Line, Page, Router
from siyu.team.access import Access, require
from siyu.team.looks import read_looks

router = Router(tags=["team"])


class LookInfo(BaseModel):
    """`customer_id` is null where many people were seen at once; then `count` says how many."""

    id: int
    at: datetime
    actor: str
    actor_kind: str
    what: str
    customer_id: int | None
    count: int
    detail: str


@router.get("/looks", summary="Who looked at whose data, newest first; of one customer, or by one member")
def list_looks(
    access: Annotated[Access, Depends(require("audit.read"))],
    customer_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    actor: Annotated[Line, Query(max_length=80)] = "",
    before: Annotated[int | None, Query(ge=1, le=2**63 - 1, description="`next_cursor` of the page before.")] = None,
    limit: Limit = 50,
) -> Page[LookInfo]:
    with access.stores.ledger.read() as tx:
        found = read_looks(tx, customer_ids=[customer_id] if customer_id else [], actor=actor, before=before, limit=limit + 1)
    items = [LookInfo(**{name: value for name, value in vars(one).items() if name != "actor_id"}) for one in found[:limit]]
    return Page(items=items, next_cursor=str(items[-1].id) if len(found) > limit else None, total=None)
