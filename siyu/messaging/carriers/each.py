"""Each 逐人: a step of a carrier that takes one message at a time: all called side by side, and what came of each."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime

from siyu.foundation.errors import SiyuError
from siyu.messaging.carriers.port import Kind, Outcome, Part, outcome_of

AT_ONCE = 20


async def told_each(tell: Callable[[int], Awaitable[None]], count: int, may: Collection[int], *, barred: str) -> Outcome:
    """Call `tell` for each place that `may`; the others are refused as `barred`, without a call."""
    turns = asyncio.Semaphore(AT_ONCE)
    found: defaultdict[tuple[Kind, str | None, datetime | None], list[int]] = defaultdict(list)

    async def one(row: int) -> None:
        async with turns:
            try:
                await tell(row)
            except SiyuError as error:
                what = outcome_of(error)
                found[what.kind, what.code, what.retry_at].append(row)

    allowed = set(may)
    if len(allowed) < count:
        found["refused", barred, None] = [row for row in range(count) if row not in allowed]
    await asyncio.gather(*(one(row) for row in sorted(allowed)))
    return Outcome("sent", others=[Part(kind, rows, code, retry_at) for (kind, code, retry_at), rows in found.items()])
