"""Body 请求体: from the bytes of a request to plain JSON, however a client wrapped it; the Content-Type is not believed.

Clients gzip with and without saying so, put base64 into a form, gzip inside that base64, and let form decoding turn `+` into a space.
"""

from __future__ import annotations

import binascii
import zlib
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

COMPRESSED_LIMIT = 5 * 1024 * 1024
PLAIN_LIMIT = 20 * 1024 * 1024
_GZIP = b"\x1f\x8b"
_LAYERS = 4
_MOST_FIELDS = 40
_JSON = b"{["
_PAYLOADS = ("data_list", "data")


class TooLarge(Exception):
    """More than is taken in, as it came or unpacked."""


class Unreadable(Exception):
    """It cannot be unpacked."""


class Body(NamedTuple):
    """Plain JSON (or what should be), and the other fields of the form it came in."""

    plain: bytes
    fields: dict[str, str]


def unpack(raw: bytes, content_encoding: str = "") -> Body:
    """Undo compression, form and base64, in whatever order they were put on.

    Raises
    ------
    TooLarge
        When it unpacks to more than 20 MiB.
    Unreadable
        When a layer is damaged.
    """
    data, fields = raw, dict[str, str]()
    deflated = "deflate" in content_encoding.lower()
    for _ in range(_LAYERS):
        start = data[:64].lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
        if data.startswith(_GZIP):
            data = _inflate(data, 31)
        elif deflated:
            data, deflated = _inflate(data, 15), False
        elif not data or start in (b"{", b"["):
            break
        elif b"=" in data[:40] and (form := read_form(data)) and any(name in form for name in _PAYLOADS):
            data = next(form[name] for name in _PAYLOADS if name in form)
            fields |= {name: value.decode("utf-8", "replace") for name, value in form.items() if name not in _PAYLOADS}
        else:
            data = _from_base64(data)
    return Body(data, fields)


def read_form(data: bytes) -> dict[str, bytes]:
    """The fields of a form or a query; the first of a name counts."""
    found: dict[str, bytes] = {}
    for part in data.split(b"&", _MOST_FIELDS)[:_MOST_FIELDS]:
        name, equals, value = part.partition(b"=")
        if equals:
            found.setdefault(name.decode("latin-1"), _field(value))
    return found


def _field(value: bytes) -> bytes:
    """Percent signs undone; `+` is a space in JSON, and itself in base64."""
    plain = unquote_to_bytes(value)
    return unquote_to_bytes(value.replace(b"+", b" ")) if plain[:1] and plain[:1] in _JSON else plain


def _from_base64(data: bytes) -> bytes:
    text = data.strip().replace(b" ", b"+").replace(b"-", b"+").replace(b"_", b"/")
    try:
        return binascii.a2b_base64(text + b"=" * (-len(text) % 4), strict_mode=True)
    except binascii.Error as error:
        raise Unreadable("neither JSON nor base64") from error


def _inflate(data: bytes, window: int) -> bytes:
    parts, size = [], 0
    while data:
        stream = zlib.decompressobj(window)
        try:
            part = stream.decompress(data, PLAIN_LIMIT + 1 - size)
        except zlib.error as error:
            if window == 15:
                return _inflate(data, -15)
            raise Unreadable("damaged compression") from error
        parts.append(part)
        size += len(part)
        if size > PLAIN_LIMIT:
            raise TooLarge
        if not stream.eof:
            raise Unreadable("cut compression")
        data = stream.unused_data if stream.unused_data[:2] == _GZIP else b""
    return b"".join(parts)
