"""Who called what how often (调用统计): so that a client that hammers is seen."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass

from siyu_sandbox.registry import Json

KEPT = 500_000


@dataclass(frozen=True, slots=True)
class Call:
    """One call: `at` virtual, `errcode` as answered, or a name for what is no code ("http 502", "drop")."""

    at: float
    account: str
    api: str
    errcode: str
    milliseconds: float


class Calls:
    """The latest calls one by one, and the totals of all."""

    def __init__(self) -> None:
        self._latest: deque[Call] = deque(maxlen=KEPT)
        self._totals: Counter[tuple[str, str, str]] = Counter()

    def record(self, call: Call) -> None:
        """Keep one call."""
        self._latest.append(call)
        self._totals[call.account, call.api, call.errcode] += 1

    def counts(self, since: float | None = None, account: str = "", api: str = "") -> list[Json]:
        """Rows of account, api, errcode and count; `since` (virtual) looks at the latest half million only."""
        totals = self._totals if since is None else self._since(since)
        return [
            {"account": owner, "api": path, "errcode": code, "count": count}
            for (owner, path, code), count in sorted(totals.items())
            if account in ("", owner) and path.endswith(api)
        ]

    def _since(self, since: float) -> Counter[tuple[str, str, str]]:
        return Counter((call.account, call.api, call.errcode) for call in self._latest if call.at >= since)
