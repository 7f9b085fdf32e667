"""Erase 删除: everything of some people leaves the ledger, the log, the warehouse and the files, by a job that goes on after a kill.

1. ledger: rows about them, callbacks and other bodies that speak of them, in one transaction; the register is written first.
2. log: every batch is read once for all of them and written without them; lines of orders stay under a key of nobody.
3. warehouse: the same, while nothing flows.
4. files that may hold them go; kept reports are forgotten.
5. ledger and warehouse are written anew, because a database keeps the bytes of deleted rows; then the receipts.

What each step did is kept with the job, sealed as long as it names people.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, delete, select

from siyu import river
from siyu.events import log, reactions
from siyu.events.catalogue.identity import IDENTIFIERS_LINKED
from siyu.foundation import jobs
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.errors import UnavailableError
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.scrub import scrub
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.forget import forget, rows_of
from siyu.identity.resolve import RESOLVE
from siyu.measurement import published
from siyu.orders.facts import ORDERS_LINE
from siyu.rights import collected, files, receipts, requests
from siyu.rights.holdings import count_rows, holdings, remove_rows
from siyu.rights.lists import leave_lists
from siyu.rights.people import People
from siyu.rights.plan import Plan, make_plan
from siyu.rights.register import Erased, register_of
from siyu.rights.traces import BODIES, blot_texts, forget_payers, remove_bodies
from siyu.segments import reports
from siyu.segments.tasks import RECOMPUTE
from siyu.team.audit import SYSTEM

ERASE = "rights.erase"
TOGETHER, BATCHES = 200, 40
KEPT_FACTS = frozenset({ORDERS_LINE.name})
Step = Callable[[Running, dict[str, Any]], dict[str, Any]]


def job_kind() -> JobKind:
    return JobKind(ERASE, Text("删除个人信息", "Erase people"), run, max_attempts=10, link=lambda _: "/rights")


def ask(stores: Stores, tx: Connection, by: str) -> str:
    """Ask for the job that erases everybody whose request was approved; its id."""
    waiting = requests.list_requests(stores, tx, state="approved", kind="erase", limit=TOGETHER)
    return jobs.submit(tx, ERASE, {}, now=stores.now(), key=" ".join(["erase", *(str(one.number) for one in waiting[:1])]), created_by=by)


def run(running: Running) -> dict[str, Any]:
    """Step by step; each keeps the place reached in the transaction of its own work."""
    erased, state = 0, dict(running.state or {})
    while state := state if state.get("step") else _begin(running):
        for place, (name, step, told) in enumerate(_STEPS):
            if state["step"] == name:
                running.progress(place, len(_STEPS), told)
                state = step(running, state)
        erased += len(state["done"])
        state = {}
    return {"erased_count": erased}


def _begin(running: Running) -> dict[str, Any]:
    """Choose who is erased, write them into the register, and take them out of the ledger: one transaction."""
    stores = running.stores
    for _ in range(20):
        collected.drain(stores)
        river.flow(stores)
        with running.begin() as tx:
            chosen = requests.list_requests(stores, tx, state="approved", kind="erase", limit=TOGETHER)
            if not chosen:
                return {}
            head = _held_head(tx)
            if reactions.position(tx, RESOLVE) < head:
                continue
            plan = make_plan(stores, tx, chosen, head)
            register_of(stores.settings).add([Erased(stores.now(), one.request, list(one.people.customer_ids), list(one.people.identity_keys)) for one in plan.ones])
            state = _leave_ledger(running, tx, plan)
            for one in plan.ones:
                requests.work(stores, tx, one.request, running.id)
            running.save(tx, state)
            return state
    raise UnavailableError(Text("新事件来得太快，暂时插不进删除", "events come in so fast that the erasure finds no gap just now"))


def _held_head(tx: Connection) -> int:
    """The head of the log, which nobody moves until the end of the transaction (others could append meanwhile on PostgreSQL)."""
    table = metadata.tables["events_head"]
    return int(tx.scalar(select(table.c.position).where(table.c.id == 1).with_for_update()) or 0)


def _leave_ledger(running: Running, tx: Connection, plan: Plan) -> dict[str, Any]:
    stores, everybody = running.stores, plan.everybody()
    ledger = {one.request: count_rows(tx, one.people) for one in plan.ones}
    removed = remove_rows(tx, everybody)
    bodies = remove_bodies(tx, stores.secrets, everybody) | leave_lists(tx, everybody)
    if payers := forget_payers(tx, _orders(stores, everybody)):
        bodies["orders_payment"] = bodies.get("orders_payment", 0) + payers
    texts = blot_texts(tx, everybody)
    # Its arguments hold the search that was asked for, sealed.
    job = metadata.tables["jobs_job"]
    tx.execute(delete(job).where(job.c.kind == "customers.export", job.c.status.in_(("done", "failed", "cancelled"))))
    published.forget(tx)
    reports.forget(tx)
    return {
        "step": "log", "plan": plan.seal(stores), "reached": 0, "ledger": ledger, "shared": {"bodies": bodies, "texts": texts},
        "log": {}, "log_kept": {}, "tables": sorted({*removed, *bodies, *texts}), "done": [],
    }  # fmt: skip


def _orders(stores: Stores, people: People) -> list[int]:
    """Keys of their orders."""
    table = ORDERS_LINE.table
    with stores.warehouse.read() as session:
        who = session.keep("_buyers", pa.table({"customer_id": pa.array(people.customer_ids, pa.int64())}))
        return [int(key) for key in session.query(table.semi_join(who, "customer_id").select("order_key").distinct())["order_key"].to_pylist()]


def _leave_log(running: Running, state: dict[str, Any]) -> dict[str, Any]:
    stores, plan = running.stores, Plan.open(running.stores, state["plan"])
    while state["step"] == "log":
        with running.begin() as tx:
            gone: dict[str, dict[str, int]] = {key: dict(value) for key, value in state["log"].items()}
            kept: dict[str, dict[str, int]] = {key: dict(value) for key, value in state["log_kept"].items()}
            done = log.rewrite(tx, state["reached"], plan.through, lambda event, rows: plan.change(event, rows, gone, kept), limit=BATCHES)  # noqa: B023  called within this round
            state = {**state, "log": gone, "log_kept": kept, "reached": done.reached or plan.through, "step": "log" if done.reached else "count"}
            if not done.reached:
                _link_anonymous(stores, tx, plan, kept)
            running.save(tx, state)
        running.progress(state["reached"], max(1, plan.through), Text("正在重写事件日志", "rewriting the event log"))
    return state


def _link_anonymous(stores: Stores, tx: Connection, plan: Plan, kept: dict[str, dict[str, int]]) -> None:
    """The numbers under which orders go on are linked to their keys; a number that is not needed is given back."""
    needed = [one for one in plan.ones if kept.get(one.request)]
    if needed:
        columns = {"identity_key": [one.key for one in needed], "customer_id": [one.number for one in needed], "seen_ms": [to_ms(stores.now())] * len(needed)}
        log.append(tx, IDENTIFIERS_LINKED, IDENTIFIERS_LINKED.table(dict(columns)), now=stores.now())
    customer = metadata.tables["identity_customer"]
    tx.execute(delete(customer).where(customer.c.id.in_([one.number for one in plan.ones if one not in needed])))


def _count(running: Running, state: dict[str, Any]) -> dict[str, Any]:
    """Counted and kept before anything goes: a kill after the deletion would find nothing to count."""
    stores, plan = running.stores, Plan.open(running.stores, state["plan"])
    river.flow(stores)
    counted = rows_of(stores.warehouse, plan.renumbering())
    totals = {one.request: _summed([counted.get(number, {}) for number in one.people.customer_ids]) for one in plan.ones}
    parts = {
        f"warehouse{suffix}": {request: {name: count for name, count in rows.items() if (name in KEPT_FACTS) == is_kept} for request, rows in totals.items()}
        for suffix, is_kept in (("", False), ("_kept", True))
    }
    return _saved(running, {**state, **parts, "files": files.found(stores), "step": "warehouse"})


def _leave_warehouse(running: Running, state: dict[str, Any]) -> dict[str, Any]:
    stores, plan = running.stores, Plan.open(running.stores, state["plan"])
    with river.resting():
        forget(stores.warehouse, plan.renumbering(), KEPT_FACTS)
    return _saved(running, {**state, "step": "files"})


def _leave_files(running: Running, state: dict[str, Any]) -> dict[str, Any]:
    """Files go whole; with them the plan, the last thing that names anybody."""
    plan = Plan.open(running.stores, state["plan"])
    requests_gone = collected.take_out(running.stores, plan.everybody())
    files.remove(running.stores)
    done, shared = [one.request for one in plan.ones], {**state["shared"], "collected": {"journal": requests_gone}}
    return _saved(running, {**{name: value for name, value in state.items() if name not in ("plan", "reached")}, "done": done, "shared": shared, "step": "scrub"})


def _scrub(running: Running, state: dict[str, Any]) -> dict[str, Any]:
    stores = running.stores
    bodies = {body.table for body in BODIES} & metadata.tables.keys()
    scrub(stores.ledger, sorted({"events_batch", "jobs_job", "rights_request", *bodies, *state["tables"], *(str(table.name) for table in holdings())}))
    running.check()
    stores.warehouse.engine.rewrite()
    return _saved(running, {**state, "step": "receipts"})


def _receipts(running: Running, state: dict[str, Any]) -> dict[str, Any]:
    stores = running.stores
    with running.begin() as tx:
        for request in state["done"]:
            requests.finish(stores, tx, request, SYSTEM, receipts.erasure(stores, requests.find_request(stores, tx, request), state))
        same = requests.list_requests(stores, tx, state="approved", kind="erase", limit=TOGETHER)
        if not same:
            jobs.submit(tx, RECOMPUTE, {}, now=stores.now(), key=f"all {running.id}")
        running.save(tx, {"step": ""})
    return state


_STEPS: tuple[tuple[str, Step, Text], ...] = (
    ("log", _leave_log, Text("正在重写事件日志", "rewriting the event log")),
    ("count", _count, Text("正在清点", "counting")),
    ("warehouse", _leave_warehouse, Text("正在从数仓删除", "erasing from the warehouse")),
    ("files", _leave_files, Text("正在删除文件", "removing files")),
    ("scrub", _scrub, Text("正在擦净文件", "writing the files anew")),
    ("receipts", _receipts, Text("正在写回执", "writing the receipts")),
)


def _saved(running: Running, state: dict[str, Any]) -> dict[str, Any]:
    with running.begin() as tx:
        running.save(tx, state)
    return state


def _summed(parts: list[dict[str, int]]) -> dict[str, int]:
    return {name: sum(part.get(name, 0) for part in parts) for name in sorted({name for part in parts for name in part})}

