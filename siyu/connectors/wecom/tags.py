"""Tags 企业标签: groups and tags of the corp and of strategies, and putting them on relations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from siyu.connectors.wecom.client import Client, Nothing
from siyu.connectors.wecom.content import Faults

MOST_ORDER = 2**32 - 1


class Tag(msgspec.Struct, frozen=True):
    id: str
    name: str = ""
    created_at: datetime | None = msgspec.field(name="create_time", default=None)
    order: int = 0
    deleted: bool = False


class TagGroup(msgspec.Struct, frozen=True):
    """A group and its tags; there are no empty groups."""

    group_id: str
    group_name: str = ""
    created_at: datetime | None = msgspec.field(name="create_time", default=None)
    order: int = 0
    deleted: bool = False
    strategy_id: int = 0
    tags: tuple[Tag, ...] = msgspec.field(name="tag", default=())


class _Groups(msgspec.Struct, frozen=True):
    tag_group: tuple[TagGroup, ...] = ()


class _Group(msgspec.Struct, frozen=True):
    tag_group: TagGroup


class Tags:
    """Tags both ways. Changes made here cause no callback: the caller updates its own copy from what is answered."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def list(self, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()) -> tuple[TagGroup, ...]:
        """Groups with their tags; all without ids, and `group_ids` win."""
        body = {"tag_id": [*tag_ids] or None, "group_id": [*group_ids] or None}
        return (
            await self._client.post("/cgi-bin/externalcontact/get_corp_tag_list", body, _Groups)
        ).tag_group

    async def add(
        self,
        names: Sequence[str],
        *,
        group_id: str = "",
        group_name: str = "",
        orders: Sequence[int] = (),
        order: int | None = None,
    ) -> TagGroup:
        """Add tags to a group (made if `group_name` is new). A name that exists in the group is not made twice."""
        body = self._new(names, group_id, group_name, orders, order)
        return (await self._client.post("/cgi-bin/externalcontact/add_corp_tag", body, _Group)).tag_group

    async def edit(self, id: str, *, name: str | None = None, order: int | None = None) -> None:
        """Rename or move a tag or a group."""
        self._check_names([name] if name is not None else [])
        await self._client.post(
            "/cgi-bin/externalcontact/edit_corp_tag", {"id": id, "name": name, "order": order}, Nothing
        )

    async def delete(self, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()) -> None:
        """Delete tags, and groups with all that is in them. A group without tags vanishes."""
        await self._client.post("/cgi-bin/externalcontact/del_corp_tag", _ids(tag_ids, group_ids), Nothing)

    async def mark(
        self, userid: str, external_userid: str, add: Sequence[str] = (), remove: Sequence[str] = ()
    ) -> None:
        """Put tags on one relation and take others off."""
        faults = Faults()
        faults.needed("add", [*add, *remove])
        faults.tell()
        body = {
            "userid": userid,
            "external_userid": external_userid,
            "add_tag": [*add] or None,
            "remove_tag": [*remove] or None,
        }
        await self._client.post("/cgi-bin/externalcontact/mark_tag", body, Nothing)

    async def list_strategy(
        self, strategy_id: int | None = None, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()
    ) -> tuple[TagGroup, ...]:
        body = {"strategy_id": strategy_id, "tag_id": [*tag_ids] or None, "group_id": [*group_ids] or None}
        return (
            await self._client.post("/cgi-bin/externalcontact/get_strategy_tag_list", body, _Groups)
        ).tag_group

    async def add_strategy(
        self,
        strategy_id: int,
        names: Sequence[str],
        *,
        group_id: str = "",
        group_name: str = "",
        order: int | None = None,
    ) -> TagGroup:
        """As `add`, for the group of a first-level strategy."""
        body = {"strategy_id": strategy_id, **self._new(names, group_id, group_name, (), order)}
        return (await self._client.post("/cgi-bin/externalcontact/add_strategy_tag", body, _Group)).tag_group

    async def edit_strategy(self, id: str, *, name: str | None = None, order: int | None = None) -> None:
        self._check_names([name] if name is not None else [])
        body = {"id": id, "name": name, "order": order}
        await self._client.post("/cgi-bin/externalcontact/edit_strategy_tag", body, Nothing)

    async def delete_strategy(self, tag_ids: Sequence[str] = (), group_ids: Sequence[str] = ()) -> None:
        await self._client.post(
            "/cgi-bin/externalcontact/del_strategy_tag", _ids(tag_ids, group_ids), Nothing
        )

    def _new(
        self, names: Sequence[str], group_id: str, group_name: str, orders: Sequence[int], order: int | None
    ) -> dict[str, Any]:
        faults = Faults()
        faults.needed("group", group_id or group_name)
        faults.count("names", names, 10_000, least=1)
        faults.characters("group_name", group_name, self._client.limits.name_characters)
        self._check_names(names, faults)
        tags: list[Mapping[str, Any]] = [{"name": name} for name in names]
        if orders:
            tags = [{"name": name, "order": one} for name, one in zip(names, orders, strict=True)]
        return {"group_id": group_id or None, "group_name": group_name or None, "order": order, "tag": tags}

    def _check_names(self, names: Sequence[str], faults: Faults | None = None) -> None:
        faults = faults or Faults()
        for number, name in enumerate(names):
            faults.needed(f"names.{number}", name.strip())
            faults.characters(f"names.{number}", name, self._client.limits.name_characters)
        faults.tell()


def _ids(tag_ids: Sequence[str], group_ids: Sequence[str]) -> dict[str, Any]:
    faults = Faults()
    faults.needed("tag_ids", [*tag_ids, *group_ids])
    faults.tell()
    return {"tag_id": [*tag_ids] or None, "group_id": [*group_ids] or None}
