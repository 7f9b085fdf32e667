"""Tables of rights."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, LargeBinary, String, Table

from siyu.foundation.database import BigId, Json, UtcTime, metadata

request = Table(
    "rights_request",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("number", BigId, nullable=False, unique=True),
    Column("customer_id", BigInteger, nullable=False, index=True),
    # access | correct | erase | restrict | withdraw
    Column("kind", String(16), nullable=False),
    # received → verified → approved → working → done; received | verified → refused | cancelled
    Column("state", String(16), nullable=False),
    # page | staff | api
    Column("source", String(16), nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("received_by", String(80), nullable=False),
    # A local date.
    Column("due_on", String(10), nullable=False),
    # What the person wrote, and the values they want instead: a JSON object.
    Column("said_sealed", LargeBinary),
    Column("verified_at", UtcTime),
    Column("verified_by", String(80)),
    Column("verified_how", String(400)),
    Column("ended_at", UtcTime),
    Column("ended_by", String(80)),
    Column("reason", String(400)),
    Column("job_id", String(32)),
    # What was done, with counts and a signature.
    Column("receipt", Json),
    Column("file_until", UtcTime),
    Index(None, "state", "due_on"),
)

retention = Table(
    "rights_retention",
    metadata,
    Column("subject", String(32), primary_key=True),
    # Null: kept for ever.
    Column("days", Integer),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", String(80), nullable=False),
)

retention_run = Table(
    "rights_retention_run",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("counts", Json, nullable=False),
    Column("whole", Boolean, nullable=False),
)
