"""Consent 授权: what a person allows, for which purpose, on which carrier, with the proof of it.

A statement is added to the history and becomes what holds now, in one transaction; the newest holds, by its own time. A
statement about every carrier ('' ) and one about a carrier of its own are compared the same way. `may` is the door that
everything asks before it acts on people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, func, select

from siyu.customers import _consent_tables as _t
from siyu.customers.consent_facts import STRICTEST
from siyu.customers.purposes import ALL_CARRIERS, CARRIERS, PURPOSES, purposes
from siyu.events import log
from siyu.events.catalogue.customers import CONSENTS_CHANGED
from siyu.foundation.clock import day_number, from_ms, to_ms
from siyu.foundation.database import select_in, upsert
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

State = Literal["granted", "refused", "withdrawn", "unknown"]
STATES: tuple[State, ...] = ("granted", "refused", "withdrawn", "unknown")
SOURCES = ("page", "feed", "staff", "import", "api", "merge")
CLOSED_TO_MINORS = ("promotion", "profiling", "sharing")
FUTURE_MS = 300_000
"""A clock that runs ahead by so much is believed; a later time is taken as now, else nobody could ever withdraw it."""
HISTORY = _t.record.name
_CHUNK = 5_000
_Row = dict[str, Any]


@dataclass(frozen=True)
class Statement:
    """One person about one purpose on one carrier ('' : every one). `at` is when they said it."""

    customer_id: int
    purpose: str
    carrier: str
    state: State
    at: datetime


@dataclass(frozen=True)
class Proof:
    """Where and how statements were made: the page, feed or file; a reference to what proves it; who wrote it down."""

    source: str
    place: str
    evidence: str = ""
    by: str = "system"


@dataclass(frozen=True)
class Consent:
    """What holds now."""

    purpose: str
    carrier: str
    state: State
    at: datetime


@dataclass(frozen=True)
class Record(Consent):
    """One statement of the history with its proof."""

    id: int
    recorded_at: datetime
    source: str
    place: str
    wording_version: int
    evidence: str
    by: str


def check(statements: Sequence[Statement]) -> None:
    """Every fault of purpose, carrier and state at once, named by its row.

    Raises
    ------
    InvalidError
    """
    faults: list[Fault] = []
    for row, one in enumerate(statements):
        for field, value, known in (("purpose", one.purpose, PURPOSES), ("carrier", one.carrier, (ALL_CARRIERS, *CARRIERS)), ("state", one.state, STATES)):
            if value not in known:
                choices = ", ".join(name or '""' for name in known)
                faults.append(Fault(f"[{row}].{field}", Text(f"没有 {value!r}；可用：{choices}", f"no such {field}: {value!r}; use {choices}")))
    if faults:
        raise InvalidError(Text("授权记录有误", "the consents are not valid"), faults=faults, way_out=Text("改好所列各行后再提交", "mend these rows, then send again"))


def record(stores: Stores, tx: Connection, statements: Sequence[Statement], proof: Proof) -> int:
    """Write statements down with their proof; what is newer than what held takes effect at once.

    Returns
    -------
    int
        How many (person, purpose, carrier) now hold something else than before; each is a row of `consents_changed`.

    Raises
    ------
    InvalidError
    """
    check(statements)
    now = stores.now()
    latest = to_ms(now) + FUTURE_MS
    versions = {name: one.version for name, one in purposes(tx).items()}
    count = 0
    for start in range(0, len(statements), _CHUNK):
        part = statements[start : start + _CHUNK]
        first = int(tx.scalar(select(func.max(_t.record.c.id))) or 0) + 1
        rows: list[_Row] = [
            {
                "id": first + place, "customer_id": one.customer_id, "purpose": one.purpose, "carrier": one.carrier, "state": one.state,
                "at_ms": min(to_ms(one.at), latest), "recorded_at": now, "source": proof.source, "place": proof.place[:200],
                "wording_version": versions[one.purpose], "evidence": proof.evidence[:400], "by": proof.by[:80],
            }
            for place, one in enumerate(part)
        ]  # fmt: skip
        if rows:
            tx.execute(_t.record.insert(), rows)
            count += _take_effect(tx, rows, now)
    return count


def _take_effect(tx: Connection, rows: Sequence[_Row], now: datetime) -> int:
    key = ("customer_id", "purpose", "carrier")
    newest: dict[tuple[Any, ...], _Row] = {}
    for row in sorted(rows, key=lambda row: (row["at_ms"], row["id"])):
        newest[tuple(row[name] for name in key)] = row
    people = sorted({row["customer_id"] for row in newest.values()})
    columns = [*(_t.consent.c[name] for name in key), _t.consent.c.state, _t.consent.c.at_ms]
    found = select_in(tx, columns, _t.consent.c.customer_id, people)
    held: dict[tuple[Any, ...], tuple[str, int]] = {(customer, purpose, carrier): (state, at) for customer, purpose, carrier, state, at in found}
    fresh = [row for mine, row in newest.items() if mine not in held or held[mine][1] <= row["at_ms"]]
    upsert(tx, _t.consent, [{**{name: row[name] for name in (*key, "state", "at_ms")}, "record_id": row["id"]} for row in fresh], list(key))
    changed = [row for row in fresh if held.get(tuple(row[name] for name in key), ("unknown", 0))[0] != row["state"]]
    if changed:
        told: dict[str, object] = {name: [row[name] for row in changed] for name in (*key, "state", "at_ms", "source")}
        log.append(tx, CONSENTS_CHANGED, CONSENTS_CHANGED.table(told), now=now)
    return len(changed)


def states(tx: Connection, customer_ids: Sequence[int], purpose: str, carrier: str = ALL_CARRIERS) -> dict[int, State]:
    """What each person says about a purpose on a carrier; "unknown" for who has said nothing. Set-based.

    Of a statement about every carrier and one about this carrier the newer holds; at the same instant the stricter.
    """
    t = _t.consent
    ids = list(dict.fromkeys(customer_ids))
    found: dict[int, tuple[int, int, State]] = {}
    columns = [t.c.customer_id, t.c.purpose, t.c.carrier, t.c.state, t.c.at_ms]
    for customer, said_of, said_on, state, at in select_in(tx, columns, t.c.customer_id, ids):
        if said_of == purpose and said_on in (ALL_CARRIERS, carrier):
            better = (at, -STRICTEST.index(state), state)
            found[customer] = max(found.get(customer, better), better)
    return {customer: found[customer][2] if customer in found else "unknown" for customer in ids}


def may(stores: Stores, tx: Connection, customer_ids: Sequence[int], purpose: str, carrier: str = ALL_CARRIERS) -> set[int]:
    """Those on whom one may act for this purpose on this carrier, now.

    Where the purpose rests on consent only "granted" will do; where it rests on the contract or a legal duty anybody may be
    served who has not refused or withdrawn. Nobody whose data is restricted (service and duty aside), no minor for
    promotion, profiling or sharing, and no child under 14 without the guardian's consent.
    """
    basis = purposes(tx)[purpose].basis
    said = states(tx, customer_ids, purpose, carrier)
    allowed = {customer for customer, state in said.items() if state == "granted" or (basis != "consent" and state == "unknown")}
    if basis == "legal_duty":
        return set(said)
    if purpose != "service":
        allowed -= restricted(tx, list(allowed))
    return allowed - _minors_kept_from(stores, tx, list(allowed), purpose, basis)


def restricted(tx: Connection, customer_ids: Sequence[int]) -> set[int]:
    return {row[0] for row in select_in(tx, [_t.restriction.c.customer_id], _t.restriction.c.customer_id, list(customer_ids))}


def _minors_kept_from(stores: Stores, tx: Connection, customer_ids: Sequence[int], purpose: str, basis: str) -> set[int]:
    today = day_number(stores.calendar.on(stores.now()))
    t = _t.minor
    kept = set()
    for customer, fourteen_on, adult_on, guardian_at in select_in(tx, [t.c.customer_id, t.c.fourteen_on, t.c.adult_on, t.c.guardian_at], t.c.customer_id, list(customer_ids)):
        is_child, is_minor = today < fourteen_on, today < adult_on
        if (is_minor and purpose in CLOSED_TO_MINORS) or (is_child and basis == "consent" and guardian_at is None):
            kept.add(customer)
    return kept


def kept_from(stores: Stores, tx: Connection, purpose: str) -> tuple[set[int], set[int], set[int]]:
    """Of everybody, by the rules of `may`: whose data is restricted for this purpose; minors to whom it is closed; children whose
    guardian has not consented. Beside `consent_facts.consenting`, which knows what people have said."""
    basis = purposes(tx)[purpose].basis
    if basis == "legal_duty":
        return set(), set(), set()
    t, today = _t.minor, day_number(stores.calendar.on(stores.now()))
    young = set(tx.scalars(select(t.c.customer_id).where(t.c.adult_on > today))) if purpose in CLOSED_TO_MINORS else set()
    waiting = set(tx.scalars(select(t.c.customer_id).where(t.c.fourteen_on > today, t.c.guardian_at.is_(None)))) if basis == "consent" else set()
    return (set(tx.scalars(select(_t.restriction.c.customer_id))) if purpose != "service" else set()), young, waiting


def of_customer(tx: Connection, customer_id: int) -> list[Consent]:
    """What one person says now, in the order of the purposes."""
    t = _t.consent
    rows = tx.execute(select(t.c.purpose, t.c.carrier, t.c.state, t.c.at_ms).where(t.c.customer_id == customer_id)).all()
    order = list(PURPOSES)
    return sorted((Consent(p, c, s, from_ms(at)) for p, c, s, at in rows), key=lambda one: (order.index(one.purpose), one.carrier))


def history(tx: Connection, customer_id: int, *, before: int | None = None, limit: int = 50) -> list[Record]:
    """The statements of one person, newest first."""
    t = _t.record
    query = select(t).where(t.c.customer_id == customer_id).order_by(t.c.id.desc()).limit(limit)
    if before is not None:
        query = query.where(t.c.id < before)
    return [
        Record(row.purpose, row.carrier, row.state, from_ms(row.at_ms), row.id, row.recorded_at, row.source, row.place, row.wording_version, row.evidence, row.by)
        for row in tx.execute(query)
    ]


def counts(tx: Connection) -> list[tuple[str, str, str, int]]:
    """(purpose, carrier, state, people) of what holds now."""
    t = _t.consent
    rows = tx.execute(select(t.c.purpose, t.c.carrier, t.c.state, func.count()).group_by(t.c.purpose, t.c.carrier, t.c.state))
    return sorted((p, c, s, int(n)) for p, c, s, n in rows)

