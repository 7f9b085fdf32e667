"""Content checks (内容安全) of what people write: by a list of words, where the vendor uses more than that."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from siyu_sandbox.mini_program.account import MiniProgram
from siyu_sandbox.registry import Endpoint, Json, Refusal
from siyu_sandbox.weixin.events import tell

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "mini_program"
VISITED_SECONDS = 7200
"""The person must have been in the mini program within two hours."""
TEXT_CHARACTERS = 2500
RISKY = {"赌博": 20002, "加微信返现": 10001, "毒品": 20006, "诈骗": 20008}
PASS, ASK, STOP = "pass", "review", "risky"


def _judge(text: str) -> tuple[str, int, str]:
    """Return the advice, the label, and the word it follows from."""
    for word, label in RISKY.items():
        if word in text:
            return (ASK if label == 10001 else STOP), label, word
    return PASS, 100, ""


def _visitor(box: Sandbox, account: MiniProgram, body: Json) -> str:
    openid = body.get("openid")
    if body.get("scene") not in (1, 2, 3, 4) or body.get("version") not in (2, "2"):
        raise Refusal(40097, "invalid args")
    if not isinstance(openid, str) or openid not in account.people:
        raise Refusal(40003)
    if box.clock.now() - account.seen.get(openid, 0) > VISITED_SECONDS:
        raise Refusal(61010, "code is expired")
    return openid


def check_text(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Json:
    """POST /wxa/msg_sec_check, version 2; without a version the old one, which answers a code only."""
    content = str(body.get("content") or "")
    if not content or len(content) > TEXT_CHARACTERS:
        raise Refusal(40097, "invalid args")
    advice, label, word = _judge(content)
    if "version" not in body:
        if advice == STOP:
            raise Refusal(87014, "risky content")
        return {"errcode": 0, "errmsg": "ok"}
    _visitor(box, account, body)
    detail = {
        "strategy": "keyword",
        "errcode": 0,
        "suggest": advice,
        "label": label,
        "keyword": word,
        "level": 90 if word else 20,
    }
    return {
        "errcode": 0,
        "errmsg": "ok",
        "result": {"suggest": advice, "label": label},
        "detail": [detail],
        "trace_id": secrets.token_hex(16),
    }


def check_media(box: Sandbox, account: MiniProgram, query: dict[str, str], body: Json) -> Json:
    """POST /wxa/media_check_async; the answer follows as the event `wxa_media_check`, judged by the words of the URL."""
    openid = _visitor(box, account, body)
    if not str(body.get("media_url", "")).startswith(("http://", "https://")) or body.get(
        "media_type"
    ) not in (1, 2):
        raise Refusal(40097, "invalid args")
    trace = secrets.token_hex(16)
    advice, label, _ = _judge(str(body["media_url"]))
    result = {"suggest": advice, "label": label}
    tell(
        box, account, openid, "wxa_media_check", appid=account.appid, trace_id=trace, version=2, result=result
    )
    return {"errcode": 0, "errmsg": "ok", "trace_id": trace}


ENDPOINTS = (
    Endpoint("POST", "/wxa/msg_sec_check", check_text, PRODUCT),
    Endpoint("POST", "/wxa/media_check_async", check_media, PRODUCT),
)
