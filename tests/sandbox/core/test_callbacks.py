"""Callbacks: signed, encrypted, tried three times, and as chaotic as the switches ask for."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.makers.sandbox import SandboxClient, free_port, wait_for
from tests.makers.sandbox_wecom import Listener, SandboxCorp, listening, make_corp


@pytest.fixture
def listener() -> Iterator[Listener]:
    with listening() as one:
        yield one


@pytest.fixture
def told(sandbox: SandboxClient, listener: Listener) -> SandboxCorp:
    return make_corp(sandbox, callback=listener.settings())


def test_the_url_is_verified_as_the_vendor_does(told: SandboxCorp, listener: Listener) -> None:
    assert told.sandbox.post(f"accounts/{told.id}/verify_callback")["ok"]
    wrong = {**listener.settings(), "encoding_aes_key": "B" * 43}
    told.sandbox.patch(f"corps/{told.id}", {"callback": wrong})
    assert not told.sandbox.post(f"accounts/{told.id}/verify_callback")["ok"]


def test_an_event_comes_once_and_is_logged(told: SandboxCorp, listener: Listener) -> None:
    told.friend("amy")
    event = listener.wait("add_external_contact")
    assert (event["FromUserName"], event["MsgType"]) == ("sys", "event")
    row = wait_for(lambda: [one for one in told.sandbox.get("callbacks", account=told.id) if one["done"]])[0]
    assert (row["event"], row["tries"]) == ("change_external_contact/add_external_contact", [200])


def test_a_refused_event_is_tried_three_times(told: SandboxCorp, listener: Listener) -> None:
    told.sandbox.patch("callbacks", {"wait_seconds": 0.05})
    listener.statuses = [500, 404]
    told.friend("amy")
    listener.wait("add_external_contact")
    row = wait_for(lambda: [one for one in told.sandbox.get("callbacks") if one["done"]])[0]
    assert row["tries"] == [500, 404, 200]
    listener.statuses = [500] * 9
    told.friend("ben")
    row = wait_for(lambda: [one for one in told.sandbox.get("callbacks", after=row["id"]) if one["done"]])[0]
    assert row["tries"] == [500, 500, 500]
    assert len(listener.events) == 1


def test_nobody_answers(sandbox: SandboxClient) -> None:
    sandbox.patch("callbacks", {"wait_seconds": 0.01})
    url = f"http://127.0.0.1:{free_port()}/"
    corp = make_corp(sandbox, callback={"url": url})
    corp.friend("amy")
    row = wait_for(lambda: [one for one in sandbox.get("callbacks") if one["done"]])[0]
    assert row["tries"] == [0, 0, 0]


def test_copies_and_disorder(told: SandboxCorp, listener: Listener) -> None:
    told.sandbox.patch("callbacks", {"duplicate": 3, "shuffle_window_ms": 200})
    way = told.way("amy")
    people = [told.scan(told.person(), way)["external_userid"] for _ in range(12)]
    listener.wait("add_external_contact", 36)
    heard = [event["ExternalUserID"] for event in listener.events]
    assert {one: heard.count(one) for one in people} == dict.fromkeys(people, 3)
    assert list(dict.fromkeys(heard)) != people


def test_a_delay_is_kept(told: SandboxCorp, listener: Listener) -> None:
    told.sandbox.patch("callbacks", {"delay_ms": 300})
    told.friend("amy")
    assert listener.events == []
    listener.wait("add_external_contact")


def test_unknown_switches_are_refused(sandbox: SandboxClient) -> None:
    assert sandbox.http.patch("/sandbox/callbacks", json={"louder": 1}).status_code == 422


def test_changes_by_api_are_told_to_nobody(told: SandboxCorp, listener: Listener) -> None:
    _, external_userid = told.friend("amy")
    listener.wait("add_external_contact")
    tag = told.contact("add_corp_tag", group_name="等级", tag=[{"name": "金"}])["tag_group"]["tag"][0]["id"]
    told.contact("mark_tag", userid="amy", external_userid=external_userid, add_tag=[tag])
    told.contact("remark", userid="amy", external_userid=external_userid, remark="老客")
    told.contact("del_corp_tag", tag_id=[tag])
    told.friend("ben")
    listener.wait("add_external_contact", 2)
    assert len(listener.events) == 2


def test_every_app_with_a_callback_hears(sandbox: SandboxClient, listener: Listener) -> None:
    with listening() as second:
        apps = [{"callback": listener.settings()}, {"callback": second.settings()}]
        corp = make_corp(sandbox, apps=apps)
        corp.friend("amy", code=True)
        codes = {one.wait("add_external_contact")["WelcomeCode"] for one in (listener, second)}
        assert len(codes) == 1
