"""Arrivals 到来: the touches `add`: by which source a contact came to an account, once, from the relations that the carriers tell of.

The first beginning of any relation of a contact counts, whichever member of staff it was with: to be added again, or by
somebody else, is no second acquisition. News may come late and in any order; a touch that it shows to be wrong is told anew
under its key. Where people come by an app or a file, without any relation, `utm_source` and the attribute `source` say so.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, select

from siyu.acquisition import _tables, marks, sources, touches
from siyu.carriers import relations
from siyu.events.catalogue.carriers import RELATIONS_CHANGED
from siyu.events.catalogue.customers import ACTIVITY_RECORDED, PROFILE_RECORDED
from siyu.events.reactions import Reaction
from siyu.foundation.database import among, select_in, upsert
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.facts import Batch
from siyu.identity.identifiers import customers_of, keys_of
from siyu.identity.resolve import RESOLVE

_a = _tables.arrival
_UTM = r'"utm_source"\s*:\s*"(?P<mark>[^"\\]{1,120})"'


class Arrived(NamedTuple):
    """The first that is known of a contact with an account. `source_id` of what is held already."""

    at_ms: int
    staff: str
    mark: str
    source_id: int = 0


Contacts = dict[int, Arrived]
"""Identity key → how it arrived at one account."""


def follow_relations(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    rows = pa.concat_tables([batch.rows.select(["identity_key", "account_id", "staff", "began_ms", "began_known", "state", "void"]) for batch in batches])
    for account_id in pc.unique(rows["account_id"]).to_pylist():
        mine = rows.filter(pc.equal(rows["account_id"], account_id))
        _follow(stores, tx, account_id, *_told(mine))


FROM_RELATIONS = Reaction("acquisition.arrivals", (RELATIONS_CHANGED.name,), follow_relations, after=RESOLVE)


def follow_profiles(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    """Whoever has no relation anywhere, and says by which source they came: the first saying counts."""
    said = [part for batch in batches if (part := _said(batch)).num_rows]
    if not said:
        return
    rows = pa.concat_tables(said).sort_by([("at_ms", "ascending"), ("mark", "ascending")])
    first = rows.group_by("identity_key", use_threads=False).aggregate([("at_ms", "first"), ("mark", "first")])
    told = {key: Arrived(at, "", mark) for key, at, mark in zip(*(first[name].to_pylist() for name in ("identity_key", "at_ms_first", "mark_first")), strict=True)}
    _keep(stores, tx, 0, _without_others(tx, told))


FROM_PROFILES = Reaction("acquisition.profiles", (PROFILE_RECORDED.name, ACTIVITY_RECORDED.name), follow_profiles, after=RESOLVE)


def _told(rows: pa.Table) -> tuple[Contacts, dict[int, set[tuple[int, str]]]]:
    """The first live spell of each contact in the news; and the spells (began, staff) that there never were."""
    key, began = (rows[name].to_numpy() for name in ("identity_key", "began_ms"))
    staff, number = rows["staff"].to_numpy(zero_copy_only=False).astype(str), np.arange(rows.num_rows)
    order = np.lexsort((number, staff, began, key))
    same = (np.diff(key[order], append=-1) == 0) & (np.diff(began[order], append=-1) == 0) & (staff[order] == np.append(staff[order][1:], ""))
    # The last telling of a spell holds. Those of one contact lie in the order of their beginning.
    last = order[~same]
    live = pc.and_(pc.invert(rows["void"]), rows["began_known"]).to_numpy()
    firsts, at = np.unique(key[last[live[last]]], return_index=True)
    first = rows.take(pa.array(last[live[last]][at]))
    columns = (first[name].to_pylist() for name in ("began_ms", "staff", "state"))
    arrived = {int(one): Arrived(began, staff, (state or "")[:120]) for one, began, staff, state in zip(firsts, *columns, strict=True)}
    dead: dict[int, set[tuple[int, str]]] = {}
    gone = last[~live[last]]
    for one, began_ms, who in zip(key[gone].tolist(), began[gone].tolist(), staff[gone].tolist(), strict=True):
        dead.setdefault(one, set()).add((began_ms, who))
    return arrived, dead


def _follow(stores: Stores, tx: Connection, account_id: int, told: Contacts, dead: dict[int, set[tuple[int, str]]]) -> None:
    held = _held(tx, account_id, sorted(told.keys() | dead.keys()))
    # Only of whom the first beginning turned out to be none, everything told must be looked at again.
    undone = sorted(key for key, spells in dead.items() if key in held and (held[key].at_ms, held[key].staff) in spells)
    again = relations.first_spells(tx, account_id, undone) if undone else {}
    for key in undone:
        was = held.pop(key)
        known = [Arrived(again[key].spell.began_ms, again[key].staff, (again[key].spell.state or "")[:120])] if key in again else []
        known += [told[key]] if key in told else []
        if known:
            told[key] = min(known)
        else:
            _undo(stores, tx, account_id, key, was)
    _keep(stores, tx, account_id, {key: one for key, one in told.items() if key not in held or (one[:3] != held[key][:3] and one[:2] <= held[key][:2])})


def _keep(stores: Stores, tx: Connection, account_id: int, found: Contacts) -> None:
    """Write arrivals down and tell of them; whose mark stands for nothing came by the account's untraced source, or is not told of (yet)."""
    if not found:
        return
    keys, told = np.array(list(found), np.int64), list(found.values())
    at_ms: Ints = np.array([one.at_ms for one in told], np.int64)
    now = marks.resolve(tx, marks.OF_RELATIONS if account_id else "profile", account_id, [one.mark for one in told], at_ms)
    source_ids = now.source_ids
    if account_id and not source_ids.all():
        source_ids = np.where(source_ids == 0, sources.untraced(stores, tx, [account_id])[account_id], source_ids)
    columns = {
        "identity_key": keys.tolist(), "account_id": [account_id] * len(keys), "at_ms": at_ms.tolist(), "mark": [one.mark for one in told],
        "staff": [one.staff for one in told], "source_id": source_ids.tolist(), "code_id": now.code_ids.tolist(), "offer_id": now.offer_ids.tolist(),
    }  # fmt: skip
    upsert(tx, _a, [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)], ["identity_key", "account_id"])
    table = pa.table({**columns, "event_key": marks.touch_keys(keys, np.full(len(keys), account_id)), "step": ["add"] * len(keys)})
    touches.record(stores, tx, table.filter(pc.not_equal(table["source_id"], 0)))


