"""Live codes 活码「联系我」: contact ways through which customers add staff. WeCom's console does not show those made here:
whoever loses the `config_id` loses the code.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any

import msgspec

from siyu.connectors._wechat.api import Page, pages
from siyu.connectors.wecom.client import Client, Nothing, seconds
from siyu.connectors.wecom.content import Faults, Message, check_attachments

SINGLE, SEVERAL = 1, 2
IN_MINI_PROGRAM, AS_QR = 1, 2


class ContactWay(msgspec.Struct, frozen=True):
    """A live code as WeCom has it."""

    config_id: str
    type: int = SINGLE
    scene: int = AS_QR
    style: int = 0
    remark: str = ""
    skip_verify: bool = True
    state: str = ""
    qr_code: str = ""
    user: tuple[str, ...] = ()
    party: tuple[int, ...] = ()
    is_temp: bool = False
    expires_in: int = 0
    chat_expires_in: int = 0
    unionid: str = ""
    is_exclusive: bool = False
    mark_source: bool = True


class NewWay(msgspec.Struct, frozen=True):
    config_id: str
    qr_code: str = ""


class WayDraft(msgspec.Struct, frozen=True):
    """A live code to be made. `state` comes back with whoever adds staff through it."""

    users: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()
    type: int = SEVERAL
    scene: int = AS_QR
    style: int | None = None
    remark: str = ""
    state: str = ""
    skip_verify: bool = True
    is_exclusive: bool = False
    mark_source: bool = True
    is_temp: bool = False
    expires_in: int | None = None
    chat_expires_in: int | None = None
    unionid: str = ""
    conclusion: Message | None = None


class _One(msgspec.Struct, frozen=True):
    contact_way: ContactWay | tuple[ContactWay, ...]


class _Id(msgspec.Struct, frozen=True):
    config_id: str


class _Ids(msgspec.Struct, frozen=True):
    contact_way: tuple[_Id, ...] = ()
    next_cursor: str = ""


class ContactWays:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def add(self, draft: WayDraft) -> NewWay:
        self._check(draft)
        body = {
            "type": draft.type,
            "scene": draft.scene,
            "is_temp": draft.is_temp or None,
            **_changeable(draft),
        }
        return await self._client.post(
            "/cgi-bin/externalcontact/add_contact_way", body, NewWay, idempotent=False
        )

    async def update(self, config_id: str, draft: WayDraft) -> None:
        """Replace all but type, scene and whether it is temporary."""
        self._check(draft)
        body = {"config_id": config_id, **_changeable(draft)}
        await self._client.post("/cgi-bin/externalcontact/update_contact_way", body, Nothing)

    async def get(self, config_id: str) -> ContactWay:
        path = "/cgi-bin/externalcontact/get_contact_way"
        found = (await self._client.post(path, {"config_id": config_id}, _One)).contact_way
        return found if isinstance(found, ContactWay) else found[0]

    def ids(
        self, since_at: datetime | None = None, until_at: datetime | None = None, cursor: str = ""
    ) -> AsyncIterator[Page[str]]:
        """Ids of the live codes made in a time (the last 90 days unless told; none from before 2021-07-10)."""

        async def fetch(at: str) -> Page[str]:
            body = {
                "start_time": None if since_at is None else seconds(since_at),
                "end_time": None if until_at is None else seconds(until_at),
                "cursor": at or None,
                "limit": self._client.limits.ways_page,
            }
            found = await self._client.post("/cgi-bin/externalcontact/list_contact_way", body, _Ids)
            return Page(tuple(one.config_id for one in found.contact_way), found.next_cursor)

        return pages(fetch, cursor)

    async def delete(self, config_id: str) -> None:
        await self._client.post("/cgi-bin/externalcontact/del_contact_way", {"config_id": config_id}, Nothing)

    async def close_temporary_chat(self, userid: str, external_userid: str) -> None:
        body = {"userid": userid, "external_userid": external_userid}
        await self._client.post("/cgi-bin/externalcontact/close_temp_chat", body, Nothing)

    def _check(self, draft: WayDraft) -> None:
        limits, faults = self._client.limits, Faults()
        faults.characters("remark", draft.remark, limits.name_characters)
        faults.characters("state", draft.state, limits.name_characters)
        faults.count("users", draft.users, limits.way_users)
        faults.needed("users", draft.users or draft.departments)
        if draft.type == SINGLE and (len(draft.users) != 1 or draft.departments):
            faults.add("users", "单人活码只能有一位成员", "a code of one person has exactly one")
        if draft.is_temp and draft.type != SINGLE:
            faults.add("is_temp", "临时会话只支持单人", "temporary chats are for one person only")
        if draft.conclusion is not None:
            faults.bytes("conclusion.text", draft.conclusion.text, limits.text_bytes)
            check_attachments(faults, draft.conclusion.attachments, limits)
        faults.tell()


def _changeable(draft: WayDraft) -> dict[str, Any]:
    return {
        "style": draft.style,
        "remark": draft.remark,
        "skip_verify": draft.skip_verify,
        "state": draft.state,
        "user": list(draft.users),
        "party": list(draft.departments),
        "is_exclusive": draft.is_exclusive or None,
        "mark_source": None if draft.mark_source else False,
        "expires_in": draft.expires_in,
        "chat_expires_in": draft.chat_expires_in,
        "unionid": draft.unionid or None,
        "conclusions": None if draft.conclusion is None else draft.conclusion.wire_single(),
    }


class JoinWay(msgspec.Struct, frozen=True):
    """A code through which customers join a group; when it is full the next of the list, or a new one."""

    config_id: str = ""
    scene: int = AS_QR
    remark: str = ""
    auto_create_room: int = 1
    room_base_name: str = ""
    room_base_id: int = 0
    chat_id_list: tuple[str, ...] = ()
    qr_code: str = ""
    state: str = ""
    mark_source: bool = True


class _Join(msgspec.Struct, frozen=True):
    join_way: JoinWay


class JoinWays:
    """Group join codes 入群码 (they share the corp's 500,000 with live codes)."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def add(self, way: JoinWay) -> str:
        """The new code's config_id; read it back for the picture."""
        self._check(way)
        path = "/cgi-bin/externalcontact/groupchat/add_join_way"
        return (await self._client.post(path, _join(way), _Id, idempotent=False)).config_id

    async def get(self, config_id: str) -> JoinWay:
        path = "/cgi-bin/externalcontact/groupchat/get_join_way"
        return (await self._client.post(path, {"config_id": config_id}, _Join)).join_way

    async def update(self, way: JoinWay) -> None:
        """Replace everything of the code."""
        self._check(way)
        body = {"config_id": way.config_id, **_join(way)}
        await self._client.post("/cgi-bin/externalcontact/groupchat/update_join_way", body, Nothing)

    async def delete(self, config_id: str) -> None:
        await self._client.post(
            "/cgi-bin/externalcontact/groupchat/del_join_way", {"config_id": config_id}, Nothing
        )

    def _check(self, way: JoinWay) -> None:
        limits, faults = self._client.limits, Faults()
        faults.characters("remark", way.remark, limits.name_characters)
        faults.characters("state", way.state, limits.name_characters)
        faults.characters("room_base_name", way.room_base_name, limits.room_name_characters)
        faults.count("chat_id_list", way.chat_id_list, limits.join_groups, least=1)
        faults.tell()


def _join(way: JoinWay) -> dict[str, Any]:
    chats: Sequence[str] = way.chat_id_list
    return {
        "scene": way.scene,
        "remark": way.remark,
        "auto_create_room": way.auto_create_room,
        "room_base_name": way.room_base_name,
        "room_base_id": way.room_base_id,
        "chat_id_list": list(chats),
        "state": way.state,
        "mark_source": None if way.mark_source else False,
    }
