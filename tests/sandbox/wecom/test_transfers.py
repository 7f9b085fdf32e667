"""Handover of customers and groups: a day's wait, refusals, capacity, counters, events."""

from __future__ import annotations

from typing import Any

import pytest

from tests.makers.sandbox_wecom import Listener, SandboxCorp


def start(corp: SandboxCorp, *ids: str, api: str = "transfer_customer", **more: Any) -> list[int]:
    """Hand customers of Amy to Ben; answers each one's errcode."""
    body = {"handover_userid": "amy", "takeover_userid": "ben", "external_userid": list(ids), **more}
    return [row["errcode"] for row in corp.contact(api, **body)["customer"]]


def status(corp: SandboxCorp, api: str = "transfer_result") -> dict[str, int]:
    body = {"handover_userid": "amy", "takeover_userid": "ben"}
    return {row["external_userid"]: row["status"] for row in corp.contact(api, **body)["customer"]}


def test_a_day_later_the_customer_is_with_the_other(told: SandboxCorp, listener: Listener) -> None:
    _, external_userid = told.friend("amy", state="fair")
    assert start(told, external_userid) == [0]
    assert status(told) == {external_userid: 2}
    assert told.get("externalcontact/list", userid="amy")["external_userid"] == [external_userid]
    told.sandbox.advance(hours=24, seconds=1)
    told.token = ""
    gone = listener.wait("del_external_contact")
    assert (gone["UserID"], gone["Source"]) == ("amy", "DELETE_BY_TRANSFER")
    come = listener.wait("add_external_contact", 2)
    assert (come["UserID"], "WelcomeCode" in come) == ("ben", False)
    assert status(told) == {external_userid: 1}
    follow = told.get("externalcontact/get", external_userid=external_userid)["follow_user"]
    assert [(f["userid"], f["add_way"], f["state"]) for f in follow] == [("ben", 202, "fair")]


def test_a_customer_may_refuse(told: SandboxCorp, listener: Listener) -> None:
    phone, external_userid = told.friend("amy")
    start(told, external_userid)
    told.phone(phone, "refuse_transfer")
    assert listener.wait("transfer_fail")["FailReason"] == "customer_refused"
    told.sandbox.advance(hours=25)
    told.token = ""
    assert status(told) == {external_userid: 3}
    assert told.get("externalcontact/list", userid="amy")["external_userid"] == [external_userid]


def test_customers_refuse_out_of_habit(corp: SandboxCorp) -> None:
    corp.sandbox.patch(f"corps/{corp.id}", {"habits": {"refuse_transfer": 1}})
    _, external_userid = corp.friend("amy")
    start(corp, external_userid)
    corp.sandbox.advance(hours=13)
    corp.token = ""
    assert status(corp) == {external_userid: 3}


def test_the_taker_may_be_full_in_the_end(told: SandboxCorp, listener: Listener) -> None:
    _, external_userid = told.friend("amy")
    start(told, external_userid)
    told.friend("ben")
    told.sandbox.patch("settings", {"wecom": {"contacts_per_staff": 1}})
    _, second = told.friend("cleo")
    told.sandbox.advance(hours=25)
    told.token = ""
    assert listener.wait("transfer_fail")["FailReason"] == "customer_limit_exceed"
    assert status(told) == {external_userid: 4}
    body = {"handover_userid": "cleo", "takeover_userid": "ben", "external_userid": [second]}
    assert told.contact("transfer_customer", **body)["customer"][0]["errcode"] == 40099


def test_who_is_a_friend_already_is_not_added_again(told: SandboxCorp, listener: Listener) -> None:
    phone, external_userid = told.friend("amy")
    told.friend("ben", phone)
    start(told, external_userid)
    told.sandbox.advance(hours=25)
    told.token = ""
    listener.wait("del_external_contact")
    follow = told.get("externalcontact/get", external_userid=external_userid)["follow_user"]
    assert [(f["userid"], f["add_way"]) for f in follow] == [("ben", 2)]
    assert listener.changes().count("add_external_contact") == 2


def test_each_customer_has_its_own_errcode(corp: SandboxCorp) -> None:
    _, mine = corp.friend("amy")
    _, foreign = corp.friend("cleo")
    assert start(corp, mine, foreign, "nonsense") == [0, 40131, 40096]
    assert start(corp, mine) == [40129]


