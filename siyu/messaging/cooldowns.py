"""Cool-downs 冷静期: silence after somebody complained, blocked us, gave goods back, or while a ticket of theirs is open.

What happened is kept; how long it silences is asked of the policy each time, so that a change of the policy holds at once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import timedelta
from hashlib import blake2b

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, select
from sqlalchemy.dialects import postgresql, sqlite

from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.catalogue.customers import ACTIVITY_RECORDED
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.events.reactions import Reaction
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.database import whose
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.identifiers import customers_of
from siyu.messaging import _gate_tables
from siyu.messaging.policy import Policy
from siyu.messaging.quiet import FOREVER_MS

CAUSES = ("complaint", "block", "refund", "ticket")
TICKETS = OPENED, CLOSED = ("ticket_opened", "ticket_closed")
"""Activities by which any system that has tickets says so; with the property `ticket_id` somebody may have several."""
OLDEST = timedelta(days=400)
"""What lies further back silences nobody any more, whatever the policy."""
_table = _gate_tables.cooldown


def note(tx: Connection, cause: str, happened: Mapping[int, int]) -> None:
    """Write down what happened to whom: customer → when, epoch ms. The latest of each cause is kept; a ticket is open until `close`."""
    if not happened:
        return
    new = sqlite.insert(_table) if tx.dialect.name == "sqlite" else postgresql.insert(_table)
    later = new.excluded.at_ms > _table.c.at_ms
    rows = [{"customer_id": customer, "cause": cause, "at_ms": at_ms, "closed_ms": None} for customer, at_ms in sorted(happened.items())]
    tx.execute(new.on_conflict_do_update(index_elements=["customer_id", "cause"], set_={"at_ms": new.excluded.at_ms, "closed_ms": None}, where=later), rows)


def close(tx: Connection, closed: Mapping[int, int], cause: str = "ticket") -> None:
    """Tickets were closed: customer → when, epoch ms. Kept also where none was known: it may have been opened before, and heard of later."""
    if not closed:
        return
    new = sqlite.insert(_table) if tx.dialect.name == "sqlite" else postgresql.insert(_table)
    rows = [{"customer_id": customer, "cause": cause, "at_ms": at_ms, "closed_ms": at_ms} for customer, at_ms in sorted(closed.items())]
    later = new.excluded.at_ms >= _table.c.at_ms
    tx.execute(new.on_conflict_do_update(index_elements=["customer_id", "cause"], set_={"at_ms": new.excluded.at_ms, "closed_ms": new.excluded.closed_ms}, where=later), rows)


def ticket_cause(ticket: str) -> str:
    """What names one ticket of somebody who may have several; '' where the sender numbers none."""
    return "ticket" if not ticket else f"ticket:{blake2b(ticket.encode(), digest_size=4).hexdigest()}"


def until(tx: Connection, policy: Policy, ids: Ints) -> Ints:
    """For each of these people (ascending) until when they are left in peace, epoch ms; below zero for never."""
    found = np.full(len(ids), -FOREVER_MS)
    if not len(ids):
        return found
    days = {"complaint": policy.cool_downs.complaint_days, "block": policy.cool_downs.block_days, "refund": policy.cool_downs.refund_days}
    for customer, cause, at_ms, closed_ms in tx.execute(select(_table).where(whose(tx, _table.c.customer_id, ids.tolist()))):
        place = int(np.searchsorted(ids, customer))
        if place < len(ids) and ids[place] == customer:
            open_ticket = FOREVER_MS if closed_ms is None and policy.cool_downs.ticket else -FOREVER_MS
            found[place] = max(found[place], at_ms + days[cause] * DAY_MS if days.get(cause) else open_ticket if cause.startswith("ticket") else -FOREVER_MS)
    return found


def _react(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    _take_tickets(tx, [batch for batch in batches if batch.event == ACTIVITY_RECORDED.name], to_ms(stores.now()))
    batches = [batch for batch in batches if batch.event != ACTIVITY_RECORDED.name]
    oldest = to_ms(stores.now() - OLDEST)
    happened: dict[str, dict[int, int]] = {"block": {}, "refund": {}}
    for batch in batches:
        cause, at = ("block", "ended_ms") if batch.event == RELATIONS_CHANGED.name else ("refund", "ordered_ms")
        which = pc.and_(pc.equal(batch.rows["by"], "customer"), pc.invert(batch.rows["void"])) if cause == "block" else pc.equal(batch.rows["kind"], "refund")
        rows = batch.rows.filter(pc.fill_null(pc.and_(which, pc.greater_equal(batch.rows[at], oldest)), False))
        for key, at_ms in zip(rows["identity_key"].to_pylist(), rows[at].to_pylist(), strict=True):
            happened[cause][key] = max(happened[cause].get(key, 0), at_ms)
    whose = customers_of(tx, sorted({key for keys in happened.values() for key in keys if key}))
    for cause, keys in happened.items():
        latest: dict[int, int] = {}
        for key, at_ms in keys.items():
            if key in whose:
                latest[whose[key]] = max(latest.get(whose[key], 0), at_ms)
        note(tx, cause, latest)


def _take_tickets(tx: Connection, batches: Sequence[Batch], now_ms: int) -> None:
    """Tickets of whichever system tells of them, by `ticket_opened` and `ticket_closed`; a clock that runs ahead is taken as now."""
    told: list[tuple[int, str, str, int]] = []
    for batch in batches:
        rows = batch.rows.filter(pc.is_in(batch.rows["name"], pa.array(TICKETS)))
        columns = (rows[name].to_pylist() for name in ("identity_key", "properties", "name", "at_ms"))
        told += [(key, ticket_cause(_ticket(said)), name, min(at_ms, now_ms)) for key, said, name, at_ms in zip(*columns, strict=True)]
    owners = customers_of(tx, sorted({key for key, *_ in told}))
    latest: defaultdict[tuple[str, str], dict[int, int]] = defaultdict(dict)
    for key, cause, name, at_ms in told:
        if key in owners:
            mine = latest[name, cause]
            mine[owners[key]] = max(mine.get(owners[key], 0), at_ms)
    for (name, cause), happened in sorted(latest.items(), reverse=True):
        if name == OPENED:
            note(tx, cause, happened)
        else:
            close(tx, happened, cause)


def _ticket(properties: str | None) -> str:
    """Its number, as the sender names it (property `ticket_id`)."""
    try:
        said = msgspec.json.decode(properties or "{}")
    except msgspec.DecodeError:
        return ""
    number = said.get("ticket_id") if isinstance(said, dict) else None
    return str(number) if isinstance(number, str | int) else ""


COOL_DOWNS = Reaction("messaging.cool_downs", (RELATIONS_CHANGED.name, ORDER_LINES_RECORDED.name, ACTIVITY_RECORDED.name), _react)
