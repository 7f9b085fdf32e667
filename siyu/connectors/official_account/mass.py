"""Mass send 群发: to all, to a tag, or to a list of people. A subscription account may once a day, a service account four times a month.

`clientmsgid` makes it safe to hand in again: within 24 hours the vendor answers 45065 with the first one's number, and so this
connector answers with it too. Within the first minute it answers 45066 (Throttled): after an unknown outcome the caller waits
for a minute. The push MASSSENDJOBFINISH tells how many were reached.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.platform import Nothing, Platform
from siyu.connectors.official_account.limits import AccountLimits

ALREADY = "45065"
LEAST_PEOPLE = 2
TEXT_CHARACTERS = 600


@dataclass(frozen=True)
class Mass:
    """What is sent: `kind` and the content under that name. Made by the functions below."""

    kind: str
    content: Mapping[str, Any]


def articles(media_id: str) -> Mass:
    return Mass("mpnews", {"media_id": media_id})


def text(content: str) -> Mass:
    return Mass("text", {"content": content})


def voice(media_id: str) -> Mass:
    return Mass("voice", {"media_id": media_id})


def pictures(media_ids: Sequence[str], recommend: str = "", *, open_comment: bool = False) -> Mass:
    comment = {"need_open_comment": int(open_comment), "only_fans_can_comment": 0}
    return Mass("images", {"media_ids": [*media_ids], "recommend": recommend, **comment})


def video(media_id: str) -> Mass:
    return Mass("mpvideo", {"media_id": media_id})


def card(card_id: str) -> Mass:
    return Mass("wxcard", {"card_id": card_id})


class MassSent(msgspec.Struct, frozen=True):
    """`again`: this clientmsgid was handed in before, and nothing was sent a second time."""

    msg_id: int = 0
    msg_data_id: int = 0
    errcode: int = 0

    @property
    def again(self) -> bool:
        return str(self.errcode) == ALREADY


class _Status(msgspec.Struct, frozen=True):
    msg_id: int = 0
    msg_status: str = ""


class _Speed(msgspec.Struct, frozen=True):
    speed: int = 0
    realspeed: int = 0


class MassSend:
    def __init__(self, platform: Platform, limits: AccountLimits) -> None:
        self._platform, self._limits = platform, limits

    async def to_all(self, mass: Mass, clientmsgid: str, *, send_reprint: bool = False) -> MassSent:
        """To every follower; goes into the account's history, and is possible once a day."""
        return await self._send(
            "/cgi-bin/message/mass/sendall", {"filter": {"is_to_all": True}}, mass, clientmsgid, send_reprint
        )

    async def to_tag(
        self, tag_id: int, mass: Mass, clientmsgid: str, *, send_reprint: bool = False
    ) -> MassSent:
        target = {"filter": {"is_to_all": False, "tag_id": tag_id}}
        return await self._send("/cgi-bin/message/mass/sendall", target, mass, clientmsgid, send_reprint)

    async def to_people(
        self, openids: Sequence[str], mass: Mass, clientmsgid: str, *, send_reprint: bool = False
    ) -> MassSent:
        """To 2 to 10,000 people (service accounts)."""
        faults = Faults()
        faults.count("openids", openids, self._limits.mass_people, LEAST_PEOPLE)
        faults.tell()
        return await self._send(
            "/cgi-bin/message/mass/send", {"touser": [*openids]}, mass, clientmsgid, send_reprint
        )

    async def preview(self, openid: str, mass: Mass) -> None:
        """Show it to one person; 100 a day."""
        body = {"touser": openid, "msgtype": mass.kind, mass.kind: dict(mass.content)}
        await self._platform.post("/cgi-bin/message/mass/preview", body, Nothing, idempotent=False)

    async def status(self, msg_id: int) -> str:
        """SEND_SUCCESS, SENDING, SEND_FAIL or DELETE."""
        return (
            await self._platform.post("/cgi-bin/message/mass/get", {"msg_id": msg_id}, _Status)
        ).msg_status

    async def delete(self, msg_id: int, article: int = 0) -> None:
        """Take articles back (one of them, or all with 0): they cannot be read any more, the message stays in the chat."""
        await self._platform.post(
            "/cgi-bin/message/mass/delete", {"msg_id": msg_id, "article_idx": article}, Nothing
        )

    async def speed(self) -> tuple[int, int]:
        """The speed's step (0 fastest to 4) and what it means in ten thousands a minute."""
        found = await self._platform.post("/cgi-bin/message/mass/speed/get", {}, _Speed)
        return found.speed, found.realspeed

    async def set_speed(self, step: int) -> None:
        faults = Faults()
        faults.between("step", step, 0, 4)
        faults.tell()
        await self._platform.post("/cgi-bin/message/mass/speed/set", {"speed": step}, Nothing)

    async def _send(
        self, path: str, target: dict[str, Any], mass: Mass, clientmsgid: str, send_reprint: bool
    ) -> MassSent:
        faults = Faults()
        faults.needed("clientmsgid", clientmsgid)
        faults.bytes("clientmsgid", clientmsgid, self._limits.clientmsgid_bytes)
        if mass.kind == "text":
            faults.needed("content", str(mass.content.get("content", "")).strip())
            faults.characters("content", str(mass.content.get("content", "")), TEXT_CHARACTERS)
        faults.tell()
        body = {
            **target,
            "msgtype": mass.kind,
            mass.kind: dict(mass.content),
            "send_ignore_reprint": int(send_reprint),
            "clientmsgid": clientmsgid,
        }
        return await self._platform.post(path, body, MassSent, idempotent=False, accepts=frozenset({ALREADY}))
