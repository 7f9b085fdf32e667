"""Campaigns for tests: the routes behind HTTP, a segment of known people, and a plan that can be sent."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from fastapi import FastAPI
from sqlalchemy import insert, update

from siyu.campaigns import calendar_routes, report_routes, routes
from siyu.customers import routes as customer_routes
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.identity.facts import IDENTITY_LINK
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
