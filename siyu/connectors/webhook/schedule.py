"""Schedule 重试计划: when a delivery that failed is tried again. The caller keeps it and decides; nothing here waits."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from siyu.connectors.errors import Throttled
from siyu.connectors.webhook.attempt import Attempt

RETRY_SECONDS = (5, 30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, 24 * 3600)
"""After the first, second … attempt: quick while it may be a hiccup, then over two days, so that a weekend's breakdown loses nothing."""
SPREAD = 0.2
"""A delivery's waits are up to a fifth longer by its id: many that failed together do not come back together."""


def retry_at(attempt: Attempt) -> datetime | None:
    """When to try again; None where there is no use (it arrived, or was refused for good) or it was tried enough."""
    if attempt.error is None or not attempt.may_retry or attempt.number > len(RETRY_SECONDS):
        return None
    wait = RETRY_SECONDS[attempt.number - 1] * (1 + SPREAD * _share(attempt.id, attempt.number))
    at = attempt.at + timedelta(seconds=wait)
    return max(at, attempt.error.retry_at) if isinstance(attempt.error, Throttled) else at


def _share(id: str, number: int) -> float:
    digest = hashlib.sha256(f"{id}.{number}".encode()).digest()
    return int.from_bytes(digest[:4], "big") / 2**32
