"""Rates 费率: what an hour of staff costs, and how long a new friend takes them; each from a day on, and nothing overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, insert, select

from siyu.acquisition import _tables
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

NAMES: dict[str, Text] = {
    "staff_hour_fen": Text("员工每小时成本(分)", "An hour of staff (fen)"),
    "seconds_per_add": Text("每加一位好友用时(秒)", "Seconds that a new friend takes"),
}
MOST = {"staff_hour_fen": 10_000_000, "seconds_per_add": 86_400}
_t = _tables.rate


@dataclass(frozen=True)
class Rate:
    """From this day on, until another is said for a later one. 0: nothing is reckoned."""

    name: str
    from_on: date
    value: int
    by: str = ""
    at: datetime | None = None


def put(stores: Stores, tx: Connection, given: Sequence[Rate], *, by: str) -> None:
    """
    Raises
    ------
    InvalidError
    """
    faults = [Fault(one.name, Text("没有这个费率", "there is no such rate")) for one in given if one.name not in NAMES]
    faults += [Fault(one.name, Text(f"0 到 {MOST[one.name]:,}", f"0 to {MOST[one.name]:,}")) for one in given if one.name in NAMES and not 0 <= one.value <= MOST[one.name]]
    if faults:
        raise InvalidError(Text("费率有误", "the rates are not valid"), faults=faults)
    if given:
        tx.execute(insert(_t), [{"name": one.name, "from_on": one.from_on, "value": one.value, "by": by[:80], "at": stores.now()} for one in given])


def history(tx: Connection) -> list[Rate]:
    """All that was said; of one name and day the last holds."""
    return [Rate(row.name, row.from_on, row.value, row.by, row.at) for row in tx.execute(select(_t).order_by(_t.c.from_on.desc(), _t.c.id.desc()))]


def on(said: Sequence[Rate], name: str, day: date) -> int:
    """What holds on a day, of a history as `history` gives it; 0 where nothing was said."""
    return next((one.value for one in said if one.name == name and one.from_on <= day), 0)
