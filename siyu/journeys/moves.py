"""Moves 搬移: runs follow people who are merged, split or parted again. Of two runs of one person the earlier goes on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, select, update

from siyu.foundation.clock import to_ms
from siyu.foundation.database import among
from siyu.identity.moves import Change, Move
from siyu.journeys import _tables, runs
from siyu.journeys.states import HELD_OUT, ON_THE_WAY, STOPPED

_table, _standing, _journey, _version = _tables.enrolment, _tables.standing, _tables.journey, _tables.version
MERGED = "merged"
MADE_WAY = "$merged"
"""What a run that was stopped for another has heard; its `event_key` is the other's number."""


def _follow(tx: Connection, changes: Sequence[Change], at: datetime) -> None:
    """Somebody who is on one journey twice now goes on once; whoever was held out in either stays so. Who are parted again go on, each where they were."""
    c, s, h = _table.c, _standing.c, _tables.heard.c
    was = {change.after["id"]: change.before["customer_id"] for change in changes if change.after is not None and change.before is not None}
    here = among(tx, c.customer_id, sorted({row["customer_id"] for change in changes for row in change if row is not None}))
    if back := _parted(tx, here, was):
        # When they are due and what they have heard is as it was.
        tx.execute(update(_standing).where(among(tx, s.enrolment_id, back)).values(state=ON_THE_WAY, code=None, ended_ms=None))
        tx.execute(delete(_tables.heard).where(among(tx, h.enrolment_id, back), h.name == MADE_WAY))
    rows = tx.execute(select(_table, s.state).select_from(_tables.run).where(here & s.state.in_((ON_THE_WAY, HELD_OUT))).order_by(s.state.desc(), c.entered_ms, c.id)).all()
    if late := _late(tx, rows):
        tx.execute(update(_standing).where(among(tx, s.enrolment_id, list(late))).values(state=STOPPED, code=MERGED, ended_ms=to_ms(at)))
        runs.remember(tx, [
            {"enrolment_id": run, "event_key": other, "name": MADE_WAY, "at_ms": to_ms(at), "properties": "{}", "is_entry": False} for run, other in late.items()
        ])  # fmt: skip
    runs.tell(tx, among(tx, c.id, sorted({row.id for row in rows} | was.keys())), to_ms(at))


def _parted(tx: Connection, here: ColumnElement[bool], was: Mapping[int, int]) -> list[int]:
    """Runs that were stopped for another one of the same person, who is not the same person any more."""
    heard, other = _tables.heard, _table.alias("other")
    query = (
        select(_table.c.id, _table.c.customer_id, other.c.id.label("other_id"), other.c.customer_id.label("other_customer"))
        .join(_standing, _standing.c.enrolment_id == _table.c.id)
        .join(heard, (heard.c.enrolment_id == _table.c.id) & (heard.c.name == MADE_WAY))
        .join(other, other.c.id == heard.c.event_key)
        .join(_journey, _journey.c.id == _table.c.journey_id)
        .where(here, _standing.c.state == STOPPED, _standing.c.code == MERGED, _journey.c.status != "stopped")
    )
    return [row.id for row in tx.execute(query) if row.customer_id != row.other_customer and was.get(row.id, row.customer_id) == was.get(row.other_id, row.other_customer)]


def _late(tx: Connection, rows: Sequence[Any]) -> dict[int, int]:
    """Runs of one person and key beside the first, and which that is; held-out ones come first. Where each event starts a run of its own, only beside a held-out one."""
    alike: dict[tuple[int, int, str], list[Any]] = defaultdict(list)
    for row in rows:
        alike[row.journey_id, row.customer_id, row.key].append(row)
    twice = [group for group in alike.values() if len(group) > 1]
    asked = {group[0].journey_id for group in twice}
    rules = {
        (row.journey_id, row.number): row.definition.get("reentry", {}).get("rule")
        for row in (tx.execute(select(_version.c.journey_id, _version.c.number, _version.c.definition).where(_version.c.journey_id.in_(asked))) if asked else ())
    }
    found: dict[int, int] = {}
    for first, *others in twice:
        if first.state == HELD_OUT or rules[first.journey_id, first.version] != "always":
            found |= {row.id: first.id for row in others if row.state == ON_THE_WAY}
    return found


MOVES = (Move(_table, announce=_follow),)
"""Chance was drawn for `first_id`, which stays as it is."""