def test_twice_in_ninety_days(corp: SandboxCorp) -> None:
    _, external_userid = corp.friend("amy")
    pairs = [("amy", "ben"), ("ben", "amy"), ("amy", "ben")]
    codes = []
    for giver, taker in pairs:
        body = {"handover_userid": giver, "takeover_userid": taker, "external_userid": [external_userid]}
        codes.append(corp.contact("transfer_customer", **body)["customer"][0]["errcode"])
        corp.sandbox.advance(hours=25)
        corp.token = ""
    assert codes == [0, 0, 40128]
    corp.sandbox.advance(days=90)
    corp.token = ""
    assert start(corp, external_userid) == [0]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"takeover_userid": "amy"}, 40130),
        ({"handover_userid": "nobody"}, 40003),
        ({"external_userid": []}, 41035),
        ({"external_userid": ["x"] * 101}, 40058),
        ({"transfer_success_msg": "字" * 201}, 40058),
    ],
)
def test_calls_are_checked(corp: SandboxCorp, change: dict[str, Any], code: int) -> None:
    body = {"handover_userid": "amy", "takeover_userid": "ben", "external_userid": ["x"], **change}
    assert corp.contact_code("transfer_customer", **body) == code


def test_customers_of_who_left(told: SandboxCorp, listener: Listener) -> None:
    people = [told.friend("amy")[1] for _ in range(3)]
    assert (
        told.contact_code(
            "resigned/transfer_customer",
            handover_userid="amy",
            takeover_userid="ben",
            external_userid=people,
        )
        == 40097
    )
    told.staff("amy", "resign")
    assert listener.wait("delete_user")["UserID"] == "amy"
    first = told.contact("get_unassigned_list", page_size=2)
    second = told.contact("get_unassigned_list", page_size=2, cursor=first["next_cursor"])
    rows = first["info"] + second["info"]
    assert [row["external_userid"] for row in rows] == people
    assert (first["is_last"], second["is_last"]) == (False, True)
    assert start(told, *people, api="resigned/transfer_customer") == [0, 0, 0]
    assert told.contact("get_unassigned_list")["info"] == []
    told.sandbox.advance(hours=25)
    told.token = ""
    assert set(status(told, "resigned/transfer_result").values()) == {1}
    assert set(told.get("externalcontact/list", userid="ben")["external_userid"]) == set(people)


def test_groups_change_hands_at_once(corp: SandboxCorp) -> None:
    chat = corp.staff("amy", "create_chat", name="群")["chat_id"]
    body = {"chat_id_list": [chat, "wr-unknown"], "new_owner": "ben"}
    failed = corp.contact("groupchat/onjob_transfer", **body)["failed_chat_list"]
    assert [(row["chat_id"], row["errcode"]) for row in failed] == [("wr-unknown", 90501)]
    assert corp.contact("groupchat/get", chat_id=chat)["group_chat"]["owner"] == "ben"
    again = corp.contact("groupchat/onjob_transfer", **body)["failed_chat_list"]
    assert again[0]["errcode"] == 90504


def test_groups_of_who_left(corp: SandboxCorp) -> None:
    chat = corp.staff("amy", "create_chat", name="群")["chat_id"]
    body = {"chat_id_list": [chat], "new_owner": "ben"}
    assert corp.contact("groupchat/transfer", **body)["failed_chat_list"][0]["errcode"] == 90500
    corp.staff("amy", "resign")
    assert corp.contact("groupchat/onjob_transfer", **body)["failed_chat_list"][0]["errcode"] == 90502
    assert corp.contact("groupchat/transfer", **body)["failed_chat_list"] == []
    listed = corp.contact("groupchat/list", limit=10, owner_filter={"userid_list": ["ben"]})
    assert listed["group_chat_list"] == [{"chat_id": chat, "status": 3}]


def test_a_new_owner_gets_so_many_groups_a_day(corp: SandboxCorp) -> None:
    corp.sandbox.patch("settings", {"wecom": {"group_transfers_per_day": 1}})
    chats = [corp.staff("amy", "create_chat", name=str(n))["chat_id"] for n in range(2)]
    failed = corp.contact("groupchat/onjob_transfer", chat_id_list=chats, new_owner="ben")["failed_chat_list"]
    assert [row["chat_id"] for row in failed] == chats[1:]
