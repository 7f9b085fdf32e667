"""Corp tags: groups, names, limits, marks."""

from __future__ import annotations

from tests.makers.sandbox_wecom import Listener, SandboxCorp


def add(corp: SandboxCorp, group: str, *names: str) -> dict[str, str]:
    """Tags of a group by name."""
    made = corp.contact("add_corp_tag", group_name=group, tag=[{"name": name} for name in names])
    return {tag["name"]: tag["id"] for tag in made["tag_group"]["tag"]}


def test_groups_are_joined_by_name(corp: SandboxCorp) -> None:
    first = add(corp, "等级", "金", "银")
    second = add(corp, "等级", "铜")
    groups = corp.contact("get_corp_tag_list")["tag_group"]
    assert [(group["group_name"], len(group["tag"])) for group in groups] == [("等级", 3)]
    assert {tag["id"] for tag in groups[0]["tag"]} == {*first.values(), *second.values()}


def test_lists_by_tag_or_group(corp: SandboxCorp) -> None:
    grade, city = add(corp, "等级", "金", "银"), add(corp, "城市", "杭州")
    by_tag = corp.contact("get_corp_tag_list", tag_id=[grade["银"]])["tag_group"]
    assert [tag["name"] for tag in by_tag[0]["tag"]] == ["银"]
    group_id = by_tag[0]["group_id"]
    wins = corp.contact("get_corp_tag_list", tag_id=[city["杭州"]], group_id=[group_id])["tag_group"]
    assert [group["group_name"] for group in wins] == ["等级"]


def test_names_and_numbers_are_checked(corp: SandboxCorp) -> None:
    add(corp, "等级", "金")
    bad: list[tuple[dict[str, object], int]] = [
        ({"group_name": "空"}, 40058),
        ({"tag": [{"name": "x"}]}, 40071),
        ({"group_name": "等级", "tag": [{"name": "金"}]}, 40071),
        ({"group_name": "g", "tag": [{"name": "字" * 31}]}, 40071),
        ({"group_name": "g", "tag": [{"name": "x", "order": -1}]}, 40058),
        ({"group_id": "et-unknown", "tag": [{"name": "x"}]}, 40068),
    ]
    for body, code in bad:
        assert corp.contact_code("add_corp_tag", **body) == code
    corp.contact("add_corp_tag", group_name="g", tag=[{"name": "字" * 30}])


def test_the_library_has_a_limit(corp: SandboxCorp) -> None:
    corp.sandbox.patch("settings", {"wecom": {"tags": 3}})
    add(corp, "等级", "a", "b", "c")
    assert corp.contact_code("add_corp_tag", group_name="等级", tag=[{"name": "d"}]) == 40126


def test_edits(corp: SandboxCorp) -> None:
    tags = add(corp, "等级", "金", "银")
    assert corp.contact_code("edit_corp_tag", id=tags["金"], name="银") == 40071
    assert corp.contact_code("edit_corp_tag", id="et-unknown", name="x") == 40068
    corp.contact("edit_corp_tag", id=tags["金"], name="钻", order=9)
    group = corp.contact("get_corp_tag_list")["tag_group"][0]
    corp.contact("edit_corp_tag", id=group["group_id"], name="会员")
    group = corp.contact("get_corp_tag_list")["tag_group"][0]
    assert group["group_name"] == "会员"
    assert {tag["name"]: tag["order"] for tag in group["tag"]} == {"钻": 9, "银": 0}


def test_an_emptied_group_vanishes_and_marks_go_with_their_tag(corp: SandboxCorp) -> None:
    tags = add(corp, "等级", "金", "银")
    _, external_userid = corp.friend("amy")
    who = {"userid": "amy", "external_userid": external_userid}
    corp.contact("mark_tag", **who, add_tag=list(tags.values()))
    corp.contact("del_corp_tag", tag_id=[tags["金"]])
    follow = corp.get("externalcontact/get", external_userid=external_userid)["follow_user"][0]
    assert [tag["tag_name"] for tag in follow["tags"]] == ["银"]
    corp.contact("del_corp_tag", tag_id=[tags["银"]])
    assert corp.contact("get_corp_tag_list")["tag_group"] == []
    assert corp.contact_code("del_corp_tag") == 40058
    assert corp.contact_code("del_corp_tag", tag_id=[tags["银"]]) == 40068


