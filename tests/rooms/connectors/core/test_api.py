"""Calls against a hostile vendor: what is tried again, how often, and what is told. Every request is counted."""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import Any

import pytest

from siyu.connectors._http import Reach
from siyu.connectors._wechat.api import Api, Call, Dialect, Manner, Page, pages, without_secrets
from siyu.connectors._wechat.tokens import AccessToken, Issued
from siyu.connectors.errors import (
    AccountRestricted,
    BadCredentials,
    CarrierError,
    Known,
    Refused,
    Throttled,
    Unavailable,
)
from siyu.connectors.memory import MemoryWatch
from siyu.connectors.ports import Rate
from siyu.foundation.text import Text
from tests.makers.vendor import ACCOUNT, FakeVendor, Said, Time, fake_vendor, ports_on, run

CODES = {
    code: Known(kind, Text("说", "says"), Text("修", "fix"))  # type: ignore[arg-type]
    for kind, codes in {
        "throttled": ("45009", "45033"),
        "unavailable": ("-1", "6000", "41063", "41079"),
        "refused": ("84061",),
        "account_restricted": ("60020",),
        "bad_credentials": ("40001", "40013", "40014", "42001"),
    }.items()
    for code in codes
}
READ = Call("GET", "/cgi-bin/read")
WRITE = Call("POST", "/cgi-bin/write", body={"a": 1}, idempotent=False)


def error(code: int, message: str = "bad") -> dict[str, Any]:
    return {"errcode": code, "errmsg": message}


def connected(
    vendor: FakeVendor, time: Time, watch: MemoryWatch | None = None, patience: float = 20, **more: Any
) -> Api:
    reach = Reach(allow_private=True, total_seconds=patience)
    ports = ports_on(time, watch=watch)
    api = Api(ACCOUNT, Dialect(CODES), Manner(vendor.url, reach, **more), ports)

    async def issue() -> Issued:
        found = await api.json(Call("GET", "/cgi-bin/gettoken", with_token=False))
        return Issued(found["access_token"], found["expires_in"])

    api.token = AccessToken("k", issue, ports)
    return api


def outcome(
    script: dict[str, Any], call: Call = READ, patience: float = 20
) -> tuple[CarrierError | dict[str, Any], FakeVendor, Time]:
    """What one call gives, the vendor that counted, and the time that was slept."""
    time = Time()

    async def body() -> tuple[CarrierError | dict[str, Any], FakeVendor]:
        async with fake_vendor(script) as vendor:
            api = connected(vendor, time, patience=patience)
            try:
                return await api.json(call), vendor
            except CarrierError as caught:
                return caught, vendor

    found, vendor = run(body())
    return found, vendor, time


def test_a_call_carries_the_token_and_gives_the_fields() -> None:
    found, vendor, _ = outcome({"/cgi-bin/read": {"errcode": 0, "errmsg": "ok", "name": "王"}})
    assert isinstance(found, dict)
    assert found["name"] == "王"
    assert vendor.of("/cgi-bin/read")[0].query == {"access_token": "token-1"}


@pytest.mark.parametrize(
    "body", [{"name": "王"}, {"errcode": "0"}, b'{"name":"\x01\t raw"}', {"errcode": None}]
)
def test_an_answer_without_a_code_is_a_success(body: Any) -> None:
    found, _, _ = outcome({"/cgi-bin/read": Said(body)})
    assert isinstance(found, dict)


@pytest.mark.parametrize("code", [40014, 42001, 40001])
def test_a_token_that_died_is_renewed_once(code: int) -> None:
    found, vendor, time = outcome({"/cgi-bin/read": [error(code), {"errcode": 0, "x": 1}]})
    assert isinstance(found, dict)
    assert (vendor.tokens, vendor.count("/cgi-bin/read"), time.slept) == (2, 2, [])
    assert [one.query["access_token"] for one in vendor.of("/cgi-bin/read")] == ["token-1", "token-2"]


@pytest.mark.parametrize("code", [40014, 42001, 40001])
def test_a_vendor_that_never_accepts_is_asked_twice_and_no_more(code: int) -> None:
    found, vendor, _ = outcome({"/cgi-bin/read": error(code)})
    assert isinstance(found, BadCredentials)
    assert (found.vendor_code, vendor.tokens, vendor.count("/cgi-bin/read")) == (str(code), 2, 2)


