"""A journey whose process is killed with kill -9 while it hears and moves people, again and again: everybody's path, beside that of an undisturbed run.

Run as a program it is the nursery: it loads Siyu once and forks a process for each life. A kill does not strike the same place
three times in a row: that is what a person does who kills the process, and such a person is stopped (see `runner`).
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

POINTS = ("journeys.moved", "journeys.kept", "journeys.heard")
ZERO = datetime(2026, 1, 5, 2, tzinfo=UTC)
BATCH = 40


@dataclass(frozen=True)
class Killed:
    """What came out. `differing`: runs whose path or end is not that of the undisturbed run."""

    kills: int
    at_points: int
    runs: int
    steps: int
    differing: int


def kill_while_moving(folder: Path, kills: int, *, people: int = 150, rounds: int = 4, seed: int = 1) -> Killed:
    """In a process of its own, so that whoever asks has no part in it."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.makers.killed_journeys", str(folder), str(kills), str(people), str(rounds), str(seed)],
        cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    return Killed(**json.loads(done.stdout.splitlines()[-1]))


class _Clock:
    def __init__(self) -> None:
        self.at = ZERO

    def __call__(self) -> datetime:
        return self.at


def _opened(folder: Path) -> Any:
    from siyu.app import FACTS
    from siyu.foundation.database import open_ledger
    from siyu.foundation.secrets import load_secrets
    from siyu.foundation.settings import Settings
    from siyu.foundation.stores import Stores
    from siyu.foundation.warehouse.connect import attach
    from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine

    settings = Settings(home=folder, secret_key="ab" * 32)
    return Stores(settings, open_ledger(settings.ledger_url), attach(DuckDBEngine(None, "1GB", 1), FACTS), load_secrets(settings), _Clock())


def _prepare(folder: Path, people: int, rounds: int) -> None:
    """A journey of tags, waits and waits for a click, and what its people will do: all in the log, none of it heard yet."""
    from siyu.events import reactions
    from siyu.foundation.database import metadata
    from siyu.identity.resolve import RESOLVE
    from tests.makers.journeys import create, drawn, publish
    from tests.makers.people import record

    folder.mkdir(parents=True)
    stores = _opened(folder)
    metadata.create_all(stores.ledger.engine)
    nodes: dict[str, Any] = {}
    for number in range(rounds):
        after = f"t{number + 1}" if number < rounds - 1 else None
        nodes[f"t{number}"] = ("tag", {"add": [f"第 {number} 轮"]}, {"next": f"w{number}"})
        nodes[f"w{number}"] = ("wait", {"hours": 1 + number}, {"next": f"u{number}"})
        where = [{"path": "n", "op": ">=", "value": number}]
        nodes[f"u{number}"] = ("wait_until", {"event": "click", "where": where, "timeout": {"hours": 2}}, {"happened": after, "timeout": after})
    definition = drawn({"kind": "event", "name": "come"}, nodes, "t0", reentry={"rule": "always"}, exit=[{"event": "leave"}], goal={"event": "buy", "days": 3, "ends": True})
    publish(stores, create(stores, definition).id)
    draw, at = random.Random(7), int(ZERO.timestamp() * 1000)
    events = [{"user": f"u{n}", "id": f"c{n}", "event": "come", "at_ms": at + n, "properties": {}} for n in range(people)]
    for n in range(people):
        name = draw.choice(["click", "click", "leave", "buy", "come"])
        events.append({"user": f"u{n}", "id": f"x{n}", "event": name, "at_ms": at + people + n, "properties": {"n": draw.randrange(rounds + 1)}})
    for part in range(10):
        record(stores, events[part::10], f"part {part}")
    reactions.advance(stores, RESOLVE)
    stores.close()


def _live(folder: Path, fault: str = "") -> None:
    """One life of the process: everything is heard, then everybody moves on by an accelerated clock, until nobody is on the way."""
    from sqlalchemy import func, select

    from siyu.events import reactions
    from siyu.foundation import faults
    from siyu.foundation.clock import from_ms
    from siyu.journeys import _tables, runner
    from siyu.journeys.listening import LISTEN

    stores = _opened(folder)
    runner.take_up(stores)
    with stores.ledger.read() as tx:
        struck = int(tx.scalar(select(func.max(_tables.place.c.crash_count)).where(_tables.place.c.begun_at.is_not(None))) or 0)
    faults.ask("" if struck else fault)
    reactions.advance(stores, LISTEN, page=2)
    while (due := runner.waiting(stores)) is not None:
        stores.clock.at = max(ZERO, from_ms(due))
        runner.tick(stores, batch=BATCH)
        if struck:
            faults.ask(fault)
            struck = 0
    stores.close()


