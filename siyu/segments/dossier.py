"""Dossier 客户档案: everything known of one customer on one page, and the timeline with joins and leaves of segments."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Connection, select

from siyu.customers.profile import Attribute, Profile, find_profile, load_attributes, load_identifiers
from siyu.customers.strands import strands
from siyu.customers.tags import Tag, tags_of
from siyu.customers.timeline import Entry, Place, Strand, newest_before, read_timeline, taken_together
from siyu.foundation.clock import from_day_number, from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.identity.current import current_one, numbers_of
from siyu.identity.identifiers import Identifier, masked_contacts
from siyu.segments import _tables
from siyu.segments.directory_columns import columns_of
from siyu.segments.directory_rows import CustomerRow, row_of, traits_of
from siyu.segments.facts import SEGMENTS_CHANGE, SEGMENTS_MEMBER, SEGMENTS_STANDING
from siyu.segments.segments import segment_names
from siyu.segments.traits import Type
from siyu.segments.value_report import HORIZON_DAYS
from siyu.team.audit import Actor
from siyu.team.staff import names_by_userid


@dataclass(frozen=True)
class Rfm:
    """Scores 1 to 5 with what they were made from; `version` names the cut points of the newest report."""

    r: int
    f: int
    m: int
    recency_days: int | None
    frequency: int
    monetary_fen: int
    version: str | None


@dataclass(frozen=True)
class Stage:
    """`since_on` is the day on which silence passed the stage's cut point; None where no such day is known."""

    stage: str
    gap_days: float | None
    expected_gap_days: float | None
    since_on: date | None


@dataclass(frozen=True)
class Value:
    """What the customer will buy within the horizon. `p_alive` is null for buyers of one day: there it says nothing."""

    predicted_orders: float
    predicted_value_fen: int
    low_fen: int | None
    high_fen: int | None
    horizon_days: int
    p_alive: float | None
    model: str | None
    flags: tuple[Text, ...]


@dataclass(frozen=True)
class Membership:
    id: int
    name: str
    since_at: datetime


@dataclass(frozen=True)
class TraitValue:
    """A trait as last computed; `value` is text, a number, fen, true or false, or a local day."""

    field: str
    name: str
    type: Type
    value: Any


@dataclass(frozen=True)
class Dossier:
    row: CustomerRow
    profile: Profile
    identifiers: list[Identifier]
    attributes: list[Attribute]
    rfm: Rfm | None
    stage: Stage | None
    value: Value | None
    segments: list[Membership]
    tags: list[Tag]
    traits: list[TraitValue]


def read_dossier(stores: Stores, customer_id: int, reader: Actor, *, unmasked: bool) -> Dossier:
    """Everything of one customer, by any number that stands for them. With `unmasked` identifiers are readable, and that
    they were read is written down.

    Raises
    ------
    NotFoundError
    """
    with stores.ledger.read() as tx:
        customer_id = current_one(tx, customer_id)
        columns = [column for column in columns_of(tx).values() if column.trait_type is not None]
    with stores.warehouse.read() as session:
        profile = find_profile(stores, session, customer_id)
        values = traits_of(stores, session, [customer_id], columns).get(customer_id, {})
        attributes = load_attributes(session, customer_id, opener=stores.secrets if unmasked else None)
        standing = _standing(session, customer_id)
        joined = _joined(session, customer_id)
    with stores.ledger.begin() if unmasked else stores.ledger.read() as tx:
        identifiers = load_identifiers(stores, tx, customer_id, reader, unmasked=unmasked)
        tags = tags_of(tx, [customer_id]).get(customer_id, [])
        contacts = masked_contacts(stores, tx, [customer_id])
        names = segment_names(tx)
        reports = {name: _newest_report(tx, name) for name in ("rfm", "lifecycle", "value")} if standing else {}
    phone, email = (contacts.get((customer_id, space)) for space in ("phone", "email"))
    return Dossier(
        row=row_of(profile, standing, [tag.tag for tag in tags], phone, email),
        profile=profile,
        identifiers=identifiers,
        attributes=attributes,
        rfm=_rfm(standing, reports.get("rfm", {})),
        stage=_stage(standing, reports.get("lifecycle", {})),
        value=_value(standing, reports.get("value", {})),
        segments=[Membership(key, names[key], from_ms(at_ms)) for key, at_ms in joined if key in names],
        tags=tags,
        traits=[TraitValue(each.key, each.name.zh, each.trait_type, values[each.key]) for each in columns if each.trait_type is not None],
    )


