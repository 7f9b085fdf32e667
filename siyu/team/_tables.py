"""Tables of the team."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from siyu.foundation.database import BigId, Json, UtcTime, metadata

MEMBER = Table(
    "team_member",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("login", String(64), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("active", Boolean, nullable=False),
    Column("password_hash", String(255), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("last_seen_at", UtcTime),
)

SESSION = Table(
    "team_session",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("secret_hash", String(64), nullable=False, unique=True),
    Column("member_id", BigId, ForeignKey("team_member.id"), nullable=False, index=True),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime, nullable=False, index=True),
)

TOKEN = Table(
    "team_token",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("role", String(16), nullable=False),
    Column("prefix", String(16), nullable=False),
    Column("secret_hash", String(64), nullable=False, unique=True),
    # The member who answers for it; null when it was made on the command line.
    Column("member_id", BigId, ForeignKey("team_member.id"), index=True),
    Column("created_by", String(80), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("expires_at", UtcTime),
    Column("last_used_at", UtcTime),
    Column("revoked_at", UtcTime),
)

LOGIN_ATTEMPT = Table(
    "team_login_attempt",
    metadata,
    # Blind index of the login or the address: neither is kept in the clear.
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("tried_count", Integer, nullable=False),
    Column("ends_at", UtcTime, nullable=False, index=True),
)

AUDIT = Table(
    "team_audit",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor_id", BigInteger),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_name", String(80), nullable=False),
    Column("action", String(64), nullable=False),
    Column("subject", String(120), nullable=False),
    Column("detail", Json, nullable=False),
    Index(None, "action", "id"),
    Index(None, "subject", "id"),
    Index(None, "actor_name", "id"),
)

STORE = Table(
    "team_store",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("code", String(40), unique=True),
    Column("city", String(40)),
    Column("province", String(40)),
    Column("address", String(200)),
    Column("created_at", UtcTime, nullable=False),
)

STAFF = Table(
    "team_staff",
    metadata,
    Column("id", BigId, primary_key=True),
    # Where the member of staff serves: an account of the room `carriers`, and the carrier's own id of the person there.
    Column("account_id", BigInteger, nullable=False),
    Column("userid", String(64), nullable=False),
    Column("name", String(80), nullable=False),
    # Names of departments, the nearest last.
    Column("departments", Json, nullable=False),
    Column("store_id", BigId, ForeignKey("team_store.id"), index=True),
    # active · disabled (there, but may not serve) · left
    Column("status", String(16), nullable=False),
    Column("left_at", UtcTime),
    Column("first_seen_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False),
    UniqueConstraint("account_id", "userid"),
)

LOOK = Table(
    "team_look",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("actor_id", BigInteger),
    Column("actor_kind", String(16), nullable=False),
    Column("actor_name", String(80), nullable=False),
    # page | identifiers | timeline | consents | list | search | file
    Column("what", String(16), nullable=False),
    # Null where many people were seen at once; then `count` says how many.
    Column("customer_id", BigInteger),
    Column("count", Integer, nullable=False),
    Column("detail", String(120), nullable=False),
    Index(None, "customer_id", "id"),
    Index(None, "actor_name", "id"),
    Index(None, "at"),
)
"""Who looked at whose data."""
