"""Tables of what is told to other systems."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text, text

from siyu.foundation.database import BigId, Json, UtcTime, metadata

delivery = Table(
    "carriers_delivery",
    metadata,
    Column("number", BigId, primary_key=True),
    # The receiver sees it too, the same for every attempt.
    Column("id", String(40), nullable=False, unique=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    Column("event", String(64), nullable=False),
    # It may hold the address of a person.
    Column("body_sealed", LargeBinary, nullable=False),
    # waiting → arrived | given_up
    Column("status", String(16), nullable=False),
    Column("attempt_count", Integer, nullable=False),
    Column("next_at", UtcTime, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    # Whoever told it wants the answer: settling it is an event that names it, and the answer is kept. Null: nobody does.
    Column("asked_by", String(120)),
    # The body of the answer that was 2xx, as far as it is read.
    Column("answer_sealed", LargeBinary),
    Index(None, "account_id", "number"),
    Index("ix_carriers_delivery_due", "next_at", sqlite_where=text("status = 'waiting'"), postgresql_where=text("status = 'waiting'")),
)

delivery_attempt = Table(
    "carriers_delivery_attempt",
    metadata,
    Column("delivery_number", BigId, ForeignKey("carriers_delivery.number"), primary_key=True, autoincrement=False),
    Column("attempt", Integer, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("seconds", Float, nullable=False),
    # HTTP status; 0 where no answer came.
    Column("http_status", Integer, nullable=False),
    Column("outcome", String(24), nullable=False),
    Column("says", Json),
    Column("excerpt", String(500), nullable=False),
)

mailbox = Table(
    "carriers_mailbox",
    metadata,
    Column("account_id", BigId, ForeignKey("carriers_account.id"), primary_key=True, autoincrement=False),
    Column("cursor", Text, nullable=False),
    Column("read_at", UtcTime, nullable=False),
)
"""How far the mailbox of an account, where bounces arrive, was read."""
