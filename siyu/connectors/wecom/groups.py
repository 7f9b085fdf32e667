"""Customer groups 客户群: which there are, who is in them, and their statistics."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec

from siyu.connectors._wechat.api import Page, pages
from siyu.connectors.wecom.client import Client, seconds
from siyu.connectors.wecom.content import Faults

ALL, OWNER_LEFT, TRANSFERRING, TRANSFERRED = 0, 1, 2, 3


class GroupStanding(msgspec.Struct, frozen=True):
    """A group and its owner's standing: 0 normal, 1 owner left, 2 being transferred, 3 transferred."""

    chat_id: str
    status: int = 0


class Inviter(msgspec.Struct, frozen=True):
    userid: str = ""


class GroupMember(msgspec.Struct, frozen=True):
    """`type`: 1 staff, 2 outside. `join_scene`: 1 invited, 2 by a link, 3 by a code (then `state` may be set)."""

    userid: str
    type: int = 1
    unionid: str = ""
    joined_at: datetime | None = msgspec.field(name="join_time", default=None)
    join_scene: int = 0
    invitor: Inviter | None = None
    group_nickname: str = ""
    name: str = ""
    state: str = ""


class Group(msgspec.Struct, frozen=True):
    chat_id: str
    name: str = ""
    owner: str = ""
    created_at: datetime | None = msgspec.field(name="create_time", default=None)
    notice: str = ""
    members: tuple[GroupMember, ...] = msgspec.field(name="member_list", default=())
    admins: tuple[Inviter, ...] = msgspec.field(name="admin_list", default=())
    member_version: str = ""


class GroupFigures(msgspec.Struct, frozen=True):
    new_chat_count: int = msgspec.field(name="new_chat_cnt", default=0)
    chat_total: int = 0
    chat_has_msg: int = 0
    new_member_count: int = msgspec.field(name="new_member_cnt", default=0)
    member_total: int = 0
    member_has_msg: int = 0
    msg_total: int = 0
    migrate_trainee_chat_count: int = msgspec.field(name="migrate_trainee_chat_cnt", default=0)


class OwnerFigures(msgspec.Struct, frozen=True):
    owner: str
    data: GroupFigures = GroupFigures()


class DayFigures(msgspec.Struct, frozen=True):
    on_at: datetime = msgspec.field(name="stat_time")
    data: GroupFigures = GroupFigures()


class _List(msgspec.Struct, frozen=True):
    group_chat_list: tuple[GroupStanding, ...] = ()
    next_cursor: str = ""


class _Group(msgspec.Struct, frozen=True):
    group_chat: Group


class _Owners(msgspec.Struct, frozen=True):
    items: tuple[OwnerFigures, ...] = ()
    total: int = 0
    next_offset: int = 0


class _Days(msgspec.Struct, frozen=True):
    items: tuple[DayFigures, ...] = ()


class _ChatId(msgspec.Struct, frozen=True):
    chat_id: str


class Groups:
    def __init__(self, client: Client) -> None:
        self._client = client

    def list(
        self, owners: Sequence[str] = (), *, standing: int = ALL, cursor: str = ""
    ) -> AsyncIterator[Page[GroupStanding]]:
        """Groups, all or of some owners. With over 1000 staff in range WeCom wants owners named (81017)."""
        self._check_owners(owners)

        async def fetch(at: str) -> Page[GroupStanding]:
            body = {
                "status_filter": standing,
                "owner_filter": {"userid_list": [*owners]} if owners else None,
                "cursor": at or None,
                "limit": self._client.limits.groups_page,
            }
            found = await self._client.post("/cgi-bin/externalcontact/groupchat/list", body, _List)
            return Page(found.group_chat_list, found.next_cursor)

        return pages(fetch, cursor)

    async def get(self, chat_id: str, *, with_names: bool = True) -> Group:
        """A group and its members; about two seconds after an event they are up to date."""
        body = {"chat_id": chat_id, "need_name": int(with_names)}
        return (await self._client.post("/cgi-bin/externalcontact/groupchat/get", body, _Group)).group_chat

    def by_owner(
        self, owners: Sequence[str], since_at: datetime, until_at: datetime | None = None, offset: int = 0
    ) -> AsyncIterator[Page[OwnerFigures]]:
        """Figures of each owner over [since, until] (up to yesterday, 180 days back)."""
        self._check_owners(owners, least=1)

        async def fetch(at: str) -> Page[OwnerFigures]:
            body = {
                "day_begin_time": seconds(since_at),
                "day_end_time": None if until_at is None else seconds(until_at),
                "owner_filter": {"userid_list": [*owners]},
                "order_by": 1,
                "order_asc": 0,
                "offset": int(at or 0),
                "limit": self._client.limits.groups_page,
            }
            found = await self._client.post("/cgi-bin/externalcontact/groupchat/statistic", body, _Owners)
            more = found.items and found.next_offset < found.total
            return Page(found.items, str(found.next_offset) if more else "")

        return pages(fetch, str(offset) if offset else "")

    async def by_day(
        self, owners: Sequence[str], since_at: datetime, until_at: datetime | None = None
    ) -> tuple[DayFigures, ...]:
        """Figures of all named owners together for each day."""
        self._check_owners(owners, least=1)
        body = {
            "day_begin_time": seconds(since_at),
            "day_end_time": None if until_at is None else seconds(until_at),
            "owner_filter": {"userid_list": [*owners]},
        }
        return (
            await self._client.post("/cgi-bin/externalcontact/groupchat/statistic_group_by_day", body, _Days)
        ).items

    async def from_opengid(self, opengid: str) -> str:
        """The group's id from what a mini program opened inside it was told."""
        path = "/cgi-bin/externalcontact/opengid_to_chatid"
        return (await self._client.post(path, {"opengid": opengid}, _ChatId)).chat_id

    def _check_owners(self, owners: Sequence[str], least: int = 0) -> None:
        faults = Faults()
        faults.count("owners", owners, self._client.limits.batch_users, least=least)
        faults.tell()
