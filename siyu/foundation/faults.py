"""Fault points 故障点: named places at which a test can let the process die or an error happen. Without being asked they do nothing.

`SIYU_FAULT` names them: `dispatch.claimed=kill` dies there as by kill -9; `…=kill:3` when it is reached for the third time;
`…=raise` raises. Several are parted by commas.
"""

from __future__ import annotations

import os
import signal
import threading
from collections import Counter

_wanted: dict[str, tuple[str, int]] | None = None
_reached: Counter[str] = Counter()
_guard = threading.Lock()


class InjectedError(RuntimeError):
    """What `raise` raises."""


def ask(text: str) -> None:
    """Switch on what a text such as `dispatch.claimed=kill:2` asks for, and nothing else."""
    global _wanted
    with _guard:
        found: dict[str, tuple[str, int]] = {}
        for one in filter(None, text.split(",")):
            name, _, act = one.strip().partition("=")
            act, _, number = (act or "kill").partition(":")
            found[name] = (act, int(number or 1))
        _reached.clear()
        _wanted = found


def reach(name: str) -> None:
    """Say that this place is reached."""
    if _wanted is None:
        ask(os.environ.get("SIYU_FAULT", ""))
    if not _wanted or name not in _wanted:
        return
    act, number = _wanted[name]
    with _guard:
        _reached[name] += 1
        due = _reached[name] == number
    if due and act == "raise":
        raise InjectedError(name)
    if due:
        os.kill(os.getpid(), signal.SIGKILL)

