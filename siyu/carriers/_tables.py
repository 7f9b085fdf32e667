"""Tables of carriers."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
    text,
)

from siyu.foundation.database import BigId, Json, UtcTime, metadata

account = Table(
    "carriers_account",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("product", String(32), nullable=False),
    Column("ref", String(120), nullable=False),
    Column("name", String(80), nullable=False),
    Column("credentials_sealed", LargeBinary, nullable=False),
    Column("settings", Json, nullable=False),
    Column("callback_key", String(40), nullable=False, unique=True),
    Column("version", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("status_code", String(32)),
    Column("status_since", UtcTime, nullable=False),
    Column("called_back_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("removed_at", UtcTime),
    Index("uq_carriers_account_product_ref", "product", "ref", unique=True, sqlite_where=text("removed_at IS NULL"), postgresql_where=text("removed_at IS NULL")),
)

token = Table(
    "carriers_token",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("value_sealed", LargeBinary),
    Column("fetched_at", UtcTime),
    Column("expires_at", UtcTime),
    # Who fetches a new one just now; nobody else does until the lease ends.
    Column("refresher", String(40)),
    Column("leased_until", UtcTime),
)

window = Table(
    "carriers_window",
    metadata,
    Column("account_id", BigId, ForeignKey("carriers_account.id"), primary_key=True),
    Column("api", String(120), primary_key=True),
    Column("seconds", Integer, primary_key=True),
    Column("starts_at", UtcTime, nullable=False),
    Column("taken_count", Integer, nullable=False),
    Column("limit_count", Integer, nullable=False),
)
"""Calls taken from a rate window, by all processes together. A process takes a slice at a time."""

slot = Table(
    "carriers_slot",
    metadata,
    Column("account_id", BigId, ForeignKey("carriers_account.id"), primary_key=True),
    Column("api", String(120), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("holder", String(40)),
    Column("leased_until", UtcTime),
)
"""Permits of an API that allows few calls at the same time; a process holds one while it uses it."""

block = Table(
    "carriers_block",
    metadata,
    Column("account_id", BigId, ForeignKey("carriers_account.id"), primary_key=True),
    Column("api", String(120), primary_key=True),
    Column("until", UtcTime, nullable=False),
    Column("code", String(32), nullable=False),
)
"""APIs that the carrier has closed to us for a while (45009)."""

call = Table(
    "carriers_call",
    metadata,
    Column("account_id", BigId, ForeignKey("carriers_account.id"), primary_key=True),
    Column("hour_at", UtcTime, primary_key=True),
    Column("api", String(120), primary_key=True),
    Column("code", String(32), primary_key=True),
    Column("kind", String(24)),
    Column("count", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("last_at", UtcTime, nullable=False),
)
"""Calls by account, hour, API and answer; `kind` is one of the five errors, null for success."""

inbox = Table(
    "carriers_inbox",
    metadata,
    Column("position", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    Column("event_key", BigInteger, nullable=False, unique=True),
    Column("kind", String(40), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("received_at", UtcTime, nullable=False),
    Column("body_sealed", LargeBinary, nullable=False),
    # When it was turned into events; null: not yet. (Positions are not in commit order on PostgreSQL, so no cursor.)
    Column("done_at", UtcTime),
    Index(None, "account_id", "kind", "position"),
    Index("ix_carriers_inbox_waiting", "position", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
)
"""What a carrier told us, once each, in the order of arrival; 200 was answered when the row was on disk."""

contact = Table(
    "carriers_contact",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    Column("external_id", String(120), nullable=False),
    Column("identity_key", BigInteger, nullable=False, index=True),
    Column("name", String(200)),
    Column("kind", Integer),
    # When its details were read last; null: not yet.
    Column("read_at", UtcTime),
    Column("first_seen_at", UtcTime, nullable=False),
    UniqueConstraint("account_id", "external_id"),
    Index("ix_carriers_contact_unread", "account_id", "id", sqlite_where=text("read_at IS NULL"), postgresql_where=text("read_at IS NULL")),
)

relation = Table(
    "carriers_relation",
    metadata,
    Column("contact_id", BigId, ForeignKey("carriers_contact.id"), primary_key=True, autoincrement=False),
    # The carrier's id of the member of staff; '' where the account itself holds the relation.
    Column("staff", String(64), primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    # The last spell.
    Column("began_at", UtcTime, nullable=False),
    Column("state", String(64)),
    Column("add_way", Integer),
    Column("ended_at", UtcTime),
    Column("ended_by", String(16)),
    # Every change that was told, in any order: [[epoch ms, began, by, state], …]; null while it is only the beginning above.
    Column("changes", Json),
    # Number of the reconcile that saw it last.
    Column("seen_run", BigInteger, nullable=False, server_default="0"),
    Index(None, "account_id", "staff", "began_at"),
    Index(None, "account_id", "began_at"),
    # Holds all that is asked of open relations by staff: it is counted without touching the table.
    Index("ix_carriers_relation_open", "account_id", "staff", "contact_id", sqlite_where=text("ended_at IS NULL"), postgresql_where=text("ended_at IS NULL")),
)
"""One contact and one member of staff: the spell that runs or ran last, and all that was told of it."""

contact_way = Table(
    "carriers_contact_way",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    # Null until the carrier has made it. Losing it is losing the code, so it is never removed.
    Column("config_id", String(80), unique=True),
    # intended → attempting → open | refused; open → closed. `attempting` is settled by looking for it at the carrier.
    Column("status", String(16), nullable=False, server_default="open"),
    Column("status_code", String(32)),
    Column("attempted_at", UtcTime),
    Column("name", String(80), nullable=False),
    Column("state", String(30), nullable=False),
    Column("staff", Json, nullable=False),
    Column("departments", Json, nullable=False, server_default="[]"),
    Column("skip_verify", Boolean, nullable=False),
    Column("qr_code", String(400)),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("closed_at", UtcTime),
    Index(None, "account_id", "state"),
)

join_way = Table(
    "carriers_join_way",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False, index=True),
    # Names the page that shows it: nobody may find the groups of others by counting.
    Column("token", String(24), nullable=False, unique=True),
    Column("config_id", String(80), unique=True),
    # attempting → open | unknown | refused; open → closed
    Column("status", String(16), nullable=False),
    Column("status_code", String(32)),
    Column("name", String(80), nullable=False),
    # Ids of group chats, in order.
    Column("chats", Json, nullable=False),
    Column("qr_code", String(400)),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("closed_at", UtcTime),
)

welcome = Table(
    "carriers_welcome",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False, index=True),
    Column("name", String(80), nullable=False),
    # Empty lists fit everybody; the one that names more fits first.
    Column("states", Json, nullable=False),
    Column("staff", Json, nullable=False),
    Column("content", Json, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", String(80), nullable=False),
)

welcome_dispatch = Table(
    "carriers_welcome_dispatch",
    metadata,
    # The event that brought the code: one code, one welcome.
    Column("event_key", BigInteger, primary_key=True, autoincrement=False),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    Column("welcome_id", BigId, ForeignKey("carriers_welcome.id"), nullable=False),
    Column("welcome_version", Integer, nullable=False),
    Column("external_id", String(120), nullable=False),
    Column("staff", String(64), nullable=False),
    Column("state", String(64)),
    Column("code_sealed", LargeBinary, nullable=False),
    Column("content", Json, nullable=False),
    # attempting → sent | refused | late
    Column("status", String(16), nullable=False),
    Column("status_code", String(32)),
    Column("received_at", UtcTime, nullable=False),
    Column("ends_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Index(None, "status", "ends_at"),
    Index(None, "account_id", "received_at"),
)

opening = Table(
    "carriers_opening",
    metadata,
    Column("account_id", BigId, ForeignKey("carriers_account.id"), primary_key=True, autoincrement=False),
    Column("identity_key", BigInteger, primary_key=True, autoincrement=False),
    # message | menu | follow | scan | enter: what they did.
    Column("cause", String(16), primary_key=True),
    Column("opened_at", UtcTime, nullable=False),
    Column("closes_at", UtcTime, nullable=False),
    # Messages that may still be sent in it; null: as many as one likes.
    Column("left_count", Integer),
    Index(None, "closes_at"),
)
"""A time in which an Official Account or a Mini Program may answer somebody who turned to it."""

permit = Table(
    "carriers_permit",
    metadata,
    Column("account_id", BigId, ForeignKey("carriers_account.id"), primary_key=True, autoincrement=False),
    Column("identity_key", BigInteger, primary_key=True, autoincrement=False),
    Column("template_id", String(80), primary_key=True),
    Column("left_count", Integer, nullable=False),
)
"""Subscription messages that somebody allows: each accept adds one, each message takes one."""
