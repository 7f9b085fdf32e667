"""The product as a real server, for tests in which a sandbox calls it back, and the persons who use it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from siyu.app import FACTS, build
from siyu.foundation.database import metadata, open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.team.audit import SYSTEM
from siyu.team.members import add_member
from siyu.team.tokens import local_token_of
from tests.makers.sandbox import SandboxClient

KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"
SECRET = "s" * 43
PASSWORD = "blau-Kiesel-41"


@dataclass
class Shop:
    """A running Siyu: `api` is the command line's door, `log_in` a person's."""

    url: str
    stores: Stores
    app: Any
    http: httpx.Client = field(repr=False)
    browsers: list[httpx.Client] = field(default_factory=list, repr=False)

    def api(self, method: str, path: str, body: Any = None, status: int | None = None, **query: Any) -> Any:
        answer = self.http.request(method, f"/api/v1{path}", json=body, params=query or None)
        assert status in (None, answer.status_code), f"{method} {path}: {answer.status_code} {answer.text}"
        assert status is not None or answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def log_in(self, login: str, role: str) -> httpx.Client:
        """A browser of a new member with this role."""
        add_member(self.stores, SYSTEM, login=login, name=login.title(), role=role, password=PASSWORD)
        browser = httpx.Client(
            base_url=self.url, headers={"X-Siyu-Request": "console"}, trust_env=False, timeout=30
        )
        self.browsers.append(browser)
        assert browser.post("/api/v1/session", json={"login": login, "password": PASSWORD}).status_code == 200
        return browser

    def connect_wecom(self, sandbox: SandboxClient, **wish: Any) -> dict[str, Any]:
        """A corp of the sandbox and the account of it here; its callbacks come to this server."""
        corp = sandbox.post(
            "corps", {"name": "示例品牌", "staff_count": 3, "apps": [{"secret": SECRET}], **wish}
        )
        credentials = {
            "corpid": corp["corpid"],
            "secret": SECRET,
            "callback_token": "token",
            "encoding_aes_key": KEY,
        }
        body = {
            "product": "wecom",
            "name": "总部企微",
            "credentials": credentials,
            "settings": {"base_url": sandbox.url, "allow_private": "true"},
        }
        account: dict[str, Any] = self.api("POST", "/carriers/accounts", body, status=201)
        sandbox.patch(
            f"corps/{corp['corpid']}",
            {"callback": {"url": account["callback_url"], "token": "token", "encoding_aes_key": KEY}},
        )
        return account


@contextmanager
def running_shop(home: Path, **settings: Any) -> Iterator[Shop]:
    chosen = Settings(home=home, secret_key="ab" * 32, **settings)
    ledger = open_ledger(chosen.ledger_url)
    metadata.create_all(ledger.engine)
    stores = Stores(chosen, ledger, attach(DuckDBEngine(None, "1GB", 2), FACTS), load_secrets(chosen))
    app = build(stores)
    bound = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(
        uvicorn.Config(app, log_level="warning", access_log=False, lifespan="on", timeout_graceful_shutdown=2)
    )
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]}, daemon=True)
    thread.start()
    url = f"http://127.0.0.1:{bound.getsockname()[1]}"
    bearer = {"Authorization": f"Bearer {local_token_of(stores.secrets)}", "Accept-Language": "en"}
    try:
        while not server.started:
            assert thread.is_alive(), "the server ended at once"
            time.sleep(0.02)
        with httpx.Client(base_url=url, headers=bearer, timeout=60, trust_env=False) as client:
            shop = Shop(url, stores, app, client)
            yield shop
            for browser in shop.browsers:
                browser.close()
    finally:
        server.should_exit = True
        thread.join(timeout=30)
        bound.close()
        stores.close()
