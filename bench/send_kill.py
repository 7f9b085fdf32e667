"""kill -9 of the server, again and again, while WeCom tasks are made: what the simulated phones received in the end.

Run: python bench/send_kill.py [kills]

Work: `siyu serve` on SQLite against the sandbox; 12 sends to 200 people each, one task a person, so that every kill meets work. Every other kill is at a named fault point (claimed, written down at the
carrier's door, answered, called, settling, settled), the others at random moments; the server is started again at once. What was under way is unknown then, and asked of the carrier.
Limit: by the sandbox's own record each phone received each send once: 0 lost, 0 twice; no dispatch is unknown in the end.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))


def main(kills: int) -> None:
    from tests.makers.killed_sends import kill_while_dispatching
    from tests.makers.sandbox import SandboxClient, free_port, wait_for

    port, smtp, began = free_port(), free_port(), time.perf_counter()
    sandbox = subprocess.Popen([sys.executable, "-m", "siyu_sandbox", "serve", "--port", str(port), "--smtp-port", str(smtp)])
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60, trust_env=False) as client, tempfile.TemporaryDirectory(prefix="siyu-bench-") as folder:
            box = SandboxClient(f"http://127.0.0.1:{port}", smtp, client)
            wait_for(lambda: _is_up(client), 30)
            found = kill_while_dispatching(Path(folder) / "home", box, kills, sends=12, people=200, together=1)
    finally:
        sandbox.terminate()
        sandbox.wait(30)
    sent = sum(sum(times.values()) for times in found.phones)
    print(f"{found.kills} kills ({found.at_points} at named points) in {time.perf_counter() - began:.0f} s: {sent:,} of {12 * found.people:,} messages on phones; lost {found.lost}, twice {found.twice}; "
          f"{found.unknown_seen} dispatches were found under way or unknown after a kill; in the end {found.dispatches}")  # fmt: skip
    if found.lost or found.twice or set(found.dispatches) != {"sent"}:
        sys.exit("a message was lost or came twice, or nobody knows of it")


def _is_up(client: httpx.Client) -> bool:
    try:
        return client.get("/sandbox/health").status_code == 200
    except httpx.TransportError:
        return False


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
