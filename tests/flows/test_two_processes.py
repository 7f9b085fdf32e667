"""Two Siyu processes on one PostgreSQL ledger: what one has done the other does not do again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest
from sqlalchemy import create_engine, make_url, text

from tests.makers.running import KEY, Shop, running_shop
from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.troubles import DETAILS, TOKEN, WELCOME, Corp, open_corp

PEOPLE = 25
A_MINUTE = 40


@contextmanager
def listening(answer: Any) -> Iterator[str]:
    """A server on a free port; `answer` is given path, headers and body and says the status."""

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            self.send_response(answer(self.path, self.headers, body))
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    server.daemon_threads = True
    Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def shops(postgres_url: str, tmp_path: Path) -> Iterator[list[Shop]]:
    server, name = create_engine(postgres_url, isolation_level="AUTOCOMMIT"), f"siyu_{uuid.uuid4().hex[:12]}"
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(postgres_url).set(database=name).render_as_string(hide_password=False)
    with ExitStack() as stack:
        yield [stack.enter_context(running_shop(tmp_path / side, database_url=url)) for side in "ab"]
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


def count(shop: Shop, query: str) -> int:
    with shop.stores.ledger.read() as tx:
        return int(tx.execute(text(query)).scalar() or 0)


def test_what_one_has_done_the_other_does_not_do_again(shops: list[Shop], sandbox: SandboxClient) -> None:
    corp, heard = open_corp(shops[0], sandbox), []
    address = str(corp.account["callback_url"]).removeprefix(shops[0].url)
    shops[0].api("PATCH", corp.path, {"settings": {"calls_per_minute": str(A_MINUTE)}})

    def to_both(path: str, headers: Any, body: bytes) -> int:
        """The carrier calls every process, several times, at the same moment."""
        kind = {"content-type": headers["content-type"]}
        urls = [f"{shop.url}{path}" for shop in shops] * 2
        with ThreadPoolExecutor(4) as pool:
            answers = list(pool.map(lambda url: httpx.post(url, content=body, headers=kind, trust_env=False, timeout=30).status_code, urls))
        return max(answers)

    def receive(_path: str, headers: Any, _body: bytes) -> int:
        heard.append(headers["x-siyu-id"])
        return 200

    with listening(to_both) as front, listening(receive) as receiver:
        _callback_at(sandbox, corp, f"{front}{address}")
        _webhook(shops[1], f"{receiver}/hook")
        corp.welcome()
        first_minute = int(time.time()) // 60
        phones = corp.arrive(PEOPLE)
        wait_for(lambda: len(heard) >= PEOPLE, 30)
        wait_for(lambda: sum(corp.greeted(phones)) >= PEOPLE, 20)
        wait_for(lambda: count(shops[0], "SELECT count(*) FROM carriers_inbox WHERE done_at IS NULL") == 0, 20)
        time.sleep(3)
        minutes = int(time.time()) // 60 - first_minute + 1
    assert corp.greeted(phones) == [1] * PEOPLE
    assert sorted(heard) == sorted(set(heard))
    assert len(heard) == PEOPLE
    assert count(shops[1], "SELECT count(*) FROM carriers_inbox") == PEOPLE
    assert count(shops[1], "SELECT count(*) FROM carriers_relation WHERE ended_at IS NULL") == PEOPLE
    # One of the tokens is the test's own, for making the code.
    assert corp.calls(TOKEN) == 2
    assert corp.answers(WELCOME) == {"0": PEOPLE}
    assert corp.calls(DETAILS) <= A_MINUTE * minutes
    assert count(shops[0], "SELECT count(*) FROM carriers_welcome_dispatch WHERE status = 'sent'") == PEOPLE
    pages = [shop.api("GET", corp.path) for shop in shops]
    assert [page["status"] for page in pages] == ["connected", "connected"]


def _callback_at(sandbox: SandboxClient, corp: Corp, url: str) -> None:
    sandbox.patch(f"corps/{corp.ref}", {"callback": {"url": url, "token": "token", "encoding_aes_key": KEY}})


def _webhook(shop: Shop, url: str) -> None:
    body = {
        "product": "webhook", "name": "仓库系统", "credentials": {"url": url, "secret": "a-secret-of-both-sides"},
        "settings": {"allow_private": "true", "tells": "contact_added"},
    }  # fmt: skip
    shop.api("POST", "/carriers/accounts", body, status=201)
