"""The ledger tables of the jobs: one row is one job, one row is one schedule."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Index, Integer, String, Table

from siyu.foundation.database import BigId, Json, UtcTime, metadata

UNFINISHED = ("queued", "running")

jobs_job = Table(
    "jobs_job",
    metadata,
    Column("number", BigId, primary_key=True, autoincrement=True),
    Column("id", String(32), nullable=False, unique=True),
    Column("kind", String(80), nullable=False),
    Column("key", String(200)),
    Column("arguments", Json, nullable=False),
    Column("status", String(16), nullable=False),
    Column("attempts", Integer, nullable=False, default=0),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(120)),
    Column("started_at", UtcTime),
    Column("ended_at", UtcTime),
    # What the running attempt says of itself.
    Column("done_count", BigInteger, nullable=False, default=0),
    Column("total_count", BigInteger),
    Column("message", Json),
    Column("progress_at", UtcTime),
    Column("state", Json),
    Column("result", Json),
    Column("error", Json),
    # The lease, in epoch milliseconds of the database's clock (the product's own may stand still).
    Column("worker", String(120)),
    Column("fence", BigInteger, nullable=False, default=0),
    Column("lease_until_ms", BigInteger, nullable=False, default=0),
    Column("due_from_ms", BigInteger, nullable=False, default=0),
    Column("cancel_asked", Boolean, nullable=False, default=False),
    Index(None, "status", "number"),
    Index(None, "kind", "number"),
)
Index(
    "uq_jobs_job_unfinished_key",
    jobs_job.c.kind,
    jobs_job.c.key,
    unique=True,
    sqlite_where=jobs_job.c.status.in_(UNFINISHED),
    postgresql_where=jobs_job.c.status.in_(UNFINISHED),
)

jobs_schedule = Table(
    "jobs_schedule",
    metadata,
    Column("name", String(80), primary_key=True),
    Column("slot_at", UtcTime, nullable=False),
)
