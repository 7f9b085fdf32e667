"""Text messages and webhooks by the dispatcher: what the other side has in the end, and what is written on it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import timedelta
from typing import Any

import pytest

from siyu.carriers import accounts
from siyu.carriers.accounts import Account
from siyu.carriers.tasks import calling
from siyu.customers import consent
from siyu.customers.consent import Proof, Statement
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from siyu.messaging.carriers import registry
from siyu.messaging.dispatching import Dispatcher
from tests.conftest import SetClock
from tests.makers.messaging import people_with
from tests.makers.sending import planned, run, say, statuses
from tests.makers.sms import definition
from tests.makers.vendor import Asked, FakeVendor, Said, fake_vendor

SECRET = "0123456789abcdef"
GATEWAY = {"app_key": "test", "secret": SECRET, "definition": definition({"request.fields.text": "{text}"})}


@contextmanager
def _sending(stores: Stores, path: str, answer: Any) -> Iterator[tuple[Dispatcher, FakeVendor]]:
    """A dispatcher, and somebody who is told."""
    stack = AsyncExitStack()
    with calling(stores) as calls:
        vendor = calls.run(stack.enter_async_context(fake_vendor({path: answer})))
        try:
            yield Dispatcher(calls, say, registry.SENDERS), vendor
        finally:
            calls.run(stack.aclose())


def _connect(stores: Stores, product: str, credentials: dict[str, str], **settings: str) -> Account:
    with stores.ledger.begin() as tx:
        return accounts.connect(stores, tx, product=product, name=product, credentials=credentials, settings={"allow_private": "true", **settings}, by="test")


def _phones(stores: Stores, count: int) -> tuple[list[int], list[int]]:
    found = people_with(stores, [{"phone": f"1380013800{n}"} for n in range(count)])
    return [number for number, _ in found], [keys["phone"] for _, keys in found]


def test_rob_016_a_receiver_that_honours_a_key_is_told_again_with_the_same_one_and_has_one_message_each(stores: Stores, clock: SetClock) -> None:
    had: list[str] = []

    def answered(asked: Asked) -> Said:
        """The third is taken and the line breaks before the answer."""
        first = asked.headers["x-siyu-id"] not in had
        had.append(asked.headers["x-siyu-id"])
        return Said(drop=first and len(set(had)) == 3)

    customers, keys = _phones(stores, 6)
    with _sending(stores, "/hook", answered) as (dispatcher, vendor):
        account = _connect(stores, "webhook", {"url": f"{vendor.url}/hook", "secret": SECRET}, at_once="1")
        send_id = planned(stores, account, customers, keys=keys)
        run(dispatcher)
        assert statuses(stores, send_id) == {"sent": 5, "unknown": 1}
        clock.at += timedelta(seconds=5)
        run(dispatcher)
    assert statuses(stores, send_id) == {"sent": 6}
    assert (len(had), len(set(had)), had.count(had[2])) == (7, 6, 2)
    assert sorted({one.json["customer_id"] for one in vendor.asked}) == sorted(customers)


@pytest.mark.parametrize(("words", "purpose", "end"), [("", "promotion", "拒收请回复R"), ("回T退订", "promotion", "回T退订"), ("回T退订", "service", "你好")])
def test_marketing_texts_end_with_the_words_of_the_account(stores: Stores, words: str, purpose: str, end: str) -> None:
    customers, keys = _phones(stores, 1)
    with stores.ledger.begin() as tx:
        consent.record(stores, tx, [Statement(customers[0], "promotion", "sms", "granted", stores.now())], Proof("api", "test", "test"))
    with _sending(stores, "/sms/send", {"code": "OK", "message_id": "m"}) as (dispatcher, vendor):
        account = _connect(stores, "sms", GATEWAY, base_url=vendor.url, **({"optout_words": words} if words else {}))
        send_id = planned(stores, account, customers, keys=keys, purpose=purpose)
        run(dispatcher)
        assert statuses(stores, send_id) == {"sent": 1}
        assert [one.json["text"].endswith(end) for one in vendor.asked] == [True]


def test_words_to_opt_out_of_several_lines_are_refused_when_the_account_is_connected(stores: Stores) -> None:
    with pytest.raises(InvalidError) as refused:
        _connect(stores, "sms", GATEWAY, base_url="http://127.0.0.1:9", optout_words="回T\n退订")
    assert [fault.field for fault in refused.value.faults] == ["settings.optout_words"]
