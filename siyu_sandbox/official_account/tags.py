"""Tags of followers (用户标签): at most 100 of an account, at most 20 of a follower."""

from __future__ import annotations

from typing import TYPE_CHECKING

from siyu_sandbox.official_account.account import Follower, OfficialAccount, Tag
from siyu_sandbox.official_account.followers import PRODUCT, page_of
from siyu_sandbox.registry import Endpoint, Json, Refusal

if TYPE_CHECKING:
    from siyu_sandbox.sandbox import Sandbox

TOO_MANY_TO_DELETE = 100_000
OF_THE_VENDOR = (0, 1, 2)


def _name(account: OfficialAccount, body: Json, own: int | None = None) -> str:
    tag = body.get("tag")
    name = tag.get("name") if isinstance(tag, dict) else None
    if not isinstance(name, str) or not name.strip():
        raise Refusal(45157, "invalid tag name")
    if len(name) > account.limits.tag_characters:
        raise Refusal(45158, "tag name too long")
    if any(other.name == name and other.id != own for other in account.tags.values()):
        raise Refusal(45157, "invalid tag name")
    return name


def _tag(account: OfficialAccount, number: object) -> Tag:
    # wechatpy sends ids as they were given to it, so a numeral in quotes counts as the number.
    known = account.tags.get(int(number)) if isinstance(number, int | str) and str(number).isdigit() else None
    if known is None:
        raise Refusal(45159, "invalid tagid")
    return known


def _own_tag(account: OfficialAccount, body: Json) -> Tag:
    entry = body.get("tag")
    number = entry.get("id") if isinstance(entry, dict) else None
    if isinstance(number, int) and number in OF_THE_VENDOR:
        raise Refusal(45058, "can't modify sys tag")
    return _tag(account, number)


def _bearers(account: OfficialAccount, tag: Tag) -> list[Follower]:
    return [follower for follower in account.followers.values() if tag.id in follower.tags]


def create_tag(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/tags/create."""
    name = _name(account, body)
    if len(account.tags) >= account.limits.tags:
        raise Refusal(45056, "tag num exceed limit")
    tag = Tag(account.next_tag, name)
    account.next_tag += 1
    account.tags[tag.id] = tag
    return {"tag": {"id": tag.id, "name": tag.name}}


def list_tags(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """GET /cgi-bin/tags/get."""
    counts = dict.fromkeys(account.tags, 0)
    for follower in account.followers.values():
        for number in follower.tags:
            counts[number] += 1
    return {
        "tags": [{"id": tag.id, "name": tag.name, "count": counts[tag.id]} for tag in account.tags.values()]
    }


def update_tag(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/tags/update."""
    tag = _own_tag(account, body)
    tag.name = _name(account, body, tag.id)
    return {"errcode": 0, "errmsg": "ok"}


def delete_tag(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/tags/delete."""
    tag = _own_tag(account, body)
    bearers = _bearers(account, tag)
    if len(bearers) > TOO_MANY_TO_DELETE:
        raise Refusal(45057, "can't delete the tag that has too many fans")
    for follower in bearers:
        follower.tags.remove(tag.id)
    del account.tags[tag.id]
    return {"errcode": 0, "errmsg": "ok"}


def _followers(account: OfficialAccount, body: Json) -> list[Follower]:
    wanted = body.get("openid_list")
    if not isinstance(wanted, list) or not 1 <= len(wanted) <= account.limits.tag_batch:
        raise Refusal(40032, "invalid openid list size")
    if any(not isinstance(openid, str) or openid not in account.people for openid in wanted):
        raise Refusal(40003, "invalid openid")
    if any(openid not in account.followers for openid in wanted):
        raise Refusal(49003, "not match openid with appid")
    return [account.followers[openid] for openid in wanted]


def tag_followers(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/tags/members/batchtagging: all of them or none."""
    tag, followers = _tag(account, body.get("tagid")), _followers(account, body)
    untagged = [follower for follower in followers if tag.id not in follower.tags]
    if any(len(follower.tags) >= account.limits.tags_of_follower for follower in untagged):
        raise Refusal(45059, "can't add more tag to fans")
    for follower in untagged:
        follower.tags.append(tag.id)
    return {"errcode": 0, "errmsg": "ok"}


def untag_followers(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/tags/members/batchuntagging."""
    tag = _tag(account, body.get("tagid"))
    for follower in _followers(account, body):
        if tag.id in follower.tags:
            follower.tags.remove(tag.id)
    return {"errcode": 0, "errmsg": "ok"}


def tags_of_follower(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST /cgi-bin/tags/getidlist."""
    openid = body.get("openid")
    if not isinstance(openid, str) or openid not in account.people:
        raise Refusal(40003, "invalid openid")
    follower = account.followers.get(openid)
    return {"tagid_list": follower.tags if follower else []}


def followers_of_tag(box: Sandbox, account: OfficialAccount, query: dict[str, str], body: Json) -> Json:
    """POST (and, with older clients, GET) /cgi-bin/user/tag/get."""
    tag = _tag(account, body.get("tagid"))
    return page_of(
        account, [one.openid for one in _bearers(account, tag)], str(body.get("next_openid") or "")
    )


ENDPOINTS = (
    Endpoint("POST", "/cgi-bin/tags/create", create_tag, PRODUCT),
    Endpoint("GET", "/cgi-bin/tags/get", list_tags, PRODUCT),
    Endpoint("POST", "/cgi-bin/tags/update", update_tag, PRODUCT),
    Endpoint("POST", "/cgi-bin/tags/delete", delete_tag, PRODUCT),
    Endpoint("POST", "/cgi-bin/tags/members/batchtagging", tag_followers, PRODUCT),
    Endpoint("POST", "/cgi-bin/tags/members/batchuntagging", untag_followers, PRODUCT),
    Endpoint("POST", "/cgi-bin/tags/getidlist", tags_of_follower, PRODUCT),
    Endpoint("POST", "/cgi-bin/user/tag/get", followers_of_tag, PRODUCT),
)
