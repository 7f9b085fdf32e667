"""Messages of carriers that tell people one by one: planned in a real ledger and sent by the real dispatcher, for send_email.py and send_sms.py."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import pyarrow as pa
from sinks import Heard, Sink
from sqlalchemy import func, insert, select

from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.carriers.tasks import calling
from siyu.customers import _consent_tables as consents
from siyu.events.identifiers import identify
from siyu.foundation.clock import to_ms
from siyu.foundation.database import insert_table
from siyu.foundation.stores import Stores
from siyu.identity import _tables as identity
from siyu.identity import keys
from siyu.messaging import _tables, outbox
from siyu.messaging.carriers import registry
from siyu.messaging.dispatching import Dispatcher
from siyu.messaging.saying import Say
from siyu.messaging.sends import CONSENT_FOR


@dataclass(frozen=True)
class Run:
    """A send to its end; CPU of this process and of the sink apart."""

    count: int
    wall_seconds: float
    cpu_seconds: float
    heard: Heard
    exact: bool

    def say(self, what: str, limits: str) -> None:
        each = 1000 / self.count
        print(
            f"{what}: {self.count:,} messages in {self.wall_seconds:.1f} s, {self.count / self.wall_seconds:,.0f} a second; CPU ms a message: sender {self.cpu_seconds * each:.3f}, "
            f"sink {self.heard.cpu_seconds * each:.3f}, both {(self.cpu_seconds + self.heard.cpu_seconds) * each:.3f} ({limits}); load {os.getloadavg()[0]:.1f}"
        )
        print(f"  everybody told exactly once, and the ledger says so: {'yes' if self.exact else 'NO'}")


def connected(stores: Stores, product: str, credentials: dict[str, str], settings: dict[str, str]) -> Account:
    with stores.ledger.begin() as tx:
        return accounts.connect(stores, tx, product=product, name="bench", credentials=credentials, settings={"allow_private": "true", **settings}, by="bench")


def planned(stores: Stores, account: Account, namespace: str, values: list[str], purpose: str = "promotion") -> int:
    """People with one address each, who have consented, and a send to all of them as planning leaves it: dispatches of 1,000."""
    size, now = len(values), stores.now()
    at = pa.array([now] * size, pa.timestamp("us", "UTC"))
    ids = pa.array(np.arange(1, size + 1))
    found = identify(stores.secrets, namespace, pa.array(values))
    sealed = pa.array(stores.secrets.seal(values, f"identifier {namespace}"), pa.binary())
    same = {"send_id": 1, "account_id": account.id, "carrier": account.product, "staff": "", "variant": "a", "due_at": now, "status": "planned", "fence": 0, "attempt_count": 0, "created_at": now}
    send = {
        "ref": "bench", "name": "bench", "purpose": purpose, "exempt": False, "priority_fen": 0, "due_at": now, "until_at": now + timedelta(days=1), "status": "ready", "counts": {},
        "spec": {"audience": {"include": [], "exclude": [], "customer_ids": []}, "content": {"a": [1, 1]}, "split": {"a": 1.0}, "salt": "s", "carriers": [account.product]},
        "created_at": now, "created_by": "bench",
    }  # fmt: skip
    with stores.ledger.begin() as tx:
        insert_table(tx, identity.customer, pa.table({"id": ids, "created_at": at}))
        keys.store(tx, pa.table({"identity_key": found.keys, "namespace": [namespace] * size, "value_sealed": sealed, "customer_id": ids, "first_seen_at": at, "claim_count": pa.array(np.ones(size, int))}))
        said = {"customer_id": ids, "purpose": [CONSENT_FOR[purpose]] * size, "carrier": [""] * size, "state": ["granted"] * size}
        insert_table(tx, consents.consent, pa.table({**said, "at_ms": pa.array([to_ms(now)] * size), "record_id": ids}))
        tx.execute(insert(_tables.send).values(send))
        for number, start in enumerate(range(0, size, outbox.DISPATCH_PEOPLE_ELSE), 1):
            some = slice(start, min(start + outbox.DISPATCH_PEOPLE_ELSE, size))
            count = some.stop - start
            who = pa.table({"customer_id": ids[some], "identity_key": found.keys[some], "route": pa.array(np.zeros(count, np.int16))})
            tx.execute(insert(_tables.dispatch).values({**same, "id": number, "people_count": count, "people": outbox.packed(who), "counts": {"planned": count}}))
            constants = {
                "send_id": 1, "dispatch_id": number, "account_id": account.id, "purpose": outbox.PURPOSES.index(purpose), "exempt": False, "priority_fen": 0,
                "at_ms": to_ms(now), "floating": False, "status": outbox.PLANNED,
            }  # fmt: skip
            insert_table(tx, _tables.message, pa.table({**{name: who[name] for name in who.column_names}, **{name: pa.array([value] * count) for name, value in constants.items()}}))
    return size


def sent(stores: Stores, say: Say, sink: Sink, values: list[str]) -> Run:
    """Dispatch everything that is planned."""
    sink.heard()
    with calling(stores) as calls:
        dispatcher = Dispatcher(calls, say, registry.SENDERS)
        began, cpu = time.perf_counter(), time.process_time()
        while dispatcher.look() or dispatcher.is_busy:
            pass
        wall, cpu = time.perf_counter() - began, time.process_time() - cpu
    heard = sink.heard()
    with stores.ledger.read() as tx:
        states = dict(tx.execute(select(_tables.message.c.status, func.count()).group_by(_tables.message.c.status)).all())
    return Run(len(values), wall, cpu, heard, heard.told == Counter(values) and states == {outbox.SENT: len(values)})


def noon(stores: Stores) -> None:
    """It is noon at the brand when it begins: nobody sleeps, whenever this is run."""
    began = stores.now()
    shift = began.replace(hour=12, minute=0) - began
    clock = stores.clock
    object.__setattr__(stores, "clock", lambda: clock() + shift)


def end(runs: list[Run]) -> None:
    if not all(run.exact for run in runs):
        sys.exit("somebody was not told, or told twice, or the ledger does not know")
