"""Kill -9 while people claim: what each got in the end. Large numbers: bench/offers_fire.py."""

from __future__ import annotations

import os
from pathlib import Path

from tests.makers.fired_offers import ask_all, redeem_at_once


def test_a_kill_gives_nothing_twice_and_loses_nobody(tmp_path: Path) -> None:
    found = ask_all(tmp_path / "home", 120, 12 if os.environ.get("ALL_KILLS") else 1, connections=8)
    assert found.kills
    assert found.exact, found


def test_one_of_many_tills_redeems_a_code(tmp_path: Path) -> None:
    found = redeem_at_once(tmp_path / "home", 200 if os.environ.get("ALL_KILLS") else 12)
    assert (found.first, found.refused, found.rows) == (1, found.asked - 1, 1)
