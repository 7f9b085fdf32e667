from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

segment = Table(
    "segments_segment",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(120), nullable=False),
    Column("description", SqlText),
    Column("rule_version", Integer, nullable=False),
    Column("computed_version", Integer),
    Column("computed_at", UtcTime),
    Column("customer_count", Integer),
    Column("problem", Json),
    Column("created_by", String(120)),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
)

version = Table(
    "segments_version",
    metadata,
    Column("segment_id", BigId, ForeignKey("segments_segment.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("rule", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(120)),
)

size = Table(
    "segments_size",
    metadata,
    Column("segment_id", BigId, ForeignKey("segments_segment.id"), primary_key=True),
    Column("at", UtcTime, primary_key=True),
    Column("customer_count", Integer, nullable=False),
    Column("entered_count", Integer, nullable=False),
    Column("left_count", Integer, nullable=False),
    Index("ix_segments_size_at", "at"),
)

report = Table(
    "segments_report",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("as_of_on", String(10), primary_key=True),
    Column("position", BigId, nullable=False),
    Column("computed_at", UtcTime, nullable=False),
    Column("payload", Json, nullable=False),
)

clock = Table(
    "segments_clock",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("position", BigId, nullable=False),
    Column("at", UtcTime, nullable=False),
)
