"""Tags of customers over HTTP. The list and the page of one customer show segments too: see the room segments."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends

from siyu.customers.tags import TagCount, count_tags
from siyu.foundation.http import Items, Router
from siyu.team.access import Access, require

router = Router(tags=["customers"])


@router.get("/customers/tags", summary="Tags in use, the most used first")
def list_tags(access: Annotated[Access, Depends(require("customers.read"))]) -> Items[TagCount]:
    with access.stores.ledger.read() as tx:
        return Items(items=count_tags(tx))
