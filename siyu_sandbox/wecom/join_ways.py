"""Join ways (入群活码): a code whose scanner comes into one of at most five groups."""

from __future__ import annotations

from siyu_sandbox.registry import ControlFault, Json, Refusal
from siyu_sandbox.wecom import checks, groups
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.groups import Chats
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.ways import MINI_PROGRAM, QR, QR_URL, Way, Ways
from siyu_sandbox.wecom.world import Caller, Corp

CHATS = 5
ROOM_NAME_CHARACTERS = 40


def _checked(corp: Corp, body: Json) -> Json:
    chat_ids = checks.strings(body, "chat_id_list", CHATS, 41091)
    if not chat_ids:
        raise Refusal(40058, "chat_id_list missing")
    for chat_id in chat_ids:
        groups.chat_of(corp, chat_id)
    scene = checks.whole(body, "scene", 0)
    if scene not in (MINI_PROGRAM, QR):
        raise Refusal(41040, "invalid scene")
    name = checks.text(body, "room_base_name")
    return {
        "scene": scene,
        # Longer remarks are cut, not refused.
        "remark": checks.text(body, "remark")[: corp.limits.way_remark_characters],
        "auto_create_room": checks.whole(body, "auto_create_room", 1),
        "room_base_name": checks.at_most_characters(name, ROOM_NAME_CHARACTERS, "room_base_name"),
        "room_base_id": checks.whole(body, "room_base_id", 1),
        "chat_id_list": chat_ids,
        "state": checks.at_most_characters(checks.text(body, "state"), corp.limits.state_characters, "state"),
        "mark_source": bool(body.get("mark_source", True)),
    }


def add(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST groupchat/add_join_way."""
    corp, shelf = caller.corp, caller.corp.shelf(Ways)
    shelf.check_budget(corp)
    fields = _checked(corp, body)
    config_id = new_id("", 32)
    fields["qr_code"] = QR_URL.format(config_id)
    shelf.join[config_id] = Way(config_id, corp.box.clock.second(), fields)
    return {"config_id": config_id}


def _way(corp: Corp, body: Json) -> Way:
    found = corp.shelf(Ways).join.get(checks.text(body, "config_id", 41043))
    if found is None:
        raise Refusal(41044, "invalid config_id")
    return found


def get_way(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST groupchat/get_join_way {config_id}."""
    return {"join_way": _way(caller.corp, body).shown()}


def update(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST groupchat/update_join_way: replaces everything."""
    way = _way(caller.corp, body)
    way.fields.update(_checked(caller.corp, body))


def delete(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST groupchat/del_join_way {config_id}."""
    del caller.corp.shelf(Ways).join[_way(caller.corp, body).config_id]


def scanned(corp: Corp, way: Way, phone: int) -> Json:
    """A phone scans: the first group with room takes it, else a new one where that is allowed."""
    fields, chats = way.fields, corp.shelf(Chats).all
    open_chats = [chats[one] for one in fields["chat_id_list"] if one in chats]
    chat = next((c for c in open_chats if len(c.members) < corp.limits.group_scan_members), None)
    if chat is None:
        if not fields["auto_create_room"] or not open_chats or len(fields["chat_id_list"]) >= CHATS:
            raise ControlFault("every group of this code is full", 409)
        owner = corp.staff[open_chats[0].owner]
        number = fields["room_base_id"] + len(fields["chat_id_list"])
        chat = groups.create(corp, owner, f"{fields['room_base_name'] or '客户群'}{number}")
        fields["chat_id_list"].append(chat.chat_id)
    groups.join(corp, chat, phone, groups.SCANNED, fields["state"])
    return {"result": "joined", "chat_id": chat.chat_id, "corpid": corp.corpid}


ENDPOINTS = (
    post("externalcontact/groupchat/add_join_way", add),
    post("externalcontact/groupchat/get_join_way", get_way),
    post("externalcontact/groupchat/update_join_way", update),
    post("externalcontact/groupchat/del_join_way", delete),
)
