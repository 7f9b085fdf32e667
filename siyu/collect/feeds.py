"""Feeds 数据接入: the sites, apps, servers and shops that send us events, each with a write key of its own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from siyu.collect._tables import feed as table
from siyu.events.identifiers import RANKS
from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.ids import new_id
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

KINDS = {
    "web": Text("网站", "Web site"),
    "app": Text("App", "App"),
    "mini_program": Text("小程序", "Mini program"),
    "server": Text("服务器", "Server"),
    "shop": Text("店铺", "Shop"),
}
USERS = "account:app"
OLD_KEY_LIVES = timedelta(days=30)
"""A new key leaves the old one valid for so long: apps that are installed already cannot change theirs at once."""
_KEY = re.compile(r"^[A-Za-z0-9_.\-]{2,64}$")
_NAMESPACE = re.compile(rf"^({'|'.join(RANKS[:-1])})(:[A-Za-z0-9_.\-]{{1,60}})?$")


@dataclass(frozen=True)
class Feed:
    """A sender. `write_key` is public (it stands in pages); it lets one write and nothing else.

    `user_namespace` says what its userId, or distinct login id, means: `account:app`, or `member` where it is the member's number.
    `status`: active · paused (what comes is kept in the quarantine).
    """

    id: int
    name: str
    kind: str
    write_key: str
    previous_key: str | None
    previous_until: datetime | None
    user_namespace: str
    status: str
    created_at: datetime
    created_by: str
    first_heard_at: datetime | None
    heard_at: datetime | None
    operation_count: int

    def keys(self, now: datetime) -> set[str]:
        """The keys that are valid at an instant."""
        old = {self.previous_key} if self.previous_key and self.previous_until and now < self.previous_until else set()
        return {self.write_key, *old}


def list_feeds(tx: Connection) -> list[Feed]:
    return [_feed(row) for row in tx.execute(select(table).order_by(table.c.id))]


def find_feed(tx: Connection, number: int) -> Feed:
    """A feed by its number.

    Raises
    ------
    NotFoundError
    """
    row = tx.execute(select(table).where(table.c.id == number)).one_or_none()
    if row is None:
        raise NotFoundError(Text(f"没有数据接入 {number}", f"there is no feed {number}"))
    return _feed(row)


def add_feed(
    stores: Stores, tx: Connection, *, name: str, kind: str, by: str, user_namespace: str | None = None, write_key: str | None = None
) -> Feed:
    """Make a feed. `write_key` takes over a key that clients have already; without one a new key is made.

    Raises
    ------
    InvalidError
        With one fault a field.
    ConflictError
        When another feed has this key.
    """
    values = {"name": name.strip(), "kind": kind, "user_namespace": user_namespace or USERS, "write_key": write_key or _new_key()}
    _check(values)
    _refuse_taken(tx, values["write_key"], None)
    made = tx.execute(insert(table).values(**values, status="active", created_at=stores.now(), created_by=by, operation_count=0)).inserted_primary_key
    assert made is not None
    return find_feed(tx, int(made[0]))


def change_feed(tx: Connection, feed: Feed, **asked: str) -> Feed:
    """Change `name`, `kind`, `user_namespace` or `status`; errors as in `add_feed`."""
    _check(asked)
    if asked:
        tx.execute(update(table).where(table.c.id == feed.id).values(**asked))
    return find_feed(tx, feed.id)


def rotate_key(stores: Stores, tx: Connection, feed: Feed, write_key: str | None = None) -> Feed:
    """Give a feed a new key; the old one stays valid for 30 days."""
    key = write_key or _new_key()
    _check({"write_key": key})
    _refuse_taken(tx, key, feed.id)
    until = stores.now() + OLD_KEY_LIVES
    tx.execute(update(table).where(table.c.id == feed.id).values(write_key=key, previous_key=feed.write_key, previous_until=until))
    return find_feed(tx, feed.id)


def note_heard(tx: Connection, heard: dict[int, tuple[datetime, int]]) -> None:
    """Feeds that were heard: when last, and how many operations were new."""
    for number, (at, count) in heard.items():
        values = {"heard_at": at, "operation_count": table.c.operation_count + count}
        tx.execute(update(table).where(table.c.id == number).values(**values))
        tx.execute(update(table).where(table.c.id == number, table.c.first_heard_at.is_(None)).values(first_heard_at=at))


def _new_key() -> str:
    return new_id("wk")


def _check(values: dict[str, Any]) -> None:
    faults = []
    if "name" in values and not 1 <= len(values["name"].strip()) <= 80:
        faults.append(Fault("name", Text("名称要 1 到 80 个字", "a name has 1 to 80 characters")))
    if "kind" in values and values["kind"] not in KINDS:
        faults.append(Fault("kind", Text(f"可用：{'、'.join(KINDS)}", f"use one of {', '.join(KINDS)}")))
    if "status" in values and values["status"] not in ("active", "paused"):
        faults.append(Fault("status", Text("可用:active、paused", "use active or paused")))
    if "user_namespace" in values and not _NAMESPACE.match(values["user_namespace"]):
        faults.append(Fault("user_namespace", Text("要写成 member 或 account:名称 这样的标识种类", "name a kind of identifier, such as member or account:app")))
    if "write_key" in values and not _KEY.match(values["write_key"]):
        faults.append(Fault("write_key", Text("2 到 64 个字母、数字、_ . -", "2 to 64 letters, digits, _ . or -")))
    if faults:
        raise InvalidError(Text("数据接入的资料有误", "the feed's details are not valid"), faults=faults)


def _refuse_taken(tx: Connection, key: str, mine: int | None) -> None:
    held = tx.execute(select(table.c.id, table.c.name).where(or_(table.c.write_key == key, table.c.previous_key == key))).first()
    if held is not None:
        name = held.name if held.id != mine else "…"
        raise ConflictError(
            Text(f"这个密钥已属于“{name}”", f"the key belongs to “{name}” already"), way_out=Text("换一个密钥，或留空由系统生成", "choose another, or none to have one made")
        )


def _feed(row: Row[Any]) -> Feed:
    return Feed(**row._mapping)
