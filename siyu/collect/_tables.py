from sqlalchemy import (
    BigInteger,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)

from siyu.foundation.database import BigId, UtcTime, metadata

feed = Table(
    "collect_feed",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("write_key", String(64), nullable=False),
    Column("previous_key", String(64)),
    Column("previous_until", UtcTime),
    Column("user_namespace", String(80), nullable=False),
    Column("status", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("first_heard_at", UtcTime),
    Column("heard_at", UtcTime),
    Column("operation_count", BigInteger, nullable=False),
    UniqueConstraint("write_key"),
)

# Where the translator of one journal is; it moves in the transaction of what it wrote.
journal = Table(
    "collect_journal",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("segment", BigInteger, nullable=False),
    Column("offset", BigInteger, nullable=False),
    Column("moved_at", UtcTime, nullable=False),
)

# Keys of operations that were taken in lately; `seen_on` is the UTC day, days since 1970-01-01.
operation = Table(
    "collect_operation",
    metadata,
    Column("key", BigId, primary_key=True, autoincrement=False),
    Column("seen_on", Integer, nullable=False),
)

quarantine = Table(
    "collect_quarantine",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("content_key", BigInteger, nullable=False),
    Column("feed_id", BigId, ForeignKey("collect_feed.id")),
    Column("reason", String(40), nullable=False),
    Column("detail", String(300), nullable=False),
    Column("operation_count", Integer, nullable=False),
    Column("format", String(16), nullable=False),
    Column("arrival_sealed", LargeBinary, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("status", String(16), nullable=False),
    Column("settled_at", UtcTime),
    Column("settled_by", String(80)),
    UniqueConstraint("content_key"),
    Index("ix_collect_quarantine_reason", "status", "reason", "id"),
)
