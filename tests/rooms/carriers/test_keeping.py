"""Putting the sample brand away takes its accounts and leaves those that a person connected."""

from __future__ import annotations

from siyu import demo
from siyu.carriers import accounts, welcome
from siyu.foundation import jobs
from siyu.foundation.brand import set_sample
from siyu.foundation.stores import Stores
from tests.makers.carriers import wecom_account


def test_own_accounts_stay_with_their_welcomes_and_are_reconciled_anew(any_stores: Stores) -> None:
    own, sample = wecom_account(any_stores), wecom_account(any_stores, corp=demo.CORP)
    with any_stores.ledger.begin() as tx:
        set_sample(tx, True)
        for account in (own, sample):
            welcome.save_welcome(
                tx, account, number=None, name="默认", states=[], staff=[], content={"text": "你好"}, active=True, check=lambda _: None,
                now=any_stores.now(), by="test",
            )  # fmt: skip
    assert demo.clear_sample(any_stores)
    with any_stores.ledger.read() as tx:
        assert [account.ref for account in accounts.list_accounts(tx)] == [own.ref]
        assert accounts.credentials_of(any_stores, tx, own)["secret"] == "s" * 43
        assert len(welcome.list_welcomes(tx, own.id)) == 1
        asked = jobs.list_jobs(tx, [], kind="carriers.reconcile").items
    assert [job.arguments["account_id"] for job in asked] == [own.id]
