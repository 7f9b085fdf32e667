"""Customers 客户: who follows whom, with remarks and tags; the served contacts; from unionid to customer."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import datetime

import msgspec

from siyu.connectors._wechat.api import Page, pages
from siyu.connectors.errors import Refused
from siyu.connectors.wecom.client import Client, Nothing
from siyu.connectors.wecom.codes import CODES
from siyu.connectors.wecom.content import Faults

NO_CUSTOMERS = frozenset({"84061"})
"""A staff member without customers is answered with this code, not with an empty list."""


class Customer(msgspec.Struct, frozen=True):
    """Somebody outside the corp. `type`: 1 WeChat, 2 WeCom. `gender`: 0 unknown, 1 male, 2 female."""

    external_userid: str
    name: str = ""
    type: int = 1
    gender: int = 0
    avatar: str = ""
    unionid: str = ""
    position: str = ""
    corp_name: str = ""
    corp_full_name: str = ""


class FollowTag(msgspec.Struct, frozen=True):
    """A tag on a relation. `type`: 1 of the corp, 2 personal (no id), 3 of a strategy group."""

    group_name: str = ""
    tag_name: str = ""
    tag_id: str = ""
    type: int = 1


class WechatChannels(msgspec.Struct, frozen=True):
    nickname: str = ""
    source: int = 0


class Follow(msgspec.Struct, frozen=True):
    """One relation: what a staff member keeps about a customer. `tags` come from `get`, `tag_id` from batches."""

    userid: str
    remark: str = ""
    description: str = ""
    added_at: datetime | None = msgspec.field(name="createtime", default=None)
    tags: tuple[FollowTag, ...] = ()
    tag_id: tuple[str, ...] = ()
    remark_corp_name: str = ""
    remark_mobiles: tuple[str, ...] = ()
    add_way: int = 0
    oper_userid: str = ""
    state: str = ""
    wechat_channels: WechatChannels | None = None


class CustomerWithFollows(msgspec.Struct, frozen=True):
    """A customer and those who follow them; more on the next page where there are over 500."""

    customer: Customer = msgspec.field(name="external_contact")
    follows: tuple[Follow, ...] = msgspec.field(name="follow_user", default=())
    next_cursor: str = ""


class Relation(msgspec.Struct, frozen=True):
    customer: Customer = msgspec.field(name="external_contact")
    follow: Follow = msgspec.field(name="follow_info")


class ServedContact(msgspec.Struct, frozen=True):
    """Somebody whom staff served: a customer, or another person in a customer group (`is_customer` false, ids differ)."""

    is_customer: bool = False
    tmp_openid: str = ""
    external_userid: str = ""
    name: str = ""
    follow_userid: str = ""
    chat_id: str = ""
    chat_name: str = ""
    added_at: datetime | None = msgspec.field(name="add_time", default=None)


class Converted(msgspec.Struct, frozen=True):
    """A customer's id; where they are none yet, a pending id (90 days) under which they can be recognised later."""

    external_userid: str = ""
    pending_id: str = ""


class _Ids(msgspec.Struct, frozen=True):
    external_userid: tuple[str, ...] = ()


class _Unlicensed(msgspec.Struct, frozen=True):
    unlicensed_userid_list: tuple[str, ...] = ()


class _Batch(msgspec.Struct, frozen=True):
    external_contact_list: tuple[Relation, ...] = ()
    next_cursor: str = ""
    fail_info: _Unlicensed = _Unlicensed()


class _Pending(msgspec.Struct, frozen=True):
    result: tuple[Converted, ...] = ()


class _Served(msgspec.Struct, frozen=True):
    info_list: tuple[ServedContact, ...] = ()
    next_cursor: str = ""


