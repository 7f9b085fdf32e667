"""kill -9 while people are moved and heard: everybody goes the way that they would have gone. `ALL_KILLS=1` kills a hundred times."""

from __future__ import annotations

import os
from pathlib import Path

from tests.makers.killed_journeys import kill_while_moving

KILLS = 100 if os.environ.get("ALL_KILLS") else 6


def test_everybody_goes_the_way_of_an_undisturbed_run(tmp_path: Path) -> None:
    found = kill_while_moving(tmp_path, KILLS, people=60, rounds=3)
    assert found.kills == KILLS
    assert found.at_points > 0
    assert found.runs >= 60
    assert found.steps > found.runs
    assert found.differing == 0
