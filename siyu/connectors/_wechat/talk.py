"""Talk 客服消息: free messages to somebody who has just turned to the account.

The windows are data here; the gate that decides whether a message may go knows what each person did and when.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Nothing, Platform

SEND, TYPING = "/cgi-bin/message/custom/send", "/cgi-bin/message/custom/typing"
TEXT_BYTES = 2048
MOST_ARTICLES = 1
"""Since October 2018 a customer message holds one article (eight before)."""
Trigger = Literal["message", "menu", "follow", "scan", "payment", "enter"]


@dataclass(frozen=True)
class Window:
    """After a trigger so many messages may be sent within so many seconds; no `count` means as many as one likes."""

    count: int | None
    seconds: int


ACCOUNT_WINDOWS: Mapping[Trigger, Window] = {
    "message": Window(5, 48 * 3600),
    "menu": Window(3, 60),
    "follow": Window(3, 60),
    "scan": Window(3, 60),
    "payment": Window(None, 48 * 3600),
}
"""Official Account [Customer_Service page; message: 20 until about 2021]."""
MINI_PROGRAM_WINDOWS: Mapping[Trigger, Window] = {"message": Window(5, 48 * 3600), "enter": Window(2, 60)}


@dataclass(frozen=True)
class Say:
    """One message as it goes over the wire: `kind` and the content under that name. Made by the functions below."""

    kind: str
    content: Mapping[str, Any]


def text(content: str) -> Say:
    return Say("text", {"content": content})


def image(media_id: str) -> Say:
    return Say("image", {"media_id": media_id})


def voice(media_id: str) -> Say:
    return Say("voice", {"media_id": media_id})


def video(media_id: str, thumb_media_id: str, title: str = "", description: str = "") -> Say:
    return Say(
        "video",
        {"media_id": media_id, "thumb_media_id": thumb_media_id, "title": title, "description": description},
    )


def music(url: str, hq_url: str, thumb_media_id: str, title: str = "", description: str = "") -> Say:
    return Say(
        "music",
        {
            "musicurl": url,
            "hqmusicurl": hq_url,
            "thumb_media_id": thumb_media_id,
            "title": title,
            "description": description,
        },
    )


def news(title: str, description: str, url: str, picurl: str) -> Say:
    article = {"title": title, "description": description, "url": url, "picurl": picurl}
    return Say("news", {"articles": [article]})


def mpnews(media_id: str) -> Say:
    return Say("mpnews", {"media_id": media_id})


def mpnewsarticle(article_id: str) -> Say:
    return Say("mpnewsarticle", {"article_id": article_id})


def menu(head: str, options: Mapping[str, str], tail: str = "") -> Say:
    """A question with answers to tap (id → words); the answer comes back as a message with `bizmsgmenuid`."""
    rows = [{"id": answer, "content": words} for answer, words in options.items()]
    return Say("msgmenu", {"head_content": head, "list": rows, "tail_content": tail})


def card(card_id: str) -> Say:
    return Say("wxcard", {"card_id": card_id})


def mini_program(title: str, appid: str, pagepath: str, thumb_media_id: str) -> Say:
    """For an Official Account, which names the mini program."""
    return Say(
        "miniprogrampage",
        {"title": title, "appid": appid, "pagepath": pagepath, "thumb_media_id": thumb_media_id},
    )


def own_page(title: str, pagepath: str, thumb_media_id: str) -> Say:
    """For a Mini Program: a card of one of its own pages."""
    return Say("miniprogrampage", {"title": title, "pagepath": pagepath, "thumb_media_id": thumb_media_id})


def link(title: str, description: str, url: str, thumb_url: str) -> Say:
    """For a Mini Program; an Official Account has `news`."""
    return Say("link", {"title": title, "description": description, "url": url, "thumb_url": thumb_url})


_OPTIONAL = frozenset({"description", "tail_content", "head_content", "title"})


class Talk:
    def __init__(self, platform: Platform, kinds: frozenset[str]) -> None:
        self._platform, self._kinds = platform, kinds

    async def send(self, openid: str, say: Say, *, kf_account: str = "") -> None:
        """Send one message; not idempotent. Refused with 45015 after the window, 45047 beyond its count."""
        faults = Faults()
        faults.needed("openid", openid)
        if say.kind not in self._kinds:
            faults.add("kind", f"这个载体不支持 {say.kind}", f"{say.kind} is not possible on this carrier")
        for name, value in say.content.items():
            if name not in _OPTIONAL or (say.kind == "msgmenu" and name == "head_content"):
                faults.needed(name, value)
        if say.kind == "text":
            faults.bytes("content", str(say.content.get("content", "")), TEXT_BYTES)
        faults.tell()
        body: dict[str, Any] = {"touser": openid, "msgtype": say.kind, say.kind: dict(say.content)}
        if kf_account:
            body["customservice"] = {"kf_account": kf_account}
        await self._platform.post(SEND, body, Nothing, idempotent=False)

    async def typing(self, openid: str, *, on: bool = True) -> None:
        """Show (or take away) that somebody is writing."""
        await self._platform.post(
            TYPING, {"touser": openid, "command": "Typing" if on else "CancelTyping"}, Nothing
        )
