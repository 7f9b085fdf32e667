"""Customers: who is listed, what is said of them, remarks, pages."""

from __future__ import annotations

import pytest

from tests.makers.sandbox_wecom import Listener, SandboxCorp


def test_follow_users_are_those_with_the_right(corp: SandboxCorp) -> None:
    assert corp.get("externalcontact/get_follow_user_list")["follow_user"] == ["amy", "ben", "cleo"]
    corp.staff("ben", "change", external=False)
    assert corp.get("externalcontact/get_follow_user_list")["follow_user"] == ["amy", "cleo"]
    assert corp.raw("GET", "externalcontact/list", userid="ben")["errcode"] == 84074


def test_lists_and_their_refusals(corp: SandboxCorp) -> None:
    _, external_userid = corp.friend("amy")
    assert corp.get("externalcontact/list", userid="amy")["external_userid"] == [external_userid]
    cases = [({"userid": "ben"}, 84061), ({"userid": "nobody"}, 40003), ({}, 40003)]
    for query, code in cases:
        assert corp.raw("GET", "externalcontact/list", **query)["errcode"] == code


@pytest.mark.parametrize(
    ("external_userid", "code"), [("", 41035), ("nonsense", 40096), ("wm" + "A" * 30, 40096)]
)
def test_ids_that_never_were(corp: SandboxCorp, external_userid: str, code: int) -> None:
    assert corp.raw("GET", "externalcontact/get", external_userid=external_userid)["errcode"] == code


def test_a_customer_of_two_staff_shows_both(corp: SandboxCorp) -> None:
    phone, external_userid = corp.friend("amy")
    corp.friend("ben", phone, state="fair", add_way=3)
    follows = corp.get("externalcontact/get", external_userid=external_userid)["follow_user"]
    assert {f["userid"]: f["add_way"] for f in follows} == {"amy": 2, "ben": 3}
    assert [f.get("state") for f in follows] == [None, "fair"]


def test_unionid_needs_a_bound_platform(corp: SandboxCorp) -> None:
    phone, external_userid = corp.friend("amy")
    known = corp.get("externalcontact/get", external_userid=external_userid)["external_contact"]
    assert known["unionid"] == corp.sandbox.get(f"phones/{phone}")["unionid"]
    corp.sandbox.patch(f"corps/{corp.id}", {"wechat_bound": False})
    known = corp.get("externalcontact/get", external_userid=external_userid)["external_contact"]
    assert "unionid" not in known


