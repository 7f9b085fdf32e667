"""Segment and RudderStack: `track`, `identify`, `page`, `screen`, `group`, `alias`, alone or in a batch.

Formats: Segment's HTTP tracking API and RudderStack's, as their server, web and mobile clients send them (recorded 2026-11-22).
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
)
from siyu.collect.wire.reading import moment, named, people, person

TYPES = ("track", "identify", "page", "screen", "group", "alias")
_Text = str | int | float | None


class _Context(msgspec.Struct, gc=False):
    traits: dict[str, Any] | None = None
    page: dict[str, Any] | None = None
    campaign: dict[str, Any] | None = None


class _Event(msgspec.Struct, gc=False):
    type: str | None = None
    userId: _Text = None  # noqa: N815  the wire's names
    anonymousId: _Text = None  # noqa: N815
    previousId: _Text = None  # noqa: N815
    groupId: _Text = None  # noqa: N815
    messageId: _Text = None  # noqa: N815
    event: _Text = None
    name: _Text = None
    category: _Text = None
    timestamp: _Text = None
    originalTimestamp: _Text = None  # noqa: N815
    sentAt: _Text = None  # noqa: N815
    properties: dict[str, Any] | None = None
    traits: dict[str, Any] | None = None
    context: _Context | None = None


class _Batch(msgspec.Struct, gc=False):
    batch: list[_Event]
    sentAt: _Text = None  # noqa: N815


class _Loose(msgspec.Struct, gc=False):
    batch: list[Any]
    sentAt: Any = None  # noqa: N815


def read(plain: bytes, hint: str) -> Read:
    """What a request says; `hint` is the operation that its address names, or empty."""
    faults: list[Fault] = []
    try:
        events, sent = _events(plain, faults)
    except msgspec.DecodeError:
        return Read([], [Fault(None, "unreadable")])
    if len(events) > MOST_OPERATIONS:
        return Read([], [Fault(None, "too_many")])
    sent_ms = moment(sent)
    return reading.sort_out((_operation(index, event, event.type or hint, sent_ms) for index, event in events), faults)


def _events(plain: bytes, faults: list[Fault]) -> tuple[list[tuple[int, _Event]], _Text]:
    try:
        batch = reading.several(plain, _Batch)
        return list(enumerate(batch.batch)), batch.sentAt
    except msgspec.ValidationError:
        pass
    told = reading.loosely(plain)
    try:
        loose = msgspec.convert(told, _Loose)
    except msgspec.ValidationError:
        # No batch: the body is one operation.
        loose = _Loose(told if isinstance(told, list) else [told])
    sent = loose.sentAt if isinstance(loose.sentAt, str | int | float) else None
    return list(reading.one_by_one(loose.batch, _Event, faults)), sent


def _operation(index: int, event: _Event, kind: str, sent_ms: int | None) -> Operation | Fault:
    if kind not in TYPES:
        return Fault(index, "unknown_type" if kind else "bad_shape", "type")
    user = person(USER, event.userId)
    ids = people(user, person(ANONYMOUS, event.anonymousId))
    told_ms = moment(event.originalTimestamp)
    if told_ms is None:
        told_ms = moment(event.timestamp)
    if sent_ms is None:
        sent_ms = moment(event.sentAt)
    key = str(event.messageId) if event.messageId else reading.content(kind, event.userId, event.anonymousId, event.previousId, event.groupId, event.event,
                                                                       event.name, told_ms, event.properties, event.traits)  # fmt: skip
    told = event.event if kind == "track" else event.name if kind in ("page", "screen") else event.groupId
    name, properties, changes = named(told), dict[str, Any](), tuple[Change, ...]()
    if kind == "track":
        if not 0 < len(name) <= LONGEST_NAME:
            return Fault(index, "bad_name")
        stored, properties = name, _seen(event, {})
    elif kind in ("page", "screen"):
        stored, properties = ("page_viewed" if kind == "page" else "screen_viewed"), _seen(event, {"name": event.name, "category": event.category})
    elif kind == "group":
        stored, properties = "group_joined", {**(event.traits or {}), "group_id": name}
    elif kind == "identify":
        traits = event.traits or (event.context.traits if event.context else None)
        more, changes = reading.contacts((Change("set", traits),)) if traits else ((), ())
        stored, ids = "", people(*ids, *more)
    else:
        stored, ids = "", people(*ids, *_either(event.previousId))
    if not ids:
        return Fault(index, "no_person")
    if reading.too_much(properties) or any(reading.too_much(change.values) for change in changes):
        return Fault(index, "too_many_properties")
    return Operation(index=index, wire=kind, key=key, ids=ids, event=name, name=stored, properties=properties, changes=changes, told_ms=told_ms, sent_ms=sent_ms)


def _either(told: _Text) -> tuple[Id, ...]:
    """An alias does not say whether what it was known by is a user or a device; it is the same person as either."""
    one = person(ANONYMOUS, told)
    return () if one is None else (one, Id(USER, one.value))


def _seen(event: _Event, more: dict[str, Any]) -> dict[str, Any]:
    """Properties, with what is said beside them: the page's name, where it was seen, and by which campaign."""
    properties = event.properties if event.properties is not None else {}
    context = event.context
    if context is not None:
        if context.page:
            more = {**{name: context.page.get(name) for name in ("url", "title", "referrer", "path")}, **more}
        if context.campaign:
            more |= {f"utm_{'campaign' if name == 'name' else name}": value for name, value in context.campaign.items()}
    for name, value in more.items():
        if value is not None and value != "":
            properties.setdefault(name, value)
    return properties
