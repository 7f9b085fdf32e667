"""Distribution 分布: how many customers have a trait, and how its values are spread, in a few buckets that a person can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import ibis
import ibis.expr.types as ir

from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.foundation.clock import DAY_MS
from siyu.foundation.warehouse.engines import Session
from siyu.segments.traits import Type
from siyu.segments.windows import Moment

MOST_VALUES = 8
EDGES = (0, *(digit * 10**power for power in range(13) for digit in (1, 2, 5)))
"""Where buckets of numbers begin: 0, 1, 2, 5, 10, 20, 50 …; one more is below 0."""
AGES = (7, 30, 90, 180, 365, 730)
"""Where buckets of times end, in days before now."""


@dataclass(frozen=True)
class Bucket:
    """`low` ≤ value < `high` (numbers and money in their unit; times in days ago), or one `value` (text, true/false)."""

    count: int
    low: float | None = None
    high: float | None = None
    value: str | bool | None = None


@dataclass(frozen=True)
class Distribution:
    """Of those who have a value of their own; who has the default is not counted. `mean` only of numbers and money."""

    known_count: int
    base_count: int
    distinct_count: int | None = None
    smallest: float | None = None
    largest: float | None = None
    mean: float | None = None
    buckets: list[Bucket] = field(default_factory=list)

    def plain(self) -> dict[str, Any]:
        return asdict(self)


def distributions(session: Session, rows: ir.Table, types: Mapping[int, Type], moment: Moment) -> dict[int, Distribution]:
    """One for each trait; `rows` are values as in `segments_trait_value`. A number of queries that does not grow with the traits."""
    base = int(session.scalar(CUSTOMERS_PROFILE.table.count()))
    found = {key: Distribution(0, base) for key in types}
    by_kind: dict[str, list[int]] = {}
    for key, kind in types.items():
        by_kind.setdefault("number" if kind == "money" else kind, []).append(key)
    for name, keys in by_kind.items():
        mine = rows.filter(rows.trait_id.isin(keys))
        told = {"number": _numbers, "text": _texts, "time": _times, "boolean": _flags}[name](session, mine, moment)
        found |= {key: Distribution(base_count=base, **told[key]) for key in keys if key in told}
    return found


def _numbers(session: Session, rows: ir.Table, moment: Moment) -> dict[int, dict[str, Any]]:
    place = ibis.cases(*((rows.number >= edge, number + 1) for number, edge in reversed([*enumerate(EDGES)])), else_=0)
    placed = rows.mutate(place=place.cast("int64"))
    counted = placed.group_by("trait_id", "place").agg(
        count=placed.count(), total=placed.number.sum(), smallest=placed.number.min(), largest=placed.number.max()
    )
    found: dict[int, list[dict[str, Any]]] = {}
    for row in session.query(counted.order_by(["trait_id", "place"])).to_pylist():
        found.setdefault(row["trait_id"], []).append(row)
    edges = (None, *EDGES, None)
    return {
        key: {
            "known_count": (known := sum(row["count"] for row in places)),
            "smallest": min(row["smallest"] for row in places),
            "largest": max(row["largest"] for row in places),
            "mean": sum(row["total"] for row in places) / known,
            "buckets": [Bucket(row["count"], edges[row["place"]], edges[row["place"] + 1]) for row in places],
        }
        for key, places in found.items()
    }


def _texts(session: Session, rows: ir.Table, moment: Moment) -> dict[int, dict[str, Any]]:
    counted = rows.group_by("trait_id", "text").agg(count=rows.count())
    most = ibis.window(group_by="trait_id", order_by=[ibis.desc("count"), "text"])
    placed = counted.mutate(place=ibis.row_number().over(most))
    totals = counted.group_by("trait_id").agg(known=counted["count"].sum().cast("int64"), distinct=counted.count())
    found = {
        row["trait_id"]: {"known_count": row["known"], "distinct_count": row["distinct"], "buckets": []} for row in session.query(totals).to_pylist()
    }
    for row in session.query(placed.filter(placed.place < MOST_VALUES).order_by(["trait_id", "place"])).to_pylist():
        found[row["trait_id"]]["buckets"].append(Bucket(row["count"], value=row["text"]))
    return found


def _times(session: Session, rows: ir.Table, moment: Moment) -> dict[int, dict[str, Any]]:
    ago = moment.now_ms - rows.time_ms
    place = ibis.cases((ago < 0, -1), *((ago < days * DAY_MS, number) for number, days in enumerate(AGES)), else_=len(AGES))
    placed = rows.mutate(place=place.cast("int64"))
    counted = placed.group_by("trait_id", "place").agg(count=placed.count(), smallest=placed.time_ms.min(), largest=placed.time_ms.max())
    found: dict[int, dict[str, Any]] = {}
    lows, highs = (0, *AGES, None), (*AGES, None, 0)
    for row in session.query(counted.order_by(["trait_id", "place"])).to_pylist():
        told = found.setdefault(row["trait_id"], {"known_count": 0, "smallest": row["smallest"], "largest": row["largest"], "buckets": []})
        told["known_count"] += row["count"]
        told["smallest"], told["largest"] = min(told["smallest"], row["smallest"]), max(told["largest"], row["largest"])
        told["buckets"].append(Bucket(row["count"], None if row["place"] < 0 else lows[row["place"]], highs[row["place"]]))
    return found


def _flags(session: Session, rows: ir.Table, moment: Moment) -> dict[int, dict[str, Any]]:
    counted = rows.group_by("trait_id").agg(known=rows.count(), true=(rows.number == 1).sum().cast("int64"))
    return {
        row["trait_id"]: {"known_count": row["known"], "buckets": [Bucket(row["true"], value=True), Bucket(row["known"] - row["true"], value=False)]}
        for row in session.query(counted).to_pylist()
    }
