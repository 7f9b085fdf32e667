"""Plan step 方案校验步骤: what the translator asks of the tracking plan about a set of operations."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from weakref import WeakKeyDictionary

from sqlalchemy import Connection

from siyu.collect import plan, plan_seen, stream
from siyu.collect.plan import PROFILE
from siyu.collect.plan_checks import Checks, Examined
from siyu.collect.rows import Told
from siyu.collect.wire.operations import USER, Fault
from siyu.foundation.database import Ledger
from siyu.foundation.stores import Stores

REASON = "breaks_plan"
SHOWN_OPS = ("set", "once", "increment", "append")
_NEWEST = stream.SHOWN
_compiled: WeakKeyDictionary[Ledger, Checks] = WeakKeyDictionary()


@dataclass(frozen=True)
class Looked:
    """What a set of operations came to: those that are kept out, by row, and what is to be counted."""

    refused: dict[int, Fault]
    examined: list[Examined]


def checks_of(stores: Stores, tx: Connection) -> Checks:
    """The compiled plan as it is now; compiled anew only after it changed."""
    held = _compiled.get(stores.ledger)
    if held is None or held.plan.version != plan.version(tx):
        held = _compiled[stores.ledger] = Checks(plan.load_plan(tx))
    return held


def look(checks: Checks, stores: Stores, told: Sequence[Told]) -> Looked:
    """Hold operations against the plan; personal values in them are replaced by their sealed form in place."""
    by_feed = defaultdict[int, tuple[list[int], list[str], list[dict[str, Any]]]](lambda: ([], [], []))
    for row, one in enumerate(told):
        operation = one.operation
        rows, names, contents = by_feed[one.feed.id]
        if operation.name:
            rows.append(row)
            names.append(operation.name)
            contents.append(operation.properties)
        for change in operation.changes:
            if change.op in SHOWN_OPS:
                rows.append(row)
                names.append(PROFILE)
                contents.append(change.values)
    refused: dict[int, Fault] = {}
    examined = []
    for feed_id, (rows, names, contents) in by_feed.items():
        if not rows:
            continue
        result = checks.examine(stores.secrets, feed_id, names, contents)
        examined.append(result)
        for at, (name, kind) in result.refused.items():
            refused.setdefault(rows[at], Fault(told[rows[at]].operation.index, REASON, f"{names[at]} {name} {kind}".replace("  ", " ")))
    return Looked(refused, examined)


def note(tx: Connection, stores: Stores, looked: Looked, told: Sequence[Told], now: datetime) -> None:
    """Count what came in, and leave the newest of it in the live stream."""
    plan_seen.note(tx, looked.examined, now=now, today=stores.calendar.on(now))
    newest = range(max(0, len(told) - _NEWEST), len(told))
    stream.note(tx, stores.secrets, [_entry(told[row], looked.refused.get(row)) for row in newest], now)


def _entry(one: Told, fault: Fault | None) -> stream.Entry:
    operation, feed = one.operation, one.feed
    content: dict[str, Any] = dict(operation.properties)
    for change in operation.changes:
        content[f"${change.op}"] = change.values
    return stream.Entry(
        feed_id=feed.id, received_ms=one.arrival.received_ms, told_ms=operation.told_ms, wire=operation.wire, name=operation.name or operation.event,
        ids=[(feed.user_namespace if space == USER else space, value) for space, value in operation.ids],
        told=stream.told_of(content), reason=fault.reason if fault else "",
    )  # fmt: skip
