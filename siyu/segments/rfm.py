"""RFM: recency, frequency and monetary value of every buyer, scored 1 to 5 by rank.

Quintiles are by rank with a total order (ties go by customer number), as NTILE(5): five groups whose sizes differ by one
at most. Recency counts local days from the last order to the day of the report; its most recent fifth has score 5.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.ids import content_hash
from siyu.foundation.text import Text

SCORES = ("r", "f", "m")


@dataclass(frozen=True)
class Group:
    """A named part of the RFM cube, for people who do not think in digits."""

    key: str
    name: Text
    definition: Text
    holds: Callable[[int, int, int], bool]


GROUPS = (
    Group("champions", Text("重要价值客户", "Champions"), Text("R、F、M 都在 4 分以上", "R, F and M all 4 or more"), lambda r, f, m: min(r, f, m) >= 4),
    Group("loyal", Text("忠诚客户", "Loyal"), Text("R 3 分以上,F 4 分以上，其余", "R 3 or more, F 4 or more, the others"), lambda r, f, m: r >= 3 and f >= 4),
    Group("big_spenders", Text("高消费客户", "Big spenders"), Text("R 3 分以上,M 4 分以上，其余", "R 3 or more, M 4 or more, the others"), lambda r, f, m: r >= 3 and m >= 4),
    Group("newcomers", Text("近期新客", "Newcomers"), Text("R 4 分以上,F 2 分以下，其余", "R 4 or more, F 2 or less, the others"), lambda r, f, m: r >= 4 and f <= 2),
    Group("promising", Text("一般发展客户", "Promising"), Text("R 3 分以上的其余客户", "all others with R 3 or more"), lambda r, f, m: r >= 3),
    Group("win_back", Text("重要挽留客户", "Cannot lose"), Text("R 2 分以下,F 或 M 在 4 分以上", "R 2 or less, F or M 4 or more"), lambda r, f, m: max(f, m) >= 4),
    Group("hibernating", Text("低活跃客户", "Hibernating"), Text("R 2 分以下的其余客户", "all others with R 2 or less"), lambda r, f, m: True),
)  # fmt: skip
"""The first that holds is a cell's group."""


def buyers(orders: ir.Table, as_of_on: int) -> ir.Table:
    """One row a buyer with orders up to and including the local day `as_of_on`.

    One row in is one valid order; one row out is one customer: customer_id, order_count, spend_fen, first_on, last_on
    (local day numbers).
    """
    known = orders.filter(orders.ordered_on <= as_of_on)
    return known.group_by("customer_id").agg(
        order_count=known.count().cast("int64"),
        spend_fen=known.amount_fen.sum().cast("int64"),
        first_on=known.ordered_on.min(),
        last_on=known.ordered_on.max(),
    )


def scored(base: ir.Table) -> ir.Table:
    """`base` (as `buyers` gives it) with int32 columns r, f and m, 1 to 5."""

    def quintile(by: ir.Value) -> ir.IntegerValue:
        return (ibis.ntile(5).over(ibis.window(order_by=[by, base.customer_id])) + 1).cast("int32")

    return base.mutate(r=quintile(base.last_on), f=quintile(base.order_count), m=quintile(base.spend_fen))


def cells(scores: ir.Table) -> ir.Table:
    """Non-empty cells: r, f, m, count, spend_fen."""
    grouped = scores.group_by("r", "f", "m").agg(count=scores.count().cast("int64"), spend_fen=scores.spend_fen.sum().cast("int64"))
    return grouped.order_by([grouped.r.desc(), grouped.f.desc(), grouped.m.desc()])


def cuts(scores: ir.Table, name: str) -> ir.Table:
    """Cut points of one score: score, low, high (in the measure's own unit), count. Neighbours may share a value: ties split by number."""
    measure = {"r": scores.last_on, "f": scores.order_count, "m": scores.spend_fen}[name]
    grouped = scores.group_by(score=scores[name]).agg(low=measure.min(), high=measure.max(), count=scores.count().cast("int64"))
    return grouped.order_by("score")


def version(cut_points: dict[str, pa.Table]) -> str:
    """A short name of a set of cut points: equal cuts, equal version."""
    return content_hash([str(cut_points[name].to_pylist()).encode() for name in SCORES])[:8]


def group_of(r: int, f: int, m: int) -> Group:
    return next(group for group in GROUPS if group.holds(r, f, m))


def rule_of(group: Group) -> dict[str, Any]:
    """The rule of segments that has exactly a group's cells: boxes of the cube, joined by `any`."""
    marks = range(1, 6)
    rows: dict[tuple[int, tuple[int, ...]], list[int]] = {}
    for r, f in product(marks, marks):
        held = tuple(m for m in marks if group_of(r, f, m) == group)
        if held:
            rows.setdefault((r, held), []).append(f)
    boxes: dict[tuple[tuple[int, ...], tuple[int, ...]], list[int]] = {}
    for (r, held), fs in rows.items():
        boxes.setdefault((tuple(fs), held), []).append(r)
    parts = [{"kind": "rfm", **_narrow("r", rs), **_narrow("f", fs), **_narrow("m", ms)} for (fs, ms), rs in boxes.items()]
    return parts[0] if len(parts) == 1 else {"kind": "any", "of": parts}


def _narrow(name: str, marks: Sequence[int]) -> dict[str, list[int]]:
    return {} if len(marks) == 5 else {name: list(marks)}
