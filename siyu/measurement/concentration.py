"""Concentration 集中度: how much of the revenue the biggest buyers bring (curve, top shares, Gini)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from siyu.foundation.clock import day_number
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.measurement.metrics import share

TOP_PERCENTS = (1, 5, 10, 20, 30, 50, 100)
Ints = np.ndarray[tuple[int], np.dtype[np.int64]]


@dataclass(frozen=True)
class Top:
    """The biggest buyers: ⌈share × buyers⌉ of them, what they spent and their share of all revenue."""

    share_of_buyers_rate: float
    buyers: int
    revenue_fen: int
    share_rate: float | None


@dataclass(frozen=True)
class CurvePoint:
    """The biggest `buyers_rate` of the buyers bring `revenue_rate` of the revenue."""

    buyers_rate: float
    revenue_rate: float


@dataclass(frozen=True)
class Concentration:
    """Of all buyers up to `as_of_on`, by what each has spent. No curve, shares or Gini of no revenue."""

    as_of_on: date
    buyers: int
    revenue_fen: int
    top20_share_rate: float | None
    top: list[Top]
    curve: list[CurvePoint]
    gini_rate: float | None


@dataclass(frozen=True)
class _Ranked:
    """Buyers grouped by what they spent, biggest first: running numbers of buyers and of fen, and both of each group."""

    spent: Ints
    count: Ints

    @property
    def buyers(self) -> int:
        return int(self.count.sum())

    @property
    def revenue(self) -> int:
        return int((self.spent * self.count).sum())

    def first(self, buyers: int) -> int:
        """Fen spent by the biggest so many; who comes first among equals makes no difference."""
        if not buyers:
            return 0
        people, money = np.cumsum(self.count), np.cumsum(self.spent * self.count)
        at = int(np.searchsorted(people, buyers))
        return int(money[at]) - int(self.spent[at]) * (int(people[at]) - buyers)


def spending(tables: Tables, as_of: date) -> ir.Table:
    """What each buyer has spent up to a day. Grain in: one valid order; out: one buyer, with `spent_fen`."""
    orders = tables["orders_order"]
    placed = orders.filter(orders.ordered_on <= day_number(as_of))
    return placed.group_by("customer_id").agg(spent_fen=placed.amount_fen.sum().cast("int64"))


def concentration_of(session: Session, buyers: ir.Table, as_of: date) -> Concentration:
    """Compute the concentration from what each buyer has spent.

    Grain in: one buyer, with `spent_fen`. Grain between: one row an amount (equal spenders together), so that neither a
    window over all buyers nor their list is needed. Curve: 101 points, of the biggest ⌈i % × buyers⌉. Gini: twice the
    area between the curve and the diagonal, Σ (nⱼ / N)(Tⱼ + Tⱼ₋₁) − 1 with Tⱼ the running share of revenue; 0 when all
    spent alike, (N − 1) / N when one of N spent all (Gini 1912).
    """
    ranked = _ranked(session, buyers)
    people, revenue = ranked.buyers, ranked.revenue
    curve = []
    if revenue:
        sizes = [_ceil(people, percent) for percent in range(101)]
        curve = [CurvePoint(size / people, ranked.first(size) / revenue) for size in sizes]
    return Concentration(
        as_of_on=as_of,
        buyers=people,
        revenue_fen=revenue,
        top20_share_rate=share(ranked.first(_ceil(people, 20)), revenue),
        top=[_top(ranked, percent, people, revenue) for percent in TOP_PERCENTS] if people else [],
        curve=curve,
        gini_rate=_gini(ranked, people, revenue),
    )


def _ranked(session: Session, buyers: ir.Table) -> _Ranked:
    groups: pa.Table = session.query(buyers.group_by("spent_fen").agg(n=buyers.count().cast("int64")))
    spent, count = groups["spent_fen"].to_numpy(), groups["n"].to_numpy()
    order = np.argsort(-spent)
    return _Ranked(spent[order], count[order])


def _top(ranked: _Ranked, percent: int, buyers: int, revenue: int) -> Top:
    size = _ceil(buyers, percent)
    fen = ranked.first(size)
    return Top(percent / 100, size, fen, share(fen, revenue))


def _ceil(buyers: int, percent: int) -> int:
    return -(-buyers * percent // 100)


def _gini(ranked: _Ranked, buyers: int, revenue: int) -> float | None:
    if not revenue:
        return None
    running = np.cumsum(ranked.spent * ranked.count) / revenue
    before = np.concatenate([[0.0], running[:-1]])
    return max(0.0, float(((ranked.count / buyers) * (running + before)).sum()) - 1.0)
