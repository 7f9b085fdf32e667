"""Gate 闸口: what restraint would say about some people now, and when the earliest moment is; asked by rooms that plan ahead.

Nothing is written and nothing is reserved: by the time the message is planned another may have taken the slot. The answer is
that of planning, by the same calculation, on the same history, routes, consents, windows, budgets and hold-outs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection

from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.messaging import planning
from siyu.messaging.sends import Draft

COLUMNS = ("customer_id", "verdict", "reason", "at_ms", "variant", "carrier", "account_id", "staff", "identity_key")


def ask(stores: Stores, draft: Draft, customer_ids: Ints | Sequence[int], *, tx: Connection | None = None) -> pa.Table:
    """What the gate would say about these people, for small sets and large.

    One row out is one person, by customer_id, under the number that they have now; two numbers of one person are one row, and so
    somebody who has a message of the send `draft.ref` already has none.

    Parameters
    ----------
    draft
        What would be sent, as for `sends.create`; its audience is not looked at. Asked is for the first instant from `due_at` (or now, if that
        is later) up to `until_at`.
    tx
        Read the ledger in this transaction, with what it wrote; by default at a moment of its own.

    Returns
    -------
    pa.Table
        `COLUMNS`. verdict: allow (at due), wait (until at_ms, epoch ms: the earliest moment) or refuse, with a reason of `reasons.REASONS` (null
        for allow); the way that was chosen and the variant, null of who is refused.

    Raises
    ------
    InvalidError
        When none of the accounts can be used at all.
    """
    ids = np.asarray(customer_ids, np.int64)
    return planning.asked(stores, draft, ids, tx).select(COLUMNS)
