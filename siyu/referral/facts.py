"""Facts of referral: what rewards cost, and what came back of it."""

from __future__ import annotations

from siyu.events.catalogue.referral import REFERRAL_REWARDED
from siyu.foundation.warehouse.facts import Column, Fact

REFERRAL_REWARD = Fact(
    name="referral_reward",
    grain="one change of one reward: given, or taken back",
    key=("event_key",),
    columns=(
        Column("event_key", "int64", "key of the change"),
        Column("identity_key", "int64", "whose reward"),
        Column("customer_id", "int64", "the customer whose reward it is"),
        Column("reward_id", "int64", "the reward"),
        Column("programme_id", "int64", "the programme"),
        Column("source_id", "int64", "the source of the programme; 0 for none"),
        Column("side", "string", "friend, inviter or step"),
        Column("kind", "string", "points or coupon"),
        Column("change", "string", "given or taken_back"),
        Column("expected_fen", "int64", "what it is expected to cost, fen; below zero: what was saved"),
        Column("cost_fen", "int64", "to be booked as commission, fen, below zero for what came back; 0 of coupons, which are booked when they are redeemed"),
        Column("day", "int32", "local day number"),
        Column("at_ms", "int64", "when, epoch ms"),
    ),
    sources={REFERRAL_REWARDED.name: lambda batch: batch.rows},
    on_duplicate="keep",
)
FACTS = (REFERRAL_REWARD,)
