"""The radar over HTTP: what became of a piece, who read it and who passed it on."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Query
from pydantic import BaseModel

from siyu.content import pieces, radar
from siyu.foundation.http import Cursor, Items, Limit, Page, Router, RowId, decode_cursor, encode_cursor
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.team.access import Access, require

router = Router(prefix="/content/pieces/{piece_id}/radar", tags=["content"])
Reader = Annotated[Access, Depends(require("content.read"))]
PeopleReader = Annotated[Access, Depends(require("customers.read"))]
SendId = Annotated[int | None, Query(ge=0, le=2**63 - 1, description="Only this send.")]


class ReadingInfo(BaseModel):
    """`send_id` null: all together. `people` are known customers, `visitors` browsers that nobody knows, `counted` openings of which only the number is kept."""

    send_id: int | None
    variant: str
    sent: int
    opened: int
    people: int
    visitors: int
    counted: int
    clicked: int
    read_count: int
    seconds: int
    median_seconds: float | None
    sharers: int
    shared_to: int


class ClickInfo(BaseModel):
    """`number` 0 is the article itself."""

    version: int
    number: int
    url: str
    opened: int
    people: int
    visitors: int


class RadarInfo(BaseModel):
    readings: list[ReadingInfo]
    clicks: list[ClickInfo]


class RadarPerson(BaseModel):
    """What one customer did; times in epoch ms, UTC."""

    customer: CustomerRow | None
    customer_id: int
    opened: int
    clicked: int
    seconds: int
    shared_to: int
    first_ms: int
    last_ms: int


class EdgeInfo(BaseModel):
    """Customers where they are known (else 0, without a name), and a short name of each browser."""

    from_customer: int
    from_name: str | None
    from_visitor: str
    to_customer: int
    to_name: str | None
    to_visitor: str
    at_ms: int


@router.get("", summary="What became of a piece: sent, opened, read, passed on")
def read_radar(piece_id: RowId, access: Reader, send_id: SendId = None) -> RadarInfo:
    with access.stores.ledger.read() as tx, access.stores.warehouse.read() as session:
        pieces.find(tx, piece_id)
        found, addresses = radar.readings(tx, session, piece_id, send_id), radar.clicks(tx, session, piece_id, send_id)
    return RadarInfo(readings=[ReadingInfo(**vars(one)) for one in found], clicks=[ClickInfo(**vars(one)) for one in addresses])


@router.get("/people", summary="Customers who read a piece, who acted last first")
def list_people(piece_id: RowId, access: PeopleReader, send_id: SendId = None, limit: Limit = 50, cursor: Cursor = None) -> Page[RadarPerson]:
    """Contacts are masked."""
    stores, scope = access.stores, f"radar {piece_id} {send_id}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx, stores.warehouse.read() as session:
        pieces.find(tx, piece_id)
        found = radar.people(session, piece_id, send_id, after=(place[0], place[1]) if place else None, limit=limit)
        rows = {row.id: row for row in load_rows(stores, session, tx, [one.customer_id for one in found])}
    after = encode_cursor(stores, scope, found[-1].last_ms, found[-1].customer_id) if len(found) == limit else None
    return Page(items=[RadarPerson(**vars(one), customer=rows.get(one.customer_id)) for one in found], next_cursor=after, total=None)


@router.get("/chain", summary="Who passed a piece on to whom")
def read_chain(piece_id: RowId, access: PeopleReader, send_id: SendId = None) -> Items[EdgeInfo]:
    with access.stores.ledger.read() as tx, access.stores.warehouse.read() as session:
        pieces.find(tx, piece_id)
        found = radar.chain(session, piece_id, send_id)
        known = sorted({customer for one in found for customer in (one.from_customer, one.to_customer)} - {0})
        names = {row.id: row.name for row in load_rows(access.stores, session, tx, known)}
    return Items(items=[EdgeInfo(**vars(one), from_name=names.get(one.from_customer), to_name=names.get(one.to_customer)) for one in found])


