"""Faults on demand: each hits whom it names, as often as it says, and is gone afterwards."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_wecom import SandboxCorp, make_corp

API = "externalcontact/get_follow_user_list"


@pytest.fixture
def corp(sandbox: SandboxClient) -> SandboxCorp:
    made = make_corp(sandbox)
    made.token = made.get_token()
    return made


def codes(corp: SandboxCorp, count: int, api: str = API) -> list[int]:
    return [corp.raw("GET", api)["errcode"] for _ in range(count)]


def test_an_errcode_as_often_as_asked(sandbox: SandboxClient, corp: SandboxCorp) -> None:
    sandbox.post("faults", {"kind": "errcode", "code": 45009, "api": API, "times": 2})
    assert codes(corp, 4) == [45009, 45009, 0, 0]
    assert sandbox.get("faults") == []


def test_only_the_named_account_and_api_suffer(sandbox: SandboxClient, corp: SandboxCorp) -> None:
    other = make_corp(sandbox)
    sandbox.post("faults", {"kind": "errcode", "account": corp.id, "api": API})
    assert codes(corp, 1) == [-1]
    assert codes(corp, 1, "getcallbackip") == [0]
    assert codes(other, 1) == [0]


def test_a_ban_lasts_until_it_is_lifted(sandbox: SandboxClient, corp: SandboxCorp) -> None:
    fault = sandbox.post("faults", {"kind": "ban", "account": corp.id})["id"]
    assert codes(corp, 1) + codes(corp, 1, "getcallbackip") == [301007, 301007]
    refused = sandbox.call("GET", "/cgi-bin/gettoken", corpid=corp.id, corpsecret=corp.secret)
    assert refused["errcode"] == 301007
    sandbox.control("DELETE", f"faults/{fault}")
    assert codes(corp, 1) == [0]


def test_a_fault_ends_with_virtual_time(sandbox: SandboxClient, corp: SandboxCorp) -> None:
    sandbox.post("faults", {"kind": "ip", "account": corp.id, "for_seconds": 60})
    assert codes(corp, 1) == [60020]
    sandbox.advance(seconds=61)
    assert codes(corp, 1) == [0]


def test_a_gateway_that_fails(sandbox: SandboxClient, corp: SandboxCorp) -> None:
    sandbox.post("faults", {"kind": "http", "status": 503, "times": 1})
    answer = sandbox.http.get(f"/cgi-bin/{API}", params={"access_token": corp.token})
    assert answer.status_code == 503
    rows = sandbox.get("calls", api=API)["calls"]
    assert [row["errcode"] for row in rows] == ["http 503"]


def test_a_dropped_connection(sandbox: SandboxClient, corp: SandboxCorp) -> None:
    sandbox.post("faults", {"kind": "drop", "times": 1})
    with pytest.raises(httpx.RemoteProtocolError):
        corp.raw("GET", API)
    assert codes(corp, 1) == [0]


@pytest.mark.parametrize(("acted", "done"), [(False, 0), (True, 1)])
def test_a_connection_dropped_before_or_after_the_work(
    sandbox: SandboxClient, corp: SandboxCorp, acted: bool, done: int
) -> None:
    sandbox.post("faults", {"kind": "drop", "times": 1, "acted": acted})
    with pytest.raises(httpx.RemoteProtocolError):
        corp.post("department/create", name="门店", parentid=1)
    assert len(corp.get("department/list")["department"]) == 1 + done


def test_a_slow_answer_is_still_right(sandbox: SandboxClient, corp: SandboxCorp) -> None:
    sandbox.post("faults", {"kind": "slow", "seconds": 0.3, "times": 1})
    began = time.monotonic()
    assert codes(corp, 1) == [0]
    assert time.monotonic() - began >= 0.3


def test_chance_hits_some(sandbox: SandboxClient, corp: SandboxCorp) -> None:
    sandbox.post("faults", {"kind": "errcode", "code": -1, "probability": 0.5})
    hit = codes(corp, 60).count(-1)
    assert 10 < hit < 50


def test_wrong_wishes_are_refused(sandbox: SandboxClient) -> None:
    for wish in ({"kind": "fire"}, {"kind": "slow", "colour": "red"}):
        assert sandbox.http.post("/sandbox/faults", json=wish).status_code == 422
    assert sandbox.http.delete("/sandbox/faults/99").status_code == 404
