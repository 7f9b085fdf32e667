"""Fail-over: whom one carrier does not take is told by the next that the send allows, once, and only if the gate allows it."""

from __future__ import annotations

from siyu.app import job_kinds
from siyu.carriers import accounts
from siyu.foundation.jobs import Runner
from siyu.foundation.stores import Stores
from siyu.messaging import planning
from tests.makers.messaging import make, people_with
from tests.makers.sending import FakeCarrier, dispatching, refuse, run, statuses


def test_whom_one_carrier_does_not_take_hears_it_by_the_next_and_nobody_hears_it_twice(stores: Stores) -> None:
    with stores.ledger.begin() as tx:
        for product, credentials in (
            ("email", {"address": "a@brand.example", "username": "u", "password": "p"}),
            ("sms", {"app_key": "k", "secret": "s" * 20, "definition": "sandbox", "receipt_key": "r" * 24}),
        ):
            settings = {"base_url": "http://127.0.0.1:9", "allow_private": "true"} if product == "sms" else {"host": "mail.example"}
            accounts.connect(stores, tx, product=product, name=product, credentials=credentials, settings=settings, by="test")
    customers = [customer for customer, _ in people_with(stores, [{"phone": f"1380000000{n}", "email": f"p{n}@example.test"} for n in range(4)])]
    send = make(stores, "fail", customers=customers, carriers=("email", "sms"), purpose="service", control_rate=0.0)
    planning.plan(stores, send.id)
    mail, text = FakeCarrier(answer=refuse("p1@example.test", code="suppressed")), FakeCarrier()
    with dispatching(stores, {"email": mail, "sms": text}) as dispatcher:
        run(dispatcher)
        Runner(stores, job_kinds()).run_pending()
        Runner(stores, job_kinds()).run_pending()
        run(dispatcher)
    assert len(mail.heard) == 3
    assert [address for address, _ in text.heard] == ["13800000001"]
    assert statuses(stores, send.id) == {"sent": 4, "refused": 1}
