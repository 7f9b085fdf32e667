"""What staff and customers do with group sends, moments, handovers and tags, by hand."""

from __future__ import annotations

from siyu_sandbox.phones import Phone
from siyu_sandbox.registry import Control, ControlFault, Json
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom.actions import corp_in
from siyu_sandbox.wecom.control import corp_of
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.moments import Moment, Moments, Part, publish
from siyu_sandbox.wecom.sends import GroupSend, Sends, Task, confirm
from siyu_sandbox.wecom.tags import TagLibrary
from siyu_sandbox.wecom.transfers import REFUSED, WAITING, Transfers, fail
from siyu_sandbox.wecom.world import Corp, Staff


def confirm_task(corp: Corp, staff: Staff, body: Json) -> Json:
    """{msgid} or {moment_id}: the staff member taps send; without either, everything that waits."""
    done = []
    for send in list(corp.shelf(Sends).all.values()):
        wanted = body.get("msgid") == send.msgid or not {"msgid", "moment_id"} & set(body)
        if wanted and staff.userid in send.tasks and confirm(corp, send, send.tasks[staff.userid]):
            done.append(send.msgid)
    for moment in list(corp.shelf(Moments).all.values()):
        wanted = body.get("moment_id") == moment.moment_id or not {"msgid", "moment_id"} & set(body)
        if wanted and staff.userid in moment.parts and publish(corp, moment, moment.parts[staff.userid]):
            done.append(moment.moment_id)
    return {"confirmed": done}


def mass_send(corp: Corp, staff: Staff, body: Json) -> Json:
    """{text}: the staff member's own send (个人群发) to all their customers."""
    content = {"text": {"content": body.get("text", "")}}
    rows = corp.relations.live(corp.relations.of_staff(staff.number))
    task = Task(staff, rows, [])
    second = corp.box.clock.second()
    send = GroupSend(new_id("msg"), "single", second, content, {staff.userid: task}, staff.userid, 1)
    corp.shelf(Sends).all[send.msgid] = send
    confirm(corp, send, task)
    return {"msgid": send.msgid}


def _part_seen(corp: Corp, phone: int, body: Json) -> tuple[Moment, Part]:
    moment = corp.shelf(Moments).all.get(str(body.get("moment_id")))
    for part in moment.parts.values() if moment else ():
        if moment and phone in corp.relations.phone[part.reached]:
            return moment, part
    raise ControlFault("this phone does not see that moment", 409)


def like_moment(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{moment_id}."""
    corp = corp_in(box, body)
    moment, part = _part_seen(corp, phone.id, body)
    part.likes.setdefault(phone.id, box.clock.second())
    return {"moment_id": moment.moment_id, "userid": part.staff.userid}


def comment_moment(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{moment_id}."""
    corp = corp_in(box, body)
    moment, part = _part_seen(corp, phone.id, body)
    part.comments.append((phone.id, box.clock.second()))
    return {"moment_id": moment.moment_id, "userid": part.staff.userid}


def refuse_transfer(box: Sandbox, phone: Phone, body: Json) -> Json:
    """The customer refuses to be handed over; only on the job can they."""
    corp = corp_in(box, body)
    for transfer in corp.shelf(Transfers).all:
        if transfer.phone == phone.id and transfer.status == WAITING and transfer.giver.resigned_at is None:
            fail(corp, transfer, REFUSED)
            return {"refused": transfer.taker.userid}
    raise ControlFault("no handover waits for this phone", 409)


def console_tags(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST /sandbox/corps/{corpid}/tags {op: create|update|delete|shuffle, …}: an administrator edits tags by hand.

    create {group_name, names}, update {id, name}, delete {id}, where id is a tag's or a group's.
    """
    corp, op = corp_of(box, params["corpid"]), body.get("op", "create")
    library, second = corp.shelf(TagLibrary), box.clock.second()
    if op == "create":
        name = body["group_name"]
        group = next((g for g in library.groups.values() if g.name == name), None)
        group = group or library.make_group(name, 0, second)
        made = [library.add(group, name, 0, second).id for name in body["names"]]
        for tag_id in made:
            corp.tell("change_external_tag", "create", Id=tag_id, TagType="tag")
        return {"group_id": group.id, "tag_ids": made}
    if op == "shuffle":
        corp.tell("change_external_tag", "shuffle", Id=body.get("id", ""))
        return {"shuffled": True}
    number = str(body.get("id"))
    if number not in library.groups and number not in library.group_of:
        raise ControlFault(f"no tag or group {number}", 404)
    kind = "tag_group" if number in library.groups else "tag"
    if op == "update":
        holder = library.groups.get(number) or library.group_of[number].tags[number]
        holder.name = body["name"]
    else:
        library.remove(corp, set(library.groups[number].tags) if kind == "tag_group" else {number})
    corp.tell("change_external_tag", op, Id=number, TagType=kind)
    return {op: number}


PHONE_ACTIONS = {
    "like_moment": like_moment,
    "comment_moment": comment_moment,
    "refuse_transfer": refuse_transfer,
}
STAFF_ACTIONS = {"confirm_task": confirm_task, "mass_send": mass_send}
CONTROLS = (Control("POST", "/sandbox/corps/{corpid}/tags", console_tags),)
