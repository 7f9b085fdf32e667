from sqlalchemy import Column, Float, ForeignKey, Index, LargeBinary, String, Table

from siyu.foundation.database import BigId, Json, UtcTime, metadata

payment_file = Table(
    "orders_payment_file",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("upload_id", String(40), ForeignKey("orders_upload.id"), nullable=False),
    Column("job_id", String(40)),
    Column("source", String(60), nullable=False),
    Column("mapping", Json, nullable=False),
    Column("counts", Json, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("created_by", String(120)),
    Column("ended_at", UtcTime),
    Index(None, "created_at"),
)

payment = Table(
    "orders_payment",
    metadata,
    Column("payment_key", BigId, primary_key=True, autoincrement=False),
    Column("source", String(60), nullable=False),
    Column("payment_no_sealed", LargeBinary),
    Column("paid_at", UtcTime, nullable=False),
    Column("amount_fen", BigId, nullable=False),
    Column("text_sealed", LargeBinary),
    Column("reference", String(120)),
    Column("file_id", String(40), ForeignKey("orders_payment_file.id"), nullable=False),
    Column("state", String(12), nullable=False),
    Index(None, "state", "paid_at"),
)
"""Payments as statements told them; who paid and what for is sealed."""

payment_match = Table(
    "orders_payment_match",
    metadata,
    Column("payment_key", BigId, ForeignKey("orders_payment.payment_key"), primary_key=True, autoincrement=False),
    Column("order_key", BigId, primary_key=True, autoincrement=False),
    Column("source", String(60), nullable=False),
    Column("order_no", String(120)),
    Column("ordered_at", UtcTime, nullable=False),
    Column("amount_fen", BigId, nullable=False),
    Column("probability", Float, nullable=False),
    Column("levels", String(200), nullable=False),
    Column("weights", String(200), nullable=False),
    Column("state", String(12), nullable=False),
    Column("decided_at", UtcTime),
    Column("decided_by", String(80)),
    Index(None, "order_key"),
    Index(None, "state", "probability"),
)
"""Which order a payment probably belongs to; the order is told as it was when the match was found."""
