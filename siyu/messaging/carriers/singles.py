"""Singles 逐条发送: what carriers that take one message at a time have in common: an id for each, and what came of each."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from datetime import datetime

from siyu.connectors.errors import CarrierError, Refused
from siyu.foundation.errors import SiyuError
from siyu.foundation.stores import Stores
from siyu.messaging.carriers.port import Chunk, Kind, Outcome, Part, outcome_of
from siyu.messaging.references import references

CHUNK, STEP = 1_000, 250
"""People of a dispatch, and of what a killed process leaves unknown at most."""
AT_ONCE = 20
"""Calls side by side where each message is a call of its own."""
_Why = tuple[Kind, str | None, datetime | None, bool]
INVALID = "invalid"
"""Nothing was called: the address, or what was made of the content for this person, cannot be sent."""


def names_of(stores: Stores, chunk: Chunk) -> list[str]:
    """Our id of each person's message, in the order of the people."""
    return references(stores.secrets, chunk.send_id, chunk.people["route"].to_pylist(), chunk.people["identity_key"].to_pylist())


def told(errors: Sequence[SiyuError | None], barred: Mapping[int, str] | None = None) -> Outcome:
    """One outcome for a step out of what came of each: those who were sent are the rule, the others are named with their reason.

    `barred`: place → why nothing was called for that one.
    """
    found: defaultdict[_Why, list[int]] = defaultdict(list)
    for row, why in (barred or {}).items():
        found["refused", why, None, False].append(row)
    for row, error in enumerate(errors):
        if error is not None:
            found[_reason(error)].append(row)
    parts = [Part(kind, rows, code, retry_at, gone) for (kind, code, retry_at, gone), rows in found.items()]
    if len(parts) == 1 and len(parts[0].rows) == len(errors) and not parts[0].gone:
        return Outcome(parts[0].kind, parts[0].code, parts[0].retry_at)
    return Outcome("sent", others=parts)


async def told_each(tell: Callable[[int], Awaitable[None]], count: int, may: Collection[int], *, barred: str) -> Outcome:
    """Call `tell` for each place that `may`, side by side; the others are refused as `barred`, without a call."""
    turns = asyncio.Semaphore(AT_ONCE)

    async def one(row: int) -> SiyuError | None:
        async with turns:
            try:
                await tell(row)
            except SiyuError as error:
                return error
        return None

    allowed = sorted(set(may))
    errors: list[SiyuError | None] = [None] * count
    for row, error in zip(allowed, await asyncio.gather(*(one(row) for row in allowed)), strict=True):
        errors[row] = error
    return told(errors, dict.fromkeys(sorted(set(range(count)) - set(allowed)), barred))


def _reason(error: SiyuError) -> _Why:
    if not isinstance(error, CarrierError):
        return "refused", INVALID, None, False
    one = outcome_of(error)
    return one.kind, one.code and one.code[:32], one.retry_at, one.kind == "refused" and isinstance(error, Refused) and error.gone
