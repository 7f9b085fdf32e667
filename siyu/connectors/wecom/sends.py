"""Customer sends 企业群发: tasks that staff confirm on their phones. That the call succeeds delivers nothing yet."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime
from typing import Any, Literal

import msgspec

from siyu.connectors._wechat.api import Page, pages
from siyu.connectors.wecom.client import Client, Nothing, seconds
from siyu.connectors.wecom.content import Faults, Message, check_message

ChatType = Literal["single", "group"]
UNSENT, SENT, NOT_A_FRIEND, OVER_QUOTA = 0, 1, 2, 3
"""What became of one customer or group in a send."""
TASK_SENT = 2
"""A staff member's task: 0 unconfirmed, 2 confirmed."""


class Draft(msgspec.Struct, frozen=True):
    """A send. `single`: to `customers` (or, with `sender` alone, all customers of that person). `group`: by `sender` to `chats`.

    `tag_groups`: tags inside one tuple are OR, the tuples are AND.
    """

    message: Message
    chat_type: ChatType = "single"
    customers: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()
    sender: str = ""
    tag_groups: tuple[tuple[str, ...], ...] = ()
    allow_select: bool = False


class Made(msgspec.Struct, frozen=True):
    """The task, and those to whom it can never go (no longer connected, not a customer)."""

    msgid: str = ""
    failed: tuple[str, ...] = msgspec.field(name="fail_list", default=())


class SendRecord(msgspec.Struct, frozen=True):
    """A send of the corp or of staff. `creator` is empty for those made by the API."""

    msgid: str
    creator: str = ""
    created_at: datetime | None = msgspec.field(name="create_time", default=None)
    create_type: int = 0
    text: dict[str, str] = {}
    attachments: tuple[dict[str, Any], ...] = ()


class Task(msgspec.Struct, frozen=True):
    """One staff member's part of a send."""

    userid: str
    status: int = 0
    sent_at: datetime | None = msgspec.field(name="send_time", default=None)


class Result(msgspec.Struct, frozen=True):
    """One customer or group of a staff member's part."""

    userid: str = ""
    external_userid: str = ""
    chat_id: str = ""
    status: int = 0
    sent_at: datetime | None = msgspec.field(name="send_time", default=None)


class _Records(msgspec.Struct, frozen=True):
    group_msg_list: tuple[SendRecord, ...] = ()
    next_cursor: str = ""


class _Tasks(msgspec.Struct, frozen=True):
    task_list: tuple[Task, ...] = ()
    next_cursor: str = ""


class _Results(msgspec.Struct, frozen=True):
    send_list: tuple[Result, ...] = ()
    next_cursor: str = ""


class Sends:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def create(self, draft: Draft) -> Made:
        """Make the task. Not idempotent: after Unavailable with `reached` None, look for it in `list` before making another."""
        self._check(draft)
        body = {
            "chat_type": draft.chat_type,
            "external_userid": list(draft.customers) or None,
            "chat_id_list": list(draft.chats) or None,
            "sender": draft.sender or None,
            "tag_filter": {"group_list": [{"tag_list": list(tags)} for tags in draft.tag_groups]}
            if draft.tag_groups
            else None,
            "allow_select": draft.allow_select or None,
            **draft.message.wire(),
        }
        return await self._client.post(
            "/cgi-bin/externalcontact/add_msg_template", body, Made, idempotent=False
        )

    def list(
        self,
        chat_type: ChatType,
        since_at: datetime,
        until_at: datetime,
        *,
        creator: str | None = None,
        filter_type: int = 2,
        cursor: str = "",
    ) -> AsyncIterator[Page[SendRecord]]:
        """Sends of at most one month. `filter_type`: 0 of the corp, 1 personal, 2 all."""
        faults = Faults()
        faults.span(since_at, until_at, self._client.limits.send_list_days)
        faults.tell()

        async def fetch(at: str) -> Page[SendRecord]:
            body = {
                "chat_type": chat_type,
                "start_time": seconds(since_at),
                "end_time": seconds(until_at),
                "creator": creator,
                "filter_type": filter_type,
                "limit": self._client.limits.send_list_page,
                "cursor": at or None,
            }
            found = await self._client.post("/cgi-bin/externalcontact/get_groupmsg_list_v2", body, _Records)
            return Page(found.group_msg_list, found.next_cursor)

        return pages(fetch, cursor)

    def tasks(self, msgid: str, cursor: str = "") -> AsyncIterator[Page[Task]]:
        """Who has confirmed and who has not."""

        async def fetch(at: str) -> Page[Task]:
            body = {"msgid": msgid, "limit": self._client.limits.send_results_page, "cursor": at or None}
            found = await self._client.post("/cgi-bin/externalcontact/get_groupmsg_task", body, _Tasks)
            return Page(found.task_list, found.next_cursor)

        return pages(fetch, cursor)

    def results(self, msgid: str, userid: str, cursor: str = "") -> AsyncIterator[Page[Result]]:
        """Who received it from one staff member."""

        async def fetch(at: str) -> Page[Result]:
            limit = self._client.limits.send_results_page
            body = {"msgid": msgid, "userid": userid, "limit": limit, "cursor": at or None}
            found = await self._client.post(
                "/cgi-bin/externalcontact/get_groupmsg_send_result", body, _Results
            )
            return Page(found.send_list, found.next_cursor)

        return pages(fetch, cursor)

    async def remind(self, msgid: str) -> None:
        """Remind staff who have not confirmed (three times in 24 hours at most)."""
        path = "/cgi-bin/externalcontact/remind_groupmsg_send"
        await self._client.post(path, {"msgid": msgid}, Nothing, idempotent=False)

    async def cancel(self, msgid: str) -> None:
        """Stop what is unsent; what was sent stays sent."""
        await self._client.post("/cgi-bin/externalcontact/cancel_groupmsg_send", {"msgid": msgid}, Nothing)

    def _check(self, draft: Draft) -> None:
        limits, faults = self._client.limits, Faults()
        check_message(faults, draft.message, limits)
        faults.count("customers", draft.customers, limits.send_customers)
        faults.count("chats", draft.chats, limits.send_groups)
        for number, tags in enumerate(draft.tag_groups):
            faults.count(f"tag_groups.{number}", tags, limits.batch_users, least=1)
        if draft.chat_type == "group":
            faults.needed("sender", draft.sender)
            if draft.customers or draft.allow_select:
                faults.add("customers", "群群发不能指定客户", "a send to groups names no customers")
        elif draft.chats:
            faults.add("chats", "客户群发不能指定群", "a send to customers names no groups")
        if draft.chat_type == "single" and not (draft.customers or draft.sender or draft.tag_groups):
            faults.add("customers", "请指定客户、成员或标签", "name customers, a staff member, or tags")
        faults.tell()


def sent(results: Sequence[Result]) -> int:
    return sum(one.status == SENT for one in results)
