"""Writing of a reconcile 对账写入: a set of listed relations becomes contacts, relations and events, in the caller's transaction.

A relation that nobody knew is inserted; one that stands as listed is only marked with the run that saw it; what the list
tells besides (another beginning, a state) is folded in. One that its customer has ended and the carrier goes on listing
(one-way) stays ended, for the list shows the beginning that is known already.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pyarrow as pa
from sqlalchemy import Connection, bindparam, select, update

from siyu.carriers import _tables, marks, relations
from siyu.carriers.accounts import Account
from siyu.carriers.contacts import Contact
from siyu.carriers.reconcile_listing import Listed
from siyu.carriers.relations import News, Pair
from siyu.carriers.spells import Change
from siyu.events import log
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.database import insert_ignore
from siyu.foundation.ids import new_id
from siyu.foundation.stores import Stores

ENDED_TOGETHER = 2_000


@dataclass
class Counts:
    """Relations: listed, not known before, found gone, known but different."""

    seen: int = 0
    new: int = 0
    gone: int = 0
    changed: int = 0


@dataclass(frozen=True)
class _Known:
    contact: Contact
    name: str | None
    is_read: bool


def write(stores: Stores, tx: Connection, account: Account, run: int, listed: Iterable[Listed]) -> Counts:
    """Take in what was listed; each relation counts once however often it was listed."""
    distinct = list({(one.external_id, one.staff): one for one in listed}.values())
    if not distinct:
        return Counts()
    relations.alone(tx, [account.id])
    people = _contacts(stores, tx, account, {one.external_id: one for one in distinct})
    held = _held(tx, people.values(), {one.staff for one in distinct})
    pairs = [(Pair(people[one.external_id].id, one.staff), one) for one in distinct]
    fresh = [(pair, one) for pair, one in pairs if pair not in held]
    _begin(stores, tx, account, run, fresh, people)
    told = [news for pair, one in pairs if pair in held and (news := _news(account, people[one.external_id], pair, one, held[pair], stores.now()))]
    changed = relations.take_in(stores, tx, told, found_by="reconcile") if told else 0
    _mark_seen(tx, run, [pair for pair, _ in pairs if pair in held])
    marks.take_in(stores, tx, account, {pair: one.tags for pair, one in pairs if one.tags is not None}, {c.id: c.identity_key for c in people.values()})
    return Counts(len(distinct), len(fresh), 0, changed)


def end(stores: Stores, tx: Connection, account: Account, gone: Sequence[Pair]) -> int:
    """End relations that the carrier does not list any more: nobody knows who ended them. Those that ended meanwhile are left."""
    table, ended = _tables.relation, 0
    relations.alone(tx, [account.id])
    for start in range(0, len(gone), ENDED_TOGETHER):
        some = {pair.contact_id for pair in gone[start : start + ENDED_TOGETHER]}
        wanted = set(gone[start : start + ENDED_TOGETHER])
        key = _tables.contact.c.identity_key
        query = select(table.c.contact_id, table.c.staff, table.c.began_at, key).join(_tables.contact, _tables.contact.c.id == table.c.contact_id)
        rows = tx.execute(query.where(table.c.contact_id.in_(some), table.c.ended_at.is_(None)))
        # By a carrier's clock that is ahead it may have begun after our now; an end comes after its beginning.
        now_ms = to_ms(stores.now())
        news = [
            News(account.id, row.identity_key, pair, (Change(max(now_ms, to_ms(row.began_at) + 1), False, "unknown"),))
            for row in rows
            if (pair := Pair(row.contact_id, row.staff)) in wanted
        ]
        ended += len(news)
        relations.take_in(stores, tx, news, found_by="reconcile")
    return ended


def _contacts(stores: Stores, tx: Connection, account: Account, listed: dict[str, Listed]) -> dict[str, Contact]:
    """The contacts by their carrier's id. New ones are made and told with what the list says of them; another name is told too."""
    now = stores.now()
    known = _known(tx, account.id, list(listed))
    new = [external_id for external_id in listed if external_id not in known]
    keys = stores.secrets.index(new, f"identifier {account.namespace}")
    rows = [
        {
            "account_id": account.id, "external_id": external_id, "identity_key": key, "name": listed[external_id].name,
            "kind": listed[external_id].kind, "read_at": _read_at(listed[external_id], now), "first_seen_at": now,
        }
        for external_id, key in zip(new, keys, strict=True)
    ]  # fmt: skip
    insert_ignore(tx, _tables.contact, rows)
    other = [e for e, k in known.items() if listed[e].name and (k.name != listed[e].name or not k.is_read)]
    if other:
        table = _tables.contact
        change = [{"b_id": known[e].contact.id, "name": listed[e].name, "kind": listed[e].kind, "read_at": now} for e in other]
        tx.execute(update(table).where(table.c.id == bindparam("b_id")), change)
    known |= _known(tx, account.id, new)
    _record(stores, tx, account, [listed[external_id] for external_id in (*new, *other)])
    return {external_id: found.contact for external_id, found in known.items()}


