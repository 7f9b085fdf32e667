"""Tables of the gate: hold-outs, and silence after what happened."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Date, Float, Index, SmallInteger, String, Table

from siyu.foundation.database import BigId, UtcTime, metadata

holdout = Table(
    "messaging_holdout",
    metadata,
    Column("id", BigId, primary_key=True),
    # 0 to 1; as many again are kept for comparison.
    Column("rate", Float, nullable=False),
    Column("salt", String(40), nullable=False),
    Column("from_on", Date, nullable=False),
    # The day it ends; null: until another is drawn.
    Column("to_on", Date),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
)
"""A global hold-out and its time; earlier ones stay, for what they show later."""

held = Table(
    "messaging_held",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("holdout_id", BigInteger, primary_key=True, autoincrement=False),
    # 0 control: told nothing but what is transactional; 1 compared: treated like everybody.
    Column("arm", SmallInteger, nullable=False),
    Index(None, "holdout_id", "arm"),
    sqlite_with_rowid=False,
)
"""Who was drawn, by the number they had then; newcomers are drawn when they are first seen."""

cooldown = Table(
    "messaging_cooldown",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    # complaint | block | refund | ticket | ticket:<which>
    Column("cause", String(16), primary_key=True),
    # When it last happened, epoch ms. How long it silences is the policy's.
    Column("at_ms", BigInteger, nullable=False),
    # Of a ticket: when it was closed; null while it is open.
    Column("closed_ms", BigInteger),
    sqlite_with_rowid=False,
)
