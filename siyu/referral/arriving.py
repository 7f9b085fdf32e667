"""Arriving 到来: what makes somebody a friend: a relation by an inviter's live code, a browser that becomes known, a number that is resolved.
And who turns out to be one person, or two after all, is counted anew. One reaction, behind identity: exactly once, whatever is killed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, or_, select, update

from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.catalogue.content import CONTENT_TOUCHED
from siyu.events.catalogue.identity import IDENTIFIERS_LINKED
from siyu.events.reactions import Reaction
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.database import among
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.current import current
from siyu.identity.resolve import RESOLVE
from siyu.referral import _tables, bonds, friends, invitations, programmes
from siyu.referral.friends import Arrival

REMEMBERED_MS = 30 * DAY_MS
"""So long after a browser opened an invitation whoever it turns out to be came by it."""
_f = _tables.friend


def react(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    if tx.scalar(select(_tables.invitation.c.id).limit(1)) is None:
        return
    for batch in batches:
        if batch.event == IDENTIFIERS_LINKED.name:
            _linked(stores, tx, batch.rows)
        elif batch.event == RELATIONS_CHANGED.name:
            friends.arrived(stores, tx, by_ways(tx, batch.rows))
        else:
            friends.arrived(stores, tx, _by_browsers(stores, tx, batch.rows))


ARRIVING = Reaction("referral.arriving", (IDENTIFIERS_LINKED.name, RELATIONS_CHANGED.name, CONTENT_TOUCHED.name), react, after=RESOLVE)


def by_ways(tx: Connection, rows: pa.Table) -> list[Arrival]:
    """Who added a member of staff by the live code of an invitation."""
    mine = rows.filter(pc.fill_null(pc.and_(pc.starts_with(rows["state"], invitations.STATE), pc.invert(rows["void"])), False))
    if not mine.num_rows:
        return []
    found = invitations.by_states(tx, pc.unique(mine["state"]).to_pylist())
    columns = (mine[name].to_pylist() for name in ("state", "identity_key", "began_ms", "account_id", "staff"))
    return [Arrival(found[state], key, began, "way", 0, account, staff) for state, key, began, account, staff in zip(*columns, strict=True) if state in found]


def _by_browsers(stores: Stores, tx: Connection, rows: pa.Table) -> list[Arrival]:
    """Whose browser it was that opened an invitation."""
    known = rows.filter(pc.and_(pc.not_equal(rows["identity_key"], 0), pc.not_equal(rows["visitor"], 0)))
    if not known.num_rows:
        return []
    opened = invitations.last_of_visitors(tx, pc.unique(known["visitor"]).to_pylist(), to_ms(stores.now()) - REMEMBERED_MS)
    columns = (known[name].to_pylist() for name in ("visitor", "identity_key", "at_ms"))
    return [Arrival(opened[visitor][0], key, max(at_ms, opened[visitor][1]), "visitor", visitor) for visitor, key, at_ms in zip(*columns, strict=True) if visitor in opened]


def _linked(stores: Stores, tx: Connection, rows: pa.Table) -> None:
    friends.resolve(stores, tx, rows["identity_key"].to_pylist())
    moved = rows.filter(pc.is_valid(rows["was_customer_id"]))
    if moved.num_rows:
        changed(stores, tx, {*moved["customer_id"].to_pylist(), *moved["was_customer_id"].to_pylist()})


def changed(stores: Stores, tx: Connection, customer_ids: set[int]) -> None:
    """These customers were merged, split or parted again: who of their friends and inviters counts is found anew."""
    people = sorted(customer_ids | set(current(tx, customer_ids).values()))
    rows = tx.execute(select(_f.c.programme_id, _f.c.customer_id).where(or_(among(tx, _f.c.customer_id, people), among(tx, _f.c.inviter_id, people))))
    about: dict[int, set[int]] = defaultdict(set)
    for programme_id, customer_id in rows:
        about[int(programme_id)].add(int(customer_id))
    # Whose friends are another's now is paid for anew, whoever counts.
    tx.execute(update(_f).where(or_(among(tx, _f.c.customer_id, people), among(tx, _f.c.inviter_id, people))).values(news=True))
    for programme_id, friends_ in sorted(about.items()):
        programme = programmes.find(tx, programme_id, hold=True)
        bonds.settle(tx, programme_id, friends_)
        friends.book(tx, programme)
        friends.admit(stores, tx, programmes.find(tx, programme_id))
