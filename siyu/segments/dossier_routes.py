"""The page of one customer, and their timeline, over HTTP."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel, Field

from siyu.customers import timeline
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.http import (
    Cursor,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
    language_of,
)
from siyu.foundation.text import Text
from siyu.segments import dossier
from siyu.segments.directory_rows import CustomerRow
from siyu.team.access import Access, looks_of, require

router = Router(tags=["customers"])

Reader = Annotated[Access, Depends(require("customers.read"))]
UNMASK = "customers.identifiers"


class IdentifierInfo(BaseModel):
    """`value` is there only for those who may read identifiers; `key` names the identifier (63 bits, as text)."""

    key: str
    namespace: str
    namespace_name: Label
    value_masked: str
    value: str | None
    first_seen_at: datetime


class AttributeInfo(BaseModel):
    path: str
    value: Any
    set_at: datetime


class ValueInfo(BaseModel):
    predicted_orders: float
    predicted_value_fen: int
    low_fen: int | None
    high_fen: int | None
    horizon_days: int
    p_alive: float | None
    model: str | None
    flags: list[str]


class TagInfo(BaseModel):
    tag: str
    tagged_at: datetime
    by: str


class Customer(CustomerRow):
    """Everything of one customer."""

    identifiers: list[IdentifierInfo]
    birthday: date | None
    attributes: list[AttributeInfo]
    rfm_detail: dossier.Rfm | None
    stage_detail: dossier.Stage | None
    value: ValueInfo | None
    segments: list[dossier.Membership]
    tags_detail: list[TagInfo]
    trait_values: list[dossier.TraitValue]


class TimelineEntry(BaseModel):
    at: datetime
    kind: Annotated[str, Field(json_schema_extra={"enum": list(timeline.KINDS)})]
    title: Label
    detail: Label | None
    amount_fen: int | None
    lines: list[timeline.Line] | None = None


@router.get("/customers/{id:int}", summary="Everything of one customer")
def read_customer(id: RowId, access: Reader, request: Request) -> Customer:
    found = dossier.read_dossier(access.stores, id, access.actor, unmasked=access.may(UNMASK))
    looks_of(request).note(access.actor, "identifiers" if access.may(UNMASK) else "page", customer_id=id)
    value, language = found.value, language_of(request)
    return Customer(
        **found.row.model_dump(),
        identifiers=[
            IdentifierInfo(
                key=str(each.identity_key),
                namespace=each.namespace,
                namespace_name=Label.of(each.name),
                value_masked=each.masked,
                value=each.value,
                first_seen_at=each.first_seen_at,
            )
            for each in found.identifiers
        ],
        birthday=found.profile.birthday,
        attributes=[AttributeInfo(path=each.path, value=each.value, set_at=each.set_at) for each in found.attributes],
        rfm_detail=found.rfm,
        stage_detail=found.stage,
        value=ValueInfo(**{**vars(value), "flags": [flag.to(language) for flag in value.flags]}) if value else None,
        segments=found.segments,
        tags_detail=[TagInfo(**vars(each)) for each in found.tags],
        trait_values=found.traits,
    )


@router.get("/customers/{id:int}/timeline", summary="What happened with one customer, newest first")
def read_timeline(
    id: RowId,
    access: Reader,
    kinds: Annotated[Line, Query(max_length=100, description="Of order, event, tag, segment, profile; by comma.")] = "",
    cursor: Cursor = None,
    limit: Limit = 50,
) -> Page[TimelineEntry]:
    chosen = _kinds(kinds)
    scope = "\0".join(("customers.timeline", str(id), *sorted(chosen)))
    position = decode_cursor(access.stores, scope, cursor)
    before = timeline.Place(*position) if position else None
    entries, place = dossier.read_history(access.stores, id, chosen, before=before, limit=limit, unmasked=access.may(UNMASK))
    return Page(
        items=[_entry(entry) for entry in entries],
        next_cursor=encode_cursor(access.stores, scope, *place) if place else None,
        total=None,
    )


def _entry(entry: timeline.Entry) -> TimelineEntry:
    return TimelineEntry(
        at=entry.at,
        kind=entry.kind,
        title=Label.of(entry.title),
        detail=Label.of(entry.detail) if entry.detail else None,
        amount_fen=entry.amount_fen,
        lines=list(entry.lines) if entry.lines else None,
    )


def _kinds(text: str) -> frozenset[str]:
    asked = frozenset(kind for kind in text.split(",") if kind)
    if unknown := sorted(asked - set(timeline.KINDS)):
        message = Text(f"没有这种记录：{'、'.join(unknown)}", f"no such kind: {', '.join(unknown)}")
        raise InvalidError(Text("时间线种类有误", "the kinds are not valid"), faults=[Fault("kinds", message)])
    return asked or frozenset(timeline.KINDS)
