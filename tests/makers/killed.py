"""SDKs send while the server is killed and started again: what was answered 200, and what the log holds in the end."""

from __future__ import annotations

import http.client
import json
import random
import signal
import sqlite3
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from siyu.app import open_stores
from siyu.foundation.settings import Settings
from tests.faults.home import Home
from tests.makers.collect import open_feeds
from tests.makers.sandbox import free_port, wait_for

TOGETHER, SENDERS = 20, 4


@dataclass
class Killed:
    """Numbers of events that were answered 200; how often each lies in the log; how many rounds there were."""

    acknowledged: set[int] = field(default_factory=set)
    stored: Counter[int] = field(default_factory=Counter)
    rounds: int = 0

    @property
    def lost(self) -> set[int]:
        return self.acknowledged - set(self.stored)

    @property
    def twice(self) -> list[int]:
        return [number for number, times in self.stored.items() if times > 1]


def kill_while_sending(folder: Path, rounds: int, seconds: float = 0.7, seed: int = 1) -> Killed:
    """Rounds of start, send, kill -9; whatever was not answered is sent again, as SDKs do; then all of it comes to its end."""
    home, port, draw, found = Home(folder), free_port(), random.Random(seed), Killed(rounds=rounds)
    home.environment["SIYU_PORT"] = str(port)
    stores = open_stores(Settings(home=home.path, secret_key="ab" * 32))
    open_feeds(stores, ("WK",))
    stores.close()
    stopping = threading.Event()
    senders = [threading.Thread(target=_send, args=(port, number, stopping, found.acknowledged), daemon=True) for number in range(SENDERS)]
    for sender in senders:
        sender.start()
    server = home.start("serve")
    for _ in range(rounds):
        before = len(found.acknowledged)
        wait_for(lambda before=before: len(found.acknowledged) > before, 90)
        time.sleep(draw.uniform(0, seconds))
        server.signal(signal.SIGKILL)
        server.communicate()
        server = home.start("serve")
    before = len(found.acknowledged)
    wait_for(lambda: len(found.acknowledged) > before, 90)
    stopping.set()
    for sender in senders:
        sender.join(60)
    try:
        wait_for(lambda: not found.acknowledged - set(_stored(home.path)), 90)
    finally:
        server.signal(signal.SIGKILL)
        server.communicate()
    found.stored = _stored(home.path)
    return found


def _send(port: int, sender: int, stopping: threading.Event, acknowledged: set[int]) -> None:
    first = sender * 10_000_000
    while not stopping.is_set():
        numbers = range(first, first + TOGETHER)
        batch = [{"type": "track", "event": "Tick", "userId": f"u{n % 50}", "messageId": f"m{n}", "properties": {"n": n}} for n in numbers]
        while not _posted(port, json.dumps({"batch": batch, "writeKey": "WK"}).encode()):
            if stopping.wait(0.05):
                return
        acknowledged.update(numbers)
        first += TOGETHER


def _posted(port: int, body: bytes) -> bool:
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("POST", "/v1/batch", body)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _stored(home: Path) -> Counter[int]:
    ledger = sqlite3.connect(f"file:{home / 'ledger.sqlite'}?mode=ro", uri=True, timeout=60)
    try:
        payloads = ledger.execute("SELECT payload FROM events_batch WHERE event = 'activity_recorded'").fetchall()
    finally:
        ledger.close()
    return Counter(json.loads(text)["n"] for (payload,) in payloads for text in pa.ipc.open_stream(payload).read_all()["properties"].to_pylist())
