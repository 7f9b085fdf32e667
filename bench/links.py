"""Opened links: a burst of 1,000 a second over HTTP, each written down; and what filling a message for a person costs.

Run: python bench/links.py [seconds] [a second]      python bench/links.py fill [customers]

Burst: the whole product as a real server, readers who allow that their reading is known, each with a link of their own, over 200 kept
connections from a client on the same cores. Afterwards the log must hold exactly one opening for each answer.
Peer: the same server process answering 304 for its script to the same client, as fast as it comes.
Fill: a letter with five variables and two tracked links for 1,000 people at once, out of a warehouse of 1,000,000; CPU of one process.
Limits: 1,000 openings a second, none lost; .05 CPU ms a person.
"""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import uvicorn
from sqlalchemy import select

from bench.population import store
from siyu.app import build, open_stores
from siyu.content import links, pieces, render, reviews
from siyu.content.facts import CONTENT_TOUCH
from siyu.content.pieces import Author, Draft
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.events import log
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.database import metadata
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.river import flow
from siyu.segments.facts import SEGMENTS_STANDING

PEOPLE = 20_000
CONNECTIONS = 200
LIMIT_A_SECOND, LIMIT_MS = 1_000, 0.05
AGENT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) MicroMessenger/8.0.60"
WRITER, JUDGE = Author("member:1", "a"), Author("member:2", "b")
LETTER = {
    "subject": "{称呼|朋友},春装到了", "title": "{城市|你那里}也暖和了", "text": "{称呼|朋友}你好,{会员等级|新朋友}专享。你买过 {订单数|几} 次,最常买{常买类目|好物}。看看 https://shop.example.cn/spring",
    "url": "https://shop.example.cn/new",
}  # fmt: skip


def main(seconds: float, rate: int) -> None:
    home = Path(tempfile.mkdtemp())
    settings = Settings(home=home, port=18_760, secret_key="ab" * 32, sandbox=False)
    stores = open_stores(settings)
    paths = _prepare(stores)
    with stores.ledger.read() as tx:
        before = _openings(tx)
    stores.close()
    server = subprocess.Popen([sys.executable, __file__, "serve", str(home)])
    try:
        took, lasted, cpu = asyncio.run(_burst(paths, seconds, rate, server.pid))
        peer, peer_cpu = asyncio.run(_health(4.0, server.pid))
    finally:
        server.terminate()
        server.wait(30)
    stores = open_stores(settings)
    with stores.ledger.read() as tx:
        written = _openings(tx) - before
    flow(stores)
    with stores.warehouse.read() as session:
        shown = session.query(CONTENT_TOUCH.table).num_rows
    stores.close()
    ordered = np.sort(np.array(took)) * 1000
    print(f"{len(took):,} openings in {lasted:.1f} s ({len(took) / lasted:,.0f} a second; {rate:,} asked), {CONNECTIONS} connections")
    print(f"answers: p50 {np.percentile(ordered, 50):.1f} ms, p99 {np.percentile(ordered, 99):.1f} ms, worst {ordered[-1]:.0f} ms; server {cpu / len(took) * 1e6:.0f} CPU µs an opening")
    print(f"in the log {written:,}, in the facts {shown:,}: {'each once' if written == shown == len(took) else 'NOT each once'}")
    print(f"the same server, /siyu.js (304), as fast as it comes: {peer:,.0f} a second, {peer_cpu * 1e6:.0f} CPU µs; an opening costs {cpu / len(took) / peer_cpu:.2f} times as much")
    print(f"limit {LIMIT_A_SECOND:,} a second: {'kept' if len(took) / lasted >= LIMIT_A_SECOND * 0.99 and written == len(took) else 'NOT KEPT'}")


def _prepare(stores: Stores) -> list[str]:
    """People who agreed, and a link for each of them."""
    names = pa.array([f"m{number}" for number in range(PEOPLE)])
    with stores.ledger.begin() as tx:
        record_profiles(tx, stores.secrets, Senders({"member": names}), ids=names, at_ms=pa.array([1] * PEOPLE), traits=[{}] * PEOPLE, now=stores.now(), dedup_key="bench")
    flow(stores)
    with stores.ledger.begin() as tx:
        ids = list(tx.scalars(select(metadata.tables["identity_customer"].c.id)))
        consent.record(stores, tx, [Statement(number, "profiling", "", "granted", stores.now()) for number in ids], Proof("import", "bench"))
        made = pieces.add(tx, Draft("春装", "link", "value", {"title": "春装", "url": "https://shop.example.cn/spring"}), WRITER, stores.now())
        reviews.ask(tx, made.id, WRITER, stores.now())
        reviews.decide(tx, made.id, 1, "approve", JUDGE, stores.now())
        tracked = links.prepare(tx, made.id, 1, send_id=1, now=stores.now())
    assert tracked is not None
    return ["/" + one.split("/", 3)[3] for one in links.shown_to(stores, tracked, 1, ids, "sms")]


def _openings(tx: object) -> int:
    batches = log.batches(tx, 0, None, ["content_touched"], limit=1_000_000)  # type: ignore[arg-type]
    return sum(one.rows.num_rows for one in batches)


