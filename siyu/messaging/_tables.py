"""Tables of messaging: sends, the messages of each person, and dispatches that carry them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    String,
    Table,
)

from siyu.foundation.database import BigId, Json, UtcTime, metadata

send = Table(
    "messaging_send",
    metadata,
    Column("id", BigId, primary_key=True),
    # Whose it is, such as campaign:12:1 (campaign and wave) or journey:4:node7:2026-11-23; asking twice gives the same send.
    Column("ref", String(120), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    # promotion | value | service | feedback
    Column("purpose", String(16), nullable=False),
    # Transactional, as declared and audited: no cap and no quiet hours, and it uses nothing up.
    Column("exempt", Boolean, nullable=False),
    # What one message is declared to be worth, fen: of two that want the last slot the dearer gets it.
    Column("priority_fen", BigInteger, nullable=False),
    # See sends.SendSpec.
    Column("spec", Json, nullable=False),
    Column("due_at", UtcTime, nullable=False),
    # After this it is stale: nobody is told any more.
    Column("until_at", UtcTime, nullable=False),
    # planning → ready → over; planning | ready → paused → ready; → cancelled
    Column("status", String(16), nullable=False),
    Column("status_code", String(32)),
    Column("policy_version", Integer),
    Column("planned_at", UtcTime),
    Column("counts", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Index(None, "status", "due_at"),
)

message = Table(
    "messaging_message",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("send_id", BigId, ForeignKey("messaging_send.id"), primary_key=True, autoincrement=False),
    # 0: the first way tried; 1: the next.
    Column("route", SmallInteger, primary_key=True, autoincrement=False),
    # In the key so that both messages stay when the two who had them turn out to be one person.
    Column("identity_key", BigInteger, primary_key=True, autoincrement=False),
    Column("dispatch_id", BigInteger),
    Column("account_id", BigInteger, nullable=False),
    # 0 promotion, 1 value, 2 service, 3 feedback.
    Column("purpose", SmallInteger, nullable=False),
    Column("exempt", Boolean, nullable=False),
    Column("priority_fen", BigInteger, nullable=False),
    # When it is due, and from then on when it was sent, epoch ms.
    Column("at_ms", BigInteger, nullable=False),
    # A task that staff have not sent yet: it may happen at any time from at_ms on.
    Column("floating", Boolean, nullable=False),
    # See outbox.STATUSES; 0 to 4 count against the caps.
    Column("status", SmallInteger, nullable=False),
    Column("status_code", String(32)),
    sqlite_with_rowid=False,
)
"""One message to one person by one way: the reservation, and what became of it. Kept by person: the gate reads people."""

dispatch = Table(
    "messaging_dispatch",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("send_id", BigId, ForeignKey("messaging_send.id"), nullable=False),
    Column("account_id", BigInteger, nullable=False),
    Column("carrier", String(32), nullable=False),
    # The member of staff who sends; '' for the account itself.
    Column("staff", String(64), nullable=False),
    Column("variant", String(16), nullable=False),
    Column("due_at", UtcTime, nullable=False),
    # planned → claimed → sent | refused | failed (tried again at next_at) | unknown; planned → cancelled
    Column("status", String(16), nullable=False),
    Column("status_code", String(32)),
    # Each claim adds one; whoever comes with an older number writes nothing.
    Column("fence", Integer, nullable=False),
    Column("holder", String(40)),
    Column("leased_until", UtcTime),
    Column("attempt_count", Integer, nullable=False),
    Column("next_at", UtcTime),
    Column("people_count", Integer, nullable=False),
    # Arrow: customer_id, identity_key, route; in the order of customer_id.
    Column("people", LargeBinary, nullable=False),
    # What the carrier calls it, or the number of our own task there.
    Column("ref", String(120)),
    Column("counts", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    # When its last call began.
    Column("attempted_at", UtcTime),
    # What it is to a carrier that counts: mass | answer | notice:<template>; null: of a carrier that does not.
    Column("form", String(80)),
    # How often whoever had claimed it died; the third time it is left alone, and shown.
    Column("crash_count", Integer, nullable=False, server_default="0"),
    Index(None, "status", "next_at"),
    Index(None, "send_id", "id"),
)
"""A chunk that one call or one conversation carries: one send, one account, one sender, one variant."""

pace = Table(
    "messaging_pace",
    metadata,
    Column("send_id", BigId, ForeignKey("messaging_send.id"), primary_key=True, autoincrement=False),
    # When the next message of the send may go, epoch ms.
    Column("free_ms", BigInteger, nullable=False),
)
"""How far a send with `per_minute` has used up its time: shared by all processes, kept over restarts."""

audience = Table(
    "messaging_audience",
    metadata,
    Column("send_id", BigId, ForeignKey("messaging_send.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    # Arrow: customer_id, ascending.
    Column("people", LargeBinary, nullable=False),
)
"""The part of a frozen audience that is still to be planned: a row goes in the transaction that plans it."""

policy = Table(
    "messaging_policy",
    metadata,
    # The newest is in force; without any it is the product's default, version 0.
    Column("version", Integer, primary_key=True, autoincrement=False),
    # See policy.read.
    Column("policy", Json, nullable=False),
    Column("note", String(200), nullable=False),
    Column("activated_at", UtcTime, nullable=False),
    Column("activated_by", String(80), nullable=False),
)
"""Every restraint policy that was ever in force. None is changed: one that is brought back is a new version."""

suppression = Table(
    "messaging_suppression",
    metadata,
    Column("carrier", String(32), primary_key=True),
    Column("identity_key", BigInteger, primary_key=True, autoincrement=False),
    # counting (soft bounces) | suppressed | lifted
    Column("status", String(16), nullable=False),
    # hard_bounce | complaint | soft_bounces | manual
    Column("reason", String(16), nullable=False),
    Column("code", String(32)),
    Column("soft_count", Integer, nullable=False),
    # When what was told last happened, epoch ms.
    Column("at_ms", BigInteger, nullable=False),
    # The note of whoever added or lifted it, and who that was.
    Column("note", String(200)),
    Column("by", String(80), nullable=False),
    Index(None, "carrier", "status"),
)
"""Addresses to which a carrier is not to be used, and those on the way there."""
