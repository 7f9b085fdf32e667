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
FACTS = (SEGMENTS_MEMBER, SEGMENTS_CHANGE, SEGMENTS_STANDING, SEGMENTS_TRAIT_VALUE, SEGMENTS_TRAIT_DEFAULT)
