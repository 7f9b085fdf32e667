from sqlalchemy import Boolean, Column, Float, Index, String, Table, UniqueConstraint

from siyu.foundation.database import BigId, Json, UtcTime, metadata

suggestion = Table(
    "identity_suggestion",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("low_id", BigId, nullable=False),
    Column("high_id", BigId, nullable=False, index=True),
    Column("probability", Float, nullable=False),
    Column("weight", Float, nullable=False),
    Column("levels", String(400), nullable=False),
    Column("weights", String(400), nullable=False),
    Column("model", String(32), nullable=False),
    Column("state", String(12), nullable=False),
    Column("found_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Column("decided_by", String(80)),
    Column("operation_id", BigId),
    UniqueConstraint("low_id", "high_id"),
    Index("ix_identity_suggestion_state_probability", "state", "probability"),
)
"""Pairs of customers who are probably one. `levels` and `weights` say why, without any value of theirs."""

matching = Table(
    "identity_matching",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("ended_at", UtcTime, nullable=False),
    Column("record_count", BigId, nullable=False),
    Column("candidate_count", BigId, nullable=False),
    Column("pair_count", BigId, nullable=False),
    Column("new_count", BigId, nullable=False),
    Column("is_tightened", Boolean, nullable=False),
    Column("prior", Float, nullable=False),
    Column("model", String(32), nullable=False),
    Column("parameters", Json, nullable=False),
)
"""Each look over all customers: how much was compared, and what the levels weighed."""
