"""User behaviour data (「联系客户统计」): per staff member and day, how many chats, additions and losses."""

from __future__ import annotations

import datetime as dt
from collections import Counter, defaultdict

import numpy as np

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.relations import LIVE, ONE_WAY
from siyu_sandbox.wecom.world import Caller, Corp, Staff

BEIJING = dt.timezone(dt.timedelta(hours=8))
DAY = 86400
MOST_DAYS = 30
KEPT_DAYS = 180


def day_of(second: float) -> int:
    """The second at which the day began in China."""
    there = dt.datetime.fromtimestamp(second, BEIJING).replace(hour=0, minute=0, second=0, microsecond=0)
    return int(there.timestamp())


class Talks:
    """Messages between staff and customers, counted; what they said is not kept by the vendor either."""

    def __init__(self) -> None:
        self.messages: Counter[tuple[int, int]] = Counter()
        self.partners: defaultdict[tuple[int, int], set[int]] = defaultdict(set)
        self.last_staff: dict[int, int] = {}

    def said(self, corp: Corp, staff: Staff, phone: int) -> None:
        """One message in one chat; who chatted last is who delivers group sends."""
        key = (staff.number, day_of(corp.box.clock.now()))
        self.messages[key] += 1
        self.partners[key].add(phone)
        self.last_staff[phone] = staff.number


def behaviour(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_user_behavior_data {userid | partyid, start_time, end_time}."""
    corp = caller.corp
    userids, parties = checks.strings(body, "userid", 100), checks.numbers(body, "partyid")
    if not userids and not parties:
        raise Refusal(40058, "userid and partyid both empty")
    members = {corp.member(userid, 40003).number for userid in userids}
    members |= {staff.number for staff in corp.members_in(parties)}
    days = span(corp, body, "start_time", "end_time")
    return {"behavior_data": [_day(corp, members, day) for day in days]}


def span(corp: Corp, body: Json, begin: str, end: str, kept_days: int = KEPT_DAYS) -> list[int]:
    """The days asked for, at most thirty, none before what is kept."""
    asked, now = (checks.whole(body, begin), checks.whole(body, end, body.get(begin))), corp.box.clock.now()
    if not all(0 <= second <= now + 400 * DAY for second in asked):
        raise Refusal(40058, f"invalid {begin}")
    first, last, today = day_of(asked[0]), day_of(asked[1]), day_of(now)
    if last < first or last - first > MOST_DAYS * DAY or first < today - kept_days * DAY:
        raise Refusal(40058, f"invalid {begin}")
    return list(range(first, last + 1, DAY))


def _day(corp: Corp, members: set[int], day: int) -> Json:
    chats, relations = corp.shelf(Talks), corp.relations
    count = relations.count
    inside = (relations.created[:count] >= day) & (relations.created[:count] < day + DAY)
    mine = inside & np.isin(relations.staff[:count], list(members))
    status = relations.status[:count][mine]
    keys = [(number, day) for number in members]
    return {
        "stat_time": day,
        "chat_cnt": sum(len(chats.partners[key]) for key in keys if key in chats.partners),
        "message_cnt": sum(chats.messages[key] for key in keys if key in chats.messages),
        "reply_percentage": 100.0,
        "avg_reply_time": 1,
        "negative_feedback_cnt": int((status == ONE_WAY).sum()),
        "new_apply_cnt": int(mine.sum()),
        "new_contact_cnt": int(((status == LIVE) | (status == ONE_WAY)).sum()),
    }


ENDPOINTS = (post("externalcontact/get_user_behavior_data", behaviour),)
