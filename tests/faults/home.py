"""A data folder and the commands run on it, each in a process group of its own that can be killed whole."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sqlite3
import subprocess
import time
from pathlib import Path
from typing import Any

from tests.faults.commands import GOES_ON, Command

PATIENCE = 200.0


class Home:
    """`path` is the folder. All homes have one master key, so that their identifiers are the same."""

    def __init__(self, path: Path) -> None:
        self.path = path
        path.mkdir(exist_ok=True, mode=0o700)
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SIYU_")}
        self.environment = {**kept, "SIYU_HOME": str(path), "SIYU_SANDBOX": "false", "SIYU_SECRET_KEY": "ab" * 32}

    def copy(self, path: Path) -> Home:
        shutil.copytree(self.path, path)
        return Home(path)

    def start(self, *arguments: str) -> Command:
        return Command(list(arguments), self.environment, self.path.parent)

    def run(self, *arguments: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """A siyu command to its end."""
        process = self.start(*arguments)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == code, err + out
        assert "Traceback" not in err, err
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def kill(self, *arguments: str, after: float) -> bool:
        """Run a command and kill its whole group after so many seconds; False if it had ended by then."""
        return end(self.start(*arguments), after)

    def state(self) -> dict[str, Any]:
        """Let everything unfinished come to its end; what the folder holds then."""
        process = self.start(GOES_ON)
        out, err = process.communicate(timeout=PATIENCE)
        assert process.returncode == 0, err
        assert "Traceback" not in err, err
        found: dict[str, Any] = json.loads(out)
        return found

    def jobs(self, kind: str) -> list[tuple[str, int]]:
        """(status, attempts) of the jobs of a kind, read beside whoever owns the folder."""
        if not (self.path / "ledger.sqlite").exists():
            return []
        ledger = sqlite3.connect(f"file:{self.path / 'ledger.sqlite'}?mode=ro", uri=True, timeout=30)
        try:
            return [tuple(row) for row in ledger.execute("SELECT status, attempts FROM jobs_job WHERE kind = ? ORDER BY number", [kind])]
        except sqlite3.OperationalError:
            return []
        finally:
            ledger.close()

    def wait_until_running(self, kind: str, attempt: int = 1, *, or_done: bool = False) -> None:
        """`or_done`: on a quick machine an earlier kill may have come too late."""
        until = time.monotonic() + PATIENCE
        while not any((status == "running" and attempts >= attempt) or (or_done and status == "done") for status, attempts in self.jobs(kind)):
            assert time.monotonic() < until, self.jobs(kind)
            time.sleep(0.02)


def end(process: Command, after: float) -> bool:
    """kill -9 in so many seconds; False if it had ended by then."""
    try:
        process.communicate(timeout=after)
    except subprocess.TimeoutExpired:
        process.signal(signal.SIGKILL)
        process.communicate()
        return True
    return False


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Named by part, so that a difference is not lost among ten thousand numbers."""
    assert {name for name in expected if found[name] != expected[name]} == set(), {
        name: (found[name], expected[name]) for name in ("events", "facts", "segments", "overview") if found[name] != expected[name]
    }
