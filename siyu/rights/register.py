"""Register 删除登记: keyed marks of who was erased, in a folder of its own, apart from the data and from its backups.

A backup from before an erasure still holds the person. When it is put back, the register says who was erased since, and
they are erased again. It holds numbers and keyed indexes only: without the master key nobody can tell whose they are.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import msgspec

from siyu.backup_seal import KEYS
from siyu.foundation.settings import Settings

FILE = "erased.jsonl"


class Erased(msgspec.Struct, frozen=True):
    """One erasure: the request, the customers' numbers, their identifiers' keys."""

    at: datetime
    request: str
    customers: list[int]
    keys: list[int]


@dataclass(frozen=True)
class Register:
    path: Path

    def add(self, entries: Sequence[Erased]) -> None:
        """On disk when it returns; an entry that is there already is not added again."""
        known = {entry.request for entry in self.read()}
        new = [entry for entry in entries if entry.request not in known]
        if not new:
            return
        self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with open(self.path, "ab", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            # Half a line that a kill left behind must not swallow the next.
            file.write(b"".join(b"\n" + msgspec.json.encode(entry) for entry in new) + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def read(self) -> Iterator[Erased]:
        """Every erasure, oldest first; half a line that a kill left behind is no entry."""
        if self.path.exists():
            for line in self.path.read_bytes().splitlines():
                try:
                    yield msgspec.json.decode(line, type=Erased)
                except msgspec.DecodeError:
                    continue


def register_of(settings: Settings) -> Register:
    return Register(settings.home / KEYS / FILE)
