"""Tables of loyalty: points as batches and entries, coupons, their codes and redemptions."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
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

from siyu.foundation.database import BigId, UtcTime, metadata

posting = Table(
    "loyalty_posting",
    metadata,
    Column("id", BigId, primary_key=True),
    # Given by whoever asks: what was done under it is not done again.
    Column("ref", String(120), nullable=False, unique=True),
    # grant | spend | expire | reverse
    Column("kind", String(8), nullable=False),
    # Of a reversal: what it takes back.
    Column("reverses", BigInteger, index=True),
    Column("reason", String(200), nullable=False),
    Column("by", String(80), nullable=False),
    Column("at", UtcTime, nullable=False, index=True),
    # Totals as they were told, also of people who were erased since.
    Column("people", Integer, nullable=False),
    Column("points", BigInteger, nullable=False),
)

lot = Table(
    "loyalty_lot",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("customer_id", BigId, nullable=False),
    Column("posting_id", BigId, ForeignKey("loyalty_posting.id"), nullable=False, index=True),
    Column("granted", BigInteger, nullable=False),
    # What its entries come to, kept: granted, less what left it, plus what came back.
    Column("remaining", BigInteger, nullable=False),
    # The first instant after its last day, epoch ms; null for points that do not end.
    Column("until_ms", BigInteger),
    Column("at_ms", BigInteger, nullable=False),
    CheckConstraint("remaining >= 0", name="remaining"),
    CheckConstraint("granted > 0 AND remaining <= granted", name="granted"),
    Index(None, "customer_id", "until_ms"),
    Index("ix_loyalty_lot_ending", "until_ms", sqlite_where=text("remaining > 0"), postgresql_where=text("remaining > 0")),
)
"""A batch of one person. It names the person alone, entries follow it: who is merged or parted takes batch and entries along."""

entry = Table(
    "loyalty_entry",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("lot_id", BigId, ForeignKey("loyalty_lot.id"), nullable=False, index=True),
    Column("posting_id", BigId, ForeignKey("loyalty_posting.id"), nullable=False, index=True),
    # customer | pool | expired
    Column("from_account", String(8), nullable=False),
    Column("to_account", String(8), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    CheckConstraint("points > 0 AND from_account <> to_account", name="points"),
)
"""A movement with both its sides in one row, so that no half of it can be missing. Rows are added, never changed."""

reversal = Table(
    "loyalty_reversal",
    metadata,
    Column("entry_id", BigId, ForeignKey("loyalty_entry.id"), primary_key=True, autoincrement=False),
    Column("posting_id", BigId, ForeignKey("loyalty_posting.id"), primary_key=True, autoincrement=False),
    Column("points", BigInteger, nullable=False),
)
"""How much of an entry was taken back, by which posting."""

coupon = Table(
    "loyalty_coupon",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    # amount | percent | gift
    Column("kind", String(8), nullable=False),
    Column("face_fen", BigInteger, nullable=False),
    # Of kind percent: what is still to be paid (85: 8.5折).
    Column("pay_percent", Integer, nullable=False),
    # Of kind percent: the most that is taken off; 0 for no bound.
    Column("most_off_fen", BigInteger, nullable=False),
    Column("threshold_fen", BigInteger, nullable=False),
    Column("gift", String(120), nullable=False),
    Column("goods", String(200), nullable=False),
    Column("terms", SqlText, nullable=False),
    # The first and the last day, or so many days after each issue.
    Column("from_on", Date),
    Column("until_on", Date),
    Column("days", Integer),
    Column("stock", Integer),
    Column("per_person", Integer),
    # What one redemption costs the brand, as far as known before.
    Column("cost_fen", BigInteger, nullable=False),
    # draft | live | stopped
    Column("status", String(8), nullable=False),
    Column("issued", BigInteger, nullable=False),
    Column("redeemed", BigInteger, nullable=False),
    Column("expired", BigInteger, nullable=False),
    Column("value_fen", BigInteger, nullable=False),
    Column("edit", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", String(80), nullable=False),
    CheckConstraint("stock IS NULL OR issued <= stock", name="stock"),
)

code = Table(
    "loyalty_code",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("code", String(16), nullable=False, unique=True),
    Column("coupon_id", BigId, ForeignKey("loyalty_coupon.id"), nullable=False),
    Column("customer_id", BigId, nullable=False, index=True),
    Column("ref", String(120), nullable=False),
    Column("issued_ms", BigInteger, nullable=False),
    Column("from_ms", BigInteger, nullable=False),
    # The first instant at which it is over.
    Column("until_ms", BigInteger, nullable=False),
    # issued | redeemed | expired | void
    Column("state", String(8), nullable=False),
    Index(None, "coupon_id", "customer_id"),
    Index(None, "coupon_id", "ref"),
    Index(None, "state", "until_ms"),
)

redemption = Table(
    "loyalty_redemption",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("code_id", BigId, ForeignKey("loyalty_code.id"), nullable=False),
    Column("ref", String(120), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("place", String(80), nullable=False),
    Column("order_no", String(80), nullable=False),
    Column("order_fen", BigInteger),
    # What it took off, or what the gift costs.
    Column("value_fen", BigInteger, nullable=False),
    Column("reversed_at", UtcTime),
    Column("reversed_by", String(80)),
    Column("reversed_reason", String(200)),
    UniqueConstraint("code_id", "ref"),
    Index(None, "at"),
)
