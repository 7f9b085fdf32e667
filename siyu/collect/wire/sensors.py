"""神策 SensorsAnalytics: `/sa`, `/sa.gif`, `/debug`: track, sign-up, bind and unbind, profiles, items.

Formats: the Python, Node, web and mini-program clients (recorded 2026-11-22). Times are epoch ms; a distinct id is a log-in's or a device's.
"""

from __future__ import annotations

import re
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

NAMES = {"$pageview": "page_viewed", "$MPViewScreen": "screen_viewed", "$AppViewScreen": "screen_viewed"}
SPACES = {"$identity_login_id": USER, "$identity_mobile": "phone", "$identity_email": "email", "$identity_mp_unionid": "unionid", "$identity_unionid": "unionid"}
PROFILES = {
    "profile_set": "set", "profile_set_once": "once", "profile_increment": "increment", "profile_append": "append", "profile_unset": "unset", "profile_delete": "delete",
}  # fmt: skip
TRACKS = frozenset({"track", "track_signup", "track_id_bind", "track_id_unbind"})
_OPENID = re.compile(r"^\$identity_mp_([A-Za-z0-9_\-]{1,60})_openid$")
_Text = str | int | float | None


class _Event(msgspec.Struct, gc=False):
    type: str | None = None
    event: _Text = None
    time: _Text = None
    distinct_id: _Text = None
    original_id: _Text = None
    login_id: _Text = None
    anonymous_id: _Text = None
    identities: dict[str, Any] | None = None
    properties: dict[str, Any] | None = None
    item_type: _Text = None
    item_id: _Text = None
    track_id: _Text = msgspec.field(default=None, name="_track_id")
    flush_time: _Text = msgspec.field(default=None, name="_flush_time")
    ekey: Any = None


def read(plain: bytes, hint: str) -> Read:
    """What a request says: one operation, or a list of them."""
    faults: list[Fault] = []
    try:
        events = _events(plain, faults)
    except msgspec.DecodeError:
        return Read([], [Fault(None, "unreadable")])
    if len(events) > MOST_OPERATIONS:
        return Read([], [Fault(None, "too_many")])
    return reading.sort_out((_operation(index, event) for index, event in events), faults)


def _events(plain: bytes, faults: list[Fault]) -> list[tuple[int, _Event]]:
    try:
        found: list[_Event] | _Event = reading.several(plain, list[_Event] | _Event)  # type: ignore[arg-type]
        return list(enumerate(found)) if isinstance(found, list) else [(0, found)]
    except msgspec.ValidationError:
        pass
    told = reading.loosely(plain)
    return list(reading.one_by_one(told if isinstance(told, list) else [told], _Event, faults))


def _operation(index: int, event: _Event) -> Operation | Fault:
    if event.ekey is not None:
        return Fault(index, "encrypted")
    kind, properties = event.type or "", event.properties if event.properties is not None else {}
    told_ms, sent_ms = moment(event.time), moment(event.flush_time)
    key = f"{event.track_id} {event.distinct_id} {event.time}" if event.track_id else _content(event)
    if kind in ("item_set", "item_delete"):
        return _item(index, event, key, told_ms, sent_ms)
    if kind not in TRACKS and kind not in PROFILES:
        return Fault(index, "unknown_type" if kind else "bad_shape", "type")
    login = properties.pop("$is_login_id", None) is True
    name = named(event.event)
    if kind in TRACKS and not 0 < len(name) <= LONGEST_NAME:
        return Fault(index, "bad_name")
    ids, cut = people(*_ids(event, login, kind)), tuple[Id, ...]()
    changes = tuple[Change, ...]()
    if kind == "profile_increment" and not all(map(reading.is_number, properties.values())):
        return Fault(index, "bad_value")
    if kind in PROFILES:
        more, changes = reading.contacts((Change(PROFILES[kind], properties),))
        ids, properties = people(*ids, *more), {}
    if kind == "track_id_unbind":
        ids, cut = _unbound(event, ids)
    if not ids and not cut:
        return Fault(index, "no_person")
    if reading.too_much(properties) or any(reading.too_much(change.values) for change in changes):
        return Fault(index, "too_many_properties")
    stored = NAMES.get(name, name) if kind in TRACKS and ids else ""
    return Operation(
        index=index, wire=kind, key=key, ids=ids, event=name, name=stored, properties=properties, changes=changes, cut=cut, told_ms=told_ms, sent_ms=sent_ms
    )


def _ids(event: _Event, login: bool, kind: str) -> list[Id | None]:
    """Everybody who is named is one person. A plain distinct id is a log-in's where anything says so, else a device's."""
    found = [person(_space(name), value) for name, value in (event.identities or {}).items() if isinstance(value, str | int)]
    found.append(person(USER, event.login_id))
    found.append(person(ANONYMOUS, event.anonymous_id))
    distinct = event.distinct_id
    if kind == "track_signup":
        # Other operations of the same client name this id without saying that it is a log-in's.
        return [*found, person(USER, distinct), person(ANONYMOUS, distinct) if not event.identities else None, person(ANONYMOUS, event.original_id)]
    pair = _pair(distinct)
    if pair is not None:
        return [*found, pair]
    if not any(one and one.value == str(distinct) for one in found):
        found.append(person(USER if login else ANONYMOUS, distinct))
    elif login:
        found.append(person(USER, distinct))
    return found


def _unbound(event: _Event, ids: tuple[Id, ...]) -> tuple[tuple[Id, ...], tuple[Id, ...]]:
    """Who stays, and what is no longer theirs: what `identities` names, but for the log-in where others stand beside it."""
    named_ids = people(*(person(_space(name), value) for name, value in (event.identities or {}).items() if isinstance(value, str | int)))
    cut = tuple(one for one in named_ids if one.namespace != USER) or named_ids
    pair = _pair(event.distinct_id)
    if not cut and pair is not None:
        cut = (pair,)
    gone = {one.value for one in cut}
    return tuple(one for one in ids if one not in cut and one.value not in gone), cut


def _space(name: str) -> str:
    app = _OPENID.match(name)
    return f"openid:{app.group(1)}" if app else SPACES.get(name, ANONYMOUS)


def _pair(distinct: _Text) -> Id | None:
    """`$identity_mobile+138…`: kind and value in one distinct id."""
    if not isinstance(distinct, str) or not distinct.startswith("$identity_"):
        return None
    name, plus, value = distinct.partition("+")
    return person(_space(name), value) if plus else None


def _item(index: int, event: _Event, key: str, told_ms: int | None, sent_ms: int | None) -> Operation | Fault:
    kind, number = named(event.item_type), named(event.item_id)
    if not kind or not number:
        return Fault(index, "bad_shape", "item_id")
    op = "set" if event.type == "item_set" else "delete"
    return Operation(
        index=index, wire=event.type or "", key=key, ids=(), thing=Thing("item", kind, number, op), properties=event.properties or {}, told_ms=told_ms, sent_ms=sent_ms
    )


def _content(event: _Event) -> str:
    """Without `_flush_time`, which differs on every try, and without `lib`, which tells the line of the caller's code."""
    return reading.content(
        event.type, event.event, event.time, event.distinct_id, event.original_id, event.identities, event.properties, event.item_type, event.item_id
    )
