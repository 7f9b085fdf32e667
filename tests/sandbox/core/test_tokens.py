"""Access tokens: shared inside their life, refused in three different ways, mortal."""

from __future__ import annotations

from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_wecom import make_corp

API = "/cgi-bin/getcallbackip"


def test_asking_again_gives_the_same_token_until_its_life_is_over(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox)
    first = corp.get_token()
    sandbox.advance(seconds=7000)
    assert corp.get_token() == first
    answer = sandbox.call("GET", "/cgi-bin/gettoken", corpid=corp.id, corpsecret=corp.secret)
    assert 100 < answer["expires_in"] <= 200
    sandbox.advance(seconds=300)
    assert sandbox.call("GET", API, first)["errcode"] == 42001
    assert corp.get_token() != first


def test_each_secret_has_its_own_token(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox, apps=[{"secret": "one"}, {"secret": "two"}])
    tokens = {
        sandbox.call("GET", "/cgi-bin/gettoken", corpid=corp.id, corpsecret=secret)["access_token"]
        for secret in ("one", "two", "one")
    }
    assert len(tokens) == 2
    assert all(len(token) <= 512 for token in tokens)


def test_wrong_credentials_are_told_apart(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox)
    cases: list[tuple[dict[str, str], int]] = [
        ({"corpid": "wwnobody", "corpsecret": corp.secret}, 40013),
        ({"corpid": corp.id, "corpsecret": "wrong"}, 40001),
        ({"corpid": corp.id}, 41004),
        ({"corpsecret": corp.secret}, 41002),
    ]
    for query, code in cases:
        assert sandbox.call("GET", "/cgi-bin/gettoken", **query)["errcode"] == code


def test_many_wrong_secrets_shut_the_address_out_for_an_hour(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox)
    for _ in range(20):
        sandbox.call("GET", "/cgi-bin/gettoken", corpid=corp.id, corpsecret="wrong")
    right = {"corpid": corp.id, "corpsecret": corp.secret}
    assert sandbox.call("GET", "/cgi-bin/gettoken", **right)["errcode"] == 45009
    sandbox.advance(hours=1, seconds=1)
    assert sandbox.call("GET", "/cgi-bin/gettoken", **right)["errcode"] == 0


def test_tokens_are_refused_by_their_own_codes(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox)
    assert sandbox.call("GET", API)["errcode"] == 41001
    assert sandbox.call("GET", API, "nonsense")["errcode"] == 40014
    token = corp.get_token()
    sandbox.post("faults", {"kind": "kill_token", "account": corp.id})
    assert [sandbox.call("GET", API, token)["errcode"] for _ in range(2)] == [42001, 42001]
    assert sandbox.call("GET", API, corp.get_token())["errcode"] == 0


def test_a_new_secret_ends_the_tokens_of_the_old(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox)
    token, agentid = corp.get_token(), corp.made["apps"][0]["agentid"]
    sandbox.patch(f"corps/{corp.id}", {"apps": [{"agentid": agentid, "secret": "fresh"}]})
    assert sandbox.call("GET", API, token)["errcode"] == 40014


def test_refusals_carry_the_vendors_suffix(sandbox: SandboxClient) -> None:
    said = sandbox.call("GET", API, "nonsense")["errmsg"]
    assert said.startswith("invalid access_token, hint: [")
    assert "from ip: 127.0.0.1, more info at https://open.work.weixin.qq.com/devtool/query?e=40014" in said


def test_only_trusted_addresses_may_call(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox, trusted_ips=["203.0.113.9"])
    token = corp.get_token()
    assert sandbox.call("GET", "/cgi-bin/user/get", token, userid="amy")["errcode"] == 60020
    sandbox.patch(f"corps/{corp.id}", {"trusted_ips": ["127.0.0.1"]})
    assert sandbox.call("GET", "/cgi-bin/user/get", token, userid="amy")["errcode"] == 0


def test_an_app_outside_the_list_may_not_touch_customers(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox, apps=[{"allowed": False}])
    assert corp.raw("GET", "externalcontact/get_follow_user_list")["errcode"] == 48002
    assert corp.raw("GET", "user/get", userid="amy")["errcode"] == 0
