"""Hold-outs 全局对照组: a share of all people who are told nothing but what is transactional, so that the whole can be measured.

Who is in it is drawn by a salted hash of the customer's number and stored; newcomers are drawn as they come. As many people
again are kept by name and treated like everybody: the two compare. When another is drawn the earlier one ends and stays
readable. Somebody who is merged takes the more restrictive arm along.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, insert, select, update

from siyu.events.catalogue.identity import IDENTIFIERS_LINKED
from siyu.events.reactions import Reaction
from siyu.foundation.database import insert_ignore, insert_table, whose
from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.ids import Ints, draw_rows, new_id
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.current import everybody
from siyu.messaging import _gate_tables

CONTROL, COMPARED = 0, 1
MOST_RATE = 0.2
_ARMS = {"control": CONTROL, "compared": COMPARED}
_group, _held = _gate_tables.holdout, _gate_tables.held


@dataclass(frozen=True)
class Holdout:
    """`to_on` null: it lasts until another is drawn. The counts are people by arm, as they were drawn."""

    id: int
    rate: float
    from_on: date
    to_on: date | None
    created_at: datetime
    created_by: str
    control_count: int = 0
    compared_count: int = 0


def active(stores: Stores, tx: Connection) -> Holdout | None:
    """The one of today; None: nobody is held out."""
    today = stores.calendar.on(stores.now())
    mine = (_group.c.from_on <= today) & (_group.c.to_on.is_(None) | (_group.c.to_on > today))
    row = tx.execute(select(_group.c.id).where(mine).order_by(_group.c.id.desc()).limit(1)).first()
    return None if row is None else find(tx, row.id)


def holdouts(tx: Connection) -> list[Holdout]:
    """All there ever were, the newest first."""
    counted = select(_held.c.holdout_id, _held.c.arm, func.count()).group_by(_held.c.holdout_id, _held.c.arm)
    sizes = {(number, arm): int(count) for number, arm, count in tx.execute(counted)}
    return [
        Holdout(row.id, row.rate, row.from_on, row.to_on, row.created_at, row.created_by, sizes.get((row.id, CONTROL), 0), sizes.get((row.id, COMPARED), 0))
        for row in tx.execute(select(_group).order_by(_group.c.id.desc()))
    ]


def find(tx: Connection, holdout_id: int) -> Holdout:
    for one in holdouts(tx):
        if one.id == holdout_id:
            return one
    raise NotFoundError(Text("没有这个对照组", "there is no such hold-out"))


def draw(stores: Stores, tx: Connection, *, rate: float, days: int | None, by: str) -> Holdout:
    """Draw a new hold-out from everybody; the one before ends today. `days`: how long it lasts, None until another is drawn.

    Raises
    ------
    InvalidError
    """
    if not 0 < rate <= MOST_RATE:
        raise InvalidError(Text("对照组有误", "the hold-out is not valid"), faults=[Fault("rate", Text(f"应大于 0,至多 {MOST_RATE:.0%}", f"above 0 and at most {MOST_RATE:.0%}"))])
    end(stores, tx)
    now = stores.now()
    today = stores.calendar.on(now)
    to_on = None if days is None else today + timedelta(days=days)
    key = tx.execute(insert(_group).values(rate=rate, salt=new_id("hold"), from_on=today, to_on=to_on, created_at=now, created_by=by[:80])).inserted_primary_key
    assert key is not None
    number = int(key[0])
    rows = _drawn(tx, number, everybody(tx))
    if rows.num_rows:
        insert_table(tx, _held, rows)
    return find(tx, number)


def end(stores: Stores, tx: Connection) -> None:
    """From today on nobody is held out."""
    today = stores.calendar.on(stores.now())
    tx.execute(update(_group).where(_group.c.to_on.is_(None) | (_group.c.to_on > today)).values(to_on=today))


def held_out(stores: Stores, tx: Connection, ids: Ints) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Of these people (ascending), who is held out today."""
    group = active(stores, tx)
    if group is None or not len(ids):
        return np.zeros(len(ids), bool)
    mine = whose(tx, _held.c.customer_id, ids.tolist())
    found = tx.scalars(select(_held.c.customer_id).where(mine, _held.c.holdout_id == group.id, _held.c.arm == CONTROL)).all()
    return np.isin(ids, np.array(found, np.int64))


def arms(tx: Connection, holdout_id: int) -> dict[str, Ints]:
    """The people of a hold-out, also of an earlier one: `control` and `compared`."""
    find(tx, holdout_id)
    rows = np.array([tuple(row) for row in tx.execute(select(_held.c.customer_id, _held.c.arm).where(_held.c.holdout_id == holdout_id))], np.int64).reshape(-1, 2)
    return {name: np.sort(rows[rows[:, 1] == arm, 0]) for name, arm in _ARMS.items()}


def listed(tx: Connection, holdout_id: int, arm: str, *, after: int = 0, limit: int = 50) -> list[int]:
    """Who is in one arm, by their number, from behind `after` on."""
    find(tx, holdout_id)
    mine = (_held.c.holdout_id == holdout_id) & (_held.c.arm == _ARMS[arm]) & (_held.c.customer_id > after)
    return list(tx.scalars(select(_held.c.customer_id).where(mine).order_by(_held.c.customer_id).limit(limit)))


def size(tx: Connection, holdout_id: int, arm: str) -> int:
    mine = (_held.c.holdout_id == holdout_id) & (_held.c.arm == _ARMS[arm])
    return tx.scalar(select(func.count()).select_from(_held).where(mine)) or 0


def _drawn(tx: Connection, number: int, ids: Ints) -> pa.Table:
    rate, salt = tx.execute(select(_group.c.rate, _group.c.salt).where(_group.c.id == number)).one()
    drawn = draw_rows(salt, ids)
    mine = drawn < 2 * rate
    arm = np.where(drawn[mine] < rate, CONTROL, COMPARED)
    return pa.table({"customer_id": ids[mine], "holdout_id": np.full(int(mine.sum()), number), "arm": pa.array(arm, pa.int16())})


def _react(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    group = active(stores, tx)
    if group is None:
        return
    new = [batch.rows.filter(pc.is_null(batch.rows["was_customer_id"]))["customer_id"] for batch in batches]
    ids = np.unique(np.concatenate([column.to_numpy() for column in new]))
    insert_ignore(tx, _held, _drawn(tx, group.id, ids).to_pylist())


NEWCOMERS = Reaction("messaging.holdout", (IDENTIFIERS_LINKED.name,), _react)
"""An identifier that is new to somebody known draws the same again."""