def _undo(stores: Stores, tx: Connection, account_id: int, key: int, was: Arrived) -> None:
    tx.execute(delete(_a).where(_a.c.identity_key == key, _a.c.account_id == account_id))
    keys = marks.touch_keys(np.array([key], np.int64), np.array([account_id], np.int64))
    touches.record(stores, tx, pa.table({"event_key": keys, "identity_key": [key], "account_id": [account_id], "at_ms": [was.at_ms], "staff": [was.staff], "step": ["void"], "source_id": [was.source_id]}))


def _held(tx: Connection, account_id: int, keys: Sequence[int]) -> Contacts:
    columns = (_a.c.identity_key, _a.c.at_ms, _a.c.staff, _a.c.mark, _a.c.source_id)
    query = select(*columns).where(_a.c.account_id == account_id, among(tx, _a.c.identity_key, list(keys)))
    return {row[0]: Arrived(*row[1:]) for row in tx.execute(query)}


def _said(batch: Batch) -> pa.Table:
    """identity_key, at_ms, mark of what speaks of a source."""
    rows = batch.rows
    if batch.event == PROFILE_RECORDED.name:
        mine = rows.filter(pc.and_(pc.equal(rows["path"], "source"), pc.not_equal(pc.fill_null(rows["text"], ""), "")))
        if "op" in mine.column_names:
            mine = mine.filter(pc.is_in(pc.fill_null(mine["op"], "set"), pa.array(["set", "once"])))
        return pa.table({"identity_key": mine["identity_key"], "at_ms": mine["set_ms"], "mark": pc.utf8_slice_codeunits(mine["text"], 0, 120)})
    mine = rows.filter(pc.fill_null(pc.match_substring(rows["properties"], '"utm_source"'), False))
    mark = pc.struct_field(pc.extract_regex(mine["properties"], _UTM), "mark")
    found = pa.table({"identity_key": mine["identity_key"], "at_ms": mine["at_ms"], "mark": mark})
    return found.filter(pc.is_valid(mark))


def _without_others(tx: Connection, told: Contacts) -> Contacts:
    """Those whose customer has not arrived by any other way; of several identifiers of one customer the earliest telling."""
    owner = customers_of(tx, sorted(told))
    firsts: dict[int, int] = {}
    for key in sorted((key for key in told if key in owner), key=lambda key: (told[key], key)):
        firsts.setdefault(owner[key], key)
    theirs = keys_of(tx, sorted(firsts))
    known = {row.identity_key: row for row in select_in(tx, [_a.c.identity_key, _a.c.account_id, _a.c.at_ms], _a.c.identity_key, sorted(theirs))}
    of_key = customers_of(tx, sorted(known)) if known else {}
    arrived = {of_key[key] for key, row in known.items() if row.account_id or told.get(key) is None or row.at_ms <= told[key].at_ms}
    return {key: told[key] for customer, key in firsts.items() if customer not in arrived}
