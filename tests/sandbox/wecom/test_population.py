"""Many relations at once: pages agree with the truth, drift is silent, broadcasts count."""

from __future__ import annotations

import io
import json
from typing import Any

import pyarrow as pa

from tests.makers.sandbox import wait_for
from tests.makers.sandbox_wecom import Listener, SandboxCorp


def pairs(corp: SandboxCorp) -> set[tuple[str, str]]:
    """Every relation that the API shows, by pages over all staff."""
    users = corp.get("externalcontact/get_follow_user_list")["follow_user"]
    found: set[tuple[str, str]] = set()
    for first in range(0, len(users), 100):
        cursor = ""
        while True:
            body = {"userid_list": users[first : first + 100], "limit": 100, "cursor": cursor}
            page = corp.contact("batch/get_by_user", **body)
            for row in page["external_contact_list"]:
                pair = (row["external_contact"]["external_userid"], row["follow_info"]["userid"])
                assert pair not in found
                found.add(pair)
            cursor = page["next_cursor"]
            if not cursor:
                break
    return found


def truth(corp: SandboxCorp) -> list[dict[str, Any]]:
    path = f"/sandbox/population/{corp.id}/relations"
    answer = corp.sandbox.http.get(path, params={"format": "arrow"})
    rows: list[dict[str, Any]] = pa.ipc.open_stream(io.BytesIO(answer.content)).read_all().to_pylist()
    return rows


def shown(rows: list[dict[str, Any]]) -> set[tuple[str, str]]:
    listed = ("live", "deleted_by_customer")
    return {(row["external_userid"], row["userid"]) for row in rows if row["status"] in listed}


def test_pages_show_exactly_the_truth(corp: SandboxCorp) -> None:
    wish = {"corpid": corp.id, "contacts": 5000, "staff": 120, "seed": 3}
    counts = corp.sandbox.post("population", wish)
    assert counts["contacts"] == 5000
    assert 5000 < counts["relations"] < 5400
    assert counts["staff"] == 120
    assert pairs(corp) == shown(truth(corp))
    assert len(pairs(corp)) == counts["relations"]


def test_drift_is_silent_and_exact(told: SandboxCorp, listener: Listener) -> None:
    told.sandbox.post("population", {"corpid": told.id, "contacts": 2000, "staff": 10, "overlap": 0})
    before = pairs(told)
    drift = {"corpid": told.id, "lost": 100, "gained": 40, "seed": 5}
    counts = told.sandbox.post("population/drift", drift)
    after = pairs(told)
    assert (len(before - after), len(after - before)) == (100, 40)
    assert counts["by_status"]["deleted_by_staff"] == 100
    assert after == shown(truth(told))
    assert listener.events == []


def test_customers_who_left_are_still_listed(corp: SandboxCorp) -> None:
    corp.sandbox.post("population", {"corpid": corp.id, "contacts": 300, "staff": 3, "overlap": 0})
    before = pairs(corp)
    corp.sandbox.post("population/drift", {"corpid": corp.id, "lost": 50, "lost_by": "customer"})
    assert pairs(corp) == before
    msgid = corp.contact("add_msg_template", text={"content": "x"}, sender="amy")["msgid"]
    assert msgid
    counts = corp.sandbox.get(f"population/{corp.id}")["by_status"]
    assert (counts["live"], counts["deleted_by_customer"]) == (250, 50)


def test_a_population_lives_on(told: SandboxCorp, listener: Listener) -> None:
    told.sandbox.post("population", {"corpid": told.id, "contacts": 500, "staff": 3, "overlap": 0})
    row = truth(told)[7]
    told.phone(row["phone"], "delete_staff", userid=row["userid"])
    assert listener.wait("del_follow_user")["ExternalUserID"] == row["external_userid"]
    _, newcomer = told.friend("amy")
    assert newcomer in told.get("externalcontact/list", userid="amy")["external_userid"]
    details = told.get("externalcontact/get", external_userid=truth(told)[0]["external_userid"])
    name = told.sandbox.get(f"phones/{truth(told)[0]['phone']}")["name"]
    assert details["external_contact"]["name"] == name


def test_a_send_to_many_reaches_every_phone(corp: SandboxCorp) -> None:
    corp.sandbox.post("population", {"corpid": corp.id, "contacts": 3000, "staff": 3, "overlap": 0})
    corp.contact("add_msg_template", text={"content": "上新"}, sender="amy")
    corp.staff("amy", "confirm_task")
    amys = [row["phone"] for row in truth(corp) if row["userid"] == "amy"]
    assert corp.sandbox.get("health")["counts"]["received"] == len(amys)
    assert corp.sandbox.inbox(amys[-1])[0]["content"] == {"text": {"content": "上新"}}


def test_the_truth_as_lines(corp: SandboxCorp) -> None:
    corp.friend("amy", state="fair")
    text = corp.sandbox.http.get(f"/sandbox/population/{corp.id}/relations", params={"format": "jsonl"}).text
    rows = [json.loads(line) for line in text.splitlines()]
    assert [(row["userid"], row["state"], row["status"]) for row in rows] == [("amy", "fair", "live")]


def test_equal_seeds_are_equal_worlds(corp: SandboxCorp) -> None:
    wish = {"corpid": corp.id, "contacts": 1000, "staff": 5, "seed": 9}
    corp.sandbox.post("population", wish)
    first = [(row["phone"], row["userid"], row["state"]) for row in truth(corp)]
    corp.sandbox.reset()
    corp.sandbox.post(
        "corps", {"corpid": corp.id, "staff": [{"userid": u, "name": u} for u in ("amy", "ben", "cleo")]}
    )
    corp.sandbox.post("population", wish)
    assert [(row["phone"], row["userid"], row["state"]) for row in truth(corp)] == first


def test_the_load_driver_times_every_welcome(told: SandboxCorp, listener: Listener) -> None:
    said: set[str] = set()

    def welcome(event: dict[str, str]) -> None:
        code = event["WelcomeCode"]
        if code not in said:
            said.add(code)
            told.contact("send_welcome_msg", welcome_code=code, text={"content": "你好"})

    told.token = told.get_token()
    way = told.way("amy", "ben", "cleo")
    told.sandbox.patch("callbacks", {"duplicate": 3})
    listener.on_event = welcome
    wish = {"corpid": told.id, "config_id": way, "per_second": 20, "seconds": 1}
    number = told.sandbox.post("load/adds", wish)["id"]
    report = wait_for(
        lambda: (r := told.sandbox.get(f"load/adds/{number}"))["welcomed"] == 20 and r, seconds=20
    )
    assert (report["added"], report["lost"], report["twice"], report["late"]) == (20, 0, 0, 0)
    assert 0 < report["latency_ms"]["p50"] <= report["latency_ms"]["max"]


def test_the_load_driver_sees_who_was_never_welcomed(corp: SandboxCorp) -> None:
    wish = {"corpid": corp.id, "config_id": corp.way("amy"), "per_second": 50, "seconds": 0.1}
    number = corp.sandbox.post("load/adds", wish)["id"]
    wait_for(lambda: corp.sandbox.get(f"load/adds/{number}")["added"] == 5)
    assert corp.sandbox.get(f"load/adds/{number}")["waiting"] == 5
    corp.sandbox.advance(seconds=21)
    report = corp.sandbox.get(f"load/adds/{number}")
    assert (report["lost"], report["waiting"], report["welcomed"]) == (5, 0, 0)
