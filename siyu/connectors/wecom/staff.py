"""Staff and departments 成员与部门, as far as the app may see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime

import msgspec

from siyu.connectors._wechat.api import Page, pages
from siyu.connectors.wecom.client import Client, seconds
from siyu.connectors.wecom.content import Faults

PAGE = 10_000


class Department(msgspec.Struct, frozen=True):
    id: int
    name: str = ""
    name_en: str = ""
    parentid: int = 0
    order: int = 0
    department_leader: tuple[str, ...] = ()


class StaffMember(msgspec.Struct, frozen=True):
    """One member. Since 2022-06 WeCom shows name and departments only; the rest stays empty unless the member agreed.

    `status`: 1 active, 2 disabled, 4 not activated, 5 left.
    """

    userid: str
    name: str = ""
    department: tuple[int, ...] = ()
    main_department: int = 0
    is_leader_in_dept: tuple[int, ...] = ()
    direct_leader: tuple[str, ...] = ()
    position: str = ""
    mobile: str = ""
    gender: int = 0
    email: str = ""
    biz_mail: str = ""
    avatar: str = ""
    alias: str = ""
    telephone: str = ""
    status: int = 0
    open_userid: str = ""


class StaffInDepartment(msgspec.Struct, frozen=True):
    userid: str
    department: int


class Behavior(msgspec.Struct, frozen=True):
    """What staff did on one day (or their sum for a day): chats, messages, replies, and how often customers removed them."""

    on_at: datetime = msgspec.field(name="stat_time")
    chat_count: int = msgspec.field(name="chat_cnt", default=0)
    message_count: int = msgspec.field(name="message_cnt", default=0)
    reply_percentage: float | None = None
    average_reply_minutes: int | None = msgspec.field(name="avg_reply_time", default=None)
    removed_count: int = msgspec.field(name="negative_feedback_cnt", default=0)
    apply_count: int = msgspec.field(name="new_apply_cnt", default=0)
    new_contact_count: int = msgspec.field(name="new_contact_cnt", default=0)


class _Departments(msgspec.Struct, frozen=True):
    department: tuple[Department, ...] = ()
    department_id: tuple[Department, ...] = ()


class _Department(msgspec.Struct, frozen=True):
    department: Department


class _Staff(msgspec.Struct, frozen=True):
    userlist: tuple[StaffMember, ...] = ()


class _Ids(msgspec.Struct, frozen=True):
    dept_user: tuple[StaffInDepartment, ...] = ()
    next_cursor: str = ""


class _FollowUsers(msgspec.Struct, frozen=True):
    follow_user: tuple[str, ...] = ()


class _Userid(msgspec.Struct, frozen=True):
    userid: str


class _Behaviors(msgspec.Struct, frozen=True):
    behavior_data: tuple[Behavior, ...] = ()


class Staff:
    """Reading the directory."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def serving(self) -> tuple[str, ...]:
        """Staff who have the right to customer contact and are in the app's visible range."""
        path = "/cgi-bin/externalcontact/get_follow_user_list"
        return (await self._client.get(path, _FollowUsers)).follow_user

    async def get(self, userid: str) -> StaffMember:
        return await self._client.get("/cgi-bin/user/get", StaffMember, userid=userid)

    async def in_department(self, department: int) -> tuple[StaffMember, ...]:
        """Members of one department in full (as far as WeCom shows them)."""
        return (await self._client.get("/cgi-bin/user/list", _Staff, department_id=department)).userlist

    async def names_in_department(self, department: int) -> tuple[StaffMember, ...]:
        return (await self._client.get("/cgi-bin/user/simplelist", _Staff, department_id=department)).userlist

    def ids(self, cursor: str = "") -> AsyncIterator[Page[StaffInDepartment]]:
        """Every member's id with each of their departments."""
        return pages(self._ids, cursor)

    async def _ids(self, cursor: str) -> Page[StaffInDepartment]:
        found = await self._client.post(
            "/cgi-bin/user/list_id", {"cursor": cursor or None, "limit": PAGE}, _Ids
        )
        return Page(found.dept_user, found.next_cursor)

    async def departments(self, under: int | None = None) -> tuple[Department, ...]:
        """A department and all below it; all that are visible without `under`."""
        return (await self._client.get("/cgi-bin/department/list", _Departments, id=under)).department

    async def department_ids(self, under: int | None = None) -> tuple[Department, ...]:
        """Ids, parents and order only; works for apps that may not read names."""
        return (
            await self._client.get("/cgi-bin/department/simplelist", _Departments, id=under)
        ).department_id

    async def department(self, department: int) -> Department:
        return (await self._client.get("/cgi-bin/department/get", _Department, id=department)).department

    async def by_mobile(self, mobile: str) -> str:
        return (await self._client.post("/cgi-bin/user/getuserid", {"mobile": mobile}, _Userid)).userid

    async def behavior(
        self,
        since_at: datetime,
        until_at: datetime,
        userids: tuple[str, ...] = (),
        departments: tuple[int, ...] = (),
    ) -> tuple[Behavior, ...]:
        """Sums over the named staff for each day of [since, until]."""
        limits, faults = self._client.limits, Faults()
        faults.count("userids", userids, limits.batch_users)
        faults.count("departments", departments, limits.batch_users)
        faults.needed("userids", userids or departments)
        faults.span(since_at, until_at, limits.behavior_days)
        faults.tell()
        body = {
            "userid": list(userids) or None,
            "partyid": list(departments) or None,
            "start_time": seconds(since_at),
            "end_time": seconds(until_at),
        }
        path = "/cgi-bin/externalcontact/get_user_behavior_data"
        return (await self._client.post(path, body, _Behaviors)).behavior_data
