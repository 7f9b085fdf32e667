"""Rows 事件行: operations of many requests as rows of events: timed, keyed, identified."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import timedelta
from hashlib import blake2b
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from siyu.collect.feeds import Feed
from siyu.collect.journal import Arrival
from siyu.collect.wire.operations import MOST_BYTES, USER, Fault, Id, Operation
from siyu.events.catalogue.customers import ACTIVITY_RECORDED, PROFILE_RECORDED, THINGS_RECORDED
from siyu.events.catalogue.identity import IDENTIFIERS_CUT, PEOPLE_SEEN
from siyu.events.envelope import EventType
from siyu.events.identifiers import identify
from siyu.events.recording import Mentions, People, changed_attributes, identify_mentions
from siyu.foundation.clock import to_ms
from siyu.foundation.ids import Ints
from siyu.foundation.secrets import Secrets
from siyu.foundation.stores import Stores

_HOUR_MS = 3_600_000
_encode = msgspec.json.Encoder().encode


class Told(NamedTuple):
    """An operation, the request that brought it, its feed, and when it happened (epoch ms)."""

    arrival: Arrival
    feed: Feed
    operation: Operation
    at_ms: int


class Rows(NamedTuple):
    """Tables to be appended in this order, and what could not be laid out."""

    tables: list[tuple[EventType, pa.Table]]
    faults: list[tuple[Arrival, Fault]]


def earliest_ms(stores: Stores) -> int:
    """What happened before this is not taken in, epoch ms."""
    return to_ms(stores.now() - timedelta(days=stores.settings.collect_oldest_days))


def place(arrival: Arrival, feed: Feed, operation: Operation, earliest: int) -> Told | Fault:
    """The operation with its time, or why it cannot be taken in: too long ago, or too large."""
    at_ms = happened_ms(operation, arrival.received_ms)
    if at_ms < earliest:
        return Fault(operation.index, "too_old")
    if len(arrival.body) > MOST_BYTES and len(_encode(operation.properties)) + sum(len(_encode(change.values)) for change in operation.changes) > MOST_BYTES:
        return Fault(operation.index, "too_large")
    return Told(arrival, feed, operation, at_ms)


def happened_ms(operation: Operation, received_ms: int) -> int:
    """When it happened, epoch ms: the sender's time, put right by how far its clock is off when it sends; never after it came in."""
    if operation.told_ms is None:
        return received_ms
    behind = received_ms - operation.sent_ms if operation.sent_ms is not None else 0
    return min(operation.told_ms + behind, received_ms)


def keys_of(told: Sequence[Told]) -> list[int]:
    """A 63-bit key of each operation: its feed and its own id. One that has neither id nor time counts once an hour."""
    found = []
    for arrival, feed, operation, *_ in told:
        text = f"{feed.id}\0{operation.key}"
        if operation.told_ms is None and operation.key.startswith("#"):
            text += f"\0{arrival.received_ms // _HOUR_MS}"
        found.append(int.from_bytes(blake2b(text.encode("utf-8", "replace"), digest_size=8).digest(), "big") >> 1)
    return found


def lay_out(secrets: Secrets, keys: Sequence[int], told: Sequence[Told]) -> list[Rows]:
    """Rows of events. What was unbound is cut in its place: what came before it stands before it in the log."""
    found, start = [], 0
    for end, one in enumerate(told, 1):
        if one.operation.cut or end == len(told):
            found.append(_run(secrets, keys[start:end], told[start:end]))
            start = end
    return found


def _run(secrets: Secrets, keys: Sequence[int], told: Sequence[Told]) -> Rows:
    times = np.array([one.at_ms for one in told], np.int64)
    people = identify_mentions(secrets, _mentions(told), times)
    anchors = people.anchors
    tables = [
        (PEOPLE_SEEN, people.seen),
        (PROFILE_RECORDED, _profiles(keys, told, anchors, times)),
        (ACTIVITY_RECORDED, _activities(keys, told, anchors, times)),
        (THINGS_RECORDED, _things(keys, told, times)),
    ]
    if told[-1].operation.cut:
        tables.append((IDENTIFIERS_CUT, _cut(secrets, told[-1], int(anchors[-1]), int(times[-1]))))
    return Rows(tables, _unusable(told, people))


