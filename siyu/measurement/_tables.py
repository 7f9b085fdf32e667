from sqlalchemy import Column, Index, String, Table

from siyu.foundation.database import Json, UtcTime, metadata

report = Table(
    "measurement_report",
    metadata,
    Column("key", String(40), primary_key=True),
    Column("report", String(40), nullable=False),
    Column("parameters", Json, nullable=False),
    Column("positions", Json, nullable=False),
    Column("payload", Json, nullable=False),
    Column("computed_at", UtcTime, nullable=False),
    Index("ix_measurement_report_computed_at", "computed_at"),
)
