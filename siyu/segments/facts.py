"""Facts of segments: members, joins and leaves, and each customer's standing (RFM, stage, value) as last computed."""

from __future__ import annotations

from siyu.events.catalogue.segments import SEGMENT_MEMBERS_CHANGED
from siyu.foundation.warehouse.facts import Column, Fact

SEGMENTS_MEMBER = Fact(
    name="segments_member",
    grain="one customer who is, or once was, in one segment",
    key=("segment_id", "customer_id"),
    columns=(
        Column("segment_id", "int64", "the segment"),
        Column("customer_id", "int64", "the customer"),
        Column("entered", "boolean", "true while a member"),
        Column("at_ms", "int64", "when it last entered or left, epoch ms"),
    ),
    sources={SEGMENT_MEMBERS_CHANGED.name: lambda batch: batch.rows},
)
SEGMENTS_CHANGE = Fact(
    name="segments_change",
    grain="one join or leave of one customer in one segment",
    key=("segment_id", "customer_id", "at_ms"),
    columns=(
        Column("segment_id", "int64", "the segment"),
        Column("customer_id", "int64", "the customer"),
        Column("entered", "boolean", "true: joined; false: left"),
        Column("at_ms", "int64", "when, epoch ms"),
    ),
    sources={SEGMENT_MEMBERS_CHANGED.name: lambda batch: batch.rows},
)
SEGMENTS_STANDING = Fact(
    name="segments_standing",
    grain="one customer with an order",
    key=("customer_id",),
    columns=(
        Column("customer_id", "int64", "the customer"),
        Column("order_count", "int64", "valid orders"),
        Column("spend_fen", "int64", "their sum, fen"),
        Column("first_on", "int32", "local day of the first order"),
        Column("last_on", "int32", "local day of the last order"),
        *(Column(name, "int32", f"{name.upper()} score, 1 to 5") for name in ("r", "f", "m")),
        Column("stage", "string", "lifecycle stage"),
        Column("gap_days", "float64", "days since the last order"),
        Column("expected_gap_days", "float64", "the clock the gap is measured with: the customer's own median gap, or the base's"),
        Column("predicted_orders", "float64", "orders expected within the horizon; null below eligibility"),
        Column("predicted_value_fen", "int64", "their value, fen; null below eligibility"),
        Column("low_fen", "int64", "5 % bound of it, fen"),
        Column("high_fen", "int64", "95 % bound of it, fen"),
        Column("top_category", "string", "the category the customer is most drawn to"),
        Column("top_category_rate", "float64", "its share in the customer's spend, drawn towards the base's, 0–1"),
        Column("p_alive_rate", "float64", "probability of not having dropped out; null for buyers of one day"),
    ),
)
_VALUE = (
    Column("text", "string", "the value, if it is text"),
    Column("number", "float64", "the value, if it is a number, money (fen) or true/false (1, 0)"),
    Column("time_ms", "int64", "the value, if it is a time, epoch ms"),
)
SEGMENTS_TRAIT_VALUE = Fact(
    name="segments_trait_value",
    grain="one trait of one customer who has a value of it, as last computed",
    key=("trait_id", "customer_id"),
    columns=(Column("trait_id", "int64", "the trait"), Column("customer_id", "int64", "the customer"), *_VALUE),
)
SEGMENTS_TRAIT_DEFAULT = Fact(
    name="segments_trait_default",
    grain="one trait that has a default: the value of every customer without a row of their own",
    key=("trait_id",),
    columns=(Column("trait_id", "int64", "the trait"), *_VALUE),
)
SEGMENTS_QUALITY = Fact(
    name="segments_quality",
    grain="one customer, as last judged",
    key=("customer_id",),
    columns=(
        Column("customer_id", "int64", "the customer"),
        Column("as_of_on", "int32", "local day up to which behaviour was looked at"),
        Column("zombie", "float64", "score of a zombie 僵尸粉, 0–1; null: not known yet"),
        Column("deal_hunter", "float64", "score of a deal-hunter 羊毛党, 0–1; null: not known yet"),
        Column("zombie_reasons", "int64", "bits of `siyu.segments.quality.REASONS`"),
        Column("hunter_reasons", "int64", "bits of the same"),
        Column("is_zombie", "boolean", "the score reaches the threshold, and nobody said otherwise"),
        Column("is_hunter", "boolean", "the same, with at least one reason"),
        Column("not_zombie", "boolean", "somebody said that this person is none"),
        Column("not_hunter", "boolean", "the same of a deal-hunter"),
        Column("known_days", "float64", "since when the customer is known, until then or until they left, days"),
        Column("received", "int64", "messages that came in"),
        Column("read", "int64", "readings and openings that were told"),
        Column("replied", "int64", "answers, surveys, reviews"),
        Column("visited", "int64", "other activities of their own"),
        Column("claimed", "int64", "gifts, coupons and draws taken"),
        Column("welcomed", "int64", "of them, what the source that they came by had promised"),
        Column("averse", "int64", "blocked, opted out, complained"),
        Column("expected_acts", "float64", "how many acts would be usual here after so many messages and days"),
        Column("coupons", "int64", "coupons used"),
        Column("orders", "int64", "valid orders"),
        Column("deep_orders", "int64", "of them a quarter or more below the list price or the usual price"),
        Column("full_orders", "int64", "of them at most a tenth below"),
        Column("discount_rate", "float64", "mean discount, 0–1; null without an order"),
        Column("refunds", "int64", "orders with money given back"),
        Column("spend_fen", "int64", "sum of the valid orders, fen"),
        Column("left_ms", "int64", "when they ended the last relation, epoch ms; null while one lasts"),
        Column("left_after_reward", "boolean", "within 14 days of a reward"),
        Column("ring_rate", "float64", "newest judgement of referrals, 0–1"),
        Column("zombie_rate", "float64", "of people like this, so many are zombies, 0–1, whether enough is known of this one or not: for sums, never of a person"),
        Column("hunter_rate", "float64", "the same of deal-hunters"),
    ),
)
SEGMENTS_USUAL_PRICE = Fact(
    name="segments_usual_price",
    grain="one article that sold",
    key=("sku",),
    columns=(Column("sku", "string", "the article"), Column("price_fen", "float64", "its mean price a piece before discounts, fen")),
)
SEGMENTS_QUALITY_BASE = Fact(
    name="segments_quality_base",
    grain="the whole base, as last judged",
    key=("as_of_on",),
    columns=(
        Column("as_of_on", "int32", "local day of the last recompute"),
        Column("read_rate", "float64", "readings and answers a message that came in"),
        Column("visit_rate", "float64", "visits a day and customer"),
        Column("welcome_rate", "float64", "of the customers, so many took what the source that they came by had promised"),
    ),
)
FACTS = (SEGMENTS_QUALITY, SEGMENTS_USUAL_PRICE, SEGMENTS_QUALITY_BASE, SEGMENTS_MEMBER, SEGMENTS_CHANGE, SEGMENTS_STANDING, SEGMENTS_TRAIT_VALUE, SEGMENTS_TRAIT_DEFAULT)