def test_a_whole_group_goes(corp: SandboxCorp) -> None:
    add(corp, "等级", "金", "银")
    group = corp.contact("get_corp_tag_list")["tag_group"][0]["group_id"]
    corp.contact("del_corp_tag", group_id=[group])
    assert corp.contact("get_corp_tag_list")["tag_group"] == []


def test_marks(corp: SandboxCorp) -> None:
    tags = add(corp, "等级", "金", "银")
    phone, external_userid = corp.friend("amy")
    who = {"userid": "amy", "external_userid": external_userid}
    corp.contact("mark_tag", **who, add_tag=[tags["金"], tags["金"]])
    corp.contact("mark_tag", **who, add_tag=[tags["银"]], remove_tag=[tags["金"]])
    follow = corp.get("externalcontact/get", external_userid=external_userid)["follow_user"][0]
    assert follow["tags"] == [
        {"group_name": "等级", "tag_name": "银", "tag_id": tags["银"], "type": 1},
    ]
    assert corp.contact_code("mark_tag", **who) == 40058
    assert corp.contact_code("mark_tag", **who, add_tag=["unknown"]) == 40068
    other = {"userid": "ben", "external_userid": external_userid}
    assert corp.contact_code("mark_tag", **other, add_tag=[tags["金"]]) == 84061
    corp.phone(phone, "delete_staff", userid="amy")
    corp.contact("mark_tag", **who, add_tag=[tags["金"]])
    corp.sandbox.patch("settings", {"wecom": {"tags_per_relation": 1}})
    assert corp.contact_code("mark_tag", **who, add_tag=list(tags.values())) == 40126


def test_edits_in_the_console_are_told(told: SandboxCorp, listener: Listener) -> None:
    made = told.sandbox.post(f"corps/{told.id}/tags", {"group_name": "等级", "names": ["金", "银"]})
    listener.wait("create", 2)
    tag, group = made["tag_ids"][0], made["group_id"]
    told.sandbox.post(f"corps/{told.id}/tags", {"op": "update", "id": tag, "name": "钻"})
    assert listener.wait("update")["Id"] == tag
    told.sandbox.post(f"corps/{told.id}/tags", {"op": "shuffle"})
    assert "TagType" not in listener.wait("shuffle")
    told.sandbox.post(f"corps/{told.id}/tags", {"op": "delete", "id": group})
    event = listener.wait("delete")
    assert (event["Id"], event["TagType"]) == (group, "tag_group")
    assert told.contact("get_corp_tag_list")["tag_group"] == []


def test_rule_groups_have_libraries_of_their_own(corp: SandboxCorp) -> None:
    add(corp, "等级", "金")
    body = {"strategy_id": 3, "group_name": "等级", "tag": [{"name": "金"}]}
    made = corp.contact("add_strategy_tag", **body)["tag_group"]["tag"][0]["id"]
    corp.contact("add_strategy_tag", **{**body, "strategy_id": 4})
    rows = corp.contact("get_strategy_tag_list", strategy_id=3)["tag_group"]
    assert [(row["strategy_id"], [tag["id"] for tag in row["tag"]]) for row in rows] == [(3, [made])]
    assert len(corp.contact("get_strategy_tag_list")["tag_group"]) == 2
    assert len(corp.contact("get_corp_tag_list")["tag_group"]) == 1
    _, external_userid = corp.friend("amy")
    corp.contact("mark_tag", userid="amy", external_userid=external_userid, add_tag=[made])
    follow = corp.get("externalcontact/get", external_userid=external_userid)["follow_user"][0]
    assert [tag["type"] for tag in follow["tags"]] == [3]
    corp.contact("edit_strategy_tag", id=made, name="银")
    corp.contact("del_strategy_tag", tag_id=[made])
    assert corp.contact("get_strategy_tag_list", strategy_id=3)["tag_group"] == []
