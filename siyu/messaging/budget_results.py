"""Results of budgets 预算效果: those who were given one beside those who would have been and were told as before."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from sqlalchemy import select

from siyu.foundation import trials
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.messaging import _budget_tables
from siyu.messaging._budget_history import sums_since
from siyu.messaging.budgets import COMPARED, HELD, BudgetPlan
from siyu.messaging.proposing import Estimate
from siyu.messaging.responses import Floats

_budget = _budget_tables.budget
LEAST_PEOPLE = 30
"""Of each arm: below it nothing is compared."""


@dataclass(frozen=True)
class Measured:
    """Per person with a budget and week, less the same of those compared. `profit_fen`: earned less losses and cost, as in the proposal;
    null where there are too few people or no day yet. `held_count`, `compared_count`: people."""

    days: float
    held_count: int
    compared_count: int
    profit_fen: Estimate | None
    messages: Estimate | None
    lost_rate: Estimate | None


def measured(stores: Stores, plan: BudgetPlan) -> Measured | None:
    """What the budgets of a plan have brought from when they were adopted until now, or until they ended; None where never adopted."""
    if plan.adopted_at is None or plan.ends_at is None:
        return None
    from_ms, until_ms = to_ms(plan.adopted_at), to_ms(min(stores.now(), plan.ends_at, plan.closed_at or plan.ends_at))
    weeks = (until_ms - from_ms) / (7 * DAY_MS)
    with stores.ledger.read() as tx:
        rows = tx.execute(select(_budget.c.customer_id, _budget.c.arm).where(_budget.c.plan_id == plan.id).order_by(_budget.c.customer_id)).all()
    table = np.array([tuple(row) for row in rows], np.int64).reshape(-1, 2)
    ids, arm = table[:, 0], table[:, 1]
    held, compared = (int((arm == one).sum()) for one in (HELD, COMPARED))
    if weeks < 1 / 7 or min(held, compared) < LEAST_PEOPLE:
        return Measured(weeks * 7, held, compared, None, None, None)
    spend, lost, messages = sums_since(stores, ids, from_ms, until_ms)
    profit = spend * plan.asked.terms.margin_rate - lost * plan.found["lost_fen"] - messages * plan.found["cost_fen"]
    return Measured(weeks * 7, held, compared, *(_difference(each / weeks, arm) for each in (profit, messages.astype(np.float64), lost)))


def _difference(values: Floats, arm: Ints) -> Estimate:
    held, compared = (values[arm == one] for one in (HELD, COMPARED))
    effect = trials.difference(trials.sample(held), trials.sample(compared))
    return Estimate(float(effect.difference), float(effect.low), float(effect.high))
