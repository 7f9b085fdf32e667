"""Quotas 每人配额: when and how often a carrier lets an account write to each person, as columns for the gate. Set-based.

What was sent is counted by the gate itself from its history (policy: days in the month on WeCom, four a month on an Official
Account); here is what the person has opened or allowed: 48-hour windows, and permits of subscription messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection

from siyu.carriers import openings
from siyu.carriers.accounts import Account
from siyu.foundation.clock import to_ms

OPEN = pa.schema([("identity_key", pa.int64()), ("opens_ms", pa.int64()), ("closes_ms", pa.int64()), ("free_count", pa.int32())])


def open_to(tx: Connection, account: Account, identity_keys: Sequence[int], at: datetime, *, template: str | None = None) -> pa.Table:
    """One row a person whom this account may write to at that moment (`OPEN`); who is absent may not be written to.

    Parameters
    ----------
    template
        Of a subscription message: permits are given for each template by itself. None: an answer in a window on an Official
        Account, any template on a Mini Program.
    """
    keys = list(identity_keys)
    if template is not None or account.product == "mini_program":
        left = openings.permits(tx, account.id, keys, template)
        rows: list[tuple[int, int | None, int | None, int | None]] = [(key, None, None, count) for key, count in left.items()]
    else:
        held = openings.open_until(tx, account.id, keys, at)
        rows = [(key, to_ms(at), to_ms(closes_at), count) for key, (count, closes_at) in held.items()]
    columns = list(zip(*sorted(rows), strict=True)) if rows else [()] * len(OPEN)
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, OPEN, strict=True)], schema=OPEN)
