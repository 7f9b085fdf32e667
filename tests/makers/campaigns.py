"""Campaigns for tests: the routes behind HTTP, a segment of known people, and a plan that can be sent."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
from fastapi import FastAPI
from sqlalchemy import insert, update

from siyu.campaigns import calendar_routes, report_routes, routes
from siyu.customers import routes as customer_routes
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Fact
from siyu.identity.facts import IDENTITY_LINK
from siyu.messaging.facts import MESSAGING_DECISION, MESSAGING_MESSAGE
from siyu.orders.facts import ORDERS_ORDER
from siyu.segments import segments
from siyu.segments.facts import SEGMENTS_MEMBER
from siyu.team import members, tokens
from siyu.team.audit import SYSTEM
from siyu.web.application import build_application
from tests.makers.content import put_piece
from tests.makers.customers import put_rows

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

EVERYONE = {"kind": "everyone"}
MEMBER = metadata.tables["team_member"]
PEOPLE = {"alice": "owner", "olga": "operator", "ann": "analyst", "bob": "guide"}


@dataclass(frozen=True)
class Office:
    """The routes of campaigns behind HTTP. Alice owns, Olga operates, Ann analyses, Bob is a guide; Charlie was deactivated."""

    stores: Stores
    app: FastAPI
    secrets: dict[str, str]

    def as_(self, who: str, language: str = "zh-CN") -> TestClient:
        headers = {"Accept-Language": language, **({"Authorization": f"Bearer {self.secrets[who]}"} if who else {})}
        return TestClient(self.app, base_url="http://localhost", headers=headers)

    def ask(self, who: str, method: str, path: str, body: Any = None, status: int = 200, **query: Any) -> Any:
        answer = self.as_(who).request(method, f"/api/v1/campaigns{path}", json=body, params=query or None)
        assert answer.status_code == status, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


def open_office(stores: Stores) -> Office:
    app = build_application(stores, [customer_routes.router, calendar_routes.router, routes.router, report_routes.router], title="Siyu", version="0.0.test")
    put_piece(stores, {"text": "换季养护,三步就够。"})
    secrets = {}
    for who, role in {**PEOPLE, "charlie": "operator"}.items():
        # Written as they are: hashing their passwords would take longer than the tests.
        row = {"login": who, "name": who.title(), "role": role, "active": True, "password_hash": "none", "created_at": stores.now()}
        with stores.ledger.begin() as tx:
            member_id = int(tx.execute(insert(MEMBER).values(row)).inserted_primary_key[0])
        secrets[who], _ = tokens.add_token(stores, SYSTEM, member_id, name=who, role=role, expires_at=None)
        if who == "charlie":
            members.change_member(stores, SYSTEM, member_id, members.MemberChange(active=False))
    return Office(stores, app, secrets)


def put_segment(stores: Stores, customer_ids: Sequence[int], name: str = "老客") -> int:
    """A segment that was computed and has these members, each of whom has one identifier."""
    now = stores.now()
    with stores.ledger.begin() as tx:
        made = segments.create_segment(tx, name=name, description=None, rule=EVERYONE, by=None, now=now)
        table = metadata.tables["segments_segment"]
        tx.execute(update(table).where(table.c.id == made.id).values(computed_version=1, computed_at=now, customer_count=len(customer_ids)))
    ids, at = pa.array(customer_ids, pa.int64()), to_ms(now)
    put_rows(stores, SEGMENTS_MEMBER, [{"segment_id": made.id, "customer_id": each, "entered": True, "at_ms": at} for each in ids.to_pylist()])
    with stores.warehouse.read() as session:
        links = IDENTITY_LINK.table
        there = set(session.query(links.select("identity_key"))["identity_key"].to_pylist())
    put_rows(stores, IDENTITY_LINK, [{"identity_key": each, "customer_id": each, "first_seen_ms": at} for each in customer_ids if each not in there])
    return made.id


def plan(segment_id: int, **changed: Any) -> dict[str, Any]:
    """A plan that holds: of the piece that `open_office` made."""
    return {
        "audience": {"include": [segment_id]},
        "variants": [{"name": "A", "piece_id": 1, "share": 1, "version": 1}],
        "carriers": ["wecom"],
        "starts": "2026-02-01 10:00",
        **changed,
    }


def written(segment_id: int, name: str = "新春问候", purpose: str = "promotion", **changed: Any) -> dict[str, Any]:
    return {"name": name, "purpose": purpose, "priority_fen": 50, "plan": plan(segment_id, **changed)}


def approved_and_scheduled(office: Office, body: dict[str, Any]) -> int:
    """A campaign of Olga's that Alice approved and Olga scheduled."""
    made: int = office.ask("olga", "POST", "", body, 201)["id"]
    office.ask("olga", "POST", f"/{made}/submit")
    office.ask("alice", "POST", f"/{made}/approve")
    office.ask("olga", "POST", f"/{made}/schedule")
    return made


