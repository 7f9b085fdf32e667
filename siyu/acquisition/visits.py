"""Visits 访问: who opened a short link or a page, written down together after they were led on: nobody waits for it.

Openings are counted for everybody, programs apart; a visit (a touch of a source) is recorded once for a browser, source and code in a
local day, and not of those who said that they are not to be recorded.
"""

from __future__ import annotations

import logging
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from siyu.acquisition import _code_tables, touches
from siyu.content import quiet
from siyu.foundation.clock import day_number, from_ms
from siyu.foundation.commits import FullError, GroupCommits
from siyu.foundation.errors import SiyuError, UnavailableError
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

WAITING, TOGETHER = 50_000, 5_000
"""So many wait to be written at the most; beyond that people are led on uncounted."""
REMEMBERED = 100_000
_log = logging.getLogger("siyu.acquisition")
_t = _code_tables.count


@dataclass(frozen=True)
class Visit:
    """One opening of a link, a live code's page or a landing page (`of`); `what`: visit, program or press. `visitor` 0: nobody reads, or not known."""

    of: str
    of_id: int
    what: str
    at_ms: int
    visitor: int = 0
    source_id: int = 0
    code_id: int = 0
    offer_id: int = 0
    region: str = ""


class Visits:
    """One a process, from `start` to `stop`."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self._told: OrderedDict[int, None] = OrderedDict()
        self._commits = GroupCommits[Visit](self._write, name="visits", limit=WAITING, together=TOGETHER)

    def start(self) -> None:
        self._commits.start()

    def stop(self) -> None:
        self._commits.stop()

    async def put(self, visit: Visit) -> bool:
        """Write it down; call it after the answer was sent. False when that was not possible."""
        try:
            await self._commits.put(visit)
        except (FullError, SiyuError):
            return False
        return True

    def _write(self, visits: Sequence[Visit]) -> Sequence[SiyuError | None]:
        try:
            fresh = write(self.stores, visits, set(self._told))
        except (SQLAlchemyError, OSError, SiyuError):
            _log.exception("visits could not be written; their visitors were led on")
            return [UnavailableError(Text("没有记下", "it was not written down"))] * len(visits)
        self._told.update(dict.fromkeys(fresh))
        while len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return [None] * len(visits)


def write(stores: Stores, visits: Sequence[Visit], told: set[int]) -> list[int]:
    """Count openings and record touches, in one transaction; returns the keys of the touches that were not among `told`."""
    counts: Counter[tuple[str, int, int, str]] = Counter()
    rows: dict[int, Visit] = {}
    for one in visits:
        day = day_number(stores.calendar.on(from_ms(one.at_ms)))
        counts[one.of, one.of_id, day, one.what] += 1
        key = key64("visit", one.source_id, one.code_id, one.visitor, day)
        if one.what == "visit" and one.visitor and one.source_id and key not in told:
            rows.setdefault(key, one)
    with stores.ledger.begin() as tx:
        _count(tx, counts)
        hidden = quiet.visitors(tx, sorted({one.visitor for one in rows.values()}))
        kept = {key: one for key, one in rows.items() if one.visitor not in hidden}
        if kept:
            touches.record(stores, tx, _table(kept))
    return list(kept)


def _table(rows: dict[int, Visit]) -> pa.Table:
    values = list(rows.values())
    columns = {name: [getattr(one, name) for one in values] for name in ("at_ms", "source_id", "code_id", "offer_id", "region")}
    return pa.table({"event_key": list(rows), "visitor_key": [one.visitor for one in values], "step": ["visit"] * len(values), **columns})


def _count(tx: Connection, counts: Counter[tuple[str, int, int, str]]) -> None:
    new = sqlite.insert(_t) if tx.dialect.name == "sqlite" else postgresql.insert(_t)
    # In one order, so that two processes cannot wait for each other.
    rows = [{"of": of, "of_id": number, "day": day, "what": what, "count": count} for (of, number, day, what), count in sorted(counts.items())]
    tx.execute(new.on_conflict_do_update(index_elements=["of", "of_id", "day", "what"], set_={"count": _t.c.count + new.excluded.count}), rows)
