"""Pieces over HTTP: the library, versions, review, checks while writing, preview."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.content import files, keeping, pieces, radar, reviews, variables
from siyu.content.bodies import plain, read_body
from siyu.content.fits import Misfit, check_all, lengths
from siyu.content.keeping import Act
from siyu.content.kinds import CARRIERS, Carrier, Kind, Purpose, Status
from siyu.content.pieces import Author, Draft, Filter, Piece
from siyu.content.preview import preview
from siyu.foundation.errors import Fault
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

router = Router(prefix="/content", tags=["content"])
Reader = Annotated[Access, Depends(require("content.read"))]
Writer = Annotated[Access, Depends(require("content.write"))]
Approver = Annotated[Access, Depends(require("content.approve"))]
Said = Annotated[Line, Field(max_length=1000)]
Number = Annotated[int, Field(ge=1, le=2**31 - 1)]


class PieceBody(Body):
    """`body`: text, title, desc, url, picture, file, video (files as `media:<hash>`), appid, page, html, author, subject, sms {template, params},
    notices {official_account | mini_program: {template_id, values, page, appid}}, tracked."""

    name: Line
    kind: Kind
    purpose: Purpose
    body: dict[str, Any]
    folder: Line = ""
    labels: list[Line] = []
    owner: Annotated[Line, Field(max_length=80)] = ""
    valid_from: datetime | None = None
    valid_until: datetime | None = None


class PieceChange(PieceBody):
    """`edit` as it was read: who saves over somebody else's change is told."""

    edit: Number | None = None


class MisfitInfo(BaseModel):
    """One limit that is broken; `count` and `limit` where it is a number."""

    field: str
    message: Label
    count: int | None
    limit: int | None

    @classmethod
    def of(cls, one: Misfit) -> MisfitInfo:
        return cls(field=one.field, message=Label.of(one.message), count=one.count, limit=one.limit)


class FaultInfo(BaseModel):
    field: str
    message: Label

    @classmethod
    def of(cls, one: Fault) -> FaultInfo:
        return cls(field=one.field, message=Label.of(one.message))


class FitInfo(BaseModel):
    carrier: Carrier
    name: Label
    fits: bool
    faults: list[MisfitInfo]


class PieceInfo(BaseModel):
    """`version` is the newest, `approved_version` the one that is sent; `usable`: it can be sent now."""

    id: int
    name: str
    kind: Kind
    purpose: Purpose
    status: Status
    version: int
    approved_version: int | None
    folder: str
    labels: list[str]
    owner: str
    valid_from: datetime | None
    valid_until: datetime | None
    trashed_at: datetime | None
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str
    edit: int
    usable: bool
    use_count: int

    @classmethod
    def of(cls, one: Piece, now: datetime, use_count: int = 0) -> PieceInfo:
        usable = one.approved_version is not None and one.status != "retired" and one.trashed_at is None and one.is_valid(now)
        return cls(**vars(one), usable=usable, use_count=use_count)


class PieceVersionInfo(BaseModel):
    """`status`: draft, in_review, approved or rejected. `mine`: written by whoever asks."""

    version: int
    body: dict[str, Any]
    status: str
    created_at: datetime
    created_by: str
    decided_at: datetime | None
    decided_by: str | None
    fits: list[FitInfo]
    mine: bool


class ReadLast(BaseModel):
    """Null where nobody ever read any."""

    piece_id: int | None


class RemarkInfo(BaseModel):
    """`kind`: comment, asked, approved, rejected or taken_back."""

    id: int
    version: int
    kind: str
    said: str
    at: datetime
    by: str


class UseInfo(BaseModel):
    """`ref`: who used it, such as send:12."""

    ref: str
    name: str
    version: int
    at: datetime


class PieceDetail(PieceInfo):
    newest: PieceVersionInfo
    versions: list[int]
    remarks: list[RemarkInfo]
    uses: list[UseInfo]
    may_approve: bool


class CheckBody(Body):
    kind: Kind
    body: dict[str, Any]


class PieceCheck(BaseModel):
    """`faults` must be mended before it can be saved; `fits` says where it can be sent."""

    faults: list[FaultInfo]
    fits: list[FitInfo]
    variables: list[str]