def test_pages_of_many_staff_are_complete_and_exact(corp: SandboxCorp) -> None:
    expected = {corp.friend(userid)[1] for userid in ("amy", "cleo", "amy", "cleo", "amy")}
    found, cursor = [], ""
    for size in (2, 2, 2):
        body = {"userid_list": ["amy", "ben", "cleo"], "limit": size, "cursor": cursor}
        page = corp.contact("batch/get_by_user", **body)
        found += [row["external_contact"]["external_userid"] for row in page["external_contact_list"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
    assert len(found) == 5
    assert set(found) == expected
    assert cursor == ""


def test_a_page_stays_whole_while_people_come_and_go(corp: SandboxCorp) -> None:
    people = [corp.friend("amy") for _ in range(6)]
    first = corp.contact("batch/get_by_user", userid_list=["amy"], limit=3)
    corp.staff("amy", "delete_customer", phone=people[0][0])
    corp.staff("amy", "delete_customer", phone=people[4][0])
    _, late = corp.friend("amy")
    cursor = first["next_cursor"]
    second = corp.contact("batch/get_by_user", userid_list=["amy"], limit=100, cursor=cursor)
    found = [row["external_contact"]["external_userid"] for row in second["external_contact_list"]]
    assert found == [people[3][1], people[5][1], late]


def test_batch_answers_one_relation_with_tag_ids(corp: SandboxCorp) -> None:
    _, external_userid = corp.friend("amy")
    made = corp.contact("add_corp_tag", group_name="等级", tag=[{"name": "金"}])
    tag = made["tag_group"]["tag"][0]["id"]
    corp.contact("mark_tag", userid="amy", external_userid=external_userid, add_tag=[tag])
    row = corp.contact("batch/get_by_user", userid_list=["amy"])["external_contact_list"][0]
    assert row["follow_info"]["tag_id"] == [tag]
    assert "tags" not in row["follow_info"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({}, 40031),
        ({"userid_list": ["amy"] * 101}, 40032),
        ({"userid_list": "amy"}, 40058),
        ({"userid_list": ["nobody"]}, 40003),
        ({"userid_list": ["amy"], "cursor": "made-up"}, 40058),
        ({"userid_list": ["amy"], "limit": "many"}, 40058),
    ],
)
def test_batch_is_checked(corp: SandboxCorp, body: dict[str, object], code: int) -> None:
    assert corp.contact_code("batch/get_by_user", **body) == code


def test_a_limit_too_big_becomes_the_default(corp: SandboxCorp) -> None:
    corp.sandbox.post("population", {"corpid": corp.id, "contacts": 300, "staff": 3, "overlap": 0})
    body = {"userid_list": ["amy", "ben", "cleo"]}
    sizes = [
        len(corp.contact("batch/get_by_user", **body, limit=limit)["external_contact_list"])
        for limit in (100, 101, 0)
    ]
    assert sizes == [100, 50, 50]


def test_contact_list_pages(corp: SandboxCorp) -> None:
    expected = {corp.friend("amy")[1] for _ in range(5)}
    first = corp.contact("contact_list", limit=3)
    second = corp.contact("contact_list", limit=3, cursor=first["next_cursor"])
    rows = first["info_list"] + second["info_list"]
    assert {row["external_userid"] for row in rows} == expected
    assert {row["follow_userid"] for row in rows} == {"amy"}
    assert second["next_cursor"] == ""


def test_remarks_replace_what_is_given(corp: SandboxCorp) -> None:
    _, external_userid = corp.friend("amy")
    who = {"userid": "amy", "external_userid": external_userid}
    corp.contact("remark", **who, remark="老客", description="爱喝茶", remark_mobiles=["13900000000"])
    corp.contact("remark", **who, remark_company="茶馆")
    follow = corp.get("externalcontact/get", external_userid=external_userid)["follow_user"][0]
    shown = [follow[n] for n in ("remark", "description", "remark_mobiles", "remark_corp_name")]
    assert shown == ["老客", "爱喝茶", ["13900000000"], "茶馆"]
    corp.contact("remark", **who, remark_mobiles=[""])
    follow = corp.get("externalcontact/get", external_userid=external_userid)["follow_user"][0]
    assert follow["remark_mobiles"] == []


def test_remarks_are_measured_in_characters(corp: SandboxCorp) -> None:
    _, external_userid = corp.friend("amy")
    who = {"userid": "amy", "external_userid": external_userid}
    corp.contact("remark", **who, remark="字" * 20, description="字" * 150)
    assert corp.contact_code("remark", **who, remark="字" * 21) == 40058
    assert corp.contact_code("remark", **who, description="字" * 151) == 40058
    assert corp.contact_code("remark", **who) == 40058
    assert corp.contact_code("remark", userid="ben", external_userid=external_userid, remark="x") == 84061


def test_an_edit_by_hand_is_told(told: SandboxCorp, listener: Listener) -> None:
    phone, external_userid = told.friend("amy")
    told.staff("amy", "edit_customer", phone=phone, remark_mobiles=["13900000001"])
    told.staff("amy", "edit_customer", phone=phone, remark="常来")
    event = listener.wait("edit_external_contact")
    assert (event["UserID"], event["ExternalUserID"]) == ("amy", external_userid)
    assert listener.changes().count("edit_external_contact") == 1


def test_a_unionid_leads_to_the_customer_or_to_a_pending_id(corp: SandboxCorp) -> None:
    phone = corp.person()
    who = {"unionid": corp.sandbox.get(f"phones/{phone}")["unionid"], "openid": "o1", "subject_type": 0}
    convert = "idconvert/unionid_to_external_userid"
    pending = corp.post(convert, **who)["pending_id"]
    assert corp.post(convert, **who)["pending_id"] == pending
    _, external_userid = corp.friend("amy", phone)
    assert corp.post(convert, **who)["external_userid"] == external_userid
    back = "idconvert/batch/external_userid_to_pending_id"
    rows = corp.post(back, external_userid=[external_userid, "x"])["result"]
    assert rows == [{"external_userid": external_userid, "pending_id": pending}]
    corp.sandbox.advance(days=91)
    corp.token = ""
    assert corp.post(back, external_userid=[external_userid])["result"] == []
    assert corp.code(convert, unionid="unknown", openid="o1") == 40058
