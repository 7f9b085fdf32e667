"""Customers (客户): who may have them, list, details one by one and in pages, remarks."""

from __future__ import annotations

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.endpoints import get, post
from siyu_sandbox.wecom.relations import ONE_WAY, Rows
from siyu_sandbox.wecom.tags import TagLibrary
from siyu_sandbox.wecom.world import Caller, Corp, Staff

FOLLOWERS_PER_PAGE = 500
AVATAR = "https://wx.qlogo.cn/mmhead/sandbox/{}/0"
MINI_PROGRAM_CHANNELS = {"nickname": "示例视频号", "source": 1}
CHANNELS_WAY = 10


def relation(corp: Corp, staff: Staff, phone: int) -> int:
    """The row of a relation that calls may use; 84061 when the staff deleted the customer or it is half."""
    row = corp.relations.find(staff.number, phone)
    if row is None or corp.relations.status[row] > ONE_WAY:
        raise Refusal(84061, "not external contact")
    return row


def external_contact(corp: Corp, external_userid: str, phone: int) -> Json:
    """The person's half of a customer; unionid only where an Open Platform account is bound."""
    name, gender, unionid = corp.box.phones.about(phone)
    found = {
        "external_userid": external_userid,
        "name": name,
        "avatar": AVATAR.format(phone),
        "type": 1,
        "gender": gender,
    }
    if corp.wechat_bound:
        found["unionid"] = unionid
    return found


def follow_info(corp: Corp, row: int, userid: str) -> Json:
    """The relation's half."""
    relations = corp.relations
    detail = relations.details.get(row)
    way = int(relations.add_way[row])
    found: Json = {
        "userid": userid,
        "remark": "",
        "description": "",
        "createtime": int(relations.created[row]),
        "add_way": way,
        "oper_userid": userid,
    }
    if state := relations.state_of(row):
        found["state"] = state
    if way == CHANNELS_WAY:
        found["wechat_channels"] = MINI_PROGRAM_CHANNELS
    if detail:
        found["remark"], found["description"] = detail.remark, detail.description
        found["remark_mobiles"] = detail.remark_mobiles
        found["remark_corp_name"] = detail.remark_corp_name
        found["oper_userid"] = detail.oper_userid or userid
    return found