async def _burst(paths: list[str], seconds: float, rate: int, process: int) -> tuple[list[float], float, float]:
    wires = [await _connected() for _ in range(CONNECTIONS)]
    draw, took = random.Random(1), list[float]()
    began, cpu = time.perf_counter(), _cpu(process)
    todo = iter(range(int(seconds * rate)))

    async def turn(wire: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        for number in todo:
            if (wait := began + number / rate - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            start = time.perf_counter()
            head = await _ask(wire, draw.choice(paths))
            assert head.startswith(b"HTTP/1.1 302"), head
            took.append(time.perf_counter() - start)

    await asyncio.gather(*(turn(wire) for wire in wires))
    lasted, spent = time.perf_counter() - began, _cpu(process) - cpu
    for _, writer in wires:
        writer.close()
    return took, lasted, spent


async def _health(seconds: float, process: int) -> tuple[float, float]:
    wires = [await _connected() for _ in range(CONNECTIONS)]
    until, count, cpu = time.perf_counter() + seconds, 0, _cpu(process)

    async def turn(wire: tuple[asyncio.StreamReader, asyncio.StreamWriter]) -> None:
        nonlocal count
        while time.perf_counter() < until:
            await _ask(wire, "/siyu.js")
            count += 1

    await asyncio.gather(*(turn(wire) for wire in wires))
    return count / seconds, (_cpu(process) - cpu) / count


async def _connected() -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    for _ in range(300):
        try:
            return await asyncio.open_connection("127.0.0.1", 18_760)
        except OSError:
            await asyncio.sleep(0.1)
    raise RuntimeError("the server did not start")


async def _ask(wire: tuple[asyncio.StreamReader, asyncio.StreamWriter], path: str) -> bytes:
    reader, writer = wire
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {AGENT}\r\nIf-None-Match: *\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    size = next((int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.lower().startswith(b"content-length")), 0)
    if size:
        await reader.readexactly(size)
    return head


def _cpu(process: int) -> float:
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def serve(home: str) -> None:
    stores = open_stores(Settings(home=Path(home), port=18_760, secret_key="ab" * 32, sandbox=False))
    uvicorn.run(build(stores), host="127.0.0.1", port=18_760, http="h11", log_level="warning", access_log=False)


def fill(size: int) -> None:
    """A letter for 1,000 people at once, out of so many customers."""
    settings = Settings(home=Path(tempfile.mkdtemp()), secret_key="ab" * 32)
    stores = open_stores(settings)
    stores = Stores(settings, stores.ledger, attach(DuckDBEngine(str(settings.home / "fill.duckdb"), "2GB", 2), stores.warehouse.facts), stores.secrets)
    _people(stores, size)
    with stores.ledger.begin() as tx:
        made = pieces.add(tx, Draft("信", "link", "value", LETTER), WRITER, stores.now())
        tracked = links.prepare(tx, made.id, 1, send_id=1, now=stores.now())
    for carrier in ("email", "sms", "wecom"):
        cpu, rounds = time.process_time(), 0
        first = 1
        began = time.perf_counter()
        while time.perf_counter() - began < 4:
            ids = list(range(first, first + 1_000))
            found = render.for_people(stores, made.id, 1, carrier, ids, ids, tracked)  # type: ignore[arg-type]
            first, rounds = (first + 1_000) % (size - 1_000) + 1, rounds + 1
        each = (time.process_time() - cpu) / rounds
        print(f"{carrier}: {rounds} times 1,000 people of {size:,}: {each:.3f} CPU ms a person, {found.people.num_rows} filled, {len(found.no_value)} lack a value: limit {LIMIT_MS} {'kept' if each <= LIMIT_MS else 'NOT KEPT'}")


def _people(stores: Stores, size: int) -> None:
    rng, ids = np.random.default_rng(1), np.arange(1, size + 1)
    cities, tiers = np.array(["杭州", "上海", "成都", "西安"]), np.array(["金卡", "银卡", "普通"])
    blank = {column.name: pa.nulls(size, CUSTOMERS_PROFILE.arrow.field(column.name).type) for column in CUSTOMERS_PROFILE.columns}
    named = {"customer_id": ids, "name": np.char.add("客户", ids.astype(str)), "city": cities[rng.integers(0, 4, size)], "tier": tiers[rng.integers(0, 3, size)]}
    store(stores.warehouse, CUSTOMERS_PROFILE, pa.table({**blank, **named}).cast(CUSTOMERS_PROFILE.arrow))
    empty = {column.name: pa.nulls(size, SEGMENTS_STANDING.arrow.field(column.name).type) for column in SEGMENTS_STANDING.columns}
    bought = {"customer_id": ids, "order_count": rng.integers(1, 20, size), "spend_fen": rng.integers(100, 10**6, size), "top_category": np.array(["护肤", "彩妆"])[rng.integers(0, 2, size)], "stage": np.repeat("active", size)}
    store(stores.warehouse, SEGMENTS_STANDING, pa.table({**empty, **bought}).cast(SEGMENTS_STANDING.arrow))


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        serve(sys.argv[2])
    elif sys.argv[1:2] == ["fill"]:
        fill(int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000)
    else:
        main(float(sys.argv[1]) if len(sys.argv) > 1 else 20, int(sys.argv[2]) if len(sys.argv) > 2 else 1_000)
