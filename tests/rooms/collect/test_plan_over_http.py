"""The plan at work: events over HTTP of a running server, what breaks the plan set aside, replayed after a change, shown masked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.makers.collect import logged
from tests.makers.running import Shop, running_shop

PATIENCE_SECONDS = 20


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("plan")) as running:
        yield running


@pytest.fixture
def feed(shop: Shop) -> dict[str, Any]:
    made: dict[str, Any] = shop.api("POST", "/feeds", {"name": "H5", "kind": "web"}, status=201)
    return made


def say(shop: Shop, feed: dict[str, Any], *events: dict[str, Any]) -> None:
    batch = [{"type": "track", "userId": "u1", **event} for event in events]
    answer = httpx.post(f"{shop.url}/v1/batch", json={"writeKey": feed["write_key"], "batch": batch}, trust_env=False)
    assert answer.status_code == 200, answer.text
    shop.app.state.collector.drain()


def until(look: Callable[[], Any]) -> Any:
    end = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def names(shop: Shop, feed: dict[str, Any]) -> list[str]:
    rows = logged(shop.stores, "activity_recorded").to_pylist()
    return sorted(row["name"] for row in rows if row["feed_id"] == feed["id"])


def replay(shop: Shop, feed: dict[str, Any]) -> dict[str, Any]:
    job = shop.api("POST", "/events/quarantine/replay", {"feed": feed["id"]}, status=202)["job_id"]
    done: dict[str, Any] = until(lambda: (one := shop.api("GET", f"/jobs/{job}"))["status"] in ("done", "failed") and one)
    assert done["status"] == "done", done
    return dict(done["result"])


def settled_of(shop: Shop, feed: dict[str, Any], status: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = shop.api("GET", f"/events/quarantine?feed={feed['id']}&status={status}")["items"]
    return found


def test_what_breaks_the_plan_waits_and_comes_in_once_after_a_change(shop: Shop, feed: dict[str, Any]) -> None:
    event = {"name": "paid", "properties": [{"name": "amount", "type": "number", "required": True}]}
    shop.api("PUT", "/events/plan/event", event)
    shop.api("PUT", f"/events/plan/modes/{feed['id']}", {"mode": "quarantine"})
    say(shop, feed, {"event": "paid", "messageId": "a", "properties": {"amount": 1}}, {"event": "paid", "messageId": "b", "properties": {"amount": "2"}})
    assert names(shop, feed) == ["paid"]
    page = shop.api("GET", "/events/quarantine", feed=feed["id"])
    assert [(one["reason"], one["operation_count"], one["detail"]) for one in page["items"]] == [("breaks_plan", 1, "paid amount wrong_type")]
    assert '"amount": "2"' in shop.api("GET", f"/events/quarantine/{page['items'][0]['id']}")["document"]

    # Nothing was changed: it fails as before, and waits on.
    assert replay(shop, feed) == {"entries": 1, "replayed": 0, "operations": 0}
    assert names(shop, feed) == ["paid"]
    event["properties"][0]["type"] = "any"  # type: ignore[index]
    shop.api("PUT", "/events/plan/event", event)
    assert replay(shop, feed) == {"entries": 1, "replayed": 1, "operations": 1}
    assert replay(shop, feed)["entries"] == 0
    assert names(shop, feed) == ["paid", "paid"]
    [settled] = settled_of(shop, feed, "replayed")
    assert settled["settled_by"]


def test_what_is_given_up_stays_with_its_reason_in_the_audit(shop: Shop, feed: dict[str, Any]) -> None:
    say(shop, feed, {"event": "", "messageId": "nameless"})
    [one] = shop.api("GET", "/events/quarantine", feed=feed["id"])["items"]
    shop.api("POST", "/events/quarantine/discard", {"ids": [one["id"]], "why": " "}, status=422)
    assert shop.api("POST", "/events/quarantine/discard", {"ids": [one["id"]], "why": "a test of the site"}) == {"count": 1}
    assert shop.api("GET", "/events/quarantine", feed=feed["id"])["total"] == 0
    assert [row["id"] for row in settled_of(shop, feed, "discarded")] == [one["id"]]
    entry = shop.api("GET", "/team/audit", action="quarantine.discarded")["items"][0]
    assert (entry["detail"]["why"], entry["detail"]["count"]) == ("a test of the site", 1)


def test_a_request_of_no_feed_is_taken_in_once_there_is_one(shop: Shop) -> None:
    told = {"distinct_id": "d1", "type": "track", "event": "Looked", "time": int(time.time() * 1000), "properties": {}}
    httpx.post(f"{shop.url}/sa?token=laterkey", data={"data": json.dumps(told)}, trust_env=False).raise_for_status()
    shop.app.state.collector.drain()
    made = shop.api("POST", "/feeds", {"name": "late", "kind": "web", "write_key": "laterkey"}, status=201)
    job = shop.api("POST", "/events/quarantine/replay", {"reason": "no_feed"}, status=202)["job_id"]
    assert until(lambda: (one := shop.api("GET", f"/jobs/{job}"))["status"] == "done" and one)["result"]["operations"] == 1
    assert names(shop, made) == ["Looked"]


def test_personal_values_are_in_clear_nowhere_and_opened_only_by_those_who_may(shop: Shop, feed: dict[str, Any]) -> None:
    shop.api("PUT", "/events/plan/event", {"name": "asked", "properties": [{"name": "question", "personal": True}]})
    say(shop, feed, {"event": "asked", "messageId": "p", "userId": "u-personal-7", "properties": {"question": "mine alone", "receiver_phone": "13912345678", "n": 1}})
    [row] = [row for row in logged(shop.stores, "activity_recorded").to_pylist() if row["name"] == "asked"]
    assert "mine alone" not in row["properties"]
    assert "13912345678" not in row["properties"]
    [shown] = shop.api("GET", "/events/live", feed=feed["id"])["items"]
    assert shown["told"] == {"question": "mi***ne", "receiver_phone": "139****5678", "n": 1}
    assert "u-personal-7" not in json.dumps(shown)
    assert shop.api("GET", "/events/live", person="u-personal-7")["items"] == [shown]
    assert shop.api("GET", "/events/live", person="u-personal")["items"] == []
    clear = shop.api("GET", f"/events/live/{shown['id']}")
    assert clear["told"]["question"] == "mine alone"
    assert clear["ids"] == [{"namespace": "account:app", "value": "u-personal-7"}]
    assert shop.log_in("alan", "analyst").get(f"/api/v1/events/live/{shown['id']}").status_code == 403
    for path in shop.stores.settings.home.rglob("*"):
        assert not path.is_file() or b"13912345678" not in path.read_bytes(), path


def test_what_came_in_is_adopted_with_one_call(shop: Shop, feed: dict[str, Any]) -> None:
    say(shop, feed, *({"event": "added", "messageId": f"s{number}", "properties": {"sku": "T1", "price": number}} for number in range(3)))
    [seen] = [one for one in shop.api("GET", "/events/seen", feed=feed["id"])["items"] if one["name"] == "added"]
    assert (seen["count"], seen["planned"], seen["days"][-1]) == (3, False, 3)
    plan = shop.api("POST", "/events/plan/adopt", {"events": ["added"]})
    [added] = [one for one in plan["events"] if one["name"] == "added"]
    assert {one["name"]: (one["type"], one["required"]) for one in added["properties"]} == {"sku": ("text", True), "price": ("number", True)}
    say(shop, feed, {"event": "added", "messageId": "late", "properties": {"price": "free"}})
    found = shop.api("GET", "/events/violations", feed=feed["id"])["items"]
    assert {(one["property"], one["kind"], one["sample"]) for one in found if one["property"]} == {("sku", "missing", ""), ("price", "wrong_type", "free")}
    shop.api("DELETE", "/events/violations", feed=feed["id"])
    assert shop.api("GET", "/events/violations", feed=feed["id"])["items"] == []


def test_the_plan_goes_out_and_comes_in(shop: Shop) -> None:
    shop.api("PUT", "/events/plan/event", {"name": "kept", "properties": [{"name": "a", "type": "text", "allowed": ["x", "y"]}]})
    sheet = shop.http.get("/api/v1/events/plan/export", params={"format": "csv"}).text
    before = shop.api("GET", "/events/plan")["events"]
    shop.api("DELETE", "/events/plan/event", name="kept", status=204)
    shop.api("DELETE", "/events/plan/event", name="kept", status=404)
    assert shop.api("POST", "/events/plan/import", {"format": "csv", "text": sheet, "replace": True})["events"] == before
    shop.api("POST", "/events/plan/import", {"format": "json", "text": "[]"}, status=422)


def test_who_may_read_may_not_write(shop: Shop, feed: dict[str, Any]) -> None:
    reader, guide = shop.log_in("rita", "auditor"), shop.log_in("gustav", "guide")
    for path in ("plan", "seen", "violations", "quarantine", "live", "plan/export"):
        assert reader.get(f"/api/v1/events/{path}").status_code == 200, path
        assert guide.get(f"/api/v1/events/{path}").status_code == 403, path
    for method, path, body in (
        ("PUT", "plan/event", {"name": "x"}), ("POST", "plan/adopt", {}), ("POST", "quarantine/replay", {}), ("POST", "quarantine/discard", {"why": "x"}),
        ("DELETE", "violations", None), ("PUT", f"plan/modes/{feed['id']}", {"mode": "strict"}), ("POST", "plan/import", {"format": "json", "text": "{}"}),
    ):  # fmt: skip
        assert reader.request(method, f"/api/v1/events/{path}", json=body).status_code == 403, path


def test_the_script_is_served_to_every_site(shop: Shop) -> None:
    answer = httpx.get(f"{shop.url}/siyu.js", trust_env=False)
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["cross-origin-resource-policy"] == "cross-origin"
    again = httpx.get(f"{shop.url}/siyu.js", headers={"If-None-Match": answer.headers["etag"]}, trust_env=False)
    assert again.status_code == 304
