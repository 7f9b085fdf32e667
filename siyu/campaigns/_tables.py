"""Tables of campaigns: what is planned, its waves, what happened to it, and the read-outs that are kept."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, String, Table
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

campaign = Table(
    "campaigns_campaign",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("description", SqlText),
    # See states.STATUSES.
    Column("status", String(16), nullable=False),
    # Why it is paused or cancelled: by_hand, block_rate, complaint_rate, unclear, plan_failed …
    Column("status_code", String(32)),
    Column("purpose", String(16), nullable=False),
    Column("priority_fen", BigInteger, nullable=False),
    # See plans.Plan.
    Column("plan", Json, nullable=False),
    # Grows with each change: whoever saves an older one is told.
    Column("version", Integer, nullable=False),
    # Of the arms; a copy has another, so that nobody is control for ever.
    Column("salt", String(32), nullable=False),
    # When the first wave is due. Null: as soon as it is scheduled.
    Column("starts_at", UtcTime),
    Column("submitted_at", UtcTime),
    Column("approved_by", String(80)),
    Column("approved_at", UtcTime),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    Column("winner", String(16)),
    # What a dry run said, of which version, and when.
    Column("forecast", Json),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    # The member who answers for it, to know whether somebody else approves.
    Column("author_id", BigInteger),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "status", "starts_at"),
    Index(None, "starts_at"),
)

wave = Table(
    "campaigns_wave",
    metadata,
    Column("campaign_id", BigId, ForeignKey("campaigns_campaign.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # waiting → running → over; waiting | running → stopped | cancelled
    Column("status", String(16), nullable=False),
    Column("status_code", String(32)),
    # Of the people by their lot: from (included) and to (not included), 0 to 1.
    Column("from_rate", Float, nullable=False),
    Column("to_rate", Float, nullable=False),
    Column("due_at", UtcTime),
    Column("send_id", BigInteger),
    # The variant that all of this wave get, once the winner is known.
    Column("variant", String(16)),
    Column("started_at", UtcTime),
    Column("over_at", UtcTime),
    Index(None, "send_id"),
)

happening = Table(
    "campaigns_happening",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("campaign_id", BigId, ForeignKey("campaigns_campaign.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("what", String(32), nullable=False),
    Column("detail", Json, nullable=False),
    Index(None, "campaign_id", "id"),
)

report = Table(
    "campaigns_report",
    metadata,
    Column("campaign_id", BigId, ForeignKey("campaigns_campaign.id"), primary_key=True, autoincrement=False),
    # Names what it was made from: campaign's version and how far the facts had come.
    Column("key", String(200), nullable=False),
    Column("computed_at", UtcTime, nullable=False),
    Column("payload", Json, nullable=False),
)
