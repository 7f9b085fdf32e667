"""Web log-in: codes that work once, what each scope tells, how tokens are renewed."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Shop, official_account


def exchange(shop: Shop, code: str, **wrong: str) -> Any:
    asked = {
        "appid": shop.appid,
        "secret": shop.secret,
        "code": code,
        "grant_type": "authorization_code",
        **wrong,
    }
    return shop.sandbox.call("GET", "/sns/oauth2/access_token", **asked)


def test_the_page_sends_the_person_back_with_a_code(shop: Shop, sandbox: SandboxClient) -> None:
    asked = {
        "appid": shop.appid,
        "redirect_uri": "https://h5.example/in?a=1",
        "response_type": "code",
        "scope": "snsapi_userinfo",
        "state": "s 1",
    }
    chosen = sandbox.http.get("/connect/oauth2/authorize", params=asked)
    assert chosen.status_code == 200
    assert "phone=1" in chosen.text
    back = sandbox.http.get("/connect/oauth2/authorize", params=asked | {"phone": "1"})
    assert back.status_code == 302
    query = parse_qs(urlsplit(back.headers["location"]).query)
    assert (query["a"], query["state"]) == (["1"], ["s 1"])
    told = exchange(shop, query["code"][0])
    assert (told["scope"], told["expires_in"]) == ("snsapi_userinfo", 7200)
    phone = sandbox.get("phones/1")
    assert told["unionid"] == phone["unionid"]
    info = sandbox.call("GET", "/sns/userinfo", told["access_token"], openid=told["openid"], lang="zh_CN")
    assert (info["nickname"], info["openid"]) == (phone["name"], told["openid"])
    assert sandbox.call("GET", "/sns/auth", told["access_token"], openid=told["openid"])["errcode"] == 0
    assert sandbox.call("GET", "/sns/auth", told["access_token"], openid="other")["errcode"] == 40003


def test_a_page_elsewhere_is_refused(sandbox: SandboxClient) -> None:
    shop = official_account(sandbox, domains=["h5.example"])
    asked = {
        "appid": shop.appid,
        "redirect_uri": "https://evil.example/",
        "response_type": "code",
        "scope": "snsapi_base",
        "phone": "1",
    }
    assert sandbox.http.get("/connect/oauth2/authorize", params=asked).status_code == 400
    assert (
        sandbox.http.get(
            "/connect/oauth2/authorize", params=asked | {"redirect_uri": "https://h5.example/x"}
        ).status_code
        == 302
    )
    assert sandbox.http.get("/connect/oauth2/authorize", params=asked | {"scope": "all"}).status_code == 400


def test_a_code_works_once_and_for_five_minutes(shop: Shop) -> None:
    code = shop.act(1, "authorize")["code"]
    assert exchange(shop, code)["scope"] == "snsapi_base"
    assert exchange(shop, code)["errcode"] == 40163
    late = shop.act(1, "authorize")["code"]
    shop.sandbox.advance(minutes=5)
    assert exchange(shop, late)["errcode"] == 40029
    assert exchange(shop, "none")["errcode"] == 40029
    assert exchange(shop, "")["errcode"] == 41008
    assert exchange(shop, late, secret="no")["errcode"] == 40125
    assert exchange(shop, late, appid="wx0")["errcode"] == 40013


def test_the_base_scope_tells_the_openid_only(shop: Shop) -> None:
    told = exchange(shop, shop.act(1, "authorize")["code"])
    assert "unionid" not in told
    assert (
        shop.sandbox.call("GET", "/sns/userinfo", told["access_token"], openid=told["openid"])["errcode"]
        == 48001
    )
    assert shop.get("user/info", openid=told["openid"])["subscribe"] == 0


def test_a_snapshot_page_gives_a_virtual_person(shop: Shop) -> None:
    code = shop.act(1, "authorize", scope="snsapi_userinfo", snapshot=True)["code"]
    assert exchange(shop, code)["is_snapshotuser"] == 1


def test_tokens_are_renewed_for_thirty_days(shop: Shop) -> None:
    told = exchange(shop, shop.act(1, "authorize", scope="snsapi_userinfo")["code"])
    asked = {"appid": shop.appid, "grant_type": "refresh_token", "refresh_token": told["refresh_token"]}
    shop.sandbox.advance(hours=2)
    assert (
        shop.sandbox.call("GET", "/sns/auth", told["access_token"], openid=told["openid"])["errcode"] == 42001
    )
    again = shop.sandbox.call("GET", "/sns/oauth2/refresh_token", **asked)
    assert (again["openid"], again["refresh_token"]) == (told["openid"], told["refresh_token"])
    assert shop.sandbox.call("GET", "/sns/auth", again["access_token"], openid=told["openid"])["errcode"] == 0
    shop.sandbox.advance(days=30)
    assert shop.sandbox.call("GET", "/sns/oauth2/refresh_token", **asked)["errcode"] == 42002
    assert (
        shop.sandbox.call("GET", "/sns/oauth2/refresh_token", **asked | {"refresh_token": "x"})["errcode"]
        == 40030
    )
    assert shop.sandbox.call("GET", "/sns/auth", "never", openid="o")["errcode"] == 40001


def test_a_subscription_account_has_no_web_log_in(sandbox: SandboxClient) -> None:
    shop = official_account(sandbox, kind="subscription")
    asked = {
        "appid": shop.appid,
        "redirect_uri": "https://h5.example/",
        "response_type": "code",
        "scope": "snsapi_base",
        "phone": "1",
    }
    assert "10005" in sandbox.http.get("/connect/oauth2/authorize", params=asked).text
    assert sandbox.http.post("/sandbox/phones/1/authorize", json={"account": shop.appid}).status_code == 409
