"""Points, coupons and surveys over HTTP: who may, what is answered, what is written down."""

from __future__ import annotations

from typing import Any

import pytest

from siyu.content import variables
from siyu.foundation.stores import Stores
from siyu.loyalty import codewords
from tests.makers.customers import Desk
from tests.makers.loyalty import open_desk, people, put_coupon, work

P = "/api/v1/loyalty"
COUPON = {"name": "满减券", "kind": "amount", "face_fen": 2000, "threshold_fen": 10000, "days": 10, "stock": 5}
FORM = {"title": {"zh": "小调查"}, "questions": [{"kind": "nps", "title": {"zh": "会推荐吗"}}, {"kind": "single", "title": {"zh": "喜欢"}, "choices": [{"label": {"zh": "茶"}}, {"label": {"zh": "器"}}]}]}


@pytest.fixture
def desk(stores: Stores) -> Desk:
    return open_desk(stores)


def do(desk: Desk, method: str, path: str, who: str = "olga", status: int = 200, **given: Any) -> Any:
    answer = desk.as_(who).request(method, path, **given)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content and "json" in answer.headers["content-type"] else answer


def test_points_by_hand_and_by_api(desk: Desk) -> None:
    ann, ben = people(desk.stores, 2)
    given = {"customer_ids": [ann, ben], "points": 50, "reason": "补偿", "ref": "hand:1"}
    for _ in range(2):
        do(desk, "POST", f"{P}/points/grants", status=202, json=given)
        work(desk.stores)
    taken = do(desk, "POST", f"{P}/points/spends", json={"customer_ids": [ann, ben, 10**9], "points": 40, "reason": "兑换", "ref": "till:1"})
    assert (taken["done"], [(one["reason"], one["customer_ids"]) for one in taken["refused"]]) == ([ann, ben], [("unknown", [10**9])])
    more = do(desk, "POST", f"{P}/points/spends", json={"customer_ids": [ann], "points": 40, "reason": "兑换", "ref": "till:2"})
    assert [one["reason"] for one in more["refused"]] == ["too_few"]
    assert [(row["customer_id"], row["points"]) for row in do(desk, "GET", f"{P}/points/balances")["items"]] == [(ann, 10), (ben, 10)]
    first = do(desk, "GET", f"{P}/points/postings", params={"kind": "spend", "limit": 2})["items"]
    posting = next(one for one in first if one["ref"] == "till:1")
    half = {"reason": "退货", "ref": "back:1", "customer_id": ann}
    do(desk, "POST", f"{P}/points/postings/{posting['id']}/reverse", status=422, json=half)
    assert do(desk, "POST", f"{P}/points/postings/{posting['id']}/reverse", json={**half, "points": 15})["done"] == [ann]
    totals = do(desk, "GET", f"{P}/points")
    assert (totals["customers"], totals["pool"], totals["expired"], totals["people"]) == (35, -35, 0, 2)
    mine = do(desk, "GET", f"{P}/customers/{ann}", who="bob")
    assert (mine["points"], [(one["kind"], one["points"]) for one in mine["movements"]]) == (25, [("reverse", 15), ("spend", -40), ("grant", 50)])
    assert [action for _, action, _ in desk.audited()][:2] == ["loyalty.points_granted"] * 2


