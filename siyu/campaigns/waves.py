"""Waves 波次: the parts of a campaign, each one a send; laid out when it is scheduled, made one after the other.

A person's lot, from one salted hash, says to which wave they belong, and their variant and control as well: no merge and no
second run moves anybody.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace
from sqlalchemy import Connection, delete, insert, update

from siyu.campaigns import _tables, contents, plans
from siyu.campaigns.campaigns import Campaign, Wave
from siyu.content.pieces import note_use
from siyu.foundation.stores import Stores
from siyu.messaging import sends
from siyu.segments.audience import AudienceRule

LEAD = timedelta(minutes=10)
"""A first wave is planned so long before it is due, so that its first message can go out on the second."""
OPEN = ("planning", "ready")
WHOLE = Wave(0, "waiting", None, 0.0, 1.0, None, None, None, None, None)
"""All of the people at once."""


def lay_out(stores: Stores, tx: Connection, campaign: Campaign, starts_at: datetime) -> None:
    """Write the waves down, the first with its time, and pin the versions of the contents."""
    plan = campaign.plan
    fixed = replace(plan, variants=contents.pinned(tx, plan.variants, starts_at))
    tx.execute(update(_tables.campaign).where(_tables.campaign.c.id == campaign.id).values(plan=plans.dump(fixed)))
    for each in fixed.variants:
        note_use(tx, each.piece_id, each.version or 0, f"campaign:{campaign.id}", campaign.name, stores.now())
    tx.execute(delete(_tables.wave).where(_tables.wave.c.campaign_id == campaign.id))
    rows = [
        {"campaign_id": campaign.id, "number": number, "status": "waiting", "from_rate": low, "to_rate": high, "due_at": None if number else starts_at}
        for number, (low, high) in enumerate(plans.bounds(plan))
    ]
    tx.execute(insert(_tables.wave), rows)


def spec_of(campaign: Campaign, wave: Wave) -> sends.SendSpec:
    """What messaging is told. Where a winner is known, this wave has that variant only."""
    plan = campaign.plan
    variants = [each for each in plan.variants if wave.variant in (None, each.name)]
    total = sum(each.share for each in variants)
    return sends.SendSpec(
        audience=AudienceRule(plan.audience.include, plan.audience.exclude),
        content={each.name: (each.piece_id, each.version or 0) for each in variants},
        split={each.name: each.share / total for each in variants},
        carriers=plan.carriers,
        accounts=plan.accounts,
        salt=campaign.salt,
        control_rate=plan.control_rate,
        use_global_holdout=plan.use_global_holdout,
        per_minute=plan.per_minute,
        wave=sends.Wave(wave.from_rate, wave.to_rate),
    )


def draft_of(campaign: Campaign, wave: Wave, due_at: datetime) -> sends.Draft:
    name = campaign.name if len(campaign.waves) == 1 else f"{campaign.name[:70]} · {wave.number + 1}"
    return sends.Draft(
        ref=f"campaign:{campaign.id}:{wave.number}",
        name=name,
        purpose=campaign.purpose,
        spec=spec_of(campaign, wave),
        due_at=due_at,
        until_at=due_at + timedelta(hours=campaign.plan.valid_hours),
        priority_fen=campaign.priority_fen,
    )


def begin(stores: Stores, tx: Connection, campaign: Campaign, wave: Wave, due_at: datetime) -> int:
    """Ask messaging for the send of a wave; asked again after a crash, it is the same send."""
    known = sends.find_by_ref(tx, f"campaign:{campaign.id}:{wave.number}")
    made = known or sends.create(stores, tx, draft_of(campaign, wave, due_at), by=f"campaign:{campaign.id}")
    change(tx, campaign.id, wave.number, status="running", send_id=made.id, due_at=made.due_at, started_at=stores.now(), variant=wave.variant)
    return made.id


def hold(tx: Connection, campaign: Campaign) -> None:
    """Nothing of the sends under way is claimed any more."""
    for send in _sends(tx, campaign):
        if send.status in OPEN:
            sends.pause(tx, send.id)


def release(stores: Stores, tx: Connection, campaign: Campaign, by: str) -> None:
    for send in _sends(tx, campaign):
        if send.status == "paused":
            sends.resume(stores, tx, send.id, by=by)


def call_off(stores: Stores, tx: Connection, campaign: Campaign, by: str) -> None:
    """End the sends under way, and the waves that have not begun."""
    for send in _sends(tx, campaign):
        if send.status in (*OPEN, "paused"):
            sends.cancel(stores, tx, send.id, by=by)
    w = _tables.wave
    mine = (w.c.campaign_id == campaign.id) & w.c.status.in_(("waiting", "running"))
    tx.execute(update(w).where(mine).values(status="cancelled", over_at=stores.now()))


def change(tx: Connection, campaign_id: int, number: int, **values: object) -> None:
    w = _tables.wave
    tx.execute(update(w).where(w.c.campaign_id == campaign_id, w.c.number == number).values(**values))


def _sends(tx: Connection, campaign: Campaign) -> list[sends.Send]:
    return [sends.find(tx, send_id) for send_id in campaign.send_ids]
