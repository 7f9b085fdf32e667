"""Tables of what is computed about journeys and kept: rehearsals of drafts, and read-outs of versions."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Integer, String, Table

from siyu.foundation.database import BigId, Json, UtcTime, metadata

rehearsal = Table(
    "journeys_rehearsal",
    metadata,
    Column("journey_id", BigId, ForeignKey("journeys_journey.id"), primary_key=True, autoincrement=False),
    # Names the draft and the options it is of.
    Column("key", String(80), nullable=False),
    Column("draft_version", Integer, nullable=False),
    Column("options", Json, nullable=False),
    Column("computed_at", UtcTime, nullable=False),
    Column("payload", Json, nullable=False),
)

report = Table(
    "journeys_report",
    metadata,
    Column("journey_id", BigId, ForeignKey("journeys_journey.id"), primary_key=True, autoincrement=False),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # Names what it was made from: how far the facts had come.
    Column("key", String(200), nullable=False),
    Column("computed_at", UtcTime, nullable=False),
    Column("payload", Json, nullable=False),
)
