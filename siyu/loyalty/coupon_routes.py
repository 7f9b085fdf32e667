"""Coupons over HTTP: written, started and stopped, issued, redeemed and given back, and a file of the codes."""

from __future__ import annotations

import tempfile
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from sqlalchemy import Connection
from starlette.background import BackgroundTask

from siyu.foundation.http import (
    Body,
    Cursor,
    Id,
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
from siyu.loyalty import by_hand, code_files, codes, coupons, redemptions
from siyu.loyalty.codes import Code
from siyu.loyalty.coupons import Coupon, Draft, Kind
from siyu.loyalty.redemptions import Redemption
from siyu.loyalty.routes import GivingJob, Reader, Reason, Ref, Writer, shown_code, shown_rows
from siyu.segments.directory_rows import CustomerRow
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/loyalty", tags=["loyalty"])
Redeemer = Annotated[Access, Depends(require("loyalty.redeem"))]
Exporter = Annotated[Access, Depends(require("customers.export"))]
Fen = Annotated[int, Field(ge=0, le=coupons.MOST_FEN)]
Count = Annotated[int, Field(ge=1, le=1_000_000_000)]
State = Literal["issued", "redeemed", "expired", "void"]
CodeWord = Annotated[Line, Field(min_length=1, max_length=40)]


class CouponBody(Body):
    """`pay_percent`: 85 is 8.5折 (15 % off). Either `days` after each issue, or both days. `stock` and `per_person` null: no bound."""

    name: Annotated[Line, Field(max_length=80)]
    kind: Kind
    face_fen: Fen = 0
    pay_percent: Annotated[int, Field(ge=1, le=100)] = 100
    most_off_fen: Fen = 0
    threshold_fen: Fen = 0
    gift: Annotated[Line, Field(max_length=120)] = ""
    goods: Annotated[Line, Field(max_length=200)] = ""
    terms: Annotated[Line, Field(max_length=2000)] = ""
    from_on: date | None = None
    until_on: date | None = None
    days: Annotated[int, Field(ge=0, le=coupons.LONGEST_DAYS)] | None = None
    stock: Count | None = None
    per_person: Count | None = 1
    cost_fen: Fen = 0


class CouponChange(CouponBody):
    """`edit` as it was read: who saves over somebody else's change is told."""

    edit: Annotated[int, Field(ge=1, le=2**31 - 1)] | None = None


class CouponInfo(CouponBody):
    """`left`: codes still to be issued, null without a bound; `value_fen`: what redemptions that stand took off."""

    id: int
    status: Literal["draft", "live", "stopped"]
    promise: Label
    issued: int
    redeemed: int
    expired: int
    left: int | None
    value_fen: int
    edit: int
    created_at: datetime
    created_by: str
    updated_at: datetime
    updated_by: str

    @classmethod
    def of(cls, one: Coupon) -> CouponInfo:
        return cls(**vars(one), promise=Label.of(coupons.promise(one)), left=one.left)


class CouponStatusBody(Body):
    status: Literal["live", "stopped"]


class CouponToIssue(Body):
    """To a segment or to people named, by a job. `ref`: asked again with the same nobody is served twice."""

    segment_id: Id | None = None
    customer_ids: Annotated[list[Id], Field(max_length=1000)] | None = None
    ref: Ref


class CouponToIssueNow(Body):
    """To people named, at once: for programs."""

    customer_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]
    ref: Ref


class CodesToWithdraw(Body):
    """Codes that these people have by this reference and have not used; they go back to the stock."""

    customer_ids: Annotated[list[Id], Field(min_length=1, max_length=1000)]
    ref: Ref
    reason: Reason


class WithdrawnInfo(BaseModel):
    """`none`: who never had one by this reference."""

    withdrawn: list[int]
    used: list[int]
    ended: list[int]
    none: list[int]


class IssuedCode(BaseModel):
    customer_id: int
    code: str


class IssueRefused(BaseModel):
    reason: str
    name: Label
    customer_ids: list[int]


class IssuedInfo(BaseModel):
    """`codes`: everybody who has one under this reference, those of `again` had it before."""

    codes: list[IssuedCode]
    again: list[int]
    refused: list[IssueRefused]


class RedemptionInfo(BaseModel):
    """`again`: it was recorded before under this reference."""

    id: int
    ref: str
    at: datetime
    by: str
    place: str
    order_no: str
    order_fen: int | None
    value_fen: int
    reversed_at: datetime | None
    reversed_by: str | None
    reversed_reason: str | None
    again: bool

    @classmethod
    def of(cls, one: Redemption) -> RedemptionInfo:
        return cls(**{name: value for name, value in vars(one).items() if name != "code_id"})


