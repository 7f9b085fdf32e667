"""The suppression list over HTTP: which addresses a carrier is not used for and why; one more by hand; one used again, with the reason."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import pyarrow as pa
from fastapi import Depends, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection

from siyu.content.kinds import Carrier
from siyu.events.identifiers import identify, mask
from siyu.foundation.clock import from_ms, to_ms
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
    language_of,
)
from siyu.foundation.ids import content_hash
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity import identifiers
from siyu.messaging import suppression, suppression_files
from siyu.messaging.routing import ADDRESSED
from siyu.messaging.suppression import REASONS, Suppression
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/messaging/suppressions", tags=["messaging"])
Reader = Annotated[Access, Depends(require("messaging.read"))]
Writer = Annotated[Access, Depends(require("messaging.write"))]
Exporter = Annotated[Access, Depends(require("customers.export"))]
Wanted = Annotated[Line, Query(max_length=254, description="A whole phone number or e-mail address, or a customer's number.")]
Reason = Literal["hard_bounce", "complaint", "soft_bounces", "manual"]
ByAddress = Literal["sms", "email", "webhook"]
SuppressionId = Annotated[str, Path(pattern=r"^[0-7][0-9a-f]{15}$", description="`id` of the list.")]
"""An identifier's key has 63 bits, more than a number in JSON keeps everywhere: it is written in hexadecimal."""


class SuppressionInfo(BaseModel):
    """`address` is masked, `***` where nobody has it; `code` is the carrier's own answer; `note` and `by` are those of whoever added it by hand or lifted it."""

    id: str
    carrier: str
    address: str
    customer_id: int | None
    status: Literal["suppressed", "lifted"]
    reason: Reason
    reason_name: Label
    code: str | None
    at: datetime
    note: str | None
    by: str


class LiftBody(Body):
    note: Annotated[Line, Field(min_length=1, max_length=200)]


class SuppressBody(LiftBody):
    """`address`: a phone number or an e-mail address, as the carrier takes it. Somebody need not have it yet."""

    carrier: ByAddress
    address: Annotated[Line, Field(min_length=3, max_length=254)]


@router.get("", summary="Addresses to which a carrier is not used any more, masked, and why; the latest first")
def list_suppressions(access: Reader, carrier: Carrier | None = None, reason: Reason | None = None, q: Wanted = "", cursor: Cursor = None, limit: Limit = 50) -> Page[SuppressionInfo]:
    stores, scope = access.stores, f"suppressions {carrier} {reason} {content_hash([q.encode()])}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        keys = _sought(stores, tx, q)
        found = suppression.list_suppressions(tx, carrier=carrier, reason=reason, keys=keys, after=(place[0], place[1], place[2]) if place else None, limit=limit + 1)
        items, total = _told(stores, tx, found[:limit]), suppression.count(tx, carrier=carrier, reason=reason, keys=keys)
    last = found[limit - 1] if len(found) > limit else None
    return Page(items=items, next_cursor=encode_cursor(stores, scope, last.at_ms, last.carrier, last.identity_key) if last else None, total=total)


@router.get("/export", summary="The suppression list as CSV, addresses masked", response_class=StreamingResponse)
def export_suppressions(access: Exporter, request: Request, carrier: Carrier | None = None, reason: Reason | None = None) -> StreamingResponse:
    stores, language = access.stores, language_of(request)
    with stores.ledger.begin() as tx:
        row_count = suppression.count(tx, carrier=carrier, reason=reason)
        audit.record(tx, access.actor, "messaging.suppressions_exported", "suppressions", {"carrier": carrier, "reason": reason, "row_count": row_count}, stores.now())
    lines = suppression_files.lines(stores, language, carrier=carrier, reason=reason)
    return StreamingResponse(lines, media_type="text/csv", headers={"Content-Disposition": 'attachment; filename="suppressions.csv"'})


@router.post("", summary="Use a carrier for an address no more, whatever is planned; with the reason", status_code=201)
def add_suppression(body: SuppressBody, access: Writer) -> SuppressionInfo:
    stores = access.stores
    key, masked = _identified(stores, body.carrier, body.address)
    with stores.ledger.begin() as tx:
        made = suppression.add(tx, body.carrier, key, note=body.note, by=access.actor.name, at_ms=to_ms(stores.now()))
        audit.record(tx, access.actor, "messaging.suppression_added", _subject(made), {"address": masked, "note": made.note}, stores.now())
        return _told(stores, tx, [made])[0]


@router.post("/{carrier}/{id}/lift", summary="Use the address again; only what happens from now on counts against it")
def lift_suppression(carrier: Carrier, id: SuppressionId, body: LiftBody, access: Writer) -> SuppressionInfo:
    stores = access.stores
    with stores.ledger.begin() as tx:
        lifted = suppression.lift(tx, carrier, int(id, 16), note=body.note, by=access.actor.name, at_ms=to_ms(stores.now()))
        told = _told(stores, tx, [lifted])[0]
        audit.record(tx, access.actor, "messaging.suppression_lifted", _subject(lifted), {"address": told.address, "reason": told.reason, "note": lifted.note}, stores.now())
    return told


def _sought(stores: Stores, tx: Connection, q: str) -> list[int] | None:
    """Identifiers that are meant: of a phone number, an e-mail address or a customer's number; None without a search."""
    text = q.strip()
    if not text:
        return None
    keys = {key for space in identifiers.SEARCHABLE for key in identify(stores.secrets, space, pa.array([text])).keys.to_pylist() if key}
    return sorted(keys.union(identifiers.keys_of(tx, [int(text)]) if text.isascii() and text.isdigit() and len(text) < 19 else ()))


def _identified(stores: Stores, carrier: ByAddress, address: str) -> tuple[int, str]:
    """The key of an address, and the address masked."""
    spaces = [space for space in ADDRESSED[carrier] if (space == "email") == ("@" in address)]
    found = identify(stores.secrets, spaces[0], pa.array([address])) if spaces else None
    value = found.values[0].as_py() if found is not None else None
    if found is None or value is None:
        wanted = {"phone": Text("手机号", "a phone number"), "email": Text("邮箱地址", "an e-mail address")}
        named = [wanted[space] for space in ADDRESSED[carrier]]
        words = Text(f"要填{'或'.join(one.zh for one in named)}", f"{' or '.join(one.en for one in named)} is needed")
        raise InvalidError(Text("这个载体没有这样的地址", "the carrier has no such address"), faults=[Fault("address", words)])
    return int(found.keys[0].as_py()), mask(found.namespace, value)


def _subject(one: Suppression) -> str:
    return f"suppression:{one.carrier}:{one.identity_key:016x}"


def _told(stores: Stores, tx: Connection, found: list[Suppression]) -> list[SuppressionInfo]:
    keys = [one.identity_key for one in found]
    masked, owners = identifiers.masked_of(stores, tx, keys), identifiers.customers_of(tx, keys)
    return [
        SuppressionInfo.model_validate(
            {
                "id": f"{one.identity_key:016x}", "carrier": one.carrier, "address": masked.get(one.identity_key, mask("", None)), "customer_id": owners.get(one.identity_key),
                "status": one.status, "reason": one.reason, "reason_name": Label.of(REASONS[one.reason]), "code": one.code, "at": from_ms(one.at_ms), "note": one.note, "by": one.by,
            }
        )
        for one in found
    ]  # fmt: skip