def _read_at(one: Listed, now: datetime) -> datetime | None:
    """A list that tells who somebody is spares the reading of each."""
    return now if one.kind is not None else None


def _known(tx: Connection, account_id: int, external_ids: Sequence[str]) -> dict[str, _Known]:
    table = _tables.contact
    columns = (table.c.id, table.c.external_id, table.c.identity_key, table.c.name, table.c.read_at)
    found: dict[str, _Known] = {}
    for start in range(0, len(external_ids), 5_000):
        some = external_ids[start : start + 5_000]
        for row in tx.execute(select(*columns).where(table.c.account_id == account_id, table.c.external_id.in_(some))):
            found[row.external_id] = _Known(Contact(row.id, row.external_id, row.identity_key), row.name, row.read_at is not None)
    return found


def _record(stores: Stores, tx: Connection, account: Account, people: Sequence[Listed]) -> None:
    if not people:
        return
    now, name = stores.now(), new_id("reconcile")
    who = Senders({
        account.namespace: pa.array([one.external_id for one in people], pa.string()),
        "unionid": pa.array([one.unionid for one in people], pa.string()),
    })  # fmt: skip
    record_profiles(
        tx, stores.secrets, who, ids=pa.array([f"{name} {number}" for number in range(len(people))]),
        at_ms=pa.array([to_ms(now)] * len(people), pa.int64()),
        traits=[{key: value for key, value in (("name", one.name), ("gender", one.gender)) if value} for one in people],
        now=now, dedup_key=name,
    )  # fmt: skip


def _held(tx: Connection, people: Iterable[Contact], staff: set[str]) -> dict[Pair, Any]:
    table = _tables.relation
    columns = (table.c.contact_id, table.c.staff, table.c.began_at, table.c.state, table.c.add_way, table.c.ended_at, table.c.ended_by)
    query = select(*columns).where(table.c.contact_id.in_([one.id for one in people]), table.c.staff.in_(staff))
    return {Pair(row.contact_id, row.staff): row for row in tx.execute(query)}


def _begin(stores: Stores, tx: Connection, account: Account, run: int, fresh: Sequence[tuple[Pair, Listed]], people: dict[str, Contact]) -> None:
    """Relations that nobody knew, in bulk."""
    if not fresh:
        return
    now = stores.now()
    rows = [
        {
            "contact_id": pair.contact_id, "staff": pair.staff, "account_id": account.id, "began_at": one.at or now, "state": one.state,
            "add_way": one.add_way, "ended_at": None, "ended_by": None, "changes": None, "seen_run": run,
        }
        for pair, one in fresh
    ]  # fmt: skip
    insert_ignore(tx, _tables.relation, rows)
    size = len(fresh)
    columns = {
        "identity_key": [people[one.external_id].identity_key for _, one in fresh], "account_id": [account.id] * size,
        "staff": [pair.staff for pair, _ in fresh], "began_ms": [to_ms(one.at or now) for _, one in fresh], "began_known": [True] * size,
        "state": [one.state for _, one in fresh], "add_way": [one.add_way for _, one in fresh], "void": [False] * size, "found_by": ["reconcile"] * size,
    }  # fmt: skip
    log.append(tx, RELATIONS_CHANGED, RELATIONS_CHANGED.table(columns), now=now)


def _news(account: Account, contact: Contact, pair: Pair, one: Listed, held: Any, now: datetime) -> News | None:
    """What the list tells of a known relation; None when it stands as listed."""
    if one.at is None:
        # The list does not say since when: somebody who had gone is there again, from now on.
        back = held.ended_at is not None and account.product != "wecom"
        return News(account.id, contact.identity_key, pair, (Change(to_ms(now), True),)) if back else None
    is_mistaken = held.ended_by == "unknown" and held.ended_at >= one.at
    stands = held.began_at == one.at and one.state in (None, held.state) and one.add_way in (None, held.add_way)
    if stands and not is_mistaken:
        return None
    began_ms = to_ms(one.at)
    return News(account.id, contact.identity_key, pair, (Change(began_ms, True, None, one.state, one.add_way),), began_ms if is_mistaken else None)


def _mark_seen(tx: Connection, run: int, pairs: Iterable[Pair]) -> None:
    by_staff: dict[str, list[int]] = defaultdict(list)
    for pair in pairs:
        by_staff[pair.staff].append(pair.contact_id)
    table = _tables.relation
    for staff, contact_ids in by_staff.items():
        tx.execute(update(table).where(table.c.staff == staff, table.c.contact_id.in_(contact_ids)).values(seen_run=run))
