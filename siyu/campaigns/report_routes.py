"""Reports of campaigns over HTTP: the read-out, the people behind each number, and both as files."""

from __future__ import annotations

import csv
import io
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel

from siyu.campaigns import campaigns, reached, reports
from siyu.campaigns.report import Report, Shown
from siyu.foundation.http import Cursor, Label, Limit, Line, Page, Router, RowId, decode_cursor, encode_cursor
from siyu.segments.directory_rows import CustomerRow, load_rows
from siyu.segments.export_files import safe
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/campaigns/{campaign_id}", tags=["campaigns"])
Reader = Annotated[Access, Depends(require("campaigns.read"))]
Looker = Annotated[Access, Depends(require("customers.read"))]
Exporter = Annotated[Access, Depends(require("customers.export"))]
VariantName = Annotated[Line | None, Query(max_length=16)]
CarrierName = Annotated[Line | None, Query(max_length=32)]
ReasonName = Annotated[Line | None, Query(max_length=32)]
Stage = Literal["planned", "eligible", "treated", "control", "refused", "told", "sent", "received", "read", "clicked", "bought", "opted_out", "blocked", "complained", "unknown", "failed"]


class EffectInfo(BaseModel):
    """Treated minus control per person (a share 0–1, or fen), with its interval; a bound that is not defined is null."""

    difference: float
    low: float | None
    high: float | None
    p_value: float | None
    relative: float | None
    relative_low: float | None
    relative_high: float | None
    is_detected: bool
    finding: Label

    @classmethod
    def of(cls, effect: Shown | None) -> EffectInfo | None:
        return None if effect is None else cls(**{**vars(effect), "finding": Label.of(effect.finding)})


class ArmInfo(BaseModel):
    people: int
    bought: int
    spend_fen: int


class LiftInfo(BaseModel):
    """`why_not` (with `why_not_code` hidden, mismatch, no_control or too_few): why no effect is shown."""

    treated: ArmInfo
    control: ArmInfo
    planned_control_rate: float
    mismatch_p: float | None
    why_not: Label | None
    why_not_code: Literal["hidden", "mismatch", "no_control", "too_few"] | None
    bought: EffectInfo | None
    spend: EffectInfo | None
    spend_adjusted: EffectInfo | None
    reduction: float | None
    extra_buyers: float | None
    extra_buyers_low: float | None
    extra_buyers_high: float | None
    extra_revenue_fen: int | None
    extra_revenue_low_fen: int | None
    extra_revenue_high_fen: int | None
    cost_per_extra_buyer_fen: int | None


class StageInfo(BaseModel):
    """`rate`: of the stage before it (read and bought: of those sent to)."""

    stage: Literal["planned", "eligible", "told", "sent", "received", "read", "clicked", "bought"]
    count: int
    rate: float | None


class VariantReport(BaseModel):
    name: str
    arm: ArmInfo
    counts: dict[str, int]
    read_rate: float | None
    click_rate: float | None
    bought: EffectInfo | None
    spend: EffectInfo | None


class PartInfo(BaseModel):
    key: str
    counts: dict[str, int]
    spend_fen: int
    cost_fen: int


class CampaignLook(BaseModel):
    at: datetime
    people: int
    difference: float
    low: float | None
    high: float | None


class ReportInfo(BaseModel):
    """`refused`: people by reason. `leader`: the variant ahead so far; `winner`: the one that the rest was given. `looks`: the lift in the share
    that bought, as it was on each day that the report was made (sequential reading)."""

    campaign_id: int
    computed_at: datetime
    is_newest: bool
    version: int
    window_days: int
    reading: Literal["fixed", "sequential"]
    last_window_at: datetime | None
    funnel: list[StageInfo]
    refused: dict[str, int]
    variants: list[VariantReport]
    variants_mismatch_p: float | None
    leader: str | None
    leader_is_clear: bool
    winner: str | None
    carriers: list[PartInfo]
    days: list[PartInfo]
    lift: LiftInfo
    cost_fen: int
    opted_out: int
    blocked: int
    complained: int
    unknown: int
    looks: list[CampaignLook]


class ReachedPerson(BaseModel):
    """One person of a campaign: what was decided, and what they did."""

    customer: CustomerRow
    arm: Literal["treated", "control", "out"]
    variant: str | None
    reason: str | None
    carrier: str | None
    at: datetime
    sent: bool
    read: bool
    clicked: bool
    spend_fen: int


