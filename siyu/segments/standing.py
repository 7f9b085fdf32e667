"""Standing 客户分层: every buyer's RFM scores, stage, predicted value and preference, written as one table for a day.

Lists, the customer's page and rules read it, so it is computed once (after imports and every night) and not at each look.
"""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from siyu.foundation.clock import day_number
from siyu.foundation.stores import Stores
from siyu.segments import lifecycle, rfm
from siyu.segments.facts import SEGMENTS_STANDING
from siyu.segments.preference import preferences
from siyu.segments.value.forecast import Forecast
from siyu.segments.value_report import forecast_base

PREDICTED = pa.schema(
    [
        ("customer_id", pa.int64()),
        ("predicted_orders", pa.float64()),
        ("predicted_value_fen", pa.int64()),
        ("low_fen", pa.int64()),
        ("high_fen", pa.int64()),
        ("p_alive_rate", pa.float64()),
    ]
)


def refresh_standing(stores: Stores, as_of: date) -> int:
    """Compute the standing of every buyer for a local day and put it in the place of the last one; returns the buyers."""
    predicted = _predicted(forecast_base(stores, as_of))
    today = day_number(as_of)
    tables = stores.warehouse.tables
    with stores.warehouse.engine.write() as session:
        days = session.keep("_days", lifecycle.purchase_days(tables["orders_order"], today))
        medians = session.keep("_medians", lifecycle.own_medians(days))
        clock = lifecycle.learn_clock(session, days, medians)
        scores = session.keep("_scores", rfm.scored(rfm.buyers(tables["orders_order"], today)))
        staged = lifecycle.staged(scores, lifecycle.day_counts(days), medians, clock, today)
        values = session.keep("_predicted", predicted)
        liked = session.keep("_liked", preferences(session, tables["orders_line"], today))
        joined = staged.left_join(values, "customer_id").drop("customer_id_right").left_join(liked, "customer_id").drop("customer_id_right")
        session.clear(SEGMENTS_STANDING)
        session.insert(SEGMENTS_STANDING, joined)
        return int(session.scalar(scores.count()))


def _predicted(found: Forecast) -> pa.Table:
    """One row a buyer; empty below the published eligibility, because a guess must not look like a forecast."""
    if not found.eligibility.eligible:
        return PREDICTED.empty_table()
    scores = found.scores
    return pa.table(
        [
            scores.customer_id,
            scores.predicted_orders,
            scores.predicted_value_fen,
            scores.low_fen,
            scores.high_fen,
            pa.array(scores.p_alive, mask=~np.asarray(scores.p_alive_known)),
        ],
        schema=PREDICTED,
    )