class LengthInfo(BaseModel):
    """How long `field` of the body may be on a carrier, in bytes or characters, for these kinds."""

    carrier: Carrier
    field: str
    unit: Literal["bytes", "characters"]
    most: int
    kinds: list[Kind]


class BulkBody(Body):
    """`value`: the folder (move) or the label (label, unlabel)."""

    ids: Annotated[list[Id], Field(min_length=1, max_length=keeping.MOST)]
    act: Act
    value: Line = ""


class ReviewBody(Body):
    version: Number
    said: Said = ""


class AskBody(Body):
    said: Said = ""


class PiecePreviewBody(CheckBody):
    """Customers, or examples of a segment, or of everybody."""

    carrier: Carrier
    segment_id: Id | None = None
    customer_ids: Annotated[list[Id], Field(max_length=20)] = []
    staff: Line = ""


class ExampleInfo(BaseModel):
    """`parts` are what a phone shows: text, title, desc, url, picture, picture_url, html, subject, attachments …"""

    customer_id: int
    name: str | None
    why: str
    size: int
    parts: dict[str, Any]
    missing: list[str]


class PiecePreview(BaseModel):
    """`lacking` of `looked` people would lack a value; `base` is how many there are."""

    examples: list[ExampleInfo]
    lacking: int
    lacking_by: dict[str, int]
    looked: int
    base: int


class VariableInfo(BaseModel):
    name: str
    alias: str
    group: str
    label: Label
    example: str
    per_staff: bool


class FolderInfo(BaseModel):
    name: str
    count: int


class Shelves(BaseModel):
    folders: list[FolderInfo]
    labels: list[FolderInfo]
    owners: list[FolderInfo]


@router.get("/pieces", summary="The library, the piece changed last first")
def list_pieces(
    access: Reader, q: Annotated[Line, Query(max_length=100)] = "", kind: Kind | None = None, purpose: Purpose | None = None, status: Status | None = None,
    folder: Annotated[Line | None, Query(max_length=120)] = None, label: Annotated[Line | None, Query(max_length=30)] = None, carrier: Carrier | None = None,
    usable: bool = False, trashed: bool = False, owner: Annotated[Line | None, Query(max_length=80)] = None, limit: Limit = 50, cursor: Cursor = None,
) -> Page[PieceInfo]:  # fmt: skip
    """`folder` holds what is below it; `usable` only what can be sent now; `carrier` only what breaks no limit there."""
    stores, wanted = access.stores, Filter(q, kind, purpose, status, folder, label, carrier, usable, trashed, owner)
    place = decode_cursor(stores, f"pieces {wanted}", cursor)
    now = stores.now()
    with stores.ledger.read() as tx:
        found = pieces.listed(tx, wanted, now, before=(datetime.fromisoformat(place[0]), place[1]) if place else None, limit=limit)
        counts = pieces.use_counts(tx, [one.id for one in found])
    after = encode_cursor(stores, f"pieces {wanted}", found[-1].updated_at.isoformat(), found[-1].id) if len(found) == limit else None
    return Page(items=[PieceInfo.of(one, now, counts.get(one.id, 0)) for one in found], next_cursor=after, total=None)


@router.post("/pieces", summary="Write a new piece", status_code=201)
def add_piece(body: PieceBody, access: Writer) -> PieceDetail:
    now = access.stores.now()
    with access.stores.ledger.begin() as tx:
        made = pieces.add(tx, _draft(body), _author(access), now)
        _audit(tx, access, "added", made.id, {"name": made.name, "kind": made.kind, "purpose": made.purpose})
        return _detail(tx, access, made)


@router.post("/pieces/check", summary="Check a piece while it is being written: faults, and the limits of each carrier")
def check_piece(body: CheckBody, access: Reader) -> PieceCheck:
    with access.stores.ledger.read() as tx:
        given = read_body(body.kind, body.body)
        is_known = variables.known(tx)
        read, faults = pieces.looked_at(given, is_known)
        fits = _fits(check_all(body.kind, read, files.known(tx, read)))
    return PieceCheck(faults=[FaultInfo.of(one) for one in faults], fits=fits, variables=pieces.variables_of(read))


