"""Reconcile 对账: finds who is there and who has gone, for one account, by listing everybody.

The staff are listed in parts. A part's pages are taken in and its cursor moved in one transaction, so a killed run goes on
where it was. When a part's last page is in, those who were known before the listing, and were in no page, are looked for in
the carrier's other list, read after the pages: whom neither knows has gone. So somebody added meanwhile is never ended, and
no clock is compared. A part whose listing fails ends nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Connection, func, insert, select, update

from siyu.carriers import _tables, _work_tables, accounts, reconcile_writing
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.reconcile_listing import Pages, ids_of, next_pages, staff_of
from siyu.carriers.reconcile_writing import Counts
from siyu.carriers.relations import Pair
from siyu.connectors.errors import Refused
from siyu.foundation.jobs import Running
from siyu.foundation.text import Text

T = TypeVar("T")
AT_ONCE = 4
"""Parts that are listed at the same time; the pages of one follow each other by cursor."""
PART_RELATIONS = 5_000
PART_STAFF = 50
TOGETHER = 2_000
"""Relations in one transaction: some tenths of a second, so that callbacks are not kept waiting."""


@dataclass
class Part:
    """Some staff that are listed together."""

    number: int
    staff: list[str]
    cursor: str
    # Relations that were open before the listing (of this attempt) began.
    before: set[Pair] = field(default_factory=set)
    resumed: bool = False


@dataclass(frozen=True)
class Reconcile:
    """One run. Counts are relations; `incomplete` names staff whose listing failed, with the carrier's code."""

    id: int
    account_id: int
    job_id: str
    started_at: datetime
    ended_at: datetime | None
    staff_count: int
    contact_count: int
    seen_count: int
    new_count: int
    gone_count: int
    changed_count: int
    incomplete: dict[str, str]


def list_reconciles(tx: Connection, account_id: int, limit: int = 50) -> list[Reconcile]:
    """The runs of an account, the newest first."""
    runs = _work_tables.reconcile
    rows = tx.execute(select(runs).where(runs.c.account_id == account_id).order_by(runs.c.id.desc()).limit(limit)).all()
    return [_reconcile(tx, row) for row in rows]


def find_reconcile(tx: Connection, run: int) -> Reconcile:
    return _reconcile(tx, tx.execute(select(_work_tables.reconcile).where(_work_tables.reconcile.c.id == run)).one())


def reconcile(running: Running, calls: Calls, account_id: int) -> Reconcile:
    """Run it, or go on with what an earlier attempt of the same job has left."""
    stores = running.stores
    with stores.ledger.read() as tx:
        account = accounts.find_account(tx, account_id)
        run = tx.scalar(select(_work_tables.reconcile.c.id).where(_work_tables.reconcile.c.job_id == running.id))
    if run is None:
        run = _plan(running, account, answer_of(running, calls.soon(_staff(calls, account))))
    _Listing(running, calls, account, int(run)).work()
    with running.begin() as tx:
        _finish(tx, int(run), account, stores.now())
        return find_reconcile(tx, int(run))


def answer_of(running: Running, future: Future[T]) -> T:
    """Wait for it, and hear of a cancel meanwhile."""
    try:
        while not wait([future], timeout=0.5).done:
            running.check()
    finally:
        future.cancel()
    return future.result()


async def _staff(calls: Calls, account: Account) -> list[str]:
    return await staff_of(calls.connector(account), account)


def _plan(running: Running, account: Account, staff: Sequence[str]) -> int:
    """Write down which staff are listed together: as many as have some thousands of relations between them."""
    with running.begin() as tx:
        table = _tables.relation
        counted = select(table.c.staff, func.count()).where(table.c.account_id == account.id, table.c.ended_at.is_(None)).group_by(table.c.staff)
        sizes = {name: int(count) for name, count in tx.execute(counted)}
        row = {"account_id": account.id, "job_id": running.id, "started_at": running.stores.now(), "staff_count": len(staff)}
        key = tx.execute(insert(_work_tables.reconcile).values(row)).inserted_primary_key
        assert key is not None
        run = int(key[0])
        parts = [_part_row(run, number, names) for number, names in enumerate(_grouped(staff, sizes))]
        if parts:
            tx.execute(insert(_work_tables.reconcile_part), parts)
        return run


