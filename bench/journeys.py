"""Journeys: everybody who is due at a node moves on.

Run: python bench/journeys.py [due] [tag] [ten]            (all three without an argument; --postgres for a PostgreSQL ledger at SIYU_BENCH_DATABASE_URL)

Work: `due` 10,000 and then 1,000,000 people whose wait at one node is over move to the next wait, each with its move in the log and counted; the
same rows changed by one plain UPDATE, and written one by one with executemany, in the same run. `tag`: 100,000 people are let in and tagged by the first step. `ten`: 1,000,000 people
walk ten steps (five waits, tags and branches) by an accelerated clock to the end.
On PostgreSQL the settings of the server that matter are printed with it (docs/how-to/use-postgresql.md has those to take), and the processor time of its own process, if that
runs on this machine.
Limits: 1,000,000 due <= 15 s, 10,000 <= .5 s; 100,000 let in and tagged <= 3 CPU s (a well-known peer: 390); nobody lost, doubled or stuck.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
DAY = {"days": 1}


class Clock:
    """A clock that is set."""

    def __init__(self) -> None:
        self.at = datetime(2026, 1, 5, 2, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at


def opened(folder: Path, clock: Clock) -> Any:
    from siyu.app import FACTS
    from siyu.foundation.database import open_ledger
    from siyu.foundation.migrate import migrate
    from siyu.foundation.secrets import load_secrets
    from siyu.foundation.settings import Settings
    from siyu.foundation.stores import Stores
    from siyu.foundation.warehouse.connect import attach
    from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine

    url = os.environ["SIYU_BENCH_DATABASE_URL"] if "--postgres" in sys.argv else None
    settings = Settings(home=folder, secret_key="ab" * 32, **({"database_url": url} if url else {}))
    ledger = open_ledger(settings.ledger_url)
    migrate(ledger)
    return Stores(settings, ledger, attach(DuckDBEngine(None, "2GB", 2), FACTS), load_secrets(settings), clock)


def begin(stores: Any, nodes: dict[str, Any]) -> int:
    from tests.makers.journeys import create, drawn, publish

    made = create(stores, drawn({"kind": "manual"}, nodes, next(iter(nodes))))
    publish(stores, made.id)
    return int(made.id)


def let_in(stores: Any, journey_id: int, count: int) -> None:
    from siyu.journeys import enrolments

    for start in range(0, count, 20_000):
        with stores.ledger.begin() as tx:
            enrolments.enrol(stores, tx, journey_id, list(range(start + 1, min(start + 20_000, count) + 1)), by="bench")


def states(stores: Any, journey_id: int) -> dict[str, int]:
    from siyu.journeys import enrolments

    with stores.ledger.read() as tx:
        return enrolments.states(tx, journey_id)


def timed(work: Any) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def due(count: int) -> None:
    """People due at one node."""
    from sqlalchemy import text

    from siyu.journeys import runner

    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        clock = Clock()
        stores = opened(Path(folder), clock)
        journey = begin(stores, {"a": ("wait", DAY, {"next": "b"}), "b": ("wait", DAY, {"next": None})})
        let_in(stores, journey, count)
        runner.tick(stores)
        clock.at += timedelta(days=1)
        server = _server_cpu(stores)
        wall, cpu = timed(lambda: runner.tick(stores))
        more = "" if server is None else f", of the server {_server_cpu(stores) - server:.2f}"
        with stores.ledger.read() as tx:
            here = dict(tx.execute(text("SELECT p.node, count(*) FROM journeys_standing s JOIN journeys_place p ON p.id = s.place_id WHERE p.journey_id = :j GROUP BY 1"), {"j": journey}).all())
        assert here == {"b": count}, here

        def plain() -> None:
            with stores.ledger.begin() as tx:
                tx.execute(text("UPDATE journeys_standing SET due_ms = due_ms + 1, arrived_ms = arrived_ms + 1, heard = 0"))

        bare, _ = timed(plain)
        stores.close()
    print(f"{count:,} due at one node: {wall:.2f} s, {cpu:.2f} CPU s{more}, {wall / count * 1e6:.1f} us a person-step; one plain UPDATE of the same rows {bare:.2f} s: {wall / bare:.1f} times that "
          f"(limit {15 if count > 10_000 else 0.5} s)")  # fmt: skip


def _server_cpu(stores: Any) -> Any:
    """CPU s of the PostgreSQL process that serves this one (connections are used again, the last one first); None where that cannot be known."""
    from sqlalchemy import text

    if stores.ledger.is_sqlite:
        return None
    with stores.ledger.read() as tx:
        process = Path(f"/proc/{tx.scalar(text('SELECT pg_backend_pid()'))}/stat")
        is_here = process.exists() and "postgres" in process.read_text().split(")")[0]
    ticks = process.read_text().rsplit(")", 1)[1].split()[11:13] if is_here else []
    return sum(map(int, ticks)) / os.sysconf("SC_CLK_TCK") if is_here else None


def _say_server() -> None:
    """The settings of the server that decide how much it writes."""
    from sqlalchemy import create_engine, text

    with create_engine(os.environ["SIYU_BENCH_DATABASE_URL"]).connect() as connection:
        found = {name: connection.scalar(text(f"SHOW {name}")) for name in ("server_version", "shared_buffers", "max_wal_size", "checkpoint_timeout", "wal_compression", "fsync", "synchronous_commit")}
    print("PostgreSQL: " + ", ".join(f"{name} {value}" for name, value in found.items()))


def tag(count: int) -> None:
    """People let in and tagged."""
    from siyu.journeys import runner

    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        stores = opened(Path(folder), Clock())
        journey = begin(stores, {"t": ("tag", {"add": ["新客"]}, {"next": None})})

        def work() -> None:
            let_in(stores, journey, count)
            runner.tick(stores)

        wall, cpu = timed(work)
        found = states(stores, journey)
        stores.close()
    assert found == {"completed": count}, found
    print(f"{count:,} let in and tagged: {cpu:.2f} CPU s, {wall:.2f} s (limit 3 CPU s; a well-known peer: 390 CPU s)")


def ten(count: int) -> None:
    """Ten steps through waits."""
    from siyu.journeys import runner

    nodes: dict[str, Any] = {}
    names = [f"n{number}" for number in range(10)]
    for number, name in enumerate(names):
        after = names[number + 1] if number < 9 else None
        nodes[name] = ("wait", {"hours": 6 + number}, {"next": after}) if number % 2 else ("tag", {"add": [f"第 {number} 步"]}, {"next": after})
    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        clock = Clock()
        stores = opened(Path(folder), clock)
        journey = begin(stores, nodes)
        let_in(stores, journey, count)

        def work() -> None:
            while (at := runner.waiting(stores)) is not None:
                clock.at = max(clock.at, datetime.fromtimestamp(at / 1000, UTC))
                runner.tick(stores)

        wall, cpu = timed(work)
        found = states(stores, journey)
        moves = _moves(stores, journey)
        stores.close()
    assert found == {"completed": count}, found
    assert moves == dict.fromkeys(names, count), moves
    print(f"{count:,} people walk ten steps: {wall:.1f} s, {cpu:.1f} CPU s, {wall / count / 10 * 1e6:.1f} us a person-step; all came to the end, each took each step once")


def _moves(stores: Any, journey_id: int) -> dict[str, int]:
    """By node, how many different runs left it; fails if one left it twice."""
    from siyu.events import log
    from siyu.events.catalogue.journeys import JOURNEY_STEPS_LEFT

    by_node: dict[str, list[np.ndarray[Any, Any]]] = {}
    with stores.ledger.read() as tx:
        head = log.head(tx)
    for batch in log.read(stores.ledger, 0, head, [JOURNEY_STEPS_LEFT.name]):
        nodes = batch.rows["node"].to_numpy(zero_copy_only=False)
        for node in set(nodes):
            by_node.setdefault(node, []).append(batch.rows["enrolment_id"].to_numpy()[nodes == node])
    found = {}
    for node, parts in sorted(by_node.items()):
        ids = np.concatenate(parts)
        assert len(np.unique(ids)) == len(ids), node
        found[node] = len(ids)
    return found


if __name__ == "__main__":
    asked = [one for one in sys.argv[1:] if not one.startswith("--")] or ["due", "tag", "ten"]
    if "--postgres" in sys.argv:
        _say_server()
    if "due" in asked:
        due(10_000)
        due(1_000_000)
    if "tag" in asked:
        tag(100_000)
    if "ten" in asked:
        ten(1_000_000)
