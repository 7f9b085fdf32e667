"""Access 准入: who makes this request, and may they.

Every route depends on exactly one of `require`, `require_session`, `anyone`.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Annotated, Any

from fastapi import BackgroundTasks, Depends, Request, Response
from fastapi.dependencies.models import Dependant
from fastapi.security import APIKeyCookie, HTTPBearer

from siyu.foundation.errors import NotAllowedError, NotLoggedInError
from siyu.foundation.http import stores_of
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import sessions, tokens
from siyu.team.audit import COMMAND_LINE, Actor
from siyu.team.errors import ForeignRequestError
from siyu.team.looks import Looks
from siyu.team.roles import PERMISSIONS, permissions_of

ANYONE = "anyone"
SESSION = "session"
REQUEST_HEADER = "X-Siyu-Request"
_READING = frozenset({"GET", "HEAD", "OPTIONS"})

# Read by hand in `identify`; named here so that the OpenAPI document tells how to log in.
_COOKIE_SCHEME = APIKeyCookie(name="siyu_session", auto_error=False, description="Set by POST /session.")
_BEARER_SCHEME = HTTPBearer(auto_error=False, description="An API token, `siyu_…`.")


@dataclass(frozen=True)
class Access:
    """Who acts, what they may do, and the open stores.

    `member_id` is the member who answers for it (for a token: its maker); None for the command line.
    """

    actor: Actor
    role: str
    permissions: frozenset[str]
    stores: Stores
    member_id: int | None = None
    session: sessions.Session | None = field(default=None, repr=False)

    def may(self, permission: str) -> bool:
        return permission in self.permissions


class _Asking:
    """A dependency; `permission` is the marker by which tests see that a route declares one."""

    def __init__(self, permission: str) -> None:
        self.permission = permission


class _Require(_Asking):
    def __call__(
        self,
        request: Request,
        tasks: BackgroundTasks,
        _cookie: Annotated[str | None, Depends(_COOKIE_SCHEME)],
        _bearer: Annotated[Any, Depends(_BEARER_SCHEME)],
    ) -> Access:
        access = identify(request, tasks)
        if access is None or (self.permission == SESSION and access.session is None):
            raise _not_logged_in()
        if self.permission != SESSION and not access.may(self.permission):
            raise NotAllowedError(
                Text(f"需要权限 {self.permission}", f"This needs the permission {self.permission}"),
                way_out=Text("请所有者调整你的角色", "ask an owner for another role"),
            )
        return access


class _Anyone(_Asking):
    # Async because it waits for nothing: a plain function would go through a thread.
    async def __call__(self, request: Request) -> Stores:
        return stores_of(request)


@cache
def require(permission: str) -> Callable[..., Access]:
    """For `Depends`: the request's Access, or 401 without a valid log-in, 403 without the permission."""
    if permission not in PERMISSIONS:
        raise ValueError(f"unknown permission {permission!r}")
    return _Require(permission)


@cache
def require_session() -> Callable[..., Access]:
    """For `Depends`: a logged-in browser, whatever its role."""
    return _Require(SESSION)


@cache
def anyone() -> Callable[..., Awaitable[Stores]]:
    """For `Depends`: a public route; gives the stores."""
    return _Anyone(ANYONE)


def declared_by(dependant: Dependant) -> list[str]:
    """Permissions (or `session`, `anyone`) that a route declares; a test asks for exactly one."""
    found = []
    for inner in dependant.dependencies:
        if isinstance(inner.call, _Asking):
            found.append(inner.call.permission)
        found += declared_by(inner)
    return found


def identify(request: Request, tasks: BackgroundTasks) -> Access | None:
    """Who the token, or else the cookie, stands for. A wrong token is an error even beside a good cookie."""
    stores = stores_of(request)
    scheme, _, secret = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return _by_token(stores, tasks, secret.strip())
    cookie = session_cookie(request)
    session = sessions.find_session(stores, cookie) if cookie else None
    if session is None:
        return None
    refuse_foreign(request)
    if stores.now() - session.seen_at >= sessions.TOUCH_EVERY:
        tasks.add_task(sessions.touch_session, stores, session)
    member = session.member
    return Access(
        sessions.actor_of(member), member.role, permissions_of(member.role), stores, member.id, session
    )


def looks_of(request: Request) -> Looks:
    """Where it is written down whose data was looked at."""
    looks: Looks = request.app.state.looks
    return looks


def _by_token(stores: Stores, tasks: BackgroundTasks, secret: str) -> Access:
    if tokens.is_local_token(stores, secret):
        return Access(COMMAND_LINE, "owner", permissions_of("owner"), stores)
    use = tokens.find_token(stores, secret)
    if use is None:
        raise NotLoggedInError(
            Text("令牌无效、已过期或已撤销", "The token is not valid, has expired or was revoked"),
            way_out=Text("请所有者发一个新令牌", "ask an owner for a new token"),
        )
    token = use.token
    if token.last_used_at is None or stores.now() - token.last_used_at >= tokens.TOUCH_EVERY:
        tasks.add_task(tokens.touch_token, stores, token)
    return Access(Actor(token.id, token.name, "token"), token.role, use.permissions, stores, use.member_id)


def refuse_foreign(request: Request) -> None:
    """Another site can make a browser send the cookie, but not this header (that needs our CORS consent)."""
    if request.method not in _READING and not request.headers.get(REQUEST_HEADER):
        raise ForeignRequestError(
            Text(f"缺少请求头 {REQUEST_HEADER}", f"The header {REQUEST_HEADER} is missing"),
            way_out=Text(
                "程序请改用 Authorization: Bearer 令牌",
                "a program should use an Authorization: Bearer token instead",
            ),
        )


def session_cookie(request: Request) -> str | None:
    return request.cookies.get(_cookie_name(stores_of(request)))


def set_session_cookie(response: Response, stores: Stores, secret: str) -> None:
    """HttpOnly, SameSite=Lax; with https also Secure, under the __Host- name that no sibling can plant."""
    response.set_cookie(
        _cookie_name(stores), secret, max_age=stores.settings.session_days * 86_400,
        path="/", secure=_is_https(stores), httponly=True, samesite="lax",
    )  # fmt: skip


def drop_session_cookie(response: Response, stores: Stores) -> None:
    response.delete_cookie(
        _cookie_name(stores), path="/", secure=_is_https(stores), httponly=True, samesite="lax"
    )


def _is_https(stores: Stores) -> bool:
    return (stores.settings.public_url or "").lower().startswith("https://")


def _cookie_name(stores: Stores) -> str:
    return "__Host-siyu_session" if _is_https(stores) else "siyu_session"


def _not_logged_in() -> NotLoggedInError:
    return NotLoggedInError(
        Text("还没有登录，或登录已过期", "You are not logged in, or the log-in has expired"),
        way_out=Text("重新登录", "log in again"),
    )