def _paths(folder: Path) -> dict[str, Any]:
    from sqlalchemy import select

    from siyu.events import log
    from siyu.events.catalogue.journeys import JOURNEY_STEPS_LEFT
    from siyu.journeys import _tables

    stores = _opened(folder)
    found: dict[int, list[Any]] = defaultdict(list)
    c, s = _tables.enrolment.c, _tables.standing.c
    with stores.ledger.read() as tx:
        head = log.head(tx)
        rows = tx.execute(select(c.id, c.customer_id, c.number, s.state, s.code, c.goal_ms, s.ended_ms).select_from(_tables.run).order_by(c.id))
        runs = {row[0]: list(row[1:]) for row in rows}
    for batch in log.read(stores.ledger, 0, head, [JOURNEY_STEPS_LEFT.name]):
        for row in batch.rows.to_pylist():
            found[row["enrolment_id"]].append([row["node"], row["edge"], row["arrived_ms"], row["left_ms"]])
    stores.close()
    return {f"{run[0]} {run[1]}": [run, found[number]] for number, run in runs.items()}


def _born(folder: Path, fault: str = "", after: float | None = None) -> bool:
    """One life; True if it was killed."""
    child = os.fork()
    if not child:
        try:
            _live(folder, fault)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    timer = threading.Timer(after, os.kill, (child, signal.SIGKILL)) if after is not None else None
    if timer is not None:
        timer.start()
    _, status = os.waitpid(child, 0)
    if timer is not None:
        timer.cancel()
    was_killed = os.WIFSIGNALED(status)
    assert was_killed or os.waitstatus_to_exitcode(status) == 0, status
    return was_killed


def main(folder: Path, kills: int, people: int, rounds: int, seed: int) -> Killed:
    import siyu.app  # noqa: F401  (once, for every life)

    # In a life of its own: nothing of it is open when others are born.
    draw, killed, at_points, homes = random.Random(seed), 0, 0, 0
    steps = runs = differing = 0
    began = time.monotonic()
    while killed < kills:
        homes += 1
        made, calm, rough = (folder / f"{name}{homes}" for name in ("made", "calm", "rough"))
        _in_child(lambda made=made: _prepare(made, people, rounds))
        shutil.copytree(made, calm)
        shutil.copytree(made, rough)
        quick = time.monotonic()
        assert not _born(calm)
        quick = time.monotonic() - quick
        while killed < kills:
            at_point = killed % 2 == 0 or _struck_twice(rough)
            fault = f"{draw.choice(POINTS)}=kill:{draw.randrange(1, 25)}" if at_point else ""
            if not _born(rough, fault, None if at_point else draw.uniform(0.05, quick)):
                break
            killed, at_points = killed + 1, at_points + at_point
        assert not _born(rough)
        expected, found = _paths(calm), _paths(rough)
        runs, steps = runs + len(expected), steps + sum(len(path) for _, path in expected.values())
        differing += sum(expected.get(one) != found.get(one) for one in expected.keys() | found.keys())
        assert time.monotonic() - began < 3600
    return Killed(killed, at_points, runs, steps, differing)


def _struck_twice(folder: Path) -> bool:
    """A place was struck twice in a row: a kill at a random instant could be the third, one at a named point waits until the place is through."""
    ledger = sqlite3.connect(folder / "ledger.sqlite")
    try:
        return bool(ledger.execute("SELECT 1 FROM journeys_place WHERE begun_at IS NOT NULL AND crash_count > 0").fetchone())
    finally:
        ledger.close()


def _in_child(work: Any) -> None:
    child = os.fork()
    if not child:
        try:
            work()
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


if __name__ == "__main__":
    from dataclasses import asdict

    print(json.dumps(asdict(main(Path(sys.argv[1]), *(int(argument) for argument in sys.argv[2:6])))))
