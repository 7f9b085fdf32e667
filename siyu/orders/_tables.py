from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    text,
)
from sqlalchemy import Text as SqlText

from siyu.foundation.database import BigId, Json, UtcTime, metadata

upload = Table(
    "orders_upload",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(255), nullable=False),
    Column("bytes", BigId, nullable=False),
    Column("uploaded_at", UtcTime, nullable=False),
    Column("uploaded_by", String(120)),
)

imported = Table(
    "orders_import",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("upload_id", String(40), ForeignKey("orders_upload.id"), nullable=False),
    Column("job_id", String(40)),
    Column("source", String(60), nullable=False),
    Column("mapping", Json, nullable=False),
    Column("dry_run", Boolean, nullable=False),
    Column("keep_sample", Boolean, nullable=False),
    Column("next_chunk", Integer, nullable=False),
    Column("counts", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(120)),
    Column("ended_at", UtcTime),
    Index("ix_orders_import_created_at", "created_at"),
)

reject = Table(
    "orders_reject",
    metadata,
    Column("import_id", String(40), ForeignKey("orders_import.id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("line", BigId, nullable=False),
    Column("code", String(40), nullable=False),
    Column("column", String(255), nullable=False),
    Column("value", SqlText),
)

mapping = Table(
    "orders_mapping",
    metadata,
    Column("source", String(60), primary_key=True),
    Column("mapping", Json, nullable=False),
    Column("saved_at", UtcTime, nullable=False),
)

told = Table(
    "orders_told",
    metadata,
    Column("account_id", BigId, ForeignKey("carriers_account.id"), primary_key=True, autoincrement=False),
    Column("order_no", String(80), primary_key=True),
    Column("order_key", BigInteger, nullable=False, index=True),
    Column("source", String(60), nullable=False),
    # Null until the order itself was told or read.
    Column("state", String(16)),
    Column("status", String(80)),
    Column("ordered_at", UtcTime),
    Column("ordered_text", String(80)),
    # What the shop says of how new it is: the number of the message, and when the order changed.
    Column("version", BigInteger, nullable=False),
    Column("changed_at", UtcTime),
    Column("told_at", UtcTime, nullable=False),
    Column("content_key", BigInteger),
    Column("line_keys", Json, nullable=False),
    # It must be asked for since then; null: nothing is wanted.
    Column("wanted_at", UtcTime),
    # Why it could not be read: a code, and {zh, en}.
    Column("fault", Json),
    Index("ix_orders_told_source", "source"),
    Index("ix_orders_told_wanted", "account_id", "wanted_at", sqlite_where=text("wanted_at IS NOT NULL"), postgresql_where=text("wanted_at IS NOT NULL")),
)
"""Orders that connected shops told of, as far as they have come; files leave them alone."""

shop = Table(
    "orders_shop",
    metadata,
    Column("account_id", BigId, ForeignKey("carriers_account.id"), primary_key=True, autoincrement=False),
    # All changes before it are known.
    Column("pulled_to", UtcTime),
    # The stretch that is being read, and how far: null while none is.
    Column("since", UtcTime),
    Column("until", UtcTime),
    Column("cursor", SqlText),
    Column("pulled_at", UtcTime),
    Column("fault", Json),
)
"""How far the orders of a shop were pulled."""

place = Table(
    "orders_place",
    metadata,
    Column("id", BigId, primary_key=True),
    Column("name", String(80), nullable=False),
    # folder | bucket
    Column("kind", String(16), nullable=False),
    Column("source", String(60), nullable=False),
    # Null: the mapping that is saved for the source, else the one that is recognised.
    Column("mapping", Json),
    Column("settings", Json, nullable=False),
    Column("credentials_sealed", LargeBinary),
    Column("every_minutes", Integer, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("looked_at", UtcTime),
    Column("fault", Json),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(120), nullable=False),
    Column("removed_at", UtcTime),
)
"""A folder or bucket whose files of orders are imported as they come."""

found = Table(
    "orders_found",
    metadata,
    Column("place_id", BigId, ForeignKey("orders_place.id"), primary_key=True, autoincrement=False),
    Column("path", String(500), primary_key=True),
    Column("bytes", BigId, nullable=False),
    # As the folder or bucket tells it: both the same at two looks, and the file is whole.
    Column("modified_ms", BigId, nullable=False),
    Column("content_hash", String(64)),
    # waiting → importing → done | failed
    Column("status", String(16), nullable=False),
    Column("import_id", String(40)),
    Column("fault", Json),
    Column("seen_at", UtcTime, nullable=False),
    Index("ix_orders_found_content", "place_id", "content_hash"),
)
"""Files that were seen there, and what became of them."""
