"""Formats 格式: which reader an address belongs to, and how one operation is taken out of a request by itself."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import msgspec

from siyu.collect.wire import posthog, reading, segment, sensors
from siyu.collect.wire.operations import Read

SEGMENT, POSTHOG, SENSORS = "segment", "posthog", "sensors"


@dataclass(frozen=True)
class Format:
    """One family of clients. `list_field` is where a request keeps its operations; empty: the request is the list."""

    name: str
    read: Callable[[bytes, str], Read]
    list_field: str


FORMATS = {
    one.name: one
    for one in (Format(SEGMENT, segment.read, "batch"), Format(POSTHOG, posthog.read, "batch"), Format(SENSORS, sensors.read, ""))
}


class _Keys(msgspec.Struct, gc=False):
    writeKey: Any = None  # noqa: N815  the wire's names
    write_key: Any = None
    api_key: Any = None
    token: Any = None
    project: Any = None
    properties: msgspec.Raw = msgspec.Raw(b"null")


def key_in(plain: bytes) -> list[str]:
    """Write keys that a body names, the likelier first."""
    try:
        told: list[_Keys] | _Keys = reading.strictly(plain, list[_Keys] | _Keys)  # type: ignore[arg-type]
    except msgspec.DecodeError:
        return _loose_keys(plain)
    one = told if isinstance(told, _Keys) else told[0] if told else _Keys()
    found = [one.writeKey, one.write_key, one.api_key, one.token, one.project]
    if bytes(one.properties).startswith(b"{"):
        with suppress(msgspec.DecodeError):
            found.append(reading.strictly(bytes(one.properties), _Keys).token)
    return [key for key in found if isinstance(key, str) and key]


def pick(format_name: str, plain: bytes, indexes: Collection[int]) -> bytes:
    """The same request with some of its operations only; all else in it stays."""
    field = FORMATS[format_name].list_field
    told = reading.loosely(plain)
    items = told if isinstance(told, list) else told.get(field) if field and isinstance(told, dict) else None
    if not isinstance(items, list):
        return plain
    left = [items[index] for index in sorted(indexes) if index < len(items)]
    return msgspec.json.encode({**told, field: left} if isinstance(told, dict) else left)


def _loose_keys(plain: bytes) -> list[str]:
    try:
        told = reading.loosely(plain)
    except msgspec.DecodeError:
        return []
    one = told[0] if isinstance(told, list) and told else told
    names = ("writeKey", "write_key", "api_key", "token", "project")
    return [one[name] for name in names if isinstance(one.get(name), str)] if isinstance(one, dict) else []
