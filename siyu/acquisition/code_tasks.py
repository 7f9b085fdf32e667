"""Tasks of live codes: who receives is brought into line every minute and as soon as somebody was added; groups every five minutes; tags with whoever came."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection

from siyu.acquisition import code_groups, code_routing, codes
from siyu.carriers.tasks import calling
from siyu.customers.tags import change_tags
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.reactions import Reaction
from siyu.foundation import jobs
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.identifiers import customers_of
from siyu.identity.resolve import RESOLVE

ROUTE, GROUPS = "acquisition.route", "acquisition.groups"
BY = "live code"


def _route(running: Running) -> dict[str, Any]:
    """A round without open codes is one small read."""
    with running.stores.ledger.read() as tx:
        if not any(code.kind == "staff" for code in codes.listed(tx, status="open")):
            return {"code_count": 0}
    with calling(running.stores) as calls:
        return asdict(code_routing.route(calls))


def _groups(running: Running) -> dict[str, Any]:
    with running.stores.ledger.read() as tx:
        if not any(code.kind == "group" for code in codes.listed(tx, status="open")):
            return {"code_count": 0}
    with calling(running.stores) as calls:
        return asdict(code_groups.roll(calls))


def _came(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    """Whoever was added by a code gets its tags; a code whose plan counts is looked at now, not with the next minute."""
    columns = ["identity_key", "account_id", "state", "ended_ms", "void"]
    rows = [row for batch in batches for row in batch.rows.select(columns).to_pylist() if row["state"] and row["ended_ms"] is None and not row["void"]]
    came: dict[tuple[int, str], list[int]] = defaultdict(list)
    for row in rows:
        came[row["account_id"], row["state"]].append(row["identity_key"])
    found = codes.by_state(tx, list(came))
    owners = customers_of(tx, sorted({key for mine, code in found.items() if code.tags for key in came[mine]}))
    for mine, code in found.items():
        people = sorted({owners[key] for key in came[mine] if key in owners})
        if code.tags and people:
            change_tags(tx, people, add=code.tags, remove=[], by=BY, now=stores.now())
    if any(code.plan.counts and code.status == "open" for code in found.values()):
        ask_route(tx, stores)


def ask_route(tx: Connection, stores: Stores) -> None:
    """A round that begins after this transaction; one that waits already will do, one that runs may have read before."""
    if not jobs.list_jobs(tx, (), status="queued", kind=ROUTE, limit=1).items:
        jobs.submit(tx, ROUTE, {}, now=stores.now())


CAME = Reaction("acquisition.came_by_code", (RELATIONS_CHANGED.name,), _came, after=RESOLVE)


def job_kinds() -> tuple[JobKind, ...]:
    return (
        JobKind(ROUTE, Text("活码分流", "Bring live codes into line"), _route, link=lambda _: "/codes"),
        JobKind(GROUPS, Text("群活码换群", "Roll group codes on"), _groups, link=lambda _: "/codes"),
    )