def test_a_hundred_calls_with_a_dead_token_fetch_one_new_one() -> None:
    dead = {"token-1"}

    def answer(asked: Any) -> Any:
        return error(42001) if asked.query["access_token"] in dead else {"errcode": 0}

    async def body() -> FakeVendor:
        async with fake_vendor({"/cgi-bin/read": answer}) as vendor:
            api = connected(vendor, Time())
            await asyncio.gather(*(api.json(READ) for _ in range(100)))
            return vendor

    vendor = run(body())
    assert vendor.tokens == 2
    assert vendor.count("/cgi-bin/read") <= 200


def test_credentials_that_are_never_accepted_stop_the_calls() -> None:
    """Many wrong tries lock the address out: after the third call in a row nothing more is asked for a while."""

    async def body() -> FakeVendor:
        async with fake_vendor({"/cgi-bin/read": error(40014)}) as vendor:
            api = connected(vendor, Time())
            for _ in range(50):
                with pytest.raises(BadCredentials):
                    await api.json(READ)
            return vendor

    vendor = run(body())
    assert vendor.count("/cgi-bin/read") == 6
    assert vendor.tokens <= 4


def test_a_wrong_secret_is_tried_once_however_many_call() -> None:
    async def body() -> FakeVendor:
        async with fake_vendor({"/cgi-bin/gettoken": error(40001)}) as vendor:
            api = connected(vendor, Time())
            for _ in range(50):
                with pytest.raises(BadCredentials) as caught:
                    await api.json(READ)
                assert caught.value.way_out is not None
            return vendor

    vendor = run(body())
    assert (vendor.count("/cgi-bin/gettoken"), vendor.count("/cgi-bin/read")) == (1, 0)


@pytest.mark.parametrize("code", [-1, 6000])
@pytest.mark.parametrize("call", [READ, WRITE])
def test_busy_is_tried_thrice_more_after_one_two_four_seconds(code: int, call: Call) -> None:
    found, vendor, time = outcome({call.path: error(code)}, call)
    assert isinstance(found, Unavailable)
    assert (found.reached, vendor.count(call.path)) == (True, 4)
    assert [round(seconds) for seconds in time.slept] == [1, 2, 4]


def test_busy_once_is_forgotten() -> None:
    found, vendor, _ = outcome({"/cgi-bin/write": [error(-1), {"errcode": 0}]}, WRITE)
    assert isinstance(found, dict)
    assert vendor.count("/cgi-bin/write") == 2


@pytest.mark.parametrize("code", [41063, 41079])
def test_what_is_being_dispatched_is_asked_for_after_five_to_thirty_seconds(code: int) -> None:
    found, vendor, time = outcome({"/cgi-bin/read": error(code)})
    assert isinstance(found, Unavailable)
    assert vendor.count("/cgi-bin/read") == 4
    assert all(4.4 <= seconds <= 33.1 for seconds in time.slept)


def test_too_many_at_once_backs_off_for_a_moment() -> None:
    found, vendor, time = outcome({"/cgi-bin/read": error(45033)})
    assert isinstance(found, Throttled)
    assert vendor.count("/cgi-bin/read") == 4
    assert sum(time.slept) < 2
    assert found.retry_at > time.at


def test_the_limit_of_calls_is_never_hammered() -> None:
    """45009: one call, then a minute without any; then one, an hour without; then one, a day without."""
    time = Time()

    async def body() -> None:
        async with fake_vendor({"/cgi-bin/read": error(45009)}) as vendor:
            api = connected(vendor, time)
            for calls, pause in ((1, 60), (2, 3600), (3, 86_400), (4, 86_400)):
                began = time.at
                for _ in range(20):
                    with pytest.raises(Throttled) as caught:
                        await api.json(READ)
                    assert caught.value.retry_at == began + timedelta(seconds=pause)
                assert vendor.count("/cgi-bin/read") == calls
                time.at += timedelta(seconds=pause)
            vendor.script["/cgi-bin/read"] = [{"errcode": 0}, error(45009)]
            await api.json(READ)
            began = time.at
            with pytest.raises(Throttled) as caught:
                await api.json(READ)
            assert caught.value.retry_at == began + timedelta(seconds=60), "after a success it begins anew"
            vendor.script["/cgi-bin/other"] = {"errcode": 0}
            await api.json(Call("GET", "/cgi-bin/other"))

    run(body())


