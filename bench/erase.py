"""How long one erasure takes, against only writing the ledger and the warehouse anew (the least that any erasure must do).

    python bench/erase.py [customers]
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import pyarrow as pa

from siyu.app import open_stores
from siyu.events.recording import Senders, record_activities, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.jobs import Runner
from siyu.foundation.scrub import scrub
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import look_up_all
from siyu.rights import carry, requests
from siyu.rights.tasks import job_kinds
from siyu.river import flow
from siyu.team.audit import SYSTEM

CHUNK, ACTIVITIES = 10_000, 20


def fill(stores: Stores, count: int) -> None:
    """People with three identifiers, three attributes and twenty activities each."""
    at = to_ms(stores.now())
    for start in range(0, count, CHUNK):
        numbers = range(start, min(count, start + CHUNK))
        who = Senders({"member": pa.array([f"MB{n:09d}" for n in numbers]), "phone": pa.array([f"138{n:08d}" for n in numbers]), "email": pa.array([f"p{n}@example.com" for n in numbers])})
        times = pa.array([at] * len(numbers), pa.int64())
        traits = [{"name": f"客户{n}", "city": "杭州", "birthday": "1990-01-01"} for n in numbers]
        with stores.ledger.begin() as tx:
            record_profiles(tx, stores.secrets, who, ids=pa.array([f"p{n}" for n in numbers]), at_ms=times, traits=traits, now=stores.now(), dedup_key=f"people {start}")
        many = [n for n in numbers for _ in range(ACTIVITIES)]
        with stores.ledger.begin() as tx:
            record_activities(
                tx, stores.secrets, Senders({"member": pa.array([f"MB{n:09d}" for n in many])}), ids=pa.array([f"a{start}-{i}" for i in range(len(many))]),
                at_ms=pa.array([at] * len(many), pa.int64()), names=pa.array(["page_viewed"] * len(many)), properties=pa.array(['{"path":"/tea"}'] * len(many)),
                now=stores.now(), dedup_key=f"acts {start}",
            )  # fmt: skip
        flow(stores)


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    with tempfile.TemporaryDirectory() as folder:
        stores = open_stores(Settings(home=Path(folder), secret_key="ab" * 32))
        fill(stores, count)
        with stores.ledger.begin() as tx:
            number = look_up_all(stores, tx, "member", ["MB000000007"])["MB000000007"]
            request = requests.open_request(stores, tx, number, "erase", SYSTEM, source="staff")
            requests.verify(stores, tx, request.id, SYSTEM, how="bench")
            carry.carry_out(stores, tx, request.id, SYSTEM)
        files = [Path(folder) / "ledger.sqlite", Path(folder) / "warehouse.duckdb"]
        began = time.perf_counter()
        Runner(stores, job_kinds()).run_pending()
        took = time.perf_counter() - began
        began = time.perf_counter()
        scrub(stores.ledger, ())
        stores.warehouse.engine.rewrite()
        bare = time.perf_counter() - began
        with stores.ledger.read() as tx:
            done = requests.find_request(stores, tx, request.id).state
        size = sum(file.stat().st_size for file in files) / 1e6
        stores.close()
    print(f"one person of {count:,} erased from {size:,.0f} MB ({done}): {took:.1f} s; only writing both files anew: {bare:.2f} s; ratio {took / bare:.1f}")


if __name__ == "__main__":
    main()
