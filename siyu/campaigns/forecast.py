"""Forecast 预测: before anything is sent, whom a campaign would reach after restraint, and what effect it could show."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
from msgspec import structs
from sqlalchemy import update

from siyu.campaigns import _tables
from siyu.campaigns.campaigns import Campaign, find, with_plan
from siyu.campaigns.checks import faults_of
from siyu.campaigns.waves import WHOLE, draft_of
from siyu.foundation import trials
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.messaging import planning
from siyu.segments.audience import Audience, AudienceRule, freeze


def forecast(stores: Stores, campaign_id: int) -> dict[str, Any]:
    """Plan a campaign without reserving anything, and keep what that says with it. Returns what `shapes.ForecastInfo` shows.

    Raises
    ------
    InvalidError
        With every fault of a campaign that could not be sent.
    """
    with stores.ledger.read() as tx:
        campaign = find(tx, campaign_id)
        # What is said may still be in review: whom it would reach does not depend on it.
        if faults := [fault for fault in faults_of(stores, tx, campaign) if not fault.field.endswith(".piece_id")]:
            raise InvalidError(Text("活动还不能预测", "the campaign cannot be forecast yet"), faults=faults, way_out=Text("先改好这些项", "mend these first"))
    made = _made(stores, campaign)
    with stores.ledger.begin() as tx:
        tx.execute(update(_tables.campaign).where(_tables.campaign.c.id == campaign_id).values(forecast=made))
    return made


def _made(stores: Stores, campaign: Campaign) -> dict[str, Any]:
    plan = campaign.plan
    with stores.warehouse.read() as session:
        people = freeze(stores, session, AudienceRule(plan.audience.include, plan.audience.exclude))
        base = _base(stores, session, people, plan.window_days)
    found = _planned(stores, campaign)
    return {"version": campaign.version, "computed_at": stores.now().isoformat(), **found, **_power(campaign, base, found["reach"], found["control"])}


def _base(stores: Stores, session: Session, people: Audience, window_days: int) -> tuple[trials.Sample, trials.Sample] | None:
    """What the audience did of itself in the window before now: the share that bought, and spend per person, fen."""
    count = len(people.customer_ids)
    if count < 2:
        return None
    orders, now_ms = stores.warehouse.tables["orders_order"], to_ms(stores.now())
    audience = session.keep("_forecast", pa.table({"customer_id": pa.array(people.customer_ids, pa.int64())}))
    mine = orders.filter((orders.ordered_ms >= now_ms - window_days * DAY_MS) & (orders.ordered_ms < now_ms)).semi_join(audience, "customer_id")
    each = mine.group_by("customer_id").agg(spend=mine.amount_fen.sum().cast("float64"))
    [row] = session.query(each.agg(buyers=each.count(), total=each.spend.sum(), squares=(each.spend * each.spend).sum())).to_pylist()
    return trials.share(count, row["buyers"]), trials.from_sums(count, row["total"] or 0.0, row["squares"] or 0.0)


def _planned(stores: Stores, campaign: Campaign) -> dict[str, Any]:
    """What planning the whole campaign at its time would find now, without a trace."""
    pinned = tuple(structs.replace(each, version=each.version or 1) for each in campaign.plan.variants)
    due_at = max(campaign.starts_at or stores.now(), stores.now())
    draft = draft_of(with_plan(campaign, structs.replace(campaign.plan, variants=pinned)), WHOLE, due_at)
    found = planning.dry_run(stores, draft)
    reasons = dict(found.get("reasons", {}))
    by_staff = [each["count"] for each in found.get("load", []) if each["staff"]]
    return {
        "audience": found["audience"], "reach": found.get("allow", 0) + found.get("wait", 0), "control": reasons.pop("holdout", 0),
        "refused": {**reasons, **({"excluded": found["excluded"]} if found.get("excluded") else {})}, "waiting": found.get("waits", {}), "by_carrier": found.get("carriers", {}),
        "staff_count": len(by_staff), "staff_messages": sum(by_staff), "staff_most": max(by_staff, default=0),
    }  # fmt: skip


def _power(campaign: Campaign, base: tuple[trials.Sample, trials.Sample] | None, reach: int, control: int) -> dict[str, Any]:
    plan = campaign.plan
    told: dict[str, Any] = dict.fromkeys(("base_rate", "mean_spend_fen", "smallest_difference", "smallest_relative", "smallest_spend_fen", "needed_per_arm"))
    notes: list[Text] = []
    if base is not None:
        bought, spent = base
        rate = float(bought.mean)
        told |= {"base_rate": rate, "mean_spend_fen": float(spent.mean)}
        if reach > 1 and control > 1:
            found = trials.smallest_share(rate, reach, control)
            told |= {"smallest_difference": found, "smallest_relative": found / rate if rate else None, "smallest_spend_fen": float(trials.smallest_effect(spent.variance, reach, control))}
            if rate:
                told["needed_per_arm"] = trials.people_needed_for_share(rate, min(rate / 2, 1 - rate)) if rate < 1 else None
            if rate and found > rate / 2:
                notes.append(
                    Text(f"对照组只有 {control:,} 人：即使购买率提高一半也多半看不出来", f"with {control:,} people in the control even an increase by half would mostly go unseen")
                )
    if control <= 1:
        notes.append(Text("没有对照组：这次活动的增量无法测量", "there is no control: what this campaign brings cannot be measured"))
    told["variants"] = [
        {
            "name": each.name, "people": round(reach * each.share),
            "smallest_difference": trials.smallest_share(told["base_rate"], reach * each.share, control) if told["base_rate"] is not None and control > 1 and reach * each.share > 1 else None,
        }
        for each in plan.variants
    ]  # fmt: skip
    told["notes"] = [note.json() for note in notes]
    return told
