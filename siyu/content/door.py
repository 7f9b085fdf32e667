"""Door 链接入口: the address that everybody opens at once. It stands before the application and speaks plain ASGI; what is not a plain redirect goes on to the pages."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import quote

from starlette.types import ASGIApp, Receive, Scope, Send

from siyu.content import tokens, visitors
from siyu.content.links import ARTICLE
from siyu.content.programs import PURPOSES, is_program, is_wechat
from siyu.content.tokens import Ticket
from siyu.content.touches import Touch, Touches
from siyu.foundation.clock import to_ms

FIXED = (
    (b"cache-control", b"no-store"), (b"x-robots-tag", b"noindex, nofollow"), (b"referrer-policy", b"no-referrer"), (b"x-content-type-options", b"nosniff"), (b"content-length", b"0"),
)  # fmt: skip
_SAFE = ":/%#?=@[]!$&'()*+,;~"
_TOLD = frozenset({b"user-agent", b"cookie", *(name.encode() for name in PURPOSES)})


class LinkDoor:
    """Wraps the application: openings of tracked links are answered here."""

    def __init__(self, app: ASGIApp, touches: Touches) -> None:
        self.app = app
        self.touches = touches
        self._secure = (touches.stores.settings.public_url or "").lower().startswith("https://")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        ticket = None
        if path.startswith("/l/") and scope["type"] == "http" and scope["method"] in ("GET", "HEAD"):
            ticket = tokens.open_token(self.touches.stores.secrets, path[3:])
        link = self.touches.held(ticket.link_id) if ticket is not None else None
        if ticket is None or link is None or link.number == ARTICLE:
            return await self.app(scope, receive, send)
        headers = {name.decode(): value.decode("latin-1") for name, value in reversed(scope["headers"]) if name in _TOLD}
        told = visitors.number_in(self.touches.stores.secrets, cookie_in(headers.get("cookie", ""))) if "cookie" in headers else 0
        if ticket.who != "customer" and not told and is_wechat(headers):
            return await self.app(scope, receive, send)
        answer = [(b"location", quote(link.url, safe=_SAFE).encode()), *FIXED]
        if not is_program(scope["method"], headers):
            touch = self.touch(ticket, told)
            if await self.touches.put(touch) and touch.visitor:
                answer.append((b"set-cookie", self._cookie(touch.visitor)))
        await send({"type": "http.response.start", "status": 302, "headers": answer})
        await send({"type": "http.response.body", "body": b""})

    def touch(self, ticket: Ticket, told: int) -> Touch:
        return Touch(ticket, to_ms(self.touches.stores.now()), told or visitors.new_number(), told != 0)

    def _cookie(self, visitor: int) -> bytes:
        value = visitors.cookie_value(self.touches.stores.secrets, visitor)
        return f"{visitors.COOKIE}={value}; HttpOnly; Max-Age={visitors.COOKIE_SECONDS}; Path=/; SameSite=lax{'; Secure' if self._secure else ''}".encode()


def cookie_in(header: str) -> str:
    """The reader's number among a browser's cookies."""
    if visitors.COOKIE not in header:
        return ""
    try:
        held = SimpleCookie(header).get(visitors.COOKIE)
    except CookieError:
        return ""
    return held.value if held is not None else ""
