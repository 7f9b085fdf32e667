"""Contact ways (活码, 「联系我」): a code whose scanner adds one of its staff."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from siyu_sandbox.registry import ControlFault, Json, Refusal
from siyu_sandbox.wecom import adding, checks
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Caller, Corp, Staff

SINGLE, MULTI = 1, 2
MINI_PROGRAM, QR = 1, 2
DAY = 86400
LISTED_DAYS = 90
QR_URL = "https://wework.qpic.cn/wwpic/{}/0"
SCANNED = 1


@dataclass
class Way:
    """One contact way; `fields` as given and completed."""

    config_id: str
    created: int
    fields: Json = field(default_factory=dict)

    def shown(self) -> Json:
        """As get_contact_way answers it."""
        return {"config_id": self.config_id, **self.fields}


class Ways:
    """Contact ways and join ways share one budget of ids."""

    def __init__(self) -> None:
        self.contact: dict[str, Way] = {}
        self.join: dict[str, Way] = {}

    def check_budget(self, corp: Corp) -> None:
        """500,000 of both kinds by API; they are shown nowhere else."""
        if len(self.contact) + len(self.join) >= corp.limits.ways:
            raise Refusal(41045, "contact way over limit")


def _checked(corp: Corp, body: Json, kind: int, temporary: bool) -> Json:
    """The fields that add and update share."""
    limits = corp.limits
    remark = checks.text(body, "remark")
    checks.at_most_characters(remark, limits.way_remark_characters, "remark")
    state = checks.at_most_characters(checks.text(body, "state"), limits.state_characters, "state")
    users, parties = checks.strings(body, "user"), checks.numbers(body, "party")
    _check_staff(corp, kind, users, parties)
    found: Json = {"remark": remark, "state": state, "user": users, "party": parties}
    found["skip_verify"] = bool(body.get("skip_verify", True))
    found["is_exclusive"] = bool(body.get("is_exclusive", False))
    found["mark_source"] = bool(body.get("mark_source", True))
    if temporary:
        found["expires_in"] = _span(body, "expires_in", 7 * DAY)
        found["chat_expires_in"] = _span(body, "chat_expires_in", DAY)
        found["unionid"] = checks.text(body, "unionid")
        found["conclusions"] = checks.record(body, "conclusions")
    return found


def _span(body: Json, name: str, default: int) -> int:
    seconds = checks.whole(body, name, default)
    if not 0 < seconds <= 14 * DAY:
        raise Refusal(40058, f"invalid {name}")
    return seconds


def _check_staff(corp: Corp, kind: int, users: list[str], parties: list[int]) -> None:
    if kind == SINGLE and (len(users) != 1 or parties):
        raise Refusal(40058, "type single needs exactly one user")
    if not users and not parties:
        raise Refusal(40058, "user and party both empty")
    if unknown := [one for one in parties if one not in corp.departments]:
        raise Refusal(60003, f"department {unknown[0]} not found")
    members = {staff.userid: staff for staff in corp.members_in(parties)}
    members |= {userid: corp.member(userid, 40003) for userid in users}
    if len(members) > corp.limits.way_users:
        raise Refusal(41041, "contact way user count over limit")
    for staff in members.values():
        if not staff.active:
            raise Refusal(41054, "user not activated")
        if not staff.external:
            raise Refusal(84074, "no permission of external contact")
        if not staff.real_name:
            raise Refusal(40098, "user not real-name")


def add_way(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST add_contact_way."""
    corp, shelf = caller.corp, caller.corp.shelf(Ways)
    shelf.check_budget(corp)
    kind, scene = checks.whole(body, "type", 0), checks.whole(body, "scene", 0)
    if kind not in (SINGLE, MULTI):
        raise Refusal(40058, "invalid type")
    if scene not in (MINI_PROGRAM, QR):
        raise Refusal(41040, "invalid contact way scene")
    style = checks.whole(body, "style", 1)
    if scene == MINI_PROGRAM and style not in (1, 2, 3):
        raise Refusal(41042, "invalid contact way style")
    temporary = bool(body.get("is_temp", False))
    if temporary and kind != SINGLE:
        raise Refusal(40058, "temporary session must be single")
    config_id = new_id("", 32)
    fields: Json = {"type": kind, "scene": scene, "is_temp": temporary}
    if scene == MINI_PROGRAM:
        fields["style"] = style
    fields |= _checked(corp, body, kind, temporary)
    if scene == QR:
        fields["qr_code"] = QR_URL.format(config_id)
    shelf.contact[config_id] = Way(config_id, corp.box.clock.second(), fields)
    answer = {"config_id": config_id}
    return answer | ({"qr_code": fields["qr_code"]} if scene == QR else {})


