"""Standing 消息现状: how the message of each of some people stands, as one word, whatever ways were tried. Set-based."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select

from siyu.foundation.database import among, select_in
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.messaging import _tables, outbox
from siyu.messaging.facts import MESSAGING_DECISION
from siyu.messaging.routing import WHO

UNDECIDED, NOT_TOLD, WAITING, SENT, RECEIVED = range(5)
"""Not planned yet; nobody tells them (any more); it waits for its time; it went out, as far as is known; it came in."""
_OF_STATUS = {
    outbox.PLANNED: WAITING, outbox.ATTEMPTING: WAITING, outbox.SENT: SENT, outbox.UNKNOWN: SENT, outbox.RECEIVED: RECEIVED,
    outbox.REFUSED: NOT_TOLD, outbox.FAILED: NOT_TOLD, outbox.RELEASED: NOT_TOLD, outbox.CANCELLED: NOT_TOLD, outbox.DISPLACED: NOT_TOLD,
}  # fmt: skip
_OPEN = ("planning", "ready", "paused")
_m, _s = _tables.message, _tables.send


def of_people(tx: Connection, send_ids: Sequence[int], customer_ids: Ints) -> Ints:
    """How each of these people stands with these sends together: the furthest that any of their messages has come.

    Somebody whose messages were all refused is `WAITING` as long as a send may still try another way. Ids in any order.
    """
    status = dict(tuple(row) for row in select_in(tx, [_s.c.id, _s.c.status], _s.c.id, list(send_ids)))
    found = np.full(len(customer_ids), UNDECIDED if "planning" in status.values() else NOT_TOLD, np.int64)
    if not status or not len(customer_ids):
        return found
    ids, place = np.unique(customer_ids, return_inverse=True)
    rows = tx.execute(select(_m.c.customer_id, _m.c.send_id, _m.c.status).where(among(tx, _m.c.customer_id, ids.tolist()), _m.c.send_id.in_(list(status)))).all()
    told = np.fromiter(chain.from_iterable(rows), np.int64, len(rows) * 3).reshape(-1, 3)
    stands = np.array([_OF_STATUS[number] for number in range(len(outbox.STATUSES))])[told[:, 2]]
    goes_on = np.isin(told[:, 1], [number for number, word in status.items() if word in _OPEN])
    stands = np.where((stands == NOT_TOLD) & goes_on, WAITING, stands)
    furthest = np.full(len(ids), -1, np.int64)
    np.maximum.at(furthest, np.searchsorted(ids, told[:, 0]), stands)
    return np.where(furthest[place] >= 0, furthest[place], found)


def reasons(stores: Stores, send_ids: Sequence[int], customer_ids: Ints) -> np.ndarray[tuple[int], np.dtype[np.object_]]:
    """Why each of these people was not told by any of these sends, as far as it is published; else `refused`."""
    found = np.full(len(customer_ids), "refused", object)
    with stores.warehouse.read() as session:
        rows = _refused(session, send_ids, np.unique(customer_ids))
    who = rows["customer_id"].to_numpy()
    if len(who) and len(customer_ids):
        place = np.minimum(np.searchsorted(who, customer_ids), len(who) - 1)
        known = who[place] == customer_ids
        found[known] = np.array(rows["reason"].to_pylist(), object)[place[known]]
    return found


def _refused(session: Session, send_ids: Sequence[int], ids: Ints) -> pa.Table:
    session.keep(WHO.get_name(), pa.table({"customer_id": pa.array(ids, pa.int64())}))
    table = MESSAGING_DECISION.table
    mine = table.filter(table.send_id.isin([int(one) for one in send_ids]) & (table.verdict == "refuse")).semi_join(WHO, "customer_id")
    return session.query(mine.group_by("customer_id").agg(reason=mine.reason.argmax(mine.decided_ms)).order_by("customer_id"))
