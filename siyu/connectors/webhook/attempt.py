"""Attempt 一次投递: what was called and what came of it, in the shape of the delivery log 投递记录."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from siyu.connectors.errors import CarrierError, Refused

EXCERPT_CHARACTERS = 500


@dataclass(frozen=True)
class Attempt:
    """One call. `number` counts from 1. `status` is the HTTP status, 0 where no answer came; `excerpt` is the answer's beginning.

    `body_sha256` names what was sent without keeping it twice. Headers and secrets are not kept.
    """

    id: str
    event: str
    url: str
    number: int
    at: datetime
    seconds: float
    status: int
    excerpt: str
    body_sha256: str
    body_bytes: int
    error: CarrierError | None = None
    answer: str = ""
    """The answer as text, as far as it was read; not in the log."""

    @property
    def arrived(self) -> bool:
        return self.error is None

    @property
    def may_retry(self) -> bool:
        """A repeat has the same id, so that the receiver can tell: also an unknown outcome is tried again."""
        return self.error is not None and not isinstance(self.error, Refused)

    def record(self) -> dict[str, Any]:
        """As a row of the log: plain JSON values."""
        error = self.error
        return {
            "id": self.id,
            "event": self.event,
            "url": self.url,
            "attempt": self.number,
            "at": self.at.isoformat(),
            "seconds": round(self.seconds, 3),
            "status": self.status,
            "excerpt": self.excerpt,
            "body_sha256": self.body_sha256,
            "body_bytes": self.body_bytes,
            "outcome": "arrived" if error is None else error.kind,
            "says": None if error is None else error.message.json(),
            "reached": None if error is None else getattr(error, "reached", True),
        }


def sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
