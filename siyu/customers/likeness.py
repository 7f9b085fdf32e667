"""Likeness 相似资料: what is known of every customer, side by side, for the search for those who are probably one person."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from siyu.customers.facts import CUSTOMERS_ATTRIBUTE, CUSTOMERS_PROFILE
from siyu.foundation.stores import Stores
from siyu.identity.suggest_people import contacts

ATTRIBUTES = ("address", "phone", "email")
"""A phone or e-mail that came as an attribute, a masked one say, stands in for one that is no identifier."""


def people(stores: Stores) -> pa.Table:
    """customer_id, name, phone, email, birthday (yyyy-mm-dd), address, city: one row a customer, or more for those with several phones or e-mails."""
    profiles, attributes = CUSTOMERS_PROFILE.table, CUSTOMERS_ATTRIBUTE.table
    with stores.warehouse.read() as session:
        known = session.query(profiles.select("customer_id", "name", "city", "birthday_ms"))
        values = session.query(attributes.filter(attributes.path.isin(ATTRIBUTES)).select("customer_id", "path", "text"))
    with stores.ledger.read() as tx:
        known = known.join(contacts(stores, tx), "customer_id", join_type="left outer")
    for path in ATTRIBUTES:
        mine = values.filter(pc.equal(values["path"], path)).select(["customer_id", "text"]).rename_columns(["customer_id", f"{path}_set"])
        known = known.join(mine, "customer_id", join_type="left outer")
    birthdays = pc.cast(known["birthday_ms"], pa.timestamp("ms"))
    return pa.table(
        {
            "customer_id": known["customer_id"],
            "name": known["name"],
            "phone": pc.coalesce(known["phone"], known["phone_set"]),
            "email": pc.coalesce(known["email"], known["email_set"]),
            "birthday": pc.strftime(birthdays, format="%Y-%m-%d"),
            "address": known["address_set"],
            "city": known["city"],
        }
    ).sort_by([("customer_id", "ascending"), ("phone", "ascending"), ("email", "ascending")])


def names(stores: Stores) -> pa.Table:
    """customer_id, name: of every customer whose name is known."""
    table = CUSTOMERS_PROFILE.table
    with stores.warehouse.read() as session:
        return session.query(table.filter(table.name.notnull()).select("customer_id", "name"))
