"""What simulated staff do at WeCom: `POST /sandbox/staff/{corpid}/{userid}/{action}`."""

from __future__ import annotations

from collections.abc import Callable

from siyu_sandbox.registry import Control, ControlFault, Json
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom import adding, group_actions, task_actions, team
from siyu_sandbox.wecom.behaviour import Talks
from siyu_sandbox.wecom.control import corp_of
from siyu_sandbox.wecom.relations import HALF, LIVE
from siyu_sandbox.wecom.world import Corp, Staff

StaffAction = Callable[[Corp, Staff, Json], Json]


def phone_in(corp: Corp, body: Json) -> int:
    """The customer whom `phone` or `external_userid` names."""
    phone = body.get("phone") or corp.ids.phone(body.get("external_userid"))
    if not phone:
        raise ControlFault("say which phone or external_userid")
    return int(phone)


def delete_customer(corp: Corp, staff: Staff, body: Json) -> Json:
    """{phone}: the staff member deletes a customer."""
    return adding.staff_deletes(corp, staff, phone_in(corp, body))


def accept_customer(corp: Corp, staff: Staff, body: Json) -> Json:
    """{phone}: confirms a half-added customer; the welcome code was given out with the half add."""
    phone = phone_in(corp, body)
    row = corp.relations.find(staff.number, phone)
    if row is None or corp.relations.status[row] != HALF:
        raise ControlFault("nothing to accept", 409)
    return adding.add(corp, staff, phone, corp.relations.state_of(row), int(corp.relations.add_way[row]))


def edit_customer(corp: Corp, staff: Staff, body: Json) -> Json:
    """{phone, remark?, description?, remark_mobiles?, tags?}: by hand, so it raises an event unless only the
    phone numbers changed."""
    phone = phone_in(corp, body)
    row = corp.relations.find(staff.number, phone)
    if row is None or corp.relations.status[row] != LIVE:
        raise ControlFault("not friends", 409)
    detail = corp.relations.detail(row)
    changed = [n for n in ("remark", "description", "remark_mobiles", "tags") if n in body]
    for name in changed:
        setattr(detail, name, body[name])
    if set(changed) - {"remark_mobiles"}:
        told = {"UserID": staff.userid, "ExternalUserID": corp.ids.one(phone)}
        corp.tell("change_external_contact", "edit_external_contact", **told)
    return {"changed": changed}


def say(corp: Corp, staff: Staff, body: Json) -> Json:
    """{phone, text}: a message by hand."""
    phone = phone_in(corp, body)
    corp.shelf(Talks).said(corp, staff, phone)
    corp.box.phones.deliver(phone, "wecom", corp.corpid, staff.userid, "chat", body.get("text", ""))
    return {"said": body.get("text", "")}


def resign(corp: Corp, staff: Staff, body: Json) -> Json:
    """The staff member leaves the corp."""
    team.leave(corp, staff)
    corp.tell("change_contact", "delete_user", UserID=staff.userid)
    return {"resigned": staff.userid}


def change(corp: Corp, staff: Staff, body: Json) -> Json:
    """{external?, active?, real_name?, refuses_transfer?, name?, department?}; name and department are told."""
    names = ("external", "active", "real_name", "refuses_transfer", "name", "department", "mobile")
    changed = [name for name in names if name in body]
    for name in changed:
        setattr(staff, name, body[name])
    if {"name", "department"} & set(changed):
        departments = ",".join(map(str, staff.department))
        told = {"UserID": staff.userid, "Name": staff.name, "Department": departments}
        corp.tell("change_contact", "update_user", **told)
    return {"changed": changed}


STAFF_ACTIONS: dict[str, StaffAction] = {
    "delete_customer": delete_customer,
    "accept_customer": accept_customer,
    "edit_customer": edit_customer,
    "say": say,
    "resign": resign,
    "change": change,
    **group_actions.STAFF_ACTIONS,
    **task_actions.STAFF_ACTIONS,
}


def act(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """Do it."""
    corp = corp_of(box, params["corpid"])
    action = STAFF_ACTIONS.get(params["action"])
    if action is None:
        raise ControlFault(f"staff can {', '.join(STAFF_ACTIONS)}", 404)
    if params["userid"] not in corp.staff:
        raise ControlFault(f"no staff {params['userid']}", 404)
    return action(corp, corp.staff[params["userid"]], body)


def hire(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST /sandbox/staff/{corpid} {userid, name, department?, …}: a new member, told as create_user."""
    corp = corp_of(box, params["corpid"])
    if body.get("userid") in corp.staff:
        raise ControlFault("there is one already", 409)
    staff = corp.hire(**body)
    departments = ",".join(map(str, staff.department))
    told = {"UserID": staff.userid, "Name": staff.name, "Department": departments}
    corp.tell("change_contact", "create_user", **told)
    return {"hired": staff.userid}


CONTROLS = (
    Control("POST", "/sandbox/staff/{corpid}", hire),
    Control("POST", "/sandbox/staff/{corpid}/{userid}/{action}", act),
)
