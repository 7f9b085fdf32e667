"""Profile 资料: what is known of customers: the attributes that are columns, all the others, and their identifiers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

import ibis
import ibis.expr.types as ir
import msgspec
import pyarrow as pa
from sqlalchemy import Connection

from siyu.customers.facts import CUSTOMERS_ATTRIBUTE, CUSTOMERS_PROFILE, PROFILE_PATHS
from siyu.events import sealed
from siyu.events.identifiers import mask
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import NotFoundError
from siyu.foundation.secrets import Secrets
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.identity.identifiers import SEARCHABLE, Identifier, of_customer
from siyu.team.audit import Actor, record

ASKED = ibis.table({"customer_id": "int64"}, name="_asked")
_IN_PROFILE = {*PROFILE_PATHS, "birthday", "registered_at"}


@dataclass(frozen=True)
class Profile:
    """One customer. `registered_on` is a local date: of the registration, else of when they were first seen."""

    customer_id: int
    name: str | None
    gender: str | None
    province: str | None
    city: str | None
    country: str | None
    source: str | None
    tier: str | None
    birthday: date | None
    registered_on: date | None
    first_seen_at: datetime | None


@dataclass(frozen=True)
class Attribute:
    """An attribute that is no column of the profile; `value` is as it was set: text, number, true/false, list, object."""

    path: str
    value: Any
    set_at: datetime
    held_since_at: datetime


def keep_asked(session: Session, customer_ids: Sequence[int]) -> None:
    """Keep some ids as `ASKED`: joined with it, an engine finds these customers in one pass over the ids."""
    session.keep("_asked", pa.table({"customer_id": pa.array(customer_ids, pa.int64())}))


def asked_of(table: ir.Table) -> ir.Table:
    """The rows of the customers in `ASKED`."""
    return table.semi_join(ASKED, "customer_id")


def load_profiles(stores: Stores, session: Session) -> dict[int, Profile]:
    """Profiles of the customers in `ASKED`; unknown ones are left out."""
    return {row["customer_id"]: _profile(stores, row) for row in session.query(_ASKED_PROFILES).to_pylist()}


def find_profile(stores: Stores, session: Session, customer_id: int) -> Profile:
    """One customer's profile.

    Raises
    ------
    NotFoundError
    """
    keep_asked(session, [customer_id])
    found = load_profiles(stores, session)
    if customer_id not in found:
        raise NotFoundError(
            Text(f"没有编号为 {customer_id} 的客户", f"there is no customer {customer_id}"),
            way_out=Text("回到客户列表重新查找", "look for them in the list of customers"),
        )
    return found[customer_id]


def unknown_customers(session: Session, customer_ids: Sequence[int]) -> list[int]:
    """Which of these are no customers."""
    keep_asked(session, customer_ids)
    found = session.query(_ASKED_PROFILES.select("customer_id"))
    return sorted(set(customer_ids) - set(found["customer_id"].to_pylist()))


_ASKED_PROFILES = asked_of(CUSTOMERS_PROFILE.table)


def load_attributes(session: Session, customer_id: int, *, opener: Secrets | None = None) -> list[Attribute]:
    """Attributes of one customer that the profile has no column for, by path.

    A phone or email that somebody set as an attribute is masked like an identifier, a sealed value too; with an opener both are in clear.
    """
    table = CUSTOMERS_ATTRIBUTE.table
    mine = table.filter((table.customer_id == customer_id) & table.path.notin(sorted(_IN_PROFILE)))
    return [
        Attribute(row["path"], shown(row["path"], row["text"], unmasked=opener is not None, opener=opener), from_ms(row["set_ms"]), from_ms(row["held_since_ms"]))
        for row in session.query(mine.order_by("path")).to_pylist()
    ]


def shown(path: str, text: str, *, unmasked: bool = False, opener: Secrets | None = None) -> Any:
    """The value that a stored text stands for, as this reader may see it."""
    if sealed.is_sealed(text):
        return sealed.opened(opener, text) if opener else sealed.shown(text)
    name = path.rsplit(".", 1)[-1].lower()
    kind = "phone" if name in ("phone", "mobile", "tel") else name
    if kind in SEARCHABLE:
        return text if unmasked else mask(kind, text)
    return _plain(text)


def load_identifiers(stores: Stores, tx: Connection, customer_id: int, reader: Actor, *, unmasked: bool) -> list[Identifier]:
    """Identifiers of one customer, strongest first. Values only with `unmasked`, and that reading is written down."""
    found = of_customer(stores, tx, customer_id)
    if not unmasked:
        return [replace(each, value=None) for each in found]
    if found:
        spaces = sorted({each.namespace for each in found})
        record(tx, reader, "customer.identifiers_read", f"customer:{customer_id}", {"namespaces": spaces}, stores.now())
    return found


def _profile(stores: Stores, row: dict[str, Any]) -> Profile:
    def local_day(ms: int | None) -> date | None:
        return None if ms is None else stores.calendar.on(from_ms(ms))

    birthday, seen = row["birthday_ms"], row["first_seen_ms"]
    return Profile(
        customer_id=row["customer_id"],
        **{path: row[path] for path in PROFILE_PATHS},
        birthday=None if birthday is None else from_ms(birthday).astimezone(UTC).date(),
        registered_on=local_day(row["registered_ms"]),
        first_seen_at=None if seen is None else from_ms(seen),
    )


def _plain(text: str) -> Any:
    """Numbers, true/false, lists and objects are stored in their JSON form; text that looks like one of them is one."""
    if text[:1] not in "{[-0123456789tf":
        return text
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return text
    # An identifying number (0012, 1e5, a 20-digit card) must not change its look.
    return value if isinstance(value, list | dict | bool) or str(value) == text else text
