"""Facts of loyalty: what became of people's points, and of their coupons."""

from __future__ import annotations

from siyu.events.catalogue.loyalty import COUPONS_CHANGED, POINTS_CHANGED
from siyu.foundation.warehouse.facts import Column, Fact

_IDENTITY = (
    Column("event_key", "int64", "key of the event"),
    Column("identity_key", "int64", "the identifier that it follows"),
    Column("customer_id", "int64", "the customer"),
    Column("at_ms", "int64", "when, epoch ms"),
)
LOYALTY_POINTS = Fact(
    name="loyalty_points",
    grain="what one act did to the points of one customer",
    key=("event_key",),
    columns=(
        *_IDENTITY,
        Column("posting_id", "int64", "the act in the ledger of points"),
        Column("kind", "string", "grant, spend, expire or reverse"),
        Column("points", "int64", "how many came; below zero: left"),
        Column("balance", "int64", "how many the customer had afterwards"),
        Column("reason", "string", "why, in words"),
        Column("ref", "string", "the reference of whoever asked for it"),
    ),
    sources={POINTS_CHANGED.name: lambda batch: batch.rows},
    on_duplicate="keep",
)
LOYALTY_COUPON = Fact(
    name="loyalty_coupon",
    grain="one event in the life of one code of a coupon",
    key=("event_key",),
    columns=(
        *_IDENTITY,
        Column("name", "string", "coupon_issued, coupon_redeemed, coupon_reversed, coupon_expired or coupon_withdrawn"),
        Column("code_id", "int64", "the code's number"),
        Column("coupon_id", "int64", "the coupon"),
        Column("coupon_name", "string", "its name then"),
        Column("coupon_kind", "string", "amount, percent or gift"),
        Column("value_fen", "int64", "what a redemption took off (or what was given back), fen; null for the others"),
        Column("order_no", "string", "the order of a redemption; null where none was told"),
        Column("ref", "string", "the reference of whoever asked for it"),
    ),
    sources={COUPONS_CHANGED.name: lambda batch: batch.rows},
    on_duplicate="keep",
)
FACTS = (LOYALTY_POINTS, LOYALTY_COUPON)
