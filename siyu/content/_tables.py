"""Tables of content: pieces with their versions, what was said of them, files, tracked links, and who does not want to be tracked."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    UniqueConstraint,
)
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

piece = Table(
    "content_piece",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    # text | image | link | mini_program | file | video | article
    Column("kind", String(16), nullable=False),
    # promotion | value | service | feedback
    Column("purpose", String(16), nullable=False),
    # Of the newest version: draft | in_review | approved; or retired.
    Column("status", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    # The version that is sent; null until one was approved.
    Column("approved_version", Integer),
    # With slashes between: "节日/双11"; '' for none.
    Column("folder", String(120), nullable=False),
    Column("labels", Json, nullable=False),
    Column("owner", String(80), nullable=False),
    Column("valid_from", UtcTime),
    Column("valid_until", UtcTime),
    # Name, labels and words of the newest version in lower case, to be searched.
    Column("words", SqlText, nullable=False),
    Column("trashed_at", UtcTime),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    Column("updated_at", UtcTime, nullable=False),
    Column("updated_by", String(80), nullable=False),
    # Each change adds one: who saves over somebody else's change is told.
    Column("edit", Integer, nullable=False),
    Index(None, "trashed_at", "updated_at"),
)

version = Table(
    "content_version",
    metadata,
    Column("piece_id", BigId, ForeignKey("content_piece.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # See bodies.Body.
    Column("body", Json, nullable=False),
    # carrier → how many limits of it are broken.
    Column("fits", Json, nullable=False),
    # draft | in_review | approved | rejected
    Column("status", String(16), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(80), nullable=False),
    # Kind and number of who wrote it, such as member:7: nobody approves their own.
    Column("author", String(40), nullable=False),
    Column("decided_at", UtcTime),
    Column("decided_by", String(80)),
)
"""What a piece said. One that was sent to review or approved is never written over."""

remark = Table(
    "content_remark",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("piece_id", BigId, ForeignKey("content_piece.id"), nullable=False, index=True),
    Column("version", Integer, nullable=False),
    # comment | asked | approved | rejected | taken_back
    Column("kind", String(16), nullable=False),
    Column("said", String(1000), nullable=False),
    Column("at", UtcTime, nullable=False),
    Column("by", String(80), nullable=False),
)

use = Table(
    "content_use",
    metadata,
    Column("piece_id", BigId, ForeignKey("content_piece.id"), primary_key=True),
    Column("version", Integer, primary_key=True, autoincrement=False),
    # Who used it: send:12, campaign:3 …
    Column("ref", String(120), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("at", UtcTime, nullable=False),
)

media = Table(
    "content_media",
    metadata,
    Column("content_hash", String(32), primary_key=True),
    # image | video | file
    Column("kind", String(8), nullable=False),
    Column("type", String(80), nullable=False),
    Column("name", String(120), nullable=False),
    Column("size_bytes", BigInteger, nullable=False),
    Column("width", Integer),
    Column("height", Integer),
    # Served to customers' pages without a log-in: a version that is approved shows it.
    Column("shown", Boolean, nullable=False),
    Column("created_at", UtcTime, nullable=False, index=True),
    Column("created_by", String(80), nullable=False),
)

link = Table(
    "content_link",
    metadata,
    Column("id", BigId, primary_key=True),
    # The send; 0 for a link that somebody passes on by hand.
    Column("send_id", BigInteger, nullable=False),
    Column("variant", String(16), nullable=False),
    # The member of staff whose link it is; '' where each person has their own.
    Column("sender", String(64), nullable=False),
    Column("piece_id", BigId, ForeignKey("content_piece.id"), nullable=False),
    Column("version", Integer, nullable=False),
    # 0: the article itself; from 1 on: the addresses in the version, in order.
    Column("number", Integer, nullable=False),
    Column("url", String(2048), nullable=False),
    Column("created_at", UtcTime, nullable=False),
    UniqueConstraint("send_id", "piece_id", "version", "variant", "sender", "number"),
    Index(None, "piece_id"),
)
"""Where a tracked link leads: written when a send is prepared, from the version; a token can lead nowhere else."""

quiet = Table(
    "content_quiet",
    metadata,
    Column("customer_id", BigId, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
)
"""Customers of whose reading nothing is recorded: they said so."""

quiet_visitor = Table(
    "content_quiet_visitor",
    metadata,
    Column("visitor", BigInteger, primary_key=True, autoincrement=False),
    Column("at", UtcTime, nullable=False),
)

browser = Table(
    "content_browser",
    metadata,
    Column("visitor", BigInteger, primary_key=True, autoincrement=False),
    Column("customer_id", BigId, nullable=False),
    # The link by which it became known; null where the Official Account said who it is.
    Column("link_id", BigInteger),
    Column("at", UtcTime, nullable=False),
    Index(None, "customer_id", "link_id"),
)
"""Browsers that are known to be a customer's."""

count = Table(
    "content_count",
    metadata,
    Column("link_id", BigId, ForeignKey("content_link.id"), primary_key=True),
    Column("on", Date, primary_key=True),
    # link_opened | content_read | content_shared
    Column("what", String(16), primary_key=True),
    Column("count", BigInteger, nullable=False),
)
"""Openings by people who do not allow that it is recorded who they are: a number a day, and nobody."""
