"""Tags 企业标签, both ways: the groups and tags of the carrier and ours are brought into line by one stated rule."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Connection, delete, func, insert, select, update

from siyu.carriers import _work_tables, accounts
from siyu.carriers._limits import patient
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.connectors.errors import Refused
from siyu.connectors.wecom.tags import TagGroup
from siyu.events import log
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text

RULE = Text(
    "改名以较晚的一方为准，同时则以企业微信为准；企业微信一侧删除的标签在这里保留，等人确认删除或恢复后才处理；这里删除的标签会在企业微信一并删除。"
    "客户标签：企业微信给任一好友打上即打到客户，所有好友都去掉才从客户去掉;Siyu 打上或去掉即对该客户的所有好友关系生效。",
    "Of two renames the later wins, WeCom's where they are equal. A tag deleted at WeCom stays here until somebody confirms or restores it; "
    "one deleted here is deleted at WeCom. A customer has a tag when any relation has it at WeCom, and loses it when none has it any more; "
    "put on or taken off here, it goes to all relations of the customer.",
)
LOOKED_BACK = 2_000
PATIENCE_SECONDS = 300.0
LONGEST = 30


@dataclass(frozen=True)
class Tag:
    """`state`: in_sync · only_here (not made there yet, or deleted there) · only_there (stands for no tag of customers) · conflict."""

    id: int
    ref: str | None
    name: str
    there_name: str | None
    order: int
    siyu_tag: str | None
    customer_count: int
    missing_since: datetime | None
    changed_here_at: datetime | None

    @property
    def state(self) -> str:
        if self.ref is None or self.missing_since is not None:
            return "only_here"
        if self.there_name != self.name:
            return "conflict"
        return "in_sync" if self.siyu_tag else "only_there"


@dataclass(frozen=True)
class Group:
    id: int
    ref: str | None
    name: str
    tags: list[Tag] = field(default_factory=list)


@dataclass(frozen=True)
class Synced:
    """Tags: read, new here, renamed here, deleted there, and sent there."""

    read_count: int
    new_count: int
    renamed_count: int
    missing_count: int
    sent_count: int


def list_groups(tx: Connection, account_id: int) -> list[Group]:
    """By the carrier's order. `customer_count` of a tag is its contacts."""
    group, tag, mark = _work_tables.tag_group, _work_tables.tag, _work_tables.mark
    held = select(mark.c.tag_ref, func.count(mark.c.contact_id.distinct())).where(mark.c.account_id == account_id, mark.c.status.in_(("there", "adding")))
    counts = {ref: int(count) for ref, count in tx.execute(held.group_by(mark.c.tag_ref))}
    found = {row.id: Group(row.id, row.ref, row.name) for row in tx.execute(select(group).where(group.c.account_id == account_id).order_by(group.c.position.desc(), group.c.id))}
    for row in tx.execute(select(tag).where(tag.c.account_id == account_id).order_by(tag.c.position.desc(), tag.c.id)):
        found[row.group_id].tags.append(_tag(row, counts.get(row.ref, 0)))
    return list(found.values())


def find_tag(tx: Connection, account_id: int, tag_id: int) -> Tag:
    row = tx.execute(select(_work_tables.tag).where(_work_tables.tag.c.id == tag_id, _work_tables.tag.c.account_id == account_id)).first()
    if row is None:
        raise NotFoundError(Text("没有这个标签", "there is no such tag"))
    return _tag(row, 0)


def add(tx: Connection, account: Account, group: str, name: str, siyu_tag: str | None, now: datetime) -> Tag:
    """A tag that is to be made at the carrier with the next sync."""
    _check(group=group, name=name)
    groups, table = _work_tables.tag_group, _work_tables.tag
    group_id = tx.scalar(select(groups.c.id).where(groups.c.account_id == account.id, groups.c.name == group.strip()))
    if group_id is None:
        group_id = _insert(tx, groups, {"account_id": account.id, "name": group.strip(), "position": 0})
    same = select(table.c.id).where(table.c.group_id == group_id, table.c.name == name.strip())
    if tx.scalar(same) is not None:
        raise ConflictError(Text("这个组里已有同名标签", "the group has a tag of this name"))
    row = {"account_id": account.id, "group_id": group_id, "name": name.strip(), "position": 0, "siyu_tag": siyu_tag or None, "changed_here_at": now}
    return find_tag(tx, account.id, _insert(tx, table, row))


