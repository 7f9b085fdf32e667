"""Tables of live codes: who receives by which code, groups that fill one after another, stores by place, short links and landing pages."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table

from siyu.foundation.database import BigId, Json, UtcTime, metadata

code = Table(
    "acquisition_code",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False, index=True),
    # staff | group
    Column("kind", String(8), nullable=False),
    Column("name", String(80), nullable=False),
    # Names its page and stands in posters: nobody may find the codes of others by counting.
    Column("token", String(16), nullable=False, unique=True),
    # What the carrier hands back with whoever comes by it. A code whose making was refused may have a second way of the same state.
    Column("state", String(30), nullable=False),
    Column("way_id", BigId, ForeignKey("carriers_contact_way.id"), unique=True),
    Column("join_way_id", BigId, ForeignKey("carriers_join_way.id"), unique=True),
    # 0: of no source, offer or store.
    Column("source_id", BigInteger, nullable=False, index=True),
    Column("offer_id", BigInteger, nullable=False),
    Column("store_id", BigInteger, nullable=False),
    # Who receives, and when: see `code_plans.Plan`.
    Column("plan", Json, nullable=False),
    Column("skip_verify", Boolean, nullable=False),
    Column("tags", Json, nullable=False),
    Column("welcome_id", BigId, ForeignKey("carriers_welcome.id")),
    # Of a group code: members at which the next group takes over, and whether the carrier may open another when all are full.
    Column("group_limit", Integer, nullable=False),
    Column("opens_groups", Boolean, nullable=False),
    # open | closed; whether its way is open there is the way's own status.
    Column("status", String(8), nullable=False),
    # The staff (or groups) that the carrier was asked to put on the way; null when nothing is unanswered.
    Column("asked", Json),
    Column("asked_at", UtcTime),
    # Why the carrier would not, and from when on it is asked again.
    Column("route_code", String(32)),
    Column("retry_at", UtcTime),
    Column("routed_at", UtcTime),
    Column("edit", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", String(80), nullable=False),
    Column("closed_at", UtcTime),
    Index(None, "account_id", "state"),
)

group = Table(
    "acquisition_code_group",
    metadata,
    Column("code_id", BigId, ForeignKey("acquisition_code.id"), primary_key=True, autoincrement=False),
    Column("chat_id", String(80), primary_key=True),
    Column("place", Integer, nullable=False),
    Column("name", String(80), nullable=False),
    Column("members", Integer, nullable=False),
    # Opened by the carrier when the others were full.
    Column("by_carrier", Boolean, nullable=False),
    # The last joining by this code that was counted, epoch ms.
    Column("joined_ms", BigInteger, nullable=False),
    Column("joined", Integer, nullable=False),
    Column("read_at", UtcTime),
    # Since when the carrier has it no more.
    Column("gone_at", UtcTime),
)
"""The groups of a group code, in the order in which they fill."""

spot = Table(
    "acquisition_spot",
    metadata,
    Column("store_id", BigInteger, primary_key=True, autoincrement=False),
    Column("latitude", Float),
    Column("longitude", Float),
    Column("code_id", BigId, ForeignKey("acquisition_code.id")),
    Column("hours", String(80), nullable=False),
)
"""Where a store is, and the code that stands for it."""

link = Table(
    "acquisition_link",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("code", String(16), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    # Where it leads: one of these three.
    Column("code_id", BigId, ForeignKey("acquisition_code.id"), index=True),
    Column("page_id", BigId, ForeignKey("acquisition_page.id")),
    Column("url", String(2000), nullable=False),
    Column("source_id", BigInteger, nullable=False, index=True),
    # The city where it hangs or was put up, if it is in one.
    Column("region", String(40), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("closed_at", UtcTime),
)

page = Table(
    "acquisition_page",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("token", String(16), nullable=False, unique=True),
    Column("name", String(80), nullable=False),
    Column("source_id", BigInteger, nullable=False, index=True),
    # See `landing.Look`.
    Column("look", Json, nullable=False),
    # draft | live | closed
    Column("status", String(8), nullable=False),
    Column("edit", Integer, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", String(80), nullable=False),
)

count = Table(
    "acquisition_count",
    metadata,
    # link | code | page
    Column("of", String(4), primary_key=True),
    Column("of_id", BigId, primary_key=True, autoincrement=False),
    # The local day, days since 1970-01-01.
    Column("day", Integer, primary_key=True, autoincrement=False),
    # visit (somebody opened it) | program (nobody reads) | press (the button)
    Column("what", String(8), primary_key=True),
    Column("count", Integer, nullable=False),
)
"""Openings by day, also those of people who are not recorded."""
