"""Referrals for tests: a programme that is open, who invites, and friends who come through the same events as at a carrier."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import Any

import msgspec
import pyarrow as pa

from siyu.events import log
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.catalogue.customers import ACTIVITY_RECORDED
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import primary_keys
from siyu.loyalty import balances
from siyu.referral import invitations, programmes, review_routes, routes, settling, terms, tracing
from siyu.referral.invitations import STATE, Invitation
from siyu.referral.programmes import Draft, Programme
from siyu.river import flow
from tests.makers.carriers import wecom_account
from tests.makers.content import open_desk as open_content
from tests.makers.customers import Desk, local_day

DAY = 86_400_000
TERMS: dict[str, Any] = {
    "friend": {"kind": "points", "points": 50, "cost_fen": 500}, "inviter": {"kind": "points", "points": 100, "cost_fen": 1000}, "stay_days": 7, "title": {"zh": "邀请好友,各得好礼", "en": "Invite friends"},
    "staff": ["lina"],
}  # fmt: skip
_line = count(1)


def begun(stores: Stores, mode: Any = "invite", name: str = "老带新", **changes: Any) -> Programme:
    """A programme that is open, with live codes of its inviters at a corp that nobody answers for."""
    account = wecom_account(stores, corp=f"ww{next(_line):016x}")
    given = {**TERMS, "account_id": account.id, **({"inviter": {"kind": "none"}} if mode == "task" else {}), **changes}
    with stores.ledger.begin() as tx:
        made = programmes.add(stores, tx, Draft(name, mode, terms.read(given)), by="Alice")
        return programmes.start(stores, tx, made.id, source_id=tracing.source_for(stores, tx, made, by="Alice"), by="Alice")


def invite(stores: Stores, programme: Programme, *customers: int) -> list[Invitation]:
    with stores.ledger.begin() as tx:
        found = invitations.open_for(stores, tx, programme, customers)
        tracing.mark(stores, tx, programme, list(found.values()))
    return [found[one] for one in customers]


def keys(stores: Stores, *customers: int) -> list[int]:
    with stores.ledger.read() as tx:
        found = primary_keys(tx, customers)
    return [found[one] for one in customers]


def add(stores: Stores, invitation: Invitation | None, *identity_keys: int, staff: str = "lina", began_ms: int | None = None, ended_ms: int | None = None, by: str | None = None) -> None:
    """These people add a member of staff by the live code of an invitation (None: by none); with `ended_ms` they have left."""
    at = to_ms(stores.now()) if began_ms is None else began_ms
    columns: dict[str, Any] = {
        "identity_key": list(identity_keys), "account_id": [1] * len(identity_keys), "staff": [staff] * len(identity_keys), "began_ms": [at] * len(identity_keys),
        "began_known": [True] * len(identity_keys), "state": [f"{STATE}{invitation.id}" if invitation else ""] * len(identity_keys), "ended_ms": pa.array([ended_ms] * len(identity_keys), pa.int64()),
        "by": [by] * len(identity_keys), "void": [False] * len(identity_keys), "found_by": ["callback"] * len(identity_keys),
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        log.append(tx, RELATIONS_CHANGED, RELATIONS_CHANGED.table(columns), now=stores.now())
    flow(stores)


def leave(stores: Stores, invitation: Invitation, *identity_keys: int, began_ms: int, by: str = "customer") -> None:
    add(stores, invitation, *identity_keys, began_ms=began_ms, ended_ms=to_ms(stores.now()), by=by)


def buy(stores: Stores, identity_key: int, fen: int, *, refund_fen: int = 0) -> int:
    """An order, paid now; with `refund_fen` all or a part of it was given back. Returns its line."""
    number = next(_line)
    at = to_ms(stores.now())
    rows = [("sale", fen, 0, number), *([("refund", 0, refund_fen, next(_line))] if refund_fen else [])]
    columns: dict[str, Any] = {
        "line_key": [row[3] for row in rows], "order_key": [number] * len(rows), "content_key": [row[3] for row in rows], "identity_key": [identity_key] * len(rows), "source": ["taobao"] * len(rows),
        "order_no": [f"T{number}"] * len(rows), "ordered_ms": [at] * len(rows), "ordered_on": pa.array([local_day(stores, at)] * len(rows), pa.int32()), "sku": ["A1"] * len(rows),
        "quantity": [1] * len(rows), "unit_price_fen": [fen] * len(rows), "amount_fen": [row[1] for row in rows], "refund_fen": [row[2] for row in rows], "kind": [row[0] for row in rows],
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        log.append(tx, ORDER_LINES_RECORDED, ORDER_LINES_RECORDED.table(columns), now=stores.now())
    flow(stores)
    return number


def do(stores: Stores, rows: Sequence[tuple[int, str, int, dict[str, Any]]]) -> None:
    """Activities: (identity key, name, when, properties)."""
    columns: dict[str, Any] = {
        "event_key": [10_000_000 + next(_line) for _ in rows], "identity_key": [row[0] for row in rows], "name": [row[1] for row in rows], "at_ms": [row[2] for row in rows],
        "properties": [msgspec.json.encode(row[3]).decode() for row in rows],
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        log.append(tx, ACTIVITY_RECORDED, ACTIVITY_RECORDED.table(columns), now=stores.now())
    flow(stores)


def settle(stores: Stores) -> dict[str, int]:
    """One round, as the job does it."""
    flow(stores)
    done = settling.round_of(stores, stores.ledger.begin)
    flow(stores)
    return done


def points(stores: Stores, *customers: int) -> list[int]:
    with stores.ledger.read() as tx:
        have = balances.of(stores, tx, list(customers))
    return [have.get(one, 0) for one in customers]


def friends(stores: Stores, programme: Programme) -> list[dict[str, Any]]:
    return rows(stores, "referral_friend", programme)


def rewards(stores: Stores, programme: Programme) -> list[dict[str, Any]]:
    return rows(stores, "referral_reward", programme)


def rows(stores: Stores, name: str, programme: Programme) -> list[dict[str, Any]]:
    table = metadata.tables[name]
    with stores.ledger.read() as tx:
        return [dict(row._mapping) for row in tx.execute(table.select().where(table.c.programme_id == programme.id).order_by(table.c.id))]


def open_desk(stores: Stores) -> Desk:
    return open_content(stores, routes.router, review_routes.router)