def test_calls_that_were_under_way_together_make_one_block() -> None:
    time = Time()

    async def body() -> None:
        async with fake_vendor({"/cgi-bin/read": error(45009)}) as vendor:
            api = connected(vendor, time)
            found = await asyncio.gather(*(api.json(READ) for _ in range(10)), return_exceptions=True)
            assert {one.retry_at for one in found if isinstance(one, Throttled)} == {
                time.at + timedelta(seconds=60)
            }

    run(body())


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_errors_are_tried_again_only_where_a_repeat_does_no_harm(status: int) -> None:
    found, vendor, time = outcome({"/cgi-bin/read": Said(b"<html>", status)})
    assert isinstance(found, Unavailable)
    assert (vendor.count("/cgi-bin/read"), [round(s) for s in time.slept]) == (4, [1, 2, 4])
    found, vendor, _ = outcome({"/cgi-bin/write": Said(b"<html>", status)}, WRITE)
    assert isinstance(found, Unavailable)
    assert (found.reached, vendor.count("/cgi-bin/write")) == (None, 1)


def test_silence_after_a_write_is_told_as_unknown() -> None:
    found, vendor, _ = outcome({"/cgi-bin/write": Said(hang=10)}, WRITE, patience=1)
    assert isinstance(found, Unavailable)
    assert (found.reached, vendor.count("/cgi-bin/write")) == (None, 1)


def test_an_error_after_silence_says_that_the_first_try_may_have_worked() -> None:
    found, _, _ = outcome({"/cgi-bin/read": [Said(drop=True), error(84061)]})
    assert isinstance(found, Refused)
    assert found.after_unknown
    found, _, _ = outcome({"/cgi-bin/read": error(84061)})
    assert isinstance(found, Refused)
    assert not found.after_unknown


@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"[1,2]", b"null", b"\xff\xfe", b"[" * 10_000])
def test_answers_that_cannot_be_read(body: bytes) -> None:
    found, vendor, _ = outcome({"/cgi-bin/write": Said(body)}, WRITE)
    assert isinstance(found, Unavailable)
    assert (found.reached, vendor.count("/cgi-bin/write")) == (None, 1)


def test_a_gateway_that_throttles_blocks_too() -> None:
    found, vendor, _ = outcome({"/cgi-bin/read": Said(b"", 429)})
    assert isinstance(found, Throttled)
    assert vendor.count("/cgi-bin/read") == 1


def test_known_refusals_are_final_and_in_words() -> None:
    for code, kind in ((84061, Refused), (60020, AccountRestricted)):
        found, vendor, _ = outcome({"/cgi-bin/read": error(code)})
        assert isinstance(found, kind)
        assert (found.message.zh, found.way_out) == ("说", Text("修", "fix"))
        assert (found.vendor_code, found.api, vendor.count("/cgi-bin/read")) == (
            str(code),
            "/cgi-bin/read",
            1,
        )


def test_an_unknown_code_is_unavailable_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        found, vendor, _ = outcome(
            {"/cgi-bin/read": error(99999, "odd, from ip: 1.2.3.4, access_token=SECRET&x")}
        )
    assert isinstance(found, Unavailable)
    assert (found.vendor_code, found.reached, vendor.count("/cgi-bin/read")) == ("99999", True, 1)
    assert "99999" in caplog.text
    assert "SECRET" not in caplog.text + found.vendor_message


def test_a_code_that_the_caller_accepts_is_an_answer() -> None:
    found, _, _ = outcome(
        {"/cgi-bin/read": error(84061)}, Call("GET", "/cgi-bin/read", accepts=frozenset({"84061"}))
    )
    assert isinstance(found, dict)


def test_every_call_is_told_to_the_watch() -> None:
    watch = MemoryWatch()

    async def body() -> None:
        async with fake_vendor({"/cgi-bin/read": [error(42001), Said(drop=True), error(84061)]}) as vendor:
            with pytest.raises(Refused):
                await connected(vendor, Time(), watch).json(READ)

    run(body())
    seen = [(one.api.rpartition("/")[2], one.code, one.kind) for one in watch.calls]
    token = ("gettoken", "0", None)
    assert seen == [
        token,
        ("read", "42001", "bad_credentials"),
        token,
        ("read", "transport", "unavailable"),
        ("read", "84061", "refused"),
    ]
    assert all(one.seconds > 0 for one in watch.calls)


