"""kill -9 of the server, again and again, while SDKs send: acknowledged events are stored events, each once.

Run: python bench/ingest_kill.py [rounds]

Work: `siyu serve` on SQLite; four senders bring 20 events a request and send again whatever was not answered. At a random moment of each round the server is killed and
started again. In the end every number that was answered 200 is looked for in the log.
Limit: none lost, none twice.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))


def main(rounds: int) -> None:
    from tests.makers.killed import kill_while_sending

    began = time.perf_counter()
    with tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
        found = kill_while_sending(Path(folder) / "home", rounds)
    seconds = time.perf_counter() - began
    print(f"{rounds} kills in {seconds:.0f} s: {len(found.acknowledged):,} events acknowledged, {len(found.stored):,} stored; lost {len(found.lost)}, twice {len(found.twice)}")
    if found.lost or found.twice:
        sys.exit("an acknowledged event was lost or counted twice")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
