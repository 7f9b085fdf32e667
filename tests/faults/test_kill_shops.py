"""kill -9 of the server while a shop pushes its orders: in the end every order is there as it stands, each line once."""

from __future__ import annotations

import signal
import sqlite3
import time
from pathlib import Path
from typing import Any

from siyu.app import open_stores
from siyu.carriers import accounts
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.river import flow
from tests.faults.home import Home
from tests.makers.sandbox import SandboxClient, free_port, sandbox, sandbox_server, wait_for
from tests.makers.shops import SECRET, lines_of, truth_of

__all__ = ["sandbox", "sandbox_server"]
ORDERS, KILLS = 60, 3


def connected(stores: Stores, sandbox: SandboxClient, shop: dict[str, Any], port: int) -> str:
    credentials = {name: shop[name] for name in ("kdt_id", "client_id", "client_secret")}
    settings = {"base_url": sandbox.url, "allow_private": "true"}
    with stores.ledger.begin() as tx:
        made = accounts.connect(stores, tx, product="youzan", name="有赞", credentials=credentials, settings=settings, by="test")
    return f"http://127.0.0.1:{port}/api/v1/callbacks/{made.callback_key}"


def test_every_order_is_there_once_though_the_server_is_killed(tmp_path: Path, sandbox: SandboxClient) -> None:
    """Every other order is only named by its push, and read afterwards."""
    home, port = Home(tmp_path / "home"), free_port()
    home.environment["SIYU_PORT"] = str(port)
    sandbox.post("people", {"count": 5})
    shop = sandbox.post("youzan", {"client_id": "abcdef123456", "client_secret": SECRET, "retry_seconds": [0.5] * 120})
    path = f"youzan/{shop['kdt_id']}"
    stores = open_stores(Settings(home=home.path, secret_key="ab" * 32))
    sandbox.patch(path, {"callback_url": connected(stores, sandbox, shop, port)})
    stores.close()
    sandbox.patch("callbacks", {"duplicate": 2, "shuffle_window_ms": 800})
    server = home.start("serve")
    wait_for(lambda: (home.path / "server.json").exists(), 60)
    for turn in range(KILLS + 1):
        sandbox.patch(path, {"thin": turn % 2 == 1})
        numbers = sandbox.post(f"{path}/orders", {"count": ORDERS // (KILLS + 1)})["order_nos"]
        sandbox.post(f"{path}/acts", {"act": "pay", "order_nos": numbers})
        sandbox.post(f"{path}/acts", {"act": "refund", "order_nos": numbers[:3]})
        time.sleep(1.0)
        if turn < KILLS:
            server.signal(signal.SIGKILL)
            server.communicate()
            server = home.start("serve")
    truth = truth_of(sandbox, path)
    try:
        wait_for(lambda: states(home) == {number: row[0] for number, row in truth.items()}, 90)
    finally:
        server.signal(signal.SIGKILL)
        server.communicate()
    stores = open_stores(Settings(home=home.path, secret_key="ab" * 32))
    flow(stores)
    found = lines_of(stores, "youzan")
    stores.close()
    assert len(truth) == ORDERS
    assert found == truth


def states(home: Home) -> dict[str, str]:
    """What the ledger knows, read beside the server; nothing while something is still wanted."""
    ledger = sqlite3.connect(f"file:{home.path / 'ledger.sqlite'}?mode=ro", uri=True, timeout=30)
    rows = ledger.execute("SELECT order_no, state, wanted_at FROM orders_told").fetchall()
    ledger.close()
    return {number: state for number, state, wanted in rows if wanted is None}
