"""Sends that are planned, people they go to, and a carrier in memory that answers as it is told."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import insert, select

from siyu.carriers import _tables as carrier_tables
from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.identity import _tables as identity_tables
from siyu.messaging import _tables, outbox
from siyu.messaging.carriers.port import Chunk, Content, Outcome, Part, Sender
from siyu.messaging.dispatching import Dispatcher
from siyu.messaging.outbox import Dispatch
from siyu.messaging.sends import Send

APPID = "wx0123456789abcdef"


def account_of(stores: Stores, appid: str = APPID) -> Account:
    credentials = {"appid": appid, "secret": "s" * 32, "callback_token": "callbacktoken"}
    with stores.ledger.begin() as tx:
        return accounts.connect(stores, tx, product="official_account", name=appid, credentials=credentials, settings={"base_url": "http://127.0.0.1:9", "allow_private": "true"}, by="test")


def people_of(stores: Stores, account: Account, count: int, *, first: int = 1, staff: str = "") -> list[int]:
    """Customers whom the account reaches; returns their numbers. The address of customer 7 is p7, the identity key 1007."""
    numbers, now = list(range(first, first + count)), stores.now()
    contacts = [{"account_id": account.id, "external_id": f"p{n}", "identity_key": 1000 + n, "first_seen_at": now} for n in numbers]
    with stores.ledger.begin() as tx:
        held = set(tx.scalars(select(identity_tables.customer.c.id)))
        new = [{"id": n, "created_at": now} for n in numbers if n not in held]
        if new:
            tx.execute(insert(identity_tables.customer), new)
        tx.execute(insert(carrier_tables.contact), contacts)
        table = carrier_tables.contact
        rows = tx.execute(select(table.c.id).where(table.c.account_id == account.id, table.c.identity_key.in_([1000 + n for n in numbers])))
        tx.execute(insert(carrier_tables.relation), [{"contact_id": row[0], "staff": staff, "account_id": account.id, "began_at": now} for row in rows])
    return numbers


def planned(
    stores: Stores, account: Account, customers: Sequence[int], *, due_at: datetime | None = None, until: timedelta = timedelta(days=1), staff: str = "", purpose: str = "service",
    keys: Sequence[int] | None = None, content: tuple[int, int] = (1, 1), send_id: int | None = None, **spec: Any,
) -> int:  # fmt: skip
    """A send whose messages lie in one dispatch; returns the send's number (of service it is exempt). With `send_id` it is one more dispatch of that send."""
    now = stores.now()
    due_at = due_at or now
    told = {
        "audience": {"include": [], "exclude": [], "customer_ids": list(customers)}, "content": {"a": list(content)}, "split": {"a": 1.0}, "salt": "s",
        "control_rate": 0.0, "use_global_holdout": False, "carriers": [account.product], "accounts": None, "per_minute": None, **spec,
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        place = len(tx.execute(select(_tables.send.c.id)).all())
        row = {
            "ref": f"test:{place}", "name": "测试", "purpose": purpose, "exempt": purpose == "service", "priority_fen": 0, "spec": told, "due_at": due_at,
            "until_at": due_at + until, "status": "ready", "planned_at": now, "counts": {}, "created_at": now, "created_by": "test",
        }  # fmt: skip
        if send_id is None:
            send_id = int(tx.execute(insert(_tables.send).values(row)).inserted_primary_key[0])  # type: ignore[index]
        keys = keys or [1000 + n for n in customers]
        people = pa.table({"customer_id": pa.array(customers, pa.int64()), "identity_key": pa.array(keys, pa.int64()), "route": pa.array([0] * len(keys), pa.int16())})
        chunk = {
            "send_id": send_id, "account_id": account.id, "carrier": account.product, "staff": staff, "variant": "a", "due_at": due_at, "status": "planned",
            "fence": 0, "attempt_count": 0, "people_count": len(keys), "people": outbox.packed(people), "counts": {"planned": len(keys)}, "created_at": now,
        }  # fmt: skip
        number = int(tx.execute(insert(_tables.dispatch).values(chunk)).inserted_primary_key[0])  # type: ignore[index]
        rows = [
            {"customer_id": n, "send_id": send_id, "route": 0, "identity_key": key, "dispatch_id": number, "account_id": account.id, "purpose": outbox.PURPOSES.index(purpose),
             "exempt": purpose == "service", "priority_fen": 0, "at_ms": to_ms(due_at), "floating": False, "status": outbox.PLANNED}
            for n, key in zip(customers, keys, strict=True)
        ]  # fmt: skip
        tx.execute(insert(_tables.message), rows)
    return send_id


@dataclass
class FakeCarrier:
    """`heard`: (address, send) in the order of arrival. `answer` says what becomes of a chunk; the default takes everybody. With `hold` it
    answers, once it has told people, no sooner than that is set."""

    chunk: int = 1_000
    size: int = 100
    idempotent: bool = False
    answer: Callable[[Chunk], Outcome] = lambda chunk: Outcome("sent")
    found: Callable[[Chunk], Outcome | None] = lambda chunk: None
    heard: list[tuple[str, int]] = field(default_factory=list)
    calls: list[tuple[str, int]] = field(default_factory=list)
    seconds: float = 0.0
    keys: set[str] = field(default_factory=set)
    hold: threading.Event | None = None

    def step(self, content: Content) -> int:
        return self.size

    async def send(self, calls: Calls, chunk: Chunk, content: Content) -> Outcome:
        self.calls.append((chunk.key, chunk.people.num_rows))
        await asyncio.sleep(self.seconds)
        outcome = self.answer(chunk)
        if self.idempotent and chunk.key in self.keys:
            return Outcome("sent", "again")
        out = {row for part in outcome.others if part.kind != "sent" for row in part.rows}
        taken = [address for row, address in enumerate(chunk.addresses) if outcome.kind == "sent" and row not in out]
        self.heard += [(address, chunk.send_id) for address in taken]
        self.keys |= {chunk.key} if taken else set()
        while self.hold is not None and not self.hold.is_set():
            await asyncio.sleep(0.01)
        return outcome

    async def reconcile(self, calls: Calls, chunk: Chunk) -> Outcome | None:
        return self.found(chunk)

    @property
    def twice(self) -> list[tuple[str, int]]:
        return [one for one, times in Counter(self.heard).items() if times > 1]


def refuse(*addresses: str, code: str = "43004") -> Callable[[Chunk], Outcome]:
    """Everybody is told but these."""

    def answer(chunk: Chunk) -> Outcome:
        rows = [row for row, address in enumerate(chunk.addresses) if address in addresses]
        return Outcome("sent", others=[Part("refused", rows, code)] if rows else [])

    return answer


def say(stores: Stores, send: Send, dispatch: Dispatch, left: pa.Table) -> tuple[Content, set[int]]:
    return Content([{"text": "你好"}]), set()


@contextmanager
def dispatching(stores: Stores, carrier: Sender | dict[str, Sender]) -> Iterator[Dispatcher]:
    """A dispatcher whose `look` the test calls itself."""
    calls = Calls(stores)
    calls.start()
    try:
        yield Dispatcher(calls, say, carrier if isinstance(carrier, dict) else {"official_account": carrier})
    finally:
        calls.stop()


def run(dispatcher: Dispatcher, looks: int = 60) -> None:
    """Look until an instant has no more work."""
    for _ in range(looks):
        if not dispatcher.look() and not dispatcher.is_busy:
            return
    raise AssertionError("it does not come to an end")


def statuses(stores: Stores, send_id: int) -> Counter[str]:
    with stores.ledger.read() as tx:
        return Counter(outbox.STATUSES[row[0]] for row in tx.execute(select(_tables.message.c.status).where(_tables.message.c.send_id == send_id)))


def dispatches(stores: Stores, send_id: int | None = None) -> list[Dispatch]:
    with stores.ledger.read() as tx:
        return outbox.list_dispatches(tx, send_id=send_id, limit=10_000)
