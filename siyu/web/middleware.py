"""Middleware 中间层: headers, log, host and body bounds. Plain ASGI: uploads and downloads stream through."""

from __future__ import annotations

import logging
import time
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from siyu.foundation.errors import InvalidError
from siyu.foundation.http import API_PREFIX, problem_response
from siyu.foundation.settings import Settings
from siyu.foundation.text import Text
from siyu.web.problems import MisdirectedError, unexpected_response

log = logging.getLogger("siyu.web.requests")
JSON_BODY_BYTES = 1_000_000
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
    "connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'"
)


class Headers:
    """Security headers on every answer, the ETag that a report asked for, no caching of other API answers."""

    def __init__(self, app: ASGIApp, https: bool) -> None:
        self.app = app
        self.fixed = {
            "Content-Security-Policy": _POLICY,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "same-origin",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Cross-Origin-Resource-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
            **({"Strict-Transport-Security": "max-age=31536000"} if https else {}),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        state = scope.setdefault("state", {})

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.fixed.items():
                    headers.setdefault(name, value)
                tag = state.get("etag")
                if tag and message["status"] in (200, 304):
                    headers["ETag"] = tag
                    headers["Cache-Control"] = "private, no-cache"
                    headers.add_vary_header("Cookie, Authorization, Accept-Language")
                elif scope["path"].startswith(API_PREFIX):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        await self.app(scope, receive, send_with_headers)


class RequestLog:
    """One line a request: method, route, status, time; never a query, a body or a value in the path.

    What nobody foresaw ends here too.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        started, status = time.perf_counter(), 0

        async def send_and_note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, send_and_note)
        except Exception as error:
            answer = unexpected_response(Request(scope, receive), error)
            if status:
                # The server must see that the answer broke off; it logs this error, so the cause stays out.
                raise RuntimeError("an answer broke off; see the error above") from None
            await answer(scope, receive, send_and_note)
        finally:
            elapsed_ms = (time.perf_counter() - started) * 1000
            log.info("%s %s %s %.1f ms", scope["method"], _template(scope), status or "-", elapsed_ms)


def _template(scope: Scope) -> str:
    path: str | None = getattr(scope.get("route"), "path", None)
    if path is None:
        return "-"
    return (
        API_PREFIX + path
        if scope["path"].startswith(API_PREFIX) and not path.startswith(API_PREFIX)
        else path
    )


class Admission:
    """Turns away a Host that is not ours (DNS rebinding) and addresses that no ledger can hold."""

    def __init__(self, app: ASGIApp, hosts: frozenset[str] | None) -> None:
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        request = Request(scope, receive)
        if self.hosts is not None and _host_name(request.headers.get("host", "")) not in self.hosts:
            error = MisdirectedError(
                Text("这个地址不是 Siyu 的地址", "Siyu does not answer at this address"),
                way_out=Text(
                    "若前面有代理，请设置 SIYU_PUBLIC_URL",
                    "when a proxy stands before Siyu, set SIYU_PUBLIC_URL",
                ),
            )
            return await problem_response(request, error)(scope, receive, send)
        if "\0" in scope["path"] or b"%00" in scope["query_string"]:
            nul = InvalidError(
                Text("地址中不能含有空字符(U+0000)", "The address must not hold the character U+0000")
            )
            return await problem_response(request, nul)(scope, receive, send)
        await self.app(scope, receive, send)


def allowed_hosts(settings: Settings) -> frozenset[str] | None:
    """Hosts to answer for when only this machine can reach us; None (any) when we listen on the network."""
    own = _host_name(settings.host)
    if own not in _LOOPBACK and not own.startswith("127."):
        return None
    public = urlsplit(settings.public_url or "").hostname
    return _LOOPBACK | {own} | ({public.lower()} if public else set())


def _host_name(header: str) -> str:
    """The host without its port: `[::1]:8760` and `::1` give `::1`."""
    value = header.strip().lower()
    if value.startswith("["):
        return value[1:].partition("]")[0]
    return (value if value.count(":") > 1 else value.partition(":")[0]).rstrip(".")


class BodyBound:
    """Bodies are at most 1 MB, unless a route asked for more with `allow_body` before it read any of it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        declared = _declared_bytes(scope)
        state, read_bytes = scope.setdefault("state", {}), 0

        async def receive_bounded() -> Message:
            nonlocal read_bytes
            limit = state.get("body_limit", JSON_BODY_BYTES)
            if declared > limit:
                raise HTTPException(413, headers={"Connection": "close"})
            message = await receive()
            if message["type"] == "http.request":
                read_bytes += len(message.get("body", b""))
                if read_bytes > limit:
                    raise HTTPException(413, headers={"Connection": "close"})
            return message

        await self.app(scope, receive_bounded, send)


def _declared_bytes(scope: Scope) -> int:
    value = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    return int(value) if value.isdigit() else 0
