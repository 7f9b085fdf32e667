"""Webhooks of journeys: one delivery a person, kept with the move; what is answered is heard by the run, mapped, and decides its way."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from siyu.carriers import accounts, deliveries
from siyu.carriers.accounts import Account
from siyu.connectors.errors import Refused
from siyu.connectors.webhook.attempt import Attempt
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.journeys import runner
from siyu.journeys.calls import reached
from tests.conftest import SetClock
from tests.makers.journey_steps import (
    edges,
    enter,
    here,
    journey,
    pass_to,
    refused_by_checks,
    remarks,
    settle,
    ways,
)
from tests.makers.people import customers_by_user, now_ms, record

NOON = datetime(2026, 11, 23, 4, tzinfo=UTC)
OUT: dict[str, str | None] = dict.fromkeys(("answered", "failed", "timeout"))


def webhook(stores: Stores) -> Account:
    with stores.ledger.begin() as tx:
        credentials = {"url": "http://127.0.0.1:9/hook", "secret": "a-secret-of-both-sides"}
        return accounts.connect(stores, tx, product="webhook", name="会员系统", credentials=credentials, settings={"allow_private": "true"}, by="test")


def people(stores: Stores, count: int) -> list[int]:
    users = [f"u{n}" for n in range(count)]
    record(stores, [{"user": user, "at_ms": now_ms(stores), "id": user, "traits": {"city": "杭州"}} for user in users], "made")
    known = customers_by_user(stores, users)
    return [known[user] for user in users]


def answer(stores: Stores, clock: SetClock, account: Account, said: dict[int, str | None]) -> None:
    """The other system answers: customer → its JSON; None: it refuses for good."""
    with stores.ledger.read() as tx:
        waiting = deliveries.list_deliveries(tx, account.id, status="waiting")
    by_customer = {deliveries.body_of(stores.secrets, one)["customer_id"]: one for one in waiting}
    with stores.ledger.begin() as tx:
        deliveries._claim(tx, [account.id], stores.now())
        for customer, text in said.items():
            one = by_customer[customer]
            error = Refused(Text("不收", "no"), vendor_code="http_400", api="x") if text is None else None
            status = 200 if error is None else 400
            attempt = Attempt(one.id, one.event, "u", 1, stores.now(), 0.1, status, "", "", 1, error, text or "")
            deliveries._settle(stores.secrets, tx, one, attempt, stores.now())
    settle(stores, clock)


def test_what_is_answered_is_a_property_of_the_run(any_stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    account, who = webhook(any_stores), people(any_stores, 4)
    settings = {
        "account": account.id, "values": {"where": "城市"}, "heard": {"order": "order_id"}, "timeout": {"hours": 2},
        "answer": {"points": "data.balance", "level": "levels.0.name", "none": "data.missing", "list": "levels"},
    }  # fmt: skip
    rich = {"kind": "event", "name": "webhook_answered", "where": [{"path": "points", "op": ">=", "value": 100}]}
    nodes: Any = {
        "n1": ("webhook", settings, {"answered": "n2", "failed": None, "timeout": None}),
        "n2": ("attribute", {"path": "level", "property": "level"}, {"next": "n3"}),
        "n3": ("branch", {"ways": [{"edge": "yes", "when": [rich]}]}, {"yes": None, "no": None}),
    }
    made = journey(any_stores, nodes)
    enter(any_stores, clock, made, who, {"order_id": "A7"})
    with any_stores.ledger.read() as tx:
        kept = deliveries.list_deliveries(tx, account.id)
    bodies = [deliveries.body_of(any_stores.secrets, one) for one in kept]
    assert {body["customer_id"] for body in bodies} == set(who)
    assert all((body["journey"], body["node"], body["values"]) == (made, "n1", {"where": "杭州", "order": "A7"}) for body in bodies)
    assert set(here(any_stores, made)) == set(who)
    known = {"data": {"balance": 120}, "levels": [{"name": "金卡"}]}
    answer(any_stores, clock, account, {who[0]: json.dumps(known), who[1]: json.dumps({"data": {"balance": 20}}), who[2]: None})
    assert ways(any_stores, made, "n1") == {who[0]: "answered", who[1]: "answered", who[2]: "failed"}
    assert remarks(any_stores, made, "n1")[who[2]] == "http_400"
    settle(any_stores, clock)
    assert ways(any_stores, made, "n3") == {who[0]: "yes", who[1]: "no"}
    from tests.rooms.journeys.test_steps_branching import attributes

    assert attributes(any_stores, who[0])["level"] == "金卡"
    pass_to(any_stores, clock, NOON + timedelta(hours=3))
    assert ways(any_stores, made, "n1")[who[3]] == "timeout"
    # What is answered after that is too late, and harms nobody.
    answer(any_stores, clock, account, {who[3]: "{}"})
    assert edges(any_stores, made, "n1") == {"answered": 2, "failed": 1, "timeout": 1}


def test_an_answer_that_is_no_json_counts_as_one_without_values(stores: Stores, clock: SetClock) -> None:
    clock.at = NOON
    account, who = webhook(stores), people(stores, 1)
    made = journey(stores, {"n1": ("webhook", {"account": account.id, "answer": {"x": "x"}}, OUT)})
    enter(stores, clock, made, who)
    answer(stores, clock, account, {who[0]: "<html>"})
    assert ways(stores, made, "n1") == {who[0]: "answered"}


def test_deliveries_are_kept_with_the_move_or_not_at_all(stores: Stores, clock: SetClock, monkeypatch: pytest.MonkeyPatch) -> None:
    clock.at = NOON
    account, who = webhook(stores), people(stores, 2)
    made = journey(stores, {"n1": ("webhook", {"account": account.id, "waits": False}, {"next": None})})
    from siyu.journeys import enrolments

    with stores.ledger.begin() as tx:
        enrolments.enrol(stores, tx, made, who, by="test")

    class KilledError(BaseException):
        pass

    def killed(name: str) -> None:
        if name == "journeys.moved":
            raise KilledError

    with monkeypatch.context() as patched:
        patched.setattr("siyu.foundation.faults.reach", killed)
        clock.at += timedelta(seconds=1)
        with pytest.raises(KilledError):
            runner.tick(stores)
    with stores.ledger.read() as tx:
        assert deliveries.list_deliveries(tx, account.id) == []
    runner.take_up(stores)
    clock.at += timedelta(minutes=3)
    settle(stores, clock)
    with stores.ledger.read() as tx:
        assert len(deliveries.list_deliveries(tx, account.id)) == 2
    assert edges(stores, made, "n1") == {"next": 2}


def test_what_is_wrong_with_a_webhook_is_said_by_its_setting(stores: Stores) -> None:
    wrong = refused_by_checks(stores, "webhook", {"account": 5, "values": {"a": "谁"}, "answer": {"x": "a..b"}, "timeout": {}}, list(OUT))
    assert set(wrong) == {"account", "values.a", "answer.x", "timeout"}
    account = webhook(stores)
    assert set(refused_by_checks(stores, "webhook", {"account": account.id, "answer": {"x": "y"}, "waits": False}, ["next"])) == {"answer"}


def test_values_are_reached_flat_nested_and_in_lists() -> None:
    said = {"a.b": 1, "a": {"b": 2, "c": [{"d": 3}]}, "e": None}
    assert [reached(said, path) for path in ("a.b", "a.c.0.d", "a.c.1.d", "e", "x", '$["a.b"]')] == [1, 3, None, None, None, 1]
