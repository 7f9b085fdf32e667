"""What happens between a request and its handler: methods, bodies, rate windows, concurrency, counts."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.makers.sandbox import SandboxClient
from tests.makers.sandbox_wecom import make_corp

LIST = "/cgi-bin/externalcontact/get_follow_user_list"
TAGS = "/cgi-bin/externalcontact/get_corp_tag_list"


def test_broken_bodies_and_methods_are_refused(sandbox: SandboxClient) -> None:
    token = make_corp(sandbox).get_token()
    for body in (b"{", b"[1]", b"\xff\xfe", b'"text"'):
        answer = sandbox.http.post(TAGS, params={"access_token": token}, content=body)
        assert answer.json()["errcode"] == 47001
    assert sandbox.call("GET", TAGS, token)["errcode"] == 43002
    assert sandbox.call("POST", LIST, token, {})["errcode"] == 43001
    assert sandbox.http.post(TAGS, params={"access_token": token}).json()["errcode"] == 0


def test_what_no_vendor_has_is_404(sandbox: SandboxClient) -> None:
    assert sandbox.http.get("/cgi-bin/externalcontact/unheard_of").status_code == 404


def test_a_full_minute_blocks_that_api_for_a_minute(sandbox: SandboxClient) -> None:
    corp, other = make_corp(sandbox), make_corp(sandbox)
    sandbox.patch("settings", {"wecom": {"calls_per_minute": 5}})
    codes = [corp.raw("GET", "externalcontact/get_follow_user_list")["errcode"] for _ in range(7)]
    assert codes == [0] * 5 + [45009] * 2
    assert corp.raw("POST", "externalcontact/get_corp_tag_list", {})["errcode"] == 0
    assert other.raw("GET", "externalcontact/get_follow_user_list")["errcode"] == 0
    sandbox.advance(seconds=58)
    assert corp.raw("GET", "externalcontact/get_follow_user_list")["errcode"] == 45009
    sandbox.advance(seconds=3)
    assert corp.raw("GET", "externalcontact/get_follow_user_list")["errcode"] == 0


def test_hours_are_counted_beside_minutes(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox)
    sandbox.patch("settings", {"wecom": {"calls_per_minute": 3, "calls_per_hour": 4}})
    codes = []
    for _ in range(5):
        codes.append(corp.raw("GET", "externalcontact/get_follow_user_list")["errcode"])
        sandbox.advance(minutes=2)
    assert codes == [0, 0, 0, 0, 45009]
    sandbox.advance(minutes=55)
    assert corp.raw("GET", "externalcontact/get_follow_user_list")["errcode"] == 45009
    sandbox.advance(minutes=6)
    assert corp.raw("GET", "externalcontact/get_follow_user_list")["errcode"] == 0


def test_windows_pass_with_the_virtual_clock(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox)
    corp.get("externalcontact/get_follow_user_list")
    sandbox.patch("settings", {"wecom": {"calls_per_minute": 1}})
    sandbox.post("clock", {"speed": 3000})
    codes = []
    for _ in range(3):
        codes.append(corp.raw("GET", "getcallbackip")["errcode"])
        time.sleep(0.05)
    assert codes == [0, 0, 0]


def test_too_many_open_calls_of_one_api_are_45033(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox)
    _, external_userid = corp.friend("amy")
    tag = corp.contact("add_corp_tag", group_name="等级", tag=[{"name": "金"}])["tag_group"]["tag"][0]["id"]
    sandbox.patch("settings", {"latency_ms": 400})
    body = {"userid": "amy", "external_userid": external_userid, "add_tag": [tag]}

    def mark(_: int) -> int:
        with httpx.Client(base_url=sandbox.url, trust_env=False) as client:
            query = {"access_token": corp.token}
            answer = client.post("/cgi-bin/externalcontact/mark_tag", params=query, json=body)
            return int(answer.json()["errcode"])

    with ThreadPoolExecutor(12) as pool:
        codes = list(pool.map(mark, range(12)))
    assert set(codes) == {0, 45033}
    assert codes.count(0) >= 5
    assert mark(0) == 0


def test_every_call_is_counted(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox)
    corp.get("externalcontact/get_follow_user_list")
    before = sandbox.now()
    for _ in range(3):
        corp.raw("GET", "externalcontact/list", userid="amy")
    rows = sandbox.get("calls", account=corp.id)["calls"]
    counts = {(row["api"], row["errcode"]): row["count"] for row in rows}
    assert counts[LIST, "0"] == 1
    assert counts["/cgi-bin/externalcontact/list", "84061"] == 3
    assert counts["/cgi-bin/gettoken", "0"] == 1
    since = sandbox.get("calls", since=before, account=corp.id)
    assert since["total"] == 3
    assert sandbox.get("calls", api="externalcontact/list")["total"] == 3


def test_unknown_limits_are_refused(sandbox: SandboxClient) -> None:
    answer = sandbox.http.patch("/sandbox/settings", json={"wecom": {"wishes": 3}})
    assert (answer.status_code, answer.json()) == (422, {"error": "wecom has no limit wishes"})
