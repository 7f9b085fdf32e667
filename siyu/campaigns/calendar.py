"""Calendar 内容日历: what goes out on which day, by which carrier, how it is mixed, and where campaigns get in each other's way.

A day is a local day in the brand's zone, a week Monday to Sunday. Where a forecast is kept, load counts the people it would reach.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import combinations

from msgspec.structs import replace
from sqlalchemy import Connection, or_, select, update

from siyu.campaigns import _tables, plans
from siyu.campaigns.campaigns import PLANNED, Campaign, find, load, note
from siyu.campaigns.errors import CampaignClashError, CampaignStateError
from siyu.foundation.clock import Calendar
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging.policy import Policy

LIVE = (*PLANNED, "running", "paused")
"""Campaigns that may still tell somebody something."""
MOST_DAYS = 100


@dataclass(frozen=True)
class Item:
    """One wave of a campaign on its day. `reach`: people of this wave by the kept forecast; None without one."""

    campaign: Campaign
    wave: int
    at: datetime
    on: date
    reach: int | None

    @property
    def by_carrier(self) -> dict[str, int]:
        told = self.campaign.forecast or {}
        share = self.share
        found: dict[str, int] = {carrier: round(count * share) for carrier, count in told.get("by_carrier", {}).items()}
        if found or self.reach is None:
            return found
        return {self.campaign.plan.carriers[0]: self.reach} if self.campaign.plan.carriers else {}

    @property
    def share(self) -> float:
        waves = self.campaign.plan.waves
        return waves[self.wave].share if self.wave < len(waves) else 1.0


@dataclass(frozen=True)
class Clash:
    """Why campaigns get in each other's way: `kind` same_audience (that day), caps or mix."""

    kind: str
    campaign_ids: tuple[int, ...]
    on: date
    message: Text


@dataclass(frozen=True)
class Limits:
    """What the restraint policy lets one person get: at most so many touches and promotions in so many days, None for any number; promotions
    beside one of value, of which `free` need none."""

    touches: int | None
    touch_days: int
    promotions: int | None
    promotion_days: int
    promotion_per_value: float
    free: int

    @property
    def days(self) -> int:
        return max(self.touch_days, self.promotion_days)


def limits_of(policy: Policy) -> Limits:
    """The limits that campaigns can break together: those that hold for every carrier."""

    def cap(purpose: str | None) -> tuple[int | None, int]:
        found = [each for each in policy.caps if each.purpose == purpose and each.carrier is None and each.at_most is not None]
        spans = [(each.at_most, each.days or {"day": 1, "week": 7}.get(each.window, 30)) for each in found]
        return min(spans, key=lambda each: (each[0] or 0) / each[1], default=(None, 1))

    touches, promotions, mix = cap(None), cap("promotion"), policy.mix
    return Limits(*touches, *promotions, mix.promotion_per_value if mix else float("inf"), mix.free if mix else 0)


def items_between(tx: Connection, calendar: Calendar, from_on: date, to_on: date) -> list[Item]:
    """Waves of all campaigns that are not cancelled, on local days, both included, in order of time."""
    if to_on < from_on or (to_on - from_on).days > MOST_DAYS:
        fault = Fault("to", Text(f"须在开始之后 {MOST_DAYS} 天以内", f"must be within {MOST_DAYS} days after the start"))
        raise InvalidError(Text("日历的范围有误", "the span of the calendar is not valid"), faults=[fault])
    c, w = _tables.campaign, _tables.wave
    # The last wave can come weeks after the first.
    early, late = calendar.midnight(from_on) - timedelta(days=60), calendar.midnight(to_on + timedelta(days=1))
    begun = select(w.c.campaign_id).where(w.c.due_at >= calendar.midnight(from_on), w.c.due_at < late)
    ids = tx.scalars(select(c.c.id).where(c.c.status != "cancelled", or_((c.c.starts_at >= early) & (c.c.starts_at < late), c.c.id.in_(begun))))
    found = [item for campaign in load(tx, list(ids)) for item in items_of(campaign, calendar)]
    return sorted((each for each in found if from_on <= each.on <= to_on), key=lambda each: (each.at, each.campaign.id))


