"""Reading 读取: what all formats share: lists of operations that survive a bad one, clean texts, ids, times, keys by content."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from math import isfinite
from typing import Any, TypeVar

import msgspec

from siyu.collect.wire.operations import LONGEST_ID, MOST_PROPERTIES, Change, Fault, Id, Operation, Read

T = TypeVar("T")
NOBODY = frozenset({"", "null", "none", "nil", "nan", "undefined", "[object object]", "anonymous", "guest", "distinct_id", "distinctid", "true", "false", "0", "-1", "unknown"})
"""What programs write where they have no id. Taken for an id, it would make one person of thousands."""
PHONES, EMAILS = frozenset({"phone", "mobile", "phonenumber", "mobilephone", "mobilenumber", "tel", "telephone"}), frozenset({"email", "mail", "emailaddress"})
_NUMBER = re.compile(r"-?\d{9,17}(\.\d+)?")
_ENCODER = msgspec.json.Encoder(order="sorted")
_Text = str | int | float | None


def strictly(plain: bytes, kind: type[T]) -> T:
    """Read JSON by the letter; too deep, or no UTF-8, is no JSON either."""
    try:
        return msgspec.json.decode(plain, type=kind)
    except (RecursionError, UnicodeDecodeError) as error:
        raise msgspec.DecodeError("no JSON") from error


def several(plain: bytes, kind: type[T]) -> T:
    """Read a body at once, cleaned where it must be (NaN, lone surrogates, NUL).

    Raises
    ------
    msgspec.DecodeError
        When it is no JSON by any reading; its kind ValidationError when its shape is another.
    """
    if b"\\u0000" not in plain and b"\0" not in plain:
        try:
            return strictly(plain, kind)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:
            pass
    return msgspec.convert(loosely(plain), kind)


def loosely(plain: bytes) -> Any:
    """JSON as lax writers make it: NaN and Infinity are null, bad bytes and NUL become U+FFFD."""
    try:
        found = json.loads(plain.decode("utf-8", "replace").removeprefix("\ufeff"), strict=False, parse_constant=lambda _: None, parse_int=_whole)
    except (ValueError, RecursionError) as error:
        raise msgspec.DecodeError("no JSON") from error
    return clean(found)


def clean(value: Any, depth: int = 0) -> Any:
    """Without NUL and lone surrogates, which no database takes; what is infinite or lies deeper than 64 levels is left out."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode().replace("\0", "\ufffd")
    if depth > 64 or (isinstance(value, float) and not isfinite(value)):
        return None
    if isinstance(value, dict):
        return {clean(name): clean(one, depth + 1) for name, one in value.items()}
    return [clean(one, depth + 1) for one in value] if isinstance(value, list) else value


def one_by_one(items: Sequence[Any], kind: type[T], faults: list[Fault]) -> Iterator[tuple[int, T]]:
    """Each operation by itself, where they could not be read at once; a bad one is a fault."""
    for index, item in enumerate(items):
        try:
            yield index, msgspec.convert(item, kind, strict=False)
        except msgspec.ValidationError as error:
            faults.append(Fault(index, "bad_shape", _where(error)))


def sort_out(told: Iterable[Operation | Fault], faults: list[Fault]) -> Read:
    """The good ones, and beside them what is wrong with the others."""
    operations: list[Operation] = []
    for one in told:
        if isinstance(one, Operation):
            operations.append(one)
        else:
            faults.append(one)
    return Read(operations, faults)


def person(namespace: str, value: _Text) -> Id | None:
    """An identifier, or None for nothing and for what stands for nobody."""
    if value is None:
        return None
    if type(value) is float and value.is_integer() and abs(value) < 2**53:
        value = int(value)
    text = value.strip() if type(value) is str else str(value)
    return None if len(text) > LONGEST_ID or text.lower() in NOBODY else Id(namespace, text)


def people(*ids: Id | None) -> tuple[Id, ...]:
    """Those that are there, each once."""
    return tuple(dict.fromkeys(one for one in ids if one is not None))


def moment(value: _Text) -> int | None:
    """Epoch ms of an ISO time (UTC where it names no zone), or of a number of seconds or milliseconds; None if it is neither."""
    if value is None or value == "":
        return None
    try:
        if type(value) is str:
            if _NUMBER.fullmatch(value):
                return _since_epoch(float(value))
            at = datetime.fromisoformat(value)
            return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)
        return _since_epoch(float(value))
    except (ValueError, OverflowError):
        return None


def is_number(value: Any) -> bool:
    """A finite number, or a text that is one; true and false are none."""
    try:
        return not isinstance(value, bool) and isinstance(value, str | int | float) and isfinite(float(value))
    except (ValueError, OverflowError):
        return False


def named(told: _Text) -> str:
    return "" if told is None else str(told).strip()


def contacts(changes: Sequence[Change]) -> tuple[tuple[Id, ...], tuple[Change, ...]]:
    """Phones and e-mails among attributes (also one level down) are identifiers: told as such, and kept nowhere else."""
    found: list[Id] = []
    left = tuple(
        Change(op, _without(values, found, 1)) if op in ("set", "once") else Change(op, values) for op, values in changes
    )
    return tuple(dict.fromkeys(found)), tuple(change for change in left if change.values or change.op == "delete")


def _without(values: dict[str, Any], found: list[Id], deeper: int) -> dict[str, Any]:
    left = {}
    for name, value in values.items():
        space = contact_space(name)
        if space and isinstance(value, str | int) and not isinstance(value, bool):
            if value != "":
                found.append(Id(space, str(value)))
        elif deeper and isinstance(value, dict):
            left[name] = _without(value, found, deeper - 1)
        else:
            left[name] = value
    return left


def contact_space(name: str) -> str | None:
    """`phone` or `email` for the name of an attribute that holds one."""
    if len(name) > 20:
        return None
    bare = name.lower().replace("_", "").replace("-", "").lstrip("$")
    return "phone" if bare in PHONES else "email" if bare in EMAILS else None


def content(*parts: Any) -> str:
    """What stands for an operation that brings no id of its own: the same content is the same operation."""
    return "#" + _ENCODER.encode(parts).decode("utf-8", "replace")


def too_much(properties: dict[str, Any]) -> bool:
    return len(properties) > MOST_PROPERTIES


def _since_epoch(number: float) -> int | None:
    """Seconds below 1e11 (the year 5138), else milliseconds, else microseconds."""
    ms = number * 1000 if abs(number) < 1e11 else number if abs(number) < 1e14 else number / 1000
    return int(ms) if 0 < ms < 8e15 else None


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) < 19 else float(digits)


def _where(error: Exception) -> str:
    """The path in a decoding error; never the value."""
    found = re.search(r"`\$([^`]*)`", str(error))
    return found.group(1)[:100] if found else ""
