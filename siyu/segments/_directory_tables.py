from sqlalchemy import Boolean, Column, Integer, LargeBinary, String, Table

from siyu.foundation.database import BigId, Json, UtcTime, metadata

view = Table(
    "segments_view",
    metadata,
    Column("id", BigId, primary_key=True),
    # Kind and id of who made it, such as member:7.
    Column("owner", String(40), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    Column("shared", Boolean, nullable=False),
    # A search may hold a phone number, and those are encrypted at rest.
    Column("q_sealed", LargeBinary),
    Column("filter", Json),
    Column("sort", String(40), nullable=False),
    Column("columns", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
)

export = Table(
    "segments_export",
    metadata,
    Column("file_id", String(32), primary_key=True),
    Column("format", String(8), nullable=False),
    Column("row_count", Integer, nullable=False),
    Column("unmasked", Boolean, nullable=False),
    Column("made_at", UtcTime, nullable=False, index=True),
    Column("made_by", String(80), nullable=False),
)
