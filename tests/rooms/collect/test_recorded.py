"""Requests that real SDKs sent, byte for byte: each gives its operations, and once more gives nothing new."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from siyu.app import flow
from siyu.collect.wire.operations import ANONYMOUS, USER, Id, Operation
from siyu.collect.wire.sensors import SPACES
from siyu.events.identifiers import rank
from tests.makers.collect import Recorded, counts, logged, open_feeds, recorded
from tests.makers.running import Shop, running_shop

REQUESTS = recorded()
PROFILES = {"identify", "profile_set", "profile_set_once", "profile_increment", "profile_append", "profile_unset", "profile_delete"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("collect")) as running:
        open_feeds(running.stores)
        yield running


def post(shop: Shop, one: Recorded) -> httpx.Response:
    return httpx.request(one.method, shop.url + one.path, content=one.body or None, headers=one.sent_headers(), trust_env=False)


@pytest.mark.parametrize("one", REQUESTS, ids=lambda one: one.id)
def test_a_request_says_what_its_client_meant(one: Recorded) -> None:
    found = one.read()
    assert found.faults == []
    assert len(found.operations) == len(one.expected)
    for operation, expected in zip(found.operations, one.expected, strict=True):
        assert_means(operation, expected)


def assert_means(operation: Operation, expected: dict[str, Any]) -> None:
    named = {one.value for one in (*operation.ids, *operation.cut)}
    spaces = {(one.namespace, one.value) for one in (*operation.ids, *operation.cut)}
    assert operation.wire == expected["op"]
    assert operation.event == expected.get("event", operation.event)
    if expected.get("event") != "$groupidentify":
        for field in ("user", "anonymous", "previous", "alias", "original_id"):
            assert field not in expected or expected[field] in named, field
        distinct = str(expected.get("distinct_id", ""))
        assert not distinct or distinct in named or distinct.partition("+")[2] in named
    if expected["op"] != "posthog":
        assert "user" not in expected or Id(USER, expected["user"]) in operation.ids
        assert "anonymous" not in expected or Id(ANONYMOUS, expected["anonymous"]) in operation.ids
    for name, value in expected.get("identities", {}).items():
        space = SPACES.get(name) or ("openid:" + name.split("_")[2] if name.endswith("_openid") else ANONYMOUS)
        assert (space, value) in spaces, name
    if "dedup_id" in expected:
        assert operation.key.split(" ")[0] == str(expected["dedup_id"])
    if "item" in expected:
        assert operation.thing is not None
        assert [operation.thing.type, operation.thing.id] == expected["item"]
    if "group" in expected:
        assert operation.properties["group_id"] == expected["group"]
    if isinstance(expected["time"], int):
        assert operation.told_ms == expected["time"]


def test_all_of_them_over_http_twice(shop: Shop) -> None:
    for one in REQUESTS:
        assert post(shop, one).status_code == 200
    shop.app.state.collector.drain()
    flow(shop.stores)
    first = counts(shop.stores)
    told = [operation["op"] for one in REQUESTS for operation in one.expected]
    activities = logged(shop.stores, "activity_recorded")
    assert len(activities) == len(set(activities["event_key"].to_pylist()))
    tracks = sum(op in ("track", "page", "screen", "group", "track_signup", "track_id_bind") for op in told)
    assert len(activities) == tracks + sum(op.get("event") == "evt" for one in REQUESTS for op in one.expected)
    changed = set(logged(shop.stores, "profile_recorded")["event_key"].to_pylist())
    assert len(changed) >= sum(op in PROFILES - {"identify"} for op in told)
    assert set(logged(shop.stores, "profile_recorded")["op"].to_pylist()) == {"set", "once", "increment", "append", "unset", "delete"}
    assert set(logged(shop.stores, "things_recorded")["kind"].to_pylist()) == {"item", "group"}
    # A real mobile number never has three digits: what cannot be a phone is kept apart, and the rest of the operation counts.
    with shop.stores.ledger.read() as tx:
        assert {row[0] for row in tx.exec_driver_sql("SELECT DISTINCT reason FROM collect_quarantine")} == {"bad_identifier"}
    for one in REQUESTS:
        assert post(shop, one).status_code == 200
    shop.app.state.collector.drain()
    flow(shop.stores)
    assert counts(shop.stores) == first


def test_what_was_told_is_sealed(shop: Shop) -> None:
    """E-mails are identifiers: no event, file of the journal or row of the quarantine holds one in clear."""
    for one in REQUESTS:
        post(shop, one)
    shop.app.state.collector.drain()
    assert "email" not in set(logged(shop.stores, "profile_recorded")["path"].to_pylist())
    seen = logged(shop.stores, "people_seen")
    assert {"email", "account:app", "anonymous", "unionid"} <= set(seen["namespace"].to_pylist())
    assert all(rank(space) < 8 for space in seen["namespace"].to_pylist())
    files = [path for path in shop.stores.settings.home.rglob("*") if path.is_file() and "duckdb" not in path.name]
    assert not [path.name for path in files if b"a@b.c" in path.read_bytes()]
