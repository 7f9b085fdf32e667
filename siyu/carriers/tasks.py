"""Tasks of carriers: reconcile an account, read its staff, bring tags into line, look after sends and transfers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import msgspec
from sqlalchemy import Connection

from siyu.carriers import (
    accounts,
    contact_ways,
    marks,
    media,
    reconcile,
    sends_polling,
    staffing,
    tags,
    transfers,
)
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.carriers.recovery import TROUBLED
from siyu.carriers.status import CHANGED
from siyu.carriers.tags import Tag
from siyu.carriers.transfers import Transfer
from siyu.events.catalogue.carriers import CARRIER_REPORTED
from siyu.events.reactions import Reaction
from siyu.foundation import jobs
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import ConflictError, NotFoundError, SiyuError
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.facts import Batch

_log = logging.getLogger("siyu.carriers")
RECONCILE = "carriers.reconcile"
RECONCILE_ALL = "carriers.reconcile_all"
STAFF = "carriers.staff"
SETTLE = "carriers.settle"
TAGS = "carriers.tags"
MARKS = "carriers.marks"
SENDS = "carriers.sends"
TRANSFER = "carriers.transfer"
MEDIA = "carriers.media"
CARRY = "customers.carry_tag"
"""A job of the room `customers`."""
FOLLOWED = {"staff_": STAFF, "department_": STAFF, "tag_": TAGS, "tags_": TAGS}
"""Beginnings of reports, and the job that follows each."""
CUT_OFF = timedelta(minutes=1)
"""A job may have met the trouble so long before the account was found to be in it."""
LONG_TROUBLE = timedelta(minutes=10)
LISTED_PRODUCTS = ("wecom", "official_account")
"""Carriers that list who is there."""


@contextmanager
def calling(stores: Stores) -> Iterator[Calls]:
    """The loop in which a job speaks to carriers; tokens and limits are those of all processes."""
    calls = Calls(stores)
    calls.start()
    try:
        yield calls
    finally:
        calls.stop()


def ask_reconcile(tx: Connection, account: Account, *, stores: Stores, by: str | None) -> str:
    """A job for one account; the one that waits or runs already, if there is one."""
    return jobs.submit(tx, RECONCILE, {"account_id": account.id}, now=stores.now(), key=f"account {account.id}", created_by=by)


def _reconcile(running: Running) -> dict[str, Any]:
    with calling(running.stores) as calls:
        found = reconcile.reconcile(running, calls, int(running.arguments["account_id"]))
    return {name: value for name, value in asdict(found).items() if name.endswith("_count") or name == "incomplete"}


def _reconcile_all(running: Running) -> dict[str, Any]:
    with running.begin() as tx:
        ready = [account for account in accounts.list_accounts(tx, LISTED_PRODUCTS) if account.status == "connected"]
        started = [ask_reconcile(tx, account, stores=running.stores, by=None) for account in ready]
    return {"account_count": len(started)}


def ask(tx: Connection, kind: str, account_id: int, *, stores: Stores, by: str | None) -> str:
    """A job that begins after this transaction: the one that waits already, if there is one. One that runs may have read before."""
    waiting = jobs.list_jobs(tx, (), status="queued", kind=kind, limit=200).items
    same = next((job.id for job in waiting if job.arguments == {"account_id": account_id}), None)
    return same or jobs.submit(tx, kind, {"account_id": account_id}, now=stores.now(), created_by=by)


def _follow_up(stores: Stores, tx: Connection, batches: Sequence[Batch]) -> None:
    """What a carrier reports of staff and tags is read from it again: reports may be lost and come in any order."""
    rows = [row for batch in batches for row in batch.rows.select(["account_id", "kind", "detail"]).to_pylist()]
    kinds = {(row["account_id"], kind) for row in rows for start, kind in FOLLOWED.items() if row["kind"].startswith(start)}
    there = {account.id for account in accounts.list_accounts(tx, ["wecom"])}
    for account_id, kind in sorted(kinds):
        if account_id in there:
            ask(tx, kind, account_id, stores=stores, by=None)
    for row in rows:
        if row["kind"] == CHANGED:
            _catch_up(stores, tx, int(row["account_id"]), msgspec.json.decode(row["detail"] or "{}"))


def _catch_up(stores: Stores, tx: Connection, account_id: int, told: dict[str, Any]) -> None:
    """An account is well again: jobs that its trouble ended go on, and after a long trouble a reconcile finds what nobody told."""
    account = next((one for one in accounts.list_accounts(tx, LISTED_PRODUCTS) if one.id == account_id), None)
    if account is None or told.get("status") != "connected" or told.get("was") not in TROUBLED:
        return
    began = from_ms(told["since_ms"])
    for kind in (RECONCILE, STAFF, TAGS):
        failed = jobs.list_jobs(tx, (), status="failed", kind=kind, limit=50).items
        cut_off = [one for one in failed if one.arguments == {"account_id": account_id} and one.ended_at is not None and one.ended_at >= began - CUT_OFF]
        if cut_off:
            # Another of its key may wait already.
            with suppress(ConflictError):
                jobs.retry(tx, cut_off[0].id, stores.now())
    if stores.now() - began > LONG_TROUBLE:
        ask_reconcile(tx, account, stores=stores, by=None)


FOLLOW_UP = Reaction("carriers.follow_up", (CARRIER_REPORTED.name,), _follow_up)


def _staff(running: Running) -> dict[str, Any]:
    with calling(running.stores) as calls:
        return asdict(staffing.sync(calls, int(running.arguments["account_id"])))


def ask_carry(tx: Connection, account_id: int, tag: Tag, *, stores: Stores, by: str | None) -> str | None:
    """The tag of the carrier stands for one of the customers' from now on; one that is not made there yet has nobody to carry."""
    arguments = {"account_id": account_id, "tag": tag.siyu_tag, "ref": tag.ref}
    return jobs.submit(tx, CARRY, arguments, now=stores.now(), created_by=by) if tag.ref else None


