"""People come, react and leave over the carriers only, and the accounts are called back as for anybody."""

from __future__ import annotations

from typing import Any

import pytest

from tests.makers.sandbox import SandboxClient, wait_for
from tests.makers.sandbox_people import make_population, orders_of, truth
from tests.makers.sandbox_wecom import SandboxCorp, listening, make_corp
from tests.makers.weixin import Listener, listener

__all__ = ["listener"]
STORE: dict[str, Any] = {"name": "门店活码", "per_day": 240, "cost_fen": 600, "deal_hunters": 0}


def _plan(sandbox: SandboxClient, corp: SandboxCorp, *sources: dict[str, Any], **more: Any) -> Any:
    return sandbox.post("people/plan", {"corpid": corp.id, "sources": list(sources), "step_hours": 1, **more})


def _live(sandbox: SandboxClient, days: float, **how: Any) -> Any:
    return sandbox.post("people/advance", {"days": days, **how})


def test_people_scan_the_live_code_of_their_source(sandbox: SandboxClient) -> None:
    with listening() as listener:
        corp = make_corp(sandbox, "amy", callback=listener.settings())
        way = corp.way("amy", state="store-a")
        _plan(sandbox, corp, STORE | {"config_id": way})
        _live(sandbox, 1)
        came = [row for row in truth(sandbox, "arrivals") if row["inviter"] is None]
        assert 150 < len(came) < 340
        assert {row["cost_fen"] for row in came} == {600}
        wait_for(lambda: listener.changes().count("add_external_contact") >= len(came), 20)
        added = [event for event in listener.events if event["ChangeType"] == "add_external_contact"]
        assert {event["State"] for event in added} == {"store-a"}
        assert all(event["WelcomeCode"] for event in added)


