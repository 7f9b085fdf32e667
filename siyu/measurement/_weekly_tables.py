from sqlalchemy import BigInteger, Boolean, Column, Integer, String, Table, Text, UniqueConstraint

from siyu.foundation.database import BigId, Json, UtcTime, metadata

plan = Table(
    "measurement_weekly_plan",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("is_on", Boolean, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("staff", Json, nullable=False),
    Column("turned_on_at", UtcTime),
    Column("changed_at", UtcTime, nullable=False),
    Column("changed_by", String(80), nullable=False),
)

note = Table(
    "measurement_weekly_note",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("week_on", String(10), nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("staff", String(64), nullable=False),
    Column("state", String(12), nullable=False),
    Column("words", Text, nullable=False),
    Column("reason", String(200)),
    Column("meant_at", UtcTime, nullable=False),
    Column("told_at", UtcTime),
    UniqueConstraint("week_on", "account_id", "staff"),
)
