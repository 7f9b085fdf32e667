"""How many events a second SDKs can bring, each on disk before its answer, against a bare handler that only parses and appends to a file.

Run: python bench/ingest.py [--seconds 20] [--home FOLDER]

Work: `siyu serve` in a process of its own, SQLite, on this machine's disk; a client process beside it on the same cores sends what a batching SDK sends: 100 events a
request, 300 to 500 bytes an event, 50,000 people, serialised before the clock starts, over 16 connections, as fast as they are answered. Beside it 200 single
events a second by another process. Then the same load on the same server with a bare ASGI handler: msgspec parse, append, fdatasync, answer.
After it: how fast the backlog drains, and that every event is in the log once. CPU seconds are those of the server's process.
Limits: 20,000 events/s sustained; p99 of a single event 50 ms at 200 requests/s.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import random
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))
KEY, TOGETHER, CONNECTIONS, SINGLES = "wk_bench", 100, 16, 200
BARE = '''
import os, sys
import msgspec, uvicorn
file = os.open(sys.argv[2], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    parts, more = [], True
    while more:
        message = await receive()
        parts.append(message["body"]); more = message.get("more_body")
    body = b"".join(parts)
    msgspec.json.decode(body)
    os.write(file, body)
    os.fdatasync(file)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]})
    await send({"type": "http.response.body", "body": b"{}"})
uvicorn.run(app, port=int(sys.argv[1]), http="h11", log_level="warning", access_log=False, lifespan="off")
'''


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--seconds", type=float, default=20)
    options.add_argument("--home", type=Path, default=None)
    wanted = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="siyu-bench-", dir=wanted.home) as folder:
        run(Path(folder), wanted.seconds)


def run(folder: Path, seconds: float) -> None:
    requests = [_request(number) for number in range(600)]
    size = sum(map(len, requests)) / len(requests) / TOGETHER
    port = _free_port()
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("SIYU_")}, "SIYU_HOME": str(folder / "home"), "SIYU_PORT": str(port), "SIYU_SANDBOX": "false", "SIYU_SECRET_KEY": "ab" * 32}
    _prepare(folder / "home")
    server = subprocess.Popen([sys.executable, "-m", "siyu", "serve"], env=environment, stdout=subprocess.DEVNULL)
    try:
        _wait(port)
        before, idle = _cpu(server.pid), _cpu(server.pid, main_thread=True)
        told = _drive(port, requests, seconds)
        working, answering = _cpu(server.pid) - before, _cpu(server.pid, main_thread=True) - idle
        sent = told["batched"] * TOGETHER + told["singles"]
        rate = told["batched"] * TOGETHER / told["wall"]
        print(f"{sent:,} events of {size:.0f} bytes in {told['wall']:.1f} s, on disk before each answer: {rate:,.0f} events/s ({rate / 20_000:.2f} of the limit)")
        print(f"beside it {told['singles'] / told['wall']:,.0f} single events/s: p50 {told['p50']:.1f} ms, p99 {told['p99']:.1f} ms ({told['p99'] / 50:.2f} of the limit), worst {told['worst']:.0f} ms; refused {told['refused']}")
        done = _logged(folder / "home")
        print(f"meanwhile {done:,} of them were translated into the log; server CPU {working / sent * 1e6:.1f} µs an event, all of its work; {answering / sent * 1e6:.1f} of it in the loop that answers")
        began, spent = time.perf_counter(), _cpu(server.pid)
        _wait_for_log(folder / "home", sent)
        drained, spent = time.perf_counter() - began, _cpu(server.pid) - spent
        left = sent - done
        if left > 1000:
            print(f"the rest drained at {left / drained:,.0f} events/s, {spent / left * 1e6:.1f} CPU µs an event (all of the server's work)")
        print(f"in the log: {_logged(folder / 'home'):,} of {sent:,}, distinct {_distinct(folder / 'home'):,}")
    finally:
        server.kill()
        server.wait()
    _bare(folder, requests, seconds, rate)


def _bare(folder: Path, requests: list[bytes], seconds: float, rate: float) -> None:
    port = _free_port()
    server = subprocess.Popen([sys.executable, "-c", BARE, str(port), str(folder / "bare")])
    try:
        _wait(port)
        before = _cpu(server.pid)
        told = _drive(port, requests, seconds / 2)
        sent = told["batched"] * TOGETHER + told["singles"]
        bare = told["batched"] * TOGETHER / told["wall"]
        print(f"the bare handler: {bare:,.0f} events/s, {(_cpu(server.pid) - before) / sent * 1e6:.1f} CPU µs an event, p99 {told['p99']:.1f} ms; Siyu at {rate / bare:.2f} of it")
    finally:
        server.kill()
        server.wait()


def _drive(port: int, requests: list[bytes], seconds: float) -> dict[str, Any]:
    """Both clients in processes of their own, at the same time."""
    queue: Any = multiprocessing.Queue()
    workers = [multiprocessing.Process(target=work, args=(queue, port, seconds, *more)) for work, more in ((_batches, (requests,)), (_singles, ()))]
    for worker in workers:
        worker.start()
    told: dict[str, Any] = {}
    for _ in workers:
        told |= queue.get(timeout=seconds * 5 + 120)
    for worker in workers:
        worker.join()
    return told


def _batches(queue: Any, port: int, seconds: float, requests: list[bytes]) -> None:
    began = time.perf_counter()

    async def one(number: int) -> tuple[int, int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        sent = refused = 0
        turn = 0
        while time.perf_counter() - began < seconds:
            # A pre-serialised request is used again with ids that are new.
            body = requests[(number * 37 + turn) % len(requests)].replace(b"TURN", b"%06x" % (turn * CONNECTIONS + number))
            writer.write(_head("/v1/batch", len(body)) + body)
            status = await _answer(reader)
            sent, refused, turn = sent + (status == 200), refused + (status != 200), turn + 1
        writer.close()
        return sent, refused

    async def every() -> list[tuple[int, int]]:
        return await asyncio.gather(*(one(number) for number in range(CONNECTIONS)))

    found = asyncio.run(every())
    queue.put({"batched": sum(sent for sent, _ in found), "refused": sum(refused for _, refused in found), "wall": time.perf_counter() - began})


def _singles(queue: Any, port: int, seconds: float) -> None:
    began, taken, sent = time.perf_counter(), [], 0

    async def one(number: int) -> None:
        nonlocal sent
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        turn = 0
        while (due := began + (turn * 20 + number) / SINGLES) < began + seconds:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            body = json.dumps(_event(random.Random(turn * 20 + number), f"single-{number}-{turn}")).encode()
            start = time.perf_counter()
            writer.write(_head("/v1/track", len(body)) + body)
            if await _answer(reader) == 200:
                sent += 1
            taken.append((time.perf_counter() - max(start, due)) * 1000)
            turn += 1
        writer.close()

    async def every() -> None:
        await asyncio.gather(*(one(number) for number in range(20)))

    asyncio.run(every())
    taken.sort()
    queue.put({"singles": sent, "p50": taken[len(taken) // 2], "p99": taken[len(taken) * 99 // 100], "worst": taken[-1]})


def _head(path: str, length: int) -> bytes:
    return f"POST {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Basic d2tfYmVuY2g6\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n".encode()


async def _answer(reader: asyncio.StreamReader) -> int:
    head = await reader.readuntil(b"\r\n\r\n")
    length = next(int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length"))
    await reader.readexactly(length)
    return int(head[9:12])


def _request(number: int) -> bytes:
    draw = random.Random(number)
    return json.dumps({"batch": [_event(draw, f"TURN-{number:04d}-{place:03d}-8c2a24a4-fab8") for place in range(TOGETHER)], "sentAt": "2026-11-22T23:40:36.811Z"}).encode()


def _event(draw: random.Random, message: str) -> dict[str, Any]:
    properties = {"sku": f"SKU-{draw.randrange(5000):05d}", "price": draw.randrange(1000, 90000) / 100, "quantity": draw.randrange(1, 4), "page": f"/goods/{draw.randrange(5000)}", "referrer": draw.choice(["wechat", "douyin", "direct"])}
    return {
        "type": "track", "event": draw.choice(["商品浏览", "Product Viewed", "Cart Added", "Order Completed"]), "userId": f"user-{draw.randrange(50_000):06d}", "anonymousId": None,
        "messageId": message, "timestamp": "2026-11-22T23:40:36.311Z", "integrations": {}, "properties": properties, "context": {"library": {"name": "analytics-python", "version": "2.4.0"}},
    }  # fmt: skip


def _prepare(home: Path) -> None:
    from siyu.app import open_stores
    from siyu.collect.feeds import add_feed
    from siyu.foundation.settings import Settings

    stores = open_stores(Settings(home=home, secret_key="ab" * 32))
    with stores.ledger.begin() as tx:
        add_feed(stores, tx, name="bench", kind="server", by="bench", write_key=KEY)
    stores.close()


def _logged(home: Path) -> int:
    ledger = sqlite3.connect(f"file:{home / 'ledger.sqlite'}?mode=ro", uri=True, timeout=60)
    try:
        return int(ledger.execute("SELECT coalesce(sum(row_count), 0) FROM events_batch WHERE event = 'activity_recorded'").fetchone()[0])
    finally:
        ledger.close()


def _distinct(home: Path) -> int:
    import pyarrow as pa

    ledger = sqlite3.connect(f"file:{home / 'ledger.sqlite'}?mode=ro", uri=True, timeout=60)
    keys: set[int] = set()
    for (payload,) in ledger.execute("SELECT payload FROM events_batch WHERE event = 'activity_recorded'"):
        keys.update(pa.ipc.open_stream(payload).read_all()["event_key"].to_pylist())
    ledger.close()
    return len(keys)


def _wait_for_log(home: Path, wanted: int) -> None:
    last, since = -1, time.monotonic()
    while (found := _logged(home)) < wanted:
        if found != last:
            last, since = found, time.monotonic()
        if time.monotonic() - since > 120:
            raise SystemExit(f"only {found:,} of {wanted:,} arrived in the log")
        time.sleep(0.1)


def _cpu(pid: int, main_thread: bool = False) -> float:
    """CPU seconds of a process, or of its main thread, since it began."""
    fields = Path(f"/proc/{pid}/task/{pid}/stat" if main_thread else f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _wait(port: int) -> None:
    for _ in range(600):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not start")


if __name__ == "__main__":
    main()
