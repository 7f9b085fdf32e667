"""Tables of consent."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, String, Table

from siyu.foundation.database import BigId, UtcTime, metadata

purpose = Table(
    "customers_purpose",
    metadata,
    Column("purpose", String(16), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    Column("name_zh", String(40), nullable=False),
    Column("name_en", String(80), nullable=False),
    Column("wording_zh", String(1000), nullable=False),
    Column("wording_en", String(2000), nullable=False),
    # consent | contract | legal_duty
    Column("basis", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
)
"""Wordings that a brand has written: each change is a new version. What is not here is as the product brings it (version 1)."""

consent = Table(
    "customers_consent",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("purpose", String(16), primary_key=True),
    # '' means every carrier.
    Column("carrier", String(32), primary_key=True),
    # granted | refused | withdrawn | unknown (a statement that was taken back)
    Column("state", String(16), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("record_id", BigInteger, nullable=False),
    Index(None, "purpose", "state"),
    sqlite_with_rowid=False,
)
"""What each person says now."""

record = Table(
    "customers_consent_record",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("customer_id", BigInteger, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("carrier", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("recorded_at", UtcTime, nullable=False),
    # page | feed | staff | import | api | merge
    Column("source", String(16), nullable=False),
    Column("place", String(200), nullable=False),
    Column("wording_version", Integer, nullable=False),
    Column("evidence", String(400), nullable=False),
    Column("by", String(80), nullable=False),
    Index(None, "customer_id", "id"),
)
"""The proof: every statement ever made, in the order of arrival; rows are added and never altered."""

minor = Table(
    "customers_minor",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    # Local day numbers.
    Column("fourteen_on", Integer, nullable=False),
    Column("adult_on", Integer, nullable=False),
    # The guardian's consent: when it was given, how it was proven, who wrote it down.
    Column("guardian_at", UtcTime),
    Column("guardian_evidence", String(400)),
    Column("guardian_by", String(80)),
)

restriction = Table(
    "customers_restriction",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("since", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("reason", String(400), nullable=False),
)
"""People whose data may be kept but not used."""
