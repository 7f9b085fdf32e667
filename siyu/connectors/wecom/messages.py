"""App messages 应用消息: what the app tells staff, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from siyu.connectors.wecom.client import Client, Nothing
from siyu.connectors.wecom.content import Faults

PARTIES = 100


class Delivered(msgspec.Struct, frozen=True):
    """The message's id, and who of the receivers was not valid (joined by |, as WeCom writes them)."""

    msgid: str = ""
    invaliduser: str = ""
    invalidparty: str = ""
    invalidtag: str = ""
    unlicenseduser: str = ""
    response_code: str = ""

    @property
    def not_told(self) -> tuple[str, ...]:
        names = f"{self.invaliduser}|{self.unlicenseduser}".split("|")
        return tuple(name for name in names if name)


class Messages:
    def __init__(self, client: Client, agentid: int | None) -> None:
        self._client, self._agentid = client, agentid

    async def text(
        self, content: str, *, users: Sequence[str] = (), parties: Sequence[int] = ()
    ) -> Delivered:
        faults = Faults()
        faults.needed("content", content)
        faults.bytes("content", content, self._client.limits.app_text_bytes)
        faults.tell()
        return await self.send("text", {"content": content}, users=users, parties=parties)

    async def card(
        self,
        title: str,
        description: str,
        url: str,
        *,
        users: Sequence[str] = (),
        parties: Sequence[int] = (),
    ) -> Delivered:
        """A card that opens `url` when tapped."""
        faults = Faults()
        faults.needed("title", title)
        faults.needed("description", description)
        faults.characters("title", title, 128)
        faults.characters("description", description, 512)
        if not url.startswith(("http://", "https://")):
            faults.add("url", "必须以 http:// 或 https:// 开头", "must begin with http:// or https://")
        faults.tell()
        body = {"title": title, "description": description, "url": url}
        return await self.send("textcard", body, users=users, parties=parties)

    async def send(
        self,
        msgtype: str,
        content: Mapping[str, Any],
        *,
        users: Sequence[str] = (),
        parties: Sequence[int] = (),
        tags: Sequence[int] = (),
        check_seconds: int | None = None,
    ) -> Delivered:
        """Any kind of message. With `check_seconds` WeCom itself drops the same content to the same people in that time."""
        self._check(users, parties, tags)
        body = {
            "touser": "|".join(users) or None,
            "toparty": "|".join(map(str, parties)) or None,
            "totag": "|".join(map(str, tags)) or None,
            "msgtype": msgtype,
            "agentid": self._agentid,
            msgtype: dict(content),
            "enable_duplicate_check": 1 if check_seconds else None,
            "duplicate_check_interval": check_seconds or None,
        }
        path = "/cgi-bin/message/send"
        return await self._client.post(path, body, Delivered, idempotent=bool(check_seconds))

    async def recall(self, msgid: str) -> None:
        """Take a message back within 24 hours."""
        await self._client.post("/cgi-bin/message/recall", {"msgid": msgid}, Nothing)

    def _check(self, users: Sequence[str], parties: Sequence[int], tags: Sequence[int]) -> None:
        faults = Faults()
        faults.needed("users", users or parties or tags)
        faults.count("users", users, self._client.limits.app_users)
        faults.count("parties", parties, PARTIES)
        faults.count("tags", tags, PARTIES)
        if self._agentid is None:
            faults.add(
                "agentid",
                "请先在账号设置里填写应用编号 AgentID",
                "enter the AgentID in the account's settings first",
            )
        faults.tell()
