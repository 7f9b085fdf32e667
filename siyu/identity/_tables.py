from sqlalchemy import Column, ForeignKey, LargeBinary, String, Table

from siyu.foundation.database import BigId, UtcTime, metadata

customer = Table(
    "identity_customer",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("created_at", UtcTime, nullable=False),
    Column("merged_into", BigId, ForeignKey("identity_customer.id")),
)

identifier = Table(
    "identity_identifier",
    metadata,
    Column("identity_key", BigId, primary_key=True, autoincrement=False),
    Column("namespace", String(120), nullable=False),
    Column("value_sealed", LargeBinary, nullable=False),
    Column("customer_id", BigId, ForeignKey("identity_customer.id"), nullable=False, index=True),
    Column("first_customer_id", BigId, nullable=False),
    Column("first_seen_at", UtcTime, nullable=False),
)

namespace = Table("identity_namespace", metadata, Column("name", String(120), primary_key=True))
"""Every namespace that has an identifier: a value is looked up in each, and there are few."""

conflict = Table(
    "identity_conflict",
    metadata,
    Column("identity_key", BigId, primary_key=True, autoincrement=False),
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("found_at", UtcTime, nullable=False),
)