def change(tx: Connection, account: Account, tag: Tag, values: dict[str, Any], now: datetime) -> Tag:
    """Rename it (sent with the next sync), or say which tag of customers it stands for."""
    changed: dict[str, Any] = {}
    if values.get("name") and values["name"].strip() != tag.name:
        _check(group="x", name=values["name"])
        changed = {"name": values["name"].strip(), "changed_here_at": now}
    if "siyu_tag" in values:
        changed["siyu_tag"] = values["siyu_tag"] or None
    if changed:
        tx.execute(update(_work_tables.tag).where(_work_tables.tag.c.id == tag.id).values(changed))
    return find_tag(tx, account.id, tag.id)


def restore(tx: Connection, account: Account, tag: Tag, now: datetime) -> Tag:
    """A tag that was deleted at the carrier is made there again with the next sync; it has a new id there, and nobody has it yet."""
    if tag.missing_since is None:
        raise ConflictError(Text("这个标签没有在企业微信被删除", "this tag was not deleted at WeCom"))
    tx.execute(delete(_work_tables.mark).where(_work_tables.mark.c.account_id == account.id, _work_tables.mark.c.tag_ref == tag.ref))
    values = {"ref": None, "there_name": None, "missing_since": None, "changed_here_at": now}
    tx.execute(update(_work_tables.tag).where(_work_tables.tag.c.id == tag.id).values(values))
    return find_tag(tx, account.id, tag.id)


async def remove(calls: Calls, account: Account, tag: Tag) -> None:
    """Delete it at the carrier, then here. Confirming a deletion that was made there is the same."""
    if tag.ref is not None and tag.missing_since is None:
        try:
            await calls.connector(account).tags.delete([tag.ref])
        except Refused:
            if any(one.id == tag.ref for group in await calls.connector(account).tags.list([tag.ref]) for one in group.tags):
                raise
    with calls.stores.ledger.begin() as tx:
        tx.execute(delete(_work_tables.mark).where(_work_tables.mark.c.account_id == account.id, _work_tables.mark.c.tag_ref == tag.ref))
        tx.execute(delete(_work_tables.tag).where(_work_tables.tag.c.id == tag.id))
        _drop_empty(tx, account.id)


def sync(calls: Calls, account_id: int) -> Synced:
    """Read the carrier's tags, decide by the rule, send what is to be sent."""
    with calls.stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
    return calls.run(_sync(calls, account))


async def _sync(calls: Calls, account: Account) -> Synced:
    stores, connector = calls.stores, calls.connector(account)
    with patient(PATIENCE_SECONDS):
        groups = await connector.tags.list()
        with stores.ledger.begin() as tx:
            new, renamed, missing = take_in(tx, account, groups, stores.now())
            waiting = tx.execute(_waiting(account.id)).all()
        for row in waiting:
            await _send(calls, account, row)
    return Synced(sum(len(group.tags) for group in groups), new, renamed, missing, len(waiting))


def take_in(tx: Connection, account: Account, groups: Sequence[TagGroup], now: datetime) -> tuple[int, int, int]:
    """What the carrier has: new here, renamed here, found deleted there."""
    table = _work_tables.tag
    group_ids = _groups(tx, account.id, groups)
    held = {row.ref: row for row in tx.execute(select(table).where(table.c.account_id == account.id, table.c.ref.is_not(None)))}
    unsent = {(row.group_id, row.name): row for row in tx.execute(select(table).where(table.c.account_id == account.id, table.c.ref.is_(None)))}
    reported, there = _renamed_at(tx, account.id), {one.id: (one, group) for group in groups if not group.deleted for one in group.tags if not one.deleted}
    new = renamed = 0
    for ref, (one, group) in there.items():
        seen = {"there_name": one.name, "there_seen_at": now, "missing_since": None, "position": one.order, "group_id": group_ids[group.group_id]}
        mine = held.get(ref)
        same = unsent.get((group_ids[group.group_id], one.name))
        if mine is None and same is not None:
            # Made by us and not written down, or by others under the same name: one tag either way.
            tx.execute(update(table).where(table.c.id == same.id).values(ref=ref, changed_here_at=None, **seen))
        elif mine is None:
            _insert(tx, table, {"account_id": account.id, "ref": ref, "name": one.name, **seen})
            new += 1
        else:
            # Nothing was changed there, or ours is later than what they did: ours is kept, and sent.
            mine_wins = mine.changed_here_at is not None and (one.name == mine.there_name or mine.changed_here_at > reported.get(ref, now))
            values = seen if mine_wins else {**seen, "name": one.name, "changed_here_at": None}
            renamed += not mine_wins and one.name != mine.name
            tx.execute(update(table).where(table.c.id == mine.id).values(values))
    gone = [row.id for ref, row in held.items() if ref not in there and row.missing_since is None]
    tx.execute(update(table).where(table.c.id.in_(gone)).values(missing_since=now))
    return new, renamed, len(gone)


