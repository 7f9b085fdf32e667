"""Campaigns over HTTP: write, review, schedule, stop."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Header, Query
from sqlalchemy import Connection

from siyu.campaigns import campaigns, checks, shapes, states, testing
from siyu.campaigns.campaigns import Campaign
from siyu.campaigns.plans import LOCAL, Purpose
from siyu.campaigns.shapes import (
    CampaignBody,
    CampaignDetail,
    CampaignPage,
    CampaignRow,
    FaultInfo,
    HappeningInfo,
    WaveInfo,
)
from siyu.campaigns.states import Doer
from siyu.campaigns.tasks import FORECAST, ask_to_drive
from siyu.foundation import jobs
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.http import Cursor, Limit, Line, Router, RowId, decode_cursor, encode_cursor
from siyu.foundation.stores import Stores
from siyu.messaging import sends
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/campaigns", tags=["campaigns"])
Reader = Annotated[Access, Depends(require("campaigns.read"))]
Writer = Annotated[Access, Depends(require("campaigns.write"))]
Approver = Annotated[Access, Depends(require("campaigns.approve"))]


@router.get("", summary="Campaigns, the one that changed last first")
def list_campaigns(
    access: Reader,
    status: Annotated[list[shapes.Status] | None, Query(description="Only in these states.")] = None,
    purpose: Purpose | None = None,
    q: Annotated[Line, Query(max_length=80, description="Part of the name.")] = "",
    limit: Limit = 50,
    cursor: Cursor = None,
) -> CampaignPage:
    stores, scope = access.stores, f"campaigns {status} {purpose} {q}"
    place = decode_cursor(stores, scope, cursor)
    before = (from_ms(place[0]), int(place[1])) if place else None
    with stores.ledger.read() as tx:
        found = campaigns.listed(tx, statuses=status or (), purpose=purpose, q=q.strip(), before=before, limit=limit + 1)
        items = _rows(tx, found[:limit])
        counted = campaigns.counts(tx)
    more = encode_cursor(stores, scope, to_ms(found[limit - 1].updated_at), found[limit - 1].id) if len(found) > limit else None
    return CampaignPage(items=items, next_cursor=more, counts=counted)


@router.post("", summary="Write a new campaign", status_code=201)
def create_campaign(body: CampaignBody, access: Writer) -> CampaignDetail:
    stores, now = access.stores, access.stores.now()
    with stores.ledger.begin() as tx:
        made = campaigns.create(tx, stores.calendar, body.written(), by=access.actor.name, member_id=access.member_id, now=now)
        return _answered(access, tx, made, "campaign.created")


@router.get("/{campaign_id}", summary="One campaign: its plan, waves, progress, faults, and what may be done")
def read_campaign(campaign_id: RowId, access: Reader) -> CampaignDetail:
    with access.stores.ledger.read() as tx:
        return detail_of(access.stores, tx, campaigns.find(tx, campaign_id))


@router.put("/{campaign_id}", summary="Change a draft")
def change_campaign(campaign_id: RowId, body: CampaignBody, access: Writer, if_match: Annotated[str | None, Header(description="The version that was read.")] = None) -> CampaignDetail:
    stores, now = access.stores, access.stores.now()
    expected = int(if_match.strip('W/"')) if if_match and if_match.strip('W/"').isdigit() else None
    with stores.ledger.begin() as tx:
        made = campaigns.change(tx, stores.calendar, campaign_id, body.written(), expected_version=expected, by=access.actor.name, member_id=access.member_id, now=now)
        return _answered(access, tx, made, "campaign.changed")


@router.delete("/{campaign_id}", summary="Delete a draft", status_code=204)
def delete_campaign(campaign_id: RowId, access: Writer) -> None:
    with access.stores.ledger.begin() as tx:
        gone = campaigns.put_away(tx, campaign_id)
        audit.record(tx, access.actor, "campaign.deleted", f"campaign:{campaign_id}", {"name": gone.name}, access.stores.now())


@router.post("/check", summary="Everything that is wrong with a campaign while it is being written")
def check_campaign(body: CampaignBody, access: Reader) -> shapes.CampaignCheck:
    with access.stores.ledger.read() as tx:
        faults = checks.faults_in(access.stores, tx, body.written())
    return shapes.CampaignCheck(faults=[FaultInfo.of(each) for each in faults])


@router.post("/{campaign_id}/copy", summary="The same once more, as a draft", status_code=201)
def copy_campaign(campaign_id: RowId, access: Writer) -> CampaignDetail:
    stores, now = access.stores, access.stores.now()
    with stores.ledger.begin() as tx:
        made = campaigns.copy(tx, stores.calendar, campaign_id, by=access.actor.name, member_id=access.member_id, now=now)
        return _answered(access, tx, made, "campaign.copied", {"from": campaign_id})


@router.post("/{campaign_id}/submit", summary="Ask for approval")
def submit_campaign(campaign_id: RowId, access: Writer) -> CampaignDetail:
    with access.stores.ledger.begin() as tx:
        return _answered(access, tx, states.submit(access.stores, tx, campaign_id, _doer(access)), "campaign.submitted")


@router.post("/{campaign_id}/withdraw", summary="Take it back to a draft, while nobody was planned for")
def withdraw_campaign(campaign_id: RowId, body: shapes.NoteBody, access: Writer) -> CampaignDetail:
    with access.stores.ledger.begin() as tx:
        return _answered(access, tx, states.withdraw(access.stores, tx, campaign_id, _doer(access), body.note), "campaign.withdrawn")


@router.post("/{campaign_id}/approve", summary="Approve it (not one's own, where somebody else may)")
def approve_campaign(campaign_id: RowId, access: Approver) -> CampaignDetail:
    with access.stores.ledger.begin() as tx:
        return _answered(access, tx, states.approve(access.stores, tx, campaign_id, _doer(access)), "campaign.approved")


@router.post("/{campaign_id}/reject", summary="Send it back to its author")
def reject_campaign(campaign_id: RowId, body: shapes.NoteBody, access: Approver) -> CampaignDetail:
    with access.stores.ledger.begin() as tx:
        return _answered(access, tx, states.reject(access.stores, tx, campaign_id, _doer(access), body.note), "campaign.rejected", {"note": body.note})


@router.post("/{campaign_id}/schedule", summary="From now on it happens by itself, at its time or at once")
def schedule_campaign(campaign_id: RowId, access: Writer) -> CampaignDetail:
    with access.stores.ledger.begin() as tx:
        made = states.schedule(access.stores, tx, campaign_id, _doer(access))
        ask_to_drive(access.stores, tx)
        return _answered(access, tx, made, "campaign.scheduled")


@router.post("/{campaign_id}/pause", summary="Nothing more goes out until it is resumed")
def pause_campaign(campaign_id: RowId, access: Writer) -> CampaignDetail:
    with access.stores.ledger.begin() as tx:
        return _answered(access, tx, states.pause(access.stores, tx, campaign_id, _doer(access)), "campaign.paused")


@router.post("/{campaign_id}/resume", summary="Go on where it was paused")
def resume_campaign(campaign_id: RowId, access: Writer) -> CampaignDetail:
    with access.stores.ledger.begin() as tx:
        made = states.resume(access.stores, tx, campaign_id, _doer(access))
        ask_to_drive(access.stores, tx)
        return _answered(access, tx, made, "campaign.resumed")


@router.post("/{campaign_id}/winner", summary="Say which variant the rest gets, where no rule may")
def choose_winner(campaign_id: RowId, body: shapes.WinnerChoice, access: Writer) -> CampaignDetail:
    with access.stores.ledger.begin() as tx:
        made = states.choose_winner(access.stores, tx, campaign_id, body.variant, _doer(access))
        return _answered(access, tx, made, "campaign.winner_chosen", {"winner": body.variant})


@router.post("/{campaign_id}/cancel", summary="End it for good")
def cancel_campaign(campaign_id: RowId, body: shapes.NoteBody, access: Writer) -> CampaignDetail:
    with access.stores.ledger.begin() as tx:
        return _answered(access, tx, states.cancel(access.stores, tx, campaign_id, _doer(access), body.note), "campaign.cancelled")


@router.post("/{campaign_id}/forecast", summary="Dry run: whom it would reach, and what effect it could show", status_code=202)
def forecast_campaign(campaign_id: RowId, access: Reader) -> shapes.JobStarted:
    stores = access.stores
    with stores.ledger.begin() as tx:
        found = campaigns.find(tx, campaign_id)
        job = jobs.submit(tx, FORECAST, {"campaign_id": campaign_id}, now=stores.now(), key=f"{campaign_id} {found.version}", created_by=access.actor.name)
    return shapes.JobStarted(job_id=job)


@router.post("/{campaign_id}/test", summary="Send it to oneself; it counts as any message does", status_code=201)
def test_campaign(campaign_id: RowId, body: shapes.TestBody, access: Writer) -> shapes.TestSent:
    stores = access.stores
    with stores.ledger.begin() as tx:
        send_id = testing.send_test(stores, tx, campaigns.find(tx, campaign_id), body.customer_ids, body.variant, by=access.actor.name)
        audit.record(tx, access.actor, "campaign.tested", f"campaign:{campaign_id}", {"customer_ids": body.customer_ids, "send_id": send_id}, stores.now())
    return shapes.TestSent(send_id=send_id)


def detail_of(stores: Stores, tx: Connection, campaign: Campaign) -> CampaignDetail:
    [row] = _rows(tx, [campaign])
    made = {wave.send_id: sends.find(tx, wave.send_id) for wave in campaign.waves if wave.send_id is not None}
    counted = sends.counts(tx, campaign.send_ids)
    waves = [
        WaveInfo(
            **{name: getattr(wave, name) for name in ("number", "status", "status_code", "from_rate", "to_rate", "due_at", "send_id", "variant", "started_at", "over_at")},
            send_status=made[wave.send_id].status if wave.send_id in made else None,
            counts=counted.get(wave.send_id or 0, {}),
            decided=made[wave.send_id].counts if wave.send_id in made else {},
        )
        for wave in campaign.waves
    ]
    told = campaign.forecast
    same = ("description", "version", "submitted_at", "approved_by", "approved_at", "winner", "created_at")
    return CampaignDetail(
        **row.model_dump(),
        **{name: getattr(campaign, name) for name in same},
        plan=shapes.plan_body(campaign.plan),
        starts_local=campaign.starts_at.astimezone(stores.calendar.zone).strftime(LOCAL) if campaign.starts_at else None,
        waves=waves,
        happenings=[HappeningInfo.of(each) for each in campaigns.happenings(tx, campaign.id)],
        faults=[FaultInfo.of(each) for each in checks.faults_of(stores, tx, campaign)] if campaign.status in campaigns.PLANNED else [],
        actions=states.possible(campaign),
        forecast=shapes.ForecastInfo.model_validate(told) if told else None,
        forecast_is_current=bool(told) and told is not None and told["version"] == campaign.version,
    )


def _rows(tx: Connection, found: Sequence[Campaign]) -> list[CampaignRow]:
    counted = sends.counts(tx, [send_id for each in found for send_id in each.send_ids])
    return [
        CampaignRow(**shapes.row_values(each), sent_count=sum(counted[send_id][status] for send_id in each.send_ids for status in ("sent", "received")))
        for each in found
    ]


def _doer(access: Access) -> Doer:
    return Doer(access.actor, access.member_id)


def _answered(access: Access, tx: Connection, campaign: Campaign, action: str, detail: dict[str, Any] | None = None) -> CampaignDetail:
    said = {"name": campaign.name, "status": campaign.status, "version": campaign.version, **(detail or {})}
    audit.record(tx, access.actor, action, f"campaign:{campaign.id}", said, access.stores.now())
    return detail_of(access.stores, tx, campaign)
