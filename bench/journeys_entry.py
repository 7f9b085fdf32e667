"""How soon a journey answers: from the collect door to the tag of its first step, on a running server.

Run: python bench/journeys_entry.py [events]          (40 without an argument)

Work: `siyu serve` on SQLite with one live journey (entry by an event, one tag); one event a new person is posted to /v1/batch over HTTP, one after another at uneven moments, and the ledger is looked at every 5 ms until the
run is over. The time counts from before the request was sent.
Limit: 1 s for each.
"""

from __future__ import annotations

import http.client
import json
import random
import signal
import sqlite3
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
LIMIT_S = 1.0


def main(events: int) -> None:
    from siyu.app import open_stores
    from siyu.foundation.settings import Settings
    from tests.faults.home import Home
    from tests.makers.collect import open_feeds
    from tests.makers.journeys import create, drawn, publish
    from tests.makers.sandbox import free_port, wait_for

    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        home, port, draw = Home(Path(folder) / "home"), free_port(), random.Random(1)
        home.environment["SIYU_PORT"] = str(port)
        stores = open_stores(Settings(home=home.path, secret_key="ab" * 32))
        open_feeds(stores, ("WK",))
        journey = create(stores, drawn({"kind": "event", "name": "Cart"}, {"t": ("tag", {"add": ["加购"]}, {"next": None})}, "t", reentry={"rule": "always"}))
        publish(stores, journey.id)
        stores.close()
        server = home.start("serve")
        try:
            wait_for(lambda: _post(port, 0), 90)
            ledger = sqlite3.connect(f"file:{home.path / 'ledger.sqlite'}?mode=ro", uri=True, timeout=30)
            wait_for(lambda: _done(ledger) == 1, 30)
            took = []
            for number in range(1, events + 1):
                time.sleep(draw.uniform(0.2, 1.2))
                began = time.perf_counter()
                assert _post(port, number)
                while _done(ledger) <= number:
                    assert time.perf_counter() - began < 30, "nobody came in"
                    time.sleep(0.005)
                took.append(time.perf_counter() - began)
        finally:
            server.signal(signal.SIGTERM)
            server.communicate()
    took.sort()
    print(f"{events} events over HTTP to the tag of the first step: median {took[len(took) // 2]:.2f} s, p95 {took[int(len(took) * 0.95)]:.2f} s, latest {took[-1]:.2f} s (limit {LIMIT_S} s)")


def _post(port: int, number: int) -> bool:
    body = json.dumps({"writeKey": "WK", "batch": [{"type": "track", "event": "Cart", "userId": f"u{number}", "messageId": f"m{number}", "properties": {}}]})
    try:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        connection.request("POST", "/v1/batch", body)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _done(ledger: sqlite3.Connection) -> int:
    return int(ledger.execute("SELECT count(*) FROM journeys_standing WHERE state = 2").fetchone()[0])


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 40)
