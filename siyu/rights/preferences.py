"""Preferences 偏好: what a person sees and sets on the page that only they have: purposes, carriers, rights, and one step back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from siyu.customers import consent
from siyu.customers.consent import Proof, Record, State, Statement
from siyu.customers.consent_facts import STRICTEST
from siyu.customers.purposes import ALL_CARRIERS, CARRIERS, PURPOSES, Purpose, purposes
from siyu.foundation.database import metadata
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.rights import requests
from siyu.rights.people import family, is_known
from siyu.rights.requests import Request
from siyu.team.audit import Actor

PERSON = Actor(None, "the person", "system")
PLACE, UNDO = "preference page", "preference page, taken back"
SHOWN_CARRIERS = ("wecom", "official_account", "mini_program", "sms", "email")


@dataclass(frozen=True)
class Choice:
    """One purpose on one carrier: whether it is on now. A purpose that rests on the contract is on unless refused."""

    carrier: str
    name: Text
    is_on: bool


@dataclass(frozen=True)
class Offer:
    purpose: Purpose
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Preferences:
    """What the page shows. `known` is false once the person was erased; their requests are still there to be seen."""

    customer_id: int
    known: bool
    offers: tuple[Offer, ...]
    requests: tuple[Request, ...]
    can_undo: bool


def survivor(tx: Connection, customer_id: int) -> int:
    """The number that this one was merged into, at the end of the chain."""
    table = metadata.tables["identity_customer"]
    found = {row.id: row.merged_into for row in tx.execute(table.select().where(table.c.id.in_(family(tx, [customer_id]))))}
    while found.get(customer_id) is not None:
        customer_id = found[customer_id]
    return customer_id


def read(stores: Stores, tx: Connection, customer_id: int) -> Preferences:
    mine = survivor(tx, customer_id)
    everything = purposes(tx)
    held = {(one.purpose, one.carrier): one for one in consent.of_customer(tx, mine)}

    def is_on(purpose: Purpose, carrier: str) -> bool:
        said = [one for where in (ALL_CARRIERS, carrier) if (one := held.get((purpose.purpose, where))) is not None]
        state = max(said, key=lambda one: (one.at, -STRICTEST.index(one.state))).state if said else "unknown"
        return state == "granted" or (state == "unknown" and purpose.basis != "consent")

    def choices(purpose: Purpose) -> tuple[Choice, ...]:
        if purpose.purpose in ("profiling", "sharing"):
            return (Choice(ALL_CARRIERS, Text("允许", "Allow"), is_on(purpose, ALL_CARRIERS)),)
        return tuple(Choice(carrier, CARRIERS[carrier], is_on(purpose, carrier)) for carrier in SHOWN_CARRIERS)

    return Preferences(
        mine,
        is_known(tx, mine),
        tuple(Offer(one, choices(one)) for one in everything.values()),
        tuple(requests.list_requests(stores, tx, customer_ids=family(tx, [mine]), limit=20)),
        bool(_last_change(tx, mine)),
    )


def set_choices(stores: Stores, tx: Connection, page: Preferences, wanted: Mapping[tuple[str, str], bool], evidence: str) -> int:
    """Write down what the person changed; what stayed as it was is no new statement. Returns how many changed."""
    now = stores.now()
    said = [
        Statement(page.customer_id, offer.purpose.purpose, choice.carrier, "granted" if wanted[offer.purpose.purpose, choice.carrier] else "withdrawn", now)
        for offer in page.offers
        for choice in offer.choices
        if wanted.get((offer.purpose.purpose, choice.carrier), choice.is_on) != choice.is_on
    ]
    return consent.record(stores, tx, said, Proof("page", PLACE, evidence, PERSON.name))


def withdraw(stores: Stores, tx: Connection, customer_id: int, *, purpose: str, carrier: str, evidence: str) -> int:
    """One purpose on one carrier, or with '' every one. For one tap in the head of a letter, and for "withdraw everything"."""
    mine, proof, now = survivor(tx, customer_id), Proof("page", PLACE, evidence, PERSON.name), stores.now()
    if purpose in PURPOSES:
        return consent.record(stores, tx, [Statement(mine, purpose, carrier, "withdrawn", now)], proof)
    return requests.withdraw_all(stores, tx, mine, proof)


def undo(stores: Stores, tx: Connection, customer_id: int) -> int:
    """Put back what held before the last change that was made on the page; a second time does nothing."""
    now, mine = stores.now(), survivor(tx, customer_id)
    last = _last_change(tx, mine)
    before: dict[tuple[str, str], State] = {(one.purpose, one.carrier): "unknown" for one in last}
    for one in reversed(consent.history(tx, mine, limit=1000)):
        if last and one.id < last[-1].id and (one.purpose, one.carrier) in before:
            before[one.purpose, one.carrier] = one.state
    said = [Statement(mine, purpose, carrier, state, now) for (purpose, carrier), state in before.items()]
    return consent.record(stores, tx, said, Proof("page", UNDO, by=PERSON.name))


def _last_change(tx: Connection, customer_id: int) -> list[Record]:
    """The statements of the last change on the page, newest first; none when it was taken back already."""
    newest = consent.history(tx, customer_id, limit=100)
    if not newest or newest[0].source != "page" or newest[0].place != PLACE:
        return []
    return [one for one in newest if one.recorded_at == newest[0].recorded_at and one.place == PLACE]