class CouponCodeInfo(BaseModel):
    """`usable`: it can be redeemed now. The code is masked for who may not redeem."""

    id: int
    code: str
    customer_id: int
    customer: CustomerRow | None
    state: State
    usable: bool
    ref: str
    issued_at: datetime
    from_at: datetime
    last_on: date
    redemption: RedemptionInfo | None

    @classmethod
    def of(cls, access: Access, one: Code, row: CustomerRow | None, used: Redemption | None) -> CouponCodeInfo:
        now = access.stores.now()
        return cls(
            id=one.id, code=shown_code(access, one.code), customer_id=one.customer_id, customer=row, state=one.state, ref=one.ref, issued_at=one.issued_at, from_at=one.from_at,
            usable=one.state == "issued" and one.from_at <= now < one.until_at, last_on=one.ends_on(access.stores), redemption=RedemptionInfo.of(used) if used else None,
        )  # fmt: skip


class CodeLookUp(BaseModel):
    code: CouponCodeInfo
    coupon: CouponInfo


class RedeemBody(Body):
    """`order_fen`: what is paid before it; without it the threshold is not checked. `ref`: the till's own number of this act."""

    code: CodeWord
    ref: Ref
    order_fen: Annotated[int, Field(ge=0, le=10**13)] | None = None
    order_no: Annotated[Line, Field(max_length=80)] = ""
    place: Annotated[Line, Field(max_length=80)] = ""


class RedemptionToReverse(Body):
    code: CodeWord
    ref: Ref
    reason: Reason


@router.get("/coupons", summary="Coupons, the newest first")
def list_coupons(
    access: Reader, status: Literal["draft", "live", "stopped"] | None = None, q: Annotated[Line, Query(max_length=80)] = "", limit: Limit = 50, cursor: Cursor = None
) -> Page[CouponInfo]:  # fmt: skip
    stores, scope = access.stores, f"coupons {status} {q}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        found = coupons.listed(tx, status=status, q=q, before_id=place[0] if place else None, limit=limit)
    after = encode_cursor(stores, scope, found[-1].id) if len(found) == limit else None
    return Page(items=[CouponInfo.of(one) for one in found], next_cursor=after, total=None)


@router.post("/coupons", summary="Write a new coupon", status_code=201)
def add_coupon(body: CouponBody, access: Writer) -> CouponInfo:
    with access.stores.ledger.begin() as tx:
        made = coupons.add(access.stores, tx, Draft(**body.model_dump()), by=access.actor.name)
        _audit(tx, access, "coupon_added", f"coupon:{made.id}", {"name": made.name})
    return CouponInfo.of(made)


@router.get("/coupons/{coupon_id}", summary="A coupon")
def get_coupon(coupon_id: RowId, access: Reader) -> CouponInfo:
    with access.stores.ledger.read() as tx:
        return CouponInfo.of(coupons.find(tx, coupon_id))


@router.put("/coupons/{coupon_id}", summary="Change a coupon; what was promised stays once a code is out")
def change_coupon(coupon_id: RowId, body: CouponChange, access: Writer) -> CouponInfo:
    with access.stores.ledger.begin() as tx:
        made = coupons.change(access.stores, tx, coupon_id, Draft(**body.model_dump(exclude={"edit"})), edit=body.edit, by=access.actor.name)
        _audit(tx, access, "coupon_changed", f"coupon:{coupon_id}", {"name": made.name, "stock": made.stock})
    return CouponInfo.of(made)


@router.delete("/coupons/{coupon_id}", summary="Remove a coupon that was never issued", status_code=204)
def remove_coupon(coupon_id: RowId, access: Writer) -> None:
    with access.stores.ledger.begin() as tx:
        gone = coupons.remove(tx, coupon_id)
        _audit(tx, access, "coupon_removed", f"coupon:{coupon_id}", {"name": gone.name})


@router.post("/coupons/{coupon_id}/status", summary="Begin to issue a coupon, or stop")
def set_coupon_status(coupon_id: RowId, body: CouponStatusBody, access: Writer) -> CouponInfo:
    with access.stores.ledger.begin() as tx:
        made = coupons.set_status(access.stores, tx, coupon_id, body.status, by=access.actor.name)
        _audit(tx, access, f"coupon_{body.status}", f"coupon:{coupon_id}", {"name": made.name})
    return CouponInfo.of(made)


@router.post("/coupons/{coupon_id}/issue", summary="Issue a coupon to a segment or to people named, by a job", status_code=202)
def issue_coupon(coupon_id: RowId, body: CouponToIssue, access: Writer) -> GivingJob:
    with access.stores.ledger.begin() as tx:
        job_id = by_hand.ask(access.stores, tx, "issue", coupon_id=coupon_id, **body.model_dump(), by=access.actor.name)
        _audit(tx, access, "coupon_issued", f"coupon:{coupon_id}", body.model_dump(mode="json"))
    return GivingJob(job_id=job_id)


@router.post("/coupons/{coupon_id}/codes", summary="Issue a coupon to people named, at once")
def issue_now(coupon_id: RowId, body: CouponToIssueNow, access: Writer) -> IssuedInfo:
    with access.stores.ledger.begin() as tx:
        made = codes.issue(access.stores, tx, coupon_id, body.customer_ids, ref=body.ref)
        _audit(tx, access, "coupon_issued", f"coupon:{coupon_id}", {"people": len(made.codes), "ref": body.ref})
    given = [IssuedCode(customer_id=one, code=shown_code(access, code)) for one, code in zip(made.customer_ids.tolist(), made.codes, strict=True)]
    refused = [IssueRefused(reason=reason, name=Label.of(codes.REASONS[reason]), customer_ids=ids.tolist()) for reason, ids in made.refused.items()]
    return IssuedInfo(codes=given, again=made.again.tolist(), refused=refused)


