"""Economics 经营口径: what of an order is earned, what work costs, how far ahead is looked. Every change is a new version; the newest holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir
from sqlalchemy import Connection, insert, select

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text
from siyu.measurement import _return_tables as tables

MOST_CATEGORIES = 500
BASIS = 10_000


@dataclass(frozen=True)
class Economics:
    """Rates are 0 to 1. `category_rates`: gross margin where a category's differs. `discount_rate`: a year's.

    `horizon_days`: further margin is expected over so many days. `move_rate`: at most this part of the whole budget is moved in one
    cycle of advice; `floor_rate`: of its budget a source keeps at least this part of an equal share, so that it can still be learnt about.
    """

    margin_rate: float = 0.45
    category_rates: Mapping[str, float] = field(default_factory=dict)
    staff_hour_fen: int = 4000
    message_fees: Mapping[str, int] = field(default_factory=dict)
    discount_rate: float = 0.0
    horizon_days: int = 365
    move_rate: float = 0.25
    floor_rate: float = 0.2


def current(tx: Connection) -> Economics:
    """The newest version, or the usual values where nobody has set any."""
    table = tables.economics
    row = tx.execute(select(table).order_by(table.c.id.desc()).limit(1)).one_or_none()
    return Economics() if row is None else Economics(**{name: getattr(row, name) for name in asdict(Economics())})


def change(tx: Connection, changes: Mapping[str, Any], *, by: str, now: datetime) -> Economics:
    """Write a new version with these fields changed.

    Raises
    ------
    InvalidError
        A rate is not between 0 and 1, an amount or a span is out of its bounds.
    """
    wanted = Economics(**{**asdict(current(tx)), **changes})
    if faults := _faults(wanted):
        raise InvalidError(Text("经营口径有误", "The economics are not valid"), faults=faults)
    tx.execute(insert(tables.economics).values(**asdict(wanted), at=now, by=by))
    return wanted


def versions(tx: Connection) -> list[tuple[datetime, str, Economics]]:
    """(when, who, what), newest first."""
    table = tables.economics
    rows = tx.execute(select(table).order_by(table.c.id.desc()).limit(200)).all()
    return [(row.at, row.by, Economics(**{name: getattr(row, name) for name in asdict(Economics())})) for row in rows]


def _faults(wanted: Economics) -> list[Fault]:
    bounds: dict[str, tuple[float, float, float]] = {
        "margin_rate": (wanted.margin_rate, 0, 1),
        "discount_rate": (wanted.discount_rate, 0, 1),
        "horizon_days": (wanted.horizon_days, 30, 1095),
        "move_rate": (wanted.move_rate, 0.2, 0.3),
        "floor_rate": (wanted.floor_rate, 0.01, 0.5),
        "staff_hour_fen": (wanted.staff_hour_fen, 0, 10**7),
        **{f"category_rates.{name}": (rate, 0, 1) for name, rate in wanted.category_rates.items()},
        **{f"message_fees.{name}": (fee, 0, 10**6) for name, fee in wanted.message_fees.items()},
        "category_rates": (len(wanted.category_rates), 0, MOST_CATEGORIES),
    }
    return [
        Fault(name, Text(f"须在 {low} 与 {high} 之间", f"must be between {low} and {high}"))
        for name, (value, low, high) in bounds.items()
        if not low <= value <= high
    ]


def margin(economics: Economics, category: ir.StringColumn, amount_fen: ir.IntegerColumn) -> ir.IntegerColumn:
    """What of an amount is earned, fen, by the rate of its category, half a fen rounded away from 0."""
    usual = ibis.literal(round(economics.margin_rate * BASIS), "int64")
    rates = [(category == name, ibis.literal(round(rate * BASIS), "int64")) for name, rate in sorted(economics.category_rates.items())]
    rate = ibis.cases(*rates, else_=usual) if rates else usual
    whole = amount_fen.abs() * rate + BASIS // 2
    return ((whole - whole % BASIS) / BASIS).cast("int64") * amount_fen.sign().cast("int64")
