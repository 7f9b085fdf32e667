"""Faults on demand (故障开关): what real servers do on bad days."""

from __future__ import annotations

import itertools
import random
from dataclasses import asdict, dataclass

from siyu_sandbox.clock import Clock
from siyu_sandbox.registry import ControlFault, Json

KINDS = ("errcode", "http", "drop", "slow", "kill_token", "ban", "ip")


@dataclass
class Fault:
    """One switch. Empty `account` or `api` means every one; `times` and `until` (virtual) end it by themselves.

    `acted` (drop, http): the server does the work first and then fails, so that the caller cannot know.
    """

    id: int
    kind: str
    account: str = ""
    api: str = ""
    code: int = -1
    status: int = 502
    seconds: float = 0
    times: int | None = None
    probability: float = 1
    until: float | None = None
    acted: bool = False
    hits: int = 0

    def concerns(self, account: str, api: str) -> bool:
        """Whether a call of this account to this path may be hit; `api` may be the path's end."""
        wanted = self.api.lstrip("/")
        return self.account in ("", account) and (not wanted or api == self.api or api.endswith("/" + wanted))


class Faults:
    """The switches that are on."""

    def __init__(self, clock: Clock, seed: int = 0) -> None:
        self._clock = clock
        self._random = random.Random(seed)
        self._ids = itertools.count(1)
        self._on: dict[int, Fault] = {}

    def add(self, wish: Json) -> Fault:
        """Switch a fault on; see `Fault` for the fields, `for_seconds` is virtual."""
        wish = dict(wish)
        lasting = wish.pop("for_seconds", None)
        if wish.get("kind") not in KINDS:
            raise ControlFault(f"kind must be one of {', '.join(KINDS)}")
        try:
            fault = Fault(id=next(self._ids), **wish)
        except TypeError as wrong:
            raise ControlFault(str(wrong)) from wrong
        if lasting is not None:
            fault.until = self._clock.now() + float(lasting)
        if fault.kind == "kill_token" and fault.times is None:
            fault.times = 1
        self._on[fault.id] = fault
        return fault

    def remove(self, number: int) -> None:
        """Switch a fault off."""
        if self._on.pop(number, None) is None:
            raise ControlFault(f"no fault {number}", 404)

    def all(self) -> list[Json]:
        """The switches that are on."""
        self._expire()
        return [asdict(fault) for fault in self._on.values()]

    def check(self, account: str, api: str) -> list[Fault]:
        """The faults that hit this call; each counts as used."""
        if not self._on:
            return []
        self._expire()
        hit = []
        for fault in list(self._on.values()):
            if not fault.concerns(account, api) or self._random.random() >= fault.probability:
                continue
            fault.hits += 1
            hit.append(fault)
            if fault.times is not None and fault.hits >= fault.times:
                del self._on[fault.id]
        return hit

    def _expire(self) -> None:
        now = self._clock.now()
        for fault in [f for f in self._on.values() if f.until is not None and f.until <= now]:
            del self._on[fault.id]
