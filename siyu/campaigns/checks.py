"""Checks 校验: everything that stands in the way of a campaign, with its field and the way out."""

from __future__ import annotations

from sqlalchemy import Connection

from siyu.campaigns import contents, plans
from siyu.campaigns.campaigns import Campaign, Written
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging.sends import SENDABLE
from siyu.segments import audience
from siyu.segments.audience import AudienceRule


def faults_of(stores: Stores, tx: Connection, campaign: Campaign) -> list[Fault]:
    """Every fault of a campaign."""
    return faults_in(stores, tx, Written(campaign.name, campaign.description, campaign.purpose, campaign.priority_fen, campaign.plan))


def faults_in(stores: Stores, tx: Connection, written: Written) -> list[Fault]:
    """Every fault of what is written: in itself, in its segments, contents and carriers."""
    plan = written.plan
    found = [] if written.name.strip() else [Fault("name", Text("请给活动起个名字", "the campaign needs a name"))]
    found += plans.faults_of(plan, stores.calendar)
    if plan.audience.include:
        found += audience.check(tx, AudienceRule(plan.audience.include, plan.audience.exclude))
    found += [
        Fault(f"carriers.{place}", Text(f"「{each}」不能发送；可用：{'、'.join(SENDABLE)}", f"{each!r} cannot send; use one of: {', '.join(SENDABLE)}"))
        for place, each in enumerate(plan.carriers)
        if each not in SENDABLE
    ]
    starts = None if any(fault.field == "starts" for fault in found) else plans.starts_at(plan, stores.calendar)
    return found + contents.faults_of(tx, plan.variants, written.purpose, starts or stores.now())


def must_hold(stores: Stores, tx: Connection, campaign: Campaign) -> None:
    """Refuse a campaign in which something is wrong.

    Raises
    ------
    InvalidError
        With every fault.
    """
    if faults := faults_of(stores, tx, campaign):
        raise InvalidError(
            Text(f"活动有 {len(faults)} 处问题", f"{len(faults)} things are wrong with the campaign"),
            faults=faults,
            way_out=Text("撤回为草稿，逐项改好后再提交", "take it back to a draft, mend each of them, and submit it again"),
        )
