"""The library over HTTP: written, checked, reviewed, found again, kept in order, thrown away and taken back."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from siyu.content import pieces, reviews
from siyu.content.pieces import Author
from siyu.foundation.errors import InvalidError
from siyu.foundation.stores import Stores
from tests.makers.content import open_desk
from tests.makers.customers import Desk

P = "/api/v1/content/pieces"
WORDS = {"name": "春日问候", "kind": "text", "purpose": "value", "body": {"text": "{称呼|朋友},天气转暖,记得补水。"}}
EVERY = ["wecom", "official_account", "mini_program", "sms", "email", "webhook"]


@pytest.fixture
def desk(stores: Stores) -> Desk:
    return open_desk(stores)


def add(desk: Desk, who: str = "olga", status: int = 201, **changes: Any) -> Any:
    answer = desk.as_(who).post(P, json={**WORDS, **changes})
    assert answer.status_code == status, answer.text
    return answer.json()


def put(desk: Desk, piece: Any, who: str = "olga", status: int = 200, **changes: Any) -> Any:
    answer = desk.as_(who).put(f"{P}/{piece['id']}", json={**WORDS, **changes})
    assert answer.status_code == status, answer.text
    return answer.json()


def do(desk: Desk, piece: Any, act: str, who: str = "olga", status: int = 200, **body: Any) -> Any:
    answer = desk.as_(who).post(f"{P}/{piece['id']}/{act}", json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


def approved(desk: Desk, **changes: Any) -> Any:
    piece = add(desk, **changes)
    do(desk, piece, "ask")
    return do(desk, piece, "approve", "alice", version=1)


def names(desk: Desk, **query: Any) -> list[str]:
    return [one["name"] for one in desk.as_("olga").get(P, params=query).json()["items"]]


def test_a_piece_comes_back_as_it_was_written(desk: Desk) -> None:
    made = add(desk, labels=["问候"], folder="日常/春")
    held = desk.as_("olga").get(f"{P}/{made['id']}").json()
    assert held == made
    assert (held["status"], held["version"], held["approved_version"], held["usable"]) == ("draft", 1, None, False)
    assert held["newest"]["body"] == WORDS["body"]
    assert held["owner"] == held["created_by"]


def test_only_an_approved_version_can_be_sent_and_nobody_approves_their_own(desk: Desk) -> None:
    made = add(desk)
    with desk.stores.ledger.read() as tx, pytest.raises(InvalidError):
        pieces.sendable(tx, {made["id"]: None}, desk.stores.now())
    do(desk, made, "approve", "alice", 409, version=1)
    assert do(desk, made, "ask")["status"] == "in_review"
    assert do(desk, made, "approve", "olga", 403, version=1)["code"] == "not_allowed"
    done = do(desk, made, "approve", "alice", version=1, said="好")
    assert (done["status"], done["approved_version"], done["usable"]) == ("approved", 1, True)
    assert [one["kind"] for one in done["remarks"]] == ["asked", "approved"]
    with desk.stores.ledger.read() as tx:
        assert pieces.sendable(tx, {made["id"]: None}, desk.stores.now())[made["id"]].version == 1


def test_a_rejection_says_why_and_the_next_draft_is_a_new_version(desk: Desk) -> None:
    made = add(desk)
    do(desk, made, "ask")
    do(desk, made, "reject", "alice", 422, version=1, said=" ")
    assert do(desk, made, "reject", "alice", version=1, said="语气太硬")["newest"]["status"] == "rejected"
    again = put(desk, made, body={"text": "{称呼|朋友},多喝水呀。"})
    assert (again["version"], again["status"]) == (2, "draft")
    assert desk.as_("bob").get(f"{P}/{made['id']}/versions/1").status_code == 403
    assert desk.as_("alice").get(f"{P}/{made['id']}/versions/1").json()["body"] == WORDS["body"]


def test_what_was_sent_can_always_be_read(desk: Desk) -> None:
    made = approved(desk)
    with desk.stores.ledger.begin() as tx:
        pieces.note_use(tx, made["id"], 1, "send:7", "春天", desk.stores.now())
        pieces.note_use(tx, made["id"], 1, "send:7", "春天", desk.stores.now())
    later = put(desk, made, body={"text": "别的话"})
    assert (later["version"], later["approved_version"], later["status"]) == (2, 1, "draft")
    assert [(one["ref"], one["version"]) for one in later["uses"]] == [("send:7", 1)]
    assert desk.as_("olga").get(f"{P}/{made['id']}/versions/1").json()["body"] == WORDS["body"]
    with desk.stores.ledger.read() as tx:
        assert pieces.sendable(tx, {made["id"]: None}, desk.stores.now())[made["id"]].body.text == WORDS["body"]["text"]  # type: ignore[index]


def test_a_draft_that_nobody_has_seen_is_written_over(desk: Desk) -> None:
    made = add(desk)
    assert put(desk, made, body={"text": "改了"})["version"] == 1
    assert put(desk, made, name="只改名字", body={"text": "改了"})["version"] == 1


def test_a_purpose_that_changes_is_reviewed_again(desk: Desk) -> None:
    made = approved(desk)
    assert put(desk, made, purpose="promotion")["status"] == "draft"


def test_who_saves_over_somebody_is_told(desk: Desk) -> None:
    made = add(desk)
    put(desk, made, "alice", edit=made["edit"], body={"text": "甲"})
    assert put(desk, made, edit=made["edit"], status=409, body={"text": "乙"})["code"] == "conflict"


def test_outside_of_its_time_or_retired_it_cannot_be_sent(desk: Desk, clock: Any) -> None:
    made = approved(desk, valid_until=(desk.stores.now() + timedelta(days=1)).isoformat())
    assert names(desk, usable=True) == ["春日问候"]
    clock.at += timedelta(days=2)
    assert names(desk, usable=True) == []
    with desk.stores.ledger.read() as tx, pytest.raises(InvalidError) as failed:
        pieces.sendable(tx, {made["id"]: None, 999: 1}, desk.stores.now())
    assert {fault.field for fault in failed.value.faults} == {f"piece:{made['id']}", "piece:999"}


def test_every_fault_is_told_at_once(desk: Desk) -> None:
    told = add(desk, status=422, name="", folder="a//b", labels=["#"], body={"text": "{没有这个} {", "picture": "x.png"})
    assert {one["field"] for one in told["errors"]} >= {"name", "folder", "labels", "body.picture"}
    told = add(desk, status=422, body={"text": "{没有这个} { https://a.cn/x={称呼|}", "html": "<p>a</p><img src='https://evil.cn/x.png'>"})
    assert [one["field"] for one in told["errors"]] == ["body.text", "body.text", "body.text", "body.html"]
    assert "errors" in add(desk, status=422, body={"nothing": 1})


def test_the_check_counts_what_a_carrier_takes(desk: Desk) -> None:
    body = {"title": "题" * 50, "url": "https://a.cn", "desc": "d", "text": "好" * 1001, "subject": "s"}
    told = desk.as_("olga").post(f"{P}/check", json={"kind": "link", "body": body}).json()
    by = {one["carrier"]: {fault["field"]: (fault["count"], fault["limit"]) for fault in one["faults"]} for one in told["fits"]}
    assert list(by) == EVERY
    assert by["wecom"] == {"body.title": (150, 128)}
    assert by["sms"] == {"body.text": (1001, 1000)}
    assert by["official_account"] == {"body.text": (3003, 2048)}
    assert by["mini_program"] == {"body.notices.mini_program": (None, None)}
    assert by["email"] == by["webhook"] == {}


def test_every_length_that_is_counted_down_is_the_length_that_is_refused(desk: Desk) -> None:
    limits = desk.as_("olga").get("/api/v1/content/limits").json()["items"]
    assert {one["carrier"] for one in limits} == {"wecom", "official_account", "sms", "email"}
    for one in limits:
        # An address is no row of letters, and no library takes an article as long as an Official Account would.
        if one["field"] in ("url", "html"):
            continue
        for over in (0, 1):
            body = {"title": "t", one["field"]: "x" * (one["most"] + over)}
            found = desk.as_("olga").post(f"{P}/check", json={"kind": one["kinds"][0], "body": body}).json()["fits"]
            mine = next(each["faults"] for each in found if each["carrier"] == one["carrier"])
            broken = [(fault["field"], fault["limit"]) for fault in mine if fault["limit"] == one["most"]]
            assert broken == ([(f"body.{one['field']}", one["most"])] if over else []), one


def test_found_by_who_answers_for_it(desk: Desk) -> None:
    mine, other = add(desk), add(desk, name="她的", owner="小林")
    got = desk.as_("olga").get(P, params={"owner": "小林"}).json()["items"]
    assert [one["id"] for one in got] == [other["id"]]
    owners = {one["name"]: one["count"] for one in desk.as_("olga").get("/api/v1/content/shelves").json()["owners"]}
    assert owners == {mine["owner"]: 1, "小林": 1}


def test_a_customers_own_value_has_no_place_where_all_get_the_same(desk: Desk) -> None:
    told = desk.as_("olga").post(f"{P}/check", json={"kind": "text", "body": {"text": "{称呼|朋友}你好,我是{导购|小助手}"}}).json()
    wecom = told["fits"][0]
    assert not wecom["fits"]
    assert [one["field"] for one in wecom["faults"]] == ["body.text"]
    assert told["variables"] == ["称呼", "导购"]
    assert told["faults"] == []


def test_a_piece_that_fits_nowhere_is_not_sent_to_review(desk: Desk) -> None:
    made = add(desk, kind="image", body={})
    assert do(desk, made, "ask", status=422)["errors"]


def test_found_by_words_folder_label_carrier_and_kind(any_stores: Stores) -> None:
    desk = open_desk(any_stores)
    add(desk)
    add(desk, name="双11 大促", purpose="promotion", folder="节日/双11", labels=["大促", "面霜"], body={"text": "全场八折 https://shop.cn/1111"})
    add(desk, name="面霜怎么用", kind="article", folder="节日", body={"title": "面霜", "html": "<p>先涂<b>精华</b></p>"})
    assert names(desk, q="精华") == ["面霜怎么用"]
    assert names(desk, q="双11 八折") == ["双11 大促"]
    assert names(desk, folder="节日") == ["面霜怎么用", "双11 大促"]
    assert names(desk, label="大促") == ["双11 大促"]
    assert names(desk, label="大") == []
    assert names(desk, kind="text", purpose="promotion") == ["双11 大促"]
    assert names(desk, carrier="wecom", kind="text") == ["双11 大促"]
    shelves = desk.as_("olga").get("/api/v1/content/shelves").json()
    assert {one["name"]: one["count"] for one in shelves["folders"]} == {"": 1, "节日": 1, "节日/双11": 1}
    assert shelves["labels"] == [{"name": "大促", "count": 1}, {"name": "面霜", "count": 1}]


def test_pages_hold_each_piece_once(desk: Desk) -> None:
    for number in range(5):
        add(desk, name=f"第{number}")
    found, cursor = [], None
    while True:
        page = desk.as_("olga").get(P, params={"limit": 2, **({"cursor": cursor} if cursor else {})}).json()
        found += [one["name"] for one in page["items"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert sorted(found) == [f"第{number}" for number in range(5)]
    assert len(found) == 5


def test_thrown_away_and_taken_back(any_stores: Stores) -> None:
    desk = open_desk(any_stores)
    made, other = approved(desk), add(desk, name="另一条")

    def bulk(act: str, value: str = "") -> list[Any]:
        answer = desk.as_("olga").post(f"{P}/bulk", json={"ids": [made["id"], other["id"]], "act": act, "value": value})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["items"])

    assert len(bulk("trash")) == 2
    assert names(desk) == []
    assert len(names(desk, trashed=True)) == 2
    assert put(desk, made, status=409)["code"] == "conflict"
    assert len(bulk("restore")) == 2
    assert len(names(desk)) == 2
    assert {tuple(one["labels"]) for one in bulk("label", "常用")} == {("常用",)}
    assert bulk("label", "常用") == []
    assert len(bulk("unlabel", "常用")) == 2
    assert len(bulk("move", "归档")) == 2
    assert {one["status"] for one in bulk("retire")} == {"retired"}
    assert names(desk, usable=True) == []
    assert {one["name"]: one["status"] for one in bulk("bring_back")} == {"春日问候": "approved", "另一条": "draft"}
    missing = desk.as_("olga").post(f"{P}/bulk", json={"ids": [made["id"], 10**9], "act": "trash"})
    assert missing.status_code == 404
    assert len(names(desk)) == 2


def test_a_copy_is_a_draft_of_its_own(desk: Desk) -> None:
    made = approved(desk)
    copied = do(desk, made, "copy", status=201)
    assert (copied["status"], copied["version"], copied["newest"]["body"]) == ("draft", 1, WORDS["body"])
    assert copied["id"] != made["id"]


def test_every_change_is_written_down(desk: Desk) -> None:
    made = approved(desk)
    do(desk, made, "remarks", status=201, version=1, said="配图再亮一点")
    trail = [(who, action) for who, action, _ in desk.audited()]
    assert trail == [("olga", "content.added"), ("olga", "content.review_asked"), ("alice", "content.approved"), ("olga", "content.commented")]


def test_a_guide_sees_nothing_of_the_library(desk: Desk) -> None:
    made = add(desk)
    for path in ("/api/v1/content/pieces", f"{P}/{made['id']}", "/api/v1/content/shelves", "/api/v1/content/variables"):
        assert desk.as_("bob").get(path).status_code == 403
    assert desk.as_("bob").post(P, json=WORDS).status_code == 403


def test_a_lone_approver_may_approve_their_own(stores: Stores) -> None:
    with stores.ledger.begin() as tx:
        made = pieces.add(tx, pieces.Draft("a", "text", "value", {"text": "b"}), Author("member:1", "A"), stores.now())
        reviews.ask(tx, made.id, Author("member:1", "A"), stores.now())
        assert reviews.decide(tx, made.id, 1, "approve", Author("member:1", "A"), stores.now()).status == "approved"
