"""Tables of journeys: definitions and their versions, places, the people on the way, and what their runs have heard."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    SmallInteger,
    String,
    Table,
    text,
)
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

journey = Table(
    "journeys_journey",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    Column("description", SqlText),
    # draft | live | paused | draining | stopped
    Column("status", String(16), nullable=False),
    # The version that newcomers take; null before the first is published.
    Column("version", Integer),
    Column("draft", Json, nullable=False),
    # Grows with each save: whoever saves an older one is told.
    Column("draft_version", Integer, nullable=False),
    # Of hold-outs and splits; a copy has another.
    Column("salt", String(32), nullable=False),
    Column("started_at", UtcTime),
    # When it is looked at by itself next: entries by schedule or date.
    Column("looks_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Index(None, "status"),
)

version = Table(
    "journeys_version",
    metadata,
    Column("journey_id", BigId, ForeignKey("journeys_journey.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("definition", Json, nullable=False),
    Column("published_at", UtcTime, nullable=False),
    Column("published_by", String(80), nullable=False),
    Column("note", String(200), nullable=False),
    # What became of those who were on the way: {"rule": "finish"} or {"rule": "move", "mapping": {…}, "moved": n}.
    Column("in_flight", Json, nullable=False),
)

place = Table(
    "journeys_place",
    metadata,
    # One number names journey, version and node.
    Column("id", BigId, primary_key=True),
    Column("journey_id", BigId, nullable=False),
    Column("version", Integer, nullable=False),
    Column("node", String(40), nullable=False),
    # Set before people are moved and cleared with their moves: what is found set was cut off in the middle.
    Column("begun_at", UtcTime),
    Column("crash_count", Integer, nullable=False),
    Index(None, "journey_id", "version", "node", unique=True),
)

passed = Table(
    "journeys_passed",
    metadata,
    Column("place_id", BigId, ForeignKey("journeys_place.id"), primary_key=True, autoincrement=False),
    # An edge of the step; or failed, exited, goal, removed, stopped.
    Column("edge", String(40), primary_key=True),
    Column("people_count", BigInteger, nullable=False),
)

enrolment = Table(
    "journeys_enrolment",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("journey_id", BigId, nullable=False),
    Column("version", Integer, nullable=False),
    Column("customer_id", BigInteger, nullable=False),
    # Whom chance was drawn for: stays when customers are merged.
    Column("first_id", BigInteger, nullable=False),
    # The event by which they came; none comes in twice by one.
    Column("event_key", BigInteger),
    # Value of the property that tells runs of one person apart; empty without one.
    Column("key", String(200), nullable=False),
    # Which entry of this person (and key) it is, from 1.
    Column("number", Integer, nullable=False),
    Column("entered_ms", BigInteger, nullable=False),
    Column("goal_ms", BigInteger),
    Index(None, "journey_id", "first_id", "key", "number", unique=True),
    Index(None, "customer_id", "journey_id"),
    Index(None, "journey_id", "event_key", sqlite_where=text("event_key IS NOT NULL"), postgresql_where=text("event_key IS NOT NULL")),
)

standing = Table(
    "journeys_standing",
    metadata,
    # What changes with each move, apart from what stays: PostgreSQL writes a row anew, and into each index, whatever of it changes.
    Column("enrolment_id", BigId, ForeignKey("journeys_enrolment.id"), primary_key=True, autoincrement=False),
    Column("place_id", BigInteger, nullable=False),
    # Whom the next tick takes; null: only an event wakes.
    Column("due_ms", BigInteger),
    Column("arrived_ms", BigInteger, nullable=False),
    Column("ended_ms", BigInteger),
    # See states.STATES.
    Column("state", SmallInteger, nullable=False),
    # -1: has come to the place and was not looked at there; 0: waits; 1: what they wait for has happened.
    Column("heard", SmallInteger, nullable=False),
    # Why it failed or ended.
    Column("code", String(40)),
    # One index serves whoever is due and whoever is counted.
    Index(None, "place_id", "state", "due_ms"),
)

run = enrolment.join(standing, standing.c.enrolment_id == enrolment.c.id)
"""A run and where it stands: one row each."""

heard = Table(
    "journeys_heard",
    metadata,
    # What happened to a person during a run, of the kinds that its journey asks about; gone with the run's end.
    Column("enrolment_id", BigInteger, ForeignKey("journeys_enrolment.id"), primary_key=True, autoincrement=False),
    Column("event_key", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(80), nullable=False),
    Column("at_ms", BigInteger, nullable=False),
    # As the event said, JSON text.
    Column("properties", SqlText, nullable=False),
    # The event by which the person came in.
    Column("is_entry", Boolean, nullable=False),
)

happening = Table(
    "journeys_happening",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("journey_id", BigId, ForeignKey("journeys_journey.id"), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
    Column("what", String(32), nullable=False),
    Column("detail", Json, nullable=False),
    Index(None, "journey_id", "id"),
)