def _mentions(told: Sequence[Told]) -> Mentions:
    columns: dict[str, tuple[list[int], list[str]]] = defaultdict(lambda: ([], []))
    for row, (_, feed, operation, *_) in enumerate(told):
        for namespace, value in operation.ids:
            of = columns[feed.user_namespace if namespace == USER else namespace]
            of[0].append(row)
            of[1].append(value)
    return Mentions(columns)


def _activities(keys: Sequence[int], told: Sequence[Told], anchors: Ints, times: Ints) -> pa.Table:
    rows = [row for row, one in enumerate(told) if one.operation.name and anchors[row]]
    mine = [told[row] for row in rows]
    at = times[rows]
    return ACTIVITY_RECORDED.table({
        "event_key": [keys[row] for row in rows], "identity_key": anchors[rows], "name": [one.operation.name for one in mine], "at_ms": at,
        "properties": [_encode(one.operation.properties).decode() for one in mine],
        "told_ms": [_own_clock(one.operation, int(ms)) for one, ms in zip(mine, at, strict=True)], "feed_id": [one.feed.id for one in mine],
    })  # fmt: skip


def _profiles(keys: Sequence[int], told: Sequence[Told], anchors: Ints, times: Ints) -> pa.Table:
    rows, ops, values = [], [], []
    for row, one in enumerate(told):
        for op, changed in one.operation.changes if anchors[row] else ():
            rows.append(row)
            ops.append(op)
            values.append(changed)
    return changed_attributes([keys[row] for row in rows], anchors[rows].tolist(), times[rows].tolist(), ops, values)


def _things(keys: Sequence[int], told: Sequence[Told], times: Ints) -> pa.Table:
    found = [(keys[row], one.operation.thing, int(times[row]), one) for row, one in enumerate(told) if one.operation.thing]
    return THINGS_RECORDED.table({
        "event_key": [key for key, *_ in found], "kind": [thing.kind for _, thing, *_ in found], "type": [thing.type for _, thing, *_ in found],
        "id": [thing.id for _, thing, *_ in found], "op": [thing.op for _, thing, *_ in found], "at_ms": [ms for *_, ms, _ in found],
        "properties": [_encode(one.operation.properties).decode() for *_, one in found], "feed_id": [one.feed.id for *_, one in found],
    })  # fmt: skip


def _cut(secrets: Secrets, one: Told, anchor: int, ms: int) -> pa.Table:
    keys = [key for namespace, value in one.operation.cut if (key := _key(secrets, one.feed, Id(namespace, value)))]
    return IDENTIFIERS_CUT.table({"identity_key": keys, "anchor_key": [anchor] * len(keys), "cut_ms": [ms] * len(keys)})


def _key(secrets: Secrets, feed: Feed, one: Id) -> int:
    namespace = feed.user_namespace if one.namespace == USER else one.namespace
    return int(identify(secrets, namespace, pa.array([one.value], pa.string())).keys[0].as_py())


def _unusable(told: Sequence[Told], people: People) -> list[tuple[Arrival, Fault]]:
    """A phone or an e-mail that cannot be one; where nothing else says who it is, the operation is about nobody."""
    found = []
    for row in people.unusable.tolist():
        arrival, _, operation, *_ = told[row]
        found.append((arrival, Fault(operation.index, "bad_identifier" if people.anchors[row] else "no_person")))
    return found


def _own_clock(operation: Operation, ms: int) -> int | None:
    return operation.told_ms if operation.told_ms is not None and 0 < operation.told_ms != ms else None

