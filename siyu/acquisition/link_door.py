"""Door 短链入口: everybody opens a printed link at once, so it is answered before the application, and what is counted is written afterwards."""

from __future__ import annotations

from time import monotonic
from urllib.parse import quote

from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Receive, Scope, Send

from siyu.acquisition import short_links
from siyu.acquisition.short_links import Link
from siyu.acquisition.visits import Visit, Visits
from siyu.content import visitors
from siyu.content.door import FIXED, cookie_in
from siyu.content.programs import PURPOSES, is_program
from siyu.foundation.clock import to_ms

HELD_SECONDS = 5.0
"""A link that was changed leads to its new place after so long in every process."""
MOST_HELD = 50_000
_SAFE = ":/%#?=@[]!$&'()*+,;~"
_TOLD = frozenset({b"user-agent", b"cookie", *(name.encode() for name in PURPOSES)})


class ShortLinkDoor:
    """Wraps the application: /g/<code> is answered here. What is no short link goes on (pages of join codes stand at the same address)."""

    def __init__(self, app: ASGIApp, visits: Visits) -> None:
        self.app = app
        self.visits = visits
        self._held: dict[str, tuple[float, Link | None]] = {}
        self._secure = (visits.stores.settings.public_url or "").lower().startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        is_mine = path.startswith("/g/") and scope["type"] == "http" and scope["method"] in ("GET", "HEAD") and short_links.SIGNS.fullmatch(path[3:])
        link = await self._find(path[3:]) if is_mine else None
        if link is None or link.closed_at is not None or not link.path:
            return await self.app(scope, receive, send)
        headers = {name.decode(): value.decode("latin-1") for name, value in reversed(scope["headers"]) if name in _TOLD}
        program, secrets = is_program(scope["method"], headers), self.visits.stores.secrets
        told = visitors.number_in(secrets, cookie_in(headers.get("cookie", ""))) if "cookie" in headers else 0
        visitor = 0 if program else told or visitors.new_number()
        answer = [(b"location", quote(link.path, safe=_SAFE).encode()), *FIXED]
        if visitor:
            answer.append((b"set-cookie", self._cookie(visitor)))
        await send({"type": "http.response.start", "status": 302, "headers": answer})
        await send({"type": "http.response.body", "body": b""})
        await self.visits.put(
            Visit(
                "link", link.id, "program" if program else "visit", to_ms(self.visits.stores.now()), visitor, link.source_id, link.to.code_id or 0, link.offer_id,
                link.region,
            )
        )

    async def _find(self, code: str) -> Link | None:
        held = self._held.get(code)
        if held is not None and monotonic() - held[0] < HELD_SECONDS:
            return held[1]
        link = await run_in_threadpool(self._read, code)
        if len(self._held) > MOST_HELD:
            self._held.clear()
        self._held[code] = (monotonic(), link)
        return link

    def _read(self, code: str) -> Link | None:
        with self.visits.stores.ledger.read() as tx:
            return short_links.find_by_code(tx, code)

    def _cookie(self, visitor: int) -> bytes:
        value = visitors.cookie_value(self.visits.stores.secrets, visitor)
        return f"{visitors.COOKIE}={value}; HttpOnly; Max-Age={visitors.COOKIE_SECONDS}; Path=/; SameSite=lax{'; Secure' if self._secure else ''}".encode()
