"""Budgets 个人预算: messages a week of each person, proposed by the optimiser, in force from when somebody adopts them to a stated end.

A proposal is a durable job. What it found is kept with it, and who would get which budget; adopting switches all of it on at once,
undoing brings back what was before. A budget only ever lowers what the policy's caps allow: the gate holds both. One person in ten (by a
salted hash) keeps being told as before, so that what the budgets bring is measured, and what they withhold is still learned about.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, Row, delete, insert, select, update

from siyu.foundation import jobs
from siyu.foundation.database import whose
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.ids import Ints, new_id
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import _budget_tables, restraint
from siyu.messaging.proposing import MOST_PLACES, Terms

PROPOSE = "messaging.propose_budgets"
COMPARE_RATE = 0.1
HELD, COMPARED = 0, 1
"""Arms of `messaging_budget`."""
MOST_WEEKS = 26
_plan, _budget = _budget_tables.plan, _budget_tables.budget


@dataclass(frozen=True)
class Asked:
    """What a proposal is made from and keeps to: `weeks` of history, and the terms."""

    weeks: int = 26
    terms: Terms = field(default_factory=Terms)


@dataclass(frozen=True)
class BudgetPlan:
    """`found`: as `proposing.Found.json`, empty until it is computed. `ends_at`: budgets hold up to then."""

    id: int
    status: str
    asked: Asked
    found: dict[str, Any]
    salt: str
    job_id: str | None
    created_at: datetime
    created_by: str
    adopted_at: datetime | None
    adopted_by: str | None
    ends_at: datetime | None
    closed_at: datetime | None
    closed_by: str | None

    def is_active(self, now: datetime) -> bool:
        return self.status == "adopted" and self.ends_at is not None and now < self.ends_at


def check(asked: Asked) -> list[Fault]:
    """Every fault of what is asked for."""
    terms, faults = asked.terms, []
    ranges = (
        ("weeks", asked.weeks, 4, 104), ("margin_rate", terms.margin_rate, 0.01, 1), ("lost_fen", terms.lost_fen or 0, 0, 10**9), ("worth_fen", terms.worth_fen, 0, 10**7),
        ("least", terms.least, 0, MOST_PLACES), ("per_person", terms.least if terms.per_person is None else terms.per_person, terms.least, MOST_PLACES),
    )  # fmt: skip
    for name, value, low, high in ranges:
        if not low <= value <= high:
            faults.append(Fault(name, Text(f"{low} 到 {high}", f"from {low} to {high}")))
    return faults


def ask(stores: Stores, tx: Connection, asked: Asked, *, by: str) -> BudgetPlan:
    """Write a proposal down and have it computed. One that waits for an answer is dropped: there is one at a time.

    Raises
    ------
    InvalidError
        With every fault.
    """
    if faults := check(asked):
        raise InvalidError(Text("预算的条件有误", "the terms of the budgets are not valid"), faults=faults)
    now = stores.now()
    for waiting in tx.scalars(select(_plan.c.id).where(_plan.c.status.in_(("computing", "proposed", "lacking")))).all():
        drop(stores, tx, waiting, by=by)
    row = {"status": "computing", "asked": asdict(asked), "found": {}, "salt": new_id("budget"), "created_at": now, "created_by": by[:80]}
    key = tx.execute(insert(_plan).values(row)).inserted_primary_key
    assert key is not None
    job_id = jobs.submit(tx, PROPOSE, {"plan_id": int(key[0])}, now=now, key=f"plan:{key[0]}", created_by=by)
    tx.execute(update(_plan).where(_plan.c.id == key[0]).values(job_id=job_id))
    return find(tx, int(key[0]))


def find(tx: Connection, plan_id: int) -> BudgetPlan:
    row = tx.execute(select(_plan).where(_plan.c.id == plan_id)).first()
    if row is None:
        raise NotFoundError(Text(f"没有预算建议 {plan_id}", f"there is no proposal {plan_id} of budgets"), way_out=Text("在预算页查看", "see the page of budgets"))
    return _read(row)


def listed(tx: Connection, *, before: int | None = None, limit: int = 20) -> list[BudgetPlan]:
    """The newest first."""
    query = select(_plan).order_by(_plan.c.id.desc()).limit(limit)
    return [_read(row) for row in tx.execute(query if before is None else query.where(_plan.c.id < before))]


def active(tx: Connection, now: datetime) -> BudgetPlan | None:
    """The one whose budgets hold now."""
    row = tx.execute(select(_plan).where(_plan.c.status == "adopted", _plan.c.ends_at > now).order_by(_plan.c.adopted_at.desc(), _plan.c.id.desc()).limit(1)).first()
    return None if row is None else _read(row)


def adopt(stores: Stores, tx: Connection, plan_id: int, *, weeks: int, by: str) -> BudgetPlan:
    """From the commit on these budgets hold, for so many weeks; those that held are replaced.

    Raises
    ------
    ConflictError
        When it was not proposed, or answered already.
    InvalidError
    """
    if not 1 <= weeks <= MOST_WEEKS:
        raise InvalidError(Text("期限有误", "the time is not valid"), faults=[Fault("weeks", Text(f"1 到 {MOST_WEEKS} 周", f"1 to {MOST_WEEKS} weeks"))])
    _turn_taken(tx, plan_id)
    plan, now = find(tx, plan_id), stores.now()
    if plan.status != "proposed":
        raise _not_so(plan)
    if (held := active(tx, now)) is not None:
        tx.execute(update(_plan).where(_plan.c.id == held.id).values(status="replaced", closed_at=now, closed_by=by[:80]))
    tx.execute(update(_plan).where(_plan.c.id == plan_id).values(status="adopted", adopted_at=now, adopted_by=by[:80], ends_at=now + timedelta(weeks=weeks)))
    return find(tx, plan_id)


def undo(stores: Stores, tx: Connection, plan_id: int, *, by: str) -> BudgetPlan:
    """These budgets hold no more; those that they replaced do again, if their time is not over.

    Raises
    ------
    ConflictError
        When they do not hold now.
    """
    _turn_taken(tx, plan_id)
    plan, now = find(tx, plan_id), stores.now()
    if not plan.is_active(now):
        raise _not_so(plan)
    tx.execute(update(_plan).where(_plan.c.id == plan_id).values(status="undone", closed_at=now, closed_by=by[:80]))
    before = tx.scalar(select(_plan.c.id).where(_plan.c.status == "replaced", _plan.c.closed_at == plan.adopted_at, _plan.c.ends_at > now).order_by(_plan.c.id.desc()).limit(1))
    if before is not None:
        tx.execute(update(_plan).where(_plan.c.id == before).values(status="adopted", closed_at=None, closed_by=None))
    return find(tx, plan_id)


def drop(stores: Stores, tx: Connection, plan_id: int, *, by: str) -> BudgetPlan:
    """Put a proposal away that was not adopted; what it found stays readable.

    Raises
    ------
    ConflictError
        When it was adopted.
    """
    changed = tx.execute(
        update(_plan).where(_plan.c.id == plan_id, _plan.c.status.in_(("computing", "proposed", "lacking"))).values(status="dropped", closed_at=stores.now(), closed_by=by[:80])
    ).rowcount
    plan = find(tx, plan_id)
    if not changed and plan.status != "dropped":
        raise _not_so(plan)
    tx.execute(delete(_budget).where(_budget.c.plan_id == plan_id))
    return plan


def levels(tx: Connection, ids: Ints, now: datetime) -> pa.Array:
    """The budget of each of these people (ascending), messages in any 7 days; null for none: then the policy alone holds."""
    if not len(ids) or (plan := active(tx, now)) is None:
        return pa.nulls(len(ids), pa.int16())
    mine = whose(tx, _budget.c.customer_id, ids.tolist())
    rows = tx.execute(select(_budget.c.customer_id, _budget.c.level).where(mine, _budget.c.plan_id == plan.id, _budget.c.arm == HELD)).all()
    table = np.array([tuple(row) for row in rows], np.int64).reshape(-1, 2)
    table = table[np.isin(table[:, 0], ids)]
    found = np.full(len(ids), -1)
    found[np.searchsorted(ids, table[:, 0])] = table[:, 1]
    return pa.array(found, pa.int16(), mask=found < 0)


def _turn_taken(tx: Connection, plan_id: int) -> None:
    """Planners wait: none decides one half of a part by one budget and the other by the next."""
    restraint.take_turn(tx)
    tx.execute(select(_plan.c.id).where(_plan.c.id == plan_id).with_for_update())


def _not_so(plan: BudgetPlan) -> ConflictError:
    return ConflictError(
        Text(f"这份预算现在的状态是 {plan.status}", f"these budgets are {plan.status} by now"), way_out=Text("刷新后查看它的状态", "reload and see how they stand")
    )


def _read(row: Row[Any]) -> BudgetPlan:
    values = dict(row._mapping)
    return BudgetPlan(**{**values, "asked": msgspec.convert(values["asked"], Asked)})