@router.post("/coupons/{coupon_id}/codes/withdraw", summary="Withdraw unused codes of people named; used ones stay")
def withdraw_codes(coupon_id: RowId, body: CodesToWithdraw, access: Writer) -> WithdrawnInfo:
    with access.stores.ledger.begin() as tx:
        made = codes.withdraw(access.stores, tx, coupon_id, body.customer_ids, ref=body.ref)
        _audit(tx, access, "codes_withdrawn", f"coupon:{coupon_id}", {"people": len(made.customer_ids), "ref": body.ref, "reason": body.reason})
    return WithdrawnInfo(withdrawn=made.customer_ids.tolist(), used=made.used.tolist(), ended=made.ended.tolist(), none=made.none.tolist())


@router.get("/coupons/{coupon_id}/codes", summary="Codes of a coupon, the newest first")
def list_codes(coupon_id: RowId, access: Reader, state: State | None = None, limit: Limit = 50, cursor: Cursor = None) -> Page[CouponCodeInfo]:
    stores, scope = access.stores, f"codes {coupon_id} {state}"
    place = decode_cursor(stores, scope, cursor)
    with stores.ledger.read() as tx:
        coupons.find(tx, coupon_id)
        found = codes.of_coupon(tx, coupon_id, state=state, before_id=place[0] if place else None, limit=limit)
        used = redemptions.of_codes(tx, [one.id for one in found])
        rows = shown_rows(stores, tx, list({one.customer_id: None for one in found}))
    after = encode_cursor(stores, scope, found[-1].id) if len(found) == limit else None
    return Page(items=[CouponCodeInfo.of(access, one, rows.get(one.customer_id), used.get(one.id)) for one in found], next_cursor=after, total=None)


@router.get("/coupons/{coupon_id}/export", summary="The codes of a coupon as a file", response_class=FileResponse)
def export_codes(coupon_id: RowId, access: Exporter, request: Request, format: Literal["csv", "xlsx"] = "csv", state: State | None = None) -> FileResponse:
    stores = access.stores
    with stores.ledger.read() as tx:
        coupon = coupons.find(tx, coupon_id)
    # Among the exports: what a killed process leaves behind goes with them when somebody is erased.
    exports = stores.settings.files / "exports"
    exports.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder = Path(tempfile.mkdtemp(dir=exports))
    path = folder / f"coupon-{coupon_id}.{format}"
    count = code_files.write(stores, path, coupon, format, language_of(request), state=state, masked=not access.may("loyalty.redeem"))
    with stores.ledger.begin() as tx:
        _audit(tx, access, "codes_exported", f"coupon:{coupon_id}", {"format": format, "row_count": count, "state": state})
    return FileResponse(path, filename=path.name, background=BackgroundTask(code_files.remove, folder))


@router.get("/codes/{code}", summary="The code that somebody shows, with its coupon")
def look_up_code(code: CodeWord, access: Redeemer) -> CodeLookUp:
    stores = access.stores
    with stores.ledger.read() as tx:
        found, coupon = redemptions.look_up(tx, code)
        used = redemptions.of_codes(tx, [found.id]).get(found.id)
        row = shown_rows(stores, tx, [found.customer_id]).get(found.customer_id)
    return CodeLookUp(code=CouponCodeInfo.of(access, found, row, used), coupon=CouponInfo.of(coupon))


@router.post("/redemptions", summary="Redeem a code, once; asked again with the same reference it answers the same")
def redeem_code(body: RedeemBody, access: Redeemer) -> RedemptionInfo:
    with access.stores.ledger.begin() as tx:
        made = redemptions.redeem(access.stores, tx, body.code, ref=body.ref, by=access.actor.name, order_fen=body.order_fen, order_no=body.order_no, place=body.place)
        if not made.again:
            _audit(tx, access, "coupon_redeemed", f"code:{made.code_id}", {"ref": body.ref, "value_fen": made.value_fen})
    return RedemptionInfo.of(made)


@router.post("/redemptions/reverse", summary="Give a code back after a refund")
def reverse_redemption(body: RedemptionToReverse, access: Redeemer) -> RedemptionInfo:
    with access.stores.ledger.begin() as tx:
        made = redemptions.take_back(access.stores, tx, body.code, ref=body.ref, reason=body.reason, by=access.actor.name)
        if not made.again:
            _audit(tx, access, "coupon_reversed", f"code:{made.code_id}", {"ref": body.ref, "reason": body.reason})
    return RedemptionInfo.of(made)


def _audit(tx: Connection, access: Access, action: str, subject: str, detail: dict[str, Any]) -> None:
    audit.record(tx, access.actor, f"loyalty.{action}", subject, detail, access.stores.now())
