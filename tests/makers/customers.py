"""Customers for tests: facts and tags written as a recompute would leave them, and the list behind HTTP."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from fastapi import FastAPI
from sqlalchemy import select

from siyu.customers import routes as customer_routes
from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.customers.tags import change_tags
from siyu.foundation.clock import day_number, from_ms, to_ms
from siyu.foundation.database import insert_ignore, metadata
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Fact
from siyu.identity import routes as identity_routes
from siyu.identity.keys import store
from siyu.orders.facts import ORDERS_LINE, ORDERS_ORDER
from siyu.river import flow
from siyu.segments import directory_routes, dossier_routes, traits_routes
from siyu.segments import routes as segment_routes
from siyu.segments.facts import SEGMENTS_STANDING
from siyu.team import members, tokens
from siyu.team.audit import SYSTEM
from siyu.team.members import MemberChange
from siyu.web.application import build_application

with warnings.catch_warnings():
    # Starlette asks for another HTTP client here; the product's own one does the same.
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

ROLES = {"alice": "owner", "bob": "guide", "olga": "operator", "ann": "analyst"}
SEEN_MS = 1_760_000_000_000


@dataclass(frozen=True)
class Desk:
    """The routes of customers behind HTTP; `as_(who)` is a program that acts for that person.

    Alice owns, Bob is a guide, Olga an operator, Ann an analyst. Charlie was deactivated and must see nothing.
    """

    stores: Stores
    app: FastAPI
    secrets: dict[str, str]

    def as_(self, who: str, language: str = "zh-CN") -> TestClient:
        headers = {"Authorization": f"Bearer {self.secrets[who]}", "Accept-Language": language}
        return TestClient(self.app, base_url="http://localhost", headers=headers)

    def nobody(self) -> TestClient:
        return TestClient(self.app, base_url="http://localhost")

    def audited(self) -> list[tuple[str, str, dict[str, Any]]]:
        """(actor, action, detail), oldest first, of what this room writes down."""
        table = metadata.tables["team_audit"]
        with self.stores.ledger.read() as tx:
            rows = tx.execute(select(table).where(table.c.action.not_like("token.%"), table.c.action.not_like("member.%")).order_by(table.c.id))
            return [(row.actor_name, row.action, row.detail) for row in rows]


def open_desk(stores: Stores, *more: Any) -> Desk:
    routers = [*more, identity_routes.router, customer_routes.router, dossier_routes.router, directory_routes.router, segment_routes.router, traits_routes.router]
    app = build_application(stores, routers, title="Siyu", version="0.0.test")
    charlie = members.add_member(stores, SYSTEM, login="charlie", name="Charlie", role="operator", password="blau-Kiesel-41")
    secrets = {}
    for who, role in {**ROLES, "charlie": "operator"}.items():
        maker = charlie.id if who == "charlie" else None
        secrets[who], _ = tokens.add_token(stores, SYSTEM, maker, name=who, role=role, expires_at=None)
    members.change_member(stores, SYSTEM, charlie.id, MemberChange(active=False))
    return Desk(stores, app, secrets)


def put_rows(stores: Stores, fact: Fact, rows: Sequence[dict[str, Any]]) -> None:
    """Rows into a fact through the engine's write session; columns that are not given are null."""
    if rows:
        columns = {column.name: [row.get(column.name) for row in rows] for column in fact.arrow}
        with stores.warehouse.engine.write() as session:
            session.insert(fact, session.keep("_made", pa.table(columns, fact.arrow)))


def put_customers(stores: Stores, people: Sequence[dict[str, Any]]) -> None:
    """People with the columns of the profile, and `orders` [(ms, fen)], `tags`, `phone`, `stage`, `r`, `f`, `m`, `value_fen`.

    Whoever has an order gets a standing with its count, sum, first and last day.
    """
    columns = [column.name for column in CUSTOMERS_PROFILE.columns if column.name != "customer_id"]
    seen = {"registered_ms": SEEN_MS, "first_seen_ms": SEEN_MS}
    put_rows(stores, CUSTOMERS_PROFILE, [{"customer_id": p["id"], **seen, **{c: p[c] for c in columns if c in p}} for p in people])
    orders = [(p["id"], ms, fen) for p in people for ms, fen in p.get("orders", ())]
    put_orders(stores, orders)
    put_rows(stores, SEGMENTS_STANDING, [standing(stores, p) for p in people if p.get("orders")])
    for person in people:
        if "phone" in person:
            put_identifier(stores, person["id"], "phone", person["phone"])
    for tag in sorted({tag for p in people for tag in p.get("tags", ())}):
        put_tag(stores, tag, [p["id"] for p in people if tag in p.get("tags", ())])
    flow(stores)


def standing(stores: Stores, person: dict[str, Any]) -> dict[str, Any]:
    days = [local_day(stores, ms) for ms, _ in person["orders"]]
    made = {
        "customer_id": person["id"], "order_count": len(days), "spend_fen": sum(fen for _, fen in person["orders"]),
        "first_on": min(days), "last_on": max(days), "stage": person.get("stage", "active"),
        "gap_days": 10.0, "expected_gap_days": 20.0, "predicted_value_fen": person.get("value_fen"),
    }  # fmt: skip
    if person.get("value_fen") is not None:
        made |= {"predicted_orders": 1.5, "low_fen": 100, "high_fen": 90_000, "p_alive_rate": 0.8}
    return {**made, **{score: person.get(score, 3) for score in "rfm"}}


def put_orders(stores: Stores, orders: Sequence[tuple[int, int, int]]) -> None:
    """Valid orders (customer, ms, fen) of one line each; their keys count from 1 in the order given."""
    made = [
        {
            "order_key": key, "line_key": key, "customer_id": customer, "source": "taobao", "order_no": f"T{key}", "ordered_ms": ms,
            "ordered_on": local_day(stores, ms), "ordered_month": 24_300, "amount_fen": fen, "quantity": 1, "line_count": 1,
            "sku": "A1", "product_name": "山茶洁面", "refund_fen": 0, "kind": "sale",
        }
        for key, (customer, ms, fen) in enumerate(orders, start=1)
    ]  # fmt: skip
    put_rows(stores, ORDERS_ORDER, made)
    put_rows(stores, ORDERS_LINE, made)


def put_identifier(stores: Stores, customer_id: int, namespace: str, value: str) -> None:
    """An identifier that belongs to a customer, as `resolve` would have stored it."""
    context = f"identifier {namespace}"
    key, sealed = stores.secrets.index([value], context)[0], stores.secrets.seal([value], context)[0]
    with stores.ledger.begin() as tx:
        insert_ignore(tx, metadata.tables["identity_customer"], [{"id": customer_id, "created_at": stores.now()}])
        row = {"identity_key": key, "namespace": namespace, "value_sealed": sealed, "customer_id": customer_id, "first_seen_at": from_ms(SEEN_MS)}
        insert_ignore(tx, metadata.tables["identity_namespace"], [{"name": namespace}])
        store(tx, pa.Table.from_pylist([row]))


def put_tag(stores: Stores, tag: str, customer_ids: Sequence[int], by: str = "Alice") -> None:
    with stores.ledger.begin() as tx:
        change_tags(tx, customer_ids, add=[tag], remove=[], by=by, now=stores.now())


def local_day(stores: Stores, ms: int) -> int:
    return day_number(stores.calendar.on(from_ms(ms)))


def days_ago_ms(stores: Stores, days: float) -> int:
    return to_ms(stores.now()) - round(days * 86_400_000)