async def _send(calls: Calls, account: Account, row: Any) -> None:
    """Make or rename one tag there; no callback tells of it, so our own copy is brought up to date here."""
    stores, tags, table = calls.stores, calls.connector(account).tags, _work_tables.tag
    if row.ref is None:
        made = await tags.add([row.name], group_name=row.group_name)
        ref = next(one.id for one in made.tags if one.name == row.name)
        values: dict[str, Any] = {"ref": ref, "there_name": row.name, "there_seen_at": stores.now(), "changed_here_at": None}
        with stores.ledger.begin() as tx:
            tx.execute(update(_work_tables.tag_group).where(_work_tables.tag_group.c.id == row.group_id).values(ref=made.group_id))
            tx.execute(update(table).where(table.c.id == row.id).values(values))
        return
    await tags.edit(row.ref, name=row.name)
    with stores.ledger.begin() as tx:
        mine = (table.c.id == row.id) & (table.c.name == row.name)
        tx.execute(update(table).where(mine).values(there_name=row.name, there_seen_at=stores.now(), changed_here_at=None))


def _waiting(account_id: int) -> Any:
    table, group = _work_tables.tag, _work_tables.tag_group
    unsent = table.c.ref.is_(None) | ((table.c.there_name != table.c.name) & table.c.changed_here_at.is_not(None) & table.c.missing_since.is_(None))
    query = select(table, group.c.name.label("group_name")).join(group, group.c.id == table.c.group_id)
    return query.where(table.c.account_id == account_id, unsent).order_by(table.c.id)


def _groups(tx: Connection, account_id: int, groups: Sequence[TagGroup]) -> dict[str, int]:
    """The carrier's group → ours; a group of the same name is the same."""
    table = _work_tables.tag_group
    rows = tx.execute(select(table).where(table.c.account_id == account_id)).all()
    by_ref, by_name = {row.ref: row.id for row in rows if row.ref}, {row.name: row.id for row in rows}
    found: dict[str, int] = {}
    for group in groups:
        known = by_ref.get(group.group_id) or by_name.get(group.group_name)
        values = {"ref": group.group_id, "name": group.group_name, "position": group.order}
        if known is None:
            known = _insert(tx, table, {"account_id": account_id, **values})
        else:
            tx.execute(update(table).where(table.c.id == known).values(values))
        found[group.group_id] = known
    return found


def _renamed_at(tx: Connection, account_id: int) -> Mapping[str, datetime]:
    """When the carrier said that a tag was changed there; it tells no time in its list."""
    batches = log.batches(tx, max(0, log.head(tx) - LOOKED_BACK), None, [CARRIER_REPORTED.name], limit=LOOKED_BACK)
    found: dict[str, datetime] = {}
    for row in (row for batch in batches for row in batch.rows.to_pylist()):
        if row["account_id"] == account_id and row["kind"] == "tag_changed":
            found[str(msgspec.json.decode(row["detail"]).get("id", ""))] = from_ms(row["at_ms"])
    return found


def _drop_empty(tx: Connection, account_id: int) -> None:
    """The carrier has no empty groups either."""
    group, tag = _work_tables.tag_group, _work_tables.tag
    used = select(tag.c.group_id).where(tag.c.account_id == account_id)
    tx.execute(delete(group).where(group.c.account_id == account_id, group.c.id.not_in(used)))


def _check(**names: str) -> None:
    faults = [
        Fault(field, Text(f"1 到 {LONGEST} 个字", f"1 to {LONGEST} characters")) for field, name in names.items() if not 0 < len(name.strip()) <= LONGEST
    ]
    if faults:
        raise InvalidError(Text("标签有误", "the tag is not valid"), faults=faults)


def _insert(tx: Connection, table: Any, row: dict[str, Any]) -> int:
    key = tx.execute(insert(table).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def _tag(row: Any, customer_count: int) -> Tag:
    return Tag(row.id, row.ref, row.name, row.there_name, row.position, row.siyu_tag, customer_count, row.missing_since, row.changed_here_at)
