"""Groups 拼团: so many people within so many hours. Whoever is late or too many is told so; a group that fails gives nobody anything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from siyu.foundation.clock import to_ms
from siyu.foundation.database import among
from siyu.foundation.errors import ConflictError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.referral import _tables
from siyu.referral.invitations import Invitation
from siyu.referral.programmes import Programme

HOUR_MS = 3_600_000
_t, _f = _tables.group, _tables.friend


@dataclass(frozen=True)
class Group:
    """`size` people with the one who opened it; `members`: friends in it who count. `state`: open, full, failed or broken."""

    id: int
    programme_id: int
    invitation_id: int
    size: int
    at_ms: int
    until_ms: int
    state: str
    ended_ms: int | None
    members: int = 0


def begin(stores: Stores, tx: Connection, programme: Programme, invitation: Invitation) -> Group:
    """Open a group; one that is open already is given back.

    Raises
    ------
    ConflictError
        When the programme takes nobody now.
    """
    now_ms = to_ms(stores.now())
    if (held := newest(tx, [invitation.id]).get(invitation.id)) is not None and held.state == "open" and now_ms < held.until_ms:
        return held
    if programme.mode != "group" or not programme.is_open(now_ms) or programme.is_full:
        raise ConflictError(Text("现在不能开团", "no group can be opened now"), way_out=Text("活动已结束或名额已满", "the programme has ended or is full"))
    row = {"programme_id": programme.id, "invitation_id": invitation.id, "size": programme.terms.size, "at_ms": now_ms, "until_ms": now_ms + programme.terms.hours * HOUR_MS, "state": "open", "ended_ms": None}
    tx.execute(insert(_t).values(row))
    return newest(tx, [invitation.id])[invitation.id]


def newest(tx: Connection, invitation_ids: Sequence[int]) -> dict[int, Group]:
    """Invitation → its newest group."""
    last = select(func.max(_t.c.id)).where(among(tx, _t.c.invitation_id, list(invitation_ids))).group_by(_t.c.invitation_id)
    return {one.invitation_id: one for one in load(tx, last)}


def load(tx: Connection, ids: object) -> list[Group]:
    """Groups by number (a list, or a query that gives numbers)."""
    mine = _t.c.id.in_(ids)  # type: ignore[arg-type]
    members = select(_f.c.group_id, func.count().label("members")).where(_f.c.void == "", _f.c.state != "lapsed").group_by(_f.c.group_id).subquery()
    query = select(_t, func.coalesce(members.c.members, 0).label("members")).outerjoin(members, members.c.group_id == _t.c.id).where(mine)
    return [Group(**{**row._mapping, "members": int(row.members)}) for row in tx.execute(query.order_by(_t.c.id))]


class Seats:
    """Free places of the newest group of each of some invitations."""

    def __init__(self, held: dict[int, Group], now_ms: int) -> None:
        self._held = held
        self._free = {one.id: one.size - 1 - one.members for one in held.values() if one.state == "open" and now_ms < one.until_ms}

    def take(self, invitation_id: int, at_ms: int) -> int:
        """A place for somebody who came then; the group, 0 where there is none."""
        one = self._held.get(invitation_id)
        if one is None or not one.at_ms <= at_ms < one.until_ms or self._free.get(one.id, 0) < 1:
            return 0
        self._free[one.id] -= 1
        return one.id


def seats(stores: Stores, tx: Connection, programme: Programme, invitation_ids: Sequence[int]) -> Seats:
    return Seats(newest(tx, invitation_ids), to_ms(stores.now()))
