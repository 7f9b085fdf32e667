"""Statistics of customer groups (群聊数据统计), by owner and by day."""

from __future__ import annotations

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.behaviour import DAY, day_of, span
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.groups import Chat, Chats
from siyu_sandbox.wecom.world import Caller, Corp

ORDERS = {1: "new_chat_cnt", 2: "chat_total", 3: "new_member_cnt", 4: "member_total"}


def _data(chats: list[Chat], first: int, end: int) -> Json:
    there = [chat for chat in chats if chat.created < end]
    return {
        "new_chat_cnt": sum(first <= chat.created < end for chat in there),
        "chat_total": len(there),
        "chat_has_msg": sum(chat.messages > 0 for chat in there),
        "new_member_cnt": sum(first <= at < end for chat in there for at in chat.joins),
        "member_total": sum(len(chat.members) for chat in there),
        "member_has_msg": sum(chat.messages > 0 for chat in there),
        "msg_total": sum(chat.messages for chat in there),
        "migrate_trainee_chat_cnt": 0,
    }


def _asked(corp: Corp, body: Json) -> tuple[list[str], list[int]]:
    owners = checks.strings(checks.record(body, "owner_filter"), "userid_list", 100)
    if not owners:
        raise Refusal(40058, "owner_filter missing")
    days = span(corp, {"day_end_time": body.get("day_begin_time"), **body}, "day_begin_time", "day_end_time")
    if days[-1] >= day_of(corp.box.clock.now()) + DAY:
        raise Refusal(40058, "invalid day_end_time")
    return [corp.member(userid, 40003).userid for userid in owners], days


def by_owner(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST groupchat/statistic."""
    corp = caller.corp
    owners, days = _asked(corp, body)
    order = checks.whole(body, "order_by", 1)
    if order not in ORDERS:
        raise Refusal(40058, "invalid order_by")
    chats = corp.shelf(Chats).all.values()
    rows = [
        {"owner": owner, "data": _data([c for c in chats if c.owner == owner], days[0], days[-1] + DAY)}
        for owner in owners
    ]
    rows = [row for row in rows if row["data"]["chat_total"]]  # type: ignore[index]
    ascending = checks.whole(body, "order_asc", 0) == 1
    rows.sort(key=lambda row: row["data"][ORDERS[order]], reverse=not ascending)  # type: ignore[index]
    offset, limit = checks.whole(body, "offset", 0), checks.page_size(body, 500, 1000)
    page = rows[offset : offset + limit]
    return {"total": len(rows), "next_offset": offset + len(page), "items": page}


def by_day(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST groupchat/statistic_group_by_day."""
    corp = caller.corp
    owners, days = _asked(corp, body)
    chats = [chat for chat in corp.shelf(Chats).all.values() if chat.owner in owners]
    return {"items": [{"stat_time": day, "data": _data(chats, day, day + DAY)} for day in days]}


ENDPOINTS = (
    post("externalcontact/groupchat/statistic", by_owner),
    post("externalcontact/groupchat/statistic_group_by_day", by_day),
)
