"""Tags over HTTP: the carrier's groups beside ours, and the rule by which they are brought into line."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request
from pydantic import BaseModel
from sqlalchemy import Connection

from siyu.carriers import accounts, tags, tasks
from siyu.carriers.accounts import Account
from siyu.carriers.callback_routes import carriers_of
from siyu.carriers.tags import Group, Tag
from siyu.foundation.errors import InvalidError
from siyu.foundation.http import Body, Label, Line, Router, RowId
from siyu.foundation.text import Text
from siyu.team import audit
from siyu.team.access import Access, require

router = Router(prefix="/carriers/accounts/{id}/tags", tags=["carriers"])
Reader = Annotated[Access, Depends(require("carriers.read"))]
Writer = Annotated[Access, Depends(require("carriers.write"))]
WAIT_SECONDS = 60


class CarrierTag(BaseModel):
    """`siyu_tag` is the tag of customers that it stands for; `there_name` what the carrier calls it."""

    id: int
    ref: str | None
    name: str
    there_name: str | None
    order: int
    siyu_tag: str | None
    customer_count: int
    missing_since: datetime | None
    state: str

    @classmethod
    def of(cls, tag: Tag) -> CarrierTag:
        return cls(**{name: getattr(tag, name) for name in cls.model_fields})


class CarrierTagGroup(BaseModel):
    id: int
    ref: str | None
    name: str
    tags: list[CarrierTag]

    @classmethod
    def of(cls, group: Group) -> CarrierTagGroup:
        return cls(id=group.id, ref=group.ref, name=group.name, tags=[CarrierTag.of(tag) for tag in group.tags])


class CarrierTags(BaseModel):
    groups: list[CarrierTagGroup]
    rule: Label


class NewCarrierTag(Body):
    group: Line
    name: Line
    siyu_tag: Line | None = None


class CarrierTagChange(Body):
    name: Line | None = None
    siyu_tag: Line | None = None


class TagJob(BaseModel):
    job_id: str


@router.get("", summary="Tags of the carrier beside ours")
def list_carrier_tags(id: RowId, access: Reader) -> CarrierTags:
    with access.stores.ledger.read() as tx:
        _account(tx, id)
        return CarrierTags(groups=[CarrierTagGroup.of(group) for group in tags.list_groups(tx, id)], rule=Label.of(tags.RULE))


@router.post("", status_code=201, summary="Add a tag; a job makes it at the carrier")
def add_carrier_tag(id: RowId, body: NewCarrierTag, access: Writer) -> CarrierTag:
    stores = access.stores
    with stores.ledger.begin() as tx:
        account = _account(tx, id)
        found = tags.add(tx, account, body.group, body.name, body.siyu_tag, stores.now())
        _asked(access, tx, account, "carriers.tag_added", body.model_dump())
    return CarrierTag.of(found)


@router.patch("/{tag_id}", summary="Rename a tag, or say which tag of customers it stands for")
def change_carrier_tag(id: RowId, tag_id: RowId, body: CarrierTagChange, access: Writer) -> CarrierTag:
    stores, asked = access.stores, body.model_dump(exclude_unset=True)
    with stores.ledger.begin() as tx:
        account, before = _account(tx, id), tags.find_tag(tx, id, tag_id)
        found = tags.change(tx, account, before, asked, stores.now())
        _asked(access, tx, account, "carriers.tag_changed", {"tag": tag_id, **asked})
        if found.siyu_tag != before.siyu_tag and found.siyu_tag is not None:
            tasks.ask_carry(tx, account.id, found, stores=stores, by=access.actor.name)
    return CarrierTag.of(found)


@router.delete("/{tag_id}", status_code=204, summary="Delete a tag here and at the carrier, or confirm that it was deleted there")
def remove_carrier_tag(id: RowId, tag_id: RowId, access: Writer, request: Request) -> None:
    stores = access.stores
    with stores.ledger.begin() as tx:
        account, found = _account(tx, id), tags.find_tag(tx, id, tag_id)
        audit.record(tx, access.actor, "carriers.tag_removed", f"account:{id}", {"tag": tag_id, "name": found.name}, stores.now())
    calls = carriers_of(request).calls
    calls.run(tags.remove(calls, account, found), WAIT_SECONDS)


@router.post("/{tag_id}/restore", summary="Make a tag again that was deleted at the carrier")
def restore_carrier_tag(id: RowId, tag_id: RowId, access: Writer) -> CarrierTag:
    stores = access.stores
    with stores.ledger.begin() as tx:
        account = _account(tx, id)
        found = tags.restore(tx, account, tags.find_tag(tx, id, tag_id), stores.now())
        _asked(access, tx, account, "carriers.tag_restored", {"tag": tag_id})
    return CarrierTag.of(found)


@router.post("/sync", status_code=202, summary="Bring tags into line with the carrier")
def sync_carrier_tags(id: RowId, access: Writer) -> TagJob:
    with access.stores.ledger.begin() as tx:
        return TagJob(job_id=_asked(access, tx, _account(tx, id), "carriers.tag_sync_asked", {}))


def _asked(access: Access, tx: Connection, account: Account, action: str, detail: dict[str, object]) -> str:
    audit.record(tx, access.actor, action, f"account:{account.id}", detail, access.stores.now())
    return tasks.ask(tx, tasks.TAGS, account.id, stores=access.stores, by=access.actor.name)


def _account(tx: Connection, account_id: int) -> Account:
    account = accounts.find_account(tx, account_id)
    if account.product != "wecom":
        raise InvalidError(Text("只有企业微信有企业标签", "only WeCom has tags of the corp"))
    return account
