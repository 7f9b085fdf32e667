"""The HTTP server: vendor addresses at the root, ours below `/sandbox/`.

Vendor calls are dispatched by a table and without a framework: a page of 100 customers should cost what it costs to
compute, not what it costs to route. Control calls go through Starlette.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from siyu_sandbox.calls import Call
from siyu_sandbox.faults import Fault
from siyu_sandbox.multipart import parse_multipart
from siyu_sandbox.registry import Answer, Control, ControlFault, Endpoint, Json, Refusal
from siyu_sandbox.sandbox import Sandbox

BODY_LIMIT = 32 * 1024 * 1024
TICK_SECONDS = 0.05


class Dropped(Exception):
    """The connection ends without an answer."""


class Vendor:
    """The vendors' side: finds the endpoint, then faults, token, windows, body, handler, count."""

    def __init__(self, box: Sandbox, control: ASGIApp) -> None:
        self._box = box
        self._control = control
        self._table: dict[str, dict[str, Endpoint]] = {}
        for product in box.products:
            for endpoint in product.endpoints:
                self._table.setdefault(endpoint.path, {})[endpoint.product] = endpoint

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] not in self._table:
            await self._control(scope, receive, send)
            return
        began = time.perf_counter()
        try:
            body = await _read(receive)
        except ConnectionError:
            return
        visit = Visit(self._box, self._table[scope["path"]], scope, body)
        try:
            answer = await visit.answer()
        except Dropped:
            _abort(send)
            answer = None
        spent = (time.perf_counter() - began) * 1000
        call = Call(self._box.clock.now(), visit.account, scope["path"], visit.outcome, spent)
        self._box.calls.record(call)
        if answer is not None:
            await _respond(send, answer)


