"""What the worlds of both products do alike: look up callers, keep rate windows, word refusals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Generic, TypeVar

from siyu_sandbox.registry import Refusal
from siyu_sandbox.tokens import Token
from siyu_sandbox.weixin.account import Account
from siyu_sandbox.weixin.limits import Limits
from siyu_sandbox.windows import Window

DAY = 86_400
A = TypeVar("A", bound=Account)

ERRMSG = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40003: "invalid openid",
    40013: "invalid appid",
    40037: "invalid template_id",
    40125: "invalid appsecret",
    40164: "invalid ip not in whitelist",
    43004: "require subscribe",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45015: "response out of time limit or subscription is canceled",
    45047: "out of response count limit",
    48001: "api unauthorized",
    48002: "user refuse to accept the msg",
    48004: "api forbidden for irregularities",
    50002: "user limited",
}


class WeixinWorld(Generic[A]):
    """The accounts of one product under its limits, which a control call may change."""

    def __init__(self, limits: Limits) -> None:
        self.accounts: dict[str, A] = {}
        self.limits = limits

    def caller(self, token: Token) -> A:
        """Return the account a token was made for."""
        return self.accounts[token.account]

    def windows(self, api: str) -> Sequence[Window]:
        """Return the minute and the day window of an API, where it has them."""
        found = []
        if api in self.limits.minute:
            found.append(Window(self.limits.minute[api], 60, 45011))
        if api in self.limits.daily:
            found.append(Window(self.limits.daily[api], DAY))
        return found

    def concurrency(self, api: str) -> int | None:
        """These products limit none."""
        return None

    def errmsg(self, refusal: Refusal, ip: str) -> str:
        """Return the words with the trace id that the vendor hangs on."""
        said = refusal.errmsg or ERRMSG.get(refusal.errcode, "error")
        return f"{said} rid: {abs(hash((said, ip))) & 0xFFFFFFFF:08x}-{refusal.errcode & 0xFFFFFFFF:08x}"

    def counts(self) -> dict[str, int]:
        """Return how many accounts and how many people that met one there are."""
        return {
            "accounts": len(self.accounts),
            "people": sum(len(account.people) for account in self.accounts.values()),
        }
