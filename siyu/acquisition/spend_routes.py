"""Spend over HTTP: the ledger, entering and correcting, files with their mapping and report, export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.acquisition import ledger, sources, spend, spend_files
from siyu.acquisition.ledger import Wanted
from siyu.acquisition.spend import Entry, Share, Spending
from siyu.acquisition.spend_files import SpendImport
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
    language_of,
)
from siyu.foundation.stores import Stores
from siyu.orders import reading, uploads
from siyu.orders.routes import FileColumn
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/acquisition/spend", tags=["acquisition"])
Reader = Annotated[Access, Depends(require("acquisition.read"))]
Spender = Annotated[Access, Depends(require("acquisition.spend"))]
Fen = Annotated[int, Field(ge=1, le=spend.MOST_FEN)]
_MOST_ID = 2**63 - 1


class SpendShare(Body):
    source_id: Id
    amount_fen: Fen
    offer_id: Annotated[int, Field(ge=0, le=_MOST_ID)] = 0
    region: Annotated[Line, Field(max_length=40)] = ""


class SpendBody(Body):
    """One invoice, say. `ref`: entered once, whatever is asked how often. `currency` with `original_fen` and `rate` where it was paid in another one."""

    day: date
    kind: spend.Kind
    shares: Annotated[list[SpendShare], Field(min_length=1, max_length=200)]
    evidence: Annotated[Line, Field(max_length=400)] = ""
    ref: Annotated[Line, Field(max_length=160)] = ""
    currency: Annotated[Line, Field(max_length=3)] = ""
    original_fen: Fen | None = None
    rate: Annotated[Line | None, Field(max_length=24)] = None

    def spending(self) -> Spending:
        shares = tuple(Share(**one.model_dump()) for one in self.shares)
        ref = f"api:{self.ref}"[:160] if self.ref else ""
        return Spending(self.day, self.kind, shares, self.evidence, ref, self.currency, self.original_fen, self.rate)


class SpendToPost(Body):
    entries: Annotated[list[SpendBody], Field(min_length=1, max_length=1000)]


class SpendPosted(BaseModel):
    """`again`: entered before under their reference."""

    entry_ids: list[int]
    again: int


class SpendCorrection(Body):
    """What is right instead; without it the entry is only taken back."""

    reason: Annotated[Line, Field(min_length=1, max_length=200)]
    instead: SpendBody | None = None


class SpendLine(BaseModel):
    account: str
    source_id: int
    source_name: str
    offer_id: int
    region: str
    amount_fen: int


class SpendEntry(BaseModel):
    """`corrects_id`: of a reversal, and of what took its place. `corrected_by`: the reversal that took this one back."""

    id: int
    ref: str
    day: date
    kind: spend.Kind
    kind_name: Label
    amount_fen: int
    evidence: str
    origin: spend.Origin
    currency: str
    original_fen: int | None
    rate: str | None
    by: str
    at: datetime
    corrects_id: int | None
    corrected_by: int | None
    is_reversal: bool
    reason: str
    lines: list[SpendLine]

    @classmethod
    def of(cls, one: Entry, named: dict[int, str]) -> SpendEntry:
        lines = [SpendLine(source_name=named.get(line.source_id, ""), **{name: getattr(line, name) for name in SpendLine.model_fields if name != "source_name"}) for line in one.lines]
        plain = {name: getattr(one, name) for name in cls.model_fields if name not in ("kind_name", "lines")}
        return cls(**plain, kind_name=Label.of(spend.KINDS[one.kind]), lines=lines)


class SpendKindTotal(BaseModel):
    kind: str
    kind_name: Label
    amount_fen: int


class SpendTotals(BaseModel):
    """`balance_fen`: all lines of all accounts together: 0 at every moment."""

    entry_count: int
    amount_fen: int
    by_kind: list[SpendKindTotal]
    balance_fen: int


class SpendField(BaseModel):
    field: str
    name: Label
    required: bool
    help: Label


class SpendFile(BaseModel):
    """An uploaded file of spend: its columns, and which of them is thought to hold what."""

    file_id: str
    name: str
    columns: list[FileColumn]
    mapping: dict[str, str | None]
    fields: list[SpendField]


class NewSpendImport(Body):
    file_id: Line
    mapping: dict[Line, Line]
    dry_run: bool = False


class SpendReason(BaseModel):
    reason: str
    name: Label
    row_count: int


class SpendImportInfo(BaseModel):
    """`posted_count`: rows that are new (of a dry run: would be); `again_count`: known already. Counts are null until it has ended."""

    id: int
    name: str
    dry_run: bool
    job_id: str | None
    by: str
    at: datetime
    ended_at: datetime | None
    row_count: int | None
    posted_count: int | None
    again_count: int | None
    rejected_count: int | None
    amount_fen: int | None
    reasons: list[SpendReason]

    @classmethod
    def of(cls, one: SpendImport) -> SpendImportInfo:
        counts = one.counts or {}
        told = {f"{name.removesuffix('s')}_count" if name == "rows" else f"{name}_count": counts.get(name) for name in ("rows", "posted", "again", "rejected")}
        reasons = [SpendReason(reason=code, name=Label.of(spend_files.REASONS[code]), row_count=count) for code, count in sorted(counts.get("reasons", {}).items())]
        plain = {name: getattr(one, name) for name in ("id", "name", "dry_run", "job_id", "by", "at", "ended_at")}
        return cls(**plain, **told, amount_fen=counts.get("amount_fen"), reasons=reasons)


def _wanted(
    from_on: date | None = None, to_on: date | None = None, source_id: Annotated[int | None, Query(ge=0, le=_MOST_ID, description="With all below it; 0: of no source.")] = None,
    kind: spend.Kind | None = None, origin: spend.Origin | None = None, standing: Annotated[bool, Query(description="Without what was taken back.")] = False,
) -> Wanted:  # fmt: skip
    return Wanted(from_on, to_on, source_id, kind, origin, standing)


Asked = Annotated[Wanted, Depends(_wanted)]


@router.get("", summary="Entries of spend, the last day first")
def list_spend(access: Reader, wanted: Asked, limit: Limit = 50, cursor: Cursor = None) -> Page[SpendEntry]:
    stores, scope = access.stores, f"spend {wanted}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = ledger.entries(tx, wanted, before=(date.fromisoformat(place[0]), place[1]) if place else None, limit=limit)
        items = _shown(tx, found)
    after = encode_cursor(stores, scope, found[-1].day.isoformat(), found[-1].id) if len(found) == limit else None
    return Page(items=items, next_cursor=after, total=None)


@router.get("/totals", summary="What entries of spend come to")
def total_spend(access: Reader, wanted: Asked) -> SpendTotals:
    with access.stores.ledger.read() as tx:
        found = ledger.totals(tx, wanted)
    kinds = [SpendKindTotal(kind=kind, kind_name=Label.of(spend.KINDS[kind]), amount_fen=fen) for kind, fen in found.by_kind.items()]
    kinds.sort(key=lambda one: -one.amount_fen)
    return SpendTotals(entry_count=found.entry_count, amount_fen=found.amount_fen, by_kind=kinds, balance_fen=found.balance_fen)


@router.get("/export", summary="Entries of spend as CSV", response_class=StreamingResponse)
def export_spend(access: Reader, wanted: Asked, request: Request) -> StreamingResponse:
    stores, language = access.stores, language_of(request)
    with stores.ledger.begin() as tx:
        if wanted.source_id:
            sources.find(tx, wanted.source_id)
        _audit(stores, tx, access, "spend_exported", "ledger", {"from_on": str(wanted.from_on), "to_on": str(wanted.to_on), "source_id": wanted.source_id})

    def rows() -> Iterator[str]:
        with stores.ledger.read() as tx:
            yield from ledger.written(tx, wanted, language)

    return StreamingResponse(rows(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": 'attachment; filename="spend.csv"'})


@router.post("", summary="Enter what was spent: all of it or, with a fault, nothing", status_code=201)
def post_spend(body: SpendToPost, access: Spender) -> SpendPosted:
    stores = access.stores
    with stores.ledger.begin() as tx:
        posted = spend.post(stores, tx, [one.spending() for one in body.entries], by=access.actor.name, origin="api" if access.actor.kind == "token" else "hand")
        _audit(stores, tx, access, "spend_posted", "ledger", {"entry_ids": posted.entry_ids[:20], "entry_count": len(posted.entry_ids), "again": posted.again})
    return SpendPosted(entry_ids=posted.entry_ids, again=posted.again)


@router.get("/files/{file_id}", summary="What an uploaded file of spend holds, and which columns mean what")
def read_spend_file(file_id: str, access: Spender) -> SpendFile:
    """Upload the file with PUT /imports/files before."""
    stores = access.stores
    with stores.ledger.read() as tx:
        upload = uploads.find_upload(stores, tx, file_id)
        shape = reading.inspect(upload.path)
        mapping = spend_files.propose(tx, shape.columns)
    samples = uploads.inspect(stores, upload).samples
    return SpendFile(
        file_id=upload.id, name=upload.name, columns=[FileColumn(name=name, samples=samples[name]) for name in shape.columns],
        mapping={one.name: mapping.get(one.name) for one in spend_files.FIELDS},
        fields=[SpendField(field=one.name, name=Label.of(one.label), required=one.required, help=Label.of(one.help)) for one in spend_files.FIELDS],
    )  # fmt: skip


@router.get("/imports", summary="The last files of spend")
def list_spend_imports(access: Reader) -> Items[SpendImportInfo]:
    with access.stores.ledger.read() as tx:
        return Items(items=[SpendImportInfo.of(one) for one in spend_files.listed(tx)])


@router.post("/imports", summary="Take a file of spend in, or only try it", status_code=202)
def import_spend(body: NewSpendImport, access: Spender) -> SpendImportInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        made = spend_files.plan(stores, tx, upload_id=body.file_id, mapping=body.mapping, dry_run=body.dry_run, by=access.actor.name)
        _audit(stores, tx, access, "spend_imported", f"spend_import:{made.id}", {"name": made.name, "dry_run": body.dry_run})
    return SpendImportInfo.of(made)


@router.get("/imports/{import_id}", summary="What became of a file of spend")
def get_spend_import(import_id: RowId, access: Reader) -> SpendImportInfo:
    with access.stores.ledger.read() as tx:
        return SpendImportInfo.of(spend_files.find(tx, import_id))


@router.get("/imports/{import_id}/rejects.csv", summary="Rows that were not entered, with line and reason, to be put right", response_class=StreamingResponse)
def get_spend_rejects(import_id: RowId, access: Reader) -> StreamingResponse:
    stores = access.stores
    with stores.ledger.read() as tx:
        spend_files.find(tx, import_id)

    def rows() -> Iterator[str]:
        with stores.ledger.read() as tx:
            yield from spend_files.rejects_csv(tx, import_id)

    return StreamingResponse(rows(), media_type="text/csv; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="spend-rejects-{import_id}.csv"'})


@router.get("/{entry_id}", summary="One entry with its lines")
def get_spend(entry_id: RowId, access: Reader) -> SpendEntry:
    with access.stores.ledger.read() as tx:
        return _shown(tx, [spend.find(tx, entry_id)])[0]


@router.post("/{entry_id}/correct", summary="Take an entry back by another, and enter what is right instead")
def correct_spend(entry_id: RowId, body: SpendCorrection, access: Spender) -> Items[SpendEntry]:
    """Answers with the reversal, and what took its place if anything."""
    stores = access.stores
    with stores.ledger.begin() as tx:
        instead = body.instead.spending() if body.instead else None
        back, right = spend.correct(stores, tx, entry_id, instead, reason=body.reason, by=access.actor.name)
        _audit(stores, tx, access, "spend_corrected", f"entry:{entry_id}", {"reason": body.reason, "reversal": back.id, "instead": right.id if right else None})
        return Items(items=_shown(tx, [back, right] if right else [back]))


def _shown(tx: Connection, found: list[Entry]) -> list[SpendEntry]:
    named = sources.names(tx, sorted({line.source_id for one in found for line in one.lines}))
    return [SpendEntry.of(one, named) for one in found]


def _audit(stores: Stores, tx: Connection, access: Access, action: str, subject: str, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"acquisition.{action}", subject, detail, stores.now())
