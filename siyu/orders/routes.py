"""Imports over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.concurrency import run_in_threadpool

from siyu.foundation import jobs
from siyu.foundation.errors import Fault, InvalidError, TooLargeError
from siyu.foundation.http import (
    Body,
    Cursor,
    Items,
    Label,
    Limit,
    Line,
    Page,
    Router,
    allow_body,
    decode_cursor,
    encode_cursor,
)
from siyu.foundation.text import Text
from siyu.orders import imports, uploads
from siyu.orders.exports import GRAINS, Export
from siyu.orders.fields import FIELDS
from siyu.orders.reasons import REASONS
from siyu.orders.tasks import IMPORT
from siyu.team import audit
from siyu.team.access import Access, require

DRAINED_BYTES = 64 << 20
"""So much of an upload beyond the limit is read and thrown away; what is larger still is cut off."""
router = Router(tags=["imports"])
Reader = Annotated[Access, Depends(require("imports.read"))]
Writer = Annotated[Access, Depends(require("imports.write"))]
Status = Annotated[str, Field(json_schema_extra={"enum": list(jobs.STATUSES)})]


class FileColumn(BaseModel):
    name: str
    samples: list[str]


class FieldInfo(BaseModel):
    field: str
    name: Label
    required: bool
    help: Label


class ExportInfo(BaseModel):
    """Which shop's export a file is; `grain` says what one row is."""

    key: str
    name: Label
    version: str
    grain: Label


class UploadedFile(BaseModel):
    """`mapping_from`: saved (for this source), export (known headers of a shop) or guessed. `unknown_columns` go unused."""

    file_id: str
    name: str
    bytes: int
    format: str
    encoding: str | None
    columns: list[FileColumn]
    row_count_estimate: int | None
    mapping: dict[str, str | None]
    mapping_from: str
    source_guess: str
    export: ExportInfo | None
    unknown_columns: list[str]
    fields: list[FieldInfo]
    warnings: list[Label]


class NewImport(Body):
    file_id: Line
    source: Line
    mapping: dict[Line, Line]
    dry_run: bool = False
    keep_sample: bool = False


class StartedImport(BaseModel):
    import_id: str
    job_id: str


class RejectReason(BaseModel):
    code: str
    reason: Label
    count: int
    first_line: int


class ImportInfo(BaseModel):
    """Counts are rows of the file unless their name says otherwise; `amount_fen` is that of valid lines with a buyer.
    `told_count` rows are of orders that a connected shop tells of itself; they are left alone."""

    id: str
    job_id: str | None
    file_name: str
    bytes: int
    source: str
    dry_run: bool
    status: Status
    mapping: dict[str, str]
    row_count: int
    accepted_count: int
    rejected_count: int
    unchanged_count: int
    changed_count: int
    order_count: int
    new_order_count: int
    customer_count: int
    new_customer_count: int
    cancelled_line_count: int
    refund_line_count: int
    gift_line_count: int
    no_customer_line_count: int
    told_count: int
    amount_fen: int
    first_ordered_at: datetime | None
    last_ordered_at: datetime | None
    reject_reasons: list[RejectReason]
    created_at: datetime
    ended_at: datetime | None
    created_by: str | None


class SavedMapping(BaseModel):
    source: str
    mapping: dict[str, str]
    saved_at: datetime


@router.put("/imports/files", summary="Upload a file of order lines (the raw file is the body)", status_code=201)
async def upload_file(request: Request, access: Writer, name: Annotated[Line, Query(max_length=255)], source: Line | None = None) -> UploadedFile:
    """The answer says what was recognised and proposes a mapping; nothing is imported yet."""
    stores = access.stores
    allow_body(request, stores.settings.upload_limit_mb * 1024 * 1024 + DRAINED_BYTES)
    incoming = uploads.Incoming(stores, name, access.actor.name)
    parts = request.stream()
    try:
        async for part in parts:
            incoming.write(part)
        upload = await run_in_threadpool(incoming.finish)
        found = await run_in_threadpool(uploads.inspect, stores, upload, source)
    except TooLargeError:
        # Who is still sending when the connection closes sees a reset, not the answer that says why.
        async for _ in parts:
            pass
        raise
    except BaseException:
        incoming.abandon()
        raise
    return _file_info(upload, found)


