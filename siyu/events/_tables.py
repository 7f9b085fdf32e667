from sqlalchemy import Column, Integer, LargeBinary, String, Table, UniqueConstraint

from siyu.foundation.database import BigId, UtcTime, metadata

batch = Table(
    "events_batch",
    metadata,
    Column("position", BigId, primary_key=True, autoincrement=False),
    Column("event", String(80), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    Column("dedup_key", String(120)),
    Column("payload", LargeBinary, nullable=False),
    UniqueConstraint("dedup_key"),
)

head = Table(
    "events_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigId, nullable=False),
)

cursor = Table(
    "events_cursor",
    metadata,
    Column("reaction", String(80), primary_key=True),
    Column("position", BigId, nullable=False),
)
