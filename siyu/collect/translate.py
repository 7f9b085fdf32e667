"""Translate 翻译: from the journal into the log: in order, in sets, each operation once.

Everything is made ready before the ledger is locked. The transaction moves the journal's place from where it was read, or does nothing:
two translators at once are harmless, and whatever is killed, an operation's effect and its place are written together or not at all.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import Connection, select, update

from siyu.collect import feeds, journal, plan_step, quarantine, rows, seen
from siyu.collect._tables import journal as table
from siyu.collect.feeds import Feed
from siyu.collect.journal import Arrival, Place
from siyu.collect.plan_step import Looked
from siyu.collect.quarantine import Rejected
from siyu.collect.rows import Told
from siyu.collect.wire.formats import FORMATS, pick
from siyu.collect.wire.operations import Fault, Read
from siyu.events import log
from siyu.foundation.clock import from_ms
from siyu.foundation.database import insert_ignore
from siyu.foundation.stores import Stores

TOGETHER_BYTES = 4 * 1024 * 1024
STRANGE = (ValueError, TypeError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""Errors that come from what was told (a repeat ends the same way), and not from a store that cannot be had."""
_log = logging.getLogger("siyu.collect")


class Ready(NamedTuple):
    """What a set of requests comes to, before it is written."""

    batches: list[rows.Rows]
    keys: list[int]
    rejected: list[Rejected]
    heard: dict[int, tuple[int, int]]
    told: list[Told]
    looked: Looked


class _Raced(Exception):
    """Somebody else has taken in one of these operations just now."""


def step(stores: Stores, name: str, folder: Path) -> int:
    """Work off one set; returns how many requests it held. Safe to call at any time, from any process."""
    with stores.ledger.read() as tx:
        place = place_of(tx, name)
        senders = {feed.id: feed for feed in feeds.list_feeds(tx)}
        room = quarantine.has_room_for_strangers(tx)
    arrivals, after = _collect(stores, folder, place)
    if not arrivals:
        return 0
    for _ in range(3):
        try:
            if take(stores, arrivals, senders, room, moving=(name, place, after)) is not None:
                break
        except _Raced:
            continue
    return len(arrivals)


def take_again(stores: Stores, arrivals: Sequence[Arrival], senders: dict[int, Feed], waiting: dict[int, int], by: str) -> tuple[int, int]:
    """Take in what lies in the quarantine (content key → number); (operations that were new, entries settled). What fails as before waits on."""
    settled: list[int] = []
    for _ in range(3):
        try:
            return take(stores, arrivals, senders, waiting=(waiting, by, settled)) or 0, len(settled)
        except _Raced:
            settled.clear()
    return 0, 0


def take(
    stores: Stores, arrivals: Sequence[Arrival], senders: dict[int, Feed], room: bool = True, moving: tuple[str, Place, Place] | None = None,
    waiting: tuple[dict[int, int], str, list[int]] | None = None,
) -> int | None:  # fmt: skip
    """Take requests in; returns how many operations were new. With `moving` it also moves a journal's place, or does nothing (None).

    `waiting` are entries of the quarantine (content key → number), who takes them in, and a list for the numbers that are settled by it.
    """
    ready = _made_ready(stores, arrivals, senders, room)
    kept = quarantine.prepare(stores.secrets, ready.rejected)
    now = stores.now()
    with stores.ledger.begin() as tx:
        if moving is not None and not _move(stores, tx, *moving):
            return None
        if seen.remember(tx, ready.keys, now) != len(ready.keys):
            raise _Raced
        for batch in ready.batches:
            for event, table_of in batch.tables:
                log.append(tx, event, table_of, now=now)
        quarantine.keep(tx, kept)
        if waiting is not None:
            entries, by, settled = waiting
            settled += sorted(number for key, number in entries.items() if key not in {row["content_key"] for row in kept})
            quarantine.settle(tx, settled, "replayed", by=by, now=now)
        plan_step.note(tx, stores, ready.looked, ready.told, now)
        feeds.note_heard(tx, {number: (from_ms(at), count) for number, (at, count) in ready.heard.items()})
    return len(ready.keys)


def place_of(tx: Connection, name: str) -> Place:
    row = tx.execute(select(table.c.segment, table.c.offset).where(table.c.id == name)).one_or_none()
    return Place(row.segment, row.offset) if row else Place(0, 0)


def _collect(stores: Stores, folder: Path, place: Place) -> tuple[list[Arrival], Place]:
    arrivals: list[Arrival] = []
    size, after = 0, place
    for block in journal.blocks(folder, stores.secrets, place):
        arrivals += block.arrivals
        after = block.after
        size += sum(len(one.body) for one in block.arrivals)
        if size >= TOGETHER_BYTES:
            break
    return arrivals, after


