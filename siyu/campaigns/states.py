"""States 状态: draft → in review → approved → scheduled → running → paused → over or cancelled, and who may move one on.

A change of state and what follows from it for the sends under way are one transaction: a pause that was answered holds
for every dispatch that is claimed after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, update

from siyu.campaigns import _tables, plans, waves
from siyu.campaigns.campaigns import STATUSES, Campaign, find, note
from siyu.campaigns.checks import must_hold
from siyu.campaigns.errors import CampaignStateError, OwnApprovalError
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team.audit import Actor
from siyu.team.members import others_who_may

MOVES: dict[str, tuple[str, ...]] = {
    "submit": ("draft",),
    "withdraw": ("in_review", "approved", "scheduled"),
    "approve": ("in_review",),
    "reject": ("in_review", "approved"),
    "schedule": ("approved",),
    "pause": ("scheduled", "running"),
    "resume": ("paused",),
    "cancel": ("draft", "in_review", "approved", "scheduled", "running", "paused"),
}
"""What may be done, and in which states."""
NAMES = {
    "submit": Text("提交审批", "submit it for review"),
    "withdraw": Text("撤回为草稿", "take it back to a draft"),
    "approve": Text("审批通过", "approve it"),
    "reject": Text("驳回", "send it back"),
    "schedule": Text("排期", "schedule it"),
    "pause": Text("暂停", "pause it"),
    "resume": Text("继续", "go on with it"),
    "cancel": Text("取消", "cancel it"),
}


@dataclass(frozen=True)
class Doer:
    """Who moves a campaign on: `member_id` is the member who answers for it, None for the command line."""

    actor: Actor
    member_id: int | None


def possible(campaign: Campaign) -> list[str]:
    """What may be done to a campaign in its state."""
    return [action for action, states in MOVES.items() if campaign.status in states and not (action == "withdraw" and campaign.send_ids)]


def submit(stores: Stores, tx: Connection, campaign_id: int, by: Doer) -> Campaign:
    """Ask for approval; nothing may be wrong with it."""
    campaign = _in_state(tx, campaign_id, "submit")
    must_hold(stores, tx, campaign)
    return _moved(stores, tx, campaign, "in_review", "submitted", by, submitted_at=stores.now(), author_id=by.member_id)


def withdraw(stores: Stores, tx: Connection, campaign_id: int, by: Doer, note_text: str = "") -> Campaign:
    """Back to a draft, while nobody has been planned for."""
    campaign = _in_state(tx, campaign_id, "withdraw")
    return _moved(stores, tx, campaign, "draft", "withdrawn", by, {"note": note_text}, approved_by=None, approved_at=None, submitted_at=None)


def approve(stores: Stores, tx: Connection, campaign_id: int, by: Doer) -> Campaign:
    """Let it go out. Whoever wrote it may do so only where nobody else may.

    Raises
    ------
    OwnApprovalError
    """
    campaign = _in_state(tx, campaign_id, "approve")
    if by.member_id is not None and by.member_id == campaign.author_id and others_who_may(tx, "campaigns.approve", by.member_id):
        raise OwnApprovalError(
            Text("不能审批自己写的活动", "you wrote this campaign: somebody else approves it"),
            way_out=Text("请另一位有审批权限的成员审批", "ask another member who may approve campaigns"),
        )
    must_hold(stores, tx, campaign)
    return _moved(stores, tx, campaign, "approved", "approved", by, approved_by=by.actor.name[:80], approved_at=stores.now())


def reject(stores: Stores, tx: Connection, campaign_id: int, by: Doer, note_text: str) -> Campaign:
    """Send it back to its author, saying why."""
    campaign = _in_state(tx, campaign_id, "reject")
    return _moved(stores, tx, campaign, "draft", "rejected", by, {"note": note_text}, approved_by=None, approved_at=None, submitted_at=None)


def schedule(stores: Stores, tx: Connection, campaign_id: int, by: Doer) -> Campaign:
    """From now on it happens by itself; without a time of its own, at once. The contents' versions are fixed here."""
    campaign = _in_state(tx, campaign_id, "schedule")
    now, starts = stores.now(), plans.starts_at(campaign.plan, stores.calendar)
    must_hold(stores, tx, campaign)
    if starts is not None and starts < now:
        fault = Fault("starts", Text(f"{campaign.plan.starts} 已经过去", f"{campaign.plan.starts} is in the past"))
        raise InvalidError(Text("开始时间已过", "the time to start is over"), faults=[fault], way_out=Text("改一个将来的时间，或留空立即开始", "choose a time to come, or leave it empty to start at once"))
    waves.lay_out(stores, tx, campaign, starts or now)
    return _moved(stores, tx, campaign, "scheduled", "scheduled", by, starts_at=starts or now)


