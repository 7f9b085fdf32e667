"""Staff and departments (成员, 部门)."""

from __future__ import annotations

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.endpoints import get, post
from siyu_sandbox.wecom.world import Caller, Corp, Department, Staff

ACTIVE, INACTIVE = 1, 4


def shown(staff: Staff) -> Json:
    """A staff member as user/get answers it; private fields need the member's own consent since 2022."""
    return {
        "userid": staff.userid,
        "name": staff.name,
        "department": staff.department,
        "order": [0] * len(staff.department),
        "position": staff.position,
        "status": ACTIVE if staff.active else INACTIVE,
        "isleader": 0,
        "is_leader_in_dept": [0] * len(staff.department),
        "main_department": staff.department[0],
        "alias": staff.alias,
        "enable": 1,
        "hide_mobile": 0,
        "telephone": "",
        "extattr": {"attrs": []},
    }


def user_get(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET user/get?userid."""
    return shown(caller.corp.member(query.get("userid")))


def _departments(corp: Corp, query: dict[str, str]) -> list[int]:
    number = checks.whole(query, "department_id", 1)
    if number not in corp.departments:
        raise Refusal(60003, "department not found")
    return [number]


def _members(caller: Caller, query: dict[str, str]) -> list[Staff]:
    chosen = _departments(caller.corp, query)
    if query.get("fetch_child") == "1" or "fetch_child" not in query:
        return caller.corp.members_in(chosen)
    return [staff for staff in caller.corp.staff.values() if chosen[0] in staff.department]


def user_list(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET user/list?department_id&fetch_child."""
    return {"userlist": [shown(staff) for staff in _members(caller, query)]}


def simple_list(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET user/simplelist?department_id&fetch_child."""
    rows = _members(caller, query)
    return {"userlist": [{"userid": s.userid, "name": s.name, "department": s.department} for s in rows]}


def list_id(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST user/list_id {cursor, limit}: one row per member and department."""
    pairs = [
        {"userid": staff.userid, "department": number}
        for staff in caller.corp.staff.values()
        for number in staff.department
    ]
    rows, cursor = checks.slice_page(pairs, body, 10_000, 10_000)
    return {"dept_user": rows, "next_cursor": cursor}


def by_mobile(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST user/getuserid {mobile}."""
    mobile = checks.text(body, "mobile", 40058)
    for staff in caller.corp.staff.values():
        if staff.mobile == mobile:
            return {"userid": staff.userid}
    raise Refusal(46004, "user no exist")


def create(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST user/create."""
    userid = checks.text(body, "userid", 40003)
    if userid in caller.corp.staff:
        raise Refusal(60102, "userid existed")
    name = checks.text(body, "name", 40058)
    caller.corp.hire(userid, name, _departments_given(caller.corp, body) or [1], **_words(body))


def update(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST user/update."""
    staff = caller.corp.member(body.get("userid"))
    departments, words = _departments_given(caller.corp, body), _words(body)
    staff.name = checks.text(body, "name", default=staff.name)
    staff.department = departments or staff.department
    for name, value in words.items():
        setattr(staff, name, value)


def _words(body: Json) -> dict[str, str]:
    """The optional texts of a member that are given."""
    return {key: checks.text(body, key) for key in ("mobile", "position", "email", "alias") if key in body}


def _departments_given(corp: Corp, body: Json) -> list[int]:
    """The departments given, all known."""
    found = checks.numbers(body, "department")
    if unknown := [one for one in found if one not in corp.departments]:
        raise Refusal(60003, f"department {unknown[0]} not found")
    return found


def delete(caller: Caller, query: dict[str, str], body: Json) -> None:
    """GET user/delete?userid: the member is gone, the customers wait for somebody."""
    leave(caller.corp, caller.corp.member(query.get("userid")))


def leave(corp: Corp, staff: Staff) -> None:
    """The member leaves the corp; relations stay under the old number until they are handed over."""
    staff.resigned_at = corp.box.clock.now()
    del corp.staff[staff.userid]


def department_list(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET department/list?id."""
    return {"department": [_department(one) for one in _below(caller.corp, query)]}


def department_simple(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET department/simplelist?id."""
    rows = _below(caller.corp, query)
    return {"department_id": [{"id": d.id, "parentid": d.parentid, "order": d.order} for d in rows]}


def department_get(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET department/get?id."""
    found = caller.corp.departments.get(checks.whole(query, "id"))
    if found is None:
        raise Refusal(60003, "department not found")
    return {"department": _department(found)}


def _below(corp: Corp, query: dict[str, str]) -> list[Department]:
    wanted = {checks.whole(query, "id", 1)}
    if not wanted & set(corp.departments):
        raise Refusal(60003, "department not found")
    while more := {d.id for d in corp.departments.values() if d.parentid in wanted} - wanted:
        wanted |= more
    return [one for one in corp.departments.values() if one.id in wanted]


def _department(one: Department) -> Json:
    return {
        "id": one.id,
        "name": one.name,
        "name_en": "",
        "department_leader": [],
        "parentid": one.parentid,
        "order": one.order,
    }


def department_create(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST department/create {name, parentid, order?, id?}."""
    corp = caller.corp
    name = checks.at_most_characters(checks.text(body, "name", 40058), 64, "name", 60001)
    parent = checks.whole(body, "parentid")
    if parent not in corp.departments:
        raise Refusal(60004, "parent department not found")
    number = checks.whole(body, "id", max(corp.departments) + 1)
    if number in corp.departments:
        raise Refusal(60008, "department existed")
    corp.departments[number] = Department(number, name, parent, checks.whole(body, "order", 0))
    return {"id": number}


ENDPOINTS = (
    get("user/get", user_get),
    get("user/list", user_list),
    get("user/simplelist", simple_list),
    post("user/list_id", list_id),
    post("user/getuserid", by_mobile),
    post("user/create", create),
    post("user/update", update),
    get("user/delete", delete),
    get("department/list", department_list),
    get("department/simplelist", department_simple),
    get("department/get", department_get),
    post("department/create", department_create),
)