def test_a_coupon_from_the_editor_to_the_till(desk: Desk) -> None:
    ann, ben = people(desk.stores, 2)
    made = do(desk, "POST", f"{P}/coupons", status=201, json=COUPON)
    do(desk, "POST", f"{P}/coupons/{made['id']}/status", json={"status": "live"})
    do(desk, "POST", f"{P}/coupons/{made['id']}/issue", status=202, json={"customer_ids": [ann], "ref": "hand:1"})
    work(desk.stores)
    now = do(desk, "POST", f"{P}/coupons/{made['id']}/codes", json={"customer_ids": [ann, ben], "ref": "api:1"})
    assert ([one["customer_id"] for one in now["codes"]], [one["reason"] for one in now["refused"]]) == ([ben], ["limit"])
    code = now["codes"][0]["code"]
    seen = do(desk, "GET", f"{P}/codes/{code.lower()}")
    assert (seen["code"]["usable"], seen["coupon"]["promise"]["zh"]) == (True, "满 100 元减 20 元")
    assert do(desk, "POST", f"{P}/redemptions", status=409, json={"code": code, "ref": "t1", "order_fen": 9000})["code"] == "coupon_below_threshold"
    first = do(desk, "POST", f"{P}/redemptions", json={"code": code, "ref": "t1", "order_fen": 12000})
    assert (first["value_fen"], first["again"]) == (2000, False)
    assert do(desk, "POST", f"{P}/redemptions", json={"code": code, "ref": "t1", "order_fen": 12000})["again"]
    assert do(desk, "POST", f"{P}/redemptions", status=409, json={"code": code, "ref": "t2"})["code"] == "coupon_used"
    assert do(desk, "POST", f"{P}/redemptions", status=422, json={"code": "ABCD-EFGH-JKLM", "ref": "t3"})["code"] == "coupon_code_invalid"
    assert do(desk, "POST", f"{P}/redemptions/reverse", json={"code": code, "ref": "t1", "reason": "退款"})["reversed_by"] == "olga"
    listed = do(desk, "GET", f"{P}/coupons/{made['id']}/codes", params={"state": "issued"})["items"]
    assert {row["customer_id"] for row in listed} == {ann, ben}
    held = do(desk, "GET", f"{P}/coupons/{made['id']}")
    assert (held["issued"], held["left"], held["redeemed"]) == (2, 3, 0)
    file = do(desk, "GET", f"{P}/coupons/{made['id']}/export", params={"format": "csv"})
    assert code in file.text
    assert do(desk, "PUT", f"{P}/coupons/{made['id']}", status=409, json={**COUPON, "face_fen": 1})["errors"][0]["field"] == "face_fen"
    do(desk, "DELETE", f"{P}/coupons/{made['id']}", status=409)


def test_unused_codes_are_withdrawn(desk: Desk) -> None:
    ann, ben = people(desk.stores, 2)
    coupon = put_coupon(desk.stores, stock=1)
    do(desk, "POST", f"{P}/coupons/{coupon.id}/codes", json={"customer_ids": [ann], "ref": "api:1"})
    body = {"customer_ids": [ann, ben], "ref": "api:1", "reason": "发错了"}
    assert do(desk, "POST", f"{P}/coupons/{coupon.id}/codes/withdraw", json=body) == {"withdrawn": [ann], "used": [], "ended": [], "none": [ben]}
    assert do(desk, "GET", f"{P}/coupons/{coupon.id}/codes", params={"state": "void"})["items"][0]["usable"] is False
    assert do(desk, "GET", f"{P}/coupons/{coupon.id}")["left"] == 1
    assert ("loyalty.codes_withdrawn") in str(desk.audited())


def test_a_code_is_masked_for_who_may_not_redeem(desk: Desk) -> None:
    (ann,) = people(desk.stores, 1)
    coupon = put_coupon(desk.stores)
    full = do(desk, "POST", f"{P}/coupons/{coupon.id}/codes", json={"customer_ids": [ann], "ref": "i"})["codes"][0]["code"]
    shown = do(desk, "GET", f"{P}/coupons/{coupon.id}/codes", who="ann")["items"][0]["code"]
    guide = do(desk, "GET", f"{P}/customers/{ann}", who="bob")["coupons"][0]["code"]
    assert shown == guide == f"{full[:4]}-••••-••••"
    assert codewords.fits(codewords.clean(full))
    assert full not in str(desk.audited())


@pytest.mark.parametrize(
    ("method", "path", "who"),
    [
        ("GET", "/points", "bob"), ("GET", "/coupons", "bob"), ("POST", "/coupons", "ann"), ("POST", "/points/grants", "ann"), ("POST", "/points/spends", "ann"),
        ("POST", "/redemptions", "ann"), ("GET", "/codes/AAAA", "ann"), ("POST", "/redemptions/reverse", "bob"), ("POST", "/coupons/1/issue", "ann"), ("POST", "/coupons/1/codes/withdraw", "ann"),
        ("POST", "/points/postings/1/reverse", "ann"),
    ],
)  # fmt: skip
def test_who_may_not_is_turned_away(desk: Desk, method: str, path: str, who: str) -> None:
    assert desk.as_(who).request(method, P + path, json={}).status_code == 403
    assert desk.nobody().request(method, P + path, json={}).status_code in (401, 403)