def _grouped(staff: Sequence[str], sizes: dict[str, int]) -> list[list[str]]:
    """Nobody knows how many a member of staff has who is new to us: they are listed alone."""
    groups: list[list[str]] = []
    room = 0
    for name in sorted(staff, key=lambda name: -sizes.get(name, PART_RELATIONS)):
        size = sizes.get(name, PART_RELATIONS)
        if size > room or len(groups[-1]) >= PART_STAFF:
            groups.append([])
            room = PART_RELATIONS
        groups[-1].append(name)
        room -= size
    return groups


def _part_row(run: int, number: int, staff: list[str]) -> dict[str, Any]:
    zero = {"seen_count": 0, "new_count": 0, "gone_count": 0, "changed_count": 0}
    return {"reconcile_id": run, "number": number, "staff": staff, "status": "listing", "cursor": "", **zero}


class _Listing:
    """One attempt: a few parts are read ahead in the loop of calls while this thread writes."""

    def __init__(self, running: Running, calls: Calls, account: Account, run: int) -> None:
        self.running, self.calls, self.account, self.run = running, calls, account, run
        self.stores = running.stores
        with self.stores.ledger.read() as tx:
            rows = tx.execute(self._parts().order_by(_work_tables.reconcile_part.c.number)).all()
        self.waiting = [Part(r.number, r.staff, r.cursor, resumed=bool(r.cursor)) for r in reversed(rows) if r.status == "listing"]
        self.seen, self.done = sum(r.seen_count for r in rows), len(rows) - len(self.waiting)
        self.reading: dict[Future[Pages], Part] = {}

    def work(self) -> None:
        try:
            while self.waiting or self.reading:
                while self.waiting and len(self.reading) < AT_ONCE:
                    self._begin(self.waiting.pop())
                ready, _ = wait(self.reading, timeout=0.5, return_when=FIRST_COMPLETED)
                for future in ready:
                    self._take(self.reading.pop(future), future)
                self._tell()
        finally:
            for future in self.reading:
                future.cancel()

    def _begin(self, part: Part) -> None:
        with self.stores.ledger.read() as tx:
            part.before = set(_unseen(tx, self.account.id, part.staff, self.run))
        self._read(part)

    def _read(self, part: Part) -> None:
        self.reading[self.calls.soon(self._pages(part))] = part

    async def _pages(self, part: Part) -> Pages:
        return await next_pages(self.calls.connector(self.account), self.account, part.staff, part.cursor, TOGETHER)

    def _take(self, part: Part, future: Future[Pages]) -> None:
        try:
            pages = future.result()
        except Refused as error:
            self._refused(part, error)
            return
        gone: Sequence[Pair] = ()
        if not pages.next_cursor:
            try:
                gone = self._gone(part, {(one.external_id, one.staff) for one in pages.items})
            except Refused as error:
                self._close(part, "incomplete", error.vendor_code)
                return
        with self.running.begin() as tx:
            counts = reconcile_writing.write(self.stores, tx, self.account, self.run, pages.items)
            counts.gone = reconcile_writing.end(self.stores, tx, self.account, gone)
            self._move(tx, part, pages, counts)
        part.cursor, self.seen = pages.next_cursor, self.seen + counts.seen
        if pages.next_cursor:
            self._read(part)
        else:
            self.done += 1

    def _gone(self, part: Part, last: set[tuple[str, str]]) -> list[Pair]:
        """Who was known before, was in no page, and is not in the carrier's other list either, which is read now."""
        with self.stores.ledger.read() as tx:
            missing = part.before & set(_unseen(tx, self.account.id, part.staff, self.run))
            names = _names(tx, {pair.contact_id for pair in missing})
        missing = {pair for pair in missing if (names[pair.contact_id], pair.staff) not in last}
        there = {staff: answer_of(self.running, self.calls.soon(self._ids(staff))) for staff in sorted({pair.staff for pair in missing})}
        return sorted(pair for pair in missing if names[pair.contact_id] not in there[pair.staff])

    async def _ids(self, staff: str) -> set[str]:
        return await ids_of(self.calls.connector(self.account), self.account, staff)

    def _refused(self, part: Part, error: Refused) -> None:
        """A cursor may have gone stale since the last attempt; one of several staff may be refused; else nobody is ended."""
        if part.resumed:
            self._restart(part)
        elif len(part.staff) > 1:
            self._split(part)
        else:
            self._close(part, "incomplete", error.vendor_code)

    def _restart(self, part: Part) -> None:
        table = _work_tables.reconcile_part
        with self.running.begin() as tx:
            mine = (table.c.reconcile_id == self.run) & (table.c.number == part.number)
            tx.execute(update(table).where(mine).values(cursor="", seen_count=0))
        part.cursor, part.resumed = "", False
        self._read(part)

    def _split(self, part: Part) -> None:
        table = _work_tables.reconcile_part
        with self.running.begin() as tx:
            first = int(tx.scalar(select(func.max(table.c.number)).where(table.c.reconcile_id == self.run)) or 0) + 1
            singles = [Part(first + at, [name], "") for at, name in enumerate(part.staff)]
            tx.execute(insert(table), [_part_row(self.run, one.number, one.staff) for one in singles])
            tx.execute(update(table).where(table.c.reconcile_id == self.run, table.c.number == part.number).values(status="split"))
        self.waiting += singles
        self.done += 1

    def _close(self, part: Part, status: str, code: str) -> None:
        table = _work_tables.reconcile_part
        with self.running.begin() as tx:
            tx.execute(update(table).where(table.c.reconcile_id == self.run, table.c.number == part.number).values(status=status, code=code))
        self.done += 1

    def _move(self, tx: Connection, part: Part, pages: Pages, counts: Counts) -> None:
        t = _work_tables.reconcile_part
        values = {
            "cursor": pages.next_cursor, "status": "listing" if pages.next_cursor else "done", "seen_count": t.c.seen_count + counts.seen,
            "new_count": t.c.new_count + counts.new, "gone_count": t.c.gone_count + counts.gone, "changed_count": t.c.changed_count + counts.changed,
        }  # fmt: skip
        tx.execute(update(t).where(t.c.reconcile_id == self.run, t.c.number == part.number).values(values))

    def _parts(self) -> Any:
        table = _work_tables.reconcile_part
        return select(table).where(table.c.reconcile_id == self.run)

    def _tell(self) -> None:
        total = self.done + len(self.waiting) + len(self.reading)
        told = Text(f"已核对 {self.seen:,} 条好友关系", f"{self.seen:,} relations compared")
        self.running.progress(self.done, total, told)


