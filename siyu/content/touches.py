"""Touches 触点: openings and readings as they arrive, written down together, each as far as its reader allows.

Whoever opens a link does not wait for anybody else: what arrives in one moment is decided and written in one transaction.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from secrets import randbits

from sqlalchemy import Connection, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from siyu.content import _tables, links
from siyu.content.links import Link
from siyu.content.tokens import Ticket
from siyu.customers import consent
from siyu.events import log
from siyu.events.catalogue.content import CONTENT_TOUCHED
from siyu.foundation.clock import from_ms
from siyu.foundation.commits import FullError, GroupCommits
from siyu.foundation.database import among, insert_ignore, select_in
from siyu.foundation.errors import SiyuError, UnavailableError
from siyu.foundation.ids import key64
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.identity.current import current
from siyu.identity.identifiers import customers_of, primary_keys

WAITING = 20_000
"""So many openings wait to be written at the most; beyond that people are led on unseen."""
TOGETHER = 2_000
_log = logging.getLogger("siyu.content")
_b = _tables.browser


@dataclass
class Touch:
    """One opening (`visit` 0) or reading. `is_back`: the browser has shown its number again, so it keeps it. `known_key`: whom the Official Account named.

    `reader` and `recorded` are filled when it is written: the customer who reads (0: nobody known), and whether anything was kept of it.
    """

    ticket: Ticket
    at_ms: int
    visitor: int
    is_back: bool
    visit: int = 0
    part: int = 0
    seconds: int = 0
    known_key: int = 0
    reader: int = field(default=0, compare=False)
    recorded: bool = field(default=False, compare=False)


class Touches:
    """One a process, from `start` to `stop`."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self._links: dict[int, Link] = {}
        self._commits = GroupCommits[Touch](self._write, name="content", limit=WAITING, together=TOGETHER)

    def start(self) -> None:
        self._commits.start()

    def stop(self) -> None:
        self._commits.stop()

    async def put(self, touch: Touch) -> bool:
        """Write it down; False when that was not possible. A link goes on working all the same."""
        try:
            await self._commits.put(touch)
        except (FullError, SiyuError):
            return False
        return True

    def held(self, link_id: int) -> Link | None:
        """A link that was asked for before: where it leads never changes."""
        return self._links.get(link_id)

    def find(self, link_id: int) -> Link:
        with self.stores.ledger.read() as tx:
            found = links.find(tx, link_id)
        if len(self._links) > 50_000:
            self._links.clear()
        self._links[link_id] = found
        return found

    def _write(self, touches: Sequence[Touch]) -> Sequence[SiyuError | None]:
        try:
            missing = {one.ticket.link_id for one in touches} - self._links.keys()
            for link_id in missing:
                self.find(link_id)
            write(self.stores, touches, self._links)
        except (SQLAlchemyError, OSError, SiyuError):
            _log.exception("openings could not be written; their readers were led on")
            return [UnavailableError(Text("没有记下", "it was not written down"))] * len(touches)
        return [None] * len(touches)


def write(stores: Stores, touches: Sequence[Touch], held: dict[int, Link]) -> None:
    """Decide who reads, and keep what they allow: by name with consent to profiling, else a number; nothing of those who said no."""
    with stores.ledger.begin() as tx:
        who = Readers(stores, tx, touches)
        rows: list[dict[str, object]] = []
        counts: Counter[tuple[int, object, str]] = Counter()
        for one in touches:
            link, reader = held[one.ticket.link_id], who.reader_of(one)
            one.reader = reader
            name = "content_read" if one.visit else "link_opened"
            if who.is_quiet(one, reader):
                continue
            one.recorded = True
            if reader and reader not in who.allowed:
                counts[link.id, stores.calendar.on(from_ms(one.at_ms)), name] += 1
                one.reader = one.visitor = 0
                continue
            giver = who.giver_of(one, reader)
            rows.append(_row(one, link, who.keys.get(reader, 0), name, giver))
            if giver and one.is_back:
                rows.append(_shared(one, link, giver, who.key_of_visitor(giver)))
        if rows:
            columns = {field.name: [row[field.name] for row in rows] for field in CONTENT_TOUCHED.schema}
            log.append(tx, CONTENT_TOUCHED, CONTENT_TOUCHED.table(dict(columns)), now=stores.now())
        _count(tx, counts)
        insert_ignore(tx, _b, [{**row, "at": stores.now()} for row in who.new])


