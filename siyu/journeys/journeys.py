"""Journeys 旅程: written, found, copied, paused, stopped, put away. What people walk on are its versions (`versions`)."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from siyu.foundation.clock import to_ms
from siyu.foundation.database import among
from siyu.foundation.errors import ConflictError, NotFoundError
from siyu.foundation.text import Text
from siyu.journeys import _kept_tables, _tables, runs
from siyu.journeys.definition import Definition, dump, empty, read
from siyu.journeys.errors import JourneyStateError
from siyu.journeys.passing import count_passed
from siyu.journeys.states import HELD_OUT, JOURNEY, ON_THE_WAY, STOPPED

_table, _enrolment, _standing = _tables.journey, _tables.enrolment, _tables.standing


@dataclass(frozen=True)
class Journey:
    """One journey as it is now. `version`: the number that newcomers take; None before the first is published."""

    id: int
    name: str
    description: str | None
    status: str
    version: int | None
    draft: Definition
    draft_version: int
    salt: str
    started_at: datetime | None
    looks_at: datetime | None
    created_at: datetime
    created_by: str
    updated_at: datetime


@dataclass(frozen=True)
class Happening:
    """What somebody did to a journey."""

    at: datetime
    by: str
    what: str
    detail: dict[str, Any]


def create(tx: Connection, name: str, description: str | None = None, draft: Definition | None = None, *, by: str, now: datetime) -> Journey:
    """A new draft; what is missing or wrong in it holds it back only when it is published."""
    values = {
        "name": name[:80], "description": description, "status": "draft", "version": None, "draft": dump(draft or empty()), "draft_version": 1,
        "salt": secrets.token_hex(8), "created_at": now, "created_by": by[:80], "updated_at": now,
    }  # fmt: skip
    made = tx.execute(insert(_table).values(**values)).inserted_primary_key
    assert made is not None
    note(tx, int(made[0]), "created", {}, by=by, now=now)
    return find(tx, int(made[0]))


def save_draft(tx: Connection, journey_id: int, draft: Definition, *, over: int, name: str | None = None, description: str | None = None, by: str, now: datetime) -> Journey:
    """Save what is being drawn.

    Parameters
    ----------
    over
        The `draft_version` that whoever drew it was looking at.

    Raises
    ------
    ConflictError
        When somebody else has saved it since.
    """
    before = find(tx, journey_id)
    values: dict[str, Any] = {"draft": dump(draft), "draft_version": over + 1, "updated_at": now}
    if name is not None:
        values |= {"name": name[:80], "description": description}
    if tx.execute(update(_table).where(_table.c.id == journey_id, _table.c.draft_version == over).values(**values)).rowcount == 0:
        raise ConflictError(
            Text(f"草稿已被别人改到第 {before.draft_version} 稿", f"somebody has saved draft {before.draft_version} meanwhile"), way_out=Text("重新打开，再改一次", "open it again and repeat the change")
        )
    return find(tx, journey_id)


def copy(tx: Connection, journey_id: int, *, name: str, by: str, now: datetime) -> Journey:
    """A new draft like this one; chance falls anew."""
    found = find(tx, journey_id)
    return create(tx, name, found.description, found.draft, by=by, now=now)


def remove(tx: Connection, journey_id: int) -> None:
    """Put a draft away that nobody has ever walked."""
    found = find(tx, journey_id)
    if found.version is not None:
        raise JourneyStateError(Text("已发布过的旅程不能删除，可以停止", "a journey that was published cannot be deleted; stop it"))
    tx.execute(delete(_kept_tables.rehearsal).where(_kept_tables.rehearsal.c.journey_id == journey_id))
    tx.execute(delete(_tables.happening).where(_tables.happening.c.journey_id == journey_id))
    tx.execute(delete(_table).where(_table.c.id == journey_id))


def find(tx: Connection, journey_id: int) -> Journey:
    row = tx.execute(select(_table).where(_table.c.id == journey_id)).first()
    if row is None:
        raise NotFoundError(Text(f"没有旅程 {journey_id}", f"there is no journey {journey_id}"), way_out=Text("在旅程列表中查看", "see the list of journeys"))
    return _journey(row)


def pause(tx: Connection, journey_id: int, *, by: str, now: datetime) -> Journey:
    """Nobody comes in and nobody moves on, from the commit on; exit rules and goals go on holding."""
    return turn(tx, journey_id, ("live", "draining"), "paused", by=by, now=now)


def resume(tx: Connection, journey_id: int, *, by: str, now: datetime) -> Journey:
    """People move on, and others come in: also those who came into its segment meanwhile."""
    return turn(tx, journey_id, ("paused", "draining"), "live", by=by, now=now, looks_at=now)


def drain(tx: Connection, journey_id: int, *, by: str, now: datetime) -> Journey:
    """Nobody comes in any more; those on the way finish."""
    return turn(tx, journey_id, ("live", "paused"), "draining", by=by, now=now)


def stop(tx: Connection, journey_id: int, *, by: str, now: datetime) -> Journey:
    """It is over for everybody who is on the way."""
    found = turn(tx, journey_id, ("live", "paused", "draining"), "stopped", by=by, now=now)
    c, s = _enrolment.c, _standing.c
    ids = list(tx.scalars(select(c.id).select_from(_tables.run).where(c.journey_id == journey_id, s.state.in_((ON_THE_WAY, HELD_OUT)))))
    for start in range(0, len(ids), runs.TOGETHER):
        some = ids[start : start + runs.TOGETHER]
        mine = among(tx, s.enrolment_id, some)
        places = tx.scalars(update(_standing).where(mine, s.state == ON_THE_WAY).values(state=STOPPED, code="stopped", ended_ms=to_ms(now), due_ms=None).returning(s.place_id))
        count_passed(tx, Counter((place, "stopped") for place in places))
        runs.tell(tx, mine, to_ms(now))
    return found


def turn(tx: Connection, journey_id: int, before: Sequence[str], after: str, *, by: str, now: datetime, **values: Any) -> Journey:
    """Change the status, if it is one of `before`; one that is so already is left as it is."""
    changed = tx.execute(update(_table).where(_table.c.id == journey_id, _table.c.status.in_(before)).values(status=after, updated_at=now, **values)).rowcount
    found = find(tx, journey_id)
    if not changed and found.status != after:
        words, wanted = JOURNEY[found.status], JOURNEY[after]
        raise JourneyStateError(Text(f"旅程现在是「{words.zh}」，不能变为「{wanted.zh}」", f"the journey is {words.en.lower()} and cannot be {wanted.en.lower()}"))
    if changed:
        note(tx, journey_id, after, {}, by=by, now=now)
    return found


def note(tx: Connection, journey_id: int, what: str, detail: dict[str, Any], *, by: str, now: datetime) -> None:
    """Write down who did what."""
    tx.execute(insert(_tables.happening).values(journey_id=journey_id, at=now, by=by[:80], what=what, detail=detail))


def history(tx: Connection, journey_id: int, *, limit: int = 200) -> list[Happening]:
    """Who did what to it, the latest first."""
    h = _tables.happening
    rows = tx.execute(select(h.c.at, h.c.by, h.c.what, h.c.detail).where(h.c.journey_id == journey_id).order_by(h.c.id.desc()).limit(limit))
    return [Happening(*row) for row in rows]


def _journey(row: Row[Any]) -> Journey:
    return Journey(**{**row._mapping, "draft": read(row.draft)})
