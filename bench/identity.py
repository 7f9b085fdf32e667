"""How fast identifiers are resolved into customers on SQLite, against a bare executemany insert of the same rows in the same run.

Run: python bench/identity.py [--millions 3] [--folder FOLDER] [--alone] [--exact]

Work: people arrive in batches of 10,000 new identifiers, in the order of the log, and the reaction of the product resolves them
as it does behind the server (five batches a transaction, each transaction synced). Nine tenths of the people are new, with a
member number, a phone and an openid; one tenth are known already and come with an e-mail address that is new. Counted are new
identifiers a second of wall time, of resolving alone: looked up, tied, stored, told in the log; at each million. The values are
sealed beforehand; what sealing and keying cost is measured beside it, by the door that sources use.
With --exact only: a simulated Chinese list of 1,000,000 records of 800,000 people put together by unionid and phone, with the pairs'
precision and recall; the limit is reading both columns as a dictionary, without tying anything.
With --alone the peer is left out: half of the time.
The limit of resolving: the same rows into the same table of an empty file by executemany, in the order of arrival, one transaction for as many.
"""

from __future__ import annotations

import argparse
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

PROJECT = Path(__file__).parents[1]
sys.path.insert(0, str(PROJECT))
BATCH, TOGETHER = 10_000, 5
SPACES = ("member", "phone", "openid:wx1", "email")
NEW = 3 * 3_000
"""New identifiers of new people in a batch; the rest are those of people who come back."""


def key_of(person: np.ndarray, space: int) -> np.ndarray:
    """Keys as the blind index gives them: 63 bits without any order."""
    x = (person.astype(np.uint64) * np.uint64(8) + np.uint64(space + 1)) * np.uint64(0x9E3779B97F4A7C15)
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((x ^ (x >> np.uint64(31))) >> np.uint64(1)).astype(np.int64)


def sealed(size: int, draw: np.random.Generator) -> pa.Array:
    """Values as long as a sealed phone: nonce, eleven digits, tag."""
    return pa.FixedSizeBinaryArray.from_buffers(pa.binary(39), size, [None, pa.py_buffer(draw.bytes(39 * size))]).cast(pa.binary())


