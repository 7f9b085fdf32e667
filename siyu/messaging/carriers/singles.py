"""Singles 逐条发送: what carriers that take one message at a time have in common: an id for each, and what came of each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from siyu.connectors.errors import CarrierError
from siyu.foundation.errors import SiyuError
from siyu.foundation.stores import Stores
from siyu.messaging.carriers.port import Chunk, Kind, Outcome, Part, outcome_of
from siyu.messaging.references import references

CHUNK, STEP = 1_000, 250
"""People of a dispatch, and of what a killed process leaves unknown at most."""
INVALID = "invalid"
"""Nothing was called: the address, or what was made of the content for this person, cannot be sent."""


def names_of(stores: Stores, chunk: Chunk) -> list[str]:
    """Our id of each person's message, in the order of the people."""
    return references(stores.secrets, chunk.send_id, chunk.people["route"].to_pylist(), chunk.people["identity_key"].to_pylist())


def told(errors: Sequence[SiyuError | None]) -> Outcome:
    """One outcome for a step out of what came of each: those who were sent are the rule, the others are named with their reason."""
    found: defaultdict[tuple[Kind, str | None, datetime | None], list[int]] = defaultdict(list)
    for row, error in enumerate(errors):
        if error is not None:
            found[_reason(error)].append(row)
    parts = [Part(kind, rows, code, retry_at) for (kind, code, retry_at), rows in found.items()]
    if len(parts) == 1 and len(parts[0].rows) == len(errors):
        return Outcome(parts[0].kind, parts[0].code, parts[0].retry_at)
    return Outcome("sent", others=parts)


def _reason(error: SiyuError) -> tuple[Kind, str | None, datetime | None]:
    if not isinstance(error, CarrierError):
        return "refused", INVALID, None
    one = outcome_of(error)
    return one.kind, one.code and one.code[:32], one.retry_at
