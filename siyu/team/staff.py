"""Staff 员工: who serves customers at an account, in which departments and store, and who left when.

What an account's carrier says of its staff is taken in as a set; which store somebody belongs to is said by people here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, func, insert, or_, select, tuple_, update

from siyu.foundation.errors import Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text
from siyu.team._tables import STAFF, STORE

STATUSES = ("active", "disabled", "left")


@dataclass(frozen=True)
class Staff:
    """One member of staff at one account. `status`: active · disabled (there, but may not serve) · left."""

    id: int
    account_id: int
    userid: str
    name: str
    departments: list[str]
    store_id: int | None
    store_name: str | None
    status: str
    left_at: datetime | None


@dataclass(frozen=True)
class Told:
    """What a carrier says of somebody."""

    userid: str
    name: str
    departments: tuple[str, ...] = ()
    status: str = "active"


@dataclass(frozen=True)
class Taken:
    """How many were new, changed, found to have left."""

    new_count: int
    changed_count: int
    left_count: int


def take_in(tx: Connection, account_id: int, told: Sequence[Told], now: datetime, left_at: Mapping[str, datetime] | None = None) -> Taken:
    """Bring the account's staff into line with what its carrier says; nobody is removed who is not in `told`."""
    held = {row.userid: row for row in tx.execute(select(STAFF).where(STAFF.c.account_id == account_id))}
    new = [_row(account_id, one, now) for one in told if one.userid not in held]
    if new:
        tx.execute(insert(STAFF), new)
    other = [one for one in told if one.userid in held and _differs(held[one.userid], one)]
    if other:
        rows = [_change(held[one.userid], one, (left_at or {}).get(one.userid, now)) for one in other]
        tx.execute(update(STAFF).where(STAFF.c.id == bindparam("b_id")), rows)
    seen = [held[one.userid].id for one in told if one.userid in held]
    tx.execute(update(STAFF).where(STAFF.c.id.in_(seen)).values(seen_at=now))
    gone = sum(one.status == "left" and held[one.userid].status != "left" for one in other)
    return Taken(len(new), len(other) - gone, gone)


def known(tx: Connection, account_id: int) -> dict[str, str]:
    """Userid → status of the account's staff."""
    return {row.userid: row.status for row in tx.execute(select(STAFF.c.userid, STAFF.c.status).where(STAFF.c.account_id == account_id))}


def names(tx: Connection, account_ids: Sequence[int]) -> dict[tuple[int, str], str]:
    """(account, userid) → name."""
    query = select(STAFF.c.account_id, STAFF.c.userid, STAFF.c.name).where(STAFF.c.account_id.in_(account_ids))
    return {(row.account_id, row.userid): row.name for row in tx.execute(query)}


def names_by_userid(tx: Connection) -> dict[str, str]:
    """Userid → name over all accounts; one that names two people is left out."""
    found: dict[str, set[str]] = {}
    for userid, name in tx.execute(select(STAFF.c.userid, STAFF.c.name)):
        found.setdefault(userid, set()).add(name)
    return {userid: one.pop() for userid, one in found.items() if len(one) == 1}


def list_staff(
    tx: Connection, *, account_id: int | None = None, store_id: int | None = None, status: str | None = None, q: str = "",
    after: tuple[str, int] | None = None, limit: int = 50,
) -> list[Staff]:  # fmt: skip
    """By name, from `after` (name, id) on. `q` is part of the name or of the carrier's id."""
    query = _query().order_by(STAFF.c.name, STAFF.c.id).limit(limit)
    for column, wanted in ((STAFF.c.account_id, account_id), (STAFF.c.store_id, store_id), (STAFF.c.status, status)):
        if wanted is not None:
            query = query.where(column == wanted)
    if q:
        query = query.where(or_(STAFF.c.name.icontains(q, autoescape=True), STAFF.c.userid.icontains(q, autoescape=True)))
    if after is not None:
        query = query.where(tuple_(STAFF.c.name, STAFF.c.id) > tuple_(*after))
    return [Staff(**row._mapping) for row in tx.execute(query)]


def find_staff(tx: Connection, staff_id: int) -> Staff:
    row = tx.execute(_query().where(STAFF.c.id == staff_id)).first()
    if row is None:
        raise NotFoundError(Text("没有这位员工", "there is no such member of staff"))
    return Staff(**row._mapping)


def set_store(tx: Connection, staff_id: int, store_id: int | None) -> Staff:
    """Say to which store somebody belongs (None: to none)."""
    found = find_staff(tx, staff_id)
    if store_id is not None and tx.scalar(select(STORE.c.id).where(STORE.c.id == store_id)) is None:
        raise InvalidError(Text("门店有误", "the store is not valid"), faults=[Fault("store_id", Text("没有这家门店", "there is no such store"))])
    tx.execute(update(STAFF).where(STAFF.c.id == found.id).values(store_id=store_id))
    return find_staff(tx, staff_id)


def count_by_store(tx: Connection) -> dict[int, int]:
    """Staff of each store who have not left."""
    query = select(STAFF.c.store_id, func.count()).where(STAFF.c.store_id.is_not(None), STAFF.c.status != "left").group_by(STAFF.c.store_id)
    return {int(store): int(count) for store, count in tx.execute(query)}


def of_stores(tx: Connection) -> list[tuple[int, int, str]]:
    """(store, account, userid) of everybody who belongs to a store, those who left too."""
    query = select(STAFF.c.store_id, STAFF.c.account_id, STAFF.c.userid).where(STAFF.c.store_id.is_not(None))
    return [(int(row.store_id), int(row.account_id), row.userid) for row in tx.execute(query)]


def _query() -> Any:
    columns = (STAFF.c.id, STAFF.c.account_id, STAFF.c.userid, STAFF.c.name, STAFF.c.departments, STAFF.c.store_id, STAFF.c.status, STAFF.c.left_at)
    return select(*columns, STORE.c.name.label("store_name")).outerjoin(STORE, STORE.c.id == STAFF.c.store_id)


def _row(account_id: int, one: Told, now: datetime) -> dict[str, Any]:
    return {
        "account_id": account_id, "userid": one.userid, "name": one.name[:80], "departments": list(one.departments), "store_id": None,
        "status": one.status, "left_at": now if one.status == "left" else None, "first_seen_at": now, "seen_at": now,
    }  # fmt: skip


def _differs(row: Any, one: Told) -> bool:
    return (row.name, row.status) != (one.name[:80] or row.name, one.status) or bool(one.departments and row.departments != list(one.departments))


def _change(row: Any, one: Told, left_at: datetime) -> dict[str, Any]:
    """A name or departments that the carrier does not tell (somebody who left) stay as they were."""
    left = (row.left_at or left_at) if one.status == "left" else None
    departments = list(one.departments) or row.departments
    return {"b_id": row.id, "name": one.name[:80] or row.name, "departments": departments, "status": one.status, "left_at": left}
