"""Contact ways, join ways and acquisition links: their checks and who comes by them."""

from __future__ import annotations

import pytest

from tests.makers.sandbox_wecom import Listener, SandboxCorp

SINGLE = {"type": 1, "scene": 2, "user": ["amy"]}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"type": 3}, 40058),
        ({"scene": 5}, 41040),
        ({"scene": 1, "style": 9}, 41042),
        ({"user": []}, 40058),
        ({"user": ["amy", "ben"]}, 40058),
        ({"user": ["nobody"]}, 40003),
        ({"remark": "字" * 31}, 40058),
        ({"state": "s" * 31}, 40058),
        ({"type": 2, "party": [77]}, 60003),
        ({"type": 2, "user": ["amy", "ben"], "is_temp": True}, 40058),
        ({"is_temp": True, "expires_in": 15 * 86400}, 40058),
    ],
)
def test_contact_ways_are_checked(corp: SandboxCorp, change: dict[str, object], code: int) -> None:
    assert corp.contact_code("add_contact_way", **{**SINGLE, **change}) == code


@pytest.mark.parametrize(
    ("change", "code"),
    [({"active": False}, 41054), ({"real_name": False}, 40098), ({"external": False}, 84074)],
)
def test_staff_must_be_able(corp: SandboxCorp, change: dict[str, bool], code: int) -> None:
    corp.staff("amy", "change", **change)
    assert corp.contact_code("add_contact_way", **SINGLE) == code


def test_a_way_is_read_changed_and_deleted(corp: SandboxCorp) -> None:
    config_id = corp.way("amy", state="a", remark="一店")
    corp.contact("update_contact_way", config_id=config_id, state="b", user=["ben"])
    way = corp.contact("get_contact_way", config_id=config_id)["contact_way"]
    wanted = ("state", "remark", "user", "type", "scene", "skip_verify")
    assert [way[name] for name in wanted] == ["b", "一店", ["ben"], 1, 2, True]
    assert config_id in way["qr_code"]
    assert corp.scan(corp.person(), config_id)["userid"] == "ben"
    corp.contact("del_contact_way", config_id=config_id)
    assert corp.contact_code("get_contact_way", config_id=config_id) == 41044
    assert corp.contact_code("get_contact_way") == 41043


def test_ways_are_listed_by_time_and_page(corp: SandboxCorp) -> None:
    old = corp.way("amy")
    corp.sandbox.advance(days=91)
    corp.token = ""
    fresh = [corp.way("amy") for _ in range(3)]
    first = corp.contact("list_contact_way", limit=2)
    second = corp.contact("list_contact_way", limit=2, cursor=first["next_cursor"])
    rows = [row["config_id"] for row in first["contact_way"] + second["contact_way"]]
    assert rows == fresh
    everything = corp.contact("list_contact_way", start_time=1)["contact_way"]
    assert {row["config_id"] for row in everything} == {old, *fresh}


def test_the_budget_of_ways_is_shared(corp: SandboxCorp) -> None:
    corp.sandbox.patch("settings", {"wecom": {"ways": 2}})
    chat = corp.staff("amy", "create_chat", name="群")["chat_id"]
    corp.way("amy")
    corp.contact("groupchat/add_join_way", scene=2, chat_id_list=[chat])
    assert corp.contact_code("add_contact_way", **SINGLE) == 41045


def test_departments_count_with_all_their_people(corp: SandboxCorp) -> None:
    corp.sandbox.patch("settings", {"wecom": {"way_users": 2}})
    body = {"type": 2, "scene": 2, "party": [1]}
    assert corp.contact_code("add_contact_way", **body) == 41041
    corp.sandbox.patch("settings", {"wecom": {"way_users": 3}})
    corp.contact("add_contact_way", **body)


def test_an_exclusive_way_leads_back_to_ones_own(corp: SandboxCorp) -> None:
    phone, _ = corp.friend("ben")
    way = corp.way("amy", "ben", "cleo", is_exclusive=True)
    assert [corp.scan(phone, way)["userid"] for _ in range(5)] == ["ben"] * 5


