"""SMS through a gateway's definition, and webhooks: messages a second on two cores with the receiver included, from the planned message to the settled one.

    python bench/send_sms.py [--count 20000]

Work: as bench/send_email.py, once with signed calls as the shipped definition `sandbox` says (a template with a parameter of the person's own), once with signed webhooks; one call a person over connections
that stay open. The receiver is a process of its own that counts calls by recipient. Peer in the same run: httpx alone, as many calls at a time, to the same receiver.
Limit: 2,000 a second.
"""

from __future__ import annotations

import argparse
import asyncio
import tempfile
import time
from pathlib import Path

import httpx
import pyarrow as pa
from singles import Run, connected, end, noon, planned, sent
from sinks import Sink

from siyu.app import open_stores
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.messaging.carriers.port import Content
from siyu.messaging.outbox import Dispatch
from siyu.messaging.sends import Send

BARE, AT_ONCE = 4_000, 10
LIMIT_SECOND = 2_000
PACE = {"per_second": "99999", "at_once": str(AT_ONCE)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=20_000)
    count = parser.parse_args().count
    sink = Sink("http")
    url = f"http://127.0.0.1:{sink.port}"
    gateway = {"app_key": "bench", "secret": "s" * 32, "definition": "sandbox"}
    runs = [
        _run(sink, "sms", gateway, {"base_url": url}, count),
        _run(sink, "webhook", {"url": f"{url}/hook", "secret": "s" * 32}, {}, count),
    ]
    began, cpu = time.perf_counter(), time.process_time()
    bare = min(count, BARE)
    asyncio.run(_bare(url, bare))
    wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(f"httpx alone, {AT_ONCE} at a time, nothing signed or kept: {bare / wall:,.0f} a second, {cpu / bare * 1000:.3f} CPU ms a message of the sender")
    for name, run in zip(("SMS", "webhook"), runs, strict=True):
        print(f"  {name} with everything: {run.count / run.wall_seconds * wall / bare:.2f} × as many a second, {run.cpu_seconds / count * bare / cpu:.2f} × the CPU")
    sink.close()
    end(runs)


def _run(sink: Sink, product: str, credentials: dict[str, str], settings: dict[str, str], count: int) -> Run:
    values = [f"138{n:08d}" for n in range(count)]
    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        stores = open_stores(Settings(home=Path(folder), secret_key="ab" * 32))
        noon(stores)
        planned(stores, connected(stores, product, credentials, {**settings, **PACE}), "phone", values)
        run = sent(stores, say, sink, values)
        stores.close()
    run.say(product, f"limit {LIMIT_SECOND:,} a second, the receiver included")
    return run


def say(stores: Stores, send: Send, dispatch: Dispatch, left: pa.Table) -> tuple[Content, set[int]]:
    return Content([{"template": "T1", "params.name": f"会员{n}"} for n in left["customer_id"].to_pylist()]), set()


async def _bare(url: str, count: int) -> None:
    waiting = iter(range(count))
    async with httpx.AsyncClient(trust_env=False) as client:

        async def one_after_another() -> None:
            for n in waiting:
                (await client.post(url, json={"phone": f"138{n:08d}", "template": "T1", "params": {"name": f"会员{n}"}, "id": f"{n:032x}"})).raise_for_status()

        await asyncio.gather(*(one_after_another() for _ in range(AT_ONCE)))


if __name__ == "__main__":
    main()