class Visit:
    """One call of a vendor's address."""

    def __init__(self, box: Sandbox, choices: dict[str, Endpoint], scope: Scope, body: bytes) -> None:
        self._box = box
        self._scope = scope
        self._raw = body
        self.path: str = scope["path"]
        self.query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        self.ip = scope["client"][0] if scope.get("client") else "127.0.0.1"
        self.token = box.tokens.find(self.query.get("access_token", ""))
        named = self.query.get("corpid") or self.query.get("appid") or self._named_in_body(choices)
        self.endpoint = self._choose(choices, named)
        self.account = self.token.account if self.token and self.endpoint.token else named
        self.outcome = "0"

    def _named_in_body(self, choices: dict[str, Endpoint]) -> str:
        """The account of a call without token that says it in its body (stable_token, SMS)."""
        if not self._raw or any(endpoint.token or endpoint.method == "GET" for endpoint in choices.values()):
            return ""
        with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            body = msgspec.json.decode(self._raw)
            if isinstance(body, dict):
                return str(body.get("appid") or body.get("app_key") or "")
        return ""

    def _choose(self, choices: dict[str, Endpoint], named: str) -> Endpoint:
        """Hosts and paths are shared between products: the token decides, or the account that the call names."""
        if self.token and self.token.product in choices:
            return choices[self.token.product]
        for product, endpoint in choices.items():
            if named and named in self._box.worlds[product].accounts:
                return endpoint
        return next(iter(choices.values()))

    async def answer(self) -> Answer:
        """The vendor's answer, faults included."""
        box, world = self._box, self._box.world(self.endpoint.product)
        faults = box.faults.check(self.account, self.path)
        limit = world.concurrency(self.path)
        entered = False
        try:
            await self._suffer([fault for fault in faults if not fault.acted])
            box.windows.enter(self.account, self.path, limit)
            entered = True
            if box.latency_ms:
                await asyncio.sleep(box.latency_ms / 1000)
            result = self._handle()
            await self._suffer([fault for fault in faults if fault.acted])
        except Refusal as refusal:
            self.outcome = str(refusal.errcode)
            # A gateway of another make (SMS) words its refusals itself.
            refused = getattr(world, "refused", None)
            said = world.errmsg(refusal, self.ip)
            result = (
                refused(refusal)
                if refused
                else {"errcode": refusal.errcode, "errmsg": said, **refusal.fields}
            )
        except _Broken as broken:
            self.outcome = f"http {broken.status}"
            return Answer(b"<html><body>Bad Gateway</body></html>", "text/html", broken.status)
        finally:
            if entered:
                box.windows.leave(self.account, self.path)
        if isinstance(result, Answer):
            return result
        return Answer(msgspec.json.encode(result), "application/json; charset=UTF-8")

    def _handle(self) -> Json | Answer:
        endpoint, box = self.endpoint, self._box
        world = box.world(endpoint.product)
        caller = None
        if endpoint.token:
            caller = world.caller(box.tokens.open(self.query.get("access_token", "")))
        if self._scope["method"] != endpoint.method:
            code, wanted = (43001, "GET") if endpoint.method == "GET" else (43002, "POST")
            raise Refusal(code, f"require {wanted} method")
        box.windows.take(self.account, self.path, world.windows(self.path))
        query = {**self.query, "_ip": self.ip}
        return endpoint.handler(box, caller, query, self._body())

    def _body(self) -> Json:
        if self._scope["method"] == "GET" or not self._raw:
            return {}
        kind = next((v for k, v in self._scope["headers"] if k == b"content-type"), b"").decode("latin-1")
        if kind.startswith("multipart/"):
            return dict(parse_multipart(kind, self._raw))
        try:
            body = msgspec.json.decode(self._raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
            raise Refusal(47001, "data format error") from wrong
        if not isinstance(body, dict):
            raise Refusal(47001, "data format error")
        return body

    async def _suffer(self, faults: Sequence[Fault]) -> None:
        for fault in faults:
            if fault.kind == "slow":
                await asyncio.sleep(fault.seconds)
            elif fault.kind == "drop":
                self.outcome = "drop"
                raise Dropped
            elif fault.kind == "http":
                raise _Broken(fault.status)
            elif fault.kind == "kill_token":
                self._box.tokens.kill(self.account)
                raise Refusal(42001, "access_token expired")
            elif fault.kind in ("errcode", "ban", "ip"):
                raise Refusal(_code(fault, self.endpoint.product))


class _Broken(Exception):
    """The gateway in front of the vendor fails."""

    def __init__(self, status: int) -> None:
        super().__init__(status)
        self.status = status


# What a banned account and a foreign IP hear: WeCom's codes, then those of accounts and mini programs.
BANNED = {"wecom": 301007}
FOREIGN_IP = {"wecom": 60020}


def _code(fault: Fault, product: str) -> int:
    if fault.kind == "ban":
        return BANNED.get(product, 48004) if fault.code == -1 else fault.code
    if fault.kind == "ip":
        return FOREIGN_IP.get(product, 40164)
    return fault.code


async def _read(receive: Receive) -> bytes:
    parts, size = [], 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ConnectionError
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_LIMIT:
            raise ConnectionError
        if not message.get("more_body"):
            return b"".join(parts)


async def _respond(send: Send, answer: Answer) -> None:
    headers = [
        (b"content-type", answer.media_type.encode()),
        (b"content-length", str(len(answer.body)).encode()),
        *((name.lower().encode(), value.encode("latin-1")) for name, value in answer.headers.items()),
    ]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


def _abort(send: Send) -> None:
    """Close the socket under uvicorn: ASGI has no word for a server that vanishes."""
    cycle: Any = getattr(send, "__self__", None)
    if cycle is not None:
        cycle.transport.abort()
        cycle.disconnected = True
        cycle.response_started = cycle.response_complete = True


def build_app(box: Sandbox, controls: Sequence[Control], smtp: tuple[str, int] | None = None) -> ASGIApp:
    """The whole server as one ASGI application."""

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        closers = []
        if smtp:
            closers = [await p.listen(box, *smtp) for p in box.products if p.listen]
        ticker = asyncio.get_running_loop().create_task(_tick(box))
        yield
        ticker.cancel()
        await box.sender.close()
        for close in closers:
            await close()

    routes = [Route(c.path, _control(box, c), methods=[c.method]) for c in controls]
    return Vendor(box, Starlette(routes=routes, lifespan=lifespan))


async def _tick(box: Sandbox) -> None:
    while True:
        box.clock.run_due()
        await asyncio.sleep(TICK_SECONDS)


def _control(box: Sandbox, control: Control) -> Callable[[Request], Awaitable[Response]]:
    async def serve(request: Request) -> Response:
        raw = await request.body()
        try:
            body = msgspec.json.decode(raw) if raw else {}
            params = {**request.query_params, **{k: str(v) for k, v in request.path_params.items()}}
            result: Any = control.handler(box, params, body)
            if isinstance(result, Awaitable):
                result = await result
        except ControlFault as fault:
            return _json({"error": fault.sentence}, fault.status)
        except msgspec.DecodeError as wrong:
            return _json({"error": str(wrong)}, 400)
        if isinstance(result, Answer):
            return Response(result.body, result.status, dict(result.headers), result.media_type)
        return _json(result)

    return serve


def _json(value: Any, status: int = 200) -> Response:
    return Response(msgspec.json.encode(value), status, media_type="application/json")
