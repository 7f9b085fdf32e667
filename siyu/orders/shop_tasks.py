"""Tasks of shops: what their callbacks told is written down; orders that were named are read; every night all that changed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from siyu.carriers import accounts, inbox
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.tasks import ask, calling
from siyu.connectors.errors import CarrierError
from siyu.connectors.registry import SHOPS
from siyu.connectors.selling import Order
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.events.reactions import Reaction
from siyu.foundation import jobs
from siyu.foundation.errors import SiyuError
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.facts import Batch
from siyu.orders import pulls, shops

CHANGED = "order_changed"
FETCH = "orders.fetch"
FETCH_ALL = "orders.fetch_all"
PULL = "orders.pull"
PULL_ALL = "orders.pull_all"


def _take_in(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    """Callbacks that tell of orders, by account; the documents themselves lie encrypted in the inbox."""
    told: dict[int, dict[str, str]] = defaultdict(dict)
    for batch in batches:
        for row in batch.rows.select(["account_id", "kind", "detail"]).to_pylist():
            if row["kind"] == CHANGED:
                detail = msgspec.json.decode(row["detail"])
                told[row["account_id"]][detail["message"]] = detail["order_no"]
    for account in accounts.list_accounts(tx, SHOPS) if told else ():
        if messages := told.get(account.id):
            _write(stores, tx, account, messages)


def _write(stores: Stores, tx: Connection, account: Account, messages: dict[str, str]) -> None:
    selling, now = account.vendor.selling, stores.now()
    assert selling is not None
    documents = inbox.documents_of(stores.secrets, tx, [(account.id, key) for key in messages])
    found: list[Order] = []
    wanted: list[str] = []
    for (_, key), document in documents.items():
        try:
            said = selling.told(document, account.all_settings)
        except SiyuError as error:
            shops.unreadable(tx, account, messages[key] or key, pulls.fault_of(error), now)
            continue
        found += said.orders
        wanted += said.wanted
    shops.write(stores, tx, account, found)
    if wanted:
        shops.want(tx, account, wanted, now)
        ask(tx, FETCH, account.id, stores=stores, by=None)


TAKE_IN = Reaction("orders.shops", (CARRIER_REPORTED.name,), _take_in)


def ask_pull(tx: Connection, account: Account, *, stores: Stores, by: str | None, since: datetime | None = None) -> str:
    """A job for one shop; the one that waits or runs already, if there is one."""
    arguments = {"account_id": account.id, **({"since": since.isoformat()} if since else {})}
    return jobs.submit(tx, PULL, arguments, now=stores.now(), key=f"account {account.id}", created_by=by)


def job_kinds(follow: Callable[[Stores], int]) -> tuple[JobKind, ...]:
    """The kinds of job of shops; `follow` publishes what came."""

    def work(running: Running, some: Callable[[Running, Calls, Account], Any]) -> dict[str, Any]:
        with running.stores.ledger.read() as tx:
            account = next((one for one in pulls.pulling(tx) if one.id == int(running.arguments["account_id"])), None)
        if account is None:
            return {"order_count": 0}
        with calling(running.stores) as calls:
            try:
                found = some(running, calls, account)
            except CarrierError as error:
                pulls.failed(running.stores, account, error)
                raise
            finally:
                follow(running.stores)
        return found if isinstance(found, dict) else {"order_count": found}

    def pull(running: Running, calls: Calls, account: Account) -> dict[str, int]:
        since = running.arguments.get("since") if running.attempt == 1 else None
        return pulls.pull(running, calls, account, datetime.fromisoformat(since) if since else None)

    def page(arguments: dict[str, Any]) -> str | None:
        return f"/imports/shops/{arguments['account_id']}" if "account_id" in arguments else "/imports/shops"

    return (
        JobKind(FETCH, Text("读取订单", "Read orders of a shop"), lambda running: work(running, pulls.fetch), max_attempts=6, retry_wait=timedelta(seconds=10), link=page),
        JobKind(FETCH_ALL, Text("读取待读的订单", "Read orders that shops named"), _fetch_all, link=page),
        JobKind(PULL, Text("核对店铺订单", "Reconcile orders of a shop"), lambda running: work(running, pull), max_attempts=12, retry_wait=timedelta(seconds=10), link=page),
        JobKind(PULL_ALL, Text("核对所有店铺的订单", "Reconcile orders of all shops"), _pull_all, link=page),
    )


def _fetch_all(running: Running) -> dict[str, Any]:
    """What was left wanted; an idle round is one small read."""
    with running.begin() as tx:
        left = pulls.waiting(tx)
        for account in left:
            ask(tx, FETCH, account.id, stores=running.stores, by=None)
    return {"account_count": len(left)}


def _pull_all(running: Running) -> dict[str, Any]:
    with running.begin() as tx:
        ready = pulls.pulling(tx)
        for account in ready:
            ask_pull(tx, account, stores=running.stores, by=None)
    return {"account_count": len(ready)}
