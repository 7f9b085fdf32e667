"""Value report: what the base will buy and spend, with the back-test that must stand beside it."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.clock import day_number, from_day_number
from siyu.foundation.stores import Stores
from siyu.orders.recency import no_orders
from siyu.segments.value.back_test import BackTest, back_test
from siyu.segments.value.cells import aggregate, one_by_one
from siyu.segments.value.fit import parameters_at
from siyu.segments.value.forecast import Forecast, forecast
from siyu.segments.value.holdout import split
from siyu.segments.value.parameters import ModelName
from siyu.segments.value.summary import Summary, summarise

HORIZON_DAYS = 90
EXACT_BUYERS = 100_000
"""Up to so many buyers the fit is exact; above it runs on week cells with their means (within .3 % of exact)."""
LEAST_AHEAD_DAYS = 28
LONGEST_HOLDOUT_DAYS = 365


def value_report(stores: Stores, as_of: date, model: ModelName | None = None) -> dict[str, Any]:
    """Everything the value page shows for one day; figures of money are null below the published eligibility."""
    found = forecast_base(stores, as_of, model)
    if not len(found.scores):
        return _nobody(as_of)
    shown = found.eligibility.eligible
    values = np.sort(found.scores.predicted_value_fen)[::-1]
    return {
        "no_orders": None,
        "model": found.model.parameters.model,
        "parameters": _parameters(found),
        "log_likelihood": found.model.log_likelihood,
        "compared": _compared(found),
        "monetary": _monetary(found),
        "horizon_days": HORIZON_DAYS,
        "customer_count": len(found.scores),
        "predicted_orders": found.total.predicted_orders if shown else None,
        "predicted_value_fen": found.total.predicted_value_fen if shown else None,
        "low_fen": found.total.low_fen if shown else None,
        "high_fen": found.total.high_fen if shown else None,
        "eligible": shown,
        "ineligible_reasons": [reason.message for reason in found.eligibility.reasons],
        "flags": [{"code": flag.code, "message": flag.message} for flag in found.flags],
        "histogram": _histogram(values) if shown else [],
        "deciles": _deciles(values) if shown else [],
        "top_share_rate": _top_share(values) if shown else None,
        "back_test": _back_test(found.back_test),
    }


def _nobody(as_of: date) -> dict[str, Any]:
    """A fit to nobody gives the starting values of the search: they would look like parameters, so there are none."""
    absent = ("model", "log_likelihood", "monetary", "predicted_orders", "predicted_value_fen", "low_fen", "high_fen", "top_share_rate", "back_test")
    said = no_orders(as_of)
    return {
        **dict.fromkeys(absent),
        "no_orders": said.json(),
        "parameters": {},
        "horizon_days": HORIZON_DAYS,
        "customer_count": 0,
        "eligible": False,
        "ineligible_reasons": [said.message.json()],
        **{name: [] for name in ("compared", "flags", "histogram", "deciles")},
    }


def forecast_base(stores: Stores, as_of: date, model: ModelName | None = None) -> Forecast:
    """The forecast of everybody who ordered up to `as_of` (included)."""
    days = customer_days(stores)
    today = day_number(as_of)
    summary = summarise(days, today)
    cells = one_by_one(summary.x, summary.t_x, summary.T) if len(summary) <= EXACT_BUYERS else aggregate(summary.x, summary.t_x, summary.T)
    return forecast(summary, HORIZON_DAYS, _tested(days, today, summary, model), model, cells)


def customer_days(stores: Stores) -> pa.Table:
    """customer_id, day (local day number), amount_fen: one row a customer and day with valid orders."""
    orders = stores.warehouse.tables["orders_order"]
    days = orders.group_by("customer_id", day=orders.ordered_on).agg(amount_fen=orders.amount_fen.sum().cast("int64"))
    with stores.warehouse.read() as session:
        return session.query(days)


def _tested(days: pa.Table, today: int, summary: Summary, model: ModelName | None) -> BackTest | None:
    """Against what came after `today` where four weeks or more of it are known; else against the last stretch before it."""
    if not len(summary):
        return None
    last = int(pc.max(days["day"]).as_py())
    if last - today >= LEAST_AHEAD_DAYS:
        calibration, length = today, min(last - today, LONGEST_HOLDOUT_DAYS)
    else:
        length = min(HORIZON_DAYS, int(summary.T.max() * summary.unit_days) // 3)
        calibration = min(today, last) - length
    if length < LEAST_AHEAD_DAYS:
        return None
    past, holdout = split(days, calibration, length)
    return back_test(past, holdout, model, bin_width=1.0 if len(past) > EXACT_BUYERS else 1 / 7)


def _parameters(found: Forecast) -> dict[str, dict[str, float | None]]:
    named = found.model.parameters.named()
    return {
        name: {"value": value, "low": interval.low if (interval := found.model.intervals.get(name)) else None, "high": interval.high if interval else None}
        for name, value in named.items()
    }


def _compared(found: Forecast) -> list[dict[str, Any]]:
    """Every model that was fitted, on the same data, the best fit first."""
    fits = [
        {"model": name, "log_likelihood": optimum.log_likelihood, "parameters": parameters_at(name, optimum).named()}
        for name, optimum in found.model.tried.items()
    ]
    return sorted(fits, key=lambda fit: -float(str(fit["log_likelihood"])))


def _monetary(found: Forecast) -> dict[str, Any]:
    money = found.order_value
    return {
        "p": money.p, "q": money.q, "gamma": money.gamma / 100, "mean_fen": round(money.mean_fen), "customer_count": money.customer_count,
        "correlation": money.correlation, "log_likelihood": money.log_likelihood,
    }  # fmt: skip


def _histogram(values: np.ndarray[Any, np.dtype[np.int64]], bars: int = 24) -> list[dict[str, int]]:
    """Equal steps of predicted value; the last bar holds everything above the 99th percentile by rank."""
    if not len(values):
        return []
    top = int(values[len(values) // 100]) or 1
    step = max(1, -(-top // bars))
    bar = np.minimum(values // step, bars - 1)
    counts, sums = np.bincount(bar, minlength=bars), np.bincount(bar, weights=values.astype(np.float64), minlength=bars)
    return [{"from_fen": i * step, "to_fen": (i + 1) * step, "count": int(counts[i]), "value_fen": round(sums[i])} for i in range(bars)]


def _deciles(values: np.ndarray[Any, np.dtype[np.int64]]) -> list[dict[str, int]]:
    return [
        {"decile": place, "count": len(part), "predicted_value_fen": int(part.sum())} for place, part in enumerate(np.array_split(values, 10), start=1)
    ]


def _top_share(values: np.ndarray[Any, np.dtype[np.int64]]) -> float | None:
    total = int(values.sum())
    return int(values[: -(-len(values) // 5)].sum()) / total if total else None


def _back_test(test: BackTest | None) -> dict[str, Any] | None:
    if test is None:
        return None
    names = (
        "holdout_days", "customer_count", "predicted_orders", "actual_orders", "error_rate", "predicted_value_fen", "actual_value_fen",
        "value_error_rate", "correlation", "mae", "gini_rate", "gini_naive_rate", "auc_active", "rivals",
    )  # fmt: skip
    return {
        "calibration_end_on": from_day_number(test.calibration_end_day).isoformat(),
        "model": test.model.parameters.model,
        **{name: getattr(test, name) for name in names},
        "deciles": [asdict(decile) for decile in test.deciles],
        "weekly": [asdict(week) for week in test.weekly],
    }