def test_rates_and_concurrency_are_kept() -> None:
    time = Time()

    async def body() -> None:
        async with fake_vendor({"/cgi-bin/mark": Said({}, hang=0.01)}) as vendor:
            limits = {"api_rates": {"/cgi-bin/read": (Rate(5, 20),)}, "concurrency": {"/cgi-bin/mark": 2}}
            api = connected(vendor, time, **limits)
            for _ in range(6):
                await api.json(READ)
            assert [round(seconds) for seconds in time.slept] == [20]
            await asyncio.gather(*(api.json(Call("POST", "/cgi-bin/mark", body={})) for _ in range(20)))
            assert (vendor.count("/cgi-bin/mark"), vendor.most_at_once) == (20, 2)

    run(body())


def test_a_token_is_fetched_anew_before_its_end() -> None:
    time = Time()

    async def body() -> None:
        async with fake_vendor() as vendor:
            api = connected(vendor, time)
            await api.json(READ)
            time.at += timedelta(seconds=7000)
            await api.json(READ)
            assert vendor.tokens == 1
            time.at += timedelta(seconds=100)
            await api.json(READ)
            assert vendor.tokens == 2

    run(body())


def test_near_its_end_a_token_is_not_asked_for_at_every_call() -> None:
    """WeCom gives the same one until its end; then it is refused, and only then there is another."""
    time = Time()
    same = {"errcode": 0, "access_token": "token-1", "expires_in": 20}

    async def body() -> None:
        async with fake_vendor({"/cgi-bin/gettoken": [same, {**same, "access_token": "token-2"}]}) as vendor:
            api = connected(vendor, time)
            for _ in range(30):
                await api.json(READ)
                time.at += timedelta(seconds=1)
            assert vendor.count("/cgi-bin/gettoken") == 1
            vendor.script["/cgi-bin/read"] = [error(42001), {"errcode": 0}]
            await api.json(READ)
            assert vendor.of("/cgi-bin/read")[-1].query["access_token"] == "token-2"

    run(body())


def test_files_are_told_from_errors() -> None:
    async def body() -> None:
        script = {
            "/cgi-bin/media": [
                Said(
                    b"\x89PNG",
                    headers={
                        "content-type": "image/png",
                        "content-disposition": 'attachment; filename="a.png"',
                    },
                ),
                Said(b'{"my":"file"}', headers={"content-type": "application/octet-stream"}),
                Said(error(84061), headers={"content-type": "text/plain"}),
            ]
        }
        async with fake_vendor(script) as vendor:
            api = connected(vendor, Time())
            call = Call("GET", "/cgi-bin/media")
            found = await api.bytes(call)
            assert (found.content, found.content_type, found.filename) == (b"\x89PNG", "image/png", "a.png")
            assert (await api.bytes(call)).content == b'{"my":"file"}'
            with pytest.raises(Refused):
                await api.bytes(call)

    run(body())


def test_pages_that_lead_back_end_with_an_error() -> None:
    following = {"": "a", "a": "b", "b": "a"}

    async def fetch(cursor: str) -> Page[str]:
        return Page((cursor,), following[cursor])

    read: list[str] = []

    async def body() -> None:
        async for page in pages(fetch):
            read.extend(page.items)

    with pytest.raises(Unavailable):
        run(body())
    assert read == ["", "a", "b"]


def test_pages_go_on_from_a_cursor() -> None:
    async def fetch(cursor: str) -> Page[int]:
        at = int(cursor or 0)
        return Page((at,), str(at + 1) if at < 5 else "")

    async def body() -> tuple[list[int], str]:
        return [item async for page in pages(fetch, "3") for item in page.items], ""

    assert run(body())[0] == [3, 4, 5]


def test_secrets_are_taken_out_of_messages() -> None:
    assert (
        without_secrets('{"access_token": "abc", "errcode": 40014}') == '{"access_token=…", "errcode": 40014}'
    )
    said = "invalid, hint: /cgi-bin/gettoken?corpid=ww1&corpsecret=abc&access_token=def more"
    assert (
        without_secrets(said)
        == "invalid, hint: /cgi-bin/gettoken?corpid=ww1&corpsecret=…&access_token=… more"
    )
