"""Elsewhere 过往活动: a campaign that was over before Siyu came, with its send of then; read out as any other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, insert, update

from siyu.campaigns import _tables, campaigns
from siyu.campaigns.campaigns import Campaign, Written
from siyu.foundation.clock import Calendar


def record_over(tx: Connection, calendar: Calendar, written: Written, send_id: int, *, started_at: datetime, ended_at: datetime, by: str, now: datetime) -> Campaign:
    """Write down a campaign whose one wave was `send_id` (see `messaging.elsewhere`)."""
    made = campaigns.create(tx, calendar, written, by=by, member_id=None, now=now)
    values = {"status": "over", "starts_at": started_at, "started_at": started_at, "ended_at": ended_at, "updated_at": ended_at}
    tx.execute(update(_tables.campaign).where(_tables.campaign.c.id == made.id).values(**values))
    row = {"campaign_id": made.id, "number": 0, "status": "over", "from_rate": 0.0, "to_rate": 1.0, "due_at": started_at, "send_id": send_id, "started_at": started_at, "over_at": ended_at}
    tx.execute(insert(_tables.wave).values(row))
    return campaigns.find(tx, made.id)
