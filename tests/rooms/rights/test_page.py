"""The preference page: a link of one's own, choices, one step back, everything withdrawn in one tap, requests with their numbers."""

from __future__ import annotations

import re
import warnings
from datetime import timedelta

import pytest

from siyu.customers import consent
from siyu.customers import preference_links as links
from siyu.customers.preference_links import make_tokens
from siyu.foundation.stores import Stores
from siyu.rights import page_routes, requests
from siyu.web.application import build_application
from tests.rooms.rights.people import ERIN, FRED, customers, meet

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient


@pytest.fixture
def browser(stores: Stores) -> TestClient:
    meet(stores, ERIN, FRED)
    app = build_application(stores, [], title="Siyu", version="0", pages=(page_routes.router,))
    return TestClient(app, base_url="http://localhost", follow_redirects=True)


def mine(stores: Stores) -> int:
    return customers(stores, ERIN)[ERIN["name"]]


def link(stores: Stores, **more: str) -> str:
    return f"/p/{make_tokens(stores, [mine(stores)], **more)[mine(stores)]}"


def on(page: str) -> set[str]:
    return set(re.findall(r'value="([a-z_.]+)" checked', page))


def test_the_page_is_small_private_and_in_both_languages(stores: Stores, browser: TestClient) -> None:
    answer = browser.get(link(stores))
    assert answer.status_code == 200
    assert len(answer.content) < 50_000
    assert "<script" not in answer.text
    assert answer.headers["cache-control"] == "no-store"
    assert "noindex" in answer.headers["x-robots-tag"]
    assert "set-cookie" not in answer.headers
    assert 'lang="zh-CN"' in answer.text
    assert "Withdraw every consent at once" in browser.get(link(stores) + "?lang=en").text
    assert not [value for value in ERIN.values() if value in answer.text]


def test_choices_are_kept_with_their_proof_and_can_be_taken_back(stores: Stores, browser: TestClient) -> None:
    address = link(stores)
    assert on(browser.get(address).text) == {f"service.{carrier}" for carrier in ("wecom", "official_account", "mini_program", "sms", "email")}
    wanted = [*on(browser.get(address).text), "promotion.sms", "profiling."]
    page = browser.post(address, data={"act": "save", "on": wanted})
    assert on(page.text) == set(wanted)
    with stores.ledger.read() as tx:
        assert consent.may(stores, tx, [mine(stores)], "promotion", "sms") == {mine(stores)}
        assert consent.may(stores, tx, [mine(stores)], "promotion", "email") == set()
        assert {one.source for one in consent.history(tx, mine(stores))} == {"page"}
    page = browser.post(address, data={"act": "undo"})
    assert on(page.text) == {value for value in wanted if value.startswith("service")}
    assert "没有改动" in browser.post(address, data={"act": "undo"}).text


def test_everything_is_withdrawn_in_one_tap_and_service_goes_on(stores: Stores, browser: TestClient) -> None:
    address = link(stores)
    browser.post(address, data={"act": "save", "on": ["promotion.sms", "content.email", "service.sms"]})
    page = browser.post(address, data={"act": "withdraw"})
    assert on(page.text) == {"service.sms"}


def test_one_click_of_a_mail_program_withdraws_what_the_link_names(stores: Stores, browser: TestClient) -> None:
    browser.post(link(stores), data={"act": "save", "on": ["promotion.sms", "promotion.email"]})
    address = link(stores, purpose="promotion", carrier="email") + "/unsubscribe"
    assert browser.get(address).status_code == 200
    with stores.ledger.read() as tx:
        assert consent.may(stores, tx, [mine(stores)], "promotion", "email") == {mine(stores)}, "a program that follows links withdraws nothing"
    assert browser.post(address, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    with stores.ledger.read() as tx:
        assert consent.may(stores, tx, [mine(stores)], "promotion", "email") == set()
        assert consent.may(stores, tx, [mine(stores)], "promotion", "sms") == {mine(stores)}


def test_a_request_gets_a_number_once_and_can_be_taken_back(stores: Stores, browser: TestClient) -> None:
    address = link(stores)
    assert "SY-000001" in browser.post(address, data={"act": "erase"}).text
    browser.post(address, data={"act": "erase"})
    with stores.ledger.read() as tx:
        (one,) = requests.list_requests(stores, tx, customer_ids=[mine(stores)])
    assert (one.kind, one.state, one.source) == ("erase", "received", "page")
    assert "已取消" in browser.post(address, data={"act": "take_back", "request": one.id}).text


def test_nobody_gets_in_with_another_link(stores: Stores, browser: TestClient) -> None:
    good = make_tokens(stores, [mine(stores)])[mine(stores)]
    for token in (good[:-2] + "AA", good[::-1], "x", "%00", "a" * 4000):
        assert browser.get(f"/p/{token}").status_code in (404, 422), token
    assert browser.post(link(stores), data={"act": "withdraw"}, headers={"Origin": "https://elsewhere.example"}).status_code == 403
    stores.clock.at += links.KEPT + timedelta(seconds=1)  # type: ignore[attr-defined]
    assert browser.get(f"/p/{good}").status_code == 404


def test_a_link_that_is_hammered_has_to_wait(stores: Stores, browser: TestClient) -> None:
    address = link(stores)
    answers = [browser.get(address).status_code for _ in range(62)]
    assert answers[0] == 200
    assert answers[-1] == 429


def test_another_persons_request_cannot_be_taken_back(stores: Stores, browser: TestClient) -> None:
    fred = customers(stores, FRED)[FRED["name"]]
    browser.post(f"/p/{make_tokens(stores, [fred])[fred]}", data={"act": "erase"})
    with stores.ledger.read() as tx:
        (one,) = requests.list_requests(stores, tx, customer_ids=[fred])
    browser.post(link(stores), data={"act": "take_back", "request": one.id})
    with stores.ledger.read() as tx:
        assert requests.find_request(stores, tx, one.id).state == "received"