def items_of(campaign: Campaign, calendar: Calendar) -> list[Item]:
    """A campaign's waves with their times: as they were or are laid out, the others as planned from those before."""
    reach, at, found = (campaign.forecast or {}).get("reach"), campaign.starts_at, []
    for number, planned in enumerate(campaign.plan.waves):
        laid = campaign.waves[number] if number < len(campaign.waves) else None
        at = laid.due_at if laid and laid.due_at else at
        if at is None:
            return []
        found.append(Item(campaign, number, at, calendar.on(at), None if reach is None else round(reach * planned.share)))
        at += timedelta(hours=planned.wait_hours)
    return found


def unplanned(tx: Connection) -> list[Campaign]:
    """Campaigns being prepared that have no day yet, the one that changed last first."""
    c = _tables.campaign
    ids = tx.scalars(select(c.c.id).where(c.c.starts_at.is_(None), c.c.status.in_(PLANNED)).order_by(c.c.updated_at.desc(), c.c.id).limit(100))
    return load(tx, list(ids))


def clashes_among(items: Sequence[Item], limits: Limits, own: int | None = None) -> list[Clash]:
    """Where live campaigns get in each other's way; with `own`, only what that campaign has a part in."""
    live = [each for each in items if each.campaign.status in LIVE]
    found = [*_same_audience(live), *_caps(live, limits), *_mix(live, limits)]
    return sorted((each for each in found if own is None or own in each.campaign_ids), key=lambda each: (each.on, each.kind, each.campaign_ids))


def _shared(one: Campaign, other: Campaign) -> set[int]:
    return set(one.plan.audience.include) & set(other.plan.audience.include)


def _same_audience(items: Sequence[Item]) -> Iterable[Clash]:
    for one, other in combinations(items, 2):
        if one.on == other.on and one.campaign.id != other.campaign.id and _shared(one.campaign, other.campaign):
            names = f"「{one.campaign.name}」「{other.campaign.name}」"
            said = Text(f"{names}同一天发给同一分群，更低价值的会让位", f"{one.campaign.name} and {other.campaign.name} go to the same segment on one day; the one of less value gives way")
            yield Clash("same_audience", _ids(one, other), one.on, said)


def _caps(items: Sequence[Item], limits: Limits) -> Iterable[Clash]:
    """More touches of one segment within the span of a cap than one person may get."""
    for number, last in enumerate(items):
        touching = [each for each in items[: number + 1] if each.campaign.id == last.campaign.id or _shared(each.campaign, last.campaign)]
        # The waves of one campaign go to different people.
        near = {each.campaign.id: each for each in touching if (last.on - each.on).days < limits.touch_days}
        promotions = {each.campaign.id: each for each in touching if (last.on - each.on).days < limits.promotion_days and each.campaign.purpose == "promotion"}
        if last.campaign.purpose == "promotion" and limits.promotions is not None and len(promotions) > limits.promotions:
            said = Text(
                f"{limits.promotion_days} 天内第 {len(promotions)} 次促销，每人最多 {limits.promotions} 次",
                f"promotion {len(promotions)} within {limits.promotion_days} days; each person gets {limits.promotions}",
            )
            yield Clash("caps", _ids(*promotions.values()), last.on, said)
        elif limits.touches is not None and len(near) > limits.touches:
            said = Text(
                f"{limits.touch_days} 天内第 {len(near)} 次触达，每人最多 {limits.touches} 次", f"touch {len(near)} within {limits.touch_days} days; each person gets {limits.touches}"
            )
            yield Clash("caps", _ids(*near.values()), last.on, said)


def _mix(items: Sequence[Item], limits: Limits) -> Iterable[Clash]:
    for monday in sorted({monday_of(each.on) for each in items}):
        week = [each for each in items if monday_of(each.on) == monday]
        promotion, value = mixed(week)
        if is_too_much(promotion, value, limits):
            ids = {each.campaign.id for each in week if each.campaign.purpose == "promotion"}
            said = Text(f"本周促销 {promotion} 次、价值内容 {value} 次", f"this week: {promotion} promotions, {value} of value")
            yield Clash("mix", tuple(sorted(ids)), monday, said)


