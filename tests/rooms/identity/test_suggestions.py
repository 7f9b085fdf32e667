"""Suggestions over HTTP: found by the job, reviewed, merged, taken back, remembered."""

from __future__ import annotations

import warnings
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pytest
from fastapi import FastAPI

from siyu.app import build
from siyu.customers.likeness import people
from siyu.events.recording import Senders, record_profiles
from siyu.foundation import jobs
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.jobs import Runner
from siyu.foundation.stores import Stores
from siyu.identity import suggestions
from siyu.identity.current import current_one
from siyu.identity.suggest import suggest
from siyu.identity.suggest_tasks import LOOK, job_kinds
from siyu.river import flow
from siyu.team import tokens
from siyu.team.audit import SYSTEM
from tests.rooms.identity.test_suggest import brand

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

PATH = "/api/v1/identity/suggestions"


@pytest.fixture
def filled(any_stores: Stores) -> Stores:
    """The brand's people came in as profiles, each by an account of their own; then the job has looked."""
    rows = brand()
    size = rows.num_rows
    who = Senders({"account:app": pa.array([f"u{n}" for n in rows["customer_id"].to_pylist()]), "phone": rows["phone"].combine_chunks(), "email": rows["email"].combine_chunks()})
    traits = [{name: row[name] for name in ("name", "birthday", "address", "city") if row[name]} | ({"phone": row["phone"]} if row["phone"] and "*" in row["phone"] else {}) for row in rows.to_pylist()]
    with any_stores.ledger.begin() as tx:
        record_profiles(
            tx, any_stores.secrets, who, ids=pa.array([f"m{n}" for n in range(size)]), at_ms=pa.array([to_ms(any_stores.now())] * size), traits=traits,
            now=any_stores.now(), dedup_key="brand",
        )  # fmt: skip
    flow(any_stores)
    return any_stores


def client(app: FastAPI, stores: Stores, role: str) -> TestClient:
    secret, _ = tokens.add_token(stores, SYSTEM, None, name=role, role=role, expires_at=None)
    return TestClient(app, base_url="http://localhost", headers={"Authorization": f"Bearer {secret}", "Accept-Language": "en"})


def test_from_records_to_one_customer_and_back(filled: Stores) -> None:
    app = build(filled)
    olga, ann, bob = (client(app, filled, role) for role in ("operator", "auditor", "guide"))
    assert olga.post(f"{PATH}/look").status_code == 202
    assert Runner(filled, job_kinds(people)).run_pending() == 1
    summary = ann.get(f"{PATH}/summary").json()
    assert summary["counts"]["open"] == 2
    assert summary["last_look"]["new_count"] == 2
    first, second = ann.get(PATH).json()["items"]
    assert first["probability"] >= second["probability"] > 0.9
    assert {reason["field"]: reason["level"] for reason in second["reasons"] + first["reasons"]}["name"] == "equal"
    assert bob.get(PATH).status_code == ann.post(f"{PATH}/decisions", json={"decision": "accept", "ids": [1]}).status_code == 403

    decide = _decider(olga)
    assert decide("accept", at_least=0.9, dry_run=True) == {"suggestion_count": 2, "customer_count": 4, "operation_ids": []}
    # Both have an account of the same app: two of those are beyond the limits, and a person says so.
    assert olga.post(f"{PATH}/decisions", json={"decision": "accept", "ids": [first["id"]]}).json()["code"] == "over_limit"
    done = decide("accept", ids=[first["id"]], beyond_limits=True)
    low, high = first["customer_ids"]
    with filled.ledger.read() as tx:
        assert current_one(tx, high) == current_one(tx, low)
    assert ann.get(f"{PATH}?state=accepted").json()["items"][0]["operation_id"] == done["operation_ids"][0]
    assert olga.post(f"{PATH}/decisions", json={"decision": "reject", "ids": [first["id"]]}).status_code == 409
    assert decide("open", ids=[first["id"]])["suggestion_count"] == 1
    with filled.ledger.read() as tx:
        assert (current_one(tx, low), current_one(tx, high)) == (low, high)

    decide("reject", ids=[second["id"]])
    _look(filled)
    assert {row["id"] for row in ann.get(PATH).json()["items"]} == {first["id"]}, "what was rejected is not asked again"
    decide("open", ids=[second["id"]])
    decide("later", ids=[second["id"]])
    assert [row["id"] for row in ann.get(f"{PATH}?state=later&customer_id={second['customer_ids'][0]}").json()["items"]] == [second["id"]]


