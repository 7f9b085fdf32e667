"""kill -9 of the server while SDKs send: what was answered 200 is in the log, and everything once."""

from __future__ import annotations

from pathlib import Path

from tests.makers.killed import kill_while_sending


def test_what_was_acknowledged_is_stored_once(tmp_path: Path) -> None:
    found = kill_while_sending(tmp_path / "home", rounds=2)
    assert len(found.acknowledged) > 100
    assert found.lost == set()
    assert found.twice == []
