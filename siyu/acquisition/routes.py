"""Sources over HTTP: the tree, its marks with their history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy import Connection

from siyu.acquisition import marks, sources
from siyu.acquisition.sources import Draft, Level, Platform, Source
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
    Items,
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

router = Router(prefix="/acquisition", tags=["acquisition"])
Reader = Annotated[Access, Depends(require("acquisition.read"))]
Writer = Annotated[Access, Depends(require("acquisition.write"))]
Money = Annotated[int, Field(ge=1, le=sources.MOST_CAC_FEN)]
_MOST_ID = 2**63 - 1


class SourceBody(Body):
    """`platform` of a platform; what lies below has that of its platform. `target_cac_fen`: what one new person may cost."""

    name: Annotated[Line, Field(min_length=1, max_length=80)]
    owner: Annotated[Line, Field(max_length=80)] = ""
    begins_on: date | None = None
    ends_on: date | None = None
    hypothesis: Annotated[Line, Field(max_length=2000)] = ""
    target_cac_fen: Money | None = None
    platform: Platform | None = None

    def draft(self) -> Draft:
        return Draft(**{name: getattr(self, name) for name in SourceBody.model_fields})


class NewSource(SourceBody):
    """A platform has no parent; anything else hangs under one of a higher level."""

    level: Level = "platform"
    parent_id: Id | None = None


class ChangedSource(SourceBody):
    """`edit`: the one that was read; another since then is a conflict."""

    edit: Annotated[int | None, Field(ge=1, le=2**31 - 1)] = None


class MovedSource(Body):
    parent_id: Id


class ArchivedSource(Body):
    archived: bool = True


class SourceInfo(BaseModel):
    """`is_untraced`: it stands for people of an account who came by no known mark. `path` ends with its own number."""

    id: int
    parent_id: int | None
    level: Level
    level_name: Label
    platform: Platform
    platform_name: Label
    name: str
    path: str
    owner: str
    begins_on: date | None
    ends_on: date | None
    hypothesis: str
    target_cac_fen: int | None
    archived_at: datetime | None
    is_untraced: bool
    edit: int
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, one: Source) -> SourceInfo:
        plain = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name)}
        return cls(**plain, level_name=Label.of(sources.LEVELS[one.level]), platform_name=Label.of(sources.PLATFORMS[one.platform]), is_untraced=one.untraced_account_id is not None)


class MarkBody(Body):
    """From `from_at` on (null: since ever) the mark stands for the source. `account_id` 0: of no account."""

    kind: marks.Kind
    mark: Annotated[Line, Field(min_length=1, max_length=120)]
    source_id: Id
    account_id: Annotated[int, Field(ge=0, le=_MOST_ID)] = 0
    from_at: AwareDatetime | None = None


class MarkInfo(BaseModel):
    id: int
    kind: marks.Kind
    kind_name: Label
    mark: str
    source_id: int
    account_id: int
    code_id: int
    offer_id: int
    staff: str
    store_id: int
    from_at: datetime | None
    at: datetime | None
    by: str

    @classmethod
    def of(cls, one: marks.Pinned) -> MarkInfo:
        plain = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name)}
        return cls(**plain, kind_name=Label.of(marks.KINDS[one.kind]), from_at=from_ms(one.from_ms) if one.from_ms else None)


class MarkPut(BaseModel):
    """`retraced_count`: people who came by it before and belong to another source now."""

    retraced_count: int


@router.get("/sources", summary="The tree of sources, each after what it hangs under")
def list_sources(access: Reader, archived: Annotated[bool, Query(description="Those that were put away too.")] = False) -> Items[SourceInfo]:
    with access.stores.ledger.read() as tx:
        return Items(items=[SourceInfo.of(one) for one in sources.listed(tx, archived=archived)])


@router.post("/sources", summary="Make a source", status_code=201)
def add_source(body: NewSource, access: Writer) -> SourceInfo:
    with access.stores.ledger.begin() as tx:
        made = sources.create(access.stores, tx, body.draft(), level=body.level, parent_id=body.parent_id, by=access.actor.name)
        _audit(tx, access, "source_made", made.id, body.model_dump(mode="json"))
    return SourceInfo.of(made)


@router.get("/sources/{source_id}", summary="One source")
def get_source(source_id: RowId, access: Reader) -> SourceInfo:
    with access.stores.ledger.read() as tx:
        return SourceInfo.of(sources.find(tx, source_id))


@router.put("/sources/{source_id}", summary="Write a source anew, all but where it hangs")
def change_source(source_id: RowId, body: ChangedSource, access: Writer) -> SourceInfo:
    with access.stores.ledger.begin() as tx:
        made = sources.change(access.stores, tx, source_id, body.draft(), edit=body.edit, by=access.actor.name)
        _audit(tx, access, "source_changed", source_id, body.model_dump(mode="json"))
    return SourceInfo.of(made)


@router.post("/sources/{source_id}/move", summary="Hang a source with all that lies below it under another")
def move_source(source_id: RowId, body: MovedSource, access: Writer) -> SourceInfo:
    with access.stores.ledger.begin() as tx:
        before = sources.find(tx, source_id)
        made = sources.move(access.stores, tx, source_id, body.parent_id, by=access.actor.name)
        _audit(tx, access, "source_moved", source_id, {"from": before.parent_id, "to": body.parent_id})
    return SourceInfo.of(made)


@router.post("/sources/{source_id}/archive", summary="Put a source away with all that lies below it, or bring it back")
def archive_source(source_id: RowId, body: ArchivedSource, access: Writer) -> SourceInfo:
    with access.stores.ledger.begin() as tx:
        made = sources.archive(access.stores, tx, source_id, body.archived, by=access.actor.name)
        _audit(tx, access, "source_archived", source_id, {"archived": body.archived})
    return SourceInfo.of(made)


@router.get("/marks", summary="What marks stand for, as it was said, the newest first")
def list_marks(
    access: Reader, source_id: Annotated[int | None, Query(ge=1, le=_MOST_ID)] = None, kind: marks.Kind | None = None, limit: Limit = 50, cursor: Cursor = None
) -> Page[MarkInfo]:
    stores, scope = access.stores, f"marks {source_id} {kind}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = marks.history(tx, source_id=source_id, kind=kind, before_id=place[0] if place else None, limit=limit)
    after = encode_cursor(stores, scope, found[-1].id) if len(found) == limit else None
    return Page(items=[MarkInfo.of(one) for one in found], next_cursor=after, total=None)


@router.post("/marks", summary="Say what a mark stands for from an instant on")
def put_mark(body: MarkBody, access: Writer) -> MarkPut:
    since = to_ms(body.from_at) if body.from_at else 0
    mark = marks.Mark(body.kind, body.mark, body.source_id, account_id=body.account_id, from_ms=since)
    with access.stores.ledger.begin() as tx:
        count = marks.put(access.stores, tx, [mark], by=access.actor.name)
        _audit(tx, access, "mark_put", body.source_id, body.model_dump(mode="json"))
    return MarkPut(retraced_count=count)


def _audit(tx: Connection, access: Access, action: str, source_id: int, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"acquisition.{action}", f"source:{source_id}", detail, access.stores.now())
