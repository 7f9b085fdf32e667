"""Rows of the list of customers 列表的行: profile, standing, tags and masked contacts of the people on a page."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from pydantic import BaseModel, ConfigDict
from sqlalchemy import Connection

from siyu.customers.profile import Profile, asked_of, keep_asked, load_profiles
from siyu.customers.tags import tags_of
from siyu.foundation.clock import from_day_number, from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.identity.identifiers import masked_contacts
from siyu.segments.directory_columns import Column
from siyu.segments.facts import SEGMENTS_QUALITY, SEGMENTS_STANDING, SEGMENTS_TRAIT_VALUE
from siyu.segments.labels import QUALITIES
from siyu.segments.quality_verdicts import NOT_KNOWN, Verdict, verdict_of
from siyu.segments.traits import value_of

PROSPECT = "prospect"
_ASKED_STANDINGS = asked_of(SEGMENTS_STANDING.table)
_ASKED_QUALITIES = asked_of(SEGMENTS_QUALITY.table.select("customer_id", "zombie", "deal_hunter", "is_zombie", "is_hunter", "not_zombie", "not_hunter"))


class CustomerRow(BaseModel):
    """One customer in a list. Orders, spend, RFM, stage, value and quality are those of the last recompute.

    Quality is there when its columns are asked for.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    name: str | None
    gender: str | None
    city: str | None
    province: str | None
    source: str | None
    tier: str | None
    registered_on: date | None
    tags: list[str]
    order_count: int
    spend_fen: int
    first_order_on: date | None
    last_order_on: date | None
    rfm: str | None
    stage: str
    predicted_value_fen: int | None
    phone_masked: str | None
    email_masked: str | None
    zombie: Verdict | None = None
    deal_hunter: Verdict | None = None
    traits: dict[str, Any] = {}


def load_rows(
    stores: Stores, session: Session, tx: Connection, customer_ids: Sequence[int], columns: Sequence[Column] = ()
) -> list[CustomerRow]:
    """The rows of these customers, in this order, with the traits among `columns`; those who are no customers are left out."""
    if not customer_ids:
        return []
    keep_asked(session, customer_ids)
    profiles = load_profiles(stores, session)
    standings = {row["customer_id"]: row for row in session.query(_ASKED_STANDINGS).to_pylist()}
    tags = tags_of(tx, customer_ids)
    contacts = masked_contacts(stores, tx, customer_ids)
    traits = traits_of(stores, session, customer_ids, columns)
    judged = _judged(session, columns)
    return [
        row_of(
            profiles[customer],
            standings.get(customer, {}),
            [tag.tag for tag in tags.get(customer, ())],
            contacts.get((customer, "phone")),
            contacts.get((customer, "email")),
            traits.get(customer),
        ).model_copy(update=judged.get(customer, dict.fromkeys(QUALITIES, NOT_KNOWN)) if judged is not None else None)
        for customer in customer_ids
        if customer in profiles
    ]


def row_of(
    profile: Profile, standing: dict[str, Any], tags: list[str], phone: str | None, email: str | None, traits: dict[str, Any] | None = None
) -> CustomerRow:
    """A row from what was read; an empty standing is that of a person without an order."""
    scores = [standing.get(name) for name in ("r", "f", "m")]
    return CustomerRow(
        id=profile.customer_id,
        name=profile.name,
        gender=profile.gender,
        city=profile.city,
        province=profile.province,
        source=profile.source,
        tier=profile.tier,
        registered_on=profile.registered_on,
        tags=tags,
        order_count=standing.get("order_count") or 0,
        spend_fen=standing.get("spend_fen") or 0,
        first_order_on=_day(standing.get("first_on")),
        last_order_on=_day(standing.get("last_on")),
        rfm=None if None in scores else "".join(map(str, scores)),
        stage=standing.get("stage") or PROSPECT,
        predicted_value_fen=standing.get("predicted_value_fen"),
        phone_masked=phone,
        email_masked=email,
        traits=traits or {},
    )


def _judged(session: Session, columns: Sequence[Column]) -> dict[int, dict[str, Verdict]] | None:
    """Verdicts of the customers in `ASKED`, by customer; None where no column wants them."""
    if not any(column.key in QUALITIES for column in columns):
        return None
    return {row["customer_id"]: {what: verdict_of(row, what) for what in QUALITIES} for row in session.query(_ASKED_QUALITIES).to_pylist()}


def traits_of(stores: Stores, session: Session, customer_ids: Sequence[int], columns: Sequence[Column]) -> dict[int, dict[str, Any]]:
    """Values of the columns that are traits, by customer and key; times as local days. The customers are those in `ASKED`."""
    wanted = {column.trait_id: column for column in columns if column.trait_id is not None}
    if not wanted:
        return {}
    found = {customer: {column.key: column.absent for column in wanted.values()} for customer in customer_ids}
    rows = SEGMENTS_TRAIT_VALUE.table
    for row in session.query(asked_of(rows.filter(rows.trait_id.isin(sorted(wanted))))).to_pylist():
        column = wanted[row["trait_id"]]
        value = value_of(row, column.trait_type or "text")
        found[row["customer_id"]][column.key] = stores.calendar.on(from_ms(value)).isoformat() if column.trait_type == "time" else value
    return found


def _day(number: int | None) -> date | None:
    return None if number is None else from_day_number(number)
