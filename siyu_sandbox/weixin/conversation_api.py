"""Customer-service messages (客服消息): free words to one person, as long as a window is open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from siyu_sandbox.registry import Endpoint, Json, Refusal
from siyu_sandbox.weixin.account import Account
from siyu_sandbox.weixin.events import hand_over

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

TEXT_BYTES = 2048
MOST_ARTICLES = 1
"""News messages carry one article since 2018-10-12."""
KINDS = {
    "official_account": {"text", "image", "voice", "video", "music", "news", "mpnews", "mpnewsarticle", "msgmenu", "wxcard", "miniprogrampage"},
    "mini_program": {"text", "image", "link", "miniprogrampage"},
}  # fmt: skip
NEEDED = {
    "text": ("content",),
    "image": ("media_id",),
    "voice": ("media_id",),
    "video": ("media_id",),
    "music": ("musicurl", "hqmusicurl", "thumb_media_id"),
    "news": ("articles",),
    "mpnews": ("media_id",),
    "mpnewsarticle": ("article_id",),
    "msgmenu": ("list",),
    "wxcard": ("card_id",),
    "link": ("title", "description", "url", "thumb_url"),
    "miniprogrampage": ("title", "pagepath", "thumb_media_id"),
}
FILES = ("media_id", "thumb_media_id")


def content_of(box: Sandbox, account: Account, body: Json, kinds: set[str]) -> tuple[str, Json]:
    """Return kind and content of a message body; refuse what the vendor would."""
    kind = body.get("msgtype")
    if not isinstance(kind, str) or kind not in kinds:
        raise Refusal(40008, "invalid message type")
    content = body.get(kind)
    if not isinstance(content, dict):
        raise Refusal(44004 if kind == "text" else 40035, "empty content")
    for name in NEEDED.get(kind, ()):
        if not content.get(name):
            raise Refusal(
                44004 if name == "content" else 40007 if name in FILES else 40035, f"{name} is empty"
            )
    if kind == "text" and len(str(content["content"]).encode()) > TEXT_BYTES:
        raise Refusal(45002, "content size out of limit")
    if kind == "news" and len(content["articles"]) > MOST_ARTICLES:
        raise Refusal(45008, "article size out of limit")
    if kind != "mpnews":
        _check_files(box, account, content)
    return kind, content


def _check_files(box: Sandbox, account: Account, content: Json) -> None:
    for name in FILES:
        if content.get(name) and account.media.find(content[name], box.clock.now()) is None:
            raise Refusal(40007, "invalid media_id")


def person(account: Account, openid: object) -> str:
    """Return the openid; refuse one of nobody, of somebody who left, and of somebody who wants no messages."""
    if not isinstance(openid, str) or openid not in account.people:
        raise Refusal(40003, "invalid openid")
    refusal = account.refusal(openid)
    if refusal:
        raise Refusal(refusal)
    return openid


def send(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/message/custom/send."""
    openid = person(account, body.get("touser"))
    kind, content = content_of(box, account, body, KINDS[account.product])
    refusal = account.conversations.use(openid, box.clock.now(), box.clock.real())
    if refusal:
        raise Refusal(refusal)
    by: dict[str, Any] = body.get("customservice") or {}
    hand_over(
        box,
        account,
        openid,
        kind,
        content | ({"kf_account": by["kf_account"]} if by.get("kf_account") else {}),
    )
    return {"errcode": 0, "errmsg": "ok"}


def typing(box: Sandbox, account: Account, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/message/custom/typing: shown for a moment only, so nothing is kept of it."""
    openid = person(account, body.get("touser"))
    if body.get("command") not in ("Typing", "CancelTyping"):
        raise Refusal(45080, "invalid command")
    if account.conversations.left(openid, box.clock.now(), box.clock.real()) == 0:
        raise Refusal(45015)
    return {"errcode": 0, "errmsg": "ok"}


def endpoints(product: str) -> tuple[Endpoint, ...]:
    """Return the addresses for one of the two products."""
    return (
        Endpoint("POST", "/cgi-bin/message/custom/send", send, product),
        Endpoint("POST", "/cgi-bin/message/custom/typing", typing, product),
    )
