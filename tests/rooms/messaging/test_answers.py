"""Words to opt out and to come back: the wish is done, and confirmed once, where it was said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from siyu.carriers import accounts
from siyu.connectors.happenings import Happening
from siyu.customers import consent
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import customers_of
from siyu.messaging import outbox, sends
from siyu.messaging.optouts import is_opt_in
from siyu.messaging.saying import say
from tests.conftest import SetClock
from tests.makers.called_back import tell
from tests.makers.messaging import people_with
from tests.makers.sending import FakeCarrier, dispatching, run

APP = {"appid": "wx0123456789abcdef", "secret": "s" * 32, "callback_token": "callbacktoken"}
GATEWAY = {"app_key": "k", "secret": "s" * 20, "definition": "sandbox", "receipt_key": "r" * 24}


def _connected(stores: Stores, product: str, **settings: str) -> accounts.Account:
    credentials = APP if product == "official_account" else GATEWAY
    with stores.ledger.begin() as tx:
        return accounts.connect(stores, tx, product=product, name=product, credentials=credentials, settings={"base_url": "http://127.0.0.1:9", "allow_private": "true", **settings}, by="test")


def _follower(stores: Stores, account: accounts.Account, name: str) -> int:
    """Somebody who follows it; their number."""
    tell(stores, account, Happening("followed", stores.now(), name, None, {}, f"followed {name}"))
    (key,) = stores.secrets.index([name], f"identifier {account.namespace}")
    with stores.ledger.read() as tx:
        return customers_of(tx, [key])[key]


def _says(stores: Stores, account: accounts.Account, name: str, text: str) -> None:
    tell(stores, account, Happening("message_received", stores.now(), name, None, {"text": text}, f"{name} {text} {stores.now()}"))


class _Words(FakeCarrier):
    """What was said to whom."""

    async def send(self, calls: Any, chunk: Any, content: Any) -> Any:
        said.extend((address, content.of(row)) for row, address in enumerate(chunk.addresses))
        return await super().send(calls, chunk, content)


said: list[tuple[str, dict[str, Any]]] = []


def _answered(stores: Stores, product: str) -> list[tuple[str, dict[str, Any]]]:
    """Dispatch what waits; what was said."""
    said.clear()
    with dispatching(stores, {product: _Words()}) as dispatcher:
        dispatcher._say = say
        run(dispatcher)
    return list(said)


def _may(stores: Stores, customer: int, carrier: str) -> bool:
    with stores.ledger.read() as tx:
        return consent.may(stores, tx, [customer], "promotion", carrier) == {customer}


def test_whoever_opts_out_is_told_so_once_and_so_is_whoever_comes_back(any_stores: Stores, clock: SetClock) -> None:
    account = _connected(any_stores, "official_account")
    alice, bob = (_follower(any_stores, account, name) for name in ("oAlice", "oBob"))
    clock.at += timedelta(minutes=1)
    _says(any_stores, account, "oAlice", "订阅")
    assert [(to, body["text"][:3]) for to, body in _answered(any_stores, "official_account")] == [("oAlice", "已为您")]
    assert _may(any_stores, alice, "official_account")
    for number in range(3):
        clock.at += timedelta(minutes=1)
        _says(any_stores, account, "oAlice", "退订" if number else "退订。")
    _says(any_stores, account, "oBob", "怎么退订?")
    # Three times the same word is one wish; a question is none.
    assert _answered(any_stores, "official_account") == [("oAlice", {"text": account.all_settings["optout_answer"]})]
    assert not _may(any_stores, alice, "official_account")
    assert _answered(any_stores, "official_account") == []
    with any_stores.ledger.read() as tx:
        first, *_ = found = sends.list_sends(tx, ref_prefix="answer:")
        assert ([one.name for one in found], {one.status for one in found}) == (["退订确认", "重新订阅确认"], {"over"})
        assert (first.exempt, first.purpose, [one.form for one in outbox.list_dispatches(tx, send_id=first.id)]) == (True, "service", ["answer"])
    assert alice != bob


def test_many_who_opt_out_at_once_are_one_send_and_each_is_answered_by_a_message_of_their_own(stores: Stores) -> None:
    account = _connected(stores, "official_account")
    for number in range(4):
        _follower(stores, account, f"o{number}")
    tell(stores, account, *(Happening("message_received", stores.now(), f"o{n}", None, {"text": "退订"}, f"stop {n}") for n in range(4)))
    assert sorted(to for to, _ in _answered(stores, "official_account")) == ["o0", "o1", "o2", "o3"]
    with stores.ledger.read() as tx:
        assert len(sends.list_sends(tx, ref_prefix="answer:")) == 1


@pytest.mark.parametrize(("settings", "body"), [({}, None), ({"optout_answer": "已退订"}, {"text": "已退订"}), ({"optout_answer": "x", "optout_template": "SMS_7"}, {"template": "SMS_7"}), ({"optout_answer": "x", "confirm_words": "false"}, None)])
def test_an_sms_account_answers_where_it_has_words_or_a_template(stores: Stores, settings: dict[str, str], body: dict[str, str] | None) -> None:
    account = _connected(stores, "sms", **settings)
    people_with(stores, [{"phone": "13800000001"}])
    _says(stores, account, "13800000001", "TD")
    assert _answered(stores, "sms") == ([] if body is None else [("13800000001", body)])


def test_an_old_word_that_comes_late_is_done_and_not_answered(stores: Stores, clock: SetClock) -> None:
    account = _connected(stores, "official_account")
    alice = _follower(stores, account, "oAlice")
    _says(stores, account, "oAlice", "订阅")
    assert len(_answered(stores, "official_account")) == 1
    then = clock.at + timedelta(minutes=5)
    clock.at += timedelta(hours=3)
    tell(stores, account, Happening("message_received", then, "oAlice", None, {"text": "退订"}, "late"))
    assert (_answered(stores, "official_account"), _may(stores, alice, "official_account")) == ([], False)


@pytest.mark.parametrize(("text", "carrier", "is_one"), [("订阅", "official_account", True), ("START", "sms", True), ("start", "official_account", False), ("我要订阅", "sms", False)])
def test_which_words_come_back(text: str, carrier: str, is_one: bool) -> None:
    assert is_opt_in(text, carrier) is is_one
