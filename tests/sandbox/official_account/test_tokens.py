"""Plain and stable tokens: who ends whom, and when."""

from typing import Any

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Shop


def plain(shop: Shop, **wrong: str) -> Any:
    asked = {"grant_type": "client_credential", "appid": shop.appid, "secret": shop.secret, **wrong}
    return shop.sandbox.call("GET", "/cgi-bin/token", **asked)


def stable(shop: Shop, **more: Any) -> Any:
    asked = {"grant_type": "client_credential", "appid": shop.appid, "secret": shop.secret, **more}
    return shop.sandbox.call("POST", "/cgi-bin/stable_token", body=asked)


def code_of(shop: Shop, token: str) -> int:
    return int(shop.sandbox.call("GET", "/cgi-bin/user/get", token).get("errcode", 0))


def test_a_plain_token_ends_five_minutes_after_the_next_one(shop: Shop) -> None:
    first, second = plain(shop), plain(shop)
    assert first["expires_in"] == 7200
    assert first["access_token"] != second["access_token"]
    assert code_of(shop, first["access_token"]) == code_of(shop, second["access_token"]) == 0
    shop.sandbox.advance(minutes=5)
    assert code_of(shop, first["access_token"]) == 42001
    assert code_of(shop, second["access_token"]) == 0
    shop.sandbox.advance(hours=2)
    assert code_of(shop, second["access_token"]) == 42001


def test_a_stable_token_is_the_same_until_five_minutes_before_its_end(shop: Shop) -> None:
    first = stable(shop)["access_token"]
    plain(shop)
    shop.sandbox.advance(minutes=110)
    again = stable(shop)
    assert again["access_token"] == first
    assert 595 <= again["expires_in"] <= 600
    shop.sandbox.advance(minutes=6)
    later = stable(shop)
    assert later["access_token"] != first
    assert later["expires_in"] == 7200
    assert code_of(shop, first) == code_of(shop, later["access_token"]) == 0
    shop.sandbox.advance(minutes=4)
    assert code_of(shop, first) == 42001


def test_a_forced_token_ends_the_one_before_and_is_counted(shop: Shop) -> None:
    first = stable(shop)["access_token"]
    second = stable(shop, force_refresh=True)["access_token"]
    assert code_of(shop, first) == 42001
    assert stable(shop)["access_token"] == second
    assert stable(shop, force_refresh=True)["errcode"] == 45011
    for _ in range(19):
        shop.sandbox.advance(seconds=31)
        assert "access_token" in stable(shop, force_refresh=True)
    shop.sandbox.advance(seconds=31)
    assert stable(shop, force_refresh=True)["errcode"] == 45009


def test_wrong_credentials_are_told_apart(shop: Shop) -> None:
    assert plain(shop, secret="no")["errcode"] == 40125
    assert plain(shop, appid="wx0")["errcode"] == 40013
    assert plain(shop, appid="")["errcode"] == 41002
    assert plain(shop, secret="")["errcode"] == 41004
    assert plain(shop, grant_type="password")["errcode"] == 40002
    assert code_of(shop, "never-seen") == 40014
    assert shop.sandbox.call("GET", "/cgi-bin/user/get")["errcode"] == 41001


def test_a_killed_token_and_a_banned_account(shop: Shop) -> None:
    token = plain(shop)["access_token"]
    shop.sandbox.post("faults", {"account": shop.appid, "kind": "kill_token"})
    assert code_of(shop, token) == 42001
    assert code_of(shop, token) == 42001
    fault = shop.sandbox.post("faults", {"account": shop.appid, "kind": "ban"})["id"]
    token = plain(shop)
    assert token["errcode"] == 48004
    shop.sandbox.control("DELETE", f"faults/{fault}")
    assert code_of(shop, plain(shop)["access_token"]) == 0


def test_the_day_has_a_number_of_calls_and_can_be_cleared(shop: Shop, sandbox: SandboxClient) -> None:
    sandbox.patch("settings", {"official_account": {"daily": {"/cgi-bin/user/get": 3}}})
    for _ in range(3):
        assert shop.get("user/get")["total"] == 0
    quota = shop.call("openapi/quota/get", {"cgi_path": "/cgi-bin/user/get"})["quota"]
    assert quota == {"daily_limit": 3, "used": 3, "remain": 0}
    assert shop.get("user/get")["errcode"] == 45009
    assert shop.call("clear_quota", {"appid": "wx0"})["errcode"] == 40013
    assert shop.call("clear_quota", {"appid": shop.appid})["errcode"] == 0
    assert shop.get("user/get")["total"] == 0
    for _ in range(9):
        assert shop.call("clear_quota", {"appid": shop.appid})["errcode"] == 0
    assert shop.call("clear_quota", {"appid": shop.appid})["errcode"] == 48006
    assert shop.call("openapi/quota/get", {"cgi_path": "/no"})["errcode"] == 76022


def test_calls_are_counted_by_account_and_code(shop: Shop) -> None:
    shop.get("user/get")
    shop.get("user/info", openid="nobody")
    rows = shop.sandbox.get("calls", account=shop.appid)["calls"]
    assert {(row["api"], row["errcode"]): row["count"] for row in rows if "user" in row["api"]} == {
        ("/cgi-bin/user/get", "0"): 1,
        ("/cgi-bin/user/info", "40003"): 1,
    }


def test_a_token_is_given_to_known_addresses_only(shop: Shop) -> None:
    shop.sandbox.patch(f"official_accounts/{shop.appid}", {"trusted_ips": ["10.0.0.1"]})
    assert (plain(shop)["errcode"], stable(shop)["errcode"]) == (40164, 40164)
    assert "127.0.0.1" in plain(shop)["errmsg"]
    shop.sandbox.patch(f"official_accounts/{shop.appid}", {"trusted_ips": ["127.0.0.1"]})
    assert plain(shop)["expires_in"] == 7200
