"""The log-in of staff, the sidebar's signatures, and media."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from siyu.connectors.errors import ContentError, Refused
from tests.makers.vendor import Said, Time, run
from tests.makers.wecom import CORP, UPLOADED, connector, fake_wecom, ports_on


def test_where_a_staff_member_is_sent() -> None:
    wecom = connector("http://127.0.0.1:9", ports_on(Time()))
    url = urlsplit(wecom.web.authorize_url("https://a.cn/back?x=1&y=2", "state7", scope="snsapi_privateinfo"))
    assert (url.hostname, url.fragment) == ("open.weixin.qq.com", "wechat_redirect")
    assert parse_qs(url.query) == {
        "appid": [CORP],
        "redirect_uri": ["https://a.cn/back?x=1&y=2"],
        "response_type": ["code"],
        "scope": ["snsapi_privateinfo"],
        "state": ["state7"],
        "agentid": ["1000002"],
    }


@pytest.mark.parametrize(
    ("back", "state"),
    [("a.cn", "s"), ("https://a.cn", "a b"), ("https://a.cn", "s" * 129), ("https://a.cn", "")],
)
def test_what_may_not_be_sent_along(back: str, state: str) -> None:
    wecom = connector("http://127.0.0.1:9", ports_on(Time()))
    with pytest.raises(ContentError):
        wecom.web.authorize_url(back, state)


def test_who_came_back() -> None:
    async def body() -> None:
        script = {
            "/cgi-bin/auth/getuserinfo": [
                {"userid": "lin", "user_ticket": "T"},
                {"openid": "o1", "external_userid": "wm1"},
                {"errcode": 40029},
            ]
        }
        async with fake_wecom(script) as (wecom, vendor):
            staff = await wecom.web.visitor("code-1")
            assert (staff.userid, staff.user_ticket, staff.openid) == ("lin", "T", "")
            customer = await wecom.web.visitor("code-2")
            assert (customer.userid, customer.external_userid) == ("", "wm1")
            with pytest.raises(Refused):
                await wecom.web.visitor("code-2")
            assert vendor.of("/cgi-bin/auth/getuserinfo")[0].query["code"] == "code-1"

    run(body())


def test_pages_are_signed_with_one_ticket_for_two_hours() -> None:
    time = Time()

    async def body() -> None:
        script: dict[str, Any] = {
            "/cgi-bin/get_jsapi_ticket": {"ticket": "JT", "expires_in": 7200},
            "/cgi-bin/ticket/get": {"ticket": "AT"},
        }
        async with fake_wecom(script, time) as (wecom, vendor):
            signed = await wecom.web.sign_page("https://a.cn/p#top")
            text = f"jsapi_ticket=JT&noncestr={signed.nonce}&timestamp={signed.timestamp}&url=https://a.cn/p"
            assert signed.signature == hashlib.sha1(text.encode()).hexdigest()
            assert (signed.corpid, signed.agentid, signed.timestamp) == (CORP, None, int(time.at.timestamp()))
            other = await wecom.web.sign_page("https://a.cn/p")
            assert other.nonce != signed.nonce
            app = await wecom.web.sign_app_page("https://a.cn/p")
            assert app.agentid == 1000002
            assert vendor.of("/cgi-bin/ticket/get")[0].query["type"] == "agent_config"
            time.at += timedelta(hours=2)
            await wecom.web.sign_page("https://a.cn/p")
            assert (vendor.count("/cgi-bin/get_jsapi_ticket"), vendor.count("/cgi-bin/ticket/get")) == (2, 1)

    run(body())


def test_the_apps_signature_needs_the_apps_number() -> None:
    async def body() -> None:
        async with fake_wecom(agentid="") as (wecom, _):
            await wecom.web.sign_app_page("https://a.cn/")

    with pytest.raises(ContentError):
        run(body())


def test_media_know_their_end() -> None:
    async def body() -> None:
        script = {
            "/cgi-bin/media/upload": UPLOADED,
            "/cgi-bin/media/get": Said(b"\x89PNG", headers={"content-type": "image/png"}),
        }
        async with fake_wecom(script) as (wecom, vendor):
            uploaded = await wecom.media.upload("image", "海报.png", b"0123456", "image/png")
            assert uploaded.expires_at == datetime(2026, 1, 4, tzinfo=UTC)
            (asked,) = vendor.of("/cgi-bin/media/upload")
            assert asked.query["type"] == "image"
            assert b"0123456" in asked.body
            assert (await wecom.media.get("M1")).content == b"\x89PNG"

    run(body())


def test_a_changed_secret_has_a_token_of_its_own() -> None:
    time = Time()
    ports = ports_on(time)

    async def body() -> None:
        async with fake_wecom() as (_, vendor):
            first = connector(vendor.url, ports)
            await first.staff.serving()
            await first.staff.serving()
            assert vendor.tokens == 1
            await type(first)(
                first.account,
                {"secret": "another-secret"},
                {"base_url": vendor.url, "allow_private": True},
                ports,
            ).staff.serving()
            assert vendor.tokens == 2

    run(body())


def test_no_secret_is_printed() -> None:
    wecom = connector("http://127.0.0.1:9", ports_on(Time()))
    assert "secret-of-the-app" not in repr(wecom) + repr(wecom.client) + wecom.client.token_key


def test_private_addresses_need_the_accounts_leave() -> None:
    async def body() -> None:
        async with fake_wecom(allow_private=False) as (wecom, vendor):
            with pytest.raises(Exception, match="private network"):
                await wecom.staff.serving()
            assert vendor.asked == []

    run(body())
