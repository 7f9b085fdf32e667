"""Tables of referral: programmes, invitations with their visits, friends, groups, rewards; what the guard says, and what people decided."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)

from siyu.foundation.database import BigId, Json, UtcTime, metadata

programme = Table(
    "referral_programme",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    # invite | task | group
    Column("mode", String(8), nullable=False),
    # draft | live | stopped
    Column("status", String(8), nullable=False),
    # See terms.Terms.
    Column("terms", Json, nullable=False),
    # The source that friends of this programme count for; 0 before it was opened.
    Column("source_id", BigInteger, nullable=False),
    # What may still be owed and what was given, fen; and friends that count for the stock. Kept under the row's lock.
    Column("committed_fen", BigInteger, nullable=False),
    Column("friend_count", BigInteger, nullable=False),
    Column("begins_ms", BigInteger),
    Column("ends_ms", BigInteger),
    Column("edit", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", String(80), nullable=False),
)

invitation = Table(
    "referral_invitation",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("programme_id", BigId, ForeignKey("referral_programme.id"), nullable=False),
    Column("customer_id", BigId, nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    # The inviter's own live code: its account and row there; 0 for none.
    Column("account_id", BigInteger, nullable=False),
    Column("way_id", BigInteger, nullable=False),
    Index(None, "programme_id", "customer_id"),
)
"""Somebody who may invite. Of who was merged both hold: links that are out go on working."""

visit = Table(
    "referral_visit",
    metadata,
    Column("invitation_id", BigId, ForeignKey("referral_invitation.id"), primary_key=True, autoincrement=False),
    Column("visitor", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Index(None, "visitor"),
)
"""A browser that opened an invitation, once."""

arrival = Table(
    "referral_arrival",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("invitation_id", BigId, ForeignKey("referral_invitation.id"), nullable=False),
    Column("identity_key", BigInteger, nullable=False, index=True),
    # way | phone | openid | visitor
    Column("how", String(8), nullable=False),
    Column("visitor", BigInteger, nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("staff", String(80), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    UniqueConstraint("invitation_id", "identity_key"),
)
"""Somebody who came and is not resolved to a customer yet."""

group = Table(
    "referral_group",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("programme_id", BigId, ForeignKey("referral_programme.id"), nullable=False, index=True),
    Column("invitation_id", BigId, ForeignKey("referral_invitation.id"), nullable=False, index=True),
    Column("size", Integer, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("until_ms", BigInteger, nullable=False),
    # open | full | failed | broken
    Column("state", String(8), nullable=False),
    Column("ended_ms", BigInteger),
)

friend = Table(
    "referral_friend",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("programme_id", BigId, ForeignKey("referral_programme.id"), nullable=False),
    Column("invitation_id", BigId, ForeignKey("referral_invitation.id"), nullable=False, index=True),
    Column("inviter_id", BigId, nullable=False, index=True),
    Column("customer_id", BigId, nullable=False, index=True),
    Column("at_ms", BigInteger, nullable=False),
    Column("how", String(8), nullable=False),
    Column("visitor", BigInteger, nullable=False),
    Column("staff", String(80), nullable=False),
    Column("group_id", BigId, ForeignKey("referral_group.id"), index=True),
    # waiting | real | final | lapsed | lost
    Column("state", String(8), nullable=False),
    # Why it lapsed or was lost: time | left | refunded.
    Column("reason", String(12), nullable=False),
    Column("real_ms", BigInteger),
    Column("ended_ms", BigInteger),
    # Why it never counts, known when it came: '' | known | closed | budget | stock | most | nogroup.
    Column("barred", String(8), nullable=False),
    # Who the two are to each other now, found again with every merge: '' | self | duplicate | loop.
    Column("void", String(12), nullable=False),
    # '' | held | approved | refused
    Column("review", String(8), nullable=False),
    # What was promised for it, fen: a part of the budget; null before anything was.
    Column("reserved_fen", BigInteger),
    # To be looked at in the next round, whatever its state.
    Column("news", Boolean, nullable=False),
    Index(None, "programme_id", "state"),
    Index(None, "programme_id", "customer_id"),
    Index(None, "news"),
)

reward = Table(
    "referral_reward",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("programme_id", BigId, ForeignKey("referral_programme.id"), nullable=False),
    # The friend for whom it is; of a step or of who opened a group the first one who made it due.
    Column("friend_id", BigId, ForeignKey("referral_friend.id"), nullable=False),
    Column("customer_id", BigId, nullable=False, index=True),
    # friend | inviter | step | member
    Column("side", String(8), nullable=False),
    # Of a step: its number from 1; of who opened a group: its number; else 0.
    Column("number", BigInteger, nullable=False),
    # points | coupon
    Column("kind", String(8), nullable=False),
    Column("points", BigInteger, nullable=False),
    Column("days", Integer, nullable=False),
    Column("coupon_id", BigInteger, nullable=False),
    Column("cost_fen", BigInteger, nullable=False),
    # due | given | refused | taking | back | kept
    Column("state", String(8), nullable=False),
    Column("round", Integer, nullable=False),
    # Under which loyalty gave it: with the customer it names the act.
    Column("ref", String(120), nullable=False),
    Column("reason", String(20), nullable=False),
    # Points that were taken back last; of a coupon 1.
    Column("taken", BigInteger, nullable=False),
    # Of one that could not be taken back: what it cost all the same.
    Column("kept_fen", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("changed_ms", BigInteger, nullable=False),
    UniqueConstraint("friend_id", "side", "number"),
    Index(None, "programme_id", "state"),
    CheckConstraint("kept_fen >= 0 AND cost_fen >= 0", name="fen"),
)

risk = Table(
    "referral_risk",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("score", Float, nullable=False),
    # [[reason, weight], …], the heaviest first.
    Column("reasons", Json, nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
)

case = Table(
    "referral_case",
    metadata,
    Column("id", BigId, primary_key=True),
    # open | approved | rejected
    Column("status", String(8), nullable=False),
    Column("score", Float, nullable=False),
    Column("reasons", Json, nullable=False),
    Column("size", Integer, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Column("decided_by", String(80)),
    Column("note", String(200), nullable=False),
    Index(None, "status", "score"),
)

case_person = Table(
    "referral_case_person",
    metadata,
    Column("case_id", BigId, ForeignKey("referral_case.id"), primary_key=True, autoincrement=False),
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Index(None, "customer_id"),
)

verdict = Table(
    "referral_verdict",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    # blocked | trusted
    Column("verdict", String(8), nullable=False),
    Column("note", String(200), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
)
"""What was decided of somebody and is remembered."""

guard = Table(
    "referral_guard",
    metadata,
    Column("version", BigId, primary_key=True),
    Column("settings", Json, nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
)
"""The guard's settings; rows are added, the newest holds."""
