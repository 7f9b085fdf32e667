"""The quarantine over HTTP: by reason, one of them masked, replay and discard."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import BaseModel

from siyu.collect import replay
from siyu.collect.replay import REPLAY, Quarantined, Which
from siyu.foundation import jobs
from siyu.foundation.http import (
    Body,
    Cursor,
    Label,
    Limit,
    Line,
    Page,
    Router,
    RowId,
    decode_cursor,
    encode_cursor,
)
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/events/quarantine", tags=["quarantine"])
Reader = Annotated[Access, Depends(require("events.read"))]
Writer = Annotated[Access, Depends(require("events.write"))]
Status = Literal["waiting", "replayed", "discarded"]
_BIGGEST = 2**63 - 1


class QuarantinedInfo(BaseModel):
    """`feed_id` is null where no feed has the key that it named; `operation_count` 0 where it is not known."""

    id: int
    feed_id: int | None
    reason: str
    says: Label
    way_out: Label
    detail: str
    operation_count: int
    format: str
    received_at: datetime
    status: Status
    settled_at: datetime | None
    settled_by: str | None

    @classmethod
    def of(cls, one: Quarantined) -> QuarantinedInfo:
        return cls(**vars(one), says=Label.of(one.says.says), way_out=Label.of(one.says.way_out))


class QuarantineCount(BaseModel):
    reason: str
    says: Label
    count: int


class QuarantinePage(Page[QuarantinedInfo]):
    """`reasons` counts the entries of this status and feed."""

    reasons: list[QuarantineCount]


class QuarantinedDetail(QuarantinedInfo):
    """`document` is what was sent, masked."""

    document: str


class Chosen(Body):
    """These entries, or all of a reason, of a feed, or (with nothing) all that wait."""

    ids: Annotated[list[Annotated[int, Query(ge=1, le=_BIGGEST)]], Query(max_length=5_000)] = []
    reason: Line | None = None
    feed: Annotated[int | None, Query(ge=1, le=_BIGGEST)] = None

    def which(self) -> Which:
        return Which(tuple(self.ids), self.reason, self.feed)


class Discarding(Chosen):
    why: Line


class Started(BaseModel):
    job_id: str


class Discarded(BaseModel):
    count: int


@router.get("", summary="What could not be taken in, the newest first, with counts by reason")
def list_quarantined(
    access: Reader,
    status: Status = "waiting",
    reason: Annotated[Line | None, Query(max_length=40)] = None,
    feed: Annotated[int | None, Query(ge=1, le=_BIGGEST)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> QuarantinePage:
    scope = f"quarantine {status} {reason} {feed}"
    place = decode_cursor(access.stores, scope, cursor)
    with access.stores.ledger.read() as tx:
        found = replay.list_quarantined(tx, status=status, reason=reason, feed_id=feed, before=place[0] if place else None, limit=limit + 1)
        counts = replay.count_reasons(tx, status=status, feed_id=feed)
    more = encode_cursor(access.stores, scope, found[limit - 1].id) if len(found) > limit else None
    return QuarantinePage(
        items=[QuarantinedInfo.of(one) for one in found[:limit]],
        next_cursor=more,
        total=counts.get(reason, 0) if reason else sum(counts.values()),
        reasons=[QuarantineCount(reason=name, says=Label.of(replay.reason_of(name).says), count=count) for name, count in counts.items()],
    )


@router.get("/{id}", summary="One entry with what it holds, masked")
def look_at(id: RowId, access: Reader) -> QuarantinedDetail:
    with access.stores.ledger.read() as tx:
        one, document = replay.look_at(access.stores, tx, id)
    return QuarantinedDetail(**vars(QuarantinedInfo.of(one)), document=document)


@router.post("/replay", status_code=202, summary="Take entries in again; what was taken in already is not counted twice")
def start_replay(body: Chosen, access: Writer) -> Started:
    stores = access.stores
    with stores.ledger.begin() as tx:
        job = jobs.submit(tx, REPLAY, body.model_dump(), now=stores.now(), created_by=access.actor.name)
        audit.record(tx, access.actor, "quarantine.replayed", "quarantine", {**body.model_dump(), "ids": body.ids[:100]}, stores.now())
    return Started(job_id=job)


@router.post("/discard", summary="Give entries up, with a reason; they stay, marked, until their retention ends")
def discard(body: Discarding, access: Writer) -> Discarded:
    with access.stores.ledger.begin() as tx:
        return Discarded(count=replay.discard(access.stores, tx, body.which(), actor=access.actor, why=body.why))