def _tags(running: Running) -> dict[str, Any]:
    with calling(running.stores) as calls:
        return asdict(tags.sync(calls, int(running.arguments["account_id"])))


def _marks(running: Running) -> dict[str, Any]:
    with running.stores.ledger.read() as tx:
        waiting = marks.accounts_waiting(tx)
        ready = [account for account in accounts.list_accounts(tx, ["wecom"]) if account.id in waiting and account.status == "connected"]
    if not ready:
        return {"relation_count": 0}
    with calling(running.stores) as calls:
        return {"relation_count": _each(ready, lambda account: marks.push(calls, account))}


def ask_transfer(tx: Connection, transfer: Transfer, *, stores: Stores, by: str | None) -> str:
    return jobs.submit(tx, TRANSFER, {"transfer_id": transfer.id, "account_id": transfer.account_id}, now=stores.now(), key=f"transfer {transfer.id}", created_by=by)


def _transfer(running: Running) -> dict[str, Any]:
    with calling(running.stores) as calls:
        return transfers.begin(running, calls, int(running.arguments["transfer_id"])).counts


def _sends(running: Running) -> dict[str, Any]:
    """Sends and transfers that are due; an idle round is two small reads."""
    if not sends_polling.due(running.stores) and not transfers.due(running.stores):
        return {"send_count": 0, "transfer_count": 0}
    with calling(running.stores) as calls:
        return {"send_count": sends_polling.look_after(calls), "transfer_count": transfers.poll_due(calls)}


def _media(running: Running) -> dict[str, Any]:
    if not media.due(running.stores):
        return {"media_count": 0}
    with calling(running.stores) as calls:
        return {"media_count": media.refresh(calls)}


def _settle(running: Running) -> dict[str, Any]:
    """What was asked of a carrier and never answered is looked for; an idle round is one small read."""
    with running.stores.ledger.read() as tx:
        unsure = contact_ways.accounts_to_settle(tx)
    if not unsure:
        return {"contact_way_count": 0}
    with calling(running.stores) as calls:
        return {"contact_way_count": _each(unsure, lambda account: calls.run(contact_ways.settle(calls, account)))}


def _each(found: Sequence[Account], work: Callable[[Account], int]) -> int:
    """The sum over these accounts; one whose work breaks off is left for the next round and holds up no other."""
    done = 0
    for account in found:
        try:
            done += work(account)
        except SiyuError as error:
            _log.warning("work for account %s broke off: %s", account.id, error.code)
    return done


def statuses(tx: Connection, job_ids: Sequence[str], kinds: Sequence[JobKind]) -> dict[str, str]:
    """How these jobs stand; one that was cleared away is done."""
    found = {}
    for job_id in job_ids:
        try:
            found[job_id] = jobs.find_job(tx, job_id, kinds).status
        except NotFoundError:
            found[job_id] = "done"
    return found


def _page(arguments: dict[str, Any]) -> str | None:
    return f"/carriers/accounts/{arguments['account_id']}" if "account_id" in arguments else None


def job_kinds() -> tuple[JobKind, ...]:
    """The kinds of job of this room. A carrier that is away for hours is waited for: attempts go on from where they were."""
    return (
        JobKind(RECONCILE, Text("核对好友关系", "Reconcile relations"), _reconcile, max_attempts=12, retry_wait=timedelta(seconds=10), link=_page),
        JobKind(RECONCILE_ALL, Text("核对所有账号", "Reconcile all accounts"), _reconcile_all),
        JobKind(STAFF, Text("同步员工", "Read the staff"), _staff, max_attempts=6, retry_wait=timedelta(seconds=10), link=lambda _: "/carriers/staff"),
        JobKind(TAGS, Text("同步企业标签", "Bring tags into line"), _tags, max_attempts=6, retry_wait=timedelta(seconds=10), link=lambda _: "/carriers/tags"),
        JobKind(MARKS, Text("给好友打标签", "Mark relations with tags"), _marks),
        JobKind(SENDS, Text("查询群发结果", "Ask how sends have come along"), _sends),
        JobKind(TRANSFER, Text("转接客户", "Hand customers over"), _transfer, max_attempts=6, retry_wait=timedelta(seconds=30), link=_page),
        JobKind(MEDIA, Text("续传素材", "Upload media again before it ends"), _media),
        JobKind(SETTLE, Text("查明未确认的请求", "Settle what was not answered"), _settle),
    )
