"""Receivers of webhooks that are slow, away or broken hold up nobody else, and nothing that was to be told is lost."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from siyu.carriers import deliveries
from tests.makers.running import Shop, running_shop
from tests.makers.sandbox import wait_for


class Receiver:
    """Another system; `seconds` is how long it takes over each call."""

    def __init__(self, seconds: float = 0.0, status: int = 200, **headers: str) -> None:
        self.seconds, self.status, self.headers = seconds, status, headers
        self.heard: list[str] = []
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), _door(self))
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/hook"

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


def _door(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            receiver.heard.append(self.headers["x-siyu-id"])
            time.sleep(receiver.seconds)
            self.send_response(receiver.status)
            for name, value in receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    return Door


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with running_shop(tmp_path_factory.mktemp("deliveries")) as shop:
        yield shop


@pytest.fixture
def receivers() -> Iterator[list[Receiver]]:
    made: list[Receiver] = []
    yield made
    for one in made:
        one.close()


def webhook(shop: Shop, url: str, **settings: str) -> dict[str, Any]:
    body = {
        "product": "webhook", "name": "仓库系统", "credentials": {"url": url, "secret": "a-secret-of-both-sides"},
        "settings": {"allow_private": "true", **settings},
    }  # fmt: skip
    account: dict[str, Any] = shop.api("POST", "/carriers/accounts", body, status=201)
    return account


def tell(shop: Shop, account: dict[str, Any], count: int) -> list[str]:
    bodies = [{"number": number} for number in range(count)]
    with shop.stores.ledger.begin() as tx:
        return deliveries.enqueue(shop.stores.secrets, tx, account["id"], "contact_added", bodies, shop.stores.now())


def totals(shop: Shop, account: dict[str, Any]) -> dict[str, int]:
    found: dict[str, int] = shop.api("GET", f"/carriers/accounts/{account['id']}/deliveries")["totals"]
    return found


def test_a_slow_receiver_with_many_waiting_holds_up_nobody(shop: Shop, receivers: list[Receiver]) -> None:
    receivers += [Receiver(seconds=9), Receiver()]
    slow, quick = (webhook(shop, one.url) for one in receivers)
    tell(shop, slow, 300)
    wait_for(lambda: receivers[0].heard)
    began = time.monotonic()
    tell(shop, quick, 40)
    wait_for(lambda: totals(shop, quick)["arrived"] == 40, 10)
    # Before the slow one has answered even once.
    assert time.monotonic() - began < 9
    shop.api("DELETE", f"/carriers/accounts/{slow['id']}", status=204)


def test_one_whose_secret_cannot_be_opened_holds_up_nobody_and_loses_nothing(shop: Shop, receivers: list[Receiver]) -> None:
    receivers += [Receiver(), Receiver()]
    broken, sound = (webhook(shop, one.url) for one in receivers)
    with shop.stores.ledger.begin() as tx:
        tx.exec_driver_sql("UPDATE carriers_account SET credentials_sealed = x'00' WHERE id = :id", {"id": broken["id"]})
    tell(shop, broken, 3)
    tell(shop, sound, 10)
    wait_for(lambda: totals(shop, sound)["arrived"] == 10, 10)
    assert totals(shop, broken) == {"waiting": 3, "arrived": 0, "given_up": 0}


def test_each_is_told_once_though_receivers_are_many(shop: Shop, receivers: list[Receiver]) -> None:
    receivers += [Receiver() for _ in range(5)]
    made = [webhook(shop, one.url) for one in receivers]
    wanted = [tell(shop, account, 15) for account in made]
    wait_for(lambda: all(totals(shop, account)["arrived"] == 15 for account in made), 20)
    assert [sorted(one.heard) for one in receivers] == [sorted(ids) for ids in wanted]


def test_a_redirect_is_not_followed(shop: Shop, receivers: list[Receiver]) -> None:
    """Where it leads nobody has checked: it might be this machine's own inner services."""
    inside = Receiver()
    receivers += [inside, Receiver(status=307, location=inside.url), Receiver(status=302, location="http://169.254.169.254/latest/meta-data")]
    for one in receivers[1:]:
        account = webhook(shop, one.url)
        tell(shop, account, 1)
        wait_for(lambda account=account: totals(shop, account)["given_up"] == 1, 10)
    assert inside.heard == []
