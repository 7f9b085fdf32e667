"""Feeds over HTTP: made, found by their keys at once, given another key, paused; only those may who should."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.makers.collect import logged
from tests.makers.running import Shop, running_shop


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("feeds")) as running:
        yield running


def track(shop: Shop, key: str, number: int) -> int:
    body = {"writeKey": key, "type": "track", "event": "Seen", "userId": "u1", "messageId": f"{key} {number}"}
    return httpx.post(f"{shop.url}/v1/track", json=body, trust_env=False).status_code


def test_a_feed_is_heard_under_its_old_and_its_new_key(shop: Shop) -> None:
    made = shop.api("POST", "/feeds", {"name": "官网", "kind": "web"}, status=201)
    assert track(shop, made["write_key"], 1) == 200
    changed = shop.api("POST", f"/feeds/{made['id']}/key", {})
    assert (changed["previous_key"], changed["write_key"] != made["write_key"]) == (made["write_key"], True)
    collector = shop.app.state.collector
    collector._asked = float("-inf")
    assert [track(shop, key, 2) for key in (made["write_key"], changed["write_key"])] == [200, 200]
    collector.drain()
    shop.api("PATCH", f"/feeds/{made['id']}", {"status": "paused"})
    assert track(shop, changed["write_key"], 3) == 200
    collector.drain()
    assert logged(shop.stores, "activity_recorded").num_rows == 3
    found: dict[str, Any] = shop.api("GET", f"/feeds/{made['id']}")
    assert (found["operation_count"], found["status"]) == (3, "paused")
    actions = [row["action"] for row in shop.api("GET", "/team/audit", subject=f"feed:{made['id']}")["items"]]
    assert actions == ["feed.changed", "feed.key_rotated", "feed.added"]


def test_wrong_details_are_named_and_a_taken_key_is_refused(shop: Shop) -> None:
    wrong = shop.api("POST", "/feeds", {"name": " ", "kind": "app", "write_key": "a b", "user_namespace": "nothing"}, status=422)
    assert {fault["field"] for fault in wrong["errors"]} == {"name", "write_key", "user_namespace"}
    shop.api("POST", "/feeds", {"name": "App", "kind": "app", "write_key": "taken"}, status=201)
    assert "App" in shop.api("POST", "/feeds", {"name": "App 2", "kind": "app", "write_key": "taken"}, status=409)["detail"]
    shop.api("GET", "/feeds/999", status=404)


def test_readers_read_and_do_not_write(shop: Shop) -> None:
    auditor, guide = shop.log_in("aud", "auditor"), shop.log_in("gui", "guide")
    assert auditor.get("/api/v1/feeds").status_code == 200
    assert auditor.post("/api/v1/feeds", json={"name": "x", "kind": "web"}).status_code == 403
    assert guide.get("/api/v1/feeds").status_code == 403


def test_the_doctor_tells_what_waits(shop: Shop) -> None:
    shop.app.state.collector.drain()
    found = {check["key"]: check for check in shop.api("GET", "/system/doctor")["items"]}
    assert (found["journal"]["status"], found["journal"]["detail"]["en"]) == ("ok", "0.0 MB wait to be worked off")
