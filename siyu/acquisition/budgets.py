"""Budgets 预算: what a source may cost in a month. Nothing is overwritten: the last that was said holds, what was said before stays."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import Connection, func, insert, select

from siyu.acquisition import _tables, sources
from siyu.foundation.clock import month_name
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

Origin = Literal["hand", "sheet", "advice"]
MOST_FEN = 10**12
FIRST_MONTH, LAST_MONTH = 1980 * 12, 2200 * 12
_t = _tables.budget


@dataclass(frozen=True)
class Cell:
    """What a source, with all that lies below it, may cost in a month (year × 12 + month − 1); 0 takes the budget away."""

    source_id: int
    month: int
    amount_fen: int


@dataclass(frozen=True)
class Budget(Cell):
    """As it was said, by whom and when."""

    origin: Origin
    by: str
    at: datetime


def set(stores: Stores, tx: Connection, cells: Sequence[Cell], *, by: str, origin: Origin = "hand") -> int:  # noqa: A001  the trade's own word
    """Say budgets; what is the same as before changes nothing. Returns how many are other now.

    Raises
    ------
    InvalidError
    """
    gone = sources.missing(tx, [cell.source_id for cell in cells])
    faults = [Fault("source_id", Text(f"没有来源 {one}", f"there is no source {one}")) for one in gone]
    for row, cell in enumerate(cells):
        if not 0 <= cell.amount_fen <= MOST_FEN:
            faults.append(Fault(f"{row}.amount_fen", Text(f"0 到 {MOST_FEN // 100:,} 元", f"0 to {MOST_FEN // 100:,}")))
        if not FIRST_MONTH <= cell.month < LAST_MONTH:
            faults.append(Fault(f"{row}.month", Text("没有这个月", "there is no such month")))
    if len({(cell.source_id, cell.month) for cell in cells}) < len(cells):
        faults.append(Fault("cells", Text("同一来源同一月写了两次", "a source and month are named twice")))
    if faults:
        raise InvalidError(Text("预算有误", "the budgets are not valid"), faults=faults)
    if not cells:
        return 0
    months = [cell.month for cell in cells]
    held = {(one.source_id, one.month): one.amount_fen for one in listed(tx, min(months), max(months))}
    other = [cell for cell in cells if held.get((cell.source_id, cell.month), 0) != cell.amount_fen]
    if other:
        tx.execute(insert(_t), [{**vars(cell), "origin": origin, "by": by[:80], "at": stores.now()} for cell in other])
    return len(other)


def listed(tx: Connection, first: int, last: int) -> list[Budget]:
    """The budgets that hold in these months, both included; those taken away are absent."""
    newest = select(func.max(_t.c.id)).where(_t.c.month.between(first, last)).group_by(_t.c.source_id, _t.c.month)
    rows = tx.execute(select(_t).where(_t.c.id.in_(newest), _t.c.amount_fen > 0).order_by(_t.c.source_id, _t.c.month))
    return [Budget(row.source_id, row.month, row.amount_fen, row.origin, row.by, row.at) for row in rows]


def history(tx: Connection, source_id: int, month: int) -> list[Budget]:
    """All that was said of one source and month, the newest first."""
    rows = tx.execute(select(_t).where(_t.c.source_id == source_id, _t.c.month == month).order_by(_t.c.id.desc()))
    return [Budget(row.source_id, row.month, row.amount_fen, row.origin, row.by, row.at) for row in rows]


def read_month(text: str) -> int:
    """The number of a month written 2026-01.

    Raises
    ------
    InvalidError
    """
    year, _, month = text.partition("-")
    if len(text) == 7 and year.isdigit() and month.isdigit() and 1 <= int(month) <= 12 and FIRST_MONTH <= (number := int(year) * 12 + int(month) - 1) < LAST_MONTH:
        return number
    raise InvalidError(Text("月份有误", "this is no month"), faults=[Fault("month", Text("写成 2026-01", "write it as 2026-01"))])


def named(month: int) -> str:
    return month_name(month)
