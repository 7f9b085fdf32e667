"""Payments over HTTP: import a statement, look at what it was matched with, accept or reject."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import Depends, Query
from pydantic import BaseModel, Field

from siyu.foundation import jobs
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.http import (
    Body,
    Cursor,
    Label,
    Limit,
    Line,
    Page,
    Router,
    decode_cursor,
    encode_cursor,
)
from siyu.foundation.text import Text
from siyu.orders import fields, payments_file, payments_ledger, reading, uploads
from siyu.orders.payments_tasks import PAYMENTS
from siyu.orders.routes import FileColumn
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(tags=["imports"])
Reader = Annotated[Access, Depends(require("imports.read"))]
Writer = Annotated[Access, Depends(require("imports.write"))]
Key = Annotated[str, Field(pattern=r"^\d{1,19}$", description="Key of a payment, as text: it has up to 63 bits.")]


class PaymentField(BaseModel):
    field: str
    name: Label
    required: bool
    help: Label


class StatementInfo(BaseModel):
    """An uploaded statement: its columns, and which of them is thought to hold what."""

    file_id: str
    name: str
    columns: list[FileColumn]
    mapping: dict[str, str | None]
    fields: list[PaymentField]
    source_guess: str


class NewPayments(Body):
    file_id: Line
    source: Annotated[Line, Field(min_length=1, max_length=60)]
    mapping: dict[Line, Line]


class StartedPayments(BaseModel):
    import_id: str
    job_id: str


class PaymentReason(BaseModel):
    field: str
    level: str
    level_name: Label
    weight_bits: float


class MatchInfo(BaseModel):
    """`text`: who paid and what for; null for those who may not read identifiers."""

    payment_key: str
    paid_at: datetime
    paid_fen: int
    text: str | None
    source: str
    order_no: str | None
    ordered_at: datetime
    amount_fen: int
    probability: float
    reasons: list[PaymentReason]
    state: payments_ledger.State


class UnmatchedInfo(BaseModel):
    payment_key: str
    source: str
    paid_at: datetime
    amount_fen: int
    text: str | None
    reference: str | None


class PaymentCounts(BaseModel):
    """Payments whose order is accepted, those with a proposal, and those without."""

    accepted: int
    open: int
    unmatched: int


class PaymentDecision(Body):
    """For these payments, or all open proposals of at least a probability; `dry_run` only counts."""

    decision: payments_ledger.Decision
    payment_keys: Annotated[list[Key], Field(max_length=1000)] = []
    at_least: Annotated[float, Field(ge=0.5, le=1)] | None = None
    dry_run: bool = False


class DecidedPayments(BaseModel):
    match_count: int
    paid_fen: int


@router.get("/payments/files/{file_id}", summary="What an uploaded statement holds, and which columns mean what")
def read_statement_file(file_id: str, access: Reader) -> StatementInfo:
    """Upload the file with PUT /imports/files before."""
    stores = access.stores
    with stores.ledger.read() as tx:
        upload = uploads.find_upload(stores, tx, file_id)
    shape = reading.inspect(upload.path)
    found = uploads.inspect(stores, upload)
    mapping = fields.guess(shape.columns, payments_file.FIELDS)
    return StatementInfo(
        file_id=upload.id,
        name=upload.name,
        columns=[FileColumn(name=name, samples=found.samples[name]) for name in shape.columns],
        mapping={each.name: mapping.get(each.name) for each in payments_file.FIELDS},
        fields=[PaymentField(field=each.name, name=Label.of(each.label), required=each.required, help=Label.of(each.help)) for each in payments_file.FIELDS],
        source_guess=found.source_guess,
    )


@router.post("/payments/imports", summary="Import a statement of payments and propose an order for each", status_code=202)
def import_payments(body: NewPayments, access: Writer) -> StartedPayments:
    stores, by = access.stores, access.actor.name
    with stores.ledger.begin() as tx:
        import_id = payments_ledger.plan_file(stores, tx, upload_id=body.file_id, source=body.source, mapping=body.mapping, by=by)
        job_id = jobs.submit(tx, PAYMENTS, {"file_id": import_id}, now=stores.now(), created_by=by)
        payments_ledger.attach_job(tx, import_id, job_id)
        audit.record(tx, access.actor, "payments.import", f"payments:{import_id}", {"source": body.source}, stores.now())
    return StartedPayments(import_id=import_id, job_id=job_id)


@router.get("/payments/counts", summary="How many payments are matched, proposed and without an order")
def read_counts(access: Reader) -> PaymentCounts:
    with access.stores.ledger.read() as tx:
        return PaymentCounts(**payments_ledger.counts(tx))


@router.get("/payments/matches", summary="Payments with the order that each probably belongs to, likeliest first")
def list_matches(access: Reader, state: Annotated[payments_ledger.State, Query()] = "open", cursor: Cursor = None, limit: Limit = 50) -> Page[MatchInfo]:
    stores, scope = access.stores, f"payments.matches {state}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = payments_ledger.matches(stores, tx, state, after=(place[0], place[1]) if place else None, limit=limit + 1)
    rows = found[:limit]
    more = encode_cursor(stores, scope, rows[-1].probability, rows[-1].payment_key) if len(found) > limit else None
    return Page(items=[_match(each, access) for each in rows], next_cursor=more, total=None)


@router.get("/payments/unmatched", summary="Payments without an order, newest first")
def list_unmatched(access: Reader, cursor: Cursor = None, limit: Limit = 50) -> Page[UnmatchedInfo]:
    stores = access.stores
    place = decode_cursor(stores, "payments.unmatched", cursor)
    with stores.ledger.read() as tx:
        found = payments_ledger.unmatched(stores, tx, after=(datetime.fromisoformat(place[0]), place[1]) if place else None, limit=limit + 1)
    rows = found[:limit]
    more = encode_cursor(stores, "payments.unmatched", rows[-1].paid_at.isoformat(), rows[-1].payment_key) if len(found) > limit else None
    items = [UnmatchedInfo(**{**vars(each), "payment_key": str(each.payment_key), "text": _text(each.text, access)}) for each in rows]
    return Page(items=items, next_cursor=more, total=None)


@router.post("/payments/decisions", summary="Accept or reject proposed orders of payments, or take a decision back")
def decide_payments(body: PaymentDecision, access: Writer) -> DecidedPayments:
    stores = access.stores
    if (body.at_least is None) == (not body.payment_keys):
        fault = Fault("payment_keys", Text("给出收款，或给出最低概率，二选一", "give either payments or a least probability"))
        raise InvalidError(Text("没有说是哪些收款", "it is not said which payments"), faults=[fault])
    with stores.ledger.read() if body.dry_run else stores.ledger.begin() as tx:
        if body.at_least is not None:
            chosen = payments_ledger.above(stores, tx, body.at_least)
        else:
            chosen = payments_ledger.find(stores, tx, [int(key) for key in body.payment_keys])
        if not body.dry_run:
            payments_ledger.decide(tx, chosen, body.decision, access.actor.name, stores.now())
            detail = {"decision": body.decision, "at_least": body.at_least, "match_count": len(chosen)}
            audit.record(tx, access.actor, "payments.decided", "payments", detail, stores.now())
    return DecidedPayments(match_count=len(chosen), paid_fen=sum(each.paid_fen for each in chosen))


def _match(each: payments_ledger.Match, access: Access) -> MatchInfo:
    plain: dict[str, Any] = {name: getattr(each, name) for name in MatchInfo.model_fields if name not in ("payment_key", "text", "reasons")}
    reasons = [PaymentReason(field=r.field, level=r.level, level_name=Label.of(r.name), weight_bits=r.weight) for r in each.reasons]
    return MatchInfo(payment_key=str(each.payment_key), text=_text(each.text, access), reasons=reasons, **plain)


def _text(text: str | None, access: Access) -> str | None:
    """Who paid is readable for those who may read identifiers; all others see enough to recognise it."""
    if text is None or access.may("customers.identifiers"):
        return text
    return f"{text[:1]}***{text[-1:]}"
