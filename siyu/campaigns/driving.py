"""Driving 推进: what is due happens: waves begin, limits stop them, a winner is chosen, campaigns end.

Each step of one campaign is one ledger transaction that asks again how it stands, so that two drivers at once, or one that
was killed and begins anew, do nothing twice; the send of a wave is known by its ref. An idle round asks the ledger once, and
the warehouse nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from siyu.campaigns import _tables, states, waves
from siyu.campaigns.campaigns import Campaign, Wave, find
from siyu.campaigns.outcomes import Rates, rates_of, variant_samples
from siyu.campaigns.plans import StopIf
from siyu.foundation import faults, trials
from siyu.foundation.errors import SiyuError
from siyu.foundation.stores import Stores
from siyu.messaging import sends
from siyu.team.audit import SYSTEM, record

BY = "system"
_log = logging.getLogger("siyu.campaigns")


def drive(stores: Stores, flow: Callable[[Stores], int]) -> int:
    """Move every campaign on that is scheduled or running; returns how many steps were taken."""
    with stores.ledger.read() as tx:
        c = _tables.campaign
        ids = list(tx.scalars(select(c.c.id).where(c.c.status.in_(("scheduled", "running"))).order_by(c.c.starts_at, c.c.id)))
        due = [each for each in (find(tx, campaign_id) for campaign_id in ids) if _has_news(stores, tx, each)]
    if any(_limits(each) or _choice(each) for each in due):
        flow(stores)
    return sum(_step(stores, each.id) for each in due)


def _has_news(stores: Stores, tx: Connection, campaign: Campaign) -> bool:
    """Whether anything may have to be done: a cheap question, asked of every campaign in every round."""
    now = stores.now()
    running = [wave for wave in campaign.waves if wave.status == "running"]
    return bool(running) or any(wave.status == "waiting" and wave.due_at and wave.due_at - waves.LEAD <= now for wave in campaign.waves) or campaign.status == "running"


def _step(stores: Stores, campaign_id: int) -> int:
    """One campaign, a transaction for each thing that happens; what goes wrong with one stops no other."""
    taken = 0
    try:
        for step in (_stop, _end_waves, _begin_wave, _start, _end):
            taken += step(stores, campaign_id)
    except SiyuError as error:
        with stores.ledger.begin() as tx:
            _pause(stores, tx, find(tx, campaign_id, locked=True), "plan_failed", {"message": error.message.json(), "faults": [{"field": fault.field, **fault.message.json()} for fault in error.faults]})
        return taken + 1
    except Exception:
        _log.exception("campaign %s could not be moved on; it is tried again in the next round", campaign_id)
    return taken


def _stop(stores: Stores, campaign_id: int) -> int:
    """Pause a campaign whose people leave or complain more than it allows, or whose messages do not arrive."""
    with stores.ledger.read() as tx:
        campaign = find(tx, campaign_id)
        limited = _limits(campaign)
        counted = sends.counts(tx, [wave.send_id for wave, _ in limited if wave.send_id])
    for wave, limit in limited:
        assert wave.send_id is not None
        found = rates_of(stores, wave.send_id, counted[wave.send_id], campaign.plan, campaign.started_at or stores.now())
        if (code := _passed(found, limit)) is not None:
            with stores.ledger.begin() as tx:
                _pause(stores, tx, find(tx, campaign_id, locked=True), code, {"wave": wave.number, "rate": getattr(found, code), "limit": getattr(limit, code), "sent": found.sent})
                waves.change(tx, campaign_id, wave.number, status_code=code)
            return 1
    return 0


def _limits(campaign: Campaign) -> list[tuple[Wave, StopIf]]:
    """Waves under way with their limits. One for which a person has decided to go on all the same is left alone."""
    if campaign.status != "running":
        return []
    limits = [each.stop_if for each in campaign.plan.waves]
    return [(wave, limit) for wave, limit in zip(campaign.waves, limits, strict=True) if wave.send_id and wave.status in ("running", "over") and wave.status_code is None and limit is not None]


def _passed(found: Rates, limit: StopIf) -> str | None:
    if found.sent + found.failed < limit.least_sent:
        return None
    for name in ("block_rate", "complaint_rate", "failure_rate"):
        allowed = getattr(limit, name)
        if allowed is not None and getattr(found, name) > allowed:
            return name
    return None


def _end_waves(stores: Stores, campaign_id: int) -> int:
    """Waves whose send has ended are over; one whose send could not be made pauses the campaign."""
    now, taken = stores.now(), 0
    with stores.ledger.begin() as tx:
        campaign = find(tx, campaign_id, locked=True)
        if campaign.status != "running":
            return 0
        for wave in campaign.waves:
            if wave.status != "running" or wave.send_id is None:
                continue
            send = sends.find(tx, wave.send_id)
            if send.status == "over" or (send.status in ("planning", "ready", "paused") and send.until_at <= now):
                waves.change(tx, campaign_id, wave.number, status="over", over_at=now)
            elif send.status in ("failed", "cancelled"):
                waves.change(tx, campaign_id, wave.number, status="stopped", status_code=send.status_code or send.status, over_at=now)
                _pause(stores, tx, campaign, "plan_failed", {"wave": wave.number, "send_id": send.id, "code": send.status_code})
            else:
                continue
            taken += 1
    return taken


def _begin_wave(stores: Stores, campaign_id: int) -> int:
    """Begin the next wave when its time has come; the first one a little ahead, so that it is planned when it is due."""
    now = stores.now()
    with stores.ledger.read() as tx:
        campaign = find(tx, campaign_id)
    following = next((wave for wave in campaign.waves if wave.status == "waiting"), None)
    if campaign.status not in ("scheduled", "running") or following is None or following.due_at is None:
        return 0
    if following.due_at - (waves.LEAD if following.number == 0 else timedelta(0)) > now:
        return 0
    chosen = _choice(campaign)
    samples = variant_samples(stores, campaign) if chosen else {}
    with stores.ledger.begin() as tx:
        campaign = find(tx, campaign_id, locked=True)
        wave = campaign.waves[following.number]
        if campaign.status not in ("scheduled", "running") or wave.status != "waiting":
            return 0
        if chosen:
            decided = _with_winner(stores, tx, campaign, wave, samples)
            if decided is None:
                return 1
            wave = decided
        due_at = max(wave.due_at or now, now)
        waves.begin(stores, tx, campaign, wave, due_at)
        later = [each for each in campaign.waves if each.number == wave.number + 1]
        for each in later:
            waves.change(tx, campaign_id, each.number, due_at=due_at + timedelta(hours=campaign.plan.waves[wave.number].wait_hours))
        record(tx, SYSTEM, "campaign.wave_begun", f"campaign:{campaign_id}", {"wave": wave.number, "variant": wave.variant}, now)
        faults.reach("campaign.beginning")
    faults.reach("campaign.begun")
    return 1


def _choice(campaign: Campaign) -> bool:
    """Whether the next wave gets the winner's content."""
    following = next((wave for wave in campaign.waves if wave.status == "waiting"), None)
    return campaign.plan.winner is not None and following is not None and following.number > 0


