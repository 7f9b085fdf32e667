"""The one HTTP client 出站请求 of all connectors: addresses checked, times and sizes bounded, no secret in any message.

An address is resolved and checked before the call, and the connection goes to the very address that was checked
(a name that answers differently the second time gains nothing).
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import ssl
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as of
from functools import lru_cache
from urllib.parse import urlencode
from weakref import WeakKeyDictionary

import httpx

from siyu.connectors._lines import LineError, Lines, TooLargeError, written
from siyu.connectors.errors import Unavailable
from siyu.foundation.text import Text

MAX_BYTES = 32 * 1024 * 1024
_HOSTS = 64
_RESOLVED_SECONDS = 30.0
# httpx logs each URL, with the access_token in it, at INFO.
logging.getLogger("httpx").addFilter(lambda record: record.levelno >= logging.WARNING)


class TransportError(Unavailable):
    """No answer was received. `reached` False: nothing was sent. None: it may have been acted upon."""

    code = "carrier_unreachable"
    title = Text("连不上载体", "The carrier cannot be reached")


class AddressError(TransportError):
    """The address may not be called (not http(s), or a private network without the account's leave)."""

    code = "carrier_address"
    http_status = 422
    retry = "never"
    title = Text("地址不可访问", "The address may not be called")

    def __init__(self, message: Text, *, way_out: Text | None = None) -> None:
        super().__init__(message, reached=False, way_out=way_out)


@dataclass(frozen=True)
class Upload:
    """One file of a form: the form's field, the file's name, its bytes and type."""

    field: str
    filename: str
    content: bytes = of(repr=False)
    content_type: str = "application/octet-stream"


@dataclass(frozen=True)
class Outgoing:
    """One request. Query values of None are left out."""

    method: str
    url: str
    query: Mapping[str, str | int | None] = of(default_factory=dict, repr=False)
    headers: Mapping[str, str] = of(default_factory=dict, repr=False)
    content: bytes | None = of(default=None, repr=False)
    upload: Upload | None = None


@dataclass(frozen=True)
class Reach:
    """How far and how long a request may go."""

    allow_private: bool = False
    connect_seconds: float = 5
    total_seconds: float = 15
    max_bytes: int = MAX_BYTES


@dataclass(frozen=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes = of(repr=False)
    seconds: float = 0.0


async def send(outgoing: Outgoing, reach: Reach = Reach()) -> Reply:
    """Send it, once. TransportError where no whole answer came; any HTTP status is an answer."""
    began = time.monotonic()
    dispatched = False
    try:
        async with asyncio.timeout(reach.total_seconds):
            target = _parsed(outgoing.url)
            address = await _address(target.host, target.port, reach.allow_private)
            dispatched = True
            way = _exchange if outgoing.upload is None else _upload
            return await way(outgoing, reach, target, address, began)
    except LineError as error:
        if isinstance(error, TooLargeError):
            raise _too_large() from None
        raise _transport(error, reached=None if error.sent else False) from None
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise _transport(error, reached=False) from None
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        raise _transport(error, reached=None) from None
    except TimeoutError as error:
        raise _transport(error, reached=None if dispatched else False) from None


async def close_clients() -> None:
    """Close the connections of the running loop."""
    for line in _lines.pop(asyncio.get_running_loop(), {}).values():
        line.close()


@dataclass(frozen=True)
class _Target:
    """An address in its parts; `name` is what a certificate must prove."""

    host: str
    port: int
    netloc: str
    path: str
    is_secure: bool

    def with_query(self, query: Mapping[str, str | int | None]) -> str:
        told = {name: str(value) for name, value in query.items() if value is not None}
        if not told:
            return self.path
        path, _, kept = self.path.partition("?")
        return path + "?" + "&".join(filter(None, (kept, urlencode(told))))


@lru_cache(512)
def _parsed(address: str) -> _Target:
    try:
        url = httpx.URL(address)
    except httpx.InvalidURL:
        raise AddressError(Text("地址写法有误", "the address is not written rightly")) from None
    if url.scheme not in ("http", "https") or not url.host:
        raise AddressError(
            Text("地址必须以 http:// 或 https:// 开头", "the address must begin with http:// or https://")
        )
    is_secure = url.scheme == "https"
    return _Target(url.host, url.port or (443 if is_secure else 80), url.netloc.decode("ascii"), url.raw_path.decode("ascii"), is_secure)


def _headers(outgoing: Outgoing, target: _Target) -> dict[str, str]:
    given = {name.lower(): value for name, value in outgoing.headers.items()}
    return {"accept": "*/*", "user-agent": "Siyu/1", **given, "accept-encoding": "gzip", "host": target.netloc}


async def _exchange(outgoing: Outgoing, reach: Reach, target: _Target, address: str, began: float) -> Reply:
    request = written(outgoing.method, target.with_query(outgoing.query), _headers(outgoing, target), outgoing.content)
    place = (address, target.port, target.host if target.is_secure else None)
    lines = _line(target.netloc)
    lines.busy += 1
    try:
        status, headers, raw = await lines.ask(place, _context() if target.is_secure else None, request, reach.max_bytes, reach.connect_seconds)
    finally:
        lines.busy -= 1
    return Reply(status, headers, _unpacked(raw, headers, reach), time.monotonic() - began)


async def _upload(outgoing: Outgoing, reach: Reach, target: _Target, address: str, began: float) -> Reply:
    """A form with a file, which the general client writes."""
    upload = outgoing.upload
    assert upload is not None
    # The checked address stands in place of the name, and the name in Host and in the TLS handshake.
    url = httpx.URL(outgoing.url).copy_with(host=address, raw_path=target.with_query(outgoing.query).encode("ascii"))
    async with httpx.AsyncClient(verify=_context(), trust_env=False, follow_redirects=False) as client:
        request = client.build_request(
            outgoing.method,
            url,
            headers=_headers(outgoing, target),
            files={upload.field: (upload.filename, upload.content, upload.content_type)},
            extensions={"sni_hostname": target.host} if target.is_secure else {},
            timeout=httpx.Timeout(reach.total_seconds, connect=reach.connect_seconds),
        )
        answer = await client.send(request, stream=True)
        try:
            raw = bytearray()
            async for part in answer.aiter_raw():
                raw += part
                if len(raw) > reach.max_bytes:
                    raise _too_large()
        finally:
            await answer.aclose()
    headers = dict(answer.headers)
    return Reply(answer.status_code, headers, _unpacked(bytes(raw), headers, reach), time.monotonic() - began)


def _unpacked(raw: bytes, headers: Mapping[str, str], reach: Reach) -> bytes:
    """The content, bounded also after it is unpacked: a small answer may unpack to a thousand times its size."""
    encoding = headers.get("content-encoding", "identity").lower()
    if encoding == "identity":
        return raw
    reader = zlib.decompressobj(31)
    try:
        body = reader.decompress(raw, reach.max_bytes + 1) if encoding == "gzip" else None
    except zlib.error:
        body = None
    if body is None or (not reader.eof and len(body) <= reach.max_bytes):
        raise TransportError(
            Text("对方的压缩内容无法读取", "the compressed answer cannot be read"), reached=None
        )
    if len(body) > reach.max_bytes:
        raise _too_large()
    return body


def _too_large() -> TransportError:
    return TransportError(
        Text("对方的回答过大，已中止", "the answer is too large; it was cut off"), reached=None
    )


def _transport(error: BaseException, *, reached: bool | None) -> TransportError:
    """In words without the address: a query may hold a token."""
    late = isinstance(error, httpx.TimeoutException | TimeoutError)
    if late:
        return TransportError(Text("对方没有及时回答", "no answer in time"), reached=reached)
    name = type(error).__name__
    return TransportError(Text(f"连接对方失败({name})", f"the connection failed ({name})"), reached=reached)


_PUBLIC_IPV6 = ipaddress.IPv6Network("2000::/3")
_resolved: dict[tuple[str, int], tuple[float, tuple[str, ...]]] = {}


async def _address(host: str, port: int, allow_private: bool) -> str:
    """An address of `host` that may be called. All of its addresses must be public, or the account allows private ones."""
    addresses = await _resolve(host, port)
    if not allow_private and any(_is_private(address) for address in addresses):
        raise AddressError(
            Text(
                f"{host} 指向内部网络，不允许访问",
                f"{host} points into a private network, which is not allowed",
            ),
            way_out=Text(
                "确有需要时，在该账号的设置里允许内网地址",
                "if it is meant, allow private addresses in the account's settings",
            ),
        )
    return addresses[0]


def address_of(host: str, port: int, allow_private: bool) -> str:
    """An address of `host` that may be called, for protocols that are not HTTP. It waits for the resolver, so call it in a thread."""
    return asyncio.run(_address(host, port, allow_private))


async def _resolve(host: str, port: int) -> tuple[str, ...]:
    try:
        return (str(ipaddress.ip_address(host)),)
    except ValueError:
        pass
    at, addresses = _resolved.get((host, port), (0.0, ()))
    if addresses and time.monotonic() - at < _RESOLVED_SECONDS:
        return addresses
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    if not found:
        # It may be the resolver that is away: unlike a forbidden address, this may pass.
        raise TransportError(Text(f"找不到主机 {host}", f"the host {host} is not known"), reached=False)
    # IPv4 first: many container networks have no way out over IPv6.
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    if len(_resolved) > 1000:
        _resolved.clear()
    addresses = tuple(dict.fromkeys(str(entry[4][0]) for entry in found))
    _resolved[host, port] = (time.monotonic(), addresses)
    return addresses


def _is_private(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour
        # All that is public lies in 2000::/3; elsewhere there are more ways to write an IPv4 address (NAT64 and its like).
        if inner is None and address not in _PUBLIC_IPV6:
            return True
        address = inner or address
    return not address.is_global or address.is_multicast


_lines: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Lines]] = WeakKeyDictionary()
_tls: list[ssl.SSLContext] = []


def _line(host: str) -> Lines:
    """One set a loop and host, so that a connection proven for one name is never used for another at the same address."""
    lines = _lines.setdefault(asyncio.get_running_loop(), {})
    if host not in lines:
        idle = [name for name, line in lines.items() if not line.busy]
        for name in idle[: max(0, len(lines) - _HOSTS + 1)]:
            lines.pop(name).close()
        lines[host] = Lines()
    return lines[host]


def _context() -> ssl.SSLContext:
    if not _tls:
        _tls.append(httpx.create_ssl_context())
    return _tls[0]
