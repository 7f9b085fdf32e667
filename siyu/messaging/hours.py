"""Hours 最佳时段: at which hour each person is told, from the hours at which they opened what they were sent before. Set-based.

Whoever opened too little for a habit (`LEAST` times in `DAYS` days) gets the hour that the send names, or else the one at which the
people of the audience open most. The reason says which it was: `best_hour` or `usual_hour`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.customers.facts import CUSTOMERS_ACTIVITY
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.ids import Ints
from siyu.foundation.warehouse.engines import Session
from siyu.messaging.blocks import Flags
from siyu.messaging.quiet import Zones
from siyu.messaging.routing import WHO

OPENED = ("message_opened", "message_clicked", "link_opened")
LEAST, DAYS = 3, 90
MOST_USUAL = 10
"""The hour of an audience of which nothing at all is known."""
QUARTER_MS, HOUR_MS = 900_000, 3_600_000


def opened(session: Session, now: datetime) -> pa.Table:
    """How often each person of `routing.WHO` opened something in each quarter of an hour of the day (UTC): customer_id, quarter, times."""
    done = CUSTOMERS_ACTIVITY.table
    since = to_ms(now - timedelta(days=DAYS))
    mine = done.filter(done.name.isin(OPENED) & (done.at_ms >= since)).semi_join(WHO, "customer_id")
    counted = mine.mutate(quarter=(mine.at_ms // QUARTER_MS) % 96).group_by("customer_id", "quarter").agg(times=lambda t: t.count())
    return session.query(counted.cast({"quarter": "int64", "times": "int64"}))


def habits(found: pa.Table, ids: Ints, zones: Zones, now_ms: int) -> tuple[Ints, int]:
    """The hour (0–23, where each lives) of each of `ids`, ascending: of equals the earlier, -1 for who has no habit; and the hour that they
    open most together. `zones` are those of `ids`."""
    offset = zones.local(np.full(len(ids), now_ms)) - now_ms
    who, times = found["customer_id"].to_numpy(), found["times"].to_numpy()
    place = np.minimum(np.searchsorted(ids, who), max(0, len(ids) - 1))
    mine = ids[place] == who if len(ids) else np.zeros(len(who), bool)
    place, times = place[mine], times[mine]
    hour = (found["quarter"].to_numpy()[mine] * QUARTER_MS + offset[place]) // HOUR_MS % 24
    counts = np.bincount(place * 24 + hour, weights=times, minlength=len(ids) * 24).reshape(-1, 24) if len(ids) else np.zeros((0, 24))
    everybody = counts.sum(axis=0)
    own: Ints = np.where(counts.sum(axis=1) >= LEAST, counts.argmax(axis=1), -1)
    return own, int(everybody.argmax()) if everybody.any() else MOST_USUAL


def not_before(own: Ints, usual: int, zones: Zones, due_ms: int, until_ms: int) -> tuple[Ints, Flags]:
    """The first instant of each person's hour from `due_ms` on, which is due itself within that hour; and whether it is their habit.
    Where the send ends before it they are told at due."""
    hour = np.where(own >= 0, own, usual)
    due: Any = np.full(len(own), due_ms)
    local = zones.local(due)
    day = local - local % DAY_MS
    passed = local >= day + (hour + 1) * HOUR_MS
    at = zones.reach(due, day + hour * HOUR_MS + np.where(passed, DAY_MS, 0))
    at = np.maximum(at, due_ms)
    return np.where(at <= until_ms, at, due_ms), own >= 0
