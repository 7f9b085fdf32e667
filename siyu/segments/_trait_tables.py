from sqlalchemy import Boolean, Column, ForeignKey, Integer, String, Table
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

trait = Table(
    "segments_trait",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("description", SqlText),
    Column("version", Integer, nullable=False),
    Column("computed_version", Integer),
    Column("computed_at", UtcTime),
    Column("distribution", Json),
    Column("created_by", String(120)),
    Column("created_at", UtcTime, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("is_deleted", Boolean, nullable=False),
)

version = Table(
    "segments_trait_version",
    metadata,
    Column("trait_id", BigId, ForeignKey("segments_trait.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("definition", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(120)),
)
