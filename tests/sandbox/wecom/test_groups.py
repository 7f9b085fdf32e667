"""Customer groups: events with versions, lists, statistics, welcome templates."""

from __future__ import annotations

import pytest

from tests.makers.sandbox_wecom import Listener, SandboxCorp

TEXT = {"text": {"content": "欢迎%NICKNAME%"}}


def chat(corp: SandboxCorp, owner: str = "amy", *phones: int) -> str:
    return str(corp.staff(owner, "create_chat", name="茶友群", phones=list(phones))["chat_id"])


def test_people_come_and_go(told: SandboxCorp, listener: Listener) -> None:
    phone, external_userid = told.friend("amy")
    made = chat(told)
    assert listener.wait("create")["ChatId"] == made
    told.phone(phone, "join_group", chat_id=made)
    joined = listener.wait("update")
    assert (joined["UpdateDetail"], joined["JoinScene"]) == ("add_member", "0")
    assert joined["MemChangeList"] == external_userid
    told.phone(phone, "leave_group", chat_id=made)
    left = listener.wait("update", 2)
    assert (left["UpdateDetail"], left["QuitScene"]) == ("del_member", "0")
    assert left["LastMemVer"] == joined["CurMemVer"]
    told.phone(phone, "join_group", chat_id=made)
    listener.wait("update", 3)
    told.staff("amy", "remove_member", chat_id=made, phone=phone)
    assert listener.wait("update", 4)["QuitScene"] == "1"
    version = told.contact("groupchat/get", chat_id=made)["group_chat"]["member_version"]
    assert version == listener.events[-1]["CurMemVer"]


def test_changes_by_hand_and_the_end(told: SandboxCorp, listener: Listener) -> None:
    made = chat(told)
    told.staff("amy", "change_chat", chat_id=made, name="新名", notice="公告")
    listener.wait("update", 2)
    assert {e["UpdateDetail"] for e in listener.events[1:]} == {"change_name", "change_notice"}
    found = told.contact("groupchat/get", chat_id=made)["group_chat"]
    assert (found["name"], found["notice"]) == ("新名", "公告")
    told.staff("amy", "dismiss_chat", chat_id=made)
    assert listener.wait("dismiss")["ChatId"] == made
    assert told.contact_code("groupchat/get", chat_id=made) == 40050


def test_members_are_told_apart(corp: SandboxCorp) -> None:
    phone, external_userid = corp.friend("amy")
    found = corp.contact("groupchat/get", chat_id=chat(corp, "amy", phone))["group_chat"]
    rows = {row["userid"]: row for row in found["member_list"]}
    assert rows["amy"]["type"] == 1
    assert (rows[external_userid]["type"], rows[external_userid]["join_scene"]) == (2, 1)
    assert rows[external_userid]["invitor"] == {"userid": "amy"}
    assert "name" not in rows[external_userid]


def test_lists_by_owner_and_page(corp: SandboxCorp) -> None:
    mine = [chat(corp) for _ in range(3)]
    chat(corp, "ben")
    owners = {"owner_filter": {"userid_list": ["amy"]}}
    first = corp.contact("groupchat/list", limit=2, **owners)
    second = corp.contact("groupchat/list", limit=2, **owners, cursor=first["next_cursor"])
    rows = first["group_chat_list"] + second["group_chat_list"]
    assert [row["chat_id"] for row in rows] == mine
    assert len(corp.contact("groupchat/list", limit=10)["group_chat_list"]) == 4
    for bad in ({}, {"limit": 0}, {"limit": 1001}, {"limit": 5, "status_filter": 4}):
        assert corp.contact_code("groupchat/list", **bad) == 40058


def test_a_large_corp_must_name_owners(corp: SandboxCorp) -> None:
    corp.sandbox.patch(f"corps/{corp.id}", {"staff_count": 1000})
    assert corp.contact_code("groupchat/list", limit=10) == 81017
    corp.contact("groupchat/list", limit=10, owner_filter={"userid_list": ["amy"]})


def test_a_group_holds_so_many(corp: SandboxCorp) -> None:
    corp.sandbox.patch("settings", {"wecom": {"group_members": 2}})
    made, people = chat(corp), [corp.person() for _ in range(2)]
    corp.phone(people[0], "join_group", chat_id=made)
    path = f"/sandbox/phones/{people[1]}/join_group"
    assert corp.sandbox.http.post(path, json={"chat_id": made}).status_code == 409


def test_statistics_by_owner_and_day(corp: SandboxCorp) -> None:
    people = [corp.friend("amy")[0] for _ in range(2)]
    made = chat(corp, "amy", *people)
    chat(corp, "amy")
    chat(corp, "ben")
    corp.sandbox.post(f"corps/{corp.id}/chats/{made}/messages", {"count": 7})
    now = int(corp.sandbox.now())
    asked = {"day_begin_time": now, "owner_filter": {"userid_list": ["amy", "ben"]}}
    found = corp.contact("groupchat/statistic", **asked, order_by=2, order_asc=1)
    assert [row["owner"] for row in found["items"]] == ["ben", "amy"]
    data = found["items"][1]["data"]
    assert (data["chat_total"], data["new_member_cnt"], data["msg_total"]) == (2, 2, 7)
    page = corp.contact("groupchat/statistic", **asked, limit=1, offset=1, order_by=1)
    assert (page["total"], page["next_offset"], len(page["items"])) == (2, 2, 1)
    days = {**asked, "day_begin_time": now - 2 * 86400, "day_end_time": now}
    rows = corp.contact("groupchat/statistic_group_by_day", **days)["items"]
    assert [row["data"]["chat_total"] for row in rows] == [0, 0, 3]
    for bad in ({"order_by": 5}, {"owner_filter": {}}, {"day_begin_time": now - 200 * 86400}):
        assert corp.contact_code("groupchat/statistic", **{**asked, **bad}) == 40058


def test_opengid_names_the_same_group(corp: SandboxCorp) -> None:
    made = chat(corp)
    assert corp.contact("opengid_to_chatid", opengid=f"GID{made}")["chat_id"] == made
    assert corp.contact_code("opengid_to_chatid", opengid="other") == 40058


def test_welcome_templates(corp: SandboxCorp) -> None:
    link = {"title": "题", "url": "https://example.com"}
    body = {**TEXT, "link": link, "file": {"media_id": "ignored, a link comes first"}}
    number = corp.contact("group_welcome_template/add", **body)["template_id"]
    found = corp.contact("group_welcome_template/get", template_id=number)
    assert found["text"] == TEXT["text"]
    assert found["link"] == link
    assert "file" not in found
    corp.contact("group_welcome_template/edit", template_id=number, text={"content": "新"})
    assert "link" not in corp.contact("group_welcome_template/get", template_id=number)
    corp.contact("group_welcome_template/del", template_id=number)
    assert corp.contact_code("group_welcome_template/get", template_id=number) == 40058


@pytest.mark.parametrize("body", [{}, {"text": {"content": "字" * 1001}}, {"link": {"url": "https://x"}}])
def test_welcome_templates_are_checked(corp: SandboxCorp, body: dict[str, object]) -> None:
    assert corp.contact_code("group_welcome_template/add", **body) == 40058


def test_templates_have_a_limit_and_an_owner(corp: SandboxCorp) -> None:
    corp.sandbox.patch("settings", {"wecom": {"welcome_templates": 1}})
    number = corp.contact("group_welcome_template/add", **TEXT, agentid=1)["template_id"]
    assert corp.contact_code("group_welcome_template/add", **TEXT) == 41055
    assert corp.contact_code("group_welcome_template/edit", template_id=number, **TEXT) == 41058