def pause(stores: Stores, tx: Connection, campaign_id: int, by: Doer, code: str = "by_hand", detail: dict[str, Any] | None = None) -> Campaign:
    """Nothing more goes out until it is resumed; what a carrier has accepted already cannot be called back."""
    campaign = _in_state(tx, campaign_id, "pause")
    waves.hold(tx, campaign)
    return _moved(stores, tx, campaign, "paused", "paused", by, {"code": code, **(detail or {})}, status_code=code)


def resume(stores: Stores, tx: Connection, campaign_id: int, by: Doer) -> Campaign:
    """Go on where it was paused. Whom a limit stopped is told only now, and not if it has become too late."""
    campaign = _in_state(tx, campaign_id, "resume")
    waves.release(stores, tx, campaign, by.actor.name)
    status = "running" if campaign.started_at else "scheduled"
    return _moved(stores, tx, campaign, status, "resumed", by, {"after": campaign.status_code}, status_code=None)


def cancel(stores: Stores, tx: Connection, campaign_id: int, by: Doer, note_text: str = "") -> Campaign:
    """End it for good: what is planned is given back, what was sent stays counted."""
    campaign = _in_state(tx, campaign_id, "cancel")
    waves.call_off(stores, tx, campaign, by.actor.name)
    return _moved(stores, tx, campaign, "cancelled", "cancelled", by, {"note": note_text}, status_code="by_hand", ended_at=stores.now())


def choose_winner(stores: Stores, tx: Connection, campaign_id: int, variant: str, by: Doer) -> Campaign:
    """Which variant the waves to come get, said by a person.

    Raises
    ------
    CampaignStateError
        No wave is left that could get it.
    InvalidError
        There is no such variant.
    """
    campaign = find(tx, campaign_id, locked=True)
    if campaign.status not in ("running", "paused") or not any(wave.status == "waiting" for wave in campaign.waves):
        raise CampaignStateError(Text("没有还未开始的波次", "no wave is left that has not begun"))
    if variant not in [each.name for each in campaign.plan.variants]:
        said = Text(f"没有版本 {variant}", f"there is no variant {variant}")
        raise InvalidError(said, faults=[Fault("variant", said)])
    return _moved(stores, tx, campaign, campaign.status, "winner_chosen", by, {"winner": variant}, winner=variant)


def set_status(tx: Connection, campaign: Campaign, status: str, what: str, *, by: str, now: datetime, detail: dict[str, Any] | None = None, **values: Any) -> None:
    """Write a state, if the campaign is still in the one that was read; whoever was quicker wins."""
    c = _tables.campaign
    mine = (c.c.id == campaign.id) & (c.c.status == campaign.status)
    if tx.execute(update(c).where(mine).values(status=status, updated_at=now, **values)).rowcount:
        note(tx, campaign.id, what, detail or {}, by=by, now=now)


def _moved(stores: Stores, tx: Connection, campaign: Campaign, status: str, what: str, by: Doer, detail: dict[str, Any] | None = None, **values: Any) -> Campaign:
    set_status(tx, campaign, status, what, by=by.actor.name, now=stores.now(), detail=detail, **values)
    return find(tx, campaign.id)


def _in_state(tx: Connection, campaign_id: int, action: str) -> Campaign:
    """The campaign, held until the end of the transaction, if the action fits its state."""
    campaign = find(tx, campaign_id, locked=True)
    if action not in possible(campaign):
        can = possible(campaign)
        raise CampaignStateError(
            Text(f"活动{STATUSES[campaign.status].zh}，不能{NAMES[action].zh}", f"the campaign is {STATUSES[campaign.status].en.lower()}: one cannot {NAMES[action].en}"),
            way_out=Text(f"现在可以：{'、'.join(NAMES[each].zh for each in can)}", f"what can be done: {', '.join(NAMES[each].en for each in can)}") if can else None,
        )
    return campaign
