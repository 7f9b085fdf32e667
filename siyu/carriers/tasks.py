"""Tasks of carriers: reconcile an account, read its staff, bring tags into line, look after sends and transfers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection

from siyu.carriers import accounts, reconcile
from siyu.carriers.accounts import Account
from siyu.carriers.calls import Calls
from siyu.foundation import jobs
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text

RECONCILE = "carriers.reconcile"
RECONCILE_ALL = "carriers.reconcile_all"
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


def _page(arguments: dict[str, Any]) -> str | None:
    return f"/carriers/accounts/{arguments['account_id']}" if "account_id" in arguments else None


def job_kinds() -> tuple[JobKind, ...]:
    """The kinds of job of this room. A carrier that is away for hours is waited for: attempts go on from where they were."""
    return (
        JobKind(RECONCILE, Text("核对好友关系", "Reconcile relations"), _reconcile, max_attempts=12, retry_wait=timedelta(seconds=10), link=_page),
        JobKind(RECONCILE_ALL, Text("核对所有账号", "Reconcile all accounts"), _reconcile_all),
    )
