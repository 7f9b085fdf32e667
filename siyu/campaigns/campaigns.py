"""Campaigns 活动: written, found, copied and put away. What may happen to one next is in `states`."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from siyu.campaigns import _tables, plans
from siyu.campaigns.errors import CampaignStateError
from siyu.campaigns.plans import Plan
from siyu.foundation.clock import Calendar
from siyu.foundation.errors import ConflictError, NotFoundError
from siyu.foundation.text import Text

STATUSES = {
    "draft": Text("草稿", "Draft"),
    "in_review": Text("审批中", "In review"),
    "approved": Text("已审批", "Approved"),
    "scheduled": Text("已排期", "Scheduled"),
    "running": Text("进行中", "Running"),
    "paused": Text("已暂停", "Paused"),
    "over": Text("已结束", "Over"),
    "cancelled": Text("已取消", "Cancelled"),
}
PLANNED = ("draft", "in_review", "approved", "scheduled")
"""Nobody has been told yet."""


@dataclass(frozen=True)
class Wave:
    """One part of a campaign: of all lots those in [from_rate, to_rate). `variant`: the winner that all of it get."""

    number: int
    status: str
    status_code: str | None
    from_rate: float
    to_rate: float
    due_at: datetime | None
    send_id: int | None
    variant: str | None
    started_at: datetime | None
    over_at: datetime | None


@dataclass(frozen=True)
class Campaign:
    """One campaign as it is now. `starts_at`: when its first wave is due, if that is known."""

    id: int
    name: str
    description: str | None
    status: str
    status_code: str | None
    purpose: str
    priority_fen: int
    plan: Plan
    version: int
    salt: str
    starts_at: datetime | None
    submitted_at: datetime | None
    approved_by: str | None
    approved_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    winner: str | None
    forecast: dict[str, Any] | None
    created_at: datetime
    created_by: str
    author_id: int | None
    updated_at: datetime
    waves: tuple[Wave, ...] = ()

    @property
    def send_ids(self) -> list[int]:
        return [wave.send_id for wave in self.waves if wave.send_id is not None]


@dataclass(frozen=True)
class Happening:
    at: datetime
    by: str
    what: str
    detail: dict[str, Any]


@dataclass(frozen=True)
class Written:
    """What a person writes: the name, and what everybody else needs to know."""

    name: str
    description: str | None
    purpose: str
    priority_fen: int
    plan: Plan


def create(tx: Connection, calendar: Calendar, written: Written, *, by: str, member_id: int | None, now: datetime) -> Campaign:
    """A new draft. What is missing or wrong in it is told by `checks`, and holds it back only when it is submitted."""
    made = tx.execute(
        insert(_tables.campaign).values(
            **_values(written, calendar), status="draft", version=1, salt=secrets.token_hex(8), created_at=now, created_by=by[:80], author_id=member_id, updated_at=now
        )
    ).inserted_primary_key
    assert made is not None
    note(tx, int(made[0]), "created", {}, by=by, now=now)
    return find(tx, int(made[0]))


def change(tx: Connection, calendar: Calendar, campaign_id: int, written: Written, *, expected_version: int | None, by: str, member_id: int | None, now: datetime) -> Campaign:
    """Change a draft; whoever changes it answers for it from then on.

    Raises
    ------
    CampaignStateError
        It is no draft any more.
    ConflictError
        Somebody else changed it since `expected_version`.
    """
    current = find(tx, campaign_id, locked=True)
    if current.status != "draft":
        raise CampaignStateError(
            Text(f"活动{STATUSES[current.status].zh}，不能修改", f"the campaign is {STATUSES[current.status].en.lower()} and cannot be changed"),
            way_out=Text("先撤回为草稿，或复制一份再改", "take it back to a draft first, or copy it and change the copy"),
        )
    if expected_version is not None and expected_version != current.version:
        raise ConflictError(
            Text(f"活动已被改成第 {current.version} 版", f"the campaign is at version {current.version} now"),
            way_out=Text("刷新后再改", "reload it, then change it again"),
        )
    mine = _tables.campaign.c.id == campaign_id
    tx.execute(update(_tables.campaign).where(mine).values(**_values(written, calendar), version=current.version + 1, author_id=member_id, updated_at=now))
    note(tx, campaign_id, "changed", {"version": current.version + 1}, by=by, now=now)
    return find(tx, campaign_id)


def copy(tx: Connection, calendar: Calendar, campaign_id: int, *, by: str, member_id: int | None, now: datetime) -> Campaign:
    """The same once more as a draft, without a time, and with a lot of its own: other people are control."""
    old = find(tx, campaign_id)
    # A version that was pinned may be out of date by now; the newest approved one is taken instead.
    plan = plans.load({**plans.dump(old.plan), "starts": None})
    name = f"{old.name[:74]} (2)"
    made = create(tx, calendar, Written(name, old.description, old.purpose, old.priority_fen, plan), by=by, member_id=member_id, now=now)
    note(tx, made.id, "copied", {"from": campaign_id}, by=by, now=now)
    return made


def put_away(tx: Connection, campaign_id: int) -> Campaign:
    """Remove a draft of which nothing was ever sent.

    Raises
    ------
    CampaignStateError
        It is more than a draft: it can be cancelled, and stays with what it did.
    """
    current = find(tx, campaign_id, locked=True)
    if current.status != "draft" or current.send_ids:
        raise CampaignStateError(
            Text("只有草稿可以删除", "only a draft can be deleted"), way_out=Text("用「取消」结束它；已发生的触达要保留", "cancel it: what it did has to stay")
        )
    for table in (_tables.happening, _tables.report, _tables.wave):
        tx.execute(delete(table).where(table.c.campaign_id == campaign_id))
    tx.execute(delete(_tables.campaign).where(_tables.campaign.c.id == campaign_id))
    return current


def find(tx: Connection, campaign_id: int, *, locked: bool = False) -> Campaign:
    """One campaign with its waves; `locked`: nobody else changes it until the end of the transaction (SQLite has one writer anyway).

    Raises
    ------
    NotFoundError
    """
    if locked:
        tx.execute(select(_tables.campaign.c.id).where(_tables.campaign.c.id == campaign_id).with_for_update())
    found = load(tx, [campaign_id])
    if not found:
        raise NotFoundError(Text(f"没有活动 {campaign_id}", f"there is no campaign {campaign_id}"), way_out=Text("回到活动列表", "go back to the list of campaigns"))
    return found[0]


def load(tx: Connection, ids: Sequence[int]) -> list[Campaign]:
    """Campaigns with their waves, in the order of the ids; those that are not there are left out."""
    c, w = _tables.campaign, _tables.wave
    waves: dict[int, list[Wave]] = {}
    for row in tx.execute(select(w).where(w.c.campaign_id.in_(ids)).order_by(w.c.campaign_id, w.c.number)):
        waves.setdefault(row.campaign_id, []).append(Wave(*row[1:]))
    rows = {row.id: _campaign(row, waves.get(row.id, [])) for row in tx.execute(select(c).where(c.c.id.in_(ids)))}
    return [rows[each] for each in ids if each in rows]


def listed(tx: Connection, *, statuses: Sequence[str] = (), purpose: str | None = None, q: str = "", before: tuple[datetime, int] | None = None, limit: int = 50) -> list[Campaign]:
    """The campaign that changed last first. `before`: its time of change and id, for the page after it."""
    c = _tables.campaign
    query = select(c.c.id)
    if statuses:
        query = query.where(c.c.status.in_(statuses))
    if purpose is not None:
        query = query.where(c.c.purpose == purpose)
    if q:
        query = query.where(func.lower(c.c.name).contains(q.lower(), autoescape=True))
    if before is not None:
        query = query.where((c.c.updated_at < before[0]) | ((c.c.updated_at == before[0]) & (c.c.id < before[1])))
    return load(tx, list(tx.scalars(query.order_by(c.c.updated_at.desc(), c.c.id.desc()).limit(limit))))


def counts(tx: Connection) -> dict[str, int]:
    """How many campaigns are in each state."""
    c = _tables.campaign
    found: dict[str, int] = {row[0]: row[1] for row in tx.execute(select(c.c.status, func.count()).group_by(c.c.status))}
    return {status: found.get(status, 0) for status in STATUSES}


def happenings(tx: Connection, campaign_id: int) -> list[Happening]:
    """What happened to a campaign, the latest first."""
    h = _tables.happening
    rows = tx.execute(select(h.c.at, h.c.by, h.c.what, h.c.detail).where(h.c.campaign_id == campaign_id).order_by(h.c.id.desc()).limit(200))
    return [Happening(row.at, row.by, row.what, row.detail) for row in rows]


def note(tx: Connection, campaign_id: int, what: str, detail: dict[str, Any], *, by: str, now: datetime) -> None:
    """Write down what happened to a campaign, with the change itself."""
    tx.execute(insert(_tables.happening).values(campaign_id=campaign_id, at=now, by=by[:80], what=what, detail=detail))


def with_plan(campaign: Campaign, plan: Plan) -> Campaign:
    """The campaign as it would be by another plan."""
    return replace(campaign, plan=plan)


def _values(written: Written, calendar: Calendar) -> dict[str, Any]:
    plan = written.plan
    try:
        starts_at = plans.starts_at(plan, calendar)
    except ValueError:
        starts_at = None
    return {
        "name": written.name, "description": written.description, "purpose": written.purpose, "priority_fen": written.priority_fen,
        "plan": plans.dump(plan), "starts_at": starts_at,
    }  # fmt: skip


def _campaign(row: Row[Any], waves: Sequence[Wave]) -> Campaign:
    values = {**row._mapping, "plan": plans.load(row.plan)}
    return Campaign(**values, waves=tuple(waves))
