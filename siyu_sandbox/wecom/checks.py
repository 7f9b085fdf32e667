"""What WeCom checks in nearly every call: presence, kinds, lengths in bytes or characters, pages and cursors."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any

from siyu_sandbox.registry import Json, Refusal

INVALID = 40058


def text(body: Mapping[str, Any], name: str, missing: int | None = None, default: str = "") -> str:
    """A string; with `missing`, the errcode of its absence."""
    value = body.get(name)
    if value is None or value == "":
        if missing is not None:
            raise Refusal(missing, f"{name} missing")
        return default
    if not isinstance(value, str):
        raise Refusal(INVALID, f"invalid param type, {name} must be string")
    return value


def whole(body: Mapping[str, Any], name: str, default: int | None = None) -> int:
    """A whole number; digits in a string pass, as they do at the vendor's."""
    value = body.get(name)
    if value is None:
        if default is None:
            raise Refusal(INVALID, f"{name} missing")
        return default
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,18}", value):
        return int(value)
    if not isinstance(value, int) or isinstance(value, bool) or abs(value) >= 2**63:
        raise Refusal(INVALID, f"invalid param type, {name} must be int")
    return value


def strings(body: Mapping[str, Any], name: str, most: int | None = None, code: int = INVALID) -> list[str]:
    """A list of strings, empty when absent."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise Refusal(INVALID, f"invalid param type, {name} must be array of string")
    if most is not None and len(value) > most:
        raise Refusal(code, f"{name} exceeds {most}")
    return value


def numbers(body: Mapping[str, Any], name: str) -> list[int]:
    """A list of whole numbers, empty when absent."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, int) for one in value):
        raise Refusal(INVALID, f"invalid param type, {name} must be array of int")
    return value


def records(body: Mapping[str, Any], name: str) -> list[Json]:
    """A list of objects, empty when absent."""
    value = body.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, dict) for one in value):
        raise Refusal(INVALID, f"invalid param type, {name} must be array of object")
    return value


def record(body: Mapping[str, Any], name: str) -> Json:
    """An object, empty when absent."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Refusal(INVALID, f"invalid param type, {name} must be object")
    return value


def at_most_bytes(value: str, limit: int, name: str, code: int = INVALID) -> str:
    """Messages are measured in bytes of UTF-8."""
    if len(value.encode()) > limit:
        raise Refusal(code, f"{name} exceeds {limit} bytes")
    return value


def at_most_characters(value: str, limit: int, name: str, code: int = INVALID) -> str:
    """Names are measured in characters."""
    if len(value) > limit:
        raise Refusal(code, f"{name} exceeds {limit} characters")
    return value


def page_size(body: Mapping[str, Any], default: int, most: int, name: str = "limit") -> int:
    """Too big silently becomes the default; so do zero and less."""
    wanted = whole(body, name, default)
    return wanted if 1 <= wanted <= most else default


def cursor(body: Mapping[str, Any], parts: int = 1) -> tuple[int, ...] | None:
    """The numbers inside a cursor, None at the beginning."""
    value = text(body, "cursor")
    if not value:
        return None
    try:
        inner = base64.b64decode(value, altchars=b"-_", validate=True).decode()
        found = tuple(int(one) for one in inner.removeprefix("c:").split("."))
    except (binascii.Error, ValueError) as wrong:
        raise Refusal(INVALID, "invalid cursor") from wrong
    if len(found) != parts or not inner.startswith("c:"):
        raise Refusal(INVALID, "invalid cursor")
    return found


def new_cursor(*parts: int) -> str:
    """A cursor that means nothing to its reader."""
    return base64.urlsafe_b64encode(("c:" + ".".join(map(str, parts))).encode()).decode()


def slice_page(rows: list[Any], body: Mapping[str, Any], default: int, most: int) -> tuple[list[Any], str]:
    """One page of a list that only grows, and the cursor to the next."""
    limit = page_size(body, default, most)
    found = cursor(body)
    start = found[0] if found else 0
    upto = start + limit
    return rows[start:upto], new_cursor(upto) if upto < len(rows) else ""
