"""Tables of offers: what is offered, prizes of a draw, who has claimed, tickets as they were drawn, who was refused and why."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

offer = Table(
    "acquisition_offer",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    # coupon | gift | trial | draw | tutorial | group | logistics | consultation
    Column("form", String(12), nullable=False),
    Column("title", String(80), nullable=False),
    Column("words", SqlText, nullable=False),
    # Who may have it, in words for customers: what a rule says of people is not shown to them.
    Column("for_whom", String(200), nullable=False),
    Column("source_id", BigInteger),
    Column("coupon_id", BigInteger),
    Column("piece_id", BigInteger),
    Column("join_way_id", BigInteger),
    Column("way_account_id", BigInteger),
    Column("way_id", BigInteger),
    # A rule of the language of segments; null for everybody.
    Column("rule", Json),
    # Of a scene: the activity that opens it, for so many days.
    Column("event", String(80), nullable=False),
    Column("event_days", Integer),
    # How many may claim it; of a draw: take part.
    Column("stock", BigInteger),
    Column("per_day", BigInteger),
    Column("budget_fen", BigInteger),
    Column("begins_at", UtcTime),
    Column("ends_at", UtcTime),
    # draft | live | paused | ended
    Column("status", String(8), nullable=False),
    Column("claimed", BigInteger, nullable=False),
    Column("committed_fen", BigInteger, nullable=False),
    Column("redeemed_fen", BigInteger, nullable=False),
    # Of a draw: what decides it (sealed), and its hash, which everybody can see from the beginning.
    Column("seed_sealed", LargeBinary),
    Column("seed_hash", String(64)),
    Column("ended_at", UtcTime),
    Column("edit", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", String(80), nullable=False),
    CheckConstraint("stock IS NULL OR claimed <= stock", name="stock"),
)

prize = Table(
    "acquisition_prize",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("offer_id", BigId, ForeignKey("acquisition_offer.id"), nullable=False),
    Column("place", Integer, nullable=False),
    Column("name", String(80), nullable=False),
    Column("coupon_id", BigInteger, nullable=False),
    Column("stock", BigInteger, nullable=False),
    # Of a million tickets so many draw it while there is any.
    Column("odds_ppm", Integer, nullable=False),
    Column("given", BigInteger, nullable=False),
    UniqueConstraint("offer_id", "place"),
    CheckConstraint("given <= stock", name="given"),
)

claim = Table(
    "acquisition_claim",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("offer_id", BigId, ForeignKey("acquisition_offer.id"), nullable=False),
    Column("customer_id", BigId, nullable=False, index=True),
    # The how manieth of its offer, from 1.
    Column("ticket", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    # The local day, as a number.
    Column("day", Integer, nullable=False),
    # given | used | ended | void | no_prize
    Column("state", String(8), nullable=False),
    Column("prize_id", BigInteger),
    Column("code_id", BigInteger, index=True),
    # What it can cost at most, and what its redemption took off.
    Column("cost_fen", BigInteger, nullable=False),
    Column("spent_fen", BigInteger, nullable=False),
    Column("source_id", BigInteger),
    UniqueConstraint("offer_id", "ticket"),
    Index(None, "offer_id", "customer_id"),
    Index(None, "offer_id", "day"),
)

ticket = Table(
    "acquisition_ticket",
    metadata,
    Column("offer_id", BigId, ForeignKey("acquisition_offer.id"), primary_key=True, autoincrement=False),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("prize_id", BigInteger),
)
"""What each ticket of a draw brought. It names nobody and stays: without it nobody could check the draw when somebody was erased."""

refusal = Table(
    "acquisition_refusal",
    metadata,
    Column("offer_id", BigId, ForeignKey("acquisition_offer.id"), primary_key=True, autoincrement=False),
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("reason", String(16), primary_key=True),
    Column("times", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)
"""Who asked and was refused, once for each reason."""
