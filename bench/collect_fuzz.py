"""A million mutated bodies to the addresses of SDKs: no 5xx, and memory does not grow.

Run: python bench/collect_fuzz.py [bodies] [over_http]

Work: the 51 recorded requests of real clients are mutated (bits, bytes, cuts, repeats, splices, deep nesting, bombs, other addresses and headers) and handed to the ASGI
application with its journal and translator running; a share of them goes over HTTP to a running server. In the end all that was kept is translated.
Limit: no status of 500 or more but 503 with Retry-After; no more than 60 MB of growth between the first tenth and the end.
"""

from __future__ import annotations

import asyncio
import gzip
import random
import resource
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))
GROWTH_LIMIT_MB = 60
DEEP = b"[" * 5000 + b"]" * 5000
PATHS = ("/v1/batch", "/v1/track", "/v1/identify", "/v1/import", "/v1/p", "/batch/", "/capture/", "/i/v0/e/", "/sa?project=default", "/sa.gif?project=default", "/debug?project=default", "/decide/")


def main(bodies: int, over_http: int) -> None:
    from tests.makers.collect import open_feeds
    from tests.makers.running import running_shop

    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder, running_shop(Path(folder)) as shop:
        open_feeds(shop.stores)
        door = shop.app
        began = time.perf_counter()
        statuses, growth = asyncio.run(_in_process(door, bodies))
        print(f"{bodies:,} mutated bodies in {time.perf_counter() - began:.0f} s: {dict(sorted(statuses.items()))}; growth {growth:.1f} MB ({growth / GROWTH_LIMIT_MB:.2f} of the limit)")
        over = _over_http(shop.url, over_http)
        print(f"{over_http:,} over HTTP: {dict(sorted(over.items()))}")
        began = time.perf_counter()
        while shop.app.state.collector.backlog().waiting_bytes:
            time.sleep(0.2)
        with shop.stores.ledger.read() as tx:
            reasons = dict(tx.exec_driver_sql("SELECT reason, count(*) FROM collect_quarantine GROUP BY reason").all())
            events = dict(tx.exec_driver_sql("SELECT event, sum(row_count) FROM events_batch GROUP BY event").all())
        print(f"all translated {time.perf_counter() - began:.0f} s later: {events}; in the quarantine {reasons}; {_mb():,.0f} MB")
    if any(status >= 500 and status != 503 for status in (*statuses, *over)) or growth > GROWTH_LIMIT_MB:
        sys.exit("a limit is broken")


async def _in_process(app: Any, bodies: int) -> tuple[Counter[int], float]:
    draw, statuses, early = random.Random(7), Counter[int](), 0.0
    sources = _sources()
    for number in range(0, bodies, 64):
        statuses.update(await asyncio.gather(*(_asked(app, *mutated(draw, sources)) for _ in range(min(64, bodies - number)))))
        if number <= bodies // 10 < number + 64:
            early = _mb()
    return statuses, _mb() - early


async def _asked(app: Any, method: str, path: str, headers: dict[str, str], body: bytes) -> int:
    address, _, query = path.partition("?")
    told = [{"type": "http.request", "body": body}]
    scope = {
        "type": "http", "method": method, "path": address, "raw_path": address.encode(), "query_string": query.encode("latin-1"), "http_version": "1.1", "scheme": "http",
        "server": ("localhost", 80), "client": ("127.0.0.1", 1), "root_path": "",
        "headers": [(name.lower().encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers.items()] + [(b"content-length", str(len(body)).encode())],
    }  # fmt: skip
    status = 0

    async def receive() -> dict[str, Any]:
        return told.pop() if told else {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        nonlocal status
        status = message.get("status", status)

    await app(scope, receive, send)
    return status


def _sources() -> list[tuple[str, str, dict[str, str], bytes]]:
    from tests.makers.collect import recorded

    return [(one.method, one.path, one.sent_headers(), one.body) for one in recorded()]


def mutated(draw: random.Random, sources: list[tuple[str, str, dict[str, str], bytes]]) -> tuple[str, str, dict[str, str], bytes]:
    """One recorded request with something wrong in it."""
    from siyu.collect.wire.body import unpack

    method, path, headers, body = draw.choice(sources)
    headers = {name: value for name, value in headers.items() if name.lower() != "cookie"}
    if body and draw.random() < 0.5:
        # Changes of what is inside say more than changes of its compression.
        body, headers = unpack(body).plain, {k: v for k, v in headers.items() if k.lower() != "content-encoding"}
    if draw.random() < 0.1:
        path, method = draw.choice(PATHS), draw.choice(("POST", "POST", "GET", "OPTIONS", "PUT", "DELETE"))
    if not body:
        at = draw.randrange(len(path))
        return method, path[:at] + draw.choice(("%00", "+", "&data=", "=", "%", "A")) + path[at + draw.randrange(3) :], headers, b""
    return method, path, headers, _changed(draw, body)


def _changed(draw: random.Random, body: bytes) -> bytes:
    kind, at = draw.randrange(11), draw.randrange(len(body))
    if kind == 0:
        return body[:at] + bytes([body[at] ^ (1 << draw.randrange(8))]) + body[at + 1 :]
    if kind == 1:
        return body[:at]
    if kind == 2:
        return body[:at] + draw.randbytes(draw.randrange(1, 40)) + body[at:]
    if kind == 3:
        return body[:at] + body[draw.randrange(len(body)) :]
    if kind == 4:
        return body * draw.randrange(2, 4)
    if kind == 5:
        return body.replace(b'"u1"', draw.choice((b"null", b"1e400", b"[]", b"{}", b"-0.0", b'"\\ud800"', b'"\\u0000"', b"12345678901234567890123", b"NaN", DEEP)))
    if kind == 6:
        return body.replace(b":", b":" + draw.choice((b"null,", b'{"a":', DEEP)), 1)
    if kind == 7:
        return gzip.compress(body + b"0" * draw.choice((0, 100_000)))[: draw.choice((None, -4, 20))]
    if kind == 8:
        return body.replace(b"time", b"tim\xff", 1)
    if kind == 9:
        return body.replace(b'"track"', draw.choice((b'"profile_increment"', b'"track_id_unbind"', b'"profile_append"', b'"item_set"', b'"alias"', b'"group"', b"7")))
    return draw.randbytes(draw.randrange(200))


def _over_http(url: str, bodies: int) -> Counter[int]:
    draw, statuses, sources = random.Random(8), Counter[int](), _sources()
    with httpx.Client(trust_env=False, timeout=60) as http:
        for _ in range(bodies):
            method, path, headers, body = mutated(draw, sources)
            try:
                statuses[http.request(method, url + path, headers=headers, content=body or None).status_code] += 1
            except httpx.InvalidURL:
                continue
    return statuses


def _mb() -> float:
    """What the process holds in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000, int(sys.argv[2]) if len(sys.argv) > 2 else 20_000)