class Readers:
    """Who is behind each of some touches. Everything is read for all of them at once."""

    def __init__(self, stores: Stores, tx: Connection, touches: Sequence[Touch]) -> None:
        sent_to = {one.ticket.person for one in touches if one.ticket.who == "customer"}
        named = customers_of(tx, sorted({one.known_key for one in touches if one.known_key}))
        visitors = {one.visitor for one in touches if one.visitor} | {one.ticket.person for one in touches if one.ticket.who == "visitor"}
        self._owner = {row.visitor: int(row.customer_id) for row in select_in(tx, [_b.c.visitor, _b.c.customer_id], _b.c.visitor, sorted(visitors))}
        held = select_in(tx, [_b.c.visitor, _b.c.customer_id, _b.c.link_id], _b.c.customer_id, sorted(sent_to))
        people = sent_to | set(named.values()) | set(self._owner.values())
        self._now = current(tx, people)
        # Whoever was erased has no identifier left, and is nobody.
        self.keys = primary_keys(tx, sorted(set(self._now.values())))
        self._known = set(self.keys)
        self._first = {(int(row.link_id), self._now.get(int(row.customer_id), int(row.customer_id))): int(row.visitor) for row in held if row.link_id is not None}
        everybody = sorted(self._known)
        self._named = {key: self._now[customer] for key, customer in named.items()}
        self._quiet = {row[0] for row in select_in(tx, [_tables.quiet.c.customer_id], _tables.quiet.c.customer_id, everybody)}
        self._quiet_visitors = {row[0] for row in select_in(tx, [_tables.quiet_visitor.c.visitor], _tables.quiet_visitor.c.visitor, sorted(visitors))}
        self.allowed = consent.may(stores, tx, everybody, "profiling") & self._known
        self.new: list[dict[str, object]] = []

    def reader_of(self, one: Touch) -> int:
        """The customer who reads: whom the Official Account names, whose browser it is, or to whom the link was sent and whose first browser this is."""
        if one.known_key in self._named:
            return self._bound(one, self._named[one.known_key], None)
        if one.visitor in self._owner:
            owner = self._owner[one.visitor]
            return self._alive(self._now.get(owner, owner))
        if one.ticket.who != "customer":
            return 0
        mine = self._alive(self._now[one.ticket.person])
        first = self._first.get((one.ticket.link_id, mine))
        return self._bound(one, mine, one.ticket.link_id) if mine and first in (None, one.visitor) else 0

    def giver_of(self, one: Touch, reader: int) -> int:
        """The browser that passed the link on to this one; 0 where the reader has it from us."""
        if one.ticket.who == "visitor":
            given = one.ticket.person
            return 0 if given == one.visitor or (reader and self._person(given) == reader) else given
        if one.ticket.who == "customer":
            mine = self._now[one.ticket.person]
            return 0 if reader == mine or mine in self._quiet or mine not in self.allowed else self._first.get((one.ticket.link_id, mine), 0)
        return 0

    def is_quiet(self, one: Touch, reader: int) -> bool:
        """Whether nothing may be kept: the reader or the browser said so, or it is the link of somebody who did, or who was erased."""
        if reader in self._quiet or one.visitor in self._quiet_visitors:
            return True
        return one.ticket.who == "customer" and not reader and (self._now[one.ticket.person] in self._quiet or self._now[one.ticket.person] not in self._known)

    def key_of_visitor(self, visitor: int) -> int:
        person = self._person(visitor)
        return self.keys.get(person, 0) if person in self.allowed and person not in self._quiet else 0

    def _person(self, visitor: int) -> int:
        owner = self._owner.get(visitor) or next((customer for (_, customer), held in self._first.items() if held == visitor), 0)
        return self._now.get(owner, owner)

    def _alive(self, customer: int) -> int:
        return customer if customer in self._known else 0

    def _bound(self, one: Touch, customer: int, link_id: int | None) -> int:
        """From now on this browser is that customer's, if they allow that it is known."""
        if one.visitor and customer in self.allowed and customer not in self._quiet and one.visitor not in self._quiet_visitors:
            self._owner[one.visitor] = customer
            if link_id is not None:
                self._first[link_id, customer] = one.visitor
            self.new.append({"visitor": one.visitor, "customer_id": customer, "link_id": link_id})
        return customer


def _row(one: Touch, link: Link, key: int, name: str, giver: int) -> dict[str, object]:
    event_key = key64("read", link.id, one.visit, one.part) if one.visit else randbits(63)
    return {**_of(link), "event_key": event_key, "identity_key": key, "visitor": one.visitor, "name": name, "at_ms": one.at_ms, "visit": one.visit,
            "seconds": one.seconds if one.visit else None, "other_visitor": giver}  # fmt: skip


def _shared(one: Touch, link: Link, giver: int, giver_key: int) -> dict[str, object]:
    return {**_of(link), "event_key": key64("shared", link.id, giver, one.visitor), "identity_key": giver_key, "visitor": giver, "name": "content_shared", "at_ms": one.at_ms,
            "visit": 0, "seconds": None, "other_visitor": one.visitor}  # fmt: skip


def _of(link: Link) -> dict[str, object]:
    return {"link_id": link.id, "send_id": link.send_id, "variant": link.variant, "sender": link.sender, "piece_id": link.piece_id, "version": link.version, "number": link.number}


def _count(tx: Connection, counts: Counter[tuple[int, object, str]]) -> None:
    """Add to the numbers of a day."""
    table = _tables.count
    if not counts:
        return
    new = sqlite.insert(table) if tx.dialect.name == "sqlite" else postgresql.insert(table)
    rows = [{"link_id": link, "on": on, "what": what, "count": count} for (link, on, what), count in counts.items()]
    tx.execute(new.on_conflict_do_update(index_elements=["link_id", "on", "what"], set_={"count": table.c.count + new.excluded.count}), rows)


def counted(tx: Connection, link_ids: Sequence[int]) -> dict[tuple[int, str], int]:
    """Openings and readings that are known by number only: (link, what) → how many."""
    table = _tables.count
    query = select(table.c.link_id, table.c.what, func.sum(table.c.count)).where(among(tx, table.c.link_id, list(link_ids))).group_by(table.c.link_id, table.c.what)
    return {(row[0], row[1]): int(row[2]) for row in tx.execute(query)}