def test_most_come_in_the_evening_and_few_at_night(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox, "amy")
    _plan(sandbox, corp, STORE | {"per_day": 2000, "staff": ["amy"]})
    _live(sandbox, 2, quietly=True)
    hours = [
        int((row["at"] + 8 * 3600) % 86400 // 3600)
        for row in truth(sandbox, "arrivals")
        if row["inviter"] is None
    ]
    evening, night = sum(19 <= hour < 23 for hour in hours), sum(1 <= hour < 5 for hour in hours)
    assert evening > 5 * night > 0


def test_sources_pause_change_and_show_how_many_came(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox, "amy")
    _plan(sandbox, corp, STORE | {"staff": ["amy"]}, {"name": "包裹卡", "per_day": 500, "staff": ["amy"]})
    _live(sandbox, 1)
    before = {one["name"]: one["came"] for one in sandbox.get("people/plan")["sources"]}
    assert before["包裹卡"] > before["门店活码"] > 100
    sandbox.patch(
        "people/plan",
        {"sources": [{"name": "包裹卡", "paused": True}, {"name": "门店活码", "per_day": 1000}]},
    )
    _live(sandbox, 1)
    after = {one["name"]: one["came"] for one in sandbox.get("people/plan")["sources"]}
    assert after["包裹卡"] - before["包裹卡"] <= 20  # friends still come
    assert after["门店活码"] - before["门店活码"] > 700
    sandbox.patch("people/plan", {"paused": True})
    _live(sandbox, 1)
    assert sandbox.get("people/plan")["people"]["all"] < sum(after.values()) + 40


def test_a_code_that_nobody_knows_brings_nobody_and_says_so(sandbox: SandboxClient) -> None:
    corp = make_corp(sandbox, "amy")
    _plan(sandbox, corp, STORE | {"config_id": "gone"})
    _live(sandbox, 1)
    shown = sandbox.get("people/plan")
    assert shown["people"]["stay"] == 0 < shown["failed"]
    assert shown["last_fault"] == "scan: no product knows this code"
    assert {row["why"] for row in truth(sandbox, "lives")} == {"could not come"}


def test_those_who_have_enough_delete_the_staff_who_hears_of_it(sandbox: SandboxClient) -> None:
    with listening() as listener:
        people = make_population(sandbox, 400)
        people.sandbox.patch(f"corps/{people.corp.id}", {"callback": listener.settings()})
        for _ in range(12):
            people.send("最后 3 小时,爆款秒杀")
            people.live(1, quietly=False)
        people.live(1, quietly=False)
        gone = [row for row in people.truth("lives") if row["gone"] and row["person"] in people.phones]
        assert len(gone) > 50
        wait_for(lambda: listener.changes().count("del_follow_user") >= len(gone))
        told = {
            event["ExternalUserID"] for event in listener.events if event["ChangeType"] == "del_follow_user"
        }
        assert told == {people.ids[row["person"]] for row in gone}
        assert sum(row["why"] == "fatigue" for row in gone) > 0.8 * len(gone)
        assert any(row["muted"] for row in people.truth("lives"))


def test_quietly_the_relations_end_all_the_same(sandbox: SandboxClient) -> None:
    people = make_population(sandbox, 2000, {"name": "抽奖", "deal_hunters": 1})
    people.live(10)
    gone = {row["person"] for row in people.truth("lives") if row["gone"]}
    soon = {row["person"] for row in people.truth("lives") if row["would_have_left"]}
    answer = sandbox.http.get(
        f"/sandbox/population/{people.corp.id}/relations", params={"format": "jsonl"}
    ).text
    ended = {
        int(line.partition('"phone":')[2].partition(",")[0])
        for line in answer.splitlines()
        if "deleted_by_customer" in line
    }
    assert gone <= ended <= soon  # relations end with the step, people at their moment in it
    assert len(gone) > 300
    assert sandbox.get("callbacks") == []


def test_who_came_for_the_gift_leaves_with_it_and_buys_only_at_a_deep_discount(
    sandbox: SandboxClient,
) -> None:
    hunters = {"name": "抽奖", "deal_hunters": 1, "need": 0.05}
    left = {}
    for words in ("新客礼:免费领取茶样", "春茶上新优惠 9 折", "全场 5 折"):
        people = make_population(sandbox, 4000, hunters)
        people.send(words)
        people.live(4)
        left[words] = sum(row["gone"] for row in people.truth("lives"))
        caused = len([row for row in people.truth("purchases") if row["cause"] == "message"])
        assert (caused > 20) == ("5 折" in words)
    gift, shallow, deep = left.values()
    assert gift > 1.3 * shallow
    assert abs(deep - shallow) < 0.1 * shallow


def test_happy_buyers_bring_friends_who_come_to_the_same_staff(sandbox: SandboxClient) -> None:
    people = make_population(sandbox, 1500, {"name": "门店", "need": 0.08, "deal_hunters": 0})
    people.live(20, quietly=False)
    friends = people.truth("friends")
    assert len(friends) > 20
    assert {row["cost_fen"] for row in friends} == {0}
    assert all(row["inviter"] < row["person"] for row in friends)
    brought = {row["person"] for row in friends}
    causes = {row["cause"] for row in people.truth("purchases") if row["person"] in brought}
    assert causes <= {"friend"}
    people.send("邀请好友一起免费喝茶,分享有礼")
    people.live(2, quietly=False)
    assert [row for row in people.truth("friends") if row["message"] is not None]


def test_at_a_pace_people_come_while_the_clock_stands_and_hear_their_welcome(sandbox: SandboxClient) -> None:
    """Welcomes have twenty real seconds, so behaviour is hastened and the protocol is not."""
    with listening() as listener:
        corp = make_corp(sandbox, "amy", callback=listener.settings())
        text = {"content": "欢迎!回复「试饮」领取一份当季茶样"}

        def greet(event: dict[str, str]) -> None:
            corp.contact("send_welcome_msg", welcome_code=event["WelcomeCode"], text=text)

        listener.on_event = greet
        source = STORE | {"config_id": corp.way("amy"), "per_day": 240}
        before = sandbox.now()
        shown = sandbox.post("people/plan", {"corpid": corp.id, "sources": [source], "pace": 3000})
        assert shown["step_hours"] == 1
        rows = wait_for(lambda: truth(sandbox, "messages")[2:], seconds=15)
        assert {(row["carrier"], row["form"], row["received_count"]) for row in rows} == {
            ("wecom", "welcome", 1)
        }
        assert sandbox.now() - before < 20
        listener.on_event = None


def test_followers_ask_the_account_and_unfollow(sandbox: SandboxClient, listener: Listener) -> None:
    sandbox.post(
        "official_accounts",
        {"appid": "wx1", "secret": "s" * 32, "callback": {"url": listener.url, "mode": "plain"}},
    )
    source = {"name": "公众号文章", "per_day": 600, "deal_hunters": 0.5, "official_account": "wx1"}
    sandbox.post("people/plan", {"sources": [source], "step_hours": 1})
    _live(sandbox, 1)
    listener.event("subscribe")
    token = sandbox.call(
        "GET", "/cgi-bin/token", grant_type="client_credential", appid="wx1", secret="s" * 32
    )["access_token"]
    for _ in range(3):
        body = {"filter": {"is_to_all": True}, "text": {"content": "请填写满意度问卷"}, "msgtype": "text"}
        sandbox.call("POST", "/cgi-bin/message/mass/sendall", token, body)
        _live(sandbox, 0.05)
    _live(sandbox, 4)
    wait_for(lambda: any(one["event"] == "unsubscribe" for one in sandbox.get("callbacks")))
    acts = {one["act"] for one in sandbox.get("people/acts", limit=5000)["acts"]}
    assert {"follow", "unfollow", "message"} <= acts


def test_links_to_this_machine_are_opened_others_never(sandbox: SandboxClient, listener: Listener) -> None:
    people = make_population(sandbox, 400)
    for url in (f"{listener.url}/t/abc", "https://example.com/out"):
        link = {"msgtype": "link", "link": {"title": "茶席布置灵感", "url": url}}
        people.send("新的一期", attachments=[link])
        people.live(1, quietly=False)
    clicked = [
        one["link"] for one in sandbox.get("people/acts", limit=5000)["acts"] if one["act"] == "click_link"
    ]
    assert clicked.count("https://example.com/out") > 3
    here = wait_for(lambda: [one for one in listener.posts if one.method == "GET"])
    assert "MicroMessenger" in here[0].headers["User-Agent"]
    assert sum(row["clicked_count"] for row in truth(sandbox, "messages")) == len(clicked)


@pytest.mark.parametrize(("carrier", "act"), [("sms", "reply_sms")])
def test_who_is_driven_away_by_sms_answers_td(sandbox: SandboxClient, carrier: str, act: str) -> None:
    people = make_population(sandbox, 150)
    made = sandbox.post("sms", {})
    phones = sandbox.get("phones", limit=150)["phones"]
    box = sandbox.http
    for day in range(12):
        for phone in phones:
            _sms(box, made, phone["phone"], f"{day}-{phone['id']}")
        people.live(1, quietly=False)
    assert act in {one["act"] for one in sandbox.get("people/acts", limit=5000)["acts"]}


def _sms(box: Any, account: dict[str, Any], phone: str, number: str) -> None:
    import hashlib
    import hmac

    now = str(int(box.get("/sandbox/health").json()["now"]))
    said = f"{account['app_key']}{now}{phone}{number}"
    sign = hmac.new(account["secret"].encode(), said.encode(), hashlib.sha256).hexdigest()
    body = {"app_key": account["app_key"], "timestamp": now, "sign": sign, "phone": phone, "template": "PROMO_1",
            "params": {"code": "限时特价"}, "id": number}  # fmt: skip
    box.post("/sms/send", json=body)


def test_purchases_stand_in_the_shop_as_a_shop_shows_them(sandbox: SandboxClient) -> None:
    people = make_population(sandbox, 2000)
    people.live(20)
    rows, true = orders_of(sandbox), people.truth("purchases")
    assert [row["订单编号"] for row in rows] == [row["order_no"] for row in true]
    assert sum(round(float(row["实付金额"]) * 100) for row in rows) == sum(row["paid_fen"] for row in true)
    assert {row["订单状态"] for row in rows} == {"已完成", "已发货", "已退款"}
    refunded = {row["order_no"] for row in true if row["refunded_at"]}
    assert {row["订单编号"] for row in rows if row["订单状态"] == "已退款"} == refunded
    seen = sandbox.now()
    assert orders_of(sandbox, since=seen) == []
    people.live(2)
    later = orders_of(sandbox, since=seen)
    known = {row["订单编号"] for row in rows}
    assert any(row["订单编号"] in known and row["订单状态"] == "已完成" for row in later)
    assert {row["订单编号"] for row in orders_of(sandbox)} - known <= {row["订单编号"] for row in later}
    hidden = {"cause", "need", "trust", "anyway"}
    assert not hidden & set(rows[0])
