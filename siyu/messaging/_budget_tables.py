"""Tables of weekly budgets: what was proposed, and the people of each proposal."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, SmallInteger, String, Table

from siyu.foundation.database import BigId, Json, UtcTime, metadata

plan = Table(
    "messaging_budget_plan",
    metadata,
    Column("id", BigId, primary_key=True),
    # computing → proposed | lacking; proposed → adopted | dropped; adopted → undone | replaced
    Column("status", String(16), nullable=False),
    # What was asked for: see budgets.Asked.
    Column("asked", Json, nullable=False),
    # What was found: see proposing.Found.
    Column("found", Json, nullable=False),
    Column("salt", String(40), nullable=False),
    Column("job_id", String(40)),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("adopted_at", UtcTime),
    Column("adopted_by", String(80)),
    # Budgets hold up to this instant.
    Column("ends_at", UtcTime),
    # When it was undone, replaced or dropped.
    Column("closed_at", UtcTime),
    Column("closed_by", String(80)),
    Index(None, "status"),
)

budget = Table(
    "messaging_budget",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("plan_id", BigInteger, primary_key=True, autoincrement=False),
    # Messages in any 7 days.
    Column("level", SmallInteger, nullable=False),
    # 0: the budget holds; 1: compared, told as before.
    Column("arm", SmallInteger, nullable=False),
    sqlite_with_rowid=False,
)
"""Only of people whose budget is below what the policy's caps leave everybody."""
