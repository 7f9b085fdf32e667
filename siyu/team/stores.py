"""Stores 门店: where staff work. A store that is removed leaves its staff without one."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from siyu.foundation.errors import ConflictError, Fault, InvalidError, NotFoundError
from siyu.foundation.text import Text
from siyu.team._tables import STAFF, STORE

LENGTHS = {"name": 80, "code": 40, "city": 40, "province": 40, "address": 200}


@dataclass(frozen=True)
class Store:
    """`code` is the brand's own number of the store."""

    id: int
    name: str
    code: str | None
    city: str | None
    province: str | None
    address: str | None
    created_at: datetime


def list_stores(tx: Connection) -> list[Store]:
    return [Store(**row._mapping) for row in tx.execute(select(STORE).order_by(STORE.c.name))]


def find_store(tx: Connection, store_id: int) -> Store:
    row = tx.execute(select(STORE).where(STORE.c.id == store_id)).first()
    if row is None:
        raise NotFoundError(Text("没有这家门店", "there is no such store"))
    return Store(**row._mapping)


def add_store(tx: Connection, values: dict[str, Any], now: datetime) -> Store:
    """`values`: name, and code, city, province, address where known."""
    clean = _checked({"name": "", **values})
    with _unique(), tx.begin_nested():
        key = tx.execute(insert(STORE).values(**clean, created_at=now)).inserted_primary_key
    assert key is not None
    return find_store(tx, int(key[0]))


def change_store(tx: Connection, store_id: int, values: dict[str, Any]) -> Store:
    find_store(tx, store_id)
    if clean := _checked(values):
        with _unique(), tx.begin_nested():
            tx.execute(update(STORE).where(STORE.c.id == store_id).values(**clean))
    return find_store(tx, store_id)


def remove_store(tx: Connection, store_id: int) -> Store:
    found = find_store(tx, store_id)
    tx.execute(update(STAFF).where(STAFF.c.store_id == store_id).values(store_id=None))
    tx.execute(delete(STORE).where(STORE.c.id == store_id))
    return found


@contextmanager
def _unique() -> Iterator[None]:
    """Turns a breach of uniqueness into words."""
    try:
        yield
    except IntegrityError:
        raise ConflictError(Text("已有同名或同编号的门店", "there is a store of this name or code already")) from None


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    clean = {name: (str(value).strip() or None) if value is not None else None for name, value in values.items()}
    faults = [
        Fault(name, Text(f"最多 {most} 个字", f"at most {most} characters"))
        for name, most in LENGTHS.items()
        if name in clean and len(clean[name] or "") > most
    ]
    if "name" in clean and not clean["name"]:
        faults.append(Fault("name", Text("请填写门店名称", "the store needs a name")))
    if faults:
        raise InvalidError(Text("门店资料有误", "the store's details are not valid"), faults=faults)
    return clean
