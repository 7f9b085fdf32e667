"""Tables of the tracking plan, and of what came in beside it."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Integer, LargeBinary, String, Table, Text

from siyu.foundation.database import BigId, Json, UtcTime, metadata

NAME_CHARS = 200

plan_event = Table(
    "collect_plan_event",
    metadata,
    Column("name", String(NAME_CHARS), primary_key=True),
    Column("description", String(1000), nullable=False),
    # Edited and checked as one thing with its event.
    Column("properties", Json, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
    Column("changed_by", String(80), nullable=False),
)

plan_state = Table(
    "collect_plan_state",
    metadata,
    # One row, id 1. Every change of plan or modes raises the version; who holds an older one loads again.
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("version", BigInteger, nullable=False),
)

plan_mode = Table(
    "collect_plan_mode",
    metadata,
    Column("feed_id", BigId, primary_key=True, autoincrement=False),
    # record | quarantine | strict
    Column("mode", String(16), nullable=False),
)

seen = Table(
    "collect_seen",
    metadata,
    Column("feed_id", BigId, primary_key=True, autoincrement=False),
    Column("event", String(NAME_CHARS), primary_key=True),
    # Empty for the event itself.
    Column("property", String(NAME_CHARS), primary_key=True),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("count", BigInteger, nullable=False),
    # One bit a type (see plan_checks.BITS).
    Column("types", Integer, nullable=False),
)

seen_day = Table(
    "collect_seen_day",
    metadata,
    Column("day", Date, primary_key=True),
    Column("feed_id", BigId, primary_key=True, autoincrement=False),
    Column("event", String(NAME_CHARS), primary_key=True),
    Column("count", BigInteger, nullable=False),
)

violation = Table(
    "collect_violation",
    metadata,
    Column("feed_id", BigId, primary_key=True, autoincrement=False),
    Column("event", String(NAME_CHARS), primary_key=True),
    Column("property", String(NAME_CHARS), primary_key=True),
    # unknown_event | unknown_property | missing | wrong_type | not_allowed
    Column("kind", String(24), primary_key=True),
    Column("first_at", UtcTime, nullable=False),
    Column("last_at", UtcTime, nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("sample", Text, nullable=False),
)

live = Table(
    "collect_live",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcTime, nullable=False),
    # The newest operations of one round of the translator, sealed together.
    Column("entries_sealed", LargeBinary, nullable=False),
)
