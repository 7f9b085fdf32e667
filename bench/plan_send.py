"""Planning a send: from a segment to dispatches on disk, on the embedded stores, growing from 100,000 to 1,000,000 people.

    python bench/plan_send.py [100000] [1000000]

Work: everybody is in a segment; 60 % are contacts of some of 200 staff (1.2 relations each), 70 % have a phone number, 95 % have
consented; two messages each lie in the 90 days before (drawn as in bench/population.py). One promotion by WeCom, else SMS, is planned:
the audience frozen, routes and consent read, the gate asked with the policy as it comes, messages, dispatches and decisions
written, ten transactions a million, each synced to disk.
Peers in the same run: the same read (members, best route, consent) as one hand-written DuckDB statement on the same file; and
sqlite3's own executemany of the same message rows, in the order of their key, into an empty table with the same pragmas.
Limits: 10 s and 2 GB at a million.
"""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import population
import pyarrow as pa

from siyu.app import open_stores
from siyu.carriers import _tables as carriers
from siyu.carriers.facts import CARRIERS_RELATION
from siyu.customers.consent_facts import CUSTOMERS_CONSENT
from siyu.foundation.clock import DAY_MS
from siyu.foundation.database import insert_table, metadata
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Fact
from siyu.identity.facts import IDENTITY_IDENTIFIER, IDENTITY_LINK
from siyu.messaging import _tables, planning, sends
from siyu.messaging.sends import Draft, SendSpec
from siyu.segments.audience import AudienceRule
from siyu.segments.facts import SEGMENTS_MEMBER
from siyu.segments.segments import create_segment

NOW, NOW_MS = population.NOW, population.NOW_MS
DUE = (NOW + timedelta(days=1)).replace(hour=10, minute=0)
STAFF, PAST_SENDS = 200, 20
LIMIT_SECONDS, LIMIT_GB = 10.0, 2.0
PEER_READ = """
WITH who AS (SELECT customer_id FROM segments_member WHERE segment_id = 1 AND entered),
open AS (SELECT customer_id, account_id, arg_max(staff, began_ms) AS staff, arg_max(identity_key, began_ms) AS identity_key
         FROM carriers_relation WHERE ended_ms IS NULL GROUP BY ALL),
phone AS (SELECT customer_id, 2 AS account_id, '' AS staff, arg_max(identity_key, seen_ms) AS identity_key FROM identity_identifier WHERE namespace = 'phone' GROUP BY ALL),
said AS (SELECT customer_id, arg_max(state, at_ms) = 'granted' AS consented FROM customers_consent WHERE purpose = 'promotion' AND carrier IN ('', 'wecom', 'sms') GROUP BY ALL)
SELECT r.customer_id, r.account_id, r.identity_key, r.staff, coalesce(s.consented, false) AS consented
FROM (SELECT * FROM open UNION ALL SELECT customer_id, account_id, staff, identity_key FROM phone) r JOIN who USING (customer_id) LEFT JOIN said s USING (customer_id)
ORDER BY r.customer_id, r.account_id
"""


def main() -> None:
    sizes = [int(a) for a in sys.argv[1:]] or [100_000, 1_000_000]
    if len(sizes) > 1:
        # A process each: the peak of memory is that of the process.
        for size in sizes:
            subprocess.run([sys.executable, __file__, str(size)], check=True)
        return
    with tempfile.TemporaryDirectory() as folder:
        _run(sizes[0], Path(folder))