class Customers:
    """Reading customers, and writing a staff member's remark."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def ids(self, userid: str) -> tuple[str, ...]:
        """All customers of one staff member; empty where there are none."""
        path = "/cgi-bin/externalcontact/list"
        return (await self._client.get(path, _Ids, accepts=NO_CUSTOMERS, userid=userid)).external_userid

    async def get(self, external_userid: str, cursor: str = "") -> CustomerWithFollows:
        path = "/cgi-bin/externalcontact/get"
        return await self._client.get(
            path, CustomerWithFollows, external_userid=external_userid, cursor=cursor or None
        )

    async def get_whole(self, external_userid: str) -> CustomerWithFollows:
        """The customer with every follower, over all pages."""
        found = await self.get(external_userid)
        follows, seen = list(found.follows), {""}
        cursor = found.next_cursor
        while cursor not in seen:
            seen.add(cursor)
            more = await self.get(external_userid, cursor)
            follows += more.follows
            cursor = more.next_cursor
        return CustomerWithFollows(found.customer, tuple(follows))

    def of_staff(self, userids: Sequence[str], cursor: str = "") -> AsyncIterator[Page[Relation]]:
        """Relations of up to 100 staff members, page by page.

        "No customers" is taken for an empty list only where one staff member was asked: from several it might hide the rest.
        """
        faults = Faults()
        faults.count("userids", userids, self._client.limits.batch_users, least=1)
        faults.tell()
        accepts = NO_CUSTOMERS if len(userids) == 1 else frozenset[str]()

        async def fetch(at: str) -> Page[Relation]:
            body = {
                "userid_list": list(userids),
                "cursor": at or None,
                "limit": self._client.limits.batch_customers,
            }
            path = "/cgi-bin/externalcontact/batch/get_by_user"
            found = await self._client.post(path, body, _Batch, accepts=accepts)
            _refuse_unlicensed(found.fail_info.unlicensed_userid_list, path)
            return Page(found.external_contact_list, found.next_cursor)

        return pages(fetch, cursor)

    def served(self, cursor: str = "") -> AsyncIterator[Page[ServedContact]]:
        """Everybody whom staff served, customers and other people of customer groups."""
        return pages(self._served, cursor)

    async def _served(self, cursor: str) -> Page[ServedContact]:
        body = {"cursor": cursor or None, "limit": self._client.limits.contact_list_page}
        found = await self._client.post("/cgi-bin/externalcontact/contact_list", body, _Served)
        return Page(found.info_list, found.next_cursor)

    async def remark(
        self,
        userid: str,
        external_userid: str,
        *,
        remark: str | None = None,
        description: str | None = None,
        company: str | None = None,
        mobiles: Sequence[str] | None = None,
        picture_media_id: str | None = None,
    ) -> None:
        """Write what one staff member keeps about a customer; what is None stays as it is."""
        limits, faults = self._client.limits, Faults()
        faults.characters("remark", remark or "", limits.customer_remark_characters)
        faults.characters("company", company or "", limits.customer_remark_characters)
        faults.characters("description", description or "", limits.customer_description_characters)
        if (remark, description, company, mobiles, picture_media_id) == (None,) * 5:
            faults.add("remark", "没有要修改的内容", "there is nothing to change")
        faults.tell()
        body = {
            "userid": userid,
            "external_userid": external_userid,
            "remark": remark,
            "description": description,
            "remark_company": company,
            # An empty list would change nothing; one empty text clears.
            "remark_mobiles": None if mobiles is None else [*mobiles] or [""],
            "remark_pic_mediaid": picture_media_id,
        }
        await self._client.post("/cgi-bin/externalcontact/remark", body, Nothing)

    async def from_unionid(self, unionid: str, openid: str) -> Converted:
        """The customer of a unionid and an openid of the same official account or mini program. Not for masses: WeCom forbids it."""
        body = {"unionid": unionid, "openid": openid, "subject_type": 0}
        return await self._client.post("/cgi-bin/idconvert/unionid_to_external_userid", body, Converted)

    async def pending_ids(
        self, external_userids: Sequence[str], chat_id: str | None = None
    ) -> tuple[Converted, ...]:
        """Pending ids of customers who were converted before."""
        faults = Faults()
        faults.count("external_userids", external_userids, self._client.limits.batch_users, least=1)
        faults.tell()
        body = {"external_userid": [*external_userids], "chat_id": chat_id}
        path = "/cgi-bin/idconvert/batch/external_userid_to_pending_id"
        return (await self._client.post(path, body, _Pending)).result


def _refuse_unlicensed(userids: Sequence[str], path: str) -> None:
    """WeCom left staff out of the page; to go on would look as if their customers had vanished."""
    if userids:
        known = CODES["701008"]
        raise Refused(
            known.says,
            vendor_code="701008",
            vendor_message=", ".join(userids[:20]),
            api=path,
            way_out=known.fix,
        )
