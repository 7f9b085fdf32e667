"""Sources, relations that begin by them, and spend for tests; the routes behind HTTP."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import select

from siyu.acquisition import budget_routes, marks, sources, spend, spend_files, spend_routes, tasks
from siyu.acquisition import routes as acquisition_routes
from siyu.acquisition.facts import ACQUISITION_TOUCH
from siyu.acquisition.marks import Mark
from siyu.acquisition.sources import Draft, Source
from siyu.acquisition.spend_files import SpendImport
from siyu.carriers import contacts, relations
from siyu.carriers.accounts import Account
from siyu.carriers.relations import News, Pair
from siyu.carriers.spells import Change
from siyu.events.recording import Senders, record_profiles
from siyu.foundation.clock import to_ms
from siyu.foundation.database import metadata
from siyu.foundation.ids import key64
from siyu.foundation.jobs import Runner
from siyu.foundation.stores import Stores
from siyu.orders import routes as import_routes
from siyu.orders.uploads import Incoming
from siyu.river import flow
from tests.makers.content import open_desk as open_content
from tests.makers.customers import Desk


def put_source(stores: Stores, name: str, parent: Source | None = None, level: Any = None, **more: Any) -> Source:
    """A platform, or what lies one level below another source."""
    levels = list(sources.LEVELS)
    own = level or ("platform" if parent is None else levels[levels.index(parent.level) + 1])
    draft = Draft(name, **{"platform": "douyin" if parent is None else None, **more})
    with stores.ledger.begin() as tx:
        return sources.create(stores, tx, draft, level=own, parent_id=parent.id if parent else None, by="Alice")


def put_mark(stores: Stores, source: Source, mark: str, **more: Any) -> int:
    with stores.ledger.begin() as tx:
        return marks.put(stores, tx, [Mark(more.pop("kind", "way"), mark, source.id, **more)], by="Alice")


def yesterday(stores: Stores, days: int = 1) -> date:
    return stores.calendar.on(stores.now()) - timedelta(days=days)


def post(stores: Stores, *rows: tuple[Source, int], kind: Any = "media", day: date | None = None, **more: Any) -> spend.Posted:
    """Each of these sources cost so many fen."""
    said = [spend.spending(day or yesterday(stores), source.id, kind, fen, **more) for source, fen in rows]
    with stores.ledger.begin() as tx:
        return spend.post(stores, tx, said, by="Alice")


@dataclass
class Book:
    """What a carrier tells of contacts of one account."""

    stores: Stores
    account: Account

    def tell(self, person: str, staff: str, *changes: Change, there_since_ms: int | None = None, found_by: str = "callback") -> int:
        """Returns the contact's identity key."""
        stores = self.stores
        with stores.ledger.begin() as tx:
            contact = contacts.known(stores, tx, self.account, [person], stores.now())[person]
            relations.take_in(stores, tx, [News(self.account.id, contact.identity_key, Pair(contact.id, staff), changes, there_since_ms)], found_by=found_by)
            who = Senders({self.account.namespace: pa.array([person])})
            record_profiles(
                tx, stores.secrets, who, ids=pa.array([f"{person} {staff} {changes}"]), at_ms=pa.array([to_ms(stores.now())]),
                traits=[{}], now=stores.now(), dedup_key=f"{person} {staff} {key64(changes)}",
            )  # fmt: skip
        return contact.identity_key


def says(stores: Stores, namespace: str, person: str, traits: dict[str, Any], *, at_ms: int, beside: dict[str, str] | None = None) -> None:
    """A profile that came in from outside."""
    who = Senders({namespace: pa.array([person]), **{space: pa.array([value]) for space, value in (beside or {}).items()}})
    with stores.ledger.begin() as tx:
        record_profiles(tx, stores.secrets, who, ids=pa.array([f"{person} {traits} {at_ms}"]), at_ms=pa.array([at_ms]), traits=[traits], now=stores.now(), dedup_key=f"{person} {traits} {at_ms}")


def touches(stores: Stores, step: str = "add") -> list[dict[str, Any]]:
    """What the warehouse holds, oldest first."""
    # What reactions append is published with the flow after theirs.
    flow(stores)
    flow(stores)
    with stores.warehouse.read() as session:
        rows = session.query(ACQUISITION_TOUCH.table.filter(ACQUISITION_TOUCH.table.step == step)).to_pylist()
    return sorted(rows, key=lambda row: (row["at_ms"], row["event_key"]))


def books(stores: Stores) -> dict[tuple[str, int], int]:
    """Account and source → what its lines come to, added up line by line as an auditor does; every entry is seen to balance."""
    posting = metadata.tables["acquisition_posting"]
    totals: dict[tuple[str, int], int] = defaultdict(int)
    entries: dict[int, int] = defaultdict(int)
    with stores.ledger.read() as tx:
        for entry_id, account, source_id, fen in tx.execute(select(posting.c.entry_id, posting.c.account, posting.c.source_id, posting.c.amount_fen)):
            totals[account, source_id] += fen
            entries[entry_id] += fen
    assert not any(entries.values()), "an entry does not balance"
    return dict(totals)


def open_desk(stores: Stores) -> Desk:
    return open_content(stores, acquisition_routes.router, budget_routes.router, spend_routes.router, import_routes.router)


def work(stores: Stores) -> None:
    """Jobs that wait are done."""
    Runner(stores, tasks.job_kinds(), (), lease_seconds=5).run_pending()


def upload(stores: Stores, text: str, name: str = "spend.csv") -> str:
    """A file as it was sent; returns its id."""
    incoming = Incoming(stores, name, "Alice")
    incoming.write(text.encode())
    return incoming.finish().id


def take_in(stores: Stores, text: str, mapping: dict[str, str] | None = None, *, dry_run: bool = False) -> SpendImport:
    """A file of spend, all the way; its columns mapped as they are named unless said otherwise."""
    file_id = upload(stores, text)
    with stores.ledger.begin() as tx:
        found = spend_files.propose(tx, text.splitlines()[0].lstrip("\ufeff").split(","))
        planned = spend_files.plan(stores, tx, upload_id=file_id, mapping=mapping or found, dry_run=dry_run, by="Alice")
    work(stores)
    with stores.ledger.read() as tx:
        return spend_files.find(tx, planned.id)
