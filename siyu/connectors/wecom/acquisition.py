"""Acquisition links 获客链接: links that lead to adding staff without a scan, what they brought, and the corp's balance."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from siyu.connectors._wechat.api import Page, pages
from siyu.connectors.wecom.client import Client, Nothing, seconds
from siyu.connectors.wecom.content import Faults


class LinkRange(msgspec.Struct, frozen=True, omit_defaults=True):
    user_list: tuple[str, ...] = ()
    department_list: tuple[int, ...] = ()


class LinkPriority(msgspec.Struct, frozen=True, omit_defaults=True):
    """Staff whom the customer already knows come first: 1 of the whole corp, 2 of `priority_userid_list`."""

    priority_type: int = 1
    priority_userid_list: tuple[str, ...] = ()


class AcquisitionLink(msgspec.Struct, frozen=True):
    link_id: str = ""
    link_name: str = ""
    url: str = ""
    created_at: datetime | None = msgspec.field(name="create_time", default=None)
    skip_verify: bool = True
    mark_source: bool = True


class LinkWithStaff(msgspec.Struct, frozen=True):
    link: AcquisitionLink
    range: LinkRange = LinkRange()
    priority_option: LinkPriority | None = None


class LinkCustomer(msgspec.Struct, frozen=True):
    """Somebody whom a link brought. `chat_status`: 0 no message yet, 1 has written, 2 not known."""

    external_userid: str
    userid: str
    chat_status: int = 0
    state: str = ""


class Balance(msgspec.Struct, frozen=True):
    expires_at: datetime | None = msgspec.field(name="expire_date", default=None)
    balance: int = 0


class Quota(msgspec.Struct, frozen=True):
    """How many may still be brought: bought in all, left, and left by day of expiry."""

    total: int = 0
    balance: int = 0
    quota_list: tuple[Balance, ...] = ()


class LinkUse(msgspec.Struct, frozen=True):
    click_count: int = msgspec.field(name="click_link_customer_cnt", default=0)
    new_count: int = msgspec.field(name="new_customer_cnt", default=0)


class _LinkIds(msgspec.Struct, frozen=True):
    link_id_list: tuple[str, ...] = ()
    next_cursor: str = ""


class _Link(msgspec.Struct, frozen=True):
    link: AcquisitionLink


class _Customers(msgspec.Struct, frozen=True):
    customer_list: tuple[LinkCustomer, ...] = ()
    next_cursor: str = ""


class ChatInfo(msgspec.Struct, frozen=True):
    userid: str = ""
    external_userid: str = ""
    chat_info: dict[str, Any] = {}


class Acquisition:
    def __init__(self, client: Client) -> None:
        self._client = client

    def ids(self, cursor: str = "") -> AsyncIterator[Page[str]]:
        return pages(self._ids, cursor)

    async def _ids(self, cursor: str) -> Page[str]:
        body = {"limit": self._client.limits.acquisition_page, "cursor": cursor or None}
        found = await self._client.post(_path("list_link"), body, _LinkIds)
        return Page(found.link_id_list, found.next_cursor)

    async def get(self, link_id: str) -> LinkWithStaff:
        return await self._client.post(_path("get"), {"link_id": link_id}, LinkWithStaff)

    async def create(
        self, name: str, range: LinkRange, *, skip_verify: bool = True, priority: LinkPriority | None = None
    ) -> AcquisitionLink:
        body = self._body(name, range, skip_verify, priority)
        return (await self._client.post(_path("create_link"), body, _Link, idempotent=False)).link

    async def update(
        self,
        link_id: str,
        name: str,
        range: LinkRange,
        *,
        skip_verify: bool = True,
        priority: LinkPriority | None = None,
    ) -> None:
        body = {"link_id": link_id, **self._body(name, range, skip_verify, priority)}
        await self._client.post(_path("update_link"), body, Nothing)

    async def delete(self, link_id: str) -> None:
        await self._client.post(_path("delete_link"), {"link_id": link_id}, Nothing)

    def customers(self, link_id: str, cursor: str = "") -> AsyncIterator[Page[LinkCustomer]]:
        """Whom a link brought."""

        async def fetch(at: str) -> Page[LinkCustomer]:
            body = {
                "link_id": link_id,
                "limit": self._client.limits.acquisition_customers_page,
                "cursor": at or None,
            }
            found = await self._client.post(_path("customer"), body, _Customers)
            return Page(found.customer_list, found.next_cursor)

        return pages(fetch, cursor)

    async def quota(self) -> Quota:
        return await self._client.get("/cgi-bin/externalcontact/customer_acquisition_quota", Quota)

    async def use(self, link_id: str, since_at: datetime, until_at: datetime) -> LinkUse:
        """Clicks and new customers of a link (the last 180 days can be asked for)."""
        faults = Faults()
        faults.span(since_at, until_at, self._client.limits.history_days)
        faults.tell()
        body = {"link_id": link_id, "start_time": seconds(since_at), "end_time": seconds(until_at)}
        return await self._client.post(_path("statistic"), body, LinkUse)

    async def chat_info(self, chat_key: str) -> ChatInfo:
        """What an event's `ChatKey` stands for; it lasts 30 minutes."""
        return await self._client.post(_path("get_chat_info"), {"chat_key": chat_key}, ChatInfo)

    def url_with_channel(self, url: str, channel: str) -> str:
        """The link for one source: `channel` comes back as `state`."""
        faults = Faults()
        faults.bytes("channel", channel, self._client.limits.channel_bytes)
        faults.tell()
        return f"{url}{'&' if '?' in url else '?'}customer_channel={quote(channel, safe='')}"

    def _body(
        self, name: str, range: LinkRange, skip_verify: bool, priority: LinkPriority | None
    ) -> dict[str, Any]:
        faults = Faults()
        faults.needed("link_name", name)
        faults.characters("link_name", name, self._client.limits.name_characters)
        faults.needed("range", range.user_list or range.department_list)
        faults.count("range.user_list", range.user_list, self._client.limits.way_users)
        faults.tell()
        return {
            "link_name": name,
            "range": msgspec.to_builtins(range),
            "skip_verify": skip_verify,
            "priority_option": None
            if priority is None
            else {
                "priority_type": priority.priority_type,
                "priority_userid_list": list(priority.priority_userid_list),
            },
        }


def _path(name: str) -> str:
    return f"/cgi-bin/externalcontact/customer_acquisition/{name}"
