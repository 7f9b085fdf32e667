"""Identifiers of a customer 客户标识: opened for those who may see them, masked for everybody else; looked up by value."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

import pyarrow as pa
from sqlalchemy import Connection, select

from siyu.events.identifiers import identify, mask, rank
from siyu.foundation.database import select_in
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity import _tables
from siyu.identity.keys import by_key

NAMES = {
    "member": Text("会员号", "Member number"),
    "unionid": Text("微信 UnionID", "WeChat UnionID"),
    "account": Text("店铺账号", "Shop account"),
    "external_userid": Text("企业微信外部联系人", "WeCom contact"),
    "openid": Text("微信 OpenID", "WeChat OpenID"),
    "phone": Text("手机号", "Phone"),
    "email": Text("邮箱", "Email"),
    "anonymous": Text("匿名设备", "Anonymous device"),
}
SEARCHABLE = ("phone", "email")


@dataclass(frozen=True)
class Identifier:
    identity_key: int
    namespace: str
    name: Text
    value: str | None
    masked: str
    first_seen_at: datetime


def of_customer(stores: Stores, tx: Connection, customer_id: int) -> list[Identifier]:
    """Every identifier of one customer, strongest first."""
    table = _tables.identifier
    rows = tx.execute(select(table).where(table.c.customer_id == customer_id)).all()
    opened = [stores.secrets.open([row.value_sealed], f"identifier {row.namespace}")[0] for row in rows]
    found = [
        Identifier(row.identity_key, row.namespace, label(row.namespace), value, mask(row.namespace, value), row.first_seen_at)
        for row, value in zip(rows, opened, strict=True)
    ]
    return sorted(found, key=lambda item: (rank(item.namespace), item.namespace, item.first_seen_at))


def masked_contacts(stores: Stores, tx: Connection, customer_ids: Sequence[int]) -> dict[tuple[int, str], str]:
    """(customer, "phone" or "email") → the masked value, for a page of customers."""
    table = _tables.identifier
    rows = select_in(tx, [table.c.customer_id, table.c.namespace, table.c.value_sealed], table.c.customer_id, list(customer_ids))
    found: dict[tuple[int, str], str] = {}
    for customer, namespace, sealed in rows:
        if namespace in SEARCHABLE:
            found.setdefault((customer, namespace), mask(namespace, stores.secrets.open([sealed], f"identifier {namespace}")[0]))
    return found


def look_up(stores: Stores, tx: Connection, value: str) -> list[int]:
    """Customers who have exactly this identifier, whatever its namespace: by blind index, nothing is decrypted."""
    table = _tables.identifier
    spaces = tx.scalars(select(_tables.namespace.c.name)).all()
    raw = pa.array([value], pa.string())
    keys = {key for space in spaces for key in identify(stores.secrets, space, raw).keys.to_pylist() if key}
    return sorted({int(row[0]) for row in by_key(tx, [table.c.customer_id], keys)})


def look_up_all(stores: Stores, tx: Connection, namespace: str, values: Sequence[str]) -> dict[str, int]:
    """Value → customer, for many values of one namespace; unknown ones are absent."""
    keys = identify(stores.secrets, namespace, pa.array(values, pa.string())).keys.to_pylist()
    table = _tables.identifier
    found = {row[0]: int(row[1]) for row in by_key(tx, [table.c.identity_key, table.c.customer_id], keys)}
    return {value: found[key] for value, key in zip(values, keys, strict=True) if key in found}


def customers_of(tx: Connection, identity_keys: Sequence[int]) -> dict[int, int]:
    """Identity key → customer; keys that nobody has are absent."""
    table = _tables.identifier
    return {int(key): int(customer) for key, customer in by_key(tx, [table.c.identity_key, table.c.customer_id], identity_keys)}


def values_of(stores: Stores, tx: Connection, identity_keys: Sequence[int]) -> dict[int, str]:
    """Identity key → the identifier in the clear, for whoever must call or write to it; what nobody has, or cannot be opened, is absent."""
    return {key: value for key, _, value in _opened(stores, tx, identity_keys) if value is not None}


def masked_of(stores: Stores, tx: Connection, identity_keys: Sequence[int]) -> dict[int, str]:
    """Identity key → the identifier masked, to be shown; what nobody has is absent."""
    return {key: mask(space, value) for key, space, value in _opened(stores, tx, identity_keys)}


def _opened(stores: Stores, tx: Connection, identity_keys: Sequence[int]) -> Iterator[tuple[int, str, str | None]]:
    """Key, namespace and value of each that somebody has; None where it cannot be opened."""
    table = _tables.identifier
    by_space: dict[str, list[tuple[int, bytes]]] = {}
    for key, space, sealed in by_key(tx, [table.c.identity_key, table.c.namespace, table.c.value_sealed], identity_keys):
        by_space.setdefault(space, []).append((int(key), sealed))
    for space, rows in by_space.items():
        opened = stores.secrets.open([sealed for _, sealed in rows], f"identifier {space}")
        yield from ((key, space, value) for (key, _), value in zip(rows, opened, strict=True))


def keys_of(tx: Connection, customer_ids: Sequence[int]) -> list[int]:
    """Every identity key of these customers."""
    table = _tables.identifier
    return [int(row[0]) for row in select_in(tx, [table.c.identity_key], table.c.customer_id, list(customer_ids))]


def primary_keys(tx: Connection, customer_ids: Sequence[int]) -> dict[int, int]:
    """One identity key of each customer, the one first known; who has none (any more) is absent."""
    table = _tables.identifier
    found: dict[int, tuple[int, int]] = {}
    for customer, number, key in select_in(tx, [table.c.customer_id, table.c.id, table.c.identity_key], table.c.customer_id, list(customer_ids)):
        found[int(customer)] = min(found.get(int(customer), (int(number), int(key))), (int(number), int(key)))
    return {customer: key for customer, (_, key) in found.items()}


def label(namespace: str) -> Text:
    kind, _, vendor = namespace.partition(":")
    name = NAMES.get(kind, Text(kind, kind))
    return Text(f"{name.zh}({vendor})", f"{name.en} ({vendor})") if vendor else name
