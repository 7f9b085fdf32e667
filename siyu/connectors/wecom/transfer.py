"""Transfer 继承: customers and groups go to another staff member, in service or after resignation. A call only begins it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Literal

import msgspec

from siyu.connectors._wechat.api import Page, pages
from siyu.connectors.wecom.client import Client
from siyu.connectors.wecom.content import Faults

Standing = Literal["done", "waiting", "refused", "takeover_full", "no_record", "unknown"]
_STANDINGS: dict[int, Standing] = {1: "done", 2: "waiting", 3: "refused", 4: "takeover_full", 5: "no_record"}


class Started(msgspec.Struct, frozen=True):
    """One customer of a call: with errcode 0 the transfer has begun, and is done after 24 hours unless the customer refuses."""

    external_userid: str
    errcode: int = 0


class FailedGroup(msgspec.Struct, frozen=True):
    chat_id: str
    errcode: int = 0
    errmsg: str = ""


class Transferred(msgspec.Struct, frozen=True):
    external_userid: str
    status: int = 0
    takeover_time: datetime | None = None

    @property
    def standing(self) -> Standing:
        return _STANDINGS.get(self.status, "unknown")

    @property
    def takeover_at(self) -> datetime | None:
        """When it was done, or (while waiting) when it will be; WeCom writes 0 where there is no time."""
        at = self.takeover_time
        return None if at is None or at == datetime(1970, 1, 1, tzinfo=UTC) else at


class Unassigned(msgspec.Struct, frozen=True):
    """A customer whose staff member has left."""

    handover_userid: str
    external_userid: str
    left_at: datetime | None = msgspec.field(name="dimission_time", default=None)


class _Customers(msgspec.Struct, frozen=True):
    customer: tuple[Started, ...] = ()


class _Results(msgspec.Struct, frozen=True):
    customer: tuple[Transferred, ...] = ()
    next_cursor: str = ""


class _Groups(msgspec.Struct, frozen=True):
    failed_chat_list: tuple[FailedGroup, ...] = ()


class _Unassigned(msgspec.Struct, frozen=True):
    info: tuple[Unassigned, ...] = ()
    is_last: bool = False
    next_cursor: str = ""


class Transfer:
    def __init__(self, client: Client) -> None:
        self._client = client

    async def customers(
        self, handover: str, takeover: str, external_userids: Sequence[str], *, message: str = ""
    ) -> tuple[Started, ...]:
        """In service: the customer is told `message`, and may refuse within 24 hours."""
        body = {"transfer_success_msg": message or None}
        return await self._begin("transfer_customer", handover, takeover, external_userids, body, message)

    async def customers_of_resigned(
        self, handover: str, takeover: str, external_userids: Sequence[str]
    ) -> tuple[Started, ...]:
        """After resignation (within a year)."""
        return await self._begin("resigned/transfer_customer", handover, takeover, external_userids, {}, "")

    def results(self, handover: str, takeover: str, cursor: str = "") -> AsyncIterator[Page[Transferred]]:
        return self._results("transfer_result", handover, takeover, cursor)

    def results_of_resigned(
        self, handover: str, takeover: str, cursor: str = ""
    ) -> AsyncIterator[Page[Transferred]]:
        return self._results("resigned/transfer_result", handover, takeover, cursor)

    async def groups(self, chat_ids: Sequence[str], new_owner: str) -> tuple[FailedGroup, ...]:
        """Groups in service; those that failed are told, the rest is done."""
        return await self._groups("groupchat/onjob_transfer", chat_ids, new_owner)

    async def groups_of_resigned(self, chat_ids: Sequence[str], new_owner: str) -> tuple[FailedGroup, ...]:
        return await self._groups("groupchat/transfer", chat_ids, new_owner)

    def unassigned(self, cursor: str = "") -> AsyncIterator[Page[Unassigned]]:
        """Customers whose staff have left and whom nobody has taken over."""
        return pages(self._unassigned, cursor)

    async def _unassigned(self, cursor: str) -> Page[Unassigned]:
        body = {"page_size": self._client.limits.unassigned_page, "cursor": cursor or None}
        found = await self._client.post(_path("get_unassigned_list"), body, _Unassigned)
        return Page(found.info, "" if found.is_last else found.next_cursor)

    async def _begin(
        self,
        name: str,
        handover: str,
        takeover: str,
        external_userids: Sequence[str],
        more: dict[str, str | None],
        message: str,
    ) -> tuple[Started, ...]:
        limits, faults = self._client.limits, Faults()
        faults.count("external_userids", external_userids, limits.transfer_customers, least=1)
        faults.characters("message", message, limits.transfer_message_characters)
        if handover == takeover:
            faults.add("takeover", "接手人与原跟进人相同", "the new person is the old one")
        faults.tell()
        body = {
            "handover_userid": handover,
            "takeover_userid": takeover,
            "external_userid": [*external_userids],
            **more,
        }
        return (await self._client.post(_path(name), body, _Customers, idempotent=False)).customer

    def _results(
        self, name: str, handover: str, takeover: str, cursor: str
    ) -> AsyncIterator[Page[Transferred]]:
        async def fetch(at: str) -> Page[Transferred]:
            body = {"handover_userid": handover, "takeover_userid": takeover, "cursor": at or None}
            found = await self._client.post(_path(name), body, _Results)
            return Page(found.customer, found.next_cursor)

        return pages(fetch, cursor)

    async def _groups(self, name: str, chat_ids: Sequence[str], new_owner: str) -> tuple[FailedGroup, ...]:
        faults = Faults()
        faults.count("chat_ids", chat_ids, self._client.limits.transfer_customers, least=1)
        faults.tell()
        body = {"chat_id_list": [*chat_ids], "new_owner": new_owner}
        return (await self._client.post(_path(name), body, _Groups, idempotent=False)).failed_chat_list


def _path(name: str) -> str:
    return f"/cgi-bin/externalcontact/{name}"
