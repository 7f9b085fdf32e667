"""Fields 账号资料 that several vendors ask for alike, and how their values are read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from siyu.connectors._http import Reach
from siyu.connectors.vendor import Field
from siyu.foundation.text import Text

NOTHING: Final = Text("", "")

ALLOW_PRIVATE: Final = Field("allow_private", Text("允许内网地址", "Allow private addresses"), pattern=r"true|false", required=False, default="false")

MESSAGE_COST: Final = Field(
    "message_cost_fen",
    Text("每条消息费用(分)", "Cost of a message (fen)"),
    Text(
        "服务商每发一条收多少，整数分；用于按费用选载体和统计费用，留空为 0",
        "What the provider takes for one, in whole fen; for choosing the cheapest way and for figures of cost; empty: 0",
    ),
    pattern=r"\d{1,6}",
    required=False,
)
"""Of everything that messages can be sent by."""


def answers(optout: str = "", optin: str = "") -> tuple[Field, ...]:
    """Words that confirm an opt-out, and a subscription, that was asked for by a word."""
    words = r"[^\x00-\x1f\x7f]{1,200}"
    return (
        Field("confirm_words", Text("自动确认退订", "Confirm opt-outs"), Text("有人发来“退订”或“订阅”时回复一次", "One answer to whoever writes to opt out or to subscribe"), pattern=r"true|false", required=False, default="true"),
        Field("optout_answer", Text("退订确认语", "Words that confirm an opt-out"), pattern=words, required=False, default=optout),
        Field("optin_answer", Text("订阅确认语", "Words that confirm a subscription"), pattern=words, required=False, default=optin),
    )


def base_url(default: str = "", help: Text = NOTHING) -> Field:
    return Field("base_url", Text("接口地址", "Base URL"), help, pattern=r"https?://[^\s?#]+", required=False, default=default)


def timeout_seconds(default: int) -> Field:
    return Field("timeout_seconds", Text("超时秒数", "Time-out in seconds"), pattern=r"[1-9]\d{0,2}", required=False, default=str(default))


def per_second(default: int, label: Text) -> Field:
    return Field("per_second", label, pattern=r"[1-9]\d{0,4}", required=False, default=str(default))


def at_once() -> Field:
    return Field("at_once", Text("同时调用数", "Calls at once"), pattern=r"[1-9]\d{0,2}", required=False, default="10")


def callback_token(pattern: str, help: Text) -> Field:
    return Field("callback_token", Text("回调 Token", "Callback token"), help, secret=True, pattern=pattern, required=False)


def encoding_aes_key(help: Text) -> Field:
    return Field("encoding_aes_key", Text("回调 EncodingAESKey", "Callback EncodingAESKey"), help, secret=True, pattern=r"[A-Za-z0-9+/]{43}", required=False)


def is_true(value: object, default: bool = False) -> bool:
    return default if value in (None, "") else str(value).lower() in ("1", "true", "yes", "on")


def reach_of(settings: Mapping[str, Any]) -> Reach:
    """Where calls of an account may go."""
    return Reach(allow_private=is_true(settings.get("allow_private")))
