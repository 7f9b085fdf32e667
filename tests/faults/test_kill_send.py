"""kill -9 of the server while it sends: no message is lost and none comes twice, by the phones' own record."""

from __future__ import annotations

import os
from pathlib import Path

from tests.makers.killed_sends import kill_while_dispatching
from tests.makers.sandbox import SandboxClient


def test_nobody_is_left_out_or_told_twice_though_the_server_is_killed(tmp_path: Path, sandbox: SandboxClient) -> None:
    kills, sends, people, together = (200, 12, 200, 1) if os.environ.get("ALL_KILLS") else (10, 3, 60, 1)
    found = kill_while_dispatching(tmp_path / "home", sandbox, kills, sends=sends, people=people, together=together)
    assert (found.lost, found.twice, set(found.dispatches)) == (0, 0, {"sent"})
    assert found.kills >= kills * 3 // 5
    assert found.at_points >= found.kills // 3
    assert found.unknown_seen > 0
