"""Welcome messages 欢迎语: to whoever has just added a staff member (20 seconds, once), and templates for groups."""

from __future__ import annotations

from typing import Any

import msgspec

from siyu.connectors.wecom.client import Client, Nothing
from siyu.connectors.wecom.content import Faults, Message, check_message

ONE_TRY_SECONDS = 4
"""The code lives 20 seconds: a try that hangs must leave time for the next."""
GROUP_ORDER = ("image", "link", "miniprogram", "file", "video")
"""Where a group's template holds several, the first of these is shown."""


class GroupWelcome(msgspec.Struct, frozen=True):
    """A template as WeCom has it; attachments by kind."""

    text: dict[str, str] = {}
    image: dict[str, str] | None = None
    link: dict[str, str] | None = None
    miniprogram: dict[str, str] | None = None
    file: dict[str, str] | None = None
    video: dict[str, str] | None = None


class _Template(msgspec.Struct, frozen=True):
    template_id: str


class Welcome:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def send(self, welcome_code: str, message: Message) -> None:
        """Send it now. The code works once, so a repeat after a silence does no harm.

        Refused 41051 with `after_unknown` most likely means that the try before it had worked.
        """
        faults = Faults()
        faults.needed("welcome_code", welcome_code)
        check_message(faults, message, self._client.limits)
        faults.tell()
        body = {"welcome_code": welcome_code, **message.wire()}
        path = "/cgi-bin/externalcontact/send_welcome_msg"
        await self._client.post(path, body, Nothing, seconds=ONE_TRY_SECONDS)

    async def add_group_template(
        self, message: Message, *, notify: bool = True, agentid: int | None = None
    ) -> str:
        """A template; its id. A staff member must then choose it for a group in the app."""
        body = {**self._template(message), "notify": int(notify), "agentid": agentid}
        path = "/cgi-bin/externalcontact/group_welcome_template/add"
        return (await self._client.post(path, body, _Template, idempotent=False)).template_id

    async def edit_group_template(
        self, template_id: str, message: Message, *, agentid: int | None = None
    ) -> None:
        body = {"template_id": template_id, **self._template(message), "agentid": agentid}
        await self._client.post("/cgi-bin/externalcontact/group_welcome_template/edit", body, Nothing)

    async def get_group_template(self, template_id: str) -> GroupWelcome:
        path = "/cgi-bin/externalcontact/group_welcome_template/get"
        return await self._client.post(path, {"template_id": template_id}, GroupWelcome)

    async def delete_group_template(self, template_id: str, *, agentid: int | None = None) -> None:
        body = {"template_id": template_id, "agentid": agentid}
        await self._client.post("/cgi-bin/externalcontact/group_welcome_template/del", body, Nothing)

    def _template(self, message: Message) -> dict[str, Any]:
        """`%NICKNAME%` in the text is the newcomer's name."""
        faults = Faults()
        check_message(
            faults, message, self._client.limits, text_bytes=self._client.limits.group_welcome_bytes
        )
        faults.count("attachments", message.attachments, 1)
        faults.tell()
        return message.wire_single()