@router.get("/report", summary="The read-out: funnel, variants, lift against the control, cost", response_model=ReportInfo, responses={200: {"content": {"text/csv": {"schema": {"type": "string"}}}}})
def read_report(
    campaign_id: RowId, access: Reader, fresh: Annotated[bool, Query(description="Compute it anew if anything was published since.")] = False,
    format: Annotated[Literal["json", "csv"], Query(description="`csv` gives funnel, variants, carriers and days as a file.")] = "json",
) -> ReportInfo | Response:  # fmt: skip
    stores = access.stores
    kept = reports.report_of(stores, campaign_id, fresh=fresh)
    with stores.ledger.read() as tx:
        campaign = campaigns.find(tx, campaign_id)
    shown = reports.visible(kept, campaign, stores.now())
    if format == "csv":
        headers = {"Content-Disposition": f'attachment; filename="campaign-{campaign_id}.csv"'}
        return Response(_table(shown), media_type="text/csv; charset=utf-8", headers=headers)
    return _info(shown, kept)


@router.get("/people", summary="The people behind a number of the report")
def list_people(
    campaign_id: RowId, access: Looker, stage: Stage = "eligible", variant: VariantName = None, carrier: CarrierName = None, reason: ReasonName = None, on: date | None = None,
    limit: Limit = 50, cursor: Cursor = None,
) -> Page[ReachedPerson]:  # fmt: skip
    stores, wanted = access.stores, reached.Wanted(stage, variant, carrier, reason, on)
    scope = f"campaign people {campaign_id} {wanted}"
    place = decode_cursor(stores, scope, cursor)
    rows, total = reached.page(stores, campaign_id, wanted, after=int(place[0]) if place else 0, limit=limit + 1)
    with stores.ledger.read() as tx, stores.warehouse.read() as session:
        known = {row.id: row for row in load_rows(stores, session, tx, [row.customer_id for row in rows[:limit]])}
    items = [
        ReachedPerson(customer=known[row.customer_id], **{name: getattr(row, name) for name in ("arm", "variant", "reason", "carrier", "at", "sent", "read", "clicked", "spend_fen")})
        for row in rows[:limit]
        if row.customer_id in known
    ]
    return Page(items=items, next_cursor=encode_cursor(stores, scope, rows[limit - 1].customer_id) if len(rows) > limit else None, total=total)


@router.get("/people/export", summary="The people behind a number of the report, or everybody, by number, with what was decided and what each did, as CSV", response_class=StreamingResponse)
def export_people(
    campaign_id: RowId, access: Exporter, stage: Stage = "planned", variant: VariantName = None, carrier: CarrierName = None, reason: ReasonName = None, on: date | None = None
) -> StreamingResponse:  # fmt: skip
    stores, wanted = access.stores, reached.Wanted(stage, variant, carrier, reason, on)
    with stores.ledger.begin() as tx:
        campaign = campaigns.find(tx, campaign_id)
        asked = {name: str(value) for name, value in vars(wanted).items() if value is not None}
        audit.record(tx, access.actor, "campaign.people_exported", f"campaign:{campaign_id}", {"name": campaign.name, **asked}, stores.now())
    headers = {"Content-Disposition": f'attachment; filename="campaign-{campaign_id}-people.csv"'}
    return StreamingResponse(reached.as_csv(stores, campaign, wanted), media_type="text/csv; charset=utf-8", headers=headers)


def _info(report: Report, kept: reports.Kept) -> ReportInfo:
    lift = report.lift
    plain: dict[str, Any] = {**vars(lift), "why_not": None if lift.why_not is None else Label.of(lift.why_not)}
    plain |= {name: vars(getattr(lift, name)) for name in ("treated", "control")}
    plain |= {name: EffectInfo.of(getattr(lift, name)) for name in ("bought", "spend", "spend_adjusted")}
    variants = [VariantReport(**{**vars(each), "arm": vars(each.arm), "bought": EffectInfo.of(each.bought), "spend": EffectInfo.of(each.spend)}) for each in report.variants]
    lists = {name: [vars(each) for each in getattr(report, name)] for name in ("funnel", "carriers", "days", "looks")}
    return ReportInfo(**{**vars(report), **lists, "variants": variants, "lift": plain, "computed_at": kept.computed_at, "is_newest": kept.is_newest})


def _table(report: Report) -> str:
    out = io.StringIO()
    write = csv.writer(out).writerow
    counted = ("people", "sent", "received", "read", "clicked", "bought", "opted_out", "blocked", "complained")
    write(["part", "key", *counted, "spend_fen", "cost_fen"])
    for stage in report.funnel:
        write(["funnel", stage.stage, stage.count])
    for reason, count in sorted(report.refused.items()):
        write(["refused", reason, count])
    for name, arm in (("treated", report.lift.treated), ("control", report.lift.control)):
        write(["arm", name, arm.people, *[""] * 4, arm.bought, *[""] * 3, arm.spend_fen])
    for variant in report.variants:
        write(["variant", safe(variant.name), variant.arm.people, *(variant.counts[each] for each in counted[1:]), variant.arm.spend_fen])
    for kind, parts in (("carrier", report.carriers), ("day", report.days)):
        for part in parts:
            write([kind, part.key, *(part.counts[each] for each in counted), part.spend_fen, part.cost_fen])
    return "\ufeff" + out.getvalue()


