"""Other systems are told by webhook: signed, kept first, tried again, logged; nothing is told to one that is paused."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from siyu.carriers import deliveries
from siyu.connectors._signing import verify
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import wait_for

SECRET = "a-secret-of-both-sides"


@dataclass
class Receiver:
    """Another system: answers with the statuses it was given, then 200, and keeps what it heard."""

    statuses: list[int] = field(default_factory=list)
    heard: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    url: str = ""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            found.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(found.statuses.pop(0) if found.statuses else 200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    found.url = f"http://127.0.0.1:{server.server_port}/hook"
    yield found
    server.shutdown()
    server.server_close()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    with running_shop(tmp_path) as shop:
        yield shop


def webhook(shop: Shop, receiver: Receiver) -> dict[str, Any]:
    body = {
        "product": "webhook", "name": "仓库系统", "credentials": {"url": receiver.url, "secret": SECRET},
        "settings": {"allow_private": "true", "tells": "contact_added"},
    }  # fmt: skip
    account: dict[str, Any] = shop.api("POST", "/carriers/accounts", body, status=201)
    return account


def tell(shop: Shop, account: dict[str, Any], *bodies: dict[str, Any]) -> list[str]:
    with shop.stores.ledger.begin() as tx:
        return deliveries.enqueue(shop.stores.secrets, tx, account["id"], "contact_added", list(bodies), shop.stores.now())


def detail(shop: Shop, account: dict[str, Any], id: str) -> dict[str, Any]:
    found: dict[str, Any] = shop.api("GET", f"/carriers/accounts/{account['id']}/deliveries/{id}")
    return found


def test_it_arrives_signed_with_its_id_and_is_logged(shop: Shop, receiver: Receiver) -> None:
    account = webhook(shop, receiver)
    (told,) = tell(shop, account, {"event": "contact_added", "contact": "wm1"})
    wait_for(lambda: detail(shop, account, told)["status"] == "arrived", 10)
    headers, body = receiver.heard[-1]
    assert json.loads(body) == {"event": "contact_added", "contact": "wm1"}
    verify(headers, body, [SECRET], shop.stores.now())
    assert [attempt["outcome"] for attempt in detail(shop, account, told)["attempts"]] == ["arrived"]


def test_one_that_stumbles_is_told_again_with_the_same_id(shop: Shop, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("siyu.carriers.deliveries.retry_at", lambda attempt: None if attempt.error is None else attempt.at + timedelta(milliseconds=50))
    receiver.statuses = [500, 503]
    account = webhook(shop, receiver)
    (told,) = tell(shop, account, {"n": 1})
    wait_for(lambda: detail(shop, account, told)["status"] == "arrived", 15)
    found = detail(shop, account, told)
    assert [attempt["http_status"] for attempt in found["attempts"]] == [500, 503, 200]
    assert len({body for _, body in receiver.heard}) == 1


def test_what_is_refused_for_good_is_given_up_and_can_be_tried_again(shop: Shop, receiver: Receiver) -> None:
    receiver.statuses = [410]
    account = webhook(shop, receiver)
    (told,) = tell(shop, account, {"n": 1})
    wait_for(lambda: detail(shop, account, told)["status"] == "given_up", 10)
    shop.api("POST", f"/carriers/accounts/{account['id']}/deliveries/{told}/retry")
    wait_for(lambda: detail(shop, account, told)["status"] == "arrived", 10)
    page = shop.api("GET", f"/carriers/accounts/{account['id']}/deliveries?status=arrived")
    assert (page["total"], page["totals"]["given_up"]) == (1, 0)


def test_what_a_killed_process_had_claimed_comes_up_again(shop: Shop, receiver: Receiver) -> None:
    account = webhook(shop, receiver)
    shop.api("POST", f"/carriers/accounts/{account['id']}/pause")
    (told,) = tell(shop, account, {"n": 1})
    with shop.stores.ledger.begin() as tx:
        assert [one.id for one in deliveries._claim(tx, [account["id"]], shop.stores.now())] == [told]
        assert deliveries._claim(tx, [account["id"]], shop.stores.now()) == []
        assert [one.id for one in deliveries._claim(tx, [account["id"]], shop.stores.now() + deliveries.CLAIM)] == [told]
    assert receiver.heard == []
