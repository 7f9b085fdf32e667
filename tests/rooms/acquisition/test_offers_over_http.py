"""Offers over HTTP: customers' pages without scripts, the redemption page of staff, the console's routes, other systems' tills."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from typing import Any

import pytest

from siyu.acquisition import offers, redeem_links
from siyu.foundation.stores import Stores
from siyu.loyalty import codes, codewords
from siyu.messaging import staff_links
from siyu.team import staff as team_staff
from siyu.team.staff import Told
from tests.conftest import SetClock
from tests.makers.carriers import wecom_account
from tests.makers.customers import Desk, TestClient
from tests.makers.loyalty import people, put_coupon
from tests.makers.offers import NEVER_ORDERED, found, open_desk, pages, path_of, put_draw, put_offer

P = "/api/v1/acquisition"
DRAFT: dict[str, Any] = {"name": "新客券", "form": "coupon", "title": "新客专享"}


@pytest.fixture
def desk(stores: Stores) -> Desk:
    return open_desk(stores)


def do(desk: Desk, method: str, path: str, who: str = "olga", status: int = 200, **given: Any) -> Any:
    answer = desk.as_(who).request(method, P + path, **given)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content and "json" in answer.headers["content-type"] else answer


def till_of(stores: Stores) -> str:
    """The page of a member of staff of an account."""
    account = wecom_account(stores)
    with stores.ledger.begin() as tx:
        team_staff.take_in(tx, account.id, [Told("lin", "小林")], stores.now())
        return "/r/" + redeem_links.address(stores, tx, account.id, "lin").rsplit("/", 1)[1]


def hidden(html: str, name: str) -> str:
    held = re.search(f'name="{name}" value="([^"]*)"', html)
    assert held, html
    return held[1]


def test_a_person_claims_on_the_page_and_sees_the_code(stores: Stores) -> None:
    (ann,) = people(stores, 1)
    offer = put_offer(stores, put_coupon(stores), words="<b>欢迎</b>", stock=3)
    client, path = pages(stores), path_of(stores, offer, ann)
    shown = client.get(path)
    assert ("领取优惠券" in shown.text, "满 100 元减 20 元" in shown.text, "&lt;b&gt;" in shown.text, "<script" in shown.text) == (True, True, True, False)
    assert len(shown.content) < 50_000
    for _ in range(2):
        done = client.post(path, data={"lang": "zh"}, follow_redirects=True)
    code = re.search(r'<div class="code">([0-9A-Z-]+)</div>', done.text)
    assert code
    assert codewords.fits(codewords.clean(code[1]))
    assert "领取成功" in done.text
    assert code[1] in client.get(f"{path}/mine").text
    assert found(stores, offer).claimed == 1
    assert "English" in done.text
    assert "Claim" not in done.text
    assert client.post(path, headers={"origin": "https://elsewhere.example"}).status_code == 403
    assert (client.get("/o/" + "A" * 16).status_code, client.head(path).status_code) == (404, 200)


def test_a_passer_by_is_asked_to_add_first(stores: Stores) -> None:
    offer = put_offer(stores, put_coupon(stores))
    client, path = pages(stores), path_of(stores, offer, 0)
    shown = client.get(path)
    assert "请先添加我们为好友" in shown.text
    assert "<button" not in shown.text
    assert client.post(path).status_code == 403
    assert client.get(f"{path}/mine").status_code == 404
    assert found(stores, offer).claimed == 0


def test_who_is_refused_reads_why(stores: Stores) -> None:
    ann, ben = people(stores, 2)
    rule = {"kind": "list", "customer_ids": [ann]}
    offer = put_offer(stores, put_coupon(stores), rule=rule, for_whom="受邀客户", stock=1)
    client = pages(stores)
    refused = client.post(path_of(stores, offer, ben), follow_redirects=True)
    assert ("你暂不符合领取条件" in refused.text, "受邀客户" in refused.text) == (True, True)
    client.post(path_of(stores, offer, ann))
    assert "已经领完了" in client.get(path_of(stores, offer, ben)).text


def test_a_draw_shows_odds_before_and_its_seed_after(stores: Stores) -> None:
    ann, ben = people(stores, 2)
    offer = put_draw(stores, ("茶", 5, 999_999), stock=10)
    client, path = pages(stores), path_of(stores, offer, ann)
    before = client.get(path).text
    assert ("99.9999%" in before, "0.0001%" in before, "5 / 5" in before, str(offer.seed_hash) in before) == (True,) * 4
    assert "恭喜" in client.post(path, follow_redirects=True).text
    assert "结束后公布" in client.get(f"{path}/proof").text
    assert client.get(f"{path}/proof.csv").status_code == 404
    with stores.ledger.begin() as tx:
        offers.set_status(stores, tx, offer.id, "ended", by="Alice")
        seed = offers.seed_of(stores, tx, offer.id).decode()
    assert seed in client.get(f"{path_of(stores, offer, 0)}/proof").text
    rows = list(csv.reader(io.StringIO(client.get(f"{path}/proof.csv").text)))
    assert (rows[0], rows[1][0], rows[1][2], len(rows)) == (["ticket", "number", "prize"], "1", "茶", 2)
    assert "活动已结束" in client.get(path_of(stores, offer, ben)).text


def test_staff_redeem_once_and_take_back_within_ten_minutes(stores: Stores, clock: SetClock) -> None:
    ann, ben = people(stores, 2)
    coupon = put_coupon(stores)
    with stores.ledger.begin() as tx:
        given = codes.issue(stores, tx, coupon.id, [ann, ben], ref="i")
    code, client, path = given.codes[0], pages(stores), till_of(stores)
    front = client.get(path)
    assert ("小林" in front.text, front.headers["Permissions-Policy"]) == (True, "camera=(self)")
    assert "还没有" not in front.text
    assert client.post(f"{path}/look", data={"code": "AAAA"}).status_code == 422
    looked = client.post(f"{path}/look", data={"code": codewords.shown(code).lower()})
    assert ("可以核销" in looked.text, "满 100 元减 20 元" in looked.text, f"#{ann}" in looked.text) == (True, True, True)
    sent = {"code": hidden(looked.text, "code"), "ref": hidden(looked.text, "ref")}
    few = client.post(f"{path}/redeem", data={**sent, "yuan": "99"})
    assert (few.status_code, "还差 1 元" in few.text, "确认核销" in few.text) == (409, True, True)
    assert client.post(f"{path}/redeem", data={**sent, "yuan": "x"}).status_code == 422
    for _ in range(2):
        done = client.post(f"{path}/redeem", data={**sent, "yuan": "100.5"})
        assert ("核销成功" in done.text, "¥20" in done.text) == (True, True)
    other = client.post(f"{path}/look", data={"code": code})
    assert ("核销" in other.text, "确认核销" in other.text) == (True, False)
    assert client.post(f"{path}/undo", data={**sent, "reason": "?"}).status_code == 422
    for _ in range(2):
        assert "已撤销" in client.post(f"{path}/undo", data={**sent, "reason": "slip"}).text
    again = client.post(f"{path}/look", data={"code": code})
    sent["ref"] = hidden(again.text, "ref")
    assert "核销成功" in client.post(f"{path}/redeem", data={**sent, "yuan": "100"}).text
    clock.at += timedelta(minutes=11)
    assert client.post(f"{path}/undo", data={**sent, "reason": "slip"}).status_code == 409


def test_the_page_of_staff_ends_with_them(stores: Stores) -> None:
    client, path = pages(stores), till_of(stores)
    with stores.ledger.begin() as tx:
        account = team_staff.list_staff(tx)[0].account_id
        team_staff.take_in(tx, account, [Told("lin", "小林", status="left")], stores.now())
    assert client.get(path).status_code == 404
    assert client.get("/r/" + staff_links.make_token(stores, account, "nobody")).status_code == 404
    assert client.get("/r/scan.js").headers["content-type"].startswith("text/javascript")


def test_an_offer_from_the_editor_to_its_claims(desk: Desk) -> None:
    ann, ben = people(desk.stores, 2)
    coupon = put_coupon(desk.stores)
    missing = do(desk, "POST", "/offers/check", json={**DRAFT, "title": "", "rule": NEVER_ORDERED})
    assert {one["field"] for one in missing["faults"]} == {"title", "coupon_id", "for_whom"}
    assert "下单次数" in missing["who"]["zh"]
    made = do(desk, "POST", "/offers", status=201, json={**DRAFT, "coupon_id": coupon.id, "stock": 1, "budget_fen": 100_000})
    do(desk, "PUT", f"/offers/{made['id']}", json={**DRAFT, "coupon_id": coupon.id, "stock": 1, "budget_fen": 100_000, "edit": made["edit"]})
    do(desk, "PUT", f"/offers/{made['id']}", status=409, json={**DRAFT, "edit": made["edit"]})
    live = do(desk, "POST", f"/offers/{made['id']}/status", json={"status": "live"})
    assert (live["status"], live["closed"], live["left"], live["kind"]) == ("live", None, 1, "benefit")
    links = do(desk, "POST", f"/offers/{made['id']}/links", json={"customer_ids": [ann, ben]})["items"]
    client: TestClient = pages(desk.stores)
    for link in links[1:]:
        client.post("/o/" + link["url"].rsplit("/", 1)[1])
    now = do(desk, "GET", f"/offers/{made['id']}")
    assert (now["claimed"], now["committed_fen"], now["counts"]) == (1, 2000, {"given": 1, "refused:none_left": 1})
    assert [row["customer_id"] for row in do(desk, "GET", f"/offers/{made['id']}/claims")["items"]] == [ann]
    assert [(row["customer_id"], row["reason"]) for row in do(desk, "GET", f"/offers/{made['id']}/refusals")["items"]] == [(ben, "none_left")]
    for what in ("claims", "refusals"):
        assert str(ann if what == "claims" else ben) in do(desk, "GET", f"/offers/{made['id']}/export", params={"what": what}).text
    copy = do(desk, "POST", f"/offers/{made['id']}/copy", status=201)
    assert (copy["status"], copy["coupon_id"]) == ("draft", coupon.id)
    do(desk, "DELETE", f"/offers/{copy['id']}", status=204)
    do(desk, "DELETE", f"/offers/{made['id']}", status=409)
    assert [one["id"] for one in do(desk, "GET", "/offers", params={"status": "live"})["items"]] == [made["id"]]
    assert do(desk, "POST", f"/offers/{made['id']}/status", json={"status": "ended"})["closed"] == "over"


def test_what_odds_come_to(desk: Desk) -> None:
    coupon = put_coupon(desk.stores, kind="gift", gift="茶", face_fen=0, cost_fen=500)
    told = do(desk, "POST", "/offers/odds", json={"people": 1000, "prizes": [{"name": "茶", "coupon_id": coupon.id, "stock": 10, "odds_ppm": 10_000}]})
    assert (told["no_prize_ppm"], told["most_fen"]) == (990_000, 5000)
    # Nearly a Poisson number of mean 10, cut at 10: 10 − 10·e⁻¹⁰·10¹⁰/10! = 8.749; more than 10 draw it in 41.7 of 100.
    assert told["prizes"][0]["given"] == pytest.approx(8.75, abs=0.02)
    assert told["prizes"][0]["runs_out_rate"] == pytest.approx(0.417, abs=0.002)


def test_another_till_redeems_by_a_key_of_its_own(desk: Desk) -> None:
    (ann,) = people(desk.stores, 1)
    coupon = put_coupon(desk.stores)
    with desk.stores.ledger.begin() as tx:
        code = codes.issue(desk.stores, tx, coupon.id, [ann], ref="i").codes[0]
    body = {"code": code, "order_fen": 12000, "place": "一号店"}
    do(desk, "POST", "/redemptions", status=422, json=body)
    first = do(desk, "POST", "/redemptions", json=body, headers={"Idempotency-Key": "a1"})
    again = do(desk, "POST", "/redemptions", json=body, headers={"Idempotency-Key": "a1"})
    assert (first["again"], again["again"], first["id"]) == (False, True, again["id"])
    do(desk, "POST", "/redemptions", status=409, json=body, headers={"Idempotency-Key": "a2"})


@pytest.mark.parametrize(
    ("method", "path", "who"),
    [
        ("GET", "/offers", "bob"), ("POST", "/offers", "ann"), ("POST", "/offers/1/status", "ann"), ("POST", "/offers/1/links", "ann"), ("GET", "/offers/1/claims", "bob"),
        ("POST", "/redemptions", "ann"), ("POST", "/redemptions/pages", "ann"), ("GET", "/offers/1/export", "bob"),
    ],
)  # fmt: skip
def test_who_may_not_is_turned_away(desk: Desk, method: str, path: str, who: str) -> None:
    assert desk.as_(who).request(method, P + path, json={}).status_code == 403
    assert desk.nobody().request(method, P + path, json={}).status_code in (401, 403)
