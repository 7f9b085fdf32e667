"""Bell 唤醒铃: whoever commits something that is to be sent rings; dispatchers of this process look at once, others within a second."""

from __future__ import annotations

import threading
from weakref import WeakKeyDictionary, WeakSet

from siyu.foundation.database import Ledger


class Bell(threading.Event):
    """Heard by one dispatcher."""


_bells: WeakKeyDictionary[Ledger, WeakSet[Bell]] = WeakKeyDictionary()
_guard = threading.Lock()


def listen(ledger: Ledger) -> Bell:
    bell = Bell()
    with _guard:
        _bells.setdefault(ledger, WeakSet()).add(bell)
    return bell


def ring(ledger: Ledger) -> None:
    """Call it after the commit."""
    with _guard:
        bells = list(_bells.get(ledger, ()))
    for bell in bells:
        bell.set()
