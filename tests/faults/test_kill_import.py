"""kill -9 at random moments of imports, recomputes and publishing: afterwards everything is as if nothing had happened."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from tests.faults.commands import GOES_ON
from tests.faults.home import Home, assert_same, end

LINES = 60_000
"""Two chunks of an import; its people come before them."""
RULES: dict[str, dict[str, Any]] = {
    "ordered twice": {"kind": "orders", "measure": "count", "op": ">=", "value": 2},
    "spent 500": {"kind": "attribute", "field": "spend_fen", "op": ">=", "value": 50_000},
    "never": {"kind": "orders", "measure": "count", "op": "=", "value": 0},
}


@dataclass(frozen=True)
class Calm:
    """What an undisturbed run gives: the folder before, the folder after, its state, and how long it took."""

    file: Path
    empty: Home
    full: Home
    state: dict[str, Any]
    import_seconds: float
    recompute_seconds: float

    def bring(self) -> list[str]:
        return ["import", "orders", str(self.file), "--source", "online_retail"]


@pytest.fixture(scope="session")
def calm(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Calm:
    folder = tmp_path_factory.mktemp("calm")
    file = folder / "online_retail_part.parquet"
    pq.write_table(pq.read_table(shared_data / "online_retail_2010_2011.parquet").slice(0, LINES), file)
    empty = Home(folder / "empty")
    process = empty.start(GOES_ON, json.dumps(RULES))
    _, err = process.communicate()
    assert process.returncode == 0, err
    full = empty.copy(folder / "full")
    began = time.monotonic()
    full.run("import", "orders", str(file), "--source", "online_retail", "--json")
    imported = time.monotonic()
    full.run("segment", "recompute")
    recomputed = time.monotonic()
    return Calm(file, empty, full, full.state(), imported - began, recomputed - imported)


def moments(seed: int, count: int, longest: float) -> list[float]:
    """Random waits before the kill, printed with the test's output; from its first instruction to after its end."""
    draw = random.Random(seed)
    found = [round(draw.uniform(0.0, 1.05) * longest, 3) for _ in range(count)]
    print(f"seed {seed}: killed after {found} s of about {longest:.1f} s")
    return found


ALL = bool(os.environ.get("ALL_KILLS"))
"""With ALL_KILLS=1 fifty kills; else eleven of them."""


def seeds(few: int, many: int) -> list[int]:
    return list(range(many if ALL else few))



@pytest.mark.parametrize("seed", seeds(2, 14))
def test_an_import_that_was_killed_twice_ends_as_if_nothing_had_happened(seed: int, calm: Calm, tmp_path: Path) -> None:
    home = calm.empty.copy(tmp_path / "home")
    first, second = moments(seed, 2, calm.import_seconds)
    home.kill(*calm.bring(), after=first)
    # The lease of the killed one (5 s) runs out first.
    home.kill(GOES_ON, after=4.0 + second)
    if not home.jobs("orders.import"):
        # Killed before its file was up: nothing has begun, and the person asks again.
        home.run(*calm.bring())
    assert_same(home.state(), calm.state)


@pytest.mark.parametrize("seed", seeds(1, 3))
def test_recomputes_that_were_killed_leave_members_as_they_would_be(seed: int, calm: Calm, tmp_path: Path) -> None:
    home = calm.empty.copy(tmp_path / "home")
    first, *others = moments(seed, 4 if ALL else 3, calm.recompute_seconds)
    process = home.start(*calm.bring())
    home.wait_until_running("segments.recompute")
    end(process, first / 2)
    for after in others:
        home.kill("segment", "recompute", after=after)
    home.run("segment", "recompute")
    assert_same(home.state(), calm.state)


@pytest.mark.parametrize("seed", seeds(1, 2))
def test_a_warehouse_that_is_filled_anew_and_killed_meanwhile_is_whole(seed: int, calm: Calm, tmp_path: Path) -> None:
    """The ledger is the truth: a lost warehouse comes back from it, each position once."""
    home = calm.full.copy(tmp_path / "home")
    for file in home.path.glob("warehouse.duckdb*"):
        file.unlink()
    for after in moments(seed, 5 if ALL else 3, calm.recompute_seconds):
        home.kill("segment", "recompute", after=after)
    home.run("segment", "recompute")
    assert_same(home.state(), calm.state)


def test_ctrl_c_ends_with_130_and_the_next_command_goes_on(calm: Calm, tmp_path: Path) -> None:
    home = calm.empty.copy(tmp_path / "home")
    process = home.start(*calm.bring())
    home.wait_until_running("orders.import")
    process.signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    assert "Traceback" not in err
    assert home.jobs("orders.import") in ([("queued", 0)], [("done", 1)])
    assert_same(home.state(), calm.state)


def test_the_same_file_again_after_a_kill_changes_nothing_but_the_sightings(calm: Calm, tmp_path: Path) -> None:
    """What most people do after a crash: the same command again, while the job of the first is still there."""
    home = calm.empty.copy(tmp_path / "home")
    (after,) = moments(99, 1, calm.import_seconds)
    home.kill(*calm.bring(), after=after)
    home.run(*calm.bring())
    found, expected = home.state(), calm.state
    for name in ("overview", "monthly", "cohorts", "rfm", "segments", "identifiers", "facts"):
        assert found[name] == expected[name], name
    seen = dict(expected["events"])
    assert {event: rows for event, rows in found["events"] if event not in ("people_seen", "profile_recorded")} == {
        event: rows for event, rows in seen.items() if event not in ("people_seen", "profile_recorded")
    }