def _with_winner(stores: Stores, tx: Connection, campaign: Campaign, wave: Wave, samples: dict[str, trials.Sample]) -> Wave | None:
    """The wave with the winner's variant; None when nobody may decide but a person."""
    rule = campaign.plan.winner
    assert rule is not None
    names = [each.name for each in campaign.plan.variants]
    chosen = campaign.winner
    if chosen is None:
        found = trials.winner([samples[name] for name in names]) if all(name in samples for name in names) else None
        clear = found is not None and found.is_clear
        if not clear and rule.when_unclear == "hold":
            _pause(stores, tx, campaign, "unclear", {"metric": rule.metric, "p_value": found.p_value if found else None})
            return None
        chosen = names[found.place] if found is not None and (clear or rule.when_unclear == "best") else names[0]
        detail = {"winner": chosen, "metric": rule.metric, "is_clear": clear, "p_value": found.p_value if found else None}
        states.set_status(tx, campaign, campaign.status, "winner_chosen", by=BY, now=stores.now(), detail=detail, winner=chosen)
    return replace(wave, variant=chosen)


def _start(stores: Stores, campaign_id: int) -> int:
    """A campaign runs from the moment its first wave is due."""
    now = stores.now()
    with stores.ledger.begin() as tx:
        campaign = find(tx, campaign_id, locked=True)
        first = campaign.waves[0] if campaign.waves else None
        if campaign.status != "scheduled" or first is None or first.send_id is None or first.due_at is None or first.due_at > now:
            return 0
        states.set_status(tx, campaign, "running", "started", by=BY, now=now, started_at=first.due_at)
        faults.reach("campaign.starting")
    return 1


def _end(stores: Stores, campaign_id: int) -> int:
    now = stores.now()
    with stores.ledger.begin() as tx:
        campaign = find(tx, campaign_id, locked=True)
        if campaign.status != "running" or not campaign.waves or any(wave.status not in ("over", "stopped", "cancelled") for wave in campaign.waves):
            return 0
        states.set_status(tx, campaign, "over", "over", by=BY, now=now, ended_at=now)
    return 1


def _pause(stores: Stores, tx: Connection, campaign: Campaign, code: str, detail: dict[str, object]) -> None:
    """Pause it, if it is not paused already."""
    if campaign.status in states.MOVES["pause"]:
        states.pause(stores, tx, campaign.id, states.Doer(SYSTEM, None), code, detail)
        record(tx, SYSTEM, "campaign.paused", f"campaign:{campaign.id}", {"code": code, **detail}, stores.now())


def next_due(campaign: Campaign) -> datetime | None:
    """When the next wave is due, if that is known."""
    return next((wave.due_at for wave in campaign.waves if wave.status == "waiting"), None)
