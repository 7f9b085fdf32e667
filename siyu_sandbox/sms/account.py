"""An account of the SMS gateway, and the messages it sent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.tokens import Token
from siyu_sandbox.windows import Window

PRODUCT = "sms"
# What the faults of the control API are called at this gateway.
FAULTS = {"48004": "SUSPENDED", "40164": "IP_DENIED", "45009": "THROTTLED", "-1": "BUSY", "47001": "BAD_BODY"}


@dataclass
class Message:
    """One message: `status` is empty until its receipt."""

    message_id: str
    id: str
    phone: str
    template: str
    params: Any
    at: float
    status: str = ""
    told: bool = False
    """Whether the receipt has been taken by the account's server."""


@dataclass
class SmsAccount:
    """One customer of the gateway. `templates`: those that were approved; None for any."""

    app_key: str
    secret: str
    signature: str = "澄山里"
    receipt_url: str = ""
    reply_url: str = ""
    templates: list[str] | None = None
    balance: int | None = None
    blacklist: set[str] = field(default_factory=set)
    undeliverable: set[str] = field(default_factory=set)
    rejecting: set[str] = field(default_factory=set)
    failure_rate: float = 0.0
    messages: list[Message] = field(default_factory=list)
    waiting: list[Message] = field(default_factory=list)
    """Messages whose receipt is due."""


@dataclass
class SmsLimits:
    """Settings of the gateway (`PATCH /sandbox/settings`)."""

    calls_per_second: int = 200
    per_phone_day: int = 10
    clock_seconds: int = 300
    """How far the timestamp of a call may be off."""
    receipt_seconds: float = 3
    receipt_batch: int = 100
    receipt_tries: int = 3
    receipt_wait_seconds: float = 5


class SmsWorld:
    """The accounts of the gateway."""

    def __init__(self) -> None:
        self.accounts: dict[str, SmsAccount] = {}
        self.limits = SmsLimits()

    def caller(self, token: Token) -> None:
        """There are no tokens: each call is signed."""

    def windows(self, api: str) -> Sequence[Window]:
        """Calls are counted by the handler, which knows the account."""
        return ()

    def concurrency(self, api: str) -> int | None:
        """Unlimited."""
        return None

    def errmsg(self, refusal: Refusal, ip: str) -> str:
        """Return the words of a refusal."""
        return refusal.errmsg

    def refused(self, refusal: Refusal) -> Json:
        """Answer in the gateway's form: a code in words."""
        code = FAULTS.get(str(refusal.errcode), str(refusal.errcode))
        return {"code": code, "message": refusal.errmsg or code.lower().replace("_", " ")}

    def counts(self) -> dict[str, int]:
        """Return how many accounts and messages there are."""
        sent = sum(len(account.messages) for account in self.accounts.values())
        return {"accounts": len(self.accounts), "messages": sent}
