"""The content calendar over HTTP: days, weeks, clashes, and moving a campaign."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Annotated

from fastapi import Depends, Query

from siyu.campaigns import calendar
from siyu.campaigns.calendar import Clash, Item, Limits, limits_of
from siyu.campaigns.campaigns import PLANNED, Campaign
from siyu.campaigns.festivals import Festival, festivals_between
from siyu.campaigns.plans import LOCAL, Purpose
from siyu.campaigns.routes import detail_of
from siyu.campaigns.shapes import (
    CalendarDay,
    CalendarInfo,
    CalendarItem,
    CalendarWeek,
    ClashInfo,
    FestivalInfo,
    MoveBody,
    Moved,
)
from siyu.foundation.clock import Calendar
from siyu.foundation.http import Label, Line, Router, RowId
from siyu.messaging import policies
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/campaigns/calendar", tags=["campaigns"])
Reader = Annotated[Access, Depends(require("campaigns.read"))]
Writer = Annotated[Access, Depends(require("campaigns.write"))]
FromOn = Annotated[date, Query(alias="from", ge=date(2000, 1, 1), le=date(2100, 1, 1), description="First local day.")]
ToOn = Annotated[date, Query(alias="to", ge=date(2000, 1, 1), le=date(2100, 1, 1), description="Last local day, included; at most 100 days after the first.")]


@router.get("", summary="What goes out on each day, how it is mixed, and what clashes")
def read_calendar(
    access: Reader,
    from_on: FromOn,
    to_on: ToOn,
    carrier: Annotated[Line | None, Query(max_length=32, description="Only campaigns that use this carrier.")] = None,
    purpose: Purpose | None = None,
) -> CalendarInfo:
    stores = access.stores
    with stores.ledger.read() as tx:
        # Whole weeks, so that the mix of the first and the last is that of seven days.
        found = calendar.items_between(tx, stores.calendar, calendar.monday_of(from_on), calendar.monday_of(to_on) + timedelta(days=6))
        waiting, limits = calendar.unplanned(tx), limits_of(policies.active(tx))
    clashes = [each for each in calendar.clashes_among(found, limits) if from_on <= each.on <= to_on or each.kind == "mix"]
    shown = [each for each in found if (carrier is None or carrier in each.campaign.plan.carriers) and purpose in (None, each.campaign.purpose)]
    festivals = festivals_between(from_on, to_on)
    days = [from_on + timedelta(days=number) for number in range((to_on - from_on).days + 1)]
    mondays = sorted({calendar.monday_of(day) for day in days})
    return CalendarInfo(
        from_on=from_on,
        to_on=to_on,
        zone=str(stores.calendar.zone),
        days=[_day(on, [each for each in shown if each.on == on], festivals, stores.calendar) for on in days],
        weeks=[_week(monday, [each for each in found if calendar.monday_of(each.on) == monday], limits) for monday in mondays],
        clashes=[_clash(each) for each in clashes],
        unplanned=[_waiting(each) for each in waiting if (carrier is None or carrier in each.plan.carriers) and purpose in (None, each.purpose)],
    )


@router.patch("/{campaign_id}", summary="Move a campaign to another time")
def move_campaign(campaign_id: RowId, body: MoveBody, access: Writer) -> Moved:
    stores = access.stores
    with stores.ledger.begin() as tx:
        moved, clashes = calendar.move(stores, tx, campaign_id, body.starts, accept=body.accept_clashes, limits=limits_of(policies.active(tx)), by=access.actor.name)
        audit.record(tx, access.actor, "campaign.moved", f"campaign:{campaign_id}", {"starts": body.starts, "clashes": [each.kind for each in clashes]}, stores.now())
        return Moved(campaign=detail_of(stores, tx, moved), clashes=[_clash(each) for each in clashes])


def _day(on: date, items: Sequence[Item], festivals: Sequence[Festival], zone: Calendar) -> CalendarDay:
    return CalendarDay(
        on=on,
        items=[_item(each, zone) for each in items],
        festivals=[FestivalInfo(on=each.on, key=each.key, name=Label.of(each.name), kind=each.kind) for each in festivals if each.on == on],
        load=_load(items),
    )


def _week(monday: date, items: Sequence[Item], limits: Limits) -> CalendarWeek:
    live = [each for each in items if each.campaign.status != "over" or each.reach]
    promotion, value = calendar.mixed(live)
    return CalendarWeek(
        from_on=monday,
        promotion=sum(each.reach or 0 for each in live if each.campaign.purpose == "promotion"),
        value=sum(each.reach or 0 for each in live if each.campaign.purpose == "value"),
        promotion_campaigns=promotion,
        value_campaigns=value,
        ratio=promotion / value if value else None,
        is_too_much=calendar.is_too_much(promotion, value, limits),
        load=_load(live),
        load_per_staff=calendar.load_per_staff(live),
    )


def _load(items: Sequence[Item]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in items:
        total.update(each.by_carrier)
    return dict(total)


def _item(item: Item, zone: Calendar) -> CalendarItem:
    campaign = item.campaign
    told = campaign.forecast
    return CalendarItem(
        campaign_id=campaign.id, wave=item.wave, name=campaign.name, status=campaign.status, purpose=campaign.purpose, carriers=list(campaign.plan.carriers),
        on=item.on, at=item.at, local_time=item.at.astimezone(zone.zone).strftime(LOCAL)[-5:], reach=item.reach,
        reach_is_current=bool(told) and told is not None and told["version"] == campaign.version, priority_fen=campaign.priority_fen,
        movable=item.wave == 0 and campaign.status in PLANNED and not campaign.send_ids,
    )  # fmt: skip


def _waiting(campaign: Campaign) -> CalendarItem:
    told = campaign.forecast
    return CalendarItem(
        campaign_id=campaign.id, wave=None, name=campaign.name, status=campaign.status, purpose=campaign.purpose, carriers=list(campaign.plan.carriers), on=None, at=None,
        local_time=None, reach=(told or {}).get("reach"), reach_is_current=bool(told) and told is not None and told["version"] == campaign.version,
        priority_fen=campaign.priority_fen, movable=True,
    )  # fmt: skip


def _clash(clash: Clash) -> ClashInfo:
    return ClashInfo(kind=clash.kind, campaign_ids=list(clash.campaign_ids), on=clash.on, message=Label.of(clash.message))
