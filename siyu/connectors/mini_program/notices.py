"""Subscription messages 订阅消息 of a Mini Program: one accept lets one message out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from siyu.connectors._wechat.limits import Faults
from siyu.connectors._wechat.notices import check_values, wrapped
from siyu.connectors._wechat.platform import Nothing, Platform

State = Literal["formal", "trial", "developer"]
Language = Literal["zh_CN", "en_US", "zh_HK", "zh_TW"]


class Notices:
    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def send(
        self,
        openid: str,
        template_id: str,
        values: Mapping[str, str],
        *,
        page: str = "",
        state: State = "formal",
        language: Language = "zh_CN",
    ) -> None:
        """Send one. ContentError before the call where a value breaks a rule; Refused 43101 when no accept is left. Not idempotent."""
        faults = Faults()
        faults.needed("openid", openid)
        faults.needed("template_id", template_id)
        check_values(faults, values)
        if page.startswith("/"):
            faults.add("page", "页面路径不要以 / 开头", "a page does not begin with /")
        faults.tell()
        body = {
            "touser": openid,
            "template_id": template_id,
            "page": page or None,
            "miniprogram_state": state,
            "lang": language,
            "data": wrapped(values),
        }
        await self._platform.post("/cgi-bin/message/subscribe/send", body, Nothing, idempotent=False)
