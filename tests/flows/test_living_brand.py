"""The README's first command shows a brand that lives: a sandbox beside the server, people who arrive, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.living import STATES
from siyu.living_campaign import NAME
from siyu.team.tokens import local_token_of

KEY = "ab" * 32


@dataclass
class Up:
    """`siyu up` of its own data folder."""

    home: Path
    port: int
    process: subprocess.Popen[bytes]

    @classmethod
    def start(cls, home: Path, *arguments: str) -> Up:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        plain = {name: value for name, value in os.environ.items() if not name.startswith("SIYU_")}
        environment = {**plain, "SIYU_HOME": str(home), "SIYU_SECRET_KEY": KEY, "SIYU_PORT": str(port), "SIYU_LOG_LEVEL": "WARNING"}
        command = [sys.executable, "-m", "siyu", "up", "--customers", "120", *arguments]
        return cls(home, port, subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL))

    def get(self, path: str, **query: Any) -> Any:
        token = local_token_of(load_secrets(Settings(home=self.home, secret_key=KEY)))
        answer = httpx.get(f"http://127.0.0.1:{self.port}/api/v1{path}", params=query, headers={"Authorization": f"Bearer {token}"}, trust_env=False)
        return answer.raise_for_status().json()

    def send(self, method: str, path: str) -> Any:
        token = local_token_of(load_secrets(Settings(home=self.home, secret_key=KEY)))
        return httpx.request(method, f"http://127.0.0.1:{self.port}/api/v1{path}", headers={"Authorization": f"Bearer {token}"}, trust_env=False).json()

    def accounts(self) -> dict[str, dict[str, Any]]:
        try:
            return {one["product"]: one for one in self.get("/carriers/accounts")["items"]}
        except httpx.TransportError:
            return {}

    def sandboxes(self) -> list[int]:
        """Processes of a sandbox whose parent is this server, or was."""
        return [pid for pid in SEEN if _runs(pid)] + [pid for pid in _children(self.process.pid) if pid not in SEEN]


SEEN: set[int] = set()


def _runs(pid: int) -> bool:
    try:
        return "siyu_sandbox" in Path(f"/proc/{pid}/cmdline").read_text() and Path(f"/proc/{pid}/stat").read_text().split(") ")[1][0] != "Z"
    except OSError:
        return False


def _children(parent: int) -> list[int]:
    try:
        return [int(pid) for task in Path(f"/proc/{parent}/task").iterdir() for pid in (task / "children").read_text().split() if _runs(int(pid))]
    except OSError:
        return []


def _wait(what: Callable[[], Any], seconds: float = 90) -> Any:
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.3)
    return found


@pytest.fixture
def up(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    started: list[Up] = []

    def start(*arguments: str) -> Up:
        started.append(Up.start(tmp_path, *arguments))
        return started[-1]

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.terminate()
            one.process.wait(30)
    SEEN.clear()


def test_people_arrive_also_after_a_kill_and_leave_with_the_sample(up: Callable[..., Up]) -> None:
    first = up()
    # People come once the sample is loaded, so that its sources are there to be counted for.
    wecom = _wait(lambda: (found := first.accounts().get("wecom")) and found["open_relation_count"] > 1 and found, 240)
    assert {"wecom", "official_account", "mini_program", "sms", "email"} <= set(first.accounts())
    assert _wait(lambda: first.get(f"/carriers/accounts/{wecom['id']}/greetings")["totals"]["sent"])
    assert len(first.get("/team/stores")["items"]) == 12
    codes = {one["name"]: (one["id"], one["source_id"]) for one in first.get("/acquisition/codes")["items"]}
    assert codes.keys() == {name for name, _ in STATES}
    assert all(source for _, source in codes.values())
    assert _wait(lambda: sum(one["added"] for one in first.get("/acquisition/codes")["items"]))
    SEEN.update(first.sandboxes())
    assert SEEN
    first.process.send_signal(signal.SIGKILL)
    first.process.wait()
    _wait(lambda: not first.sandboxes(), 10)

    second = up()
    again = _wait(lambda: (found := second.accounts().get("wecom")) and found["called_back_at"] > wecom["called_back_at"] and found)
    assert again["id"] == wecom["id"]
    job = second.send("POST", f"/carriers/accounts/{wecom['id']}/reconcile")["job_id"]
    done = _wait(lambda: (found := second.get(f"/jobs/{job}"))["status"] in ("done", "failed") and found)
    assert (done["status"], done["result"]["gone_count"]) == ("done", 0), json.dumps(done)
    # The sandbox has forgotten them; they are the same here, and nothing is wrong with them.
    kept = second.get("/acquisition/codes")["items"]
    assert {one["name"]: (one["id"], one["source_id"]) for one in kept} == codes
    assert {one["health"] for one in kept} == {"good"}

    def sending() -> Any:
        mine = second.get("/campaigns", q=NAME)["items"]
        assert len(mine) < 2
        return next((one for one in mine if one["status"] == "running"), None)

    campaign = second.get(f"/campaigns/{_wait(sending)['id']}")
    assert [(wave["status"] != "waiting", wave["to_rate"]) for wave in campaign["waves"]] == [(True, 0.3), (False, 1.0)]

    SEEN.update(second.sandboxes())
    second.send("DELETE", "/system/sample")
    _wait(lambda: not second.sandboxes(), 40)
    assert second.accounts() == {}
    assert not (second.home / "files" / "sample" / "arrivals.jsonl").exists()


def test_the_sandbox_can_be_switched_off(up: Callable[..., Up]) -> None:
    quiet = up("--no-sandbox")
    _wait(lambda: (quiet.home / "server.json").exists() and quiet.get("/imports")["items"])
    time.sleep(3)
    assert quiet.accounts() == {}
    assert quiet.sandboxes() == []
