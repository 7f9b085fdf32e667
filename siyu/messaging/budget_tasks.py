"""Tasks of budgets: compute a proposal, and what adopted budgets have brought so far."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import delete, select, update

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.database import insert_table
from siyu.foundation.ids import Ints, draw_rows
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.messaging import _budget_tables, budgets, policies
from siyu.messaging._budget_history import History, history
from siyu.messaging.budgets import COMPARE_RATE, COMPARED, HELD, PROPOSE
from siyu.messaging.proposing import Evidence, Terms, propose, weekly_most

Flow = Callable[[Stores], int]
PART = 100_000
_plan, _budget = _budget_tables.plan, _budget_tables.budget


def job_kinds(flow: Flow) -> tuple[JobKind, ...]:
    """`flow` publishes what the log holds, so that a proposal is made of all that is known."""

    def run(running: Running) -> dict[str, Any]:
        flow(running.stores)
        return compute(running, running.arguments["plan_id"])

    return (JobKind(PROPOSE, Text("计算每周预算", "Work out weekly budgets"), run, link=lambda arguments: "/restraint?tab=budgets"),)


def compute(running: Running, plan_id: int) -> dict[str, Any]:
    """Work a proposal out and keep it; one that was dropped meanwhile is left alone. Safe to run again."""
    stores = running.stores
    running.progress(0, 3, Text("正在读取投放历史", "reading what was sent"))
    with stores.ledger.read() as tx:
        plan = budgets.find(tx, plan_id)
        most = weekly_most(policies.active(tx))
        past = history(stores, tx, weeks=plan.asked.weeks, places=max(1, most))
    running.progress(1, 3, Text("正在计算", "working it out"))
    found, levels = propose(evidence(stores, past, plan.asked.terms), plan.asked.terms, most)
    running.progress(2, 3, Text("正在保存", "keeping it"))
    lower = np.flatnonzero(levels < found.top) if not found.lacking else np.zeros(0, np.int64)
    arm = np.where(draw_rows(plan.salt, past.people[lower]) < COMPARE_RATE, COMPARED, HELD)
    with running.begin() as tx:
        tx.execute(delete(_budget).where(_budget.c.plan_id == plan_id))
    for start in range(0, len(lower), PART):
        some = slice(start, start + PART)
        rows = _rows(past.people[lower[some]], plan_id, levels[lower[some]], arm[some])
        with running.begin() as tx:
            if tx.scalar(select(_plan.c.status).where(_plan.c.id == plan_id)) == "computing":
                insert_table(tx, _budget, rows)
    with running.begin() as tx:
        status = "lacking" if found.lacking else "proposed"
        tx.execute(update(_plan).where(_plan.c.id == plan_id, _plan.c.status == "computing").values(status=status, found=found.json()))
    return {"status": status, "people_count": found.people, "lower_count": len(lower)}


def evidence(stores: Stores, past: History, terms: Terms) -> Evidence:
    """What `propose` takes: with what one lost person costs."""
    mean = past.spend_fen * terms.margin_rate / len(past.people) if len(past.people) else 0.0
    lost_fen = float(terms.lost_fen) if terms.lost_fen is not None else mean
    days = (to_ms(stores.now()) - past.first_ms) / DAY_MS - 7 if past.first_ms is not None else 0.0
    return Evidence(past.draws, past.before, past.lost, past.messages, past.people, past.cell, lost_fen, past.cost_fen, past.weeks, past.sends, days)


def _rows(ids: Ints, plan_id: int, levels: Ints, arm: Ints) -> pa.Table:
    return pa.table({"customer_id": ids, "plan_id": np.full(len(ids), plan_id), "level": pa.array(levels, pa.int16()), "arm": pa.array(arm, pa.int16())})