@router.post("/imports", summary="Import an uploaded file, or try it out (dry run)", status_code=202)
def start_import(body: NewImport, access: Writer) -> StartedImport:
    stores, by = access.stores, access.actor.name
    source = body.source.strip()
    if not source or len(source) > 60:
        raise InvalidError(Text("来源不对", "the source is not valid"), faults=[Fault("source", Text("1 到 60 个字", "1 to 60 characters"))])
    with stores.ledger.begin() as tx:
        import_id = imports.plan_import(
            stores, tx, upload_id=body.file_id, source=source, mapping=body.mapping, dry_run=body.dry_run, keep_sample=body.keep_sample, by=by
        )
        job_id = jobs.submit(tx, IMPORT, {"import_id": import_id}, now=stores.now(), created_by=by)
        imports.attach_job(tx, import_id, job_id)
        detail = {"file_id": body.file_id, "source": source, "dry_run": body.dry_run}
        audit.record(tx, access.actor, "imports.start", f"import:{import_id}", detail, stores.now())
    return StartedImport(import_id=import_id, job_id=job_id)


@router.get("/imports", summary="Imports, newest first")
def list_imports(access: Reader, source: Line | None = None, limit: Limit = 50, cursor: Cursor = None) -> Page[ImportInfo]:
    stores, scope = access.stores, "imports" if source is None else f"imports {source}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = imports.list_imports(tx, limit + 1, (datetime.fromisoformat(place[0]), place[1]) if place else None, source=source)
        items = [_import_info(tx, item) for item in found[:limit]]
    more = len(found) > limit
    return Page(items=items, next_cursor=encode_cursor(stores, scope, items[-1].created_at.isoformat(), items[-1].id) if more else None, total=None)


@router.get("/imports/mappings", summary="Mappings that were saved, one a source")
def list_mappings(access: Reader) -> Items[SavedMapping]:
    with access.stores.ledger.read() as tx:
        return Items(items=[SavedMapping(**row) for row in uploads.saved_mappings(tx)])


@router.get("/imports/{import_id}", summary="One import")
def get_import(import_id: str, access: Reader) -> ImportInfo:
    with access.stores.ledger.read() as tx:
        return _import_info(tx, imports.find_import(tx, import_id))


@router.get("/imports/{import_id}/rejects.csv", summary="Rejected rows with line, reason and value, as CSV")
def get_rejects(import_id: str, access: Reader) -> StreamingResponse:
    with access.stores.ledger.read() as tx:
        imports.find_import(tx, import_id)

    def rows() -> Iterator[str]:
        with access.stores.ledger.read() as tx:
            yield from imports.rejects_csv(tx, import_id)

    headers = {"Content-Disposition": f'attachment; filename="rejects-{import_id}.csv"'}
    return StreamingResponse(rows(), media_type="text/csv; charset=utf-8", headers=headers)


def _file_info(upload: uploads.Upload, found: uploads.Inspection) -> UploadedFile:
    return UploadedFile(
        file_id=upload.id,
        name=upload.name,
        bytes=upload.bytes,
        format=found.shape.format,
        encoding=found.shape.encoding,
        columns=[FileColumn(name=name, samples=found.samples[name]) for name in found.shape.columns],
        row_count_estimate=found.row_estimate,
        mapping={field.name: found.mapping.get(field.name) for field in FIELDS},
        mapping_from=found.mapping_from,
        source_guess=found.source_guess,
        export=_export_info(found.export) if found.export is not None else None,
        unknown_columns=found.unknown_columns,
        fields=[FieldInfo(field=f.name, name=Label.of(f.label), required=f.required, help=Label.of(f.help)) for f in FIELDS],
        warnings=[Label.of(warning) for warning in found.warnings],
    )


def _export_info(export: Export) -> ExportInfo:
    return ExportInfo(key=export.key, name=Label.of(export.name), version=export.version, grain=Label.of(GRAINS[export.grain]))


def _import_info(tx: Any, item: imports.Import) -> ImportInfo:
    status = jobs.find_job(tx, item.job_id, []).status if item.job_id else "queued"
    counts = {name: getattr(item.counts, name) for name in ImportInfo.model_fields if hasattr(item.counts, name)}
    reasons = [
        RejectReason(code=code, reason=Label.of(REASONS[code]), count=count, first_line=line)
        for code, (count, line) in sorted(item.counts.reasons.items(), key=lambda pair: -pair[1][0])
    ]
    return ImportInfo(
        **{name: getattr(item, name) for name in ("id", "job_id", "file_name", "bytes", "source", "dry_run", "mapping")},
        **{name: getattr(item, name) for name in ("first_ordered_at", "last_ordered_at", "created_at", "ended_at", "created_by")},
        **counts,
        status=status,
        reject_reasons=reasons,
    )
