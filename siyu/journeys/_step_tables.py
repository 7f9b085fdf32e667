"""Tables of single steps: which sends a node has asked for, calls to other systems, and winners of A/B tests."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, String, Table, text

from siyu.foundation.database import BigId, Json, UtcTime, metadata

sent = Table(
    "journeys_sent",
    metadata,
    Column("place_id", BigId, ForeignKey("journeys_place.id"), primary_key=True, autoincrement=False),
    # When those who are in the send came to the place, epoch ms: so whoever waits there finds it again.
    Column("arrived_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("send_id", BigInteger, primary_key=True, autoincrement=False),
    sqlite_with_rowid=False,
)

call = Table(
    "journeys_call",
    metadata,
    Column("enrolment_id", BigInteger, ForeignKey("journeys_enrolment.id"), primary_key=True, autoincrement=False),
    Column("place_id", BigId, ForeignKey("journeys_place.id"), primary_key=True, autoincrement=False),
    # When the person came to the place, epoch ms: a loop calls again.
    Column("arrived_ms", BigInteger, primary_key=True, autoincrement=False),
    Column("delivery_id", String(40), nullable=False),
    # waiting | answered | failed
    Column("outcome", String(16), nullable=False),
    Column("code", String(40)),
    Index("ix_journeys_call_waiting", "delivery_id", sqlite_where=text("outcome = 'waiting'"), postgresql_where=text("outcome = 'waiting'")),
)
"""One call of another system for one run; what was answered is among what the run has heard."""

winner = Table(
    "journeys_winner",
    metadata,
    Column("place_id", BigId, ForeignKey("journeys_place.id"), primary_key=True, autoincrement=False),
    # The edge that all newcomers take; null while none is clear.
    Column("edge", String(40)),
    # When it was last looked at, and what was seen: by edge people, goals; p-value.
    Column("looked_at", UtcTime, nullable=False),
    Column("decided_at", UtcTime),
    Column("look_count", Integer, nullable=False),
    Column("figures", Json, nullable=False),
)
