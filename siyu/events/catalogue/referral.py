"""Events of referral 裂变: rewards that were given, and those that were taken back."""

import pyarrow as pa

from siyu.events.envelope import EventType, Property
from siyu.foundation.text import Text

REFERRAL_REWARDED = EventType(
    name="referral_rewarded",
    version=1,
    label=Text("裂变奖励", "Referral rewarded"),
    description=Text("给邀请人或好友的奖励发出，或收回", "a reward of an inviter or a friend was given, or taken back"),
    properties=(
        Property("event_key", pa.int64(), "key of this change of one reward; the same event twice counts once"),
        Property("identity_key", pa.int64(), "whose reward"),
        Property("reward_id", pa.int64(), "the reward"),
        Property("programme_id", pa.int64(), "the programme"),
        Property("source_id", pa.int64(), "the source of its friends; 0 for none"),
        Property("side", pa.string(), "inviter, friend, step (of a task) or member (of a group)"),
        Property("kind", pa.string(), "points or coupon"),
        Property("change", pa.string(), "given or taken_back"),
        Property("expected_fen", pa.int64(), "what it is expected to cost, fen; below zero: what was saved by taking it back"),
        Property("cost_fen", pa.int64(), "to be booked as commission, fen, below zero for what came back; 0 of coupons, which are booked when they are redeemed"),
        Property("day", pa.int32(), "local date, days since 1970-01-01"),
        Property("at_ms", pa.int64(), "when, epoch ms"),
    ),
)
