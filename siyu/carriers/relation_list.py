"""Lists of relations 好友列表: by account, staff, live code and how they stand; and those of one customer, ended ones too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, tuple_

from siyu.carriers import _tables, accounts
from siyu.foundation.clock import from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.team import staff

ADD_WAYS = {
    0: Text("未知来源", "Unknown"), 1: Text("扫描二维码", "Scanned a code"), 2: Text("搜索手机号", "Searched by phone"),
    3: Text("名片分享", "Shared card"), 4: Text("群聊", "Group chat"), 5: Text("手机通讯录", "Phone book"), 6: Text("微信联系人", "WeChat contact"),
    7: Text("来自微信的添加好友申请", "Friend request from WeChat"), 8: Text("第三方应用自动添加", "Added by another service"), 9: Text("搜索邮箱", "Searched by mail"),
    10: Text("视频号", "Channels"), 11: Text("日程参与人", "Calendar"), 12: Text("会议参与人", "Meeting"), 13: Text("添加微信好友对应的企业微信", "WeCom of a WeChat friend"),
    14: Text("智慧硬件专属客服", "Device service"), 15: Text("上门服务", "Door-to-door service"), 16: Text("获客链接", "Acquisition link"),
    201: Text("内部成员共享", "Shared by a colleague"), 202: Text("管理员分配", "Assigned by an administrator"),
}  # fmt: skip
EXPORTED_TOGETHER = 2_000
Place = tuple[datetime, int, str]


@dataclass(frozen=True)
class Wanted:
    """Which relations; None and "" leave a thing open. `is_open`: running ones or ended ones only."""

    account_id: int | None = None
    staff: str | None = None
    state: str | None = None
    is_open: bool | None = None
    ended_by: str | None = None
    q: str = ""


@dataclass(frozen=True)
class Related:
    """One relation as it stands (its last spell). `customer_id` is None until the contact's identity is resolved."""

    contact_id: int
    customer_id: int | None
    contact_name: str | None
    account_id: int
    account_name: str
    staff: str
    staff_name: str | None
    began_at: datetime
    state: str | None
    contact_way_name: str | None
    add_way: int | None
    ended_at: datetime | None
    ended_by: str | None

    @property
    def add_way_name(self) -> Text | None:
        return None if self.add_way is None else ADD_WAYS.get(self.add_way, Text(f"方式 {self.add_way}", f"Way {self.add_way}"))


def list_relations(stores: Stores, tx: Connection, wanted: Wanted, *, after: Place | None = None, limit: int = 50) -> list[Related]:
    """The newest first."""
    table, contact = _tables.relation, _tables.contact
    query = select(table, contact.c.name, contact.c.identity_key).join(contact, contact.c.id == table.c.contact_id)
    for column, value in ((table.c.account_id, wanted.account_id), (table.c.staff, wanted.staff), (table.c.state, wanted.state), (table.c.ended_by, wanted.ended_by)):
        if value is not None:
            query = query.where(column == value)
    if wanted.is_open is not None:
        query = query.where(table.c.ended_at.is_(None) if wanted.is_open else table.c.ended_at.is_not(None))
    if wanted.q:
        query = query.where(contact.c.name.icontains(wanted.q, autoescape=True))
    if after is not None:
        query = query.where(tuple_(table.c.began_at, table.c.contact_id, table.c.staff) < tuple_(*after))
    rows = tx.execute(query.order_by(table.c.began_at.desc(), table.c.contact_id.desc(), table.c.staff.desc()).limit(limit)).all()
    return _named(stores, tx, rows)


def place_of(one: Related) -> Place:
    """Where the list goes on behind this one."""
    return one.began_at, one.contact_id, one.staff


def all_relations(stores: Stores, wanted: Wanted) -> Iterator[list[Related]]:
    """Every one of them, in parts; no part holds the ledger while it is written out."""
    after: Place | None = None
    while True:
        with stores.ledger.read() as tx:
            some = list_relations(stores, tx, wanted, after=after, limit=EXPORTED_TOGETHER)
        if some:
            yield some
        if len(some) < EXPORTED_TOGETHER:
            return
        after = place_of(some[-1])


def of_customer(stores: Stores, tx: Connection, customer_id: int) -> list[Related]:
    """Every spell of every relation of one customer, on all carriers, the newest first."""
    fact = stores.warehouse.tables["carriers_relation"]
    with stores.warehouse.read() as session:
        rows = session.query(fact.filter((fact.customer_id == customer_id) & ~fact.void)).to_pylist()
    names = _Names(tx, {row["account_id"] for row in rows})
    found = [
        Related(
            0, customer_id, None, row["account_id"], names.account(row["account_id"]), row["staff"], names.staff.get((row["account_id"], row["staff"])),
            from_ms(row["began_ms"]), row["state"], names.ways.get((row["account_id"], row["state"])), row["add_way"],
            None if row["ended_ms"] is None else from_ms(row["ended_ms"]), row["by"],
        )
        for row in rows
    ]  # fmt: skip
    return sorted(found, key=lambda one: (one.began_at, one.account_id, one.staff), reverse=True)


def way_names(tx: Connection, account_ids: Sequence[int]) -> dict[tuple[int, str | None], str]:
    """(account, state) → the name of the live code."""
    table = _tables.contact_way
    rows = tx.execute(select(table.c.account_id, table.c.state, table.c.name).where(table.c.account_id.in_(account_ids), table.c.state != "").order_by(table.c.id))
    return {(row.account_id, row.state): row.name for row in rows}


class _Names:
    """What staff, live codes and accounts are called."""

    def __init__(self, tx: Connection, account_ids: set[int]) -> None:
        ids = sorted(account_ids)
        self.staff = staff.names(tx, ids)
        self.ways = way_names(tx, ids)
        self._accounts = {row.id: row.name for row in tx.execute(select(_tables.account.c.id, _tables.account.c.name).where(_tables.account.c.id.in_(ids)))}

    def account(self, account_id: int) -> str:
        return str(self._accounts.get(account_id, account_id))


def _named(stores: Stores, tx: Connection, rows: Sequence[Any]) -> list[Related]:
    names = _Names(tx, {row.account_id for row in rows})
    customers = customers_of(stores, [row.identity_key for row in rows])
    return [
        Related(
            row.contact_id, customers.get(row.identity_key), row.name, row.account_id, names.account(row.account_id), row.staff,
            names.staff.get((row.account_id, row.staff)), row.began_at, row.state, names.ways.get((row.account_id, row.state)), row.add_way, row.ended_at, row.ended_by,
        )
        for row in rows
    ]  # fmt: skip


def customers_of(stores: Stores, identity_keys: Sequence[int]) -> dict[int, int]:
    """Identity key → customer, by the published links."""
    if not identity_keys:
        return {}
    link = stores.warehouse.tables["identity_link"]
    with stores.warehouse.read() as session:
        rows = session.query(link.filter(link.identity_key.isin(list(identity_keys))).select("identity_key", "customer_id")).to_pylist()
    return {row["identity_key"]: row["customer_id"] for row in rows}


def account_named(tx: Connection, account_id: int | None) -> None:
    """Refuse an account that is not there."""
    if account_id is not None:
        accounts.find_account(tx, account_id)