@router.get("/limits", summary="How long each field may be on each carrier")
def list_limits(access: Reader) -> Items[LengthInfo]:
    """The carriers' own limits, to be counted down while somebody writes."""
    return Items(items=[LengthInfo(**one._asdict()) for one in lengths()])


@router.post("/pieces/bulk", summary="Move, label, retire, throw away or take back many pieces at once")
def change_pieces(body: BulkBody, access: Writer) -> Items[PieceInfo]:
    """Answers with those that changed. What was thrown away comes back with `restore`."""
    now = access.stores.now()
    with access.stores.ledger.begin() as tx:
        changed = keeping.apply(tx, body.act, body.ids, body.value, _author(access), now)
        for one in changed:
            _audit(tx, access, body.act, one.id, {"name": one.name, "value": body.value})
    return Items(items=[PieceInfo.of(one, now) for one in changed])


@router.get("/pieces/{piece_id}", summary="A piece with its newest version, remarks and uses")
def read_piece(piece_id: RowId, access: Reader) -> PieceDetail:
    with access.stores.ledger.read() as tx:
        return _detail(tx, access, pieces.find(tx, piece_id))


@router.put("/pieces/{piece_id}", summary="Change a piece; other words are a new version")
def save_piece(piece_id: RowId, body: PieceChange, access: Writer) -> PieceDetail:
    with access.stores.ledger.begin() as tx:
        made = pieces.save(tx, piece_id, _draft(body), _author(access), access.stores.now(), edit=body.edit)
        _audit(tx, access, "changed", made.id, {"name": made.name, "version": made.version})
        return _detail(tx, access, made)


@router.get("/pieces/{piece_id}/versions/{version}", summary="What a piece said in one version")
def read_version(piece_id: RowId, version: RowId, access: Reader) -> PieceVersionInfo:
    with access.stores.ledger.read() as tx:
        return _version(tx, access, pieces.find(tx, piece_id), min(version, 2**31 - 1))


@router.post("/pieces/{piece_id}/copy", summary="Copy a piece as a new draft", status_code=201)
def copy_piece(piece_id: RowId, access: Writer) -> PieceDetail:
    with access.stores.ledger.begin() as tx:
        made = pieces.copy(tx, piece_id, _author(access), access.stores.now())
        _audit(tx, access, "copied", made.id, {"of": piece_id})
        return _detail(tx, access, made)


@router.post("/pieces/{piece_id}/ask", summary="Send the newest version to review")
def ask_for_review(piece_id: RowId, body: AskBody, access: Writer) -> PieceDetail:
    with access.stores.ledger.begin() as tx:
        made = reviews.ask(tx, piece_id, _author(access), access.stores.now(), body.said)
        _audit(tx, access, "review_asked", piece_id, {"version": made.version})
        return _detail(tx, access, made)


@router.post("/pieces/{piece_id}/take_back", summary="Take a version back from review")
def take_back_from_review(piece_id: RowId, body: AskBody, access: Writer) -> PieceDetail:
    with access.stores.ledger.begin() as tx:
        made = reviews.take_back(tx, piece_id, _author(access), access.stores.now(), body.said)
        _audit(tx, access, "review_taken_back", piece_id, {"version": made.version})
        return _detail(tx, access, made)


@router.post("/pieces/{piece_id}/approve", summary="Approve the version in review")
def approve_piece(piece_id: RowId, body: ReviewBody, access: Approver) -> PieceDetail:
    return _decided(piece_id, body, access, "approve")


@router.post("/pieces/{piece_id}/reject", summary="Reject the version in review, and say why")
def reject_piece(piece_id: RowId, body: ReviewBody, access: Approver) -> PieceDetail:
    return _decided(piece_id, body, access, "reject")


@router.post("/pieces/{piece_id}/remarks", summary="Say something of a version", status_code=201)
def add_remark(piece_id: RowId, body: ReviewBody, access: Writer) -> RemarkInfo:
    with access.stores.ledger.begin() as tx:
        made = reviews.comment(tx, piece_id, body.version, body.said, _author(access), access.stores.now())
        _audit(tx, access, "commented", piece_id, {"version": body.version})
    return RemarkInfo.model_validate(vars(made), extra="ignore")


