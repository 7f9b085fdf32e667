"""Codes with a scene (带参数的二维码): whoever scans one follows, or comes back, and the account hears the scene."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from siyu_sandbox.registry import Answer, Endpoint, Json, Refusal
from siyu_sandbox.weixin.account import short_id
from siyu_sandbox.weixin.pictures import code_picture

if TYPE_CHECKING:
    from siyu_sandbox.official_account.account import OfficialAccount
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "official_account"
DEFAULT_SECONDS = 60
"""30 in older text."""
DAY = 86_400
ACTIONS = {"QR_SCENE": (True, "scene_id"), "QR_STR_SCENE": (True, "scene_str"), "QR_LIMIT_SCENE": (False, "scene_id"), "QR_LIMIT_STR_SCENE": (False, "scene_str")}  # fmt: skip


@dataclass(frozen=True)
class Code:
    """One code; `until` is None for a permanent one."""

    ticket: str
    url: str
    scene: int | str
    until: float | None


def create(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/qrcode/create."""
    if account.kind != "service":
        raise Refusal(48001)
    action = body.get("action_name")
    if not isinstance(action, str) or action not in ACTIONS:
        raise Refusal(40066, "invalid action_name")
    temporary, name = ACTIONS[action]
    scene = _scene(body, name, temporary)
    seconds = _seconds(account, body) if temporary else None
    if not temporary:
        kept = _permanent(account, scene)
        if kept:
            return {"ticket": kept.ticket, "url": kept.url}
    ticket = secrets.token_urlsafe(58)
    url = f"http://weixin.qq.com/q/{short_id(ticket, 22)}"
    until = None if seconds is None else box.clock.now() + seconds
    account.codes[ticket] = Code(ticket, url, scene, until)
    account.code_urls[url] = ticket
    if not temporary:
        account.permanent_codes[scene] = ticket
    return {"ticket": ticket, **({"expire_seconds": seconds} if seconds else {}), "url": url}


def _permanent(account: OfficialAccount, scene: int | str) -> Code | None:
    """Return the code that the scene has already: a permanent scene has one code for ever."""
    kept = account.permanent_codes.get(scene)
    if kept is None and len(account.permanent_codes) >= account.limits.permanent_codes:
        raise Refusal(45029, "qrcode count out of limit")
    return account.codes[kept] if kept else None


def _scene(body: Json, name: str, temporary: bool) -> int | str:
    try:
        value = body["action_info"]["scene"][name]
    except (KeyError, TypeError) as wrong:
        raise Refusal(40053, "invalid action info") from wrong
    if name == "scene_str":
        if not isinstance(value, str) or not 1 <= len(value) <= 64:
            raise Refusal(40053, "invalid scene_str")
        return value
    most = 2**32 - 1 if temporary else 100_000
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise Refusal(40053, "invalid scene_id")
    return value


def _seconds(account: OfficialAccount, body: Json) -> int:
    seconds = body.get("expire_seconds", DEFAULT_SECONDS)
    if not isinstance(seconds, int) or not 1 <= seconds <= account.limits.code_days * DAY:
        raise Refusal(40052, "invalid expire_seconds")
    return seconds


def find(account: OfficialAccount, text: str, now: float) -> Code | None:
    """Return the live code behind a ticket, the code's own URL, or the URL of its picture."""
    shown = parse_qs(urlsplit(text).query).get("ticket", [""])[0]
    code = account.codes.get(account.code_urls.get(text) or shown or text)
    return None if code is None or (code.until is not None and code.until <= now) else code


def show(box: Sandbox, caller: None, query: dict[str, str], body: Json) -> Answer:
    """GET /cgi-bin/showqrcode: the picture, for anybody who has the ticket."""
    for account in box.worlds[PRODUCT].accounts.values():
        code = account.codes.get(query.get("ticket"))
        if code is not None and (code.until is None or code.until > box.clock.now()):
            return Answer(code_picture(code.url), "image/png")
    return Answer(b"", "text/html", 404)


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/qrcode/create", create, PRODUCT),
    Endpoint("GET", "/cgi-bin/showqrcode", show, PRODUCT, token=False),
)
