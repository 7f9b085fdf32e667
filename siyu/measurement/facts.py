"""Facts of measurement: who was acquired by which source, what of them became of the money spent. Filled by `returns.recompute`."""

from __future__ import annotations

from siyu.foundation.warehouse.facts import Column, Fact

_SOURCE = Column("source_id", "int64", "the source, as a node of the tree")
_WEEK = Column("week_on", "int32", "Monday of the week, local day number")

MEASUREMENT_ACQUIRED = Fact(
    name="measurement_acquired",
    grain="one customer who was added, at the source of the first add",
    key=("customer_id",),
    columns=(
        Column("customer_id", "int64", "the customer"),
        _SOURCE,
        Column("code_id", "int64", "the live code; 0 none"),
        Column("offer_id", "int64", "the offer; 0 none"),
        Column("staff", "string", "the member of staff; empty for none"),
        Column("region", "string", "where the first add was; empty where not known"),
        Column("added_ms", "int64", "when, epoch ms"),
        Column("added_on", "int32", "local day number of it"),
        _WEEK,
        Column("gone_ms", "int64", "when the first stay ended, epoch ms; null while it lasts"),
        Column("reachable", "boolean", "true while there is a relation, or none was ever needed"),
        Column("is_zombie", "boolean", "likelier a zombie than not"),
        Column("is_hunter", "boolean", "likelier a deal-hunter than not"),
        Column("order_count", "int64", "valid orders since the add"),
        Column("first_ms", "int64", "the first of them, epoch ms"),
        Column("revenue_fen", "int64", "their sum, fen"),
        Column("margin_fen", "int64", "earned on them, refunds taken off, fen"),
        Column("expected_fen", "int64", "further margin expected within the horizon, fen"),
        Column("variance_fen2", "float64", "variance of the further margin, fen²"),
        Column("cost_fen", "int64", "share of the spend, fen"),
        Column("class", "string", "lost_7d, zombie, deal_hunter, bought, reachable or left_later"),
        Column("paid_back_fen", "int64", "of the cost: came back as margin, fen"),
        Column("on_the_way_fen", "int64", "of the cost: expected to come back, fen"),
        Column("zombie_fen", "int64", "of the cost: as much as it is likely that this is a zombie, fen"),
        Column("hunter_fen", "int64", "the same of a deal-hunter"),
    ),
)
MEASUREMENT_FUNNEL = Fact(
    name="measurement_funnel",
    grain="one source and week: its own spend, and the people who arrived or were added right there",
    key=("source_id", "week_on"),
    columns=(
        _SOURCE,
        _WEEK,
        Column("spend_fen", "int64", "posted to this very source, fen"),
        *(
            Column(name, "int64", meaning)
            for name, meaning in (
                ("visits", "visits"),
                ("scanned", "people who arrived"),
                ("added", "customers whose first add this was"),
                ("aged_1d", "of them, added a day ago or more"),
                ("kept_1d", "of these, still there after a day"),
                ("aged_7d", "added 7 days ago or more"),
                ("kept_7d", "still there after 7 days"),
                ("aged_30d", "added 30 days ago or more"),
                ("kept_30d", "still there after 30 days"),
                ("reachable", "reachable now"),
                ("real", "kept 7 days, neither zombie nor deal-hunter"),
                ("first_orders", "with an order since"),
                ("second_orders", "with a second one"),
                ("revenue_fen", "their orders, fen"),
                ("margin_fen", "earned on them, fen"),
                ("expected_fen", "further margin expected, fen"),
            )
        ),
        Column("variance_fen2", "float64", "variance of the further margin by chance, fen²"),
        Column("spread_fen", "float64", "standard deviation of it from the model's own error, fen; adds up as it is"),
    ),
)
MEASUREMENT_SPLIT = Fact(
    name="measurement_split",
    grain="one source and week of spend, bucket and detail",
    key=("source_id", "week_on", "bucket", "detail"),
    columns=(
        _SOURCE,
        _WEEK,
        Column("bucket", "string", "where the money went"),
        Column("detail", "string", "more closely; empty for none"),
        Column("amount_fen", "int64", "so much of the spend, fen"),
        Column("people", "int64", "how many people the shares in it stand for, by their chances"),
        Column("variance_fen2", "float64", "variance of the amount by chance, fen²"),
        Column("spread_fen", "float64", "standard deviation from what is common to all: the model, an experiment, fen"),
    ),
)
MEASUREMENT_RETURN = Fact(
    name="measurement_return",
    grain="one source, week of adding and week of ordering",
    key=("source_id", "week_on", "ordered_week_on"),
    columns=(
        _SOURCE,
        _WEEK,
        Column("ordered_week_on", "int32", "Monday of the week of the orders, local day number"),
        Column("margin_fen", "int64", "earned, refunds taken off, fen"),
    ),
)
MEASUREMENT_COHORT = Fact(
    name="measurement_cohort",
    grain="one source, month of adding and age in months of 30 days",
    key=("source_id", "month", "age"),
    columns=(
        _SOURCE,
        Column("month", "int32", "local month of the add, year × 12 + month − 1"),
        Column("age", "int32", "months of 30 days since the add"),
        Column("buyers", "int64", "customers whose first order was at this age"),
        Column("revenue_fen", "int64", "orders at this age, fen"),
        Column("margin_fen", "int64", "earned on them, refunds taken off, fen"),
    ),
)
MEASUREMENT_PATH = Fact(
    name="measurement_path",
    grain="one way to a first order or to none: sources in order, and whether an order came, in one month",
    key=("month", "path", "bought"),
    columns=(
        Column("month", "int32", "local month of the last touch, year × 12 + month − 1"),
        Column("path", "string", "top sources in the order of the touches, numbers with > between"),
        Column("bought", "boolean", "a first order followed"),
        Column("people", "int64", "people who went this way"),
    ),
)
MEASUREMENT_DECAY = Fact(
    name="measurement_decay",
    grain="one month of first orders and source at the top of the tree",
    key=("month", "source_id"),
    columns=(
        Column("month", "int32", "local month of the last touch, year × 12 + month − 1"),
        _SOURCE,
        Column("weight", "float64", "first orders booked on it by weights that halve every 7 days before the order"),
    ),
)
FACTS = (MEASUREMENT_ACQUIRED, MEASUREMENT_FUNNEL, MEASUREMENT_SPLIT, MEASUREMENT_RETURN, MEASUREMENT_COHORT, MEASUREMENT_PATH, MEASUREMENT_DECAY)