def set_send(stores: Stores, send_id: int, status: str, **values: Any) -> None:
    """A send as messaging would leave it."""
    table = metadata.tables["messaging_send"]
    with stores.ledger.begin() as tx:
        tx.execute(update(table).where(table.c.id == send_id).values(status=status, **values))


def put_decided(stores: Stores, send_id: int, ids: Any, at_ms: int, *, control: Any = None, variant: Any = None, reason: Any = None, status: str | None = "sent", carrier: str = "sms", cost_fen: int = 0) -> None:
    """What was decided about people, and what became of their messages, as published. `control`: true for whom is kept back; `variant`: a
    name each; `reason`: of those who are refused, else None. Everybody's identifier has the number of the customer."""
    count = len(ids)
    kept = np.zeros(count, bool) if control is None else np.asarray(control, bool)
    names = np.full(count, "A", object) if variant is None else np.asarray(variant, object)
    why = np.where(kept, "holdout", None) if reason is None else np.where(kept, "holdout", np.asarray(reason, object))
    refused = np.array([each is not None for each in why], bool)
    same: dict[str, Any] = {"send_id": np.full(count, send_id), "at_ms": np.full(count, at_ms)}
    _put(
        stores, MESSAGING_DECISION,
        {**same, "customer_id": ids, "verdict": np.where(refused, "refuse", "allow"), "reason": why, "variant": np.where(refused, None, names), "decided_ms": np.full(count, at_ms)},
    )  # fmt: skip
    if status is not None:
        told = ~refused
        few = {name: values[told] for name, values in same.items()}
        many = told.sum()
        _put(
            stores, MESSAGING_MESSAGE,
            {**few, "identity_key": np.asarray(ids)[told], "customer_id": np.asarray(ids)[told], "route": np.zeros(many, int), "account_id": np.ones(many, int), "carrier": np.full(many, carrier, object),
             "variant": names[told], "status": np.full(many, status, object), "cost_fen": np.full(many, cost_fen), "changed_ms": few["at_ms"]},
        )  # fmt: skip


def put_bought(stores: Stores, ids: Any, at_ms: Any, amount_fen: Any, first_key: int = 1) -> None:
    """Valid orders of these customers, one each."""
    count = len(ids)
    _put(
        stores, ORDERS_ORDER,
        {"order_key": np.arange(first_key, first_key + count), "customer_id": ids, "ordered_ms": np.broadcast_to(at_ms, count), "amount_fen": np.broadcast_to(amount_fen, count), "quantity": np.ones(count, int)},
    )  # fmt: skip


def put_done(stores: Stores, ids: Any, name: str, send_id: int, at_ms: int, first_key: int = 1) -> None:
    """Activities that name a send."""
    count = len(ids)
    keys = np.arange(first_key, first_key + count)
    _put(stores, CUSTOMERS_ACTIVITY, {"event_key": keys, "identity_key": ids, "customer_id": ids, "name": np.full(count, name, object), "at_ms": np.full(count, at_ms)})
    _put(stores, CUSTOMERS_PROPERTY, {"event_key": keys, "identity_key": ids, "customer_id": ids, "path": np.full(count, "send", object), "text": np.full(count, str(send_id), object), "number": np.full(count, float(send_id))})


def _put(stores: Stores, fact: Fact, columns: dict[str, Any]) -> None:
    count = len(next(iter(columns.values())))
    arrays = [pa.array(columns[field.name], field.type, from_pandas=True) if field.name in columns else pa.nulls(count, field.type) for field in fact.arrow]
    with stores.warehouse.engine.write() as session:
        session.insert(fact, session.keep("_made", pa.table(arrays, fact.arrow)))
