"""People 当事人: everything by which some customers can be found in any store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import msgspec
import pyarrow as pa
from sqlalchemy import Connection, select

from siyu.customers.facts import CUSTOMERS_TRAIT
from siyu.foundation.database import metadata, select_in
from siyu.foundation.stores import Stores

NAME = "name"
CARRIER_IDS = ("external_userid", "openid")


@dataclass(frozen=True)
class People:
    """Customers with those who were merged into them, their identifiers' keys, and the plain values of these.

    `values` are (namespace, value), names among them as ("name", …). `carrier_ids` are the names that carriers call them by.
    """

    customer_ids: tuple[int, ...]
    identity_keys: tuple[int, ...]
    values: tuple[tuple[str, str], ...]

    @property
    def carrier_ids(self) -> tuple[str, ...]:
        return tuple(value for space, value in self.values if space.partition(":")[0] in CARRIER_IDS)

    def pack(self) -> str:
        return msgspec.json.encode(asdict(self)).decode()

    @classmethod
    def unpack(cls, text: str) -> People:
        raw: dict[str, Any] = msgspec.json.decode(text)
        return cls(tuple(raw["customer_ids"]), tuple(raw["identity_keys"]), tuple((space, value) for space, value in raw["values"]))


def find_people(stores: Stores, tx: Connection, customer_ids: Iterable[int]) -> People:
    """The people behind these numbers: a number that was merged leads to its survivor, and to all that were merged into that one."""
    ids = family(tx, customer_ids)
    table = metadata.tables["identity_identifier"]
    rows = select_in(tx, [table.c.identity_key, table.c.namespace, table.c.value_sealed], table.c.customer_id, ids)
    values = {(space, value) for _, space, sealed in rows for value in stores.secrets.open([sealed], f"identifier {space}") if value}
    values |= {(NAME, value) for value in _names(stores, ids)}
    return People(tuple(ids), tuple(sorted(int(key) for key, _, _ in rows)), tuple(sorted(values)))


def _names(stores: Stores, customer_ids: Sequence[int]) -> list[str]:
    """Every name that they ever had."""
    table = CUSTOMERS_TRAIT.table
    with stores.warehouse.read() as session:
        asked = session.keep("_named", pa.table({"customer_id": pa.array(customer_ids, pa.int64())}))
        rows = session.query(table.filter(table.path == NAME).semi_join(asked, "customer_id").select("text").distinct())
    return [text for text in rows["text"].to_pylist() if text and len(text) > 1]


def family(tx: Connection, customer_ids: Iterable[int]) -> list[int]:
    """These numbers, those they were merged into, and all that were merged into those."""
    table = metadata.tables["identity_customer"]
    found: set[int] = set()
    new = set(customer_ids)
    while new:
        found |= new
        chunk: Sequence[int] = sorted(new)
        up = {into for (into,) in select_in(tx, [table.c.merged_into], table.c.id, chunk) if into is not None}
        down = {number for (number,) in select_in(tx, [table.c.id], table.c.merged_into, chunk)}
        new = (up | down) - found
    return sorted(found)


def is_known(tx: Connection, customer_id: int) -> bool:
    table = metadata.tables["identity_identifier"]
    return tx.scalar(select(table.c.identity_key).where(table.c.customer_id == customer_id).limit(1)) is not None
