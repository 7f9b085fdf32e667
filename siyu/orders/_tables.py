from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

upload = Table(
    "orders_upload",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("bytes", BigId, nullable=False),
    Column("uploaded_at", UtcTime, nullable=False),
    Column("uploaded_by", String(120)),
)

imported = Table(
    "orders_import",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("upload_id", String(40), ForeignKey("orders_upload.id"), nullable=False),
    Column("job_id", String(40)),
    Column("source", String(60), nullable=False),
    Column("mapping", Json, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("keep_sample", Boolean, nullable=False),
    Column("next_chunk", Integer, nullable=False),
    Column("counts", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(120)),
    Column("ended_at", UtcTime),
    Index("ix_orders_import_created_at", "created_at"),
)

reject = Table(
    "orders_reject",
    metadata,
    Column("import_id", String(40), ForeignKey("orders_import.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("line", BigId, nullable=False),
    Column("code", String(40), nullable=False),
    Column("column", String(255), nullable=False),
    Column("value", SqlText),
)

mapping = Table(
    "orders_mapping",
    metadata,
    Column("source", String(60), primary_key=True),
    Column("mapping", Json, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
)
