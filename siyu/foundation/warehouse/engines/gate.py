"""Gate 闸: readers pass freely; who must be alone shuts it, and waits until those inside have left."""

from __future__ import annotations

import threading
import time


class Gate:
    """A thread that is inside may enter again, also while the gate is shut: it could never leave otherwise."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._inside: dict[int, int] = {}
        self._is_shut = False

    def __enter__(self) -> None:
        me = threading.get_ident()
        with self._changed:
            while self._is_shut and me not in self._inside:
                self._changed.wait()
            self._inside[me] = self._inside.get(me, 0) + 1

    def __exit__(self, *_: object) -> None:
        me = threading.get_ident()
        with self._changed:
            self._inside[me] -= 1
            if not self._inside[me]:
                del self._inside[me]
                self._changed.notify_all()

    def shut(self, seconds: float) -> bool:
        """Whether everybody left in time; then nobody enters until `open`. Else the gate is open again."""
        until = time.monotonic() + seconds
        with self._changed:
            self._is_shut = True
            while self._inside and time.monotonic() < until:
                self._changed.wait(until - time.monotonic())
            if self._inside:
                self._is_shut = False
                self._changed.notify_all()
            return self._is_shut

    def open(self) -> None:
        with self._changed:
            self._is_shut = False
            self._changed.notify_all()
