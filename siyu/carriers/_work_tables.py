"""Tables of what is done with an account over time: reconciles, tags, sends, transfers, media."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, UniqueConstraint, text

from siyu.foundation.database import BigId, Json, UtcTime, metadata

reconcile = Table(
    "carriers_reconcile",
    metadata,
    # Also the number by which relations remember the run that saw them last.
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    Column("job_id", String(32), nullable=False, unique=True),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("staff_count", Integer, nullable=False),
    Column("contact_count", Integer, nullable=False, server_default="0"),
    Index(None, "account_id", "id"),
)

reconcile_part = Table(
    "carriers_reconcile_part",
    metadata,
    Column("reconcile_id", BigId, ForeignKey("carriers_reconcile.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("staff", Json, nullable=False),
    # listing → done | incomplete (the listing failed: nobody was ended) | split (its staff are listed one by one instead)
    Column("status", String(16), nullable=False),
    Column("code", String(32)),
    Column("cursor", String(400), nullable=False),
    Column("seen_count", Integer, nullable=False),
    Column("new_count", Integer, nullable=False),
    Column("gone_count", Integer, nullable=False),
    Column("changed_count", Integer, nullable=False),
)
"""Some members of staff who are listed together, and the page reached: it moves with what the pages brought."""

tag_group = Table(
    "carriers_tag_group",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    # Null until the carrier has made it.
    Column("ref", String(80)),
    Column("name", String(60), nullable=False),
    Column("position", BigId, nullable=False),
    UniqueConstraint("account_id", "name"),
)

tag = Table(
    "carriers_tag",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    Column("group_id", BigId, ForeignKey("carriers_tag_group.id"), nullable=False),
    Column("ref", String(80)),
    Column("name", String(60), nullable=False),
    Column("position", BigId, nullable=False),
    # The tag of customers that it stands for; null: none.
    Column("siyu_tag", String(64)),
    # What the carrier has, as it was read last; ours differ while a change is under way or in conflict.
    Column("there_name", String(60)),
    Column("there_seen_at", UtcTime),
    # The last change that was made here; null: none since the carrier's was taken over.
    Column("changed_here_at", UtcTime),
    # Since when the carrier no longer has it; it stays until somebody confirms.
    Column("missing_since", UtcTime),
    Index("uq_carriers_tag_account_ref", "account_id", "ref", unique=True, sqlite_where=text("ref IS NOT NULL"), postgresql_where=text("ref IS NOT NULL")),
    Index(None, "group_id"),
)

mark = Table(
    "carriers_mark",
    metadata,
    Column("contact_id", BigId, ForeignKey("carriers_contact.id"), primary_key=True, autoincrement=False),
    Column("staff", String(64), primary_key=True),
    Column("tag_ref", String(80), primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    # there (the carrier has it) · adding · removing (asked for, not yet done) · refused
    Column("status", String(16), nullable=False),
    Column("status_code", String(32)),
    Column("at", UtcTime, nullable=False),
    Index(None, "account_id", "tag_ref"),
    Index("ix_carriers_mark_waiting", "account_id", "status", sqlite_where=text("status IN ('adding', 'removing')"), postgresql_where=text("status IN ('adding', 'removing')")),
)
"""A tag of the carrier on a relation: our copy, and what is to become of it."""

send = Table(
    "carriers_send",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    # customers | groups | moment
    Column("kind", String(16), nullable=False),
    Column("name", String(80), nullable=False),
    Column("content", Json, nullable=False),
    Column("audience", Json, nullable=False),
    # intended → attempting → accepted | refused | unknown; accepted → cancelled | over
    Column("status", String(16), nullable=False),
    Column("status_code", String(32)),
    # msgid of a send, jobid of a moment until it has its moment id.
    Column("ref", String(120)),
    Column("job_ref", String(120)),
    Column("failed_count", Integer, nullable=False, server_default="0"),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("attempted_at", UtcTime),
    Column("accepted_at", UtcTime),
    Column("polled_at", UtcTime),
    # Null: nothing more will come.
    Column("next_poll_at", UtcTime),
    Column("reminded_at", Json, nullable=False),
    Column("cancelled_at", UtcTime),
    # Whose attempt it is, where another room looks after it (dispatch:12:3); its audience then names no customers.
    Column("asked_for", String(60)),
    UniqueConstraint("account_id", "ref"),
    Index(None, "account_id", "id"),
    Index(None, "next_poll_at"),
    Index(None, "asked_for", unique=True),
)

send_task = Table(
    "carriers_send_task",
    metadata,
    Column("send_id", BigId, ForeignKey("carriers_send.id"), primary_key=True, autoincrement=False),
    Column("staff", String(64), primary_key=True),
    Column("sent", Boolean, nullable=False),
    Column("sent_at", UtcTime),
    # Whether its results were read after it was sent.
    Column("read", Boolean, nullable=False),
)

send_result = Table(
    "carriers_send_result",
    metadata,
    Column("send_id", BigId, ForeignKey("carriers_send.id"), primary_key=True, autoincrement=False),
    Column("staff", String(64), primary_key=True),
    # A contact's or a group's id.
    Column("receiver", String(120), primary_key=True),
    # waiting | received | not_a_friend | over_quota
    Column("status", String(16), nullable=False),
    Column("sent_at", UtcTime),
    Index(None, "send_id", "status"),
)

transfer = Table(
    "carriers_transfer",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("account_id", BigId, ForeignKey("carriers_account.id"), nullable=False),
    Column("from_staff", String(64), nullable=False),
    Column("to_staff", String(64), nullable=False),
    Column("resigned", Boolean, nullable=False),
    Column("message", String(200), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("next_poll_at", UtcTime),
    Index(None, "account_id", "id"),
    Index(None, "next_poll_at"),
)

transfer_item = Table(
    "carriers_transfer_item",
    metadata,
    Column("transfer_id", BigId, ForeignKey("carriers_transfer.id"), primary_key=True, autoincrement=False),
    Column("external_id", String(120), primary_key=True),
    # intended → attempting → started | refused | unknown; started → done | refused | takeover_full
    Column("status", String(16), nullable=False),
    Column("status_code", String(32)),
    Column("takeover_at", UtcTime),
    Index(None, "transfer_id", "status"),
)

media = Table(
    "carriers_media",
    metadata,
    Column("account_id", BigId, ForeignKey("carriers_account.id"), primary_key=True, autoincrement=False),
    Column("content_hash", String(40), primary_key=True),
    # image | voice | video | file, or moment_image | moment_video for moments.
    Column("kind", String(24), primary_key=True),
    Column("name", String(120), nullable=False),
    Column("media_id", String(400)),
    Column("expires_at", UtcTime),
    Column("used_at", UtcTime, nullable=False),
)
