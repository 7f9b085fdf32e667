"""Access tokens (接口调用凭据): opaque, with a life in virtual time, and mortal before it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from siyu_sandbox.clock import Clock
from siyu_sandbox.registry import Refusal

LIFE_SECONDS = 7200


@dataclass
class Token:
    """`key` tells apart the tokens of one account: the app's secret at WeCom, "plain" or "stable" at an OA."""

    value: str
    product: str
    account: str
    key: str
    expires_at: float
    killed: bool = False


class Tokens:
    """All tokens ever given out; old ones stay known, so that they answer 42001 and not 40014."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._by_value: dict[str, Token] = {}
        self._latest: dict[tuple[str, str, str], Token] = {}

    def issue(self, product: str, account: str, key: str, life: float = LIFE_SECONDS) -> Token:
        """Make a new token and remember it as the latest of its key. The one before lives on; see `end`."""
        token = Token(secrets.token_urlsafe(96), product, account, key, self._clock.now() + life)
        self._by_value[token.value] = self._latest[product, account, key] = token
        return token

    def live(self, product: str, account: str, key: str) -> Token | None:
        """The latest token of the key, unless its life is over."""
        token = self._latest.get((product, account, key))
        return token if token and not self.ended(token) else None

    def ended(self, token: Token) -> bool:
        """Whether the token is killed or its time is up."""
        return token.killed or token.expires_at <= self._clock.now()

    def end(self, token: Token, in_seconds: float = 0) -> None:
        """Let the token live at most so long from now."""
        token.expires_at = min(token.expires_at, self._clock.now() + in_seconds)

    def find(self, value: str) -> Token | None:
        """The token, alive or not."""
        return self._by_value.get(value)

    def open(self, value: str) -> Token:
        """The live token, or the vendor's refusal: 41001 missing, 40014 never seen, 42001 over."""
        if not value:
            raise Refusal(41001, "access_token missing")
        token = self._by_value.get(value)
        if token is None:
            raise Refusal(40014, "invalid access_token")
        if self.ended(token):
            raise Refusal(42001, "access_token expired")
        return token

    def kill(self, account: str) -> int:
        """Let every live token of the account die early; answers how many."""
        dying = [t for t in self._by_value.values() if t.account == account and not self.ended(t)]
        for token in dying:
            token.killed = True
        return len(dying)
