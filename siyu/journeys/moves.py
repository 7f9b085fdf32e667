"""Moves 搬移: runs follow people who are merged, split or parted again. Of two runs of one person the earlier goes on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import Connection, select, update

from siyu.foundation.clock import to_ms
from siyu.foundation.database import among
from siyu.identity.moves import Change, Move
from siyu.journeys import _tables, runs
from siyu.journeys.states import HELD_OUT, ON_THE_WAY, STOPPED

_table = _tables.enrolment


def _one_way(tx: Connection, changes: Sequence[Change], at: datetime) -> None:
    """Somebody who is on one journey twice now goes on once; whoever was held out in either stays so."""
    c = _table.c
    people = sorted({change.after["customer_id"] for change in changes if change.after is not None})
    here = among(tx, c.customer_id, people) & c.state.in_((ON_THE_WAY, HELD_OUT))
    rows = tx.execute(select(c.id, c.journey_id, c.customer_id, c.key, c.state).where(here).order_by(c.state.desc(), c.entered_ms, c.id)).all()
    seen: set[tuple[int, int, str]] = set()
    late = []
    for row in rows:
        one = (row.journey_id, row.customer_id, row.key)
        if one in seen and row.state == ON_THE_WAY:
            late.append(row.id)
        seen.add(one)
    if late:
        tx.execute(update(_table).where(among(tx, c.id, late)).values(state=STOPPED, code="merged", ended_ms=to_ms(at), due_ms=None))
        runs.forget_heard(tx, np.array(late, np.int64))
    runs.tell(tx, among(tx, c.id, sorted({row.id for row in rows})), to_ms(at))


MOVES = (Move(_table, announce=_one_way),)
"""Chance was drawn for `first_id`, which stays as it is."""
