"""Testing 测试发送: a campaign sent to oneself. It goes by the gate as any message does, and counts as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from msgspec import structs
from sqlalchemy import Connection

from siyu.campaigns import campaigns, contents
from siyu.campaigns.campaigns import Campaign
from siyu.campaigns.waves import WHOLE, spec_of
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import new_id
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.current import known
from siyu.messaging import sends
from siyu.segments.audience import AudienceRule

VALID = timedelta(hours=24)


def send_test(stores: Stores, tx: Connection, campaign: Campaign, customer_ids: Sequence[int], variant: str | None, *, by: str) -> int:
    """Send one variant to a few customers, whatever segment they are in; nobody is held back as control. Returns the send.

    Raises
    ------
    NotFoundError
        There is no such customer.
    InvalidError
        No such variant, or the campaign's content cannot be sent.
    """
    names = [each.name for each in campaign.plan.variants]
    if not names or (variant is not None and variant not in names):
        said = Text(f"没有版本 {variant}" if variant else "活动还没有内容", f"there is no variant {variant}" if variant else "the campaign has no content yet")
        raise InvalidError(said, faults=[Fault("variant", said)])
    people = tuple(sorted(set(known(tx, customer_ids).values())))
    now = stores.now()
    plan = structs.replace(campaign.plan, control_rate=0.0, use_global_holdout=False, variants=contents.pinned(tx, campaign.plan.variants, now))
    for_us = replace(spec_of(campaigns.with_plan(campaign, plan), replace(WHOLE, variant=variant or names[0])), audience=AudienceRule(customer_ids=people))
    made = sends.create(
        stores, tx,
        sends.Draft(
            ref=f"campaign:{campaign.id}:{new_id('test')}", name=f"{campaign.name[:70]} · test", purpose=campaign.purpose,
            spec=for_us, due_at=now, until_at=now + VALID, priority_fen=0,
        ),
        by=by,
    )  # fmt: skip
    campaigns.note(tx, campaign.id, "tested", {"send_id": made.id, "people": len(people)}, by=by, now=now)
    return made.id
