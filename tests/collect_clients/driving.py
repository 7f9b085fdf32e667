"""A running Siyu that can be killed, a door before it that makes trouble, and the clients of others that speak to them."""

from __future__ import annotations

import fcntl
import http.client
import http.server
import json
import os
import shutil
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from siyu.foundation.database import open_ledger
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from tests.browser.house import Server, kill, run
from tests.sandbox.clients.environments import environment

DRIVERS = Path(__file__).parent / "drivers"
DRIVE_SECONDS = 120
PATIENCE_SECONDS = 60
Order = dict[str, Any]


def node_modules() -> Path:
    """What `drivers/package-lock.json` names, installed beside it; skips where it cannot be had."""
    lock, folder = DRIVERS / "package-lock.json", DRIVERS / "node_modules"
    with (DRIVERS / ".lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        stamp, wanted = folder / ".stamp", lock.read_bytes()
        if not stamp.is_file() or stamp.read_bytes() != wanted:
            npm = shutil.which("npm")
            if npm is None:
                pytest.skip("npm is missing, so the clients from npm did not send anything")
            done = subprocess.run(
                [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"], cwd=DRIVERS, capture_output=True, text=True, timeout=240, check=False
            )
            if done.returncode:
                pytest.skip(f"the clients from npm could not be installed: {done.stderr[-300:]}")
            stamp.write_bytes(wanted)
    return folder


def drive(driver: str, order: Order) -> subprocess.Popen[str]:
    """Start a driver with its order; `told` waits for what it says."""
    if driver.endswith(".py"):
        command = [str(environment("collect-clients")), str(DRIVERS / driver)]
    else:
        node_modules()
        command = [str(shutil.which("node")), str(DRIVERS / driver)]
    clean = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy") and not name.startswith("PYTHON")}
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=clean)
    assert process.stdin is not None
    process.stdin.write(json.dumps(order))
    process.stdin.close()
    process.stdin = None
    return process


def told(process: subprocess.Popen[str]) -> list[str]:
    """What went wrong in a driver, by its own account."""
    out, err = process.communicate(timeout=DRIVE_SECONDS)
    assert process.returncode == 0, err[-2000:]
    found: list[str] = json.loads(out.strip().splitlines()[-1])["failed"]
    return found


@contextmanager
def looking_at(home: Path) -> Iterator[Stores]:
    """The ledger of a server that runs, read from beside it."""
    settings = Settings(home=home)
    ledger = open_ledger(settings.ledger_url)
    try:
        yield Stores(settings, ledger, None, None)  # type: ignore[arg-type]
    finally:
        ledger.close()


def kill_and_start_again(server: Server, down_seconds: float) -> Server:
    """Kill -9, and after a while the same server again at the same address."""
    kill(server)
    time.sleep(down_seconds)
    again = replace(server, process=run(server.home, int(urlsplit(server.url).port or 0)))
    assert until(lambda: again.process.returncode is not None or _answers(server.url)), "the server did not come up again"
    assert again.process.returncode is None
    return again


def _answers(url: str) -> bool:
    onward = http.client.HTTPConnection(urlsplit(url).netloc, timeout=2)
    try:
        onward.request("GET", "/health")
        return onward.getresponse().status == 200
    except OSError:
        return False
    finally:
        onward.close()


def make_feed(server: Server, name: str) -> dict[str, Any]:
    """Made by the server itself: what others write into its ledger it would only know a moment later."""
    made: dict[str, Any] = server.json("feeds", "create", name, "--kind", "server")["items"][0]
    return made


def make_feeds(server: Server, names: list[str]) -> dict[str, str]:
    """A feed for each client; name → write key."""
    return {name: make_feed(server, name)["write_key"] for name in names}


def until(look: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> bool:
    end = time.monotonic() + seconds
    while not look():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True


@dataclass
class Troubles:
    """What a door before the server does to the first requests of each client.

    refuse: 429 with Retry-After, the server hears nothing. lose: the server takes it, but the client is told 500.
    """

    kind: str
    per_client: int
    made: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def next_for(self, client: str) -> str | None:
        with self._lock:
            if self.made[client] >= self.per_client:
                return None
            self.made[client] += 1
            return self.kind


@contextmanager
def troubled(server_url: str, kind: str, per_client: int) -> Iterator[tuple[str, Troubles]]:
    troubles = Troubles(kind, per_client)
    target = urlsplit(server_url).netloc

    class Door(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            trouble = troubles.next_for(self.headers.get("User-Agent", "") + self.path)
            if trouble == "refuse":
                return self._answer(429, b'{"success":false}', ("Retry-After", "1"))
            onward = http.client.HTTPConnection(target, timeout=30)
            headers = {name: value for name, value in self.headers.items() if name.lower() not in ("host", "connection")}
            onward.request("POST", self.path, body, headers)
            answer = onward.getresponse()
            said = answer.read()
            onward.close()
            if trouble == "lose":
                return self._answer(500, b"{}")
            return self._answer(answer.status, said)

        def _answer(self, status: int, body: bytes, *more: tuple[str, str]) -> None:
            self.send_response(status)
            for name, value in (("Content-Type", "application/json"), ("Content-Length", str(len(body))), *more):
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    standing = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=standing.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{standing.server_address[1]}", troubles
    finally:
        standing.shutdown()
        standing.server_close()
        thread.join(timeout=5)
