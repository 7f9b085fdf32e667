"""Followers (用户管理): the list by pages of 10,000, what is known of each, remarks, the black list."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.official_account.account import Follower, OfficialAccount
from siyu_sandbox.registry import Endpoint, Json, Refusal

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

PRODUCT = "official_account"


def page_of(account: OfficialAccount, openids: list[str] | None, after: str) -> Json:
    """Answer one page of all followers, or of those in the list given."""
    page = account.limits.followers_page
    if openids is None:
        found, total = account.after(after, page), len(account.followers)
    else:
        start = openids.index(after) + 1 if after in openids else 0
        found, total = openids[start : start + page], len(openids)
    answer: Json = {"total": total, "count": len(found), "next_openid": found[-1] if found else ""}
    return answer | ({"data": {"openid": found}} if found else {})


def list_followers(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/user/get."""
    after = query.get("next_openid", "")
    if after and after not in account.people:
        raise Refusal(40003, "invalid openid")
    return page_of(account, None, after)


def follower_info(box: Sandbox, account: OfficialAccount, openid: object) -> Json:
    """Return one entry as `user/info` shows it: no name and no picture since 2021-12-27."""
    if not isinstance(openid, str) or openid not in account.people:
        raise Refusal(40003, "invalid openid")
    follower = account.followers.get(openid)
    if follower is None:
        return {"subscribe": 0, "openid": openid}
    unionid = account.unionid(box.phones.about(follower.phone)[2])
    return {
        "subscribe": 1,
        "openid": openid,
        "language": "zh_CN",
        "subscribe_time": follower.since,
        **({"unionid": unionid} if unionid else {}),
        "remark": follower.remark,
        "groupid": follower.tags[0] if follower.tags else 0,
        "tagid_list": follower.tags,
        "subscribe_scene": follower.scene,
        "qr_scene": follower.qr_scene,
        "qr_scene_str": follower.qr_scene_str,
    }


def one_follower(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/user/info."""
    return follower_info(box, account, query.get("openid"))


def some_followers(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/user/info/batchget."""
    wanted = body.get("user_list")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= account.limits.followers_batch:
        raise Refusal(40032, "invalid openid list size")
    openids = [one.get("openid") if isinstance(one, dict) else None for one in wanted]
    return {"user_info_list": [follower_info(box, account, openid) for openid in openids]}


def follower_of(account: OfficialAccount, openid: object) -> Follower:
    """Return a follower; refuse an openid of nobody, and of somebody who does not follow."""
    if not isinstance(openid, str) or openid not in account.people:
        raise Refusal(40003, "invalid openid")
    if openid not in account.followers:
        raise Refusal(43004, "require subscribe")
    return account.followers[openid]


def remark(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/user/info/updateremark."""
    text = str(body.get("remark", ""))
    if len(text) > account.limits.remark_characters:
        raise Refusal(40053, "invalid remark")
    follower_of(account, body.get("openid")).remark = text
    return {"errcode": 0, "errmsg": "ok"}


def blacklist(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/tags/members/getblacklist."""
    return page_of(account, sorted(account.blacklist), str(body.get("begin_openid", "")))


def _openids(account: OfficialAccount, body: Json) -> list[str]:
    wanted = body.get("openid_list")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= account.limits.blacklist_batch:
        raise Refusal(40032, "invalid openid list size")
    if any(not isinstance(openid, str) or openid not in account.people for openid in wanted):
        raise Refusal(40003, "invalid openid")
    return wanted


def put_on_blacklist(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/tags/members/batchblacklist."""
    account.blacklist.update(_openids(account, body))
    return {"errcode": 0, "errmsg": "ok"}


def take_off_blacklist(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/tags/members/batchunblacklist."""
    account.blacklist.difference_update(_openids(account, body))
    return {"errcode": 0, "errmsg": "ok"}


ENDPOINTS = (
    Endpoint("GET", "/cgi-bin/user/get", list_followers, PRODUCT),
    Endpoint("GET", "/cgi-bin/user/info", one_follower, PRODUCT),
    Endpoint("POST", "/cgi-bin/user/info/batchget", some_followers, PRODUCT),
    Endpoint("POST", "/cgi-bin/user/info/updateremark", remark, PRODUCT),
    Endpoint("POST", "/cgi-bin/tags/members/getblacklist", blacklist, PRODUCT),
    Endpoint("POST", "/cgi-bin/tags/members/batchblacklist", put_on_blacklist, PRODUCT),
    Endpoint("POST", "/cgi-bin/tags/members/batchunblacklist", take_off_blacklist, PRODUCT),
)
