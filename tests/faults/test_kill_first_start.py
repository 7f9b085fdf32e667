"""kill -9 while a data folder is made, and while the sample brand comes in."""

from __future__ import annotations

import json
import os
import random
import sqlite3
from pathlib import Path

from tests.faults.home import Home, assert_same, end

CUSTOMERS = "300"
ALL = bool(os.environ.get("ALL_KILLS"))


def test_a_first_start_that_was_killed_is_made_anew(tmp_path: Path) -> None:
    """Key, tables and warehouse are made by whoever comes next; the moments go through the whole start."""
    draw = random.Random(5)
    for number in range(4 if ALL else 2):
        home = Home(tmp_path / str(number))
        del home.environment["SIYU_SECRET_KEY"]
        after = round(draw.uniform(0.0, 2.0), 3)
        print(f"killed after {after} s")
        home.kill("jobs", after=after)
        assert json.loads(home.run("jobs", "--json").stdout)["items"] == []
    ledger = sqlite3.connect(home.path / "ledger.sqlite")
    assert ledger.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    ledger.close()


def test_the_sample_brand_comes_in_whole_however_often_it_is_killed(tmp_path: Path) -> None:
    calm = Home(tmp_path / "calm")
    calm.run("demo", "--customers", CUSTOMERS)
    expected = calm.state()
    home = Home(tmp_path / "killed")
    draw = random.Random(7)
    for number in range(4 if ALL else 2):
        process = home.start("demo", "--customers", CUSTOMERS)
        if number < 2:
            home.wait_until_running("sample.load", number + 1, or_done=True)
        after = round(draw.uniform(0.0, 6.0), 3)
        print(f"killed {after} s after its job had begun")
        end(process, after)
    home.run("demo", "--customers", CUSTOMERS)
    assert_same(home.state(), expected)
