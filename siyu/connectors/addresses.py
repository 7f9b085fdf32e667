"""Addresses 地址检查: for what is called by other means than the connectors' own client, such as object storage."""

from __future__ import annotations

from urllib.parse import urlsplit

from siyu.connectors._http import AddressError, address_of
from siyu.foundation.text import Text


def check_url(url: str, *, allow_private: bool, prefix: str = "") -> None:
    """Raises AddressError where the host (with `prefix` before its name) may not be called, TransportError where it is not known."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise AddressError(Text("地址写法有误", "the address is not written rightly")) from None
    if parts.scheme not in ("http", "https") or not host:
        raise AddressError(Text("地址必须以 http:// 或 https:// 开头", "the address must begin with http:// or https://"))
    address_of(prefix + host, port or (443 if parts.scheme == "https" else 80), allow_private)