def follow_user_list(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET get_follow_user_list: staff with the right to have customers."""
    return {"follow_user": [staff.userid for staff in caller.corp.staff.values() if staff.external]}


def contact_ids(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET list?userid; a member without customers is 84061, not an empty list."""
    corp = caller.corp
    staff = corp.member(checks.text(query, "userid", 40003), 40003)
    if not staff.external:
        raise Refusal(84074, "no permission of external contact")
    rows = corp.relations.listed(corp.relations.of_staff(staff.number))
    if not len(rows):
        raise Refusal(84061, "not external contact")
    return {"external_userid": corp.ids.many(corp.relations.phone[rows].tolist())}


def contact_get(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET get?external_userid&cursor."""
    corp = caller.corp
    phone = corp.contact(query.get("external_userid"))
    rows = corp.relations.listed(corp.relations.of_phone(phone)).tolist()
    if not rows:
        raise Refusal(84061, "not external contact")
    page, cursor = checks.slice_page(
        rows, {"cursor": query.get("cursor")}, FOLLOWERS_PER_PAGE, FOLLOWERS_PER_PAGE
    )
    library = corp.shelf(TagLibrary)
    follows = []
    for row in page:
        info = follow_info(corp, row, corp.roster[corp.relations.staff[row]].userid)
        detail = corp.relations.details.get(row)
        info["tags"] = [library.on_customer(tag) for tag in detail.tags] if detail else []
        follows.append(info)
    found = {
        "external_contact": external_contact(corp, query["external_userid"], phone),
        "follow_user": follows,
    }
    return found | ({"next_cursor": cursor} if cursor else {})


def batch_by_user(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST batch/get_by_user {userid_list ≤100, cursor, limit ≤100}: the reconcile's workhorse."""
    corp = caller.corp
    userids = checks.strings(body, "userid_list", 100, 40032)
    if not userids:
        raise Refusal(40031, "userid_list missing")
    members = [corp.member(userid, 40003) for userid in userids]
    limit = checks.page_size(body, 50, 100)
    at, after = checks.cursor(body, 2) or (0, -1)
    found: list[Json] = []
    while at < len(members) and len(found) < limit:
        rows = corp.relations.page(members[at].number, after, limit - len(found))
        found += _customers(corp, rows, members[at].userid)
        if len(found) < limit:
            at, after = at + 1, -1
        else:
            after = int(rows[-1])
    more = at < len(members) and (len(found) == limit)
    return {"external_contact_list": found, "next_cursor": checks.new_cursor(at, after) if more else ""}


def _customers(corp: Corp, rows: Rows, userid: str) -> list[Json]:
    phones = corp.relations.phone[rows].tolist()
    customers = []
    for row, phone, external_userid in zip(rows.tolist(), phones, corp.ids.many(phones), strict=True):
        info = follow_info(corp, row, userid)
        detail = corp.relations.details.get(row)
        info["tag_id"] = detail.tags if detail else []
        person = external_contact(corp, external_userid, phone)
        customers.append({"external_contact": person, "follow_info": info})
    return customers


def contact_list(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST contact_list {cursor, limit ≤1000}: everybody whom staff ever talked to."""
    corp, relations = caller.corp, caller.corp.relations
    limit = checks.page_size(body, corp.limits.contact_list_page, corp.limits.contact_list_page)
    start = (checks.cursor(body) or (0,))[0]
    rows = list(range(start, min(start + limit, relations.count)))
    names = corp.ids.many(relations.phone[start : start + len(rows)].tolist())
    infos = []
    for row, external_userid in zip(rows, names, strict=True):
        if relations.status[row] > ONE_WAY:
            continue
        infos.append(
            {
                "is_customer": True,
                "tmp_openid": "tmp" + external_userid[2:],
                "external_userid": external_userid,
                "name": corp.box.phones.name(int(relations.phone[row])),
                "follow_userid": corp.roster[relations.staff[row]].userid,
                "add_time": int(relations.created[row]),
            }
        )
    upto = start + len(rows)
    return {"info_list": infos, "next_cursor": checks.new_cursor(upto) if upto < relations.count else ""}


REMARKS = ("remark", "description", "remark_company", "remark_mobiles", "remark_pic_mediaid")


def remark(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST remark {userid, external_userid, …}; remark_mobiles replaces, [""] clears."""
    corp, limits = caller.corp, caller.corp.limits
    staff = corp.member(checks.text(body, "userid", 40003), 40003)
    row = relation(corp, staff, corp.contact(body.get("external_userid")))
    if not any(name in body for name in REMARKS):
        raise Refusal(40058, "all remark fields empty")
    short = checks.at_most_characters(checks.text(body, "remark"), limits.remark_characters, "remark")
    long = checks.at_most_characters(
        checks.text(body, "description"), limits.description_characters, "description"
    )
    company = checks.at_most_characters(
        checks.text(body, "remark_company"), limits.remark_characters, "remark_company"
    )
    mobiles = [one for one in checks.strings(body, "remark_mobiles") if one]
    detail = corp.relations.detail(row)
    given = {"remark": short, "description": long, "remark_company": company, "remark_mobiles": mobiles}
    for name, value in given.items():
        if name in body:
            setattr(detail, "remark_corp_name" if name == "remark_company" else name, value)


ENDPOINTS = (
    get("externalcontact/get_follow_user_list", follow_user_list),
    get("externalcontact/list", contact_ids),
    get("externalcontact/get", contact_get),
    post("externalcontact/batch/get_by_user", batch_by_user),
    post("externalcontact/contact_list", contact_list),
    post("externalcontact/remark", remark),
)
