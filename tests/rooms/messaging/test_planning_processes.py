"""Planning in processes of its own: two at once never both take the last slot, and one that is killed in the middle loses nothing."""

from __future__ import annotations

import signal
from collections import Counter
from multiprocessing.synchronize import Barrier

from sqlalchemy import select

from siyu.app import FACTS
from siyu.carriers import accounts
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.events import log
from siyu.events.catalogue.messaging import MESSAGES_DECIDED
from siyu.foundation import faults
from siyu.foundation.database import open_ledger
from siyu.foundation.secrets import load_secrets
from siyu.foundation.settings import Settings
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.connect import attach
from siyu.foundation.warehouse.engines.duckdb import DuckDBEngine
from siyu.messaging import _tables, outbox, planning
from siyu.river import flow
from tests.faults.commands import forks
from tests.makers.messaging import make, people_with

PATIENCE = 120


def _plan(home: str, url: str, at: object, send_ids: list[int], part: int, start: Barrier | None, fault: str) -> None:
    """In a process with a warehouse of its own, filled from the log."""
    settings = Settings(home=home, secret_key="ab" * 32, database_url=url)  # type: ignore[arg-type]
    stores = Stores(settings, open_ledger(url), attach(DuckDBEngine(None, "500MB", 1), FACTS), load_secrets(settings), lambda: at)  # type: ignore[arg-type,return-value]
    planning.PART = part
    flow(stores)
    faults.ask(fault)
    if start is not None:
        start.wait(PATIENCE)
    for send_id in send_ids:
        planning.plan(stores, send_id)
    stores.close()


def _willing(stores: Stores, count: int) -> list[int]:
    credentials = {"app_key": "k", "secret": "s" * 20, "definition": "sandbox", "receipt_key": "r" * 24}
    with stores.ledger.begin() as tx:
        accounts.connect(stores, tx, product="sms", name="短信", credentials=credentials, settings={"base_url": "http://127.0.0.1:9", "allow_private": "true"}, by="test")
    people = [customer for customer, _ in people_with(stores, [{"phone": f"138{n:08d}"} for n in range(count)])]
    with stores.ledger.begin() as tx:
        consent.record(stores, tx, [Statement(customer, "promotion", "", "granted", stores.now()) for customer in people], Proof("page", "test"))
    flow(stores)
    return people


def _told(stores: Stores) -> Counter[int]:
    """Customer → messages that count."""
    table = _tables.message
    with stores.ledger.read() as tx:
        return Counter(tx.scalars(select(table.c.customer_id).where(table.c.status.in_(outbox.COUNTING))))


def test_pol_007_two_processes_that_plan_at_once_give_the_last_slot_to_one(any_stores: Stores, ledger_url: str) -> None:
    people = _willing(any_stores, 30)
    made = [make(any_stores, f"race {n}", customers=people).id for n in range(4)]
    start = forks.Barrier(2)
    home, now = str(any_stores.settings.home), any_stores.now()
    running = [forks.Process(target=_plan, args=(home, ledger_url, now, mine, 5, start, "")) for mine in (made[:2], made[2:])]
    for process in running:
        process.start()
    for process in running:
        process.join(PATIENCE)
    assert [process.exitcode for process in running] == [0, 0]
    # A promotion a week: of the four sends each person is in one.
    assert _told(any_stores) == dict.fromkeys(people, 1)
    with any_stores.ledger.read() as tx:
        assert {planning.sends.find(tx, send_id).status for send_id in made} <= {"ready", "over"}


def test_planning_that_is_killed_in_a_transaction_goes_on_and_tells_everybody_once(any_stores: Stores, ledger_url: str) -> None:
    people = _willing(any_stores, 40)
    send = make(any_stores, "killed", customers=people)
    process = forks.Process(target=_plan, args=(str(any_stores.settings.home), ledger_url, any_stores.now(), [send.id], 10, None, "planning.written=kill:3"))
    process.start()
    process.join(PATIENCE)
    assert process.exitcode == -signal.SIGKILL
    # Two parts are there; what the third had written is gone with its transaction.
    assert sum(_told(any_stores).values()) == 20
    done = planning.plan(any_stores, send.id)
    assert (done.status, done.counts["allow"], _told(any_stores)) == ("ready", 40, dict.fromkeys(people, 1))
    with any_stores.ledger.read() as tx:
        head = log.head(tx)
        held = sum(outbox.people_of(tx, one.id).num_rows for one in outbox.list_dispatches(tx, send_id=send.id))
    decided = Counter(row["customer_id"] for batch in log.read(any_stores.ledger, 0, head, [MESSAGES_DECIDED.name]) for row in batch.rows.to_pylist())
    assert (held, decided) == (40, dict.fromkeys(people, 1))
