"""PostHog: `/batch/`, `/capture/`, `/i/v0/e/`: events, and in them `$set`, `$set_once`, `$unset`, `$identify`, `$create_alias`, `$groupidentify`.

Formats: PostHog's capture API as its Python, Node and web clients send it (recorded 2026-11-22).
"""

from __future__ import annotations

from typing import Any

import msgspec

from siyu.collect.wire import reading
from siyu.collect.wire.operations import (
    ANONYMOUS,
    LONGEST_NAME,
    MOST_OPERATIONS,
    USER,
    Change,
    Fault,
    Id,
    Operation,
    Read,
    Thing,
)
from siyu.collect.wire.reading import moment, named, people, person

NAMES = {"$pageview": "page_viewed", "$screen": "screen_viewed", "$pageleave": "page_left"}
SILENT = frozenset({"$set", "$set_once", "$unset", "$identify", "$create_alias", "$groupidentify", "$merge_dangerously"})
"""Events that say something of a person, and are no activity."""
_Text = str | int | float | None


class _Event(msgspec.Struct, gc=False):
    event: _Text = None
    distinct_id: _Text = None
    properties: dict[str, Any] | None = None
    timestamp: _Text = None
    uuid: _Text = None
    offset: int | float | None = None
    set: dict[str, Any] | None = msgspec.field(default=None, name="$set")
    set_once: dict[str, Any] | None = msgspec.field(default=None, name="$set_once")
    unset: Any = msgspec.field(default=None, name="$unset")


class _Batch(msgspec.Struct, gc=False):
    batch: list[_Event]
    sent_at: _Text = None


class _Loose(msgspec.Struct, gc=False):
    batch: list[Any]
    sent_at: Any = None


def read(plain: bytes, hint: str) -> Read:
    """What a request says."""
    faults: list[Fault] = []
    try:
        events, sent = _events(plain, faults)
    except msgspec.DecodeError:
        return Read([], [Fault(None, "unreadable")])
    if len(events) > MOST_OPERATIONS:
        return Read([], [Fault(None, "too_many")])
    sent_ms = moment(sent)
    return reading.sort_out((_operation(index, event, sent_ms) for index, event in events), faults)


def _events(plain: bytes, faults: list[Fault]) -> tuple[list[tuple[int, _Event]], _Text]:
    try:
        batch = reading.several(plain, _Batch)
        return list(enumerate(batch.batch)), batch.sent_at
    except msgspec.ValidationError:
        pass
    told = reading.loosely(plain)
    items = told if isinstance(told, list) else [told]
    sent: Any = None
    if isinstance(told, dict):
        sent = told.get("sent_at")
        batch_of = told.get("batch", told.get("data"))
        items = batch_of if isinstance(batch_of, list) else items
    return list(reading.one_by_one(items, _Event, faults)), sent if isinstance(sent, str | int | float) else None


def _operation(index: int, event: _Event, sent_ms: int | None) -> Operation | Fault:
    properties = event.properties if event.properties is not None else {}
    name = named(event.event)
    if not 0 < len(name) <= LONGEST_NAME:
        return Fault(index, "bad_name")
    told = event.distinct_id if event.distinct_id is not None else properties.get("distinct_id")
    ids = people(_id(told, properties))
    told_ms = moment(event.timestamp)
    if told_ms is None and event.offset is not None:
        # Old web clients tell how long ago it was, in ms, and not when.
        sent_ms, told_ms = 0, -int(event.offset)
    key = str(event.uuid or properties.get("$insert_id") or "") or reading.content(name, told, told_ms, properties, event.set, event.set_once)
    if name == "$groupidentify":
        return _group(index, key, properties, told_ms, sent_ms)
    if name == "$create_alias":
        ids = people(*ids, *_either(properties.get("alias")), *_either(told))
    elif name in ("$identify", "$merge_dangerously"):
        before = properties.get("$anon_distinct_id") if name == "$identify" else properties.get("alias")
        ids = people(*ids, *_either(before))
    changes = _changes(event, properties)
    more, changes = reading.contacts(changes)
    ids = people(*ids, *more)
    if not ids:
        return Fault(index, "no_person")
    if reading.too_much(properties) or any(reading.too_much(change.values) for change in changes):
        return Fault(index, "too_many_properties")
    stored = "" if name in SILENT else NAMES.get(name, name)
    return Operation(
        index=index, wire="posthog", key=key, ids=ids, event=name, name=stored, properties=properties if stored else {}, changes=changes, told_ms=told_ms, sent_ms=sent_ms
    )  # fmt: skip


def _id(told: Any, properties: dict[str, Any]) -> Id | None:
    """A distinct id is a user, unless the client says that it is its own device's."""
    if not isinstance(told, str | int | float):
        return None
    mine = properties.get("$device_id") == told or properties.get("$process_person_profile") is False or properties.get("$is_identified") is False
    return person(ANONYMOUS if mine else USER, told)


def _either(told: Any) -> tuple[Id, ...]:
    """An alias goes either way in different clients, and either side may be a device or a user."""
    one = person(ANONYMOUS, told) if isinstance(told, str | int | float) else None
    return () if one is None else (one, Id(USER, one.value))


def _changes(event: _Event, properties: dict[str, Any]) -> tuple[Change, ...]:
    found = []
    for op, name, beside in (("set", "$set", event.set), ("once", "$set_once", event.set_once)):
        values = properties.pop(name, None)
        both = {**(values if isinstance(values, dict) else {}), **(beside or {})}
        if both:
            found.append(Change(op, both))
    gone = event.unset if event.unset is not None else properties.pop("$unset", None)
    if isinstance(gone, list | dict) and gone:
        found.append(Change("unset", {str(name): True for name in gone}))
    return tuple(found)


def _group(index: int, key: str, properties: dict[str, Any], told_ms: int | None, sent_ms: int | None) -> Operation | Fault:
    kind, number = named(properties.get("$group_type")), named(properties.get("$group_key"))
    values = properties.get("$group_set")
    if not kind or not number:
        return Fault(index, "bad_shape", "$group_key")
    return Operation(
        index=index, wire="posthog", key=key, ids=(), event="$groupidentify", thing=Thing("group", kind, number, "set"),
        properties=values if isinstance(values, dict) else {}, told_ms=told_ms, sent_ms=sent_ms,
    )  # fmt: skip
