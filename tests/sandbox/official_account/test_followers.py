"""Followers: pages, what is told of each, remarks, tags, the black list."""

import pytest

from tests.makers.sandbox import SandboxClient
from tests.makers.weixin import Shop, official_account


def test_the_list_comes_in_pages_of_ten_thousand(sandbox: SandboxClient) -> None:
    shop = official_account(sandbox, people=10_003)
    sandbox.post(f"official_accounts/{shop.appid}/followers", {"first": 1, "count": 10_003})
    first = shop.get("user/get")
    assert (first["total"], first["count"]) == (10_003, 10_000)
    assert first["next_openid"] == first["data"]["openid"][-1]
    second = shop.get("user/get", next_openid=first["next_openid"])
    assert second["count"] == 3
    last = shop.get("user/get", next_openid=second["next_openid"])
    assert last == {"total": 10_003, "count": 0, "next_openid": ""}
    assert len(set(first["data"]["openid"] + second["data"]["openid"])) == 10_003
    assert shop.get("user/get", next_openid="nobody")["errcode"] == 40003


def test_no_name_is_told_and_who_left_is_told_as_gone(shop: Shop) -> None:
    openid = shop.act(1, "follow", scene="profile_card")["openid"]
    info = shop.get("user/info", openid=openid)
    assert info["subscribe"] == 1
    assert info["subscribe_scene"] == "ADD_SCENE_PROFILE_CARD"
    assert info["unionid"] == shop.sandbox.get("phones/1")["unionid"]
    assert not {"nickname", "headimgurl", "sex"} & info.keys()
    shop.act(1, "unfollow")
    assert shop.get("user/info", openid=openid) == {"subscribe": 0, "openid": openid}
    assert shop.get("user/get")["total"] == 0


def test_the_unionid_follows_the_open_platform_account(shop: Shop, sandbox: SandboxClient) -> None:
    def unionid(other: Shop) -> str | None:
        found: str | None = other.get("user/info", openid=other.act(1, "follow")["openid"]).get("unionid")
        return found

    alone = official_account(sandbox, 0, unionid_platform=None)
    elsewhere, sibling = (official_account(sandbox, 0, unionid_platform="other") for _ in range(2))
    assert unionid(alone) is None
    assert unionid(elsewhere) == unionid(sibling) != unionid(shop)


def test_many_are_asked_at_once(shop: Shop) -> None:
    openids = [shop.act(phone, "follow")["openid"] for phone in (1, 2)]
    found = shop.call("user/info/batchget", {"user_list": [{"openid": openid} for openid in openids]})
    assert [one["openid"] for one in found["user_info_list"]] == openids
    assert shop.call("user/info/batchget", {"user_list": [{"openid": openids[0]}] * 101})["errcode"] == 40032
    assert shop.call("user/info/batchget", {"user_list": []})["errcode"] == 40032


def test_a_remark_goes_with_the_follower(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    assert shop.call("user/info/updateremark", {"openid": openid, "remark": "老客"})["errcode"] == 0
    assert shop.get("user/info", openid=openid)["remark"] == "老客"
    assert shop.call("user/info/updateremark", {"openid": openid, "remark": "长" * 31})["errcode"] == 40053
    shop.act(1, "unfollow")
    shop.act(1, "follow")
    assert shop.get("user/info", openid=openid)["remark"] == ""


def test_tags_are_made_given_counted_and_taken(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    tag = shop.call("tags/create", {"tag": {"name": "爱喝白茶"}})["tag"]["id"]
    assert shop.call("tags/members/batchtagging", {"openid_list": [openid], "tagid": tag})["errcode"] == 0
    assert shop.call("tags/getidlist", {"openid": openid})["tagid_list"] == [tag]
    assert shop.call("user/tag/get", {"tagid": tag, "next_openid": ""})["data"] == {"openid": [openid]}
    assert {"id": tag, "name": "爱喝白茶", "count": 1} in shop.get("tags/get")["tags"]
    assert shop.call("tags/update", {"tag": {"id": tag, "name": "白茶"}})["errcode"] == 0
    assert shop.call("tags/members/batchuntagging", {"openid_list": [openid], "tagid": tag})["errcode"] == 0
    assert shop.call("user/tag/get", {"tagid": tag})["count"] == 0
    assert shop.call("tags/delete", {"tag": {"id": tag}})["errcode"] == 0
    assert shop.call("tags/getidlist", {"openid": openid})["tagid_list"] == []


@pytest.mark.parametrize(
    ("path", "body", "code"),
    [
        ("tags/create", {"tag": {"name": "星标组"}}, 45157),
        ("tags/create", {"tag": {"name": ""}}, 45157),
        ("tags/create", {"tag": {"name": "长" * 31}}, 45158),
        ("tags/delete", {"tag": {"id": 2}}, 45058),
        ("tags/delete", {"tag": {"id": 999}}, 45159),
        ("tags/members/batchtagging", {"openid_list": [], "tagid": 2}, 40032),
        ("tags/members/batchtagging", {"openid_list": ["x"] * 51, "tagid": 2}, 40032),
        ("tags/members/batchtagging", {"openid_list": ["nobody"], "tagid": 2}, 40003),
        ("tags/members/batchtagging", {"openid_list": ["nobody"], "tagid": 999}, 45159),
    ],
)
def test_tags_that_cannot_be(shop: Shop, path: str, body: dict[str, object], code: int) -> None:
    assert shop.call(path, body)["errcode"] == code


def test_a_follower_bears_twenty_tags_and_an_account_a_hundred(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    tags = [shop.call("tags/create", {"tag": {"name": f"标签{number}"}})["tag"]["id"] for number in range(99)]
    assert shop.call("tags/create", {"tag": {"name": "多一个"}})["errcode"] == 45056
    codes = [
        shop.call("tags/members/batchtagging", {"openid_list": [openid], "tagid": tag})["errcode"]
        for tag in tags[:21]
    ]
    assert codes == [0] * 20 + [45059]


def test_the_black_list_shuts_messages_out(shop: Shop) -> None:
    openid = shop.act(1, "follow")["openid"]
    shop.act(1, "message", content="在吗")
    assert shop.call("tags/members/batchblacklist", {"openid_list": [openid]})["errcode"] == 0
    assert shop.call("tags/members/getblacklist", {"begin_openid": ""})["data"] == {"openid": [openid]}
    text = {"touser": openid, "msgtype": "text", "text": {"content": "您好"}}
    assert shop.call("message/custom/send", text)["errcode"] == 48002
    shop.call("tags/members/batchunblacklist", {"openid_list": [openid]})
    assert shop.call("message/custom/send", text)["errcode"] == 0