def mixed(items: Sequence[Item]) -> tuple[int, int]:
    """How many campaigns of these are promotions, and how many of value."""
    kinds = {each.campaign.id: each.campaign.purpose for each in items}
    return sum(kind == "promotion" for kind in kinds.values()), sum(kind == "value" for kind in kinds.values())


def is_too_much(promotion: int, value: int, limits: Limits) -> bool:
    """More promotions than those that are free and those that what is of value allows."""
    return promotion > limits.free + value * limits.promotion_per_value


def load_per_staff(items: Sequence[Item]) -> dict[str, float]:
    """By carrier, what each member of staff has to send by hand for these, on average; of campaigns with a forecast."""
    messages: dict[str, float] = {}
    staff: dict[str, int] = {}
    for each in items:
        told = each.campaign.forecast or {}
        if told.get("staff_count"):
            carrier = each.campaign.plan.carriers[0]
            messages[carrier] = messages.get(carrier, 0) + told["staff_messages"] * each.share
            staff[carrier] = max(staff.get(carrier, 0), told["staff_count"])
    return {carrier: count / staff[carrier] for carrier, count in messages.items()}


def monday_of(on: date) -> date:
    return on - timedelta(days=on.weekday())


def move(stores: Stores, tx: Connection, campaign_id: int, starts: str, *, accept: bool, limits: Limits, by: str) -> tuple[Campaign, list[Clash]]:
    """Give a campaign another time, before anybody was planned for. It stays approved: what is said to whom does not change.

    Raises
    ------
    CampaignClashError
        It would get in the way of others there, and that was not accepted.
    CampaignStateError
        It has begun, or is over.
    """
    campaign = find(tx, campaign_id, locked=True)
    if campaign.status not in PLANNED or campaign.send_ids:
        raise CampaignStateError(Text("活动已经开始，不能改期", "the campaign has begun and cannot be moved"), way_out=Text("暂停它，或复制一份另排", "pause it, or copy it and schedule the copy"))
    plan = replace(campaign.plan, starts=starts)
    try:
        at = plans.starts_at(plan, stores.calendar)
    except ValueError:
        at = None
    now = stores.now()
    if at is None or at < now:
        fault = Fault("starts", Text("须是将来的时间，如 2026-12-12 08:00", "must be a time to come, such as 2026-12-12 08:00"))
        raise InvalidError(Text("时间有误", "the time is not valid"), faults=[fault])
    clashes = clashes_near(stores, tx, campaign, at, plan, limits)
    if clashes and not accept:
        faults = [Fault(each.kind, each.message) for each in clashes]
        raise CampaignClashError(Text("那一天与其他活动冲突", "it clashes with other campaigns there"), faults=faults, way_out=Text("换一天，或确认仍要移动", "choose another day, or accept the clashes"))
    c, w = _tables.campaign, _tables.wave
    tx.execute(update(c).where(c.c.id == campaign_id).values(plan=plans.dump(plan), starts_at=at, version=campaign.version + 1, updated_at=now))
    tx.execute(update(w).where(w.c.campaign_id == campaign_id, w.c.number == 0).values(due_at=at))
    note(tx, campaign_id, "moved", {"from": campaign.plan.starts, "to": starts, "accepted": [each.kind for each in clashes]}, by=by, now=now)
    return find(tx, campaign_id), clashes


def clashes_near(stores: Stores, tx: Connection, campaign: Campaign, at: datetime, plan: plans.Plan, limits: Limits) -> list[Clash]:
    """What a campaign would clash with at another time."""
    calendar, span = stores.calendar, timedelta(days=limits.days)
    there = dataclasses.replace(campaign, starts_at=at, plan=plan, waves=())
    mine = items_of(there, calendar)
    others = [each for each in items_between(tx, calendar, mine[0].on - span, min(mine[-1].on, mine[0].on + timedelta(days=60)) + span) if each.campaign.id != campaign.id]
    return clashes_among(sorted([*others, *mine], key=lambda each: (each.at, each.campaign.id)), limits, campaign.id)


def _ids(*items: Item) -> tuple[int, ...]:
    return tuple(sorted({each.campaign.id for each in items}))