def test_a_join_way_brings_people_into_a_group(told: SandboxCorp, listener: Listener) -> None:
    chat = told.staff("amy", "create_chat", name="群")["chat_id"]
    body = {"scene": 2, "chat_id_list": [chat], "state": "flyer", "remark": "字" * 40}
    config_id = told.contact("groupchat/add_join_way", **body)["config_id"]
    way = told.contact("groupchat/get_join_way", config_id=config_id)["join_way"]
    assert way["remark"] == "字" * 30
    phone = told.person()
    assert told.scan(phone, way["qr_code"])["chat_id"] == chat
    event = listener.wait("update")
    assert (event["UpdateDetail"], event["JoinScene"], event["MemChangeCnt"]) == ("add_member", "3", "1")
    assert event["LastMemVer"] != event["CurMemVer"]
    members = told.contact("groupchat/get", chat_id=chat, need_name=1)["group_chat"]["member_list"]
    assert members[1]["state"] == "flyer"
    assert members[1]["name"] == told.sandbox.get(f"phones/{phone}")["name"]


def test_a_full_group_makes_room_for_a_new_one(corp: SandboxCorp) -> None:
    corp.sandbox.patch("settings", {"wecom": {"group_scan_members": 3}})
    chat = corp.staff("amy", "create_chat", name="群")["chat_id"]
    body = {"scene": 2, "chat_id_list": [chat], "room_base_name": "茶友", "room_base_id": 10}
    way = corp.contact("groupchat/add_join_way", **body)["config_id"]
    chats = [corp.scan(corp.person(), way)["chat_id"] for _ in range(3)]
    assert chats[0] == chats[1] == chat
    made = corp.contact("groupchat/get", chat_id=chats[2])["group_chat"]
    assert made["name"] == "茶友11"


def test_join_ways_are_checked_and_deleted(corp: SandboxCorp) -> None:
    chats = [corp.staff("amy", "create_chat", name=str(n))["chat_id"] for n in range(6)]
    add = "groupchat/add_join_way"
    assert corp.contact_code(add, scene=2, chat_id_list=chats) == 41091
    assert corp.contact_code(add, scene=9, chat_id_list=chats[:1]) == 41040
    assert corp.contact_code(add, scene=2) == 40058
    assert corp.contact_code(add, scene=2, chat_id_list=["wr-unknown"]) == 40050
    config_id = corp.contact(add, scene=2, chat_id_list=chats[:5])["config_id"]
    corp.contact("groupchat/update_join_way", config_id=config_id, scene=2, chat_id_list=chats[5:])
    corp.contact("groupchat/del_join_way", config_id=config_id)
    assert corp.contact_code("groupchat/get_join_way", config_id=config_id) == 41044


def test_a_link_brings_people_with_its_channel(told: SandboxCorp, listener: Listener) -> None:
    body = {"link_name": "投放", "range": {"user_list": ["amy"]}}
    link = told.contact("customer_acquisition/create_link", **body)["link"]
    happened = told.scan(told.person(), link["url"] + "?customer_channel=ad-3")
    event = listener.wait("add_external_contact")
    assert event["State"] == "ad-3"
    rows = told.contact("customer_acquisition/customer", link_id=link["link_id"])["customer_list"]
    assert [(row["external_userid"], row["state"]) for row in rows] == [(happened["external_userid"], "ad-3")]
    found = told.get("externalcontact/get", external_userid=happened["external_userid"])
    assert found["follow_user"][0]["add_way"] == 16
    quota = told.get("externalcontact/customer_acquisition_quota")
    assert quota["balance"] == quota["total"] - 1
    now = int(told.sandbox.now())
    span = {"start_time": now - 60, "end_time": now + 60}
    counts = told.contact("customer_acquisition/statistic", link_id=link["link_id"], **span)
    assert (counts["click_link_customer_cnt"], counts["new_customer_cnt"]) == (1, 1)


def test_links_are_managed(corp: SandboxCorp) -> None:
    body = {"link_name": "投放", "range": {"user_list": ["amy"]}}
    ids = [corp.contact("customer_acquisition/create_link", **body)["link"]["link_id"] for _ in range(3)]
    first = corp.contact("customer_acquisition/list_link", limit=2)
    second = corp.contact("customer_acquisition/list_link", limit=2, cursor=first["next_cursor"])
    assert first["link_id_list"] + second["link_id_list"] == ids
    new_range = {"user_list": ["ben"]}
    corp.contact("customer_acquisition/update_link", link_id=ids[0], link_name="新", range=new_range)
    found = corp.contact("customer_acquisition/get", link_id=ids[0])
    assert (found["link"]["link_name"], found["range"]["user_list"]) == ("新", ["ben"])
    corp.contact("customer_acquisition/delete_link", link_id=ids[0])
    assert corp.contact_code("customer_acquisition/get", link_id=ids[0]) == 40058
    assert corp.contact_code("customer_acquisition/create_link", link_name="x", range={}) == 40058
    corp.sandbox.patch("settings", {"wecom": {"links": 2}})
    assert corp.contact_code("customer_acquisition/create_link", **body) == 41095
