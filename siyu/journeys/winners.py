"""Winners 胜出: of the ways of an A/B step the one that leads to the goal more often, as soon as that is clear; all newcomers take it then.

It is looked at again and again, so the interval is one that holds at every look at once (`trials.sequential`), and it is narrowed by
the number of pairs that are compared: where no way is better, at most one test in twenty (at level 0.95) ever names a winner.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import ibis
from sqlalchemy import Connection, select, update

from siyu.foundation import trials
from siyu.foundation.database import insert_ignore
from siyu.journeys import _step_tables

_table = _step_tables.winner
_LEFT = ibis.table({"enrolment_id": "int64", "customer_id": "int64", "edge": "string", "left_ms": "int64"}, name="_winners_left")


@dataclass(frozen=True)
class Seen:
    """One way so far: people whose time for the goal is over, and how many of them reached it."""

    people: int
    goals: int

    @property
    def rate(self) -> float | None:
        return self.goals / self.people if self.people else None


@dataclass(frozen=True)
class Verdict:
    """`edge`: the winner, None while none is clear. `p_value`: the largest of the best way's comparisons, times the number of pairs."""

    edge: str | None
    best: str | None
    p_value: float | None


@dataclass(frozen=True)
class Standing:
    """How a test stands, for the canvas."""

    edge: str | None
    decided_at: datetime | None
    looked_at: datetime
    look_count: int
    seen: dict[str, Seen]
    p_value: float | None


def decide(seen: Mapping[str, Seen], *, least_people: int, level: float = 0.95) -> Verdict:
    """The way whose goal rate is clearly above that of every other one.

    One entry in is one way; ways that have fewer than `least_people` people keep the test open. With k ways each pair is held to
    1 − (1 − level) / (k (k − 1) / 2), so that all comparisons hold together.
    """
    if len(seen) < 2 or any(one.people < max(least_people, 2) for one in seen.values()):
        return Verdict(None, None, None)
    samples = {edge: trials.share(one.people, one.goals) for edge, one in seen.items()}
    best = max(samples, key=lambda edge: float(samples[edge].mean))
    pairs = len(samples) * (len(samples) - 1) // 2
    found = [trials.sequential(samples[best], other, 1 - (1 - level) / pairs) for edge, other in samples.items() if edge != best]
    p_value = min(1.0, max(float(one.p_value) for one in found) * pairs)
    return Verdict(best if all(float(one.low) > 0 for one in found) else None, best, p_value)


def begin(tx: Connection, place_id: int, now: datetime) -> None:
    """Note that a test goes on at a place; again it does nothing."""
    insert_ignore(tx, _table, [{"place_id": place_id, "looked_at": now, "look_count": 0, "figures": {}}])


def chosen(tx: Connection, place_id: int) -> str | None:
    """The edge that has won there."""
    return tx.scalar(select(_table.c.edge).where(_table.c.place_id == place_id))


def standing(tx: Connection, place_id: int) -> Standing | None:
    row = tx.execute(select(_table).where(_table.c.place_id == place_id)).first()
    if row is None:
        return None
    seen = {edge: Seen(**one) for edge, one in row.figures.get("seen", {}).items()}
    return Standing(row.edge, row.decided_at, row.looked_at, row.look_count, seen, row.figures.get("p_value"))


def waiting(tx: Connection) -> list[int]:
    """Places whose test goes on."""
    return list(tx.scalars(select(_table.c.place_id).where(_table.c.decided_at.is_(None)).order_by(_table.c.place_id)))


def note(tx: Connection, place_id: int, seen: Mapping[str, Seen], verdict: Verdict, now: datetime) -> None:
    """Keep what a look has shown; what is decided stays so."""
    figures: dict[str, Any] = {"seen": {edge: {"people": one.people, "goals": one.goals} for edge, one in seen.items()}, "p_value": verdict.p_value}
    values: dict[str, Any] = {"looked_at": now, "look_count": _table.c.look_count + 1, "figures": figures}
    if verdict.edge is not None:
        values |= {"edge": verdict.edge, "decided_at": now}
    tx.execute(update(_table).where(_table.c.place_id == place_id, _table.c.decided_at.is_(None)).values(values))
