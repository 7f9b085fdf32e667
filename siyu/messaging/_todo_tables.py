"""Tables of what members of staff are asked to do for single customers."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, String, Table
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, UtcTime, metadata

todo = Table(
    "messaging_todo",
    metadata,
    Column("id", BigId, primary_key=True),
    # Whose it is; asking twice is asking once.
    Column("ref", String(120), nullable=False, unique=True),
    Column("customer_id", BigInteger, nullable=False),
    # The contact of the customer that the member of staff knows.
    Column("identity_key", BigInteger, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("staff", String(64), nullable=False),
    Column("title", String(80), nullable=False),
    Column("text", SqlText, nullable=False),
    # open → done | not_reached | over (its time is over) | cancelled
    Column("status", String(16), nullable=False),
    Column("note", String(500)),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("due_at", UtcTime, nullable=False),
    # When staff are reminded; null: not, or it has been done.
    Column("remind_at", UtcTime),
    Column("told_at", UtcTime),
    Column("reminded_at", UtcTime),
    Column("settled_at", UtcTime),
    Index(None, "account_id", "staff", "status"),
    Index(None, "status", "due_at"),
    Index(None, "customer_id"),
)
