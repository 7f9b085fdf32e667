"""What simulated people do at WeCom with their phones."""

from __future__ import annotations

from siyu_sandbox.phones import Phone
from siyu_sandbox.registry import Action, ControlFault, Json
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom import adding, join_ways, links, ways
from siyu_sandbox.wecom.behaviour import Talks
from siyu_sandbox.wecom.relations import LIVE
from siyu_sandbox.wecom.world import Corp, Staff, WecomWorld


def corp_in(box: Sandbox, body: Json) -> Corp:
    """The corp that `account` or `corpid` names, or the only one there is."""
    world: WecomWorld = box.worlds["wecom"]
    corpid = body.get("account") or body.get("corpid")
    if corpid is None and len(world.accounts) == 1:
        return next(iter(world.accounts.values()))
    if corpid not in world.accounts:
        raise ControlFault(f"no corp {corpid}", 404)
    return world.accounts[corpid]


def staff_in(corp: Corp, body: Json) -> Staff:
    """The staff member that `userid` names."""
    if body.get("userid") not in corp.staff:
        raise ControlFault(f"no staff {body.get('userid')}", 404)
    return corp.staff[body["userid"]]


def scan(box: Sandbox, phone: Phone, code: str, body: Json) -> Json | None:
    """A contact way or join way by its config_id or picture's URL, an acquisition link by its URL."""
    world: WecomWorld = box.worlds["wecom"]
    for corp in world.accounts.values():
        both, acquisition = corp.shelf(ways.Ways), corp.shelf(links.Links).all
        for part in reversed(code.partition("?")[0].split("/")):
            if part in both.contact:
                return ways.scanned(corp, both.contact[part], phone.id, body)
            if part in both.join:
                return join_ways.scanned(corp, both.join[part], phone.id)
            if part in acquisition:
                return links.opened(corp, acquisition[part], phone.id, code)
    return None


def add_staff(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{userid, add_way?, half?, state?, code?: false}: by search, card, group … as `add_way` says."""
    corp = corp_in(box, body)
    way, code = int(body.get("add_way", 2)), bool(body.get("code", True))
    staff = staff_in(corp, body)
    return adding.add(corp, staff, phone.id, body.get("state", ""), way, bool(body.get("half")), code)


def delete_staff(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{userid}: without one, every staff member of the corp whom the person has."""
    corp = corp_in(box, body)
    if "userid" in body:
        return adding.customer_deletes(corp, staff_in(corp, body), phone.id)
    rows = corp.relations.live(corp.relations.of_phone(phone.id)).tolist()
    gone = [corp.roster[corp.relations.staff[row]] for row in rows]
    return {"deleted": [adding.customer_deletes(corp, staff, phone.id)["deleted"] for staff in gone]}


def message(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{userid, text}: the customer writes to a staff member; the corp learns of it only by statistics."""
    corp = corp_in(box, body)
    staff = staff_in(corp, body)
    row = corp.relations.find(staff.number, phone.id)
    if row is None or corp.relations.status[row] != LIVE:
        raise ControlFault("not friends", 409)
    corp.shelf(Talks).said(corp, staff, phone.id)
    return {"said": body.get("text", "")}


ACTIONS: dict[str, Action] = {
    "add_staff": add_staff,
    "delete_staff": delete_staff,
    "block": delete_staff,
    "message": message,
}
