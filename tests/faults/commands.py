"""Commands as processes that can be killed whole. They are forked from a process that has loaded the program already.

So a command begins at once, and 50 kills cost minutes, not an hour. It is the command line's own `main` that runs.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from siyu import cli
from tests.faults import goes_on

forks = multiprocessing.get_context("forkserver")
forks.set_forkserver_preload(["tests.faults.loaded"])
GOES_ON = "goes_on"


class Command:
    """One command in a process group of its own. `given` is what it reads; `log`, if any, gets all that it says."""

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: Path, *, given: str = "", log: Path | None = None) -> None:
        outputs = Path(tempfile.mkdtemp(prefix="command-", dir=folder))  # of this command alone: an id() is used again
        self._in, self._out, self._err = outputs / "in", log or outputs / "out", log or outputs / "err"
        self._in.write_text(given)
        self._process = forks.Process(target=_run, args=(arguments, environment, *map(str, (self._in, self._out, self._err))))
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid
        self.arguments = arguments

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def signal(self, number: signal.Signals) -> None:
        """To the whole group, if it has made one by now."""
        try:
            os.killpg(self.pid, number)
        except ProcessLookupError:
            if self._process.is_alive():
                os.kill(self.pid, number)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        self._process.join(timeout)
        if self._process.is_alive():
            raise subprocess.TimeoutExpired(self.arguments, timeout or 0)
        return _read(self._out), _read(self._err)


def _read(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _run(arguments: list[str], environment: dict[str, str], given: str, out: str, err: str) -> None:
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, path in enumerate((given, out, err)):
        os.dup2(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600), number)
    sys.stdin = open(0, closefd=False)  # noqa: SIM115  the child's own until it ends
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = ["siyu", *arguments]
    if arguments[0] == GOES_ON:
        goes_on.main(arguments[1:])
    else:
        cli.main()
