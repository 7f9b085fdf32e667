"""Tasking 派任务: how steps ask members of staff to do something for people: whose task it is, and the words that they are given."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from sqlalchemy import Connection

from siyu.carriers.accounts import list_accounts
from siyu.content import variables
from siyu.content.templates import Slot, Template, compiled, faults_of, fill
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault
from siyu.foundation.ids import Ints
from siyu.foundation.text import Text
from siyu.identity.identifiers import primary_keys
from siyu.journeys.people import Flags, People
from siyu.journeys.steps.step import Context
from siyu.messaging import asking, todos
from siyu.messaging.todos import Asked
from siyu.team import staff, stores

MOST_TEXT = 2000


def refs(ctx: Context, people: People) -> list[str]:
    """What names the task of each run at a node: found again by whoever waits there, also in a later version."""
    return [f"journey:{ctx.journey_id}:{ctx.node}:{run}:{arrived}" for run, arrived in zip(people.enrolment_id.tolist(), people.arrived_ms.tolist(), strict=True)]


def ask(ctx: Context, people: People, *, title: str, text: str, store_id: int | None, due: datetime, remind: datetime | None) -> Flags:
    """Write down a task for each of these people; returns for whom there is somebody to do it.

    It is whoever serves them; where that is nobody, and a store is given, one of its staff by lot, the same one each time.
    """
    asked_of = _served(ctx, people, store_id)
    found = np.array([customer in asked_of for customer in people.customer_id.tolist()], np.bool_)
    mine = people.take(found)
    words, names = _words(ctx, text, mine), refs(ctx, mine)
    rows = []
    for ref, customer, said in zip(names, mine.customer_id.tolist(), words, strict=True):
        account, who, key = asked_of[customer]
        rows.append(Asked(ref, customer, key, account, who, title, said, due, remind))
    todos.ask(ctx.tx, rows, by=f"journey:{ctx.journey_id}", now=from_ms(ctx.now_ms))
    return found


def check_text(tx: Connection, text: str, field: str) -> list[Fault]:
    return faults_of(field, text, variables.known(tx))


def check_store(tx: Connection, store_id: int | None, field: str) -> list[Fault]:
    if store_id is None:
        return []
    if store_id not in {one.id for one in stores.list_stores(tx)}:
        return [Fault(field, Text(f"没有门店 {store_id}", f"there is no store {store_id}"))]
    if not _of_store(tx, store_id):
        return [Fault(field, Text("这家门店没有在职员工；先在员工页指定", "this store has no active staff; say on the page of staff who belongs to it"))]
    return []


def _served(ctx: Context, people: People, store_id: int | None) -> dict[int, tuple[int, str, int]]:
    """Customer → (account, member of staff, contact)."""
    rows = asking.served(ctx.stores, ctx.tx, people.customer_id)
    found = {customer: (account, who, key) for customer, account, who, key in zip(*(rows[name].to_pylist() for name in ("customer_id", "account_id", "staff", "identity_key")), strict=True)}
    rest = np.setdiff1d(people.customer_id, np.array(list(found), np.int64))
    if store_id is None or not len(rest):
        return found
    helpers = _of_store(ctx.tx, store_id)
    keys = primary_keys(ctx.tx, rest.tolist())
    lots = _lots(ctx, people, rest, len(helpers))
    return found | {customer: (*helpers[lot], keys[customer]) for customer, lot in zip(rest.tolist(), lots, strict=True) if helpers and customer in keys}


def _of_store(tx: Connection, store_id: int) -> list[tuple[int, str]]:
    there = {account.id for account in list_accounts(tx, ["wecom"])}
    rows = staff.list_staff(tx, store_id=store_id, status="active", limit=1000)
    return [(one.account_id, one.userid) for one in rows if one.account_id in there]


def _lots(ctx: Context, people: People, rest: Ints, count: int) -> Sequence[int]:
    first = dict(zip(people.customer_id.tolist(), people.first_id.tolist(), strict=True))
    drawn = ctx.draw(f"{ctx.node} staff", np.array([first[customer] for customer in rest.tolist()], np.int64))
    found: list[int] = np.minimum((drawn * count).astype(np.int64), max(count - 1, 0)).tolist()
    return found


def _words(ctx: Context, text: str, people: People) -> list[str]:
    """The text for each person; a variable without a value or a fall-back is left empty: staff see who it is."""
    read, ids = compiled(text), people.customer_id.tolist()
    template = Template(tuple(Slot(part.name, part.fallback or "") if isinstance(part, Slot) else part for part in read.parts), read.loose)
    names = [slot.name for slot in template.slots]
    with ctx.stores.warehouse.read() as session:
        values = variables.load(ctx.stores, session, ctx.tx, names, ids, brand=ctx.stores.settings.brand_name) if names else {}
    return [one or "" for one in fill(template, values, len(ids))]


