"""Overview 经营概览: every metric of the running period against the one before, as series, and of all time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from siyu.foundation.clock import Calendar, day_number, from_day_number
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.measurement._queries import BEGINNING, count
from siyu.measurement.concentration import concentration_of
from siyu.measurement.metrics import METRICS, Counts, Number, change, values_of
from siyu.measurement.periods import Grain, Span, compared, series_of

TOTALS = ("orders", "buyers", "revenue_fen", "refund_fen", "average_order_fen", "repeat_rate")


@dataclass(frozen=True)
class Days:
    """Local days, both included."""

    from_on: date
    to_on: date


@dataclass(frozen=True)
class Card:
    """One metric of the period up to `as_of_on`, of what it is compared with, and of each point of the series.

    `change_rate` is (value − previous) / |previous|; null where either is not defined or there was nothing before.
    """

    metric: str
    value: Number | None
    previous: Number | None
    change_rate: float | None
    series: list[Number | None]


@dataclass(frozen=True)
class Point:
    """All metrics of one day, week or month, which begins on `period_on`; `partial` while it is not over."""

    period_on: date
    partial: bool
    metrics: dict[str, Number | None]


@dataclass(frozen=True)
class Overview:
    """`period` runs from its calendar start to `as_of_on`; `previous` are as many days of the period before.

    When `as_of_on` completes the period, `previous` is the whole period before; where that one is shorter than the days
    elapsed, it is all of it. `series` holds 30 days, 26 weeks (Monday to Sunday) or 24 months; the last may be partial.
    `totals` are of all time up to `as_of_on`.
    """

    as_of_on: date
    grain: Grain
    period: Days
    previous: Days
    cards: list[Card]
    series: list[Point]
    fresh_at: datetime
    totals: dict[str, Number | None]


def overview_of(
    session: Session, tables: Tables, calendar: Calendar, *, as_of: date, grain: Grain, now: datetime
) -> Overview:
    """Compute the overview from the facts.

    Grain in: valid orders, lines, customers (see `_queries.count`). Grain out: one overview; its spans (30 at most,
    the one compared with, and all time) are counted together in one scan of each fact.
    """
    day, periods = day_number(as_of), series_of(day_number(as_of), grain)
    current, before = compared(day, grain)
    spans = [*(Span(p.from_on, min(p.to_on, day)) for p in periods), before, Span(BEGINNING, day)]
    counted = count(session, tables, calendar, spans)
    *series, previous, ever = counted.counts
    today = day_number(calendar.on(now))
    values = [values_of(counts) for counts in series]
    points = [
        Point(from_day_number(period.from_on), period.to_on > day or period.to_on >= today, metrics)
        for period, metrics in zip(periods, values, strict=True)
    ]
    top20 = concentration_of(session, counted.buyers, as_of).top20_share_rate
    return Overview(
        as_of_on=as_of,
        grain=grain,
        period=_days(current),
        previous=_days(before),
        cards=_cards(values, values_of(previous)),
        series=points,
        fresh_at=now,
        totals={**_totals(ever), "top20_share_rate": top20},
    )


def _cards(values: Sequence[dict[str, Number | None]], previous: dict[str, Number | None]) -> list[Card]:
    return [
        Card(
            key,
            values[-1][key],
            previous[key],
            change(values[-1][key], previous[key]),
            [v[key] for v in values],
        )
        for key in METRICS
    ]


def _totals(ever: Counts) -> dict[str, Number | None]:
    return {key: METRICS[key].compute(ever) for key in TOTALS}


def _days(span: Span) -> Days:
    return Days(from_day_number(span.from_on), from_day_number(span.to_on))