def read_history(
    stores: Stores, customer_id: int, kinds: frozenset[str], *, before: Place | None = None, limit: int = 50, unmasked: bool = False
) -> tuple[list[Entry], Place | None]:
    """One page of the timeline of these kinds, newest first, and where the next begins.

    Raises
    ------
    NotFoundError
    """
    with stores.ledger.read() as tx:
        names, staff, customer_id = segment_names(tx), names_by_userid(tx), current_one(tx, customer_id)
        numbers = numbers_of(tx, customer_id)
    own = strands(stores.settings.currency, unmasked=unmasked, zone=stores.settings.calendar.zone, staff=staff)
    known: dict[str, Strand] = {**own, "segment": partial(_segment_entries, names=names, numbers=numbers)}
    with stores.warehouse.read() as session:
        find_profile(stores, session, customer_id)
        chosen = {kind: strand for kind, strand in known.items() if kind in kinds}
        entries, place = read_timeline(session, customer_id, chosen, before=before, limit=limit)
    return taken_together(entries), place


def _segment_entries(
    session: Session, _customer_id: int, before: Place | None, count: int, *, names: dict[int, str], numbers: list[int]
) -> list[Entry]:
    """Joins and leaves under every number that the customer had."""
    table = SEGMENTS_CHANGE.table
    mine = table.filter(table.customer_id.isin(numbers)).select("entered", "at_ms", key="segment_id")
    rows = session.query(newest_before(mine, "segment", before, count)).to_pylist()
    return [Entry(row["at_ms"], "segment", row["key"], _moved(names.get(row["key"]), row["key"], row["entered"])) for row in rows]


def _moved(name: str | None, segment_id: int, entered: bool) -> Text:
    shown = name or str(segment_id)
    return Text(f"进入分群「{shown}」", f"Joined the segment “{shown}”") if entered else Text(f"离开分群「{shown}」", f"Left the segment “{shown}”")


def _standing(session: Session, customer_id: int) -> dict[str, Any]:
    """The customer's standing; empty for somebody without an order."""
    table = SEGMENTS_STANDING.table
    rows: list[dict[str, Any]] = session.query(table.filter(table.customer_id == customer_id)).to_pylist()
    return rows[0] if rows else {}


def _joined(session: Session, customer_id: int) -> list[tuple[int, int]]:
    """(segment, since ms) of the segments the customer is in now, the newest first."""
    table = SEGMENTS_MEMBER.table
    mine = table.filter((table.customer_id == customer_id) & table.entered)
    rows = session.query(mine.order_by([mine.at_ms.desc(), mine.segment_id])).to_pylist()
    return [(row["segment_id"], row["at_ms"]) for row in rows]


def _newest_report(tx: Connection, name: str) -> dict[str, Any]:
    t = _tables.report
    found = tx.scalar(select(t.c.payload).where(t.c.name == name).order_by(t.c.as_of_on.desc()).limit(1))
    return found or {}


def _rfm(standing: dict[str, Any], report: dict[str, Any]) -> Rfm | None:
    if any(standing.get(name) is None for name in ("r", "f", "m")):
        return None
    gap = standing["gap_days"]
    return Rfm(
        standing["r"], standing["f"], standing["m"], None if gap is None else int(gap), standing["order_count"] or 0, standing["spend_fen"] or 0,
        report.get("version"),
    )  # fmt: skip


def _stage(standing: dict[str, Any], report: dict[str, Any]) -> Stage | None:
    if standing.get("stage") is None:
        return None
    return Stage(standing["stage"], standing["gap_days"], standing["expected_gap_days"], _since(standing, report.get("clock", {}).get("cuts", {})))


def _since(standing: dict[str, Any], cuts: dict[str, Any]) -> date | None:
    """The first day whose gap is longer than the stage's cut point; a new customer is one since the first order."""
    if standing["stage"] == "new":
        return from_day_number(standing["first_on"])
    cut = cuts.get(standing["stage"])
    if cut is None or standing["last_on"] is None or standing["expected_gap_days"] is None:
        return None
    return from_day_number(standing["last_on"]) + timedelta(days=int(cut * standing["expected_gap_days"]) + 1)


def _value(standing: dict[str, Any], report: dict[str, Any]) -> Value | None:
    if standing.get("predicted_value_fen") is None or standing.get("predicted_orders") is None:
        return None
    return Value(
        predicted_orders=standing["predicted_orders"],
        predicted_value_fen=standing["predicted_value_fen"],
        low_fen=standing["low_fen"],
        high_fen=standing["high_fen"],
        horizon_days=report.get("horizon_days", HORIZON_DAYS),
        p_alive=standing["p_alive_rate"],
        model=report.get("model"),
        flags=tuple(Text(flag["message"]["zh"], flag["message"]["en"]) for flag in report.get("flags", ())),
    )
