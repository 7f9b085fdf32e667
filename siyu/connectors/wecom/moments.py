"""Moments 客户朋友圈: tasks that staff publish, made asynchronously; who published, who saw, likes and comments."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from siyu.connectors._wechat.api import Page, pages
from siyu.connectors.wecom.client import Client, Nothing, seconds
from siyu.connectors.wecom.content import Faults, Image, Link, Message, Video, check_url

R = TypeVar("R")
DONE = 3


class MomentDraft(msgspec.Struct, frozen=True):
    """A moment: text, and nine pictures or one video or one link; for some staff and customers with some tags (empty: all)."""

    message: Message
    users: tuple[str, ...] = ()
    departments: tuple[int, ...] = ()
    tags: tuple[str, ...] = ()


class Senders(msgspec.Struct, frozen=True):
    user_list: tuple[str, ...] = ()
    department_list: tuple[int, ...] = ()


class Tagged(msgspec.Struct, frozen=True):
    tag_list: tuple[str, ...] | str = ()


class JobResult(msgspec.Struct, frozen=True):
    errcode: int = 0
    errmsg: str = ""
    moment_id: str = ""
    invalid_sender_list: Senders = Senders()
    invalid_external_contact_list: Tagged = Tagged()


class Job(msgspec.Struct, frozen=True):
    """`status`: 1 begun, 2 running, 3 done; then `result` says how. It can be asked for 24 hours."""

    status: int
    type: str = ""
    result: JobResult | None = None


class Place(msgspec.Struct, frozen=True):
    name: str = ""
    latitude: str = ""
    longitude: str = ""


class Moment(msgspec.Struct, frozen=True):
    """`create_type`: 0 of the corp, 1 personal. `visible_type`: 0 for some, 1 for all."""

    moment_id: str
    creator: str = ""
    created_at: datetime | None = msgspec.field(name="create_time", default=None)
    create_type: int = 0
    visible_type: int = 0
    text: dict[str, str] = {}
    image: tuple[dict[str, str], ...] = ()
    video: dict[str, str] = {}
    link: dict[str, str] = {}
    location: Place | None = None


class MomentTask(msgspec.Struct, frozen=True):
    """`publish_status`: 0 not published, 1 published."""

    userid: str
    publish_status: int = 0


class MomentCustomer(msgspec.Struct, frozen=True):
    external_userid: str
    userid: str = ""


class Reaction(msgspec.Struct, frozen=True):
    at: datetime | None = msgspec.field(name="create_time", default=None)
    userid: str = ""
    external_userid: str = ""
    content: str = ""


class Reactions(msgspec.Struct, frozen=True):
    comments: tuple[Reaction, ...] = msgspec.field(name="comment_list", default=())
    likes: tuple[Reaction, ...] = msgspec.field(name="like_list", default=())


class _Jobid(msgspec.Struct, frozen=True):
    jobid: str


class _Moments(msgspec.Struct, frozen=True):
    moment_list: tuple[Moment, ...] = ()
    next_cursor: str = ""


class _Tasks(msgspec.Struct, frozen=True):
    task_list: tuple[MomentTask, ...] = ()
    next_cursor: str = ""


class _Customers(msgspec.Struct, frozen=True):
    customer_list: tuple[MomentCustomer, ...] = ()
    next_cursor: str = ""


class Moments:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def create(self, draft: MomentDraft) -> str:
        """Begin to make a moment; the job's id. Not idempotent."""
        self._check(draft)
        body = {**draft.message.wire(), "visible_range": _range(draft)}
        path = "/cgi-bin/externalcontact/add_moment_task"
        return (await self._client.post(path, body, _Jobid, idempotent=False)).jobid

    async def job(self, jobid: str) -> Job:
        return await self._client.get("/cgi-bin/externalcontact/get_moment_task_result", Job, jobid=jobid)

    async def cancel(self, moment_id: str) -> None:
        """Stop what is unpublished."""
        await self._client.post(
            "/cgi-bin/externalcontact/cancel_moment_task", {"moment_id": moment_id}, Nothing
        )

    def list(
        self,
        since_at: datetime,
        until_at: datetime,
        *,
        creator: str | None = None,
        filter_type: int = 2,
        cursor: str = "",
    ) -> AsyncIterator[Page[Moment]]:
        """Moments of at most 30 days. `filter_type`: 0 of the corp, 1 personal, 2 all."""
        faults = Faults()
        faults.span(since_at, until_at, self._client.limits.moment_list_days)
        faults.tell()

        async def fetch(at: str) -> Page[Moment]:
            body = {
                "start_time": seconds(since_at),
                "end_time": seconds(until_at),
                "creator": creator,
                "filter_type": filter_type,
                "limit": self._client.limits.moment_list_page,
                "cursor": at or None,
            }
            found = await self._client.post("/cgi-bin/externalcontact/get_moment_list", body, _Moments)
            return Page(found.moment_list, found.next_cursor)

        return pages(fetch, cursor)

    def tasks(self, moment_id: str, cursor: str = "") -> AsyncIterator[Page[MomentTask]]:
        """Who has published it and who has not."""

        async def fetch(at: str) -> Page[MomentTask]:
            body = {
                "moment_id": moment_id,
                "limit": self._client.limits.moment_tasks_page,
                "cursor": at or None,
            }
            found = await self._client.post("/cgi-bin/externalcontact/get_moment_task", body, _Tasks)
            return Page(found.task_list, found.next_cursor)

        return pages(fetch, cursor)

    def chosen(self, moment_id: str, userid: str, cursor: str = "") -> AsyncIterator[Page[MomentCustomer]]:
        """Customers whom one staff member's post was meant for."""
        limit = self._client.limits.moment_tasks_page
        return self._customers("get_moment_customer_list", moment_id, userid, limit, cursor)

    def reached(self, moment_id: str, userid: str, cursor: str = "") -> AsyncIterator[Page[MomentCustomer]]:
        """Customers who can see it."""
        limit = self._client.limits.moment_results_page
        return self._customers("get_moment_send_result", moment_id, userid, limit, cursor)

    async def reactions(self, moment_id: str, userid: str) -> Reactions:
        body = {"moment_id": moment_id, "userid": userid}
        return await self._client.post("/cgi-bin/externalcontact/get_moment_comments", body, Reactions)

    def _customers(
        self, name: str, moment_id: str, userid: str, limit: int, cursor: str
    ) -> AsyncIterator[Page[MomentCustomer]]:
        async def fetch(at: str) -> Page[MomentCustomer]:
            body = {"moment_id": moment_id, "userid": userid, "limit": limit, "cursor": at or None}
            found = await self._client.post(f"/cgi-bin/externalcontact/{name}", body, _Customers)
            return Page(found.customer_list, found.next_cursor)

        return pages(fetch, cursor)

    def _check(self, draft: MomentDraft) -> None:
        limits, faults, message = self._client.limits, Faults(), draft.message
        if not message.text and not message.attachments:
            faults.add("text", "文字和附件不能都为空", "there must be a text or an attachment")
        faults.characters("text", message.text, limits.moment_characters)
        faults.bytes("text", message.text, limits.text_bytes)
        faults.count("users", draft.users, limits.moment_staff)
        kinds = {one.kind for one in message.attachments}
        if not kinds <= {"image", "video", "link"} or len(kinds) > 1:
            faults.add(
                "attachments",
                "只能是图片、视频、链接中的一种",
                "pictures, a video or a link, and only one kind",
            )
        faults.count("attachments", message.attachments, limits.attachments if kinds == {"image"} else 1)
        for number, one in enumerate(message.attachments):
            if isinstance(one, Image | Video):
                faults.needed(f"attachments.{number}.media_id", one.media_id)
            if isinstance(one, Link):
                faults.bytes(f"attachments.{number}.link.title", one.title, limits.moment_link_title_bytes)
                check_url(faults, f"attachments.{number}.link.url", one.url, limits)
        faults.tell()


def _range(draft: MomentDraft) -> dict[str, Any] | None:
    body: dict[str, Any] = {}
    if draft.users or draft.departments:
        lists = {"user_list": list(draft.users), "department_list": list(draft.departments)}
        body["sender_list"] = {name: values for name, values in lists.items() if values}
    if draft.tags:
        body["external_contact_list"] = {"tag_list": list(draft.tags)}
    return body or None
