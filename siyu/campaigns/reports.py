"""Reports kept 活动报告的保存: computed when the facts under them have moved, read from the ledger otherwise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import select

from siyu.campaigns import _tables
from siyu.campaigns.campaigns import Campaign, find
from siyu.campaigns.report import HIDDEN, Look, Report, compute
from siyu.foundation.brand import EPOCH_CURSOR
from siyu.foundation.database import upsert
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import CURSORS

SOURCES = ("messaging_decision", "messaging_message", "customers_activity", "orders_line", "carriers_relation", "customers_consent")
"""Facts that a report rests on."""
DEFINITIONS = 1
"""Raise it when the report's formula or shape changes: what was kept before is then not used."""
FOLLOWED = timedelta(days=120)
"""So long after its start a campaign's report is kept up to date; later it is computed when somebody asks."""
MOST_LOOKS = 200


@dataclass(frozen=True)
class Kept:
    """A report, when it was made, and whether anything was published since."""

    report: Report
    computed_at: datetime
    is_newest: bool


def report_of(stores: Stores, campaign_id: int, *, fresh: bool = False) -> Kept:
    """What is kept of a campaign; computed if nothing is, or if `fresh` and facts have moved since."""
    with stores.ledger.read() as tx:
        campaign = find(tx, campaign_id)
        row = tx.execute(select(_tables.report).where(_tables.report.c.campaign_id == campaign_id)).one_or_none()
    key = _key(stores, campaign)
    same = row is not None and row.key.split("|")[:2] == key.split("|")[:2]
    if row is not None and same and (row.key == key or not fresh):
        return Kept(msgspec.convert(row.payload, Report), row.computed_at, row.key == key)
    before = msgspec.convert(row.payload, Report) if row is not None and same else None
    return _made(stores, campaign, key, before)


def refresh(stores: Stores) -> int:
    """Bring the reports of campaigns up to date that began not long ago; returns how many were made."""
    c, r = _tables.campaign, _tables.report
    now = stores.now()
    with stores.ledger.read() as tx:
        rows = tx.execute(select(c.c.id, r.c.key).outerjoin(r, r.c.campaign_id == c.c.id).where(c.c.started_at >= now - FOLLOWED)).all()
        campaigns = [(find(tx, row.id), row.key) for row in rows]
    stale = [campaign for campaign, key in campaigns if key != _key(stores, campaign)]
    for campaign in stale:
        report_of(stores, campaign.id, fresh=True)
    return len(stale)


def visible(kept: Kept, campaign: Campaign, now: datetime) -> Report:
    """The report as it may be read now: a fixed reading says nothing of the effect before all windows are over."""
    report = kept.report
    over = campaign.status in ("over", "cancelled") and report.last_window_at is not None and report.last_window_at <= now
    if report.reading == "sequential" or over or report.lift.why_not is not None:
        return report
    nothing = dict.fromkeys(("bought", "spend", "spend_adjusted", "extra_buyers", "extra_buyers_low", "extra_buyers_high"))
    money = dict.fromkeys(("extra_revenue_fen", "extra_revenue_low_fen", "extra_revenue_high_fen", "cost_per_extra_buyer_fen"))
    lift = replace(report.lift, why_not=HIDDEN, why_not_code="hidden", **nothing, **money)  # type: ignore[arg-type]
    return replace(report, lift=lift, variants=[replace(each, bought=None, spend=None) for each in report.variants], looks=[])


def _made(stores: Stores, campaign: Campaign, key: str, before: Report | None) -> Kept:
    made, now = compute(stores, campaign), stores.now()
    if made.lift.bought is not None:
        today = stores.calendar.on(now)
        old = [look for look in (before.looks if before else []) if stores.calendar.on(look.at) != today]
        effect, people = made.lift.bought, made.lift.treated.people + made.lift.control.people
        made = replace(made, looks=[*old, Look(now, people, effect.difference, effect.low, effect.high)][-MOST_LOOKS:])
    values: dict[str, Any] = {"campaign_id": campaign.id, "key": key, "computed_at": now, "payload": msgspec.to_builtins(made)}
    with stores.ledger.begin() as tx:
        upsert(tx, _tables.report, [values], ["campaign_id"])
    return Kept(made, now, True)


def _key(stores: Stores, campaign: Campaign) -> str:
    """Names what a report is made from: definitions and data, the campaign, and how far each fact has come."""
    cursors = CURSORS.table
    with stores.warehouse.read() as session:
        rows = session.query(cursors.filter(cursors.fact.isin([*SOURCES, EPOCH_CURSOR]))).to_pylist()
    at = {row["fact"]: int(row["position"]) for row in rows}
    positions = ".".join(str(at.get(name, 0)) for name in SOURCES)
    sends = ".".join(map(str, campaign.send_ids))
    return f"{DEFINITIONS}|{at.get(EPOCH_CURSOR, 0)}|{campaign.version}|{campaign.winner}|{campaign.started_at}|{sends}|{positions}"[:200]
