"""Template messages 模板消息 and subscription notices 订阅通知 of a verified service account."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.notices import check_values, wrapped
from siyu.connectors._wechat.platform import Nothing, Platform


@dataclass(frozen=True)
class Target:
    """Where a tap leads: a page, a mini program (needs `appid`), or nowhere. A mini program goes before a page."""

    url: str = ""
    appid: str = ""
    pagepath: str = ""

    def mini_program(self) -> dict[str, str] | None:
        return {"appid": self.appid, "pagepath": self.pagepath} if self.appid else None


class Template(msgspec.Struct, frozen=True):
    """`content` holds the names of its values as {{name.DATA}}."""

    template_id: str
    title: str = ""
    primary_industry: str = ""
    deputy_industry: str = ""
    content: str = ""
    example: str = ""


class _Templates(msgspec.Struct, frozen=True):
    template_list: tuple[Template, ...] = ()


class _Added(msgspec.Struct, frozen=True):
    template_id: str


class _Sent(msgspec.Struct, frozen=True):
    msgid: int


class Templates:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def list(self) -> tuple[Template, ...]:
        return (
            await self._platform.get("/cgi-bin/template/get_all_private_template", _Templates)
        ).template_list

    async def add(self, short_id: str, keywords: tuple[str, ...] = ()) -> str:
        """Take a template of the library into the account (25 at most)."""
        body = {"template_id_short": short_id, "keyword_name_list": [*keywords] or None}
        return (
            await self._platform.post("/cgi-bin/template/api_add_template", body, _Added, idempotent=False)
        ).template_id

    async def delete(self, template_id: str) -> None:
        await self._platform.post(
            "/cgi-bin/template/del_private_template", {"template_id": template_id}, Nothing
        )

    async def send(
        self,
        openid: str,
        template_id: str,
        values: Mapping[str, str],
        target: Target | None = None,
        *,
        client_msg_id: str = "",
    ) -> str:
        """Hand in a message to a follower; the push TEMPLATESENDJOBFINISH says what became of it.

        With `client_msg_id` the vendor leaves out a repeat within ten minutes; only then is it tried again by itself.
        """
        faults = Faults()
        faults.needed("openid", openid)
        faults.needed("template_id", template_id)
        faults.needed("data", values)
        faults.bytes("client_msg_id", client_msg_id, 32)
        faults.tell()
        target = target or Target()
        body = {
            "touser": openid,
            "template_id": template_id,
            "url": target.url or None,
            "miniprogram": target.mini_program(),
            "client_msg_id": client_msg_id or None,
            "data": wrapped(values),
        }
        path = "/cgi-bin/message/template/send"
        return str((await self._platform.post(path, body, _Sent, idempotent=bool(client_msg_id))).msgid)

    async def notify(
        self, openid: str, template_id: str, values: Mapping[str, str], target: Target | None = None
    ) -> None:
        """A subscription notice: one accept lets one out (43101 when used up). Not idempotent."""
        faults = Faults()
        faults.needed("openid", openid)
        faults.needed("template_id", template_id)
        check_values(faults, values)
        faults.tell()
        target = target or Target()
        body = {
            "touser": openid,
            "template_id": template_id,
            "page": target.url or None,
            "miniprogram": target.mini_program(),
            "data": wrapped(values),
        }
        await self._platform.post("/cgi-bin/message/subscribe/bizsend", body, Nothing, idempotent=False)
