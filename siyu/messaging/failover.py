"""Fail-over 换路: somebody whom a carrier does not take is planned anew on those that come after it in the send, if the gate allows it."""

from __future__ import annotations

from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection

from siyu.foundation import jobs
from siyu.foundation.stores import Stores
from siyu.messaging import sends
from siyu.messaging.outbox import Dispatch

FAIL_OVER = "messaging.fail_over"
OTHER_WAY = frozenset({"lost", "unreachable", "suppressed", "window_closed", "carrier_quota", "account_unhealthy"})
"""Reasons that are about the carrier, not about the person."""


def ask(stores: Stores, tx: Connection, dispatch: Dispatch, messages: pa.Table, now: datetime) -> int:
    """Ask for the job that does it, in the transaction in which they were refused; returns how many people it is about."""
    carriers = sends.find(tx, dispatch.send_id).spec.carriers
    if not messages.num_rows or dispatch.carrier not in carriers[:-1]:
        return 0
    ids = messages["customer_id"].to_pylist()
    arguments = {"send_id": dispatch.send_id, "customer_ids": ids, "after": dispatch.carrier}
    jobs.submit(tx, FAIL_OVER, arguments, now=now)
    return len(ids)
