"""Tables of acquisition: sources, marks, arrivals, the ledger of spend, budgets, rates and imports."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
    text,
)
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

source = Table(
    "acquisition_source",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("parent_id", BigId, ForeignKey("acquisition_source.id")),
    # platform | campaign | creative | place
    Column("level", String(8), nullable=False),
    # The same throughout a tree.
    Column("platform", String(16), nullable=False),
    Column("name", String(80), nullable=False),
    # '/1/5/9/': its own number last.
    Column("path", String(100), nullable=False, index=True),
    Column("owner", String(80), nullable=False),
    Column("begins_on", Date),
    Column("ends_on", Date),
    Column("hypothesis", SqlText, nullable=False),
    Column("target_cac_fen", BigInteger),
    Column("archived_at", UtcTime),
    # The account whose people without a known mark it stands for; null for all others.
    Column("untraced_account_id", BigInteger, unique=True),
    Column("edit", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", String(80), nullable=False),
    UniqueConstraint("parent_id", "name"),
    Index("uq_acquisition_source_name", "name", unique=True, sqlite_where=text("parent_id IS NULL"), postgresql_where=text("parent_id IS NULL")),
)

mark = Table(
    "acquisition_mark",
    metadata,
    Column("id", BigId, primary_key=True),
    # way | join | scene | link | page | offer | referral | order_source | profile
    Column("kind", String(12), nullable=False),
    # 0: of no account.
    Column("account_id", BigInteger, nullable=False),
    Column("mark", String(120), nullable=False),
    # From when it stands for this; what stood before counts up to then.
    Column("from_ms", BigInteger, nullable=False),
    Column("source_id", BigId, ForeignKey("acquisition_source.id"), nullable=False, index=True),
    Column("code_id", BigInteger, nullable=False),
    Column("offer_id", BigInteger, nullable=False),
    Column("staff", String(64), nullable=False),
    Column("store_id", BigInteger, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
    UniqueConstraint("kind", "account_id", "mark", "from_ms"),
    Index(None, "mark", "account_id"),
)

arrival = Table(
    "acquisition_arrival",
    metadata,
    Column("identity_key", BigInteger, primary_key=True, autoincrement=False),
    # 0: not by a relation, but by what a profile or an activity says of the source.
    Column("account_id", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("mark", String(120), nullable=False),
    Column("staff", String(64), nullable=False),
    # 0: not known (yet).
    Column("source_id", BigInteger, nullable=False),
    Column("code_id", BigInteger, nullable=False),
    Column("offer_id", BigInteger, nullable=False),
    Index(None, "account_id", "mark"),
    Index(None, "source_id", "at_ms"),
)
"""The first beginning of any relation of a contact with an account: the touch `add`. To be added again is no second acquisition."""

entry = Table(
    "acquisition_entry",
    metadata,
    Column("id", BigId, primary_key=True),
    # Given by whoever asks: what was posted under it is not posted again.
    Column("ref", String(160), nullable=False, unique=True),
    Column("day", Date, nullable=False, index=True),
    # media | kol | gift | coupon | message_fee | commission | staff_time | other
    Column("kind", String(12), nullable=False),
    Column("evidence", String(400), nullable=False),
    # hand | api | file | accrual
    Column("origin", String(8), nullable=False),
    # Where it was paid in another currency: what, how much of it, and for how much of the brand's one of it was counted.
    Column("currency", String(3), nullable=False),
    Column("original_fen", BigInteger),
    Column("rate", String(24)),
    Column("by", String(80), nullable=False),
    Column("at", UtcTime, nullable=False),
    # Of a reversal and of what takes its place: the entry that was wrong.
    Column("corrects_id", BigId, ForeignKey("acquisition_entry.id"), index=True),
    Column("is_reversal", Boolean, nullable=False),
    Column("reason", String(200), nullable=False),
)
"""Rows are added, never changed."""

posting = Table(
    "acquisition_posting",
    metadata,
    Column("entry_id", BigId, ForeignKey("acquisition_entry.id"), primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    # spend | payable | accrued
    Column("account", String(8), nullable=False),
    # Of the account `spend`: for which source (0: for none yet) and offer; 0 of the others.
    Column("source_id", BigInteger, nullable=False),
    Column("offer_id", BigInteger, nullable=False),
    Column("region", String(40), nullable=False),
    Column("day", Date, nullable=False),
    # Fen of the brand's currency. The lines of an entry come to 0.
    Column("amount_fen", BigInteger, nullable=False),
    CheckConstraint("amount_fen <> 0", name="amount"),
    Index(None, "account", "source_id", "day", "amount_fen"),
)

budget = Table(
    "acquisition_budget",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("source_id", BigId, ForeignKey("acquisition_source.id"), nullable=False),
    # Year × 12 + month − 1.
    Column("month", Integer, nullable=False),
    Column("amount_fen", BigInteger, nullable=False),
    # hand | sheet | advice
    Column("origin", String(8), nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", UtcTime, nullable=False),
    CheckConstraint("amount_fen >= 0", name="amount"),
    Index(None, "source_id", "month", "id"),
    Index(None, "month"),
)
"""Rows are added, never changed: the last of a source and month holds."""

rate = Table(
    "acquisition_rate",
    metadata,
    Column("id", BigId, primary_key=True),
    # staff_hour_fen | seconds_per_add
    Column("name", String(24), nullable=False),
    Column("from_on", Date, nullable=False),
    Column("value", BigInteger, nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", UtcTime, nullable=False),
    CheckConstraint("value >= 0", name="value"),
    Index(None, "name", "from_on", "id"),
)
"""What an hour of staff costs and how long they need; the last said for a day holds."""

spend_import = Table(
    "acquisition_import",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("upload_id", String(40), nullable=False),
    Column("name", String(255), nullable=False),
    Column("mapping", Json, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("job_id", String(40)),
    Column("counts", Json),
    Column("by", String(80), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
)

reject = Table(
    "acquisition_reject",
    metadata,
    Column("import_id", BigId, ForeignKey("acquisition_import.id"), primary_key=True, autoincrement=False),
    Column("line", Integer, primary_key=True, autoincrement=False),
    Column("reason", String(24), nullable=False),
    Column("seen", Json, nullable=False),
)
"""Rows of a file that could not be posted, as they were read."""
