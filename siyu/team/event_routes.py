"""Events over HTTP: the catalogue, with how much of each event came in lately."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Depends
from pydantic import BaseModel

from siyu.events import log
from siyu.events.catalogue import CATALOGUE
from siyu.foundation.http import Items, Label, Router
from siyu.team.access import Access, require

router = Router(tags=["events"])


class PropertyInfo(BaseModel):
    path: str
    type: str
    description: str


class EventInfo(BaseModel):
    name: str
    version: int
    label: Label
    description: Label
    properties: list[PropertyInfo]
    count_30d: int


@router.get("/events/catalogue", summary="Every event type, its properties, and rows of the last 30 days")
def read_catalogue(access: Annotated[Access, Depends(require("events.read"))]) -> Items[EventInfo]:
    stores = access.stores
    with stores.ledger.read() as tx:
        counts = log.counts(tx, stores.now() - timedelta(days=30))
    return Items(
        items=[
            EventInfo(
                name=event.name,
                version=event.version,
                label=Label.of(event.label),
                description=Label.of(event.description),
                properties=[PropertyInfo(path=p.name, type=str(p.type), description=p.meaning) for p in event.properties],
                count_30d=counts.get(event.name, 0),
            )
            for event in CATALOGUE.values()
        ]
    )
