"""Tables of true cost: how margin is reckoned, experiments on sources, advice that was taken, and which computation is in the warehouse."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, Index, Integer, String, Table
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

economics = Table(
    "measurement_economics",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("margin_rate", Float, nullable=False),
    # Category → rate; others have margin_rate.
    Column("category_rates", Json, nullable=False),
    Column("staff_hour_fen", BigInteger, nullable=False),
    # Carrier → fen a message.
    Column("message_fees", Json, nullable=False),
    Column("discount_rate", Float, nullable=False),
    Column("horizon_days", Integer, nullable=False),
    # Of the total budget, at most so much is moved in a cycle; of a source's, at least so much stays.
    Column("move_rate", Float, nullable=False),
    Column("floor_rate", Float, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
)

experiment = Table(
    "measurement_experiment",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("source_id", BigInteger, nullable=False),
    # See experiments.Plan: regions, blocks of days or codes that are on and off.
    Column("arms", Json, nullable=False),
    # Local day numbers, both included.
    Column("begins_on", Integer, nullable=False),
    Column("ends_on", Integer, nullable=False),
    Column("outcome", String(8), nullable=False),
    Column("planned", Json),
    Column("note", SqlText, nullable=False),
    Column("cancelled_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Index(None, "source_id", "ends_on"),
)

advice = Table(
    "measurement_advice",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("month", Integer, nullable=False, unique=True),
    Column("advised", Json, nullable=False),
    Column("taken_at", UtcTime, nullable=False),
    Column("taken_by", String(80), nullable=False),
)

run = Table(
    "measurement_run",
    metadata,
    # The only row, 1: which computation the warehouse holds.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("key", String(64), nullable=False),
    Column("as_of_on", Integer, nullable=False),
    Column("positions", Json, nullable=False),
    Column("settings", String(64), nullable=False),
    Column("notes", Json, nullable=False),
    # Node → [rate, low, high] of the experiment that holds for it.
    Column("incremental", Json, nullable=False),
    Column("computed_at", UtcTime, nullable=False),
)