@router.post("/preview", summary="A piece as customers see it, and how many would lack a value")
def show_preview(body: PiecePreviewBody, access: Reader) -> PiecePreview:
    stores = access.stores
    with stores.ledger.read() as tx:
        read, _ = pieces.looked_at(read_body(body.kind, body.body), variables.known(tx))
    made = preview(
        stores, body.kind, read, body.carrier, segment_id=body.segment_id, customer_ids=body.customer_ids, staff=body.staff, named=access.may("customers.read"),
    )  # fmt: skip
    return PiecePreview.model_validate(made, from_attributes=True)


@router.get("/variables", summary="What may stand in a piece for each person")
def list_variables(access: Reader) -> Items[VariableInfo]:
    with access.stores.ledger.read() as tx:
        found = variables.choices(tx)
    return Items(items=[VariableInfo(**{**vars(one), "label": Label.of(one.label)}, per_staff=one.name in variables.PER_STAFF) for one in found])


@router.get("/read-last", summary="The piece that somebody read last")
def get_read_last(access: Reader) -> ReadLast:
    with access.stores.warehouse.read() as session:
        return ReadLast(piece_id=radar.read_last(session))


@router.get("/shelves", summary="Folders, labels and owners, with how many pieces each has")
def list_shelves(access: Reader) -> Shelves:
    with access.stores.ledger.read() as tx:
        found = (pieces.folders(tx), pieces.labels(tx), pieces.owners(tx))
    folders, labels, owners = ([FolderInfo(name=name, count=count) for name, count in one.items()] for one in found)
    return Shelves(folders=folders, labels=labels, owners=owners)


def _decided(piece_id: int, body: ReviewBody, access: Access, decision: reviews.Decision) -> PieceDetail:
    with access.stores.ledger.begin() as tx:
        made = reviews.decide(tx, piece_id, body.version, decision, _author(access), access.stores.now(), body.said)
        _audit(tx, access, f"{decision.removesuffix('e')}ed", piece_id, {"version": body.version, "said": body.said})
        return _detail(tx, access, made)


def _detail(tx: Connection, access: Access, one: Piece) -> PieceDetail:
    newest, now = _version(tx, access, one, one.version), access.stores.now()
    uses = [UseInfo(**vars(use)) for use in pieces.uses(tx, one.id)]
    remarks = [RemarkInfo.model_validate(vars(said), extra="ignore") for said in reviews.remarks(tx, one.id)]
    may = newest.status == "in_review" and access.may(reviews.APPROVE) and not (newest.mine and reviews.others_may(tx, _author(access)))
    return PieceDetail(
        **PieceInfo.of(one, now, len(uses)).model_dump(), newest=newest, versions=list(range(one.version, 0, -1)), remarks=remarks, uses=uses, may_approve=may,
    )  # fmt: skip


def _version(tx: Connection, access: Access, one: Piece, number: int) -> PieceVersionInfo:
    held = pieces.version_of(tx, one.id, number)
    fits = _fits(check_all(one.kind, held.body, files.known(tx, held.body)))
    return PieceVersionInfo(
        version=number, body=plain(held.body), status=held.status, created_at=held.created_at, created_by=held.created_by, decided_at=held.decided_at,
        decided_by=held.decided_by, fits=fits, mine=held.author == _author(access).key,
    )  # fmt: skip


def _fits(found: dict[Carrier, list[Misfit]]) -> list[FitInfo]:
    return [FitInfo(carrier=name, name=Label.of(CARRIERS[name]), fits=not faults, faults=[MisfitInfo.of(one) for one in faults]) for name, faults in found.items()]


def _draft(body: PieceBody) -> Draft:
    given = body.model_dump(exclude={"edit"})
    for name in ("valid_from", "valid_until"):
        if (at := given[name]) is not None and at.tzinfo is None:
            given[name] = at.replace(tzinfo=UTC)
    return Draft(**{**given, "labels": tuple(given["labels"])})


def _author(access: Access) -> Author:
    """Whose piece it is: the member who answers, also behind a token."""
    actor = access.actor
    return Author(f"member:{access.member_id}" if access.member_id is not None else f"{actor.kind}:{actor.id or 0}", actor.name)


def _audit(tx: Connection, access: Access, action: str, piece_id: int, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"content.{action}", f"piece:{piece_id}", detail, access.stores.now())