def _unseen(tx: Connection, account_id: int, staff: Sequence[str], run: int) -> list[Pair]:
    """Open relations of these staff that this run has not listed."""
    table = _tables.relation
    mine = (table.c.account_id == account_id) & table.c.staff.in_(staff) & table.c.ended_at.is_(None) & (table.c.seen_run != run)
    return [Pair(row.contact_id, row.staff) for row in tx.execute(select(table.c.contact_id, table.c.staff).where(mine))]


def _names(tx: Connection, contact_ids: set[int]) -> dict[int, str]:
    table = _tables.contact
    found: dict[int, str] = {}
    wanted = sorted(contact_ids)
    for start in range(0, len(wanted), 5_000):
        rows = tx.execute(select(table.c.id, table.c.external_id).where(table.c.id.in_(wanted[start : start + 5_000])))
        found |= {row.id: row.external_id for row in rows}
    return found


def _finish(tx: Connection, run: int, account: Account, now: datetime) -> None:
    table, runs = _tables.relation, _work_tables.reconcile
    people = select(func.count(table.c.contact_id.distinct())).where(table.c.account_id == account.id, table.c.ended_at.is_(None))
    tx.execute(update(runs).where(runs.c.id == run, runs.c.ended_at.is_(None)).values(ended_at=now, contact_count=tx.scalar(people) or 0))


def _reconcile(tx: Connection, row: Any) -> Reconcile:
    table = _work_tables.reconcile_part
    parts = tx.execute(select(table).where(table.c.reconcile_id == row.id)).all()
    sums = {name: sum(getattr(part, name) for part in parts) for name in ("seen_count", "new_count", "gone_count", "changed_count")}
    incomplete = {name: part.code or "" for part in parts if part.status == "incomplete" for name in part.staff}
    return Reconcile(row.id, row.account_id, row.job_id, row.started_at, row.ended_at, row.staff_count, row.contact_count, **sums, incomplete=incomplete)
