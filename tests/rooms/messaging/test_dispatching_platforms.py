"""Official Accounts and Mini Programs against the sandbox: mass sends by key, windows and permits that callbacks open."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from siyu.carriers import _tables as carrier_tables
from siyu.carriers import accounts, openings
from siyu.carriers.accounts import Account
from siyu.carriers.tasks import calling
from siyu.connectors.happenings import Happening
from siyu.foundation.stores import Stores
from siyu.identity import _tables as identity_tables
from siyu.messaging import quotas
from siyu.messaging.carriers.port import Content
from siyu.messaging.carriers.registry import SENDERS
from siyu.messaging.dispatching import Dispatcher
from tests.conftest import SetClock
from tests.makers.sandbox import SandboxClient
from tests.makers.sending import planned, run, statuses

SECRET = "f" * 32


def connect(stores: Stores, sandbox: SandboxClient, product: str, appid: str) -> Account:
    credentials = {"appid": appid, "secret": SECRET, "callback_token": "callbacktoken"}
    with stores.ledger.begin() as tx:
        return accounts.connect(stores, tx, product=product, name=product, credentials=credentials, settings={"base_url": sandbox.url, "allow_private": "true"}, by="test")


def known(stores: Stores, account: Account, openids: list[str]) -> tuple[list[int], list[int]]:
    """(customers, identity keys) of these people, who follow the account."""
    keys, now = stores.secrets.index(openids, f"identifier {account.namespace}"), stores.now()
    numbers = list(range(1, len(openids) + 1))
    with stores.ledger.begin() as tx:
        tx.execute(insert(identity_tables.customer), [{"id": n, "created_at": now} for n in numbers])
        tx.execute(insert(carrier_tables.contact), [{"id": n, "account_id": account.id, "external_id": o, "identity_key": k, "first_seen_at": now} for n, o, k in zip(numbers, openids, keys, strict=True)])
        tx.execute(insert(carrier_tables.relation), [{"contact_id": n, "staff": "", "account_id": account.id, "began_at": now} for n in numbers])
    return numbers, keys


@pytest.fixture
def service(stores: Stores, sandbox: SandboxClient, clock: SetClock) -> tuple[Account, list[str]]:
    """A service account with five followers."""
    clock.at = datetime.fromtimestamp(sandbox.now(), UTC)
    made = sandbox.post("official_accounts", {"kind": "service", "secret": SECRET})
    sandbox.post("people", {"count": 5})
    sandbox.post(f"official_accounts/{made['appid']}/followers", {"first": 1, "count": 5})
    account = connect(stores, sandbox, "official_account", made["appid"])
    token = sandbox.call("GET", "/cgi-bin/token", grant_type="client_credential", appid=made["appid"], secret=SECRET)["access_token"]
    return account, sandbox.call("GET", "/cgi-bin/user/get", token)["data"]["openid"]


def dispatch(stores: Stores, body: dict[str, Any], clock: SetClock, minutes: int = 3) -> None:
    """Let some minutes pass."""

    def words(*_: Any) -> tuple[Content, set[int]]:
        return Content([body]), set()

    with calling(stores) as calls:
        dispatcher = Dispatcher(calls, words, SENDERS)
        for _ in range(minutes):
            run(dispatcher)
            clock.at += timedelta(minutes=1)


def test_a_mass_send_whose_answer_was_lost_is_found_by_its_key_and_told_once(stores: Stores, sandbox: SandboxClient, clock: SetClock, service: tuple[Account, list[str]]) -> None:
    account, openids = service
    numbers, keys = known(stores, account, openids)
    send_id = planned(stores, account, numbers, keys=keys)
    sandbox.post("faults", {"kind": "drop", "api": "message/mass/send", "acted": True, "times": 1})
    dispatch(stores, {"text": "双十一"}, clock, minutes=1)
    assert statuses(stores, send_id) == {"unknown": 5}
    sandbox.advance(minutes=2)
    dispatch(stores, {"text": "双十一"}, clock)
    assert statuses(stores, send_id) == {"sent": 5}
    assert sandbox.get("received", words="双十一")["times"] == {"1": 5}


def test_answers_go_only_into_windows_that_the_person_opened_and_are_counted(stores: Stores, sandbox: SandboxClient, clock: SetClock, service: tuple[Account, list[str]]) -> None:
    account, openids = service
    numbers, keys = known(stores, account, openids)
    with stores.ledger.begin() as tx:
        wrote = [(account, Happening("message_received", clock.at, openids[0], None, {}, "m1")), (account, Happening("menu_clicked", clock.at - timedelta(minutes=2), openids[1], None, {}, "m2"))]
        openings.take_in(stores, tx, wrote)
        open_ = quotas.open_to(tx, account, keys, clock.at).to_pylist()
    assert [(row["identity_key"], row["free_count"]) for row in open_] == [(keys[0], 5)]
    sandbox.post("phones/1/message", {"account": account.ref, "text": "在吗"})
    send_id = planned(stores, account, numbers[:1], keys=keys[:1])
    dispatch(stores, {"text": "在的"}, clock, minutes=1)
    assert statuses(stores, send_id) == {"sent": 1}
    later = planned(stores, account, numbers[1:2], keys=keys[1:2])
    dispatch(stores, {"text": "在的"}, clock, minutes=1)
    assert statuses(stores, later) == {"refused": 1}
    with stores.ledger.read() as tx:
        assert openings.open_until(tx, account.id, keys, clock.at)[keys[0]][0] == 4


def test_one_accept_is_one_message_whoever_allows_none_is_told_nothing(stores: Stores, clock: SetClock) -> None:
    with stores.ledger.begin() as tx:
        account = accounts.connect(stores, tx, product="mini_program", name="小程序", credentials={"appid": "wx0123456789abcdef", "secret": SECRET, "callback_token": "callbacktoken"}, settings={}, by="test")
        (key,) = stores.secrets.index(["o1"], f"identifier {account.namespace}")

        def told(kind: str, number: int, **detail: Any) -> None:
            openings.take_in(stores, tx, [(account, Happening(kind, clock.at, "o1", None, {"template_id": "T", **detail}, f"k{number}"))])

        for number in range(3):
            told("subscribe_answered", number, accepted=True)
        told("subscribe_answered", 3, accepted=False)
        openings.use_permits(tx, account.id, [key], "T")
        assert quotas.open_to(tx, account, [key], clock.at)["free_count"].to_pylist() == [2]
        told("subscribe_changed", 4, accepted=False)
        assert quotas.open_to(tx, account, [key], clock.at).num_rows == 0
