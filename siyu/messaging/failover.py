"""Fail-over 换路: somebody whom this carrier does not take is told by the next one that the send allows, if the gate does."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection

from siyu.foundation.stores import Stores
from siyu.messaging.outbox import Dispatch

OTHER_WAY = frozenset({"lost", "unreachable", "suppressed", "window_closed", "carrier_quota", "account_unhealthy"})
"""Reasons that are about the carrier, not about the person."""


def ask(stores: Stores, tx: Connection, dispatch: Dispatch, messages: pa.Table, now: datetime) -> int:
    """Plan these people anew on the carriers that come after this one; returns how many have another way."""
    return 0