def test_a_survey_from_the_editor_to_the_results(desk: Desk) -> None:
    (ann,) = people(desk.stores, 1)
    made = do(desk, "POST", "/api/v1/surveys", status=201, json={"name": "售后", "form": {"title": {"zh": "x"}}})
    assert [one["field"] for one in made["faults"]] == ["form.questions"]
    do(desk, "POST", f"/api/v1/surveys/{made['id']}/publish", status=422)
    saved = do(desk, "PUT", f"/api/v1/surveys/{made['id']}", json={"name": "售后", "form": FORM, "edit": made["edit"]})
    assert [one["key"] for one in saved["form"]["questions"]] == ["q1", "q2"]
    do(desk, "PUT", f"/api/v1/surveys/{made['id']}", status=409, json={"name": "售后", "form": FORM, "edit": made["edit"]})
    live = do(desk, "POST", f"/api/v1/surveys/{made['id']}/publish")
    assert (live["status"], live["version"], live["changed"], live["faults"]) == ("live", 1, False, [])
    page = do(desk, "POST", "/api/v1/surveys/preview", json={"form": FORM})
    assert "会推荐吗" in page.text
    assert "disabled" in page.text, "a preview cannot be sent"
    link = do(desk, "POST", f"/api/v1/surveys/{made['id']}/links", json={"customer_ids": [ann]})["items"][0]["url"]
    with desk.stores.ledger.begin() as tx, desk.stores.warehouse.read() as session:
        said = variables.load(desk.stores, session, tx, ["问卷:售后", "survey:售后", "积分", "points", "券码:没有"], [ann])
    assert said == {"问卷:售后": [link], "survey:售后": [link], "积分": ["0"], "points": ["0"], "券码:没有": [None]}
    from siyu.surveys import responses

    with desk.stores.ledger.begin() as tx:
        responses.answer(desk.stores, tx, made["id"], ann, 1, {"q1": ["10"], "q2": ["c1"]})
    found = do(desk, "GET", f"/api/v1/surveys/{made['id']}/results", who="ann")
    assert (found["responses"], found["questions"][0]["nps"]["score"], found["questions"][1]["counts"][0]["count"]) == (1, 100.0, 1)
    assert do(desk, "GET", f"/api/v1/surveys/{made['id']}/responses", who="ann")["items"][0]["answers"] == {"q1": 10, "q2": "茶"}
    assert "茶" in do(desk, "GET", f"/api/v1/surveys/{made['id']}/export", params={"format": "csv"}).text
    assert do(desk, "GET", f"/api/v1/surveys/customers/{ann}", who="bob")["items"][0]["answers"] == [{"question": {"zh": one, "en": one}, "answer": said} for one, said in (("会推荐吗", "10"), ("喜欢", "茶"))]
    assert do(desk, "POST", f"/api/v1/surveys/{made['id']}/close")["status"] == "closed"
    do(desk, "DELETE", f"/api/v1/surveys/{made['id']}", status=409)
    for method, path, who in (("GET", "/surveys", "bob"), ("POST", "/surveys", "ann"), ("POST", f"/surveys/{made['id']}/publish", "ann")):
        do(desk, method, f"/api/v1{path}", who=who, status=403, json={})


def test_a_message_says_the_code_that_can_be_used(desk: Desk) -> None:
    ann, ben = people(desk.stores, 2)
    coupon = put_coupon(desk.stores, name="生日券")
    code = do(desk, "POST", f"{P}/coupons/{coupon.id}/codes", json={"customer_ids": [ann], "ref": "i"})["codes"][0]["code"]
    with desk.stores.ledger.begin() as tx, desk.stores.warehouse.read() as session:
        assert variables.known(tx)("券码:生日券")
        assert variables.known(tx)("coupon_until:生日券")
        assert not variables.known(tx)("券码:别的")
        said = variables.load(desk.stores, session, tx, ["coupon:生日券", "券到期日:生日券"], [ann, ben])
    assert said == {"coupon:生日券": [code, None], "券到期日:生日券": ["2026-01-11", None]}
