"""Properties 属性: a JSON object laid out as rows (path, text, number, time), so that no engine has to unwrap JSON."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from siyu.foundation.clock import to_ms

MAX_DEPTH = 6
MAX_ROWS = 200
_ISO = re.compile(r"^\d{4}-\d{2}-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})?)?$")
_PLAIN = re.compile(r'^[^.\[\]!*%"]+(\.[^.\[\]!*%"]+)*$')
_QUOTED = re.compile(r'^\$\["([^"\\]+)"\]$')


class Value(NamedTuple):
    """One value at its path. Text is the JSON form of numbers, true/false, objects and lists; text itself stays bare."""

    path: str
    text: str
    number: float | None
    time_ms: int | None


def flatten(properties: dict[str, Any]) -> list[Value]:
    """Every value of an object, each object and list also whole; nulls are left out (they never overwrite a value)."""
    rows: list[Value] = []
    for row in _walk("", properties, 1):
        rows.append(row)
        if len(rows) == MAX_ROWS:
            break
    return rows


def normalise_path(path: str) -> str | None:
    """The path as it is stored: `a.b`, or `$["a.b"]` for one key with a dot in it; None if it is malformed."""
    quoted = _QUOTED.match(path)
    if quoted:
        return _step(quoted.group(1))
    return path if _PLAIN.match(path) else None


def _walk(prefix: str, node: dict[str, Any], depth: int) -> Iterator[Value]:
    for key, value in node.items():
        if value is None:
            continue
        path = f"{prefix}{_step(str(key))}"
        yield _value(path, value)
        if isinstance(value, dict) and depth < MAX_DEPTH:
            yield from _walk(path + ".", value, depth + 1)


def _step(key: str) -> str:
    return f'$["{key}"]' if "." in key else key


def _value(path: str, value: Any) -> Value:
    if isinstance(value, str):
        return Value(path, value, _number(value), _time(value))
    if isinstance(value, bool):
        return Value(path, "true" if value else "false", None, None)
    if isinstance(value, int | float):
        whole = isinstance(value, float) and value.is_integer() and abs(value) < 2**53
        return Value(path, str(int(value)) if whole else str(value), float(value), None)
    return Value(path, msgspec.json.encode(value).decode(), None, None)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if abs(number) < float("inf") else None


def _time(text: str) -> int | None:
    if not _ISO.match(text):
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return None
    return to_ms(at if at.tzinfo else at.replace(tzinfo=UTC))
