"""kill -9 of the server while people arrive: everyone is welcomed, once, in time; every relation is there."""

from __future__ import annotations

import signal
import sqlite3
import time
from pathlib import Path

from siyu.app import open_stores
from siyu.carriers.welcome import save_welcome
from siyu.foundation.settings import Settings
from tests.faults.home import Home
from tests.makers.carriers import AES_KEY, wecom_account
from tests.makers.sandbox import SandboxClient, free_port, wait_for

SECRET = "s" * 43
PER_SECOND, SECONDS, KILLS = 15, 16, (4, 10)


def _prepared(home: Home, sandbox: SandboxClient, port: int) -> tuple[str, str]:
    """A corp with a live code, connected in this data folder with a welcome for everybody."""
    corp = sandbox.post("corps", {"name": "示例", "staff_count": 5, "apps": [{"secret": SECRET}]})["corpid"]
    token = sandbox.call("GET", "/cgi-bin/gettoken", corpid=corp, corpsecret=SECRET)["access_token"]
    staff = sandbox.call("GET", "/cgi-bin/externalcontact/get_follow_user_list", token)["follow_user"]
    config = sandbox.call("POST", "/cgi-bin/externalcontact/add_contact_way", token, {"type": 2, "scene": 2, "state": "lift", "user": staff})["config_id"]
    stores = open_stores(Settings(home=home.path, secret_key="ab" * 32))
    account = wecom_account(stores, corp=corp, base_url=sandbox.url)
    content = {"text": "欢迎", "attachments": []}
    with stores.ledger.begin() as tx:
        save_welcome(
            tx, account, number=None, name="默认", states=[], staff=[], content=content, active=True, check=lambda _: None, now=stores.now(), by="test"
        )
    stores.close()
    url = f"http://127.0.0.1:{port}/api/v1/callbacks/{account.callback_key}"
    sandbox.patch(f"corps/{corp}", {"callback": {"url": url, "token": "callbacktoken", "encoding_aes_key": AES_KEY}})
    return corp, config


def test_everyone_is_welcomed_once_though_the_server_is_killed(tmp_path: Path, sandbox: SandboxClient) -> None:
    home, port = Home(tmp_path / "home"), free_port()
    home.environment["SIYU_PORT"] = str(port)
    corp, config = _prepared(home, sandbox, port)
    sandbox.patch("callbacks", {"duplicate": 3, "shuffle_window_ms": 1000})
    server = home.start("serve")
    wait_for(lambda: (home.path / "server.json").exists(), 60)
    load = sandbox.post("load/adds", {"corpid": corp, "config_id": config, "per_second": PER_SECOND, "seconds": SECONDS})["id"]
    began = time.monotonic()
    for moment in KILLS:
        time.sleep(max(0.0, began + moment - time.monotonic()))
        server.signal(signal.SIGKILL)
        server.communicate()
        server = home.start("serve")
    try:
        found = wait_for(lambda: (shown := sandbox.get(f"load/adds/{load}"))["done"] and not shown["waiting"] and shown, 60)
        expected = PER_SECOND * SECONDS
        assert (found["added"], found["welcomed"], found["lost"], found["twice"], found["late"]) == (expected, expected, 0, 0, 0)
        ledger = sqlite3.connect(f"file:{home.path / 'ledger.sqlite'}?mode=ro", uri=True, timeout=30)
        count = "SELECT count(*) FROM carriers_relation WHERE ended_at IS NULL"
        wait_for(lambda: ledger.execute(count).fetchone()[0] == expected, 60)
        sent = "SELECT count(*) FROM carriers_welcome_dispatch WHERE status = 'sent'"
        wait_for(lambda: ledger.execute(sent).fetchone()[0] == expected, 30)
        ledger.close()
    finally:
        server.signal(signal.SIGKILL)
        server.communicate()
