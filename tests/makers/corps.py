"""A corp of the sandbox that is connected here, and jobs about it that run to their end in the test's own process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from sqlalchemy import select

from siyu.app import job_kinds
from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.foundation import jobs
from siyu.foundation.database import metadata
from siyu.foundation.jobs import Job, Runner
from siyu.foundation.stores import Stores
from tests.makers.sandbox import SandboxClient

SECRET = "s" * 43
Held = set[tuple[str, str]]


@dataclass
class Corp:
    """`account` is ours, `corpid` the sandbox's."""

    stores: Stores
    sandbox: SandboxClient
    corpid: str
    account: Account

    def fill(self, contacts: int, staff: int, **wish: Any) -> None:
        self.sandbox.post(
            "population", {"corpid": self.corpid, "contacts": contacts, "staff": staff, "seed": 7, **wish}
        )

    def drift(self, lost: int, gained: int, **wish: Any) -> None:
        self.sandbox.post("population/drift", {"corpid": self.corpid, "lost": lost, "gained": gained, **wish})

    def truth(self, *statuses: str) -> Held:
        """(contact, staff) of every relation that stands at the carrier."""
        raw = self.sandbox.http.get(
            f"/sandbox/population/{self.corpid}/relations", params={"format": "arrow"}
        ).content
        rows = pa.ipc.open_stream(raw).read_all().to_pylist()
        return {
            (row["external_userid"], row["userid"])
            for row in rows
            if row["status"] in (statuses or ("live",))
        }

    def run(self, kind: str, **arguments: Any) -> Job:
        """Ask for a job about the account and run what waits."""
        return run_job(self.stores, kind, account_id=self.account.id, **arguments)

    def calls(self, api: str = "") -> int:
        return int(self.sandbox.get("calls", api=api)["total"])


def run_job(stores: Stores, kind: str, **arguments: Any) -> Job:
    kinds = job_kinds()
    with stores.ledger.begin() as tx:
        job_id = jobs.submit(tx, kind, arguments, now=stores.now())
    Runner(stores, kinds).run_pending()
    with stores.ledger.read() as tx:
        return jobs.find_job(tx, job_id, kinds)


def open_corp(
    stores: Stores, sandbox: SandboxClient, *, settings: dict[str, str] | None = None, **wish: Any
) -> Corp:
    made = sandbox.post("corps", {"name": "示例品牌", "apps": [{"secret": SECRET}], "staff_count": 0, **wish})
    credentials = {"corpid": made["corpid"], "secret": SECRET}
    reach = {"base_url": sandbox.url, "allow_private": "true", **(settings or {})}
    with stores.ledger.begin() as tx:
        account = accounts.connect(
            stores, tx, product="wecom", name="总部企微", credentials=credentials, settings=reach, by="test"
        )
    return Corp(stores, sandbox, made["corpid"], account)


def held(stores: Stores, account: Account, *, is_open: bool = True) -> Held:
    """(contact, staff) of our relations that are open (or ended)."""
    relation, contact = metadata.tables["carriers_relation"], metadata.tables["carriers_contact"]
    query = select(contact.c.external_id, relation.c.staff).join(
        contact, contact.c.id == relation.c.contact_id
    )
    ended = relation.c.ended_at
    with stores.ledger.read() as tx:
        rows = tx.execute(
            query.where(
                relation.c.account_id == account.id, ended.is_(None) if is_open else ended.is_not(None)
            )
        )
        return {(row.external_id, row.staff) for row in rows}