def way_of(corp: Corp, body: Json) -> Way:
    """The way that a call names."""
    config_id = checks.text(body, "config_id", 41043)
    found = corp.shelf(Ways).contact.get(config_id)
    if found is None:
        raise Refusal(41044, "invalid config_id")
    return found


def get_way(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST get_contact_way {config_id}."""
    return {"contact_way": way_of(caller.corp, body).shown()}


def update_way(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST update_contact_way: what is given replaces; type, scene and is_temp stay."""
    way = way_of(caller.corp, body)
    merged = {**way.fields, **body}
    fresh = _checked(caller.corp, merged, way.fields["type"], way.fields["is_temp"])
    way.fields.update(fresh)


def list_ways(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST list_contact_way {start_time, end_time, cursor, limit ≤1000}; by default the last 90 days."""
    now = caller.corp.box.clock.second()
    start = checks.whole(body, "start_time", now - LISTED_DAYS * DAY)
    end = checks.whole(body, "end_time", now)
    rows = [w for w in caller.corp.shelf(Ways).contact.values() if start <= w.created <= end]
    page, cursor = checks.slice_page(rows, body, 100, 1000)
    answer: Json = {"contact_way": [{"config_id": way.config_id} for way in page]}
    return answer | ({"next_cursor": cursor} if cursor else {})


def delete_way(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST del_contact_way {config_id}."""
    del caller.corp.shelf(Ways).contact[way_of(caller.corp, body).config_id]


def close_temp_chat(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST close_temp_chat {userid, external_userid}."""
    corp = caller.corp
    staff = corp.member(checks.text(body, "userid", 40003), 40003)
    if corp.relations.find(staff.number, corp.contact(body.get("external_userid"))) is None:
        raise Refusal(84061, "not external contact")


def staff_of(corp: Corp, way: Way, phone: int) -> Staff | None:
    """Who answers: somebody able to, and with `is_exclusive` the one who has the customer already."""
    able = {userid: corp.staff[userid] for userid in way.fields["user"] if userid in corp.staff}
    able |= {staff.userid: staff for staff in corp.members_in(way.fields["party"])}
    members = [staff for staff in able.values() if staff.external and staff.active]
    if way.fields["is_exclusive"]:
        for staff in members:
            row = corp.relations.find(staff.number, phone)
            if row is not None and corp.relations.status[row] == 0:
                return staff
    return corp.random.choice(members) if members else None


def named(corp: Corp, code: str) -> Way | None:
    """The contact way of a config_id or of its picture's URL."""
    known = corp.shelf(Ways).contact
    return next((known[part] for part in reversed(code.partition("?")[0].split("/")) if part in known), None)


def scanned(corp: Corp, way: Way, phone: int, wish: dict[str, Any]) -> Json:
    """A phone scans the way's code."""
    staff = staff_of(corp, way, phone)
    if staff is None:
        raise ControlFault("nobody answers this code", 409)
    state, add_by = way.fields["state"], int(wish.get("add_way", SCANNED))
    if way.fields["skip_verify"]:
        return adding.add(corp, staff, phone, state, add_by, half=bool(wish.get("half")))
    corp.box.clock.after(corp.habits.accept_seconds, lambda: _accept(corp, staff, phone, state, add_by))
    return {"result": "requested", "userid": staff.userid}


def _accept(corp: Corp, staff: Staff, phone: int, state: str, add_by: int) -> None:
    adding.add(corp, staff, phone, state, add_by)


ENDPOINTS = (
    post("externalcontact/add_contact_way", add_way),
    post("externalcontact/get_contact_way", get_way),
    post("externalcontact/update_contact_way", update_way),
    post("externalcontact/list_contact_way", list_ways),
    post("externalcontact/del_contact_way", delete_way),
    post("externalcontact/close_temp_chat", close_temp_chat),
)
