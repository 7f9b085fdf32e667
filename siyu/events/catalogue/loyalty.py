"""Events of loyalty 忠诚度: points that were granted, spent, taken back or have ended; coupons from issue to redemption."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

POINTS_CHANGED = EventType(
    name="points_changed",
    version=1,
    label=Text("积分变动", "Points changed"),
    description=Text("积分发放、消耗、到期或冲回", "points were granted, spent, have ended, or were taken back"),
    properties=(
        Property("event_key", pa.int64(), "key of the event; the same event twice counts once"),
        Property("identity_key", pa.int64(), "whose"),
        Property("posting_id", pa.int64(), "the act in the ledger of points"),
        Property("kind", pa.string(), "grant, spend, expire or reverse"),
        Property("points", pa.int64(), "how many came; below zero: left"),
        Property("balance", pa.int64(), "how many the person has afterwards"),
        Property("reason", pa.string(), "why, in words"),
        Property("ref", pa.string(), "the reference of whoever asked for it"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
    ),
)

COUPONS_CHANGED = EventType(
    name="coupons_changed",
    version=1,
    label=Text("优惠券变动", "Coupons changed"),
    description=Text("优惠券发放、核销、核销撤销、过期或作废", "coupons were issued, redeemed, given back after a redemption, have ended, or were withdrawn unused"),
    properties=(
        Property("event_key", pa.int64(), "key of the event; the same event twice counts once"),
        Property("identity_key", pa.int64(), "whose"),
        Property("name", pa.string(), "coupon_issued, coupon_redeemed, coupon_reversed, coupon_expired or coupon_withdrawn"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
        Property("code_id", pa.int64(), "the person's code: its number, not the code itself"),
        Property("coupon_id", pa.int64(), "the coupon"),
        Property("coupon_name", pa.string(), "its name then"),
        Property("coupon_kind", pa.string(), "amount, percent or gift"),
        Property("value_fen", pa.int64(), "what a redemption took off, fen; null for the others"),
        Property("order_no", pa.string(), "the order of a redemption; null where none was told"),
        Property("ref", pa.string(), "the reference of whoever asked for it"),
    ),
)