def _run(size: int, folder: Path) -> None:
    stores = open_stores(Settings(home=folder, time_zone="UTC", warehouse_memory="1GB"))
    object.__setattr__(stores, "clock", lambda: NOW)
    history = _fill(stores, size)
    spec = SendSpec(AudienceRule((1,)), {"a": (1, 1), "b": (2, 1)}, ("wecom", "sms"), "bench", {"a": 0.5, "b": 0.5})
    with stores.ledger.begin() as tx:
        send = sends.create(stores, tx, Draft("bench:1", "bench", "promotion", spec, DUE, DUE + timedelta(days=3)), by="bench")
    marks: list[tuple[int, float]] = []
    filled_gb = _peak_gb()
    began, cpu = time.perf_counter(), time.process_time()
    planned = planning.plan(stores, send.id, told=lambda done, total: marks.append((done, time.perf_counter() - began)))
    wall, cpu, peak = time.perf_counter() - began, time.process_time() - cpu, _peak_gb()
    counts = planned.counts
    dispatches = sum(sends.dispatch_counts(stores.ledger.engine.connect(), send.id).values())
    print(f"{size:,} people, {history:,} messages before; {counts.get('allow', 0):,} at once, {counts.get('wait', 0):,} later, {counts.get('refuse', 0):,} not; {dispatches:,} dispatches")
    print(f"  planned in {wall:.2f} s ({cpu:.2f} CPU s), reading {marks[0][1]:.2f} s of them; peak {peak:.2f} GB (filling: {filled_gb:.2f} GB)", end="")
    print(f"; limits {LIMIT_SECONDS:g} s, {LIMIT_GB:g} GB: {'kept' if wall <= LIMIT_SECONDS and peak <= LIMIT_GB else 'BROKEN'}" if size >= 1_000_000 else "")
    read, write, rows = _peer_read(stores), *_peer_write(stores, folder)
    print(f"  hand-written DuckDB reads in {read:.2f} s: {marks[0][1] / read:.1f} times that; sqlite3 inserts the {rows:,} rows in {write:.2f} s: {(wall - marks[0][1]) / write:.1f} times that")
    stores.close()


def _peak_gb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6


def _store(stores: Stores, fact: Fact, columns: dict[str, Any]) -> None:
    size = len(next(iter(columns.values())))
    rows = pa.table({c.name: pa.array(columns[c.name]).cast(c.type) if c.name in columns else pa.nulls(size, c.type) for c in fact.arrow})
    with stores.warehouse.engine.write() as session:
        session.insert(fact, session.keep("_made", rows))


def _fill(stores: Stores, size: int) -> int:
    rng = np.random.default_rng(20261122)
    ids = np.arange(1, size + 1)
    contact, phone = ids * 10 + 1, ids * 10 + 2
    same = [""] * size
    with stores.ledger.begin() as tx:
        create_segment(tx, name="all", description=None, rule={"kind": "attribute", "field": "gender", "op": "is", "value": "F"}, by=None, now=NOW)
        tx.execute(metadata.tables["segments_segment"].update().values(computed_version=1))
        account = {"ref": "bench", "name": "bench", "credentials_sealed": b"", "settings": {}, "version": 1, "status": "connected", "status_since": NOW, "created_at": NOW, "created_by": "bench"}
        tx.execute(carriers.account.insert(), [{**account, "id": number, "product": product, "callback_key": product} for number, product in ((1, "wecom"), (2, "sms"))])
        staff = {"account_id": 1, "departments": [], "status": "active", "first_seen_at": NOW, "seen_at": NOW}
        tx.execute(metadata.tables["team_staff"].insert(), [{**staff, "userid": f"staff{n}", "name": f"Staff {n}"} for n in range(STAFF)])
    _store(stores, SEGMENTS_MEMBER, {"segment_id": np.ones(size, int), "customer_id": ids, "entered": np.ones(size, bool), "at_ms": np.full(size, NOW_MS)})
    _store(stores, IDENTITY_LINK, {"identity_key": np.concatenate([contact, phone]), "customer_id": np.concatenate([ids, ids]), "first_seen_ms": np.full(2 * size, NOW_MS)})
    has = rng.random(size) < 0.7
    _store(stores, IDENTITY_IDENTIFIER, {"identity_key": phone[has], "customer_id": ids[has], "namespace": ["phone"] * int(has.sum()), "seen_ms": np.full(int(has.sum()), NOW_MS)})
    friends = np.repeat(ids, np.where(rng.random(size) < 0.6, 1 + (rng.random(size) < 0.2), 0))
    staffs = np.char.add("staff", rng.integers(0, STAFF, len(friends)).astype(str))
    began = NOW_MS - rng.integers(0, 300 * DAY_MS, len(friends))
    _store(stores, CARRIERS_RELATION, {"identity_key": friends * 10 + 1, "customer_id": friends, "account_id": np.ones(len(friends), int), "staff": staffs.tolist(), "began_ms": began, "began_known": np.ones(len(friends), bool), "void": np.zeros(len(friends), bool), "found_by": ["reconcile"] * len(friends)})
    agreed = np.where(rng.random(size) < 0.95, "granted", "refused")
    _store(stores, CUSTOMERS_CONSENT, {"customer_id": ids, "purpose": ["promotion"] * size, "carrier": same, "state": agreed.tolist(), "at_ms": np.full(size, NOW_MS - DAY_MS)})
    return _messages(stores, rng, ids)


