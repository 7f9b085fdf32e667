"""Relations 好友关系: contact × staff, kept apart from the person. News of any number of them is taken in as a set."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import Connection, select, tuple_

from siyu.carriers import _tables
from siyu.carriers.spells import Change, Spell, fold, merged
from siyu.events import log
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.foundation.clock import from_ms, to_ms
from siyu.foundation.database import among, upsert
from siyu.foundation.stores import Stores

LOOKED_UP_TOGETHER = 400


class Pair(NamedTuple):
    """A relation: the contact (row of `carriers_contact`) and the carrier's id of the staff; '' for the account itself."""

    contact_id: int
    staff: str


@dataclass(frozen=True)
class News:
    """What was told of one relation of an account.

    `there_since_ms`: the carrier lists it as there since then, so an end by `unknown` (it was not found) from then on was none.
    """

    account_id: int
    identity_key: int
    pair: Pair
    changes: tuple[Change, ...]
    there_since_ms: int | None = None


def take_in(stores: Stores, tx: Connection, news: Sequence[News], *, found_by: str) -> int:
    """Fold the news into the relations they are about, and tell of every spell that is new or another; returns how many."""
    alone(tx, {item.account_id for item in news})
    by_pair: dict[Pair, list[Change]] = {}
    about = {item.pair: item for item in news}
    for item in news:
        by_pair.setdefault(item.pair, []).extend(item.changes)
    rows, spells = [], []
    held = _held(tx, list(by_pair))
    for pair, changes in by_pair.items():
        before = held.get(pair, [])
        after = merged(_believed(before, about[pair].there_since_ms), changes)
        if after == before:
            continue
        folded = fold(after)
        rows.append(_row(about[pair], after, folded[-1]))
        spells += [_event(about[pair], spell, found_by, void) for spell, void in _differences(fold(before), folded)]
    upsert(tx, _tables.relation, rows, ["contact_id", "staff"])
    if spells:
        log.append(tx, RELATIONS_CHANGED, RELATIONS_CHANGED.table({name: [spell[name] for spell in spells] for name in spells[0]}), now=stores.now())
    return len(spells)


def alone(tx: Connection, account_ids: Iterable[int]) -> None:
    """Whoever folds relations of these accounts does so alone until the transaction ends; what was read is still so when it is written."""
    table = _tables.account
    tx.execute(select(table.c.id).where(table.c.id.in_(sorted(account_ids))).order_by(table.c.id).with_for_update(key_share=True)).all()


def _believed(before: list[Change], there_since_ms: int | None) -> list[Change]:
    if there_since_ms is None:
        return before
    return [change for change in before if change.began or change.by != "unknown" or change.at_ms < there_since_ms]


def _held(tx: Connection, pairs: Sequence[Pair]) -> dict[Pair, list[Change]]:
    """Everything told of these relations so far."""
    table = _tables.relation
    found: dict[Pair, list[Change]] = {}
    columns = (table.c.contact_id, table.c.staff, table.c.began_at, table.c.state, table.c.add_way, table.c.changes)
    for start in range(0, len(pairs), LOOKED_UP_TOGETHER):
        some = [tuple(pair) for pair in pairs[start : start + LOOKED_UP_TOGETHER]]
        for row in tx.execute(select(*columns).where(tuple_(table.c.contact_id, table.c.staff).in_(some))):
            only = [Change(to_ms(row.began_at), True, None, row.state, row.add_way)]
            found[Pair(row.contact_id, row.staff)] = [Change(*change) for change in row.changes] if row.changes else only
    return found


def _row(item: News, changes: list[Change], last: Spell) -> dict[str, Any]:
    return {
        "contact_id": item.pair.contact_id, "staff": item.pair.staff, "account_id": item.account_id, "began_at": from_ms(last.began_ms),
        "state": last.state, "add_way": last.add_way, "ended_at": None if last.ended_ms is None else from_ms(last.ended_ms), "ended_by": last.by,
        "changes": None if len(changes) == 1 and changes[0].began else [list(change) for change in changes],
    }  # fmt: skip


def _differences(before: list[Spell], after: list[Spell]) -> Iterable[tuple[Spell, bool]]:
    """(spell, void): those that are new or another now, and those that there never were."""
    kept = {spell.began_ms for spell in after}
    known = set(before)
    yield from ((spell, True) for spell in before if spell.began_ms not in kept)
    yield from ((spell, False) for spell in after if spell not in known)


def _event(item: News, spell: Spell, found_by: str, void: bool) -> dict[str, Any]:
    return {
        "identity_key": item.identity_key, "account_id": item.account_id, "staff": item.pair.staff, **spell._asdict(), "void": void, "found_by": found_by,
    }  # fmt: skip


class First(NamedTuple):
    """The first spell of a contact whose beginning is known, with whom of the staff."""

    staff: str
    spell: Spell


def first_spells(tx: Connection, account_id: int, identity_keys: Sequence[int]) -> dict[int, First]:
    """Identity key → the first of all spells with an account; who has none, or only ends of them are known, is absent."""
    relation, contact = _tables.relation, _tables.contact
    columns = (contact.c.identity_key, relation.c.staff, relation.c.began_at, relation.c.state, relation.c.add_way, relation.c.changes)
    mine = select(*columns).join(contact, contact.c.id == relation.c.contact_id).where(relation.c.account_id == account_id, among(tx, contact.c.identity_key, list(identity_keys)))
    found: dict[int, First] = {}
    for row in tx.execute(mine):
        only = [Change(to_ms(row.began_at), True, None, row.state, row.add_way)]
        spells = fold([Change(*change) for change in row.changes] if row.changes else only)
        known = [First(row.staff, spell) for spell in spells if spell.began_known]
        if known and (row.identity_key not in found or _earlier(known[0], found[row.identity_key])):
            found[row.identity_key] = known[0]
    return found


def _earlier(one: First, other: First) -> bool:
    return (one.spell.began_ms, one.staff) < (other.spell.began_ms, other.staff)