def test_a_rejected_pair_comes_again_when_its_evidence_changes(any_stores: Stores) -> None:
    found = suggest(brand())
    with any_stores.ledger.begin() as tx:
        assert suggestions.keep(tx, found, any_stores.now()) == 2
        one, other = suggestions.page(tx, "open", after=None, limit=9)
        suggestions.decide(tx, [one], "rejected", "Bob", any_stores.now())
        assert suggestions.keep(tx, found, any_stores.now()) == 0
        # As if it had been rejected on other evidence than there is now.
        tx.execute(suggestions.suggestion.update().values(levels="name=differ").where(suggestions.suggestion.c.id == one.id))
        assert suggestions.keep(tx, found, any_stores.now()) == 1
        assert {each.id for each in suggestions.page(tx, "open", after=None, limit=9)} == {one.id, other.id}
        nothing = replace(found, pairs=found.pairs.slice(0, 0))
        suggestions.keep(tx, nothing, any_stores.now())
        assert suggestions.counts(tx) == {"open": 0, "later": 0, "accepted": 0, "rejected": 0, "stale": 2}


def test_automatic_needs_three_hundred_right_and_none_wrong(stores: Stores) -> None:
    for right, wrong, allowed in ((298, 0, False), (299, 0, True), (400, 3, False), (1000, 3, True)):
        assert _reviewed(stores, right, wrong).may_be_automatic is allowed


def test_a_decision_says_which(stores: Stores) -> None:
    olga = client(build(stores), stores, "operator")
    for body in ({"decision": "accept"}, {"decision": "accept", "ids": [1], "at_least": 0.9}):
        assert olga.post(f"{PATH}/decisions", json=body).json()["errors"][0]["field"] == "ids"
    assert olga.post(f"{PATH}/decisions", json={"decision": "later", "ids": [99]}).status_code == 404


def test_taking_back_what_nobody_decided_leaves_those_kept_apart(stores: Stores) -> None:
    apart = metadata.tables["identity_apart"]
    with stores.ledger.begin() as tx:
        tx.execute(apart.insert().values(customer_id=1, other_id=2, at=stores.now(), by="Olga"))
    olga = client(build(stores), stores, "operator")
    assert olga.post(f"{PATH}/decisions", json={"decision": "open", "at_least": 0.9}).json()["suggestion_count"] == 0
    with stores.ledger.read() as tx:
        assert len(tx.execute(apart.select()).all()) == 1


def _reviewed(stores: Stores, right: int, wrong: int) -> suggestions.Reviewed:
    table = suggestions.suggestion
    with stores.ledger.begin() as tx:
        tx.execute(table.delete())
        rows = [
            {
                "low_id": n, "high_id": n + 10_000, "probability": 0.999, "weight": 20.0, "levels": "name=equal", "weights": "9.0", "model": "m",
                "state": "accepted" if n < right else "rejected", "found_at": stores.now(), "decided_at": stores.now(), "decided_by": "Bob",
            }
            for n in range(right + wrong)
        ]  # fmt: skip
        tx.execute(table.insert(), rows)
    with stores.ledger.read() as tx:
        return suggestions.reviewed(tx, 0.99)


def _look(stores: Stores) -> None:
    with stores.ledger.begin() as tx:
        jobs.submit(tx, LOOK, {}, now=stores.now())
    assert Runner(stores, job_kinds(people)).run_pending() == 1


def _decider(olga: TestClient) -> Any:
    def decide(decision: str, **asked: Any) -> Any:
        answer = olga.post(f"{PATH}/decisions", json={"decision": decision, **asked})
        assert answer.status_code == 200, answer.text
        return answer.json()

    return decide