def _made_ready(stores: Stores, arrivals: Sequence[Arrival], senders: dict[int, Feed], room: bool) -> Ready:
    """As `_ready`; a request at which it fails is set aside, so that the others, and other feeds, do not stand still behind it."""
    try:
        return _ready(stores, arrivals, senders, room)
    except STRANGE:
        _log.exception("some request cannot be taken in; it is looked for, and kept in the quarantine")
    good, bad = list[Arrival](), list[Rejected]()
    for arrival in arrivals:
        try:
            _ready(stores, [arrival], senders, room)
            good.append(arrival)
        except STRANGE:
            bad.append(Rejected(arrival, "not_taken", "", 0))
    ready = _ready(stores, good, senders, room)
    return ready._replace(rejected=[*ready.rejected, *bad])


def _ready(stores: Stores, arrivals: Sequence[Arrival], senders: dict[int, Feed], room: bool) -> Ready:
    told, rejected, earliest = list[Told](), list[Rejected](), rows.earliest_ms(stores)
    for arrival in arrivals:
        feed = senders.get(arrival.feed_id)
        if feed is None or feed.status == "paused":
            if room:
                rejected.append(Rejected(arrival, "feed_paused" if feed else "no_feed", "", 0))
            continue
        found = read(arrival)
        wrong = list(found.faults)
        for operation in found.operations:
            one = rows.place(arrival, feed, operation, earliest)
            if isinstance(one, Told):
                told.append(one)
            else:
                wrong.append(one)
        rejected += _rejected(arrival, wrong)
    keys = rows.keys_of(told)
    with stores.ledger.read() as tx:
        old = seen.known(tx, keys)
        checks = plan_step.checks_of(stores, tx)
    fresh: dict[int, Told] = {}
    for key, one in zip(keys, told, strict=True):
        if key not in old and key not in fresh:
            fresh[key] = one
    new = list(fresh.values())
    looked = plan_step.look(checks, stores, new)
    if looked.refused:
        fresh = {key: one for row, (key, one) in enumerate(fresh.items()) if row not in looked.refused}
    batches = rows.lay_out(stores.secrets, list(fresh), list(fresh.values()))
    refused = [(new[row].arrival, fault) for row, fault in looked.refused.items()]
    unusable: dict[int, tuple[Arrival, list[Fault]]] = {}
    for arrival, fault in (*refused, *(pair for batch in batches for pair in batch.faults)):
        unusable.setdefault(id(arrival), (arrival, []))[1].append(fault)
    for arrival, of_it in unusable.values():
        rejected += _rejected(arrival, of_it)
    return Ready(batches, list(fresh), rejected, _heard(arrivals, senders, fresh.values()), new, looked)


def read(arrival: Arrival) -> Read:
    """What a request says; whatever is wrong with it, it is a fault of the request and stops nobody else."""
    try:
        return FORMATS[arrival.format].read(arrival.body, arrival.hint)
    except Exception:
        _log.exception("a request of the format %s could not be read; it is kept in the quarantine", arrival.format)
        return Read([], [Fault(None, "unreadable")])


def _rejected(arrival: Arrival, faults: Iterable[Fault]) -> list[Rejected]:
    """One entry a reason; each holds only the operations that it is about."""
    by_reason = defaultdict[str, list[Fault]](list)
    for fault in faults:
        by_reason[fault.reason].append(fault)
    found = []
    for reason, of_it in by_reason.items():
        indexes = {fault.index for fault in of_it if fault.index is not None}
        whole = len(indexes) < len(of_it)
        body = arrival.body if whole else pick(arrival.format, arrival.body, indexes)
        alone = Arrival(arrival.feed_id, arrival.format, arrival.hint, arrival.received_ms, body, arrival.key)
        found.append(Rejected(alone, reason, of_it[0].detail, 0 if whole else len(indexes)))
    return found


def _heard(arrivals: Sequence[Arrival], senders: dict[int, Feed], fresh: Iterable[Told]) -> dict[int, tuple[int, int]]:
    """By feed: when it was heard last, epoch ms, and how many operations were new."""
    counts = defaultdict[int, int](int)
    for one in fresh:
        counts[one.feed.id] += 1
    return {one.feed_id: (one.received_ms, counts[one.feed_id]) for one in arrivals if one.feed_id in senders}


def _move(stores: Stores, tx: Connection, name: str, place: Place, after: Place) -> bool:
    insert_ignore(tx, table, [{"id": name, "segment": 0, "offset": 0, "moved_at": stores.now()}])
    mine = (table.c.id == name, table.c.segment == place.segment, table.c.offset == place.offset)
    return tx.execute(update(table).where(*mine).values(segment=after.segment, offset=after.offset, moved_at=stores.now())).rowcount == 1
