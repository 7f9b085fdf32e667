"""Access tokens 接口凭证 of the WeChat family: fetched through the port by one refresher, asked for anew once, and never in a loop."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta

from siyu.connectors.errors import BadCredentials
from siyu.connectors.ports import Ports, Token

EARLY_SECONDS = 120
"""A token counts as run out this long before its end, so that no call begins with one that ends on its way."""
LEAST_SECONDS = 150
"""WeCom gives the same token until its end: near it, asking again brings nothing new. It is used until it is refused."""
COOL_OFF_SECONDS = 60
"""After credentials were not accepted, nothing is asked for that long: many wrong tries lock the address out for an hour."""
_PATIENCE = 3


@dataclass(frozen=True)
class Issued:
    """What the vendor answers: the token and its life in seconds."""

    value: str
    expires_in: int


class AccessToken:
    """The token of one account and secret. `key` names it in the port; `issue` asks the vendor for one."""

    def __init__(self, key: str, issue: Callable[[], Awaitable[Issued]], ports: Ports) -> None:
        self._key, self._issue, self._ports = key, issue, ports
        self._rejected: tuple[float, BadCredentials] | None = None
        self._in_a_row = 0

    async def get(self) -> str:
        self._stop_if_rejected()
        return (await self._ports.tokens.get(self._key, self._fetch)).value

    async def other_than(self, stale: str) -> str:
        """Somebody's newer token, or a new one."""
        self._stop_if_rejected()
        return (await self._ports.tokens.replace(self._key, stale, self._fetch)).value

    def accepted(self) -> None:
        self._in_a_row = 0

    def rejected(self, error: BadCredentials) -> None:
        """A token fetched a moment ago was not accepted either. Thrice in a row, and nobody calls for a while."""
        self._in_a_row += 1
        if self._in_a_row >= _PATIENCE:
            self._rejected = (time.monotonic() + COOL_OFF_SECONDS, error)

    async def _fetch(self) -> Token:
        try:
            issued = await self._issue()
        except BadCredentials as error:
            self._rejected = (time.monotonic() + COOL_OFF_SECONDS, error)
            raise
        life = max(issued.expires_in - EARLY_SECONDS, LEAST_SECONDS)
        return Token(issued.value, self._ports.now() + timedelta(seconds=life))

    def _stop_if_rejected(self) -> None:
        if self._rejected is None:
            return
        until, error = self._rejected
        if time.monotonic() < until:
            raise BadCredentials(
                error.message,
                vendor_code=error.vendor_code,
                vendor_message=error.vendor_message,
                api=error.api,
                way_out=error.way_out,
            )
        self._rejected, self._in_a_row = None, 0
