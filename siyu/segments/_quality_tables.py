from sqlalchemy import Column, String, Table

from siyu.foundation.database import BigId, UtcTime, metadata

mark = Table(
    "segments_quality_mark",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    # What the person was said not to be: zombie or deal_hunter.
    Column("what", String(12), primary_key=True),
    Column("reason", String(200), nullable=False),
    Column("by", String(120), nullable=False),
    Column("at", UtcTime, nullable=False),
)
