from sqlalchemy import Column, Index, String, Table

from siyu.foundation.database import BigId, UtcTime, metadata

tag = Table(
    "customers_tag",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("tag", String(64), primary_key=True),
    Column("tagged_at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
    Index(None, "tag", "customer_id"),
    sqlite_with_rowid=False,
)
