"""The live stream over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
from fastapi import Depends, Path, Query
from pydantic import BaseModel

from siyu.collect import stream
from siyu.collect.stream import Entry
from siyu.foundation.clock import from_ms
from siyu.foundation.http import Items, Line, Router, RowId
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/events/live", tags=["events"])


class LiveId(BaseModel):
    namespace: str
    value: str


class LiveEntry(BaseModel):
    """`told` is what the client said, `reason` why it was set aside (empty: it was taken in). Masked, unless it was opened."""

    id: str
    feed_id: int
    received_at: datetime
    told_at: datetime | None
    wire: str
    name: str
    ids: list[LiveId]
    told: dict[str, Any]
    reason: str

    @classmethod
    def of(cls, place: tuple[int, int], entry: Entry) -> LiveEntry:
        return cls(
            id=f"{place[0]}/{place[1]}", feed_id=entry.feed_id, received_at=from_ms(entry.received_ms),
            told_at=None if entry.told_ms is None else from_ms(entry.told_ms), wire=entry.wire, name=entry.name,
            ids=[LiveId(namespace=space, value=value) for space, value in entry.ids], told=msgspec.json.decode(entry.told), reason=entry.reason,
        )  # fmt: skip


@router.get("", summary="The last 100 things that came in, newest first, masked")
def read_live(
    access: Annotated[Access, Depends(require("events.read"))],
    feed: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
    event: Annotated[Line, Query(max_length=200, description="A part of the event's name.")] = "",
    person: Annotated[Line, Query(max_length=255, description="One whole identifier.")] = "",
) -> Items[LiveEntry]:
    stores = access.stores
    with stores.ledger.read() as tx:
        found = stream.read_live(tx, stores.secrets, feed_id=feed, event=event.strip(), person=person.strip())
    return Items(items=[LiveEntry.of(one.place, one.entry) for one in found])


@router.get("/{row}/{index}", summary="One of them in clear; that it was opened is written down")
def open_entry(row: RowId, index: Annotated[int, Path(ge=0, le=2**31)], access: Annotated[Access, Depends(require("customers.identifiers"))]) -> LiveEntry:
    stores = access.stores
    with stores.ledger.begin() as tx:
        entry = stream.open_entry(tx, stores.secrets, (row, index))
        audit.record(tx, access.actor, "event.opened", f"feed:{entry.feed_id}", {"name": entry.name, "received_ms": entry.received_ms}, stores.now())
    return LiveEntry.of((row, index), entry)
