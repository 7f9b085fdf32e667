"""Evidence 证据: what the facts and the ledger say of everybody who invites or came, as the guard weighs it and as people look at it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, or_, select

from siyu.customers.facts import CUSTOMERS_PROPERTY
from siyu.foundation.clock import from_ms
from siyu.foundation.database import among
from siyu.foundation.ids import Ints, key64_rows
from siyu.foundation.stores import Stores
from siyu.referral import _tables, coming_true
from siyu.referral.guard import ADDRESS, DEVICE, PAYER, Invites, Settings, Traces

_f = _tables.friend


@dataclass(frozen=True)
class Gathered:
    """One entry an invitation, with its row and programme; and the traces of everybody in them."""

    row: Ints
    programme: Ints
    invites: Invites
    traces: Traces


def gather(stores: Stores, tx: Connection, settings: Settings, people: Sequence[int] | None = None) -> Gathered:
    """Everything the guard weighs; with `people` only invitations that they sent or came by."""
    query = select(_f.c.id, _f.c.programme_id, _f.c.inviter_id, _f.c.customer_id, _f.c.at_ms, _f.c.real_ms, _f.c.visitor).where(_f.c.void.in_(("", "loop"))).order_by(_f.c.id)
    if people is not None:
        query = query.where(or_(among(tx, _f.c.inviter_id, list(people)), among(tx, _f.c.customer_id, list(people))))
    rows = tx.execute(query).all()
    row, programme, inviter, friend, at_ms, real_ms, visitor = (np.array([one[place] or 0 for one in rows], np.int64) for place in range(7))
    seen = coming_true.look(stores, friend, at_ms)
    left = np.where(seen.is_open, 0, seen.left_ms)
    invites = Invites(inviter, friend, at_ms, left, real_ms, seen.bought_fen, seen.net_fen, seen.active_days, seen.staff)
    return Gathered(row, programme, invites, _traces(stores, settings, np.unique(np.concatenate([inviter, friend])), friend[visitor != 0], visitor[visitor != 0]))


def _traces(stores: Stores, settings: Settings, people: Ints, browsers_of: Ints, browsers: Ints) -> Traces:
    """Devices, accounts and addresses that activities name, hashed; and the browsers by which friends came."""
    paths = {path: kind for kind, names in ((DEVICE, settings.device_paths), (PAYER, settings.payer_paths), (ADDRESS, settings.address_paths)) for path in names}
    fact = CUSTOMERS_PROPERTY.table
    person, kind, key = [browsers_of], [np.full(len(browsers), DEVICE)], [browsers]
    if len(people) and paths:
        with stores.warehouse.read() as session:
            asked = session.keep("_people", pa.table({"customer_id": people}))
            named = fact.filter(fact.path.isin(list(paths)) & fact.text.notnull() & (fact.text != "")).semi_join(asked, "customer_id")
            rows = session.query(named.select("customer_id", "path", "text").distinct())
        kinds = pa.array([paths[path] for path in rows["path"].to_pylist()], pa.int64())
        person.append(rows["customer_id"].to_numpy())
        kind.append(kinds.to_numpy())
        key.append(key64_rows(kinds, rows["text"].combine_chunks()).astype(np.int64))
    return Traces(np.concatenate(person), np.concatenate(kind), np.concatenate(key))


@dataclass(frozen=True)
class Member:
    """What can be seen of one person of a case. `device`, `payer`, `address`: letters; who shares a letter shares that thing."""

    customer_id: int
    inviter_id: int | None
    programme_id: int | None
    row: int | None
    came_at: datetime | None
    left_at: datetime | None
    bought_fen: int
    net_fen: int
    active_days: int
    staff: int
    device: str
    payer: str
    address: str


def side_by_side(stores: Stores, tx: Connection, settings: Settings, people: Sequence[int]) -> list[Member]:
    """The people of a case, inviters first; somebody who came by several invitations has a line for each."""
    found = gather(stores, tx, settings, people)
    inside = np.isin(found.invites.friend, np.array(people, np.int64))
    labels = [_letters(found.traces, kind, people) for kind in (DEVICE, PAYER, ADDRESS)]
    one = found.invites
    lines = [
        Member(
            int(one.friend[at]), int(one.inviter[at]), int(found.programme[at]), int(found.row[at]), from_ms(int(one.at_ms[at])), from_ms(int(one.left_ms[at])) if one.left_ms[at] else None,
            int(one.bought_fen[at]), int(one.net_fen[at]), int(one.active_days[at]), int(one.staff[at]), *(each.get(int(one.friend[at]), "") for each in labels),
        )
        for at in np.flatnonzero(inside)
    ]  # fmt: skip
    came = {line.customer_id for line in lines}
    first = [Member(who, None, None, None, None, None, 0, 0, 0, 0, *(each.get(who, "") for each in labels)) for who in sorted(set(people) - came)]
    return [*first, *sorted(lines, key=lambda line: (line.came_at, line.row))]


def _letters(traces: Traces, kind: int, people: Sequence[int]) -> dict[int, str]:
    """Person → letters of the things that they share with another of these people."""
    mine = (traces.kind == kind) & np.isin(traces.person, np.array(people, np.int64))
    rows = np.unique(np.column_stack([traces.key[mine], traces.person[mine]]), axis=0)
    key, count = np.unique(rows[:, 0], return_counts=True)
    found: dict[int, list[str]] = {}
    for place, one in enumerate(key[count > 1].tolist()):
        for who in rows[rows[:, 0] == one, 1].tolist():
            found.setdefault(who, []).append(chr(65 + place % 26))
    return {who: "".join(letters) for who, letters in found.items()}
