"""Welcomes over HTTP: checked against the carrier's limits, chosen by whom they are for, and their greetings on record."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for

LINK = {"msgtype": "link", "link": {"title": "新客礼", "url": "https://example.com/a"}}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("shop")) as running:
        yield running


@pytest.fixture
def path(shop: Shop, sandbox: SandboxClient) -> str:
    return f"/carriers/accounts/{shop.connect_wecom(sandbox)['id']}"


def _add(shop: Shop, path: str, name: str, text: str, **more: Any) -> dict[str, Any]:
    return shop.api("POST", f"{path}/welcomes", {"name": name, "content": {"text": text, "attachments": []}, **more}, status=201)


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        ({"name": "", "content": {"text": "文" * 1334}}, {"name", "content.text"}),
        ({"name": "w", "content": {"text": ""}}, {"content.text"}),
        ({"name": "w", "content": {"text": "x", "attachments": [LINK] * 10}}, {"content.attachments"}),
        ({"name": "w", "content": {"text": "x", "attachments": [{"msgtype": "link", "link": {"title": "", "url": "ftp://x"}}]}}, {"content.attachments.0.link.title", "content.attachments.0.link.url"}),
        ({"name": "w", "content": {"text": "x", "attachments": [{"msgtype": "image", "image": {"media_id": f"media:{'0' * 32}"}}]}}, {"content.attachments.0"}),
    ],
)  # fmt: skip
def test_what_the_carrier_would_refuse_is_refused_here_with_every_fault(shop: Shop, path: str, draft: dict[str, Any], fields: set[str]) -> None:
    problem = shop.api("POST", f"{path}/welcomes", draft, status=422)
    assert {fault["field"] for fault in problem["errors"]} == fields
    assert shop.api("GET", f"{path}/welcomes")["items"] == []


def test_the_welcome_that_fits_most_closely_is_sent_and_on_record(shop: Shop, sandbox: SandboxClient, path: str) -> None:
    _add(shop, path, "all", "for all")
    _add(shop, path, "staff", "for staff", staff=["staff0002"])
    _add(shop, path, "code", "for the poster", states=["poster"])
    _add(shop, path, "off", "never", states=["poster"], active=False)
    sandbox.post("people", {"count": 3})
    for phone, userid, state in ((1, "staff0001", ""), (2, "staff0002", ""), (3, "staff0002", "poster")):
        sandbox.post(f"phones/{phone}/add_staff", {"userid": userid, "state": state})
    wait_for(lambda: all(sandbox.inbox(phone) for phone in (1, 2, 3)), 10)
    assert [sandbox.inbox(phone)[0]["content"]["text"]["content"] for phone in (1, 2, 3)] == ["for all", "for staff", "for the poster"]
    found = wait_for(lambda: (page := shop.api("GET", f"{path}/greetings"))["totals"]["sent"] == 3 and page)
    assert sorted(row["welcome_name"] for row in found["items"]) == ["all", "code", "staff"]
    assert all(row["latency_ms"] < 20_000 for row in found["items"])
    assert found["totals"]["p99_ms"] == max(row["latency_ms"] for row in found["items"])


def test_a_greeting_that_is_refused_says_why(shop: Shop, sandbox: SandboxClient, path: str) -> None:
    _add(shop, path, "all", "for all")
    sandbox.post("faults", {"api": "send_welcome_msg", "kind": "errcode", "code": 40058, "times": 9})
    sandbox.post("people", {"count": 1})
    sandbox.post("phones/1/add_staff", {"userid": "staff0001"})
    page = wait_for(lambda: (found := shop.api("GET", f"{path}/greetings", status=200))["totals"]["refused"] and found, 10)
    assert page["items"][0]["status_code"] == "40058"
    assert page["items"][0]["status_says"]["zh"]
    assert shop.api("GET", f"{path}/greetings?status=sent")["items"] == []


def test_greetings_are_read_page_by_page(shop: Shop, sandbox: SandboxClient, path: str) -> None:
    _add(shop, path, "all", "for all")
    sandbox.post("people", {"count": 5})
    for phone in range(1, 6):
        sandbox.post(f"phones/{phone}/add_staff", {"userid": "staff0001"})
    wait_for(lambda: shop.api("GET", f"{path}/greetings")["totals"]["sent"] == 5, 10)
    seen, cursor = [], None
    while True:
        page = shop.api("GET", f"{path}/greetings", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [row["received_at"] for row in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(seen) == 5
    assert seen == sorted(seen, reverse=True)


def test_a_welcome_is_changed_by_version_and_taken_out_of_use(shop: Shop, path: str) -> None:
    made = _add(shop, path, "all", "one")
    changed = shop.api("PUT", f"{path}/welcomes/{made['id']}", {"name": "all", "content": {"text": "two", "attachments": [LINK]}})
    assert (changed["version"], changed["content"]["text"], len(changed["content"]["attachments"])) == (2, "two", 1)
    shop.api("DELETE", f"{path}/welcomes/{made['id']}", status=204)
    assert shop.api("GET", f"{path}/welcomes")["items"] == []
    shop.api("PUT", f"{path}/welcomes/{made['id']}", {"name": "all", "content": {"text": "x"}}, status=404)
    actions = [entry["action"] for entry in shop.api("GET", "/team/audit", action="carriers.welcome")["items"]]
    assert actions[:3] == ["carriers.welcome_removed", "carriers.welcome_changed", "carriers.welcome_added"]
