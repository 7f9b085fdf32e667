"""RFM report: the cube, the 5×5 grid, cut points with their version, and named groups."""

from __future__ import annotations

from collections import defaultdict
from datetime import date
from typing import Any

from siyu.foundation.clock import day_number, from_day_number
from siyu.foundation.stores import Stores
from siyu.orders.recency import no_orders
from siyu.segments import rfm


def rfm_report(stores: Stores, as_of: date) -> dict[str, Any]:
    """Everything the RFM page shows for one day; see the API reference for the fields."""
    with stores.warehouse.read() as session:
        scores = session.keep("_scores", rfm.scored(rfm.buyers(stores.warehouse.tables["orders_order"], day_number(as_of))))
        grid = session.query(rfm.cells(scores)).to_pylist()
        cut_points = {name: session.query(rfm.cuts(scores, name)) for name in rfm.SCORES}
    if not grid:
        empty: dict[str, Any] = {"version": None, "customer_count": 0, "grid": [], "rf": [], "cuts": {name: [] for name in rfm.SCORES}, "groups": []}
        return {**empty, "no_orders": no_orders(as_of).json()}
    return {
        "no_orders": None,
        "version": rfm.version(cut_points),
        "customer_count": sum(cell["count"] for cell in grid),
        "grid": grid,
        "rf": _rf(grid),
        "cuts": {name: _shown(name, cut_points[name].to_pylist(), as_of) for name in rfm.SCORES},
        "groups": _groups(grid),
    }


def _rf(grid: list[dict[str, int]]) -> list[dict[str, Any]]:
    sums: dict[tuple[int, int], list[int]] = defaultdict(lambda: [0, 0])
    for cell in grid:
        sums[cell["r"], cell["f"]][0] += cell["count"]
        sums[cell["r"], cell["f"]][1] += cell["spend_fen"]
    return [
        {"r": r, "f": f, "count": count, "spend_fen": spend, "average_fen": round(spend / count) if count else None}
        for r in range(5, 0, -1)
        for f in range(1, 6)
        for count, spend in [sums[r, f]]
    ]


def _shown(name: str, rows: list[dict[str, int]], as_of: date) -> list[dict[str, Any]]:
    """Cut points in the measure's unit; recency as days before the report's day, smallest first."""
    if name != "r":
        return rows
    return [
        {"score": row["score"], "low": (as_of - from_day_number(row["high"])).days, "high": (as_of - from_day_number(row["low"])).days, "count": row["count"]}
        for row in rows
    ]


def _groups(grid: list[dict[str, int]]) -> list[dict[str, Any]]:
    found = {group.key: {"count": 0, "spend_fen": 0} for group in rfm.GROUPS}
    for cell in grid:
        sums = found[rfm.group_of(cell["r"], cell["f"], cell["m"]).key]
        sums["count"] += cell["count"]
        sums["spend_fen"] += cell["spend_fen"]
    return [
        {"key": group.key, "name": group.name.json(), "definition": group.definition.json(), "rule": rfm.rule_of(group), **found[group.key]}
        for group in rfm.GROUPS
    ]
