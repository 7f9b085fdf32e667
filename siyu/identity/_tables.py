from sqlalchemy import Column, ForeignKey, Index, Integer, LargeBinary, String, Table

from siyu.foundation.database import BigId, Json, UtcTime, metadata

customer = Table(
    "identity_customer",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("created_at", UtcTime, nullable=False),
    Column("merged_into", BigId, ForeignKey("identity_customer.id"), index=True),
)

identifier = Table(
    "identity_identifier",
    metadata,
    Column("id", BigId, primary_key=True, autoincrement=False),
    Column("identity_key", BigId, nullable=False),
    Column("namespace", String(120), nullable=False),
    Column("value_sealed", LargeBinary, nullable=False),
    Column("customer_id", BigId, ForeignKey("identity_customer.id"), nullable=False, index=True),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("claim_count", Integer, nullable=False, server_default="1"),
)
"""Found by key through `keys`. `claim_count`: at least so many people were seen with it; one with more than its limit is shared
and links nobody."""


def _key_table(name: str) -> Table:
    return Table(
        name,
        metadata,
        Column("identity_key", BigId, primary_key=True, autoincrement=False),
        Column("identifier_id", BigId, nullable=False),
    )


recent_key, settled_key = _key_table("identity_key_recent"), _key_table("identity_key_settled")

namespace = Table("identity_namespace", metadata, Column("name", String(120), primary_key=True))
"""Every namespace that has an identifier: a value is looked up in each, and there are few."""

limit = Table(
    "identity_limit",
    metadata,
    Column("kind", String(40), primary_key=True),
    Column("per_customer", Integer, nullable=False),
    Column("per_identifier", Integer, nullable=False),
)
"""Limits that differ from the defaults in `limits`."""

conflict = Table(
    "identity_conflict",
    metadata,
    Column("identity_key", BigId, primary_key=True, autoincrement=False),
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("found_at", UtcTime, nullable=False),
    Column("anchor_key", BigId),
    Column("reason", String(120)),
    Column("state", String(10), nullable=False, server_default="open"),
    Column("decided_at", UtcTime),
    Column("decided_by", String(80)),
    Index(None, "customer_id"),
    Index(None, "state", "found_at"),
)

apart = Table(
    "identity_apart",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("other_id", BigId, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
    Index(None, "other_id"),
)
"""Customers who were found to be different people; each pair stands in both directions."""

operation = Table(
    "identity_operation",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("kind", String(10), nullable=False),
    Column("customer_id", BigId, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("why", String(40), nullable=False),
    Column("detail", Json, nullable=False),
    Column("undoes", BigId),
    Column("undone_by", BigId),
)

operation_customer = Table(
    "identity_operation_customer",
    metadata,
    Column("operation_id", BigId, ForeignKey("identity_operation.id"), primary_key=True, autoincrement=False),
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Index(None, "customer_id"),
)

journal = Table(
    "identity_journal",
    metadata,
    Column("operation_id", BigId, ForeignKey("identity_operation.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("move", String(120), nullable=False),
    Column("image_sealed", LargeBinary, nullable=False),
)
"""Each row that an operation changed, as it was before and after."""