def batches(count: int) -> Iterator[pa.Table]:
    from siyu.events.catalogue.identity import PEOPLE_SEEN

    draw = np.random.default_rng(1)
    known = 0
    for number in range(count):
        new = np.arange(known, known + NEW // 3)
        back = draw.integers(0, max(known, 1), BATCH - NEW) if known else np.arange(0)
        back = np.unique(back)
        person = np.concatenate([new, new, new, back, back])
        space = np.repeat([0, 1, 2, 0, 3], [new.size] * 3 + [back.size] * 2)
        # A second e-mail address of somebody who came back twice is another one, as long as the limit allows.
        key = np.where(space == 3, key_of(person + number * 1_000_000_000, 3), 0)
        for each in range(3):
            key[space == each] = key_of(person[space == each], each)
        columns = {
            "identity_key": key,
            "namespace": pa.DictionaryArray.from_arrays(space.astype(np.int32), pa.array(SPACES)).cast(pa.string()),
            "value_sealed": sealed(key.size, draw),
            "anchor_key": key_of(person, 0),
            "seen_ms": np.full(key.size, 1_767_225_600_000 + number),
        }
        order = draw.permutation(key.size)
        yield PEOPLE_SEEN.table(columns).take(pa.array(order))
        known += new.size


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--millions", type=int, default=3)
    options.add_argument("--folder", type=Path, default=None)
    options.add_argument("--alone", action="store_true")
    options.add_argument("--exact", action="store_true")
    wanted = options.parse_args()
    if wanted.exact:
        exact()
        return
    with tempfile.TemporaryDirectory(dir=wanted.folder) as folder:
        run(Path(folder), wanted.millions, alone=wanted.alone)


def run(folder: Path, millions: int, *, alone: bool) -> None:
    from siyu.events import log, reactions
    from siyu.events.catalogue.identity import PEOPLE_SEEN
    from siyu.foundation.database import open_ledger
    from siyu.foundation.migrate import migrate
    from siyu.foundation.secrets import load_secrets
    from siyu.foundation.settings import Settings
    from siyu.foundation.stores import Stores
    from siyu.foundation.warehouse.connect import attach
    from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
    from siyu.identity.resolve import RESOLVE

    settings = Settings(home=folder, secret_key="ab" * 32)
    ledger = open_ledger(settings.ledger_url)
    migrate(ledger)
    stores = Stores(settings, ledger, attach(DuckDBEngine(None, "256MB", 1), ()), load_secrets(settings))
    bare = Bare(folder / "bare.sqlite")
    print(f"sealing and keying: {1e6 * sealing(stores):.1f} µs of CPU an identifier")
    done, marked, spent, limit = 0, 0, np.zeros(2), np.zeros(2)
    group: list[pa.Table] = []
    for number, rows in enumerate(batches(millions * 1_000_000 // BATCH), 1):
        group.append(rows)
        if number % TOGETHER and number * BATCH < millions * 1_000_000:
            continue
        with ledger.begin() as tx:
            for each in group:
                log.append(tx, PEOPLE_SEEN, each, now=stores.now())
        spent += timed(lambda: reactions.advance(stores, RESOLVE, page=TOGETHER))
        with ledger.read() as tx:
            new = stored_since(tx, done)
        if not alone:
            limit += timed(partial(bare.insert, new))
        done += new.num_rows
        group = []
        if done // 1_000_000 > marked or number * BATCH == millions * 1_000_000:
            marked = done // 1_000_000
            tell(done, spent, limit)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB, ledger {sum(each.stat().st_size for each in folder.glob('ledger*')) / 1e9:.2f} GB")
    stores.close()


def exact() -> None:
    from chinese_people import make

    from siyu.identity.exact import clusters

    people = make(1_000_000, 800_000)
    found: list[pa.Array] = []
    spent = timed(lambda: found.append(clusters(people, ["unionid", "phone"])))
    limit = timed(lambda: [people[name].combine_chunks().dictionary_encode() for name in ("unionid", "phone")])
    label, entity = found[0].to_numpy(), people["entity"].to_numpy()
    pairs = [int((count * (count - 1) // 2).sum()) for count in (sizes(label), sizes(entity), sizes(label * 1_000_003 + entity))]
    precision, recall = pairs[2] / pairs[0], pairs[2] / pairs[1]
    print(
        f"1,000,000 records by unionid and phone: {spent[0]:.2f} s ({spent[1]:.2f} CPU s), reading the keys alone {limit[0]:.2f} s;"
        f" precision {precision:.4f}, recall {recall:.4f}, F1 {2 * precision * recall / (precision + recall):.4f}"
    )


def sizes(labels: np.ndarray) -> np.ndarray:
    return np.unique(labels, return_counts=True)[1]


def stored_since(tx: Any, done: int) -> pa.Table:
    """The rows that were stored last, as they stand in the table."""
    from siyu.events import log
    from siyu.events.catalogue.identity import IDENTIFIERS_LINKED

    last = log.batches(tx, log.head(tx) - TOGETHER - 1, None, [IDENTIFIERS_LINKED.name])
    linked = pa.concat_tables([batch.rows for batch in last])
    draw = np.random.default_rng(done)
    return linked.append_column("value_sealed", sealed(linked.num_rows, draw)).take(pa.array(draw.permutation(linked.num_rows)))


def sealing(stores: Any, size: int = 50_000) -> float:
    """CPU seconds an identifier for keying and sealing, through the door that sources use."""
    from siyu.events.identifiers import identify, people_seen, sighting

    raw = pa.array([str(13_000_000_000 + number) for number in range(size)])
    began = time.process_time()
    column = identify(stores.secrets, "phone", raw)
    people_seen(stores.secrets, sighting(column, column.keys, pa.array(np.zeros(size, np.int64))))
    return (time.process_time() - began) / size


class Bare:
    """The same table and settings, nothing else."""

    def __init__(self, file: Path) -> None:
        self._db = sqlite3.connect(file, isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "cache_size=-64000"):
            self._db.execute(f"PRAGMA {pragma}")
        self._db.execute(
            "CREATE TABLE identifier (identity_key INTEGER PRIMARY KEY, namespace TEXT, value_sealed BLOB, customer_id INTEGER, first_seen_at TEXT, claim_count INTEGER)"
        )
        self._db.execute("CREATE INDEX of_customer ON identifier (customer_id)")

    def insert(self, rows: pa.Table) -> None:
        columns = [rows[name].to_pylist() for name in ("identity_key", "value_sealed", "customer_id")]
        values = [(key, "phone", value, customer, "2026-01-01 00:00:00.000000", 1) for key, value, customer in zip(*columns, strict=True)]
        self._db.execute("BEGIN IMMEDIATE")
        self._db.executemany("INSERT INTO identifier VALUES (?, ?, ?, ?, ?, ?)", values)
        self._db.execute("COMMIT")


def timed(work: Any) -> np.ndarray:
    """(wall, CPU) seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return np.array([time.perf_counter() - wall, time.process_time() - cpu])


def tell(done: int, spent: np.ndarray, limit: np.ndarray) -> None:
    print(
        f"{done / 1e6:5.1f} M identifiers: {done / spent[0]:8,.0f}/s resolved ({1e6 * spent[1] / done:.1f} µs CPU each);"
        + (f" bare executemany {done / limit[0]:8,.0f}/s ({1e6 * limit[1] / done:.1f} µs CPU); ratio {limit[0] / spent[0]:.2f}" if limit[0] else ""),
        flush=True,
    )


if __name__ == "__main__":
    main()
