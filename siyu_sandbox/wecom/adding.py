"""How a person and a staff member become friends and cease to be: events, welcome codes, capacity."""

from __future__ import annotations

from siyu_sandbox.registry import ControlFault, Json
from siyu_sandbox.wecom.relations import GONE, HALF, LIVE, ONE_WAY
from siyu_sandbox.wecom.welcome import mint
from siyu_sandbox.wecom.world import Corp, Staff

TRANSFERRED = "DELETE_BY_TRANSFER"


def add(
    corp: Corp, staff: Staff, phone: int, state: str = "", way: int = 1, half: bool = False, code: bool = True
) -> Json:
    """The person adds the staff member. Old friends raise no event; who had deleted the staff comes back."""
    relations, now = corp.relations, corp.box.clock.now()
    external_userid = corp.ids.one(phone)
    happened = {"corpid": corp.corpid, "userid": staff.userid, "external_userid": external_userid}
    row = relations.find(staff.number, phone)
    status = None if row is None else int(relations.status[row])
    if status == LIVE:
        return happened | {"result": "already"}
    if is_full(corp, staff):
        return happened | {"result": "full"}
    if row is not None and status in (ONE_WAY, HALF):
        relations.status[row], relations.created[row] = LIVE, int(now)
        relations.state[row], relations.add_way[row] = relations.state_number(state), way
    else:
        row = relations.add(staff.number, phone, now, state, way)
    change = "add_external_contact"
    if half:
        relations.status[row], change = HALF, "add_half_external_contact"
    # After a half add the code has been given out already; protocol: WelcomeCode is missing then.
    minted = mint(corp, staff, phone) if code and status != HALF else None
    corp.tell(
        "change_external_contact",
        change,
        UserID=staff.userid,
        ExternalUserID=external_userid,
        State=state or None,
        WelcomeCode=minted,
    )
    return happened | {"result": "half" if half else "added", "welcome_code": minted}


def is_full(corp: Corp, staff: Staff) -> bool:
    """Whether the staff member can have no further customer."""
    relations = corp.relations
    if relations.count < corp.limits.contacts_per_staff:
        return False
    return len(relations.listed(relations.of_staff(staff.number))) >= corp.limits.contacts_per_staff


def _row(corp: Corp, staff: Staff, phone: int, *allowed: int) -> int:
    row = corp.relations.find(staff.number, phone)
    if row is None or corp.relations.status[row] not in allowed:
        raise ControlFault(f"phone {phone} and {staff.userid} are not friends", 409)
    return row


def customer_deletes(corp: Corp, staff: Staff, phone: int) -> Json:
    """The customer deletes (or blocks) the staff member: the staff's side goes on, nothing arrives any more."""
    corp.relations.status[_row(corp, staff, phone, LIVE)] = ONE_WAY
    corp.tell(
        "change_external_contact",
        "del_follow_user",
        UserID=staff.userid,
        ExternalUserID=corp.ids.one(phone),
    )
    return {"deleted": staff.userid}


def staff_deletes(corp: Corp, staff: Staff, phone: int, source: str | None = None) -> Json:
    """The staff member deletes the customer."""
    corp.relations.status[_row(corp, staff, phone, LIVE, ONE_WAY, HALF)] = GONE
    corp.tell(
        "change_external_contact",
        "del_external_contact",
        UserID=staff.userid,
        ExternalUserID=corp.ids.one(phone),
        Source=source,
    )
    return {"deleted": phone}
