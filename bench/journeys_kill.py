"""kill -9 while journeys run, again and again: everybody's path beside that of an undisturbed run.

Run: python bench/journeys_kill.py [kills]          (100 without an argument)

Work: 150 people come in by an event, are tagged, wait, wait for a click or its time-out, leave or reach the goal, four rounds of it by an accelerated clock on a SQLite file; the process is killed, every
other time at a named fault point (after a batch, before and after its commit, and while events are heard), else at a random moment, and started again. When it has come to its end, the next journey begins, until there
were so many kills.
Limit: no path, instant or end differs.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def main(kills: int) -> None:
    from tests.makers.killed_journeys import kill_while_moving

    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        found = kill_while_moving(Path(folder), kills)
    print(f"{found.kills} kills ({found.at_points} at named points) in {time.perf_counter() - began:.0f} s: {found.runs:,} runs of {found.steps:,} steps, {found.differing} differ (limit 0)")
    if found.differing:
        sys.exit("somebody went another way")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