def _messages(stores: Stores, rng: np.random.Generator, ids: Any) -> int:
    """Two messages each in 90 days, of twenty sends, one of them to a person at most."""
    many = rng.poisson(2.0, len(ids))
    whose = np.repeat(ids, many)
    of_send = (np.arange(len(whose)) - np.repeat(np.cumsum(many) - many, many) + np.repeat(rng.integers(0, PAST_SENDS, len(ids)), many)) % PAST_SENDS + 1
    purpose = of_send % 2
    rows = pa.table(
        {
            "customer_id": whose, "send_id": of_send, "route": np.zeros(len(whose), int), "identity_key": whose * 10 + 1, "dispatch_id": of_send, "account_id": np.ones(len(whose), int),
            "purpose": purpose, "exempt": np.zeros(len(whose), bool), "priority_fen": np.zeros(len(whose), int), "at_ms": NOW_MS - rng.integers(DAY_MS, 90 * DAY_MS, len(whose)),
            "floating": np.zeros(len(whose), bool), "status": np.full(len(whose), 2),
        }
    ).sort_by([("customer_id", "ascending"), ("send_id", "ascending")])  # fmt: skip
    with stores.ledger.begin() as tx:
        send = {"purpose": "value", "exempt": False, "priority_fen": 0, "spec": {}, "due_at": NOW, "until_at": NOW, "status": "over", "counts": {}, "created_at": NOW, "created_by": "bench"}
        tx.execute(_tables.send.insert(), [{**send, "id": n, "ref": f"past:{n}", "name": f"past {n}"} for n in range(1, PAST_SENDS + 1)])
        done = {"account_id": 1, "carrier": "wecom", "staff": "staff1", "variant": "a", "due_at": NOW, "status": "sent", "fence": 1, "attempt_count": 1, "people_count": 1, "people": b"", "counts": {}, "created_at": NOW}
        tx.execute(_tables.dispatch.insert(), [{**done, "id": n, "send_id": n} for n in range(1, PAST_SENDS + 1)])
        insert_table(tx, _tables.message, rows)
    return rows.num_rows


def _peer_read(stores: Stores) -> float:
    connection = stores.warehouse.engine.inner._connection.cursor()  # type: ignore[attr-defined]
    began = time.perf_counter()
    found = connection.execute(PEER_READ).to_arrow_table()
    assert found.num_rows
    return time.perf_counter() - began


def _peer_write(stores: Stores, folder: Path) -> tuple[float, int]:
    """The same rows, fetched first, into an empty table of another file in as many commits."""
    own = sqlite3.connect(str(stores.settings.ledger_url).removeprefix("sqlite:///"))
    ((made,),) = own.execute("SELECT sql FROM sqlite_master WHERE name = 'messaging_message'").fetchall()
    rows = own.execute("SELECT * FROM messaging_message WHERE send_id > ?", (PAST_SENDS,)).fetchall()
    peer = sqlite3.connect(folder / "peer.sqlite", isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-64000"):
        peer.execute(f"PRAGMA {pragma}")
    peer.execute(made)
    began = time.perf_counter()
    for start in range(0, len(rows), planning.PART):
        peer.execute("BEGIN IMMEDIATE")
        peer.executemany(f"INSERT INTO messaging_message VALUES ({', '.join('?' * len(rows[0]))})", rows[start : start + planning.PART])
        peer.execute("COMMIT")
    return time.perf_counter() - began, len(rows)


if __name__ == "__main__":
    main()
