"""Group sends, the calls: making a task is not sending; results are polled."""

from __future__ import annotations

from typing import Any

import numpy as np

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks, messages
from siyu_sandbox.wecom.behaviour import Talks
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.groups import Chats
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.relations import LIVE, Rows
from siyu_sandbox.wecom.sends import TASK_UNSENT, UNSENT, GroupSend, Sends, Task, consider, plan
from siyu_sandbox.wecom.tags import TagLibrary
from siyu_sandbox.wecom.world import Caller, Corp, Staff

DAY = 86400
MONTH = 31 * DAY
FILTER_TAGS = 100
NOBODY: Rows = np.zeros(0, np.int64)


def add(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST add_msg_template."""
    corp = caller.corp
    kind = checks.text(body, "chat_type", default="single")
    if kind not in ("single", "group"):
        raise Refusal(40058, "invalid chat_type")
    if body.get("allow_select") and kind == "group":
        raise Refusal(40058, "allow_select is for single only")
    said = messages.content(corp, body)
    tasks, failed = _chat_tasks(corp, body) if kind == "group" else _customer_tasks(corp, body)
    if not tasks:
        raise Refusal(41048, "no customer to send", fail_list=failed)
    send = GroupSend(new_id("msg"), kind, corp.box.clock.second(), said, tasks)
    corp.shelf(Sends).all[send.msgid] = send
    plan(corp, send)
    return {"fail_list": failed, "msgid": send.msgid}


def _chat_tasks(corp: Corp, body: Json) -> tuple[dict[str, Task], list[str]]:
    staff = corp.member(checks.text(body, "sender", 40058), 40003)
    wanted = checks.strings(body, "chat_id_list", corp.limits.send_chats)
    owned = [chat.chat_id for chat in corp.shelf(Chats).all.values() if chat.owner == staff.userid]
    failed = [chat_id for chat_id in wanted if chat_id not in owned]
    chosen = [chat_id for chat_id in wanted if chat_id in owned] if wanted else owned
    return ({staff.userid: Task(staff, NOBODY, chosen)} if chosen else {}), failed


def _customer_tasks(corp: Corp, body: Json) -> tuple[dict[str, Task], list[str]]:
    ids = checks.strings(body, "external_userid", corp.limits.send_contacts)
    sender = checks.text(body, "sender")
    wanted_tags = _tag_filter(corp, body)
    staff = corp.member(sender, 40003) if sender else None
    if ids:
        return _by_staff(corp, *_listed(corp, ids, staff))
    if staff is None and wanted_tags is None:
        raise Refusal(40058, "external_userid and sender both empty")
    relations = corp.relations
    rows = relations.of_staff(staff.number) if staff else np.arange(relations.count)
    rows = relations.live(rows)
    if wanted_tags is not None:
        rows = np.array([row for row in rows.tolist() if _tagged(corp, row, wanted_tags)], np.int64)
    return _by_staff(corp, rows, [])


def _listed(corp: Corp, ids: list[str], staff: Staff | None) -> tuple[Rows, list[str]]:
    """Rows of named customers: of the sender, or of whoever chatted with each of them last."""
    rows, failed = [], []
    for external_userid in dict.fromkeys(ids):
        phone = corp.ids.phone(external_userid)
        row = None if phone is None else _row(corp, phone, staff)
        if row is None:
            failed.append(external_userid)
        else:
            rows.append(row)
    return np.array(rows, np.int64), failed


def _row(corp: Corp, phone: int, staff: Staff | None) -> int | None:
    relations = corp.relations
    number = staff.number if staff else corp.shelf(Talks).last_staff.get(phone)
    if number is not None:
        row = relations.find(number, phone)
        if row is not None and relations.status[row] == LIVE:
            return row
        if staff:
            return None
    living = relations.live(relations.of_phone(phone))
    return int(living[-1]) if len(living) else None


def _by_staff(corp: Corp, rows: Rows, failed: list[str]) -> tuple[dict[str, Task], list[str]]:
    owners = corp.relations.staff[rows]
    tasks = {}
    for number in np.unique(owners).tolist():
        staff = corp.roster[number]
        if staff.resigned_at is None:
            tasks[staff.userid] = Task(staff, rows[owners == number], [])
    return tasks, failed


def _tag_filter(corp: Corp, body: Json) -> list[set[str]] | None:
    """OR inside a group, AND across groups."""
    groups = checks.records(checks.record(body, "tag_filter"), "group_list")
    if not groups:
        return None
    found = [set(checks.strings(group, "tag_list", FILTER_TAGS)) for group in groups]
    known = set(corp.shelf(TagLibrary).group_of)
    if any(not tags <= known for tags in found):
        raise Refusal(40068, "invalid tag id")
    return found


def _tagged(corp: Corp, row: int, groups: list[set[str]]) -> bool:
    detail = corp.relations.details.get(row)
    return detail is not None and all(tags & set(detail.tags) for tags in groups)


def send_of(corp: Corp, body: Json) -> GroupSend:
    """The send that a call names, once it has been dispatched."""
    found = corp.shelf(Sends).all.get(checks.text(body, "msgid", 41046))
    if found is None:
        raise Refusal(41047, "invalid msgid")
    if corp.box.clock.now() < found.created + corp.limits.send_dispatch_seconds:
        raise Refusal(41063, "group msg is dispatching, try again later")
    return found


def listing(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_groupmsg_list_v2 {chat_type, start_time, end_time, creator, filter_type, limit ≤100, cursor}."""
    kind = checks.text(body, "chat_type", 40058)
    start, end = checks.whole(body, "start_time"), checks.whole(body, "end_time")
    if end < start or end - start > MONTH:
        raise Refusal(40058, "time span over a month")
    creator, wanted = checks.text(body, "creator"), checks.whole(body, "filter_type", 2)
    rows = [
        send
        for send in caller.corp.shelf(Sends).all.values()
        if send.chat_type == kind
        and start <= send.created <= end
        and creator in ("", send.creator)
        and wanted in (2, send.create_type)
    ]
    page, cursor = checks.slice_page(rows, body, 50, 100)
    return {"group_msg_list": [send.shown() for send in page], "next_cursor": cursor}


def tasks(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_groupmsg_task {msgid, limit ≤1000, cursor}: who has confirmed."""
    send = send_of(caller.corp, body)
    page, cursor = checks.slice_page(list(send.tasks.values()), body, 500, 1000)
    shown = []
    for task in page:
        sent = {"send_time": task.sent_at} if task.sent_at else {}
        shown.append({"userid": task.staff.userid, "status": task.status, **sent})
    return {"task_list": shown, "next_cursor": cursor}


def results(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_groupmsg_send_result {msgid, userid, limit ≤1000, cursor}: what became of each customer."""
    corp, send = caller.corp, send_of(caller.corp, body)
    task = send.tasks.get(checks.text(body, "userid", 40003))
    if task is None:
        raise Refusal(40003, "userid is no sender of this msg")
    page, cursor = checks.slice_page(list(range(len(task.ended))), body, 500, 1000)
    return {"send_list": _ended(corp, task, page), "next_cursor": cursor}


def _ended(corp: Corp, task: Task, places: list[int]) -> list[Json]:
    if task.chats:
        names: list[dict[str, Any]] = [{"chat_id": task.chats[place]} for place in places]
    else:
        ids = corp.ids.many(corp.relations.phone[task.rows[places]].tolist())
        names = [{"external_userid": one} for one in ids]
    shown = []
    for name, status in zip(names, task.ended[places].tolist(), strict=True):
        sent = {"send_time": task.sent_at} if status != UNSENT else {}
        shown.append({**name, "userid": task.staff.userid, "status": status, **sent})
    return shown


def old_result(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_group_msg_result {msgid}: the older call, still used by clients."""
    send = send_of(caller.corp, body)
    details = [
        row for task in send.tasks.values() for row in _ended(caller.corp, task, list(range(len(task.ended))))
    ]
    return {"check_status": 1, "detail_list": details}


def remind(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST remind_groupmsg_send {msgid}: at most three in 24 hours; who forgot thinks again."""
    corp, send = caller.corp, send_of(caller.corp, body)
    if send.cancelled:
        raise Refusal(41093, "group msg cancelled")
    now = corp.box.clock.now()
    recent = [at for at in send.reminders if at > now - DAY]
    if len(recent) >= corp.limits.reminders_per_day:
        raise Refusal(41094, "remind over limit")
    send.reminders = [*recent, now]
    for task in send.tasks.values():
        if task.status == TASK_UNSENT:
            consider(corp, send, task)


def cancel(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST cancel_groupmsg_send {msgid}: stops what is unsent, recalls nothing."""
    send = send_of(caller.corp, body)
    if send.cancelled:
        raise Refusal(41093, "group msg cancelled")
    send.cancelled = True


ENDPOINTS = (
    post("externalcontact/add_msg_template", add),
    post("externalcontact/get_groupmsg_list_v2", listing),
    post("externalcontact/get_groupmsg_task", tasks),
    post("externalcontact/get_groupmsg_send_result", results),
    post("externalcontact/get_group_msg_result", old_result),
    post("externalcontact/remind_groupmsg_send", remind),
    post("externalcontact/cancel_groupmsg_send", cancel),
)
