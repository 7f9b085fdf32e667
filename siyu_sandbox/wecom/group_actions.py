"""What staff and customers do in customer groups, by hand, so that events follow."""

from __future__ import annotations

from siyu_sandbox.phones import Phone
from siyu_sandbox.registry import Control, ControlFault, Json
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom import groups
from siyu_sandbox.wecom.control import corp_of
from siyu_sandbox.wecom.groups import Chat, Chats
from siyu_sandbox.wecom.world import Corp, Staff, WecomWorld


def chat_in(corp: Corp, body: Json) -> Chat:
    """The group that `chat_id` names."""
    chat = corp.shelf(Chats).all.get(str(body.get("chat_id")))
    if chat is None:
        raise ControlFault(f"no group {body.get('chat_id')}", 404)
    return chat


def _corp_with(box: Sandbox, body: Json) -> tuple[Corp, Chat]:
    world: WecomWorld = box.worlds["wecom"]
    for corp in world.accounts.values():
        if chat := corp.shelf(Chats).all.get(str(body.get("chat_id"))):
            return corp, chat
    raise ControlFault(f"no group {body.get('chat_id')}", 404)


def join_group(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{chat_id, scene?: 1 invited | 2 link | 3 code}."""
    corp, chat = _corp_with(box, body)
    groups.join(corp, chat, phone.id, int(body.get("scene", groups.INVITED)), invitor=chat.owner)
    return {"chat_id": chat.chat_id, "members": len(chat.members)}


def leave_group(box: Sandbox, phone: Phone, body: Json) -> Json:
    """{chat_id}."""
    corp, chat = _corp_with(box, body)
    groups.leave(corp, chat, corp.ids.one(phone.id))
    return {"chat_id": chat.chat_id, "members": len(chat.members)}


def create_chat(corp: Corp, staff: Staff, body: Json) -> Json:
    """{name, phones?: [ids]}: a new group, with friends pulled in."""
    chat = groups.create(corp, staff, body.get("name", "客户群"))
    for phone in body.get("phones") or []:
        groups.join(corp, chat, int(phone), groups.INVITED, invitor=staff.userid)
    return {"chat_id": chat.chat_id}


def remove_member(corp: Corp, staff: Staff, body: Json) -> Json:
    """{chat_id, phone}: out of the group."""
    chat = chat_in(corp, body)
    groups.leave(corp, chat, corp.ids.one(int(body["phone"])), groups.REMOVED)
    return {"chat_id": chat.chat_id}


def change_chat(corp: Corp, staff: Staff, body: Json) -> Json:
    """{chat_id, name? | notice? | owner?}."""
    chat = chat_in(corp, body)
    for name in ("name", "notice", "owner"):
        if name in body:
            setattr(chat, name, body[name])
            groups.change(corp, chat, f"change_{name}")
    return {"chat_id": chat.chat_id}


def dismiss_chat(corp: Corp, staff: Staff, body: Json) -> Json:
    """{chat_id}: the group ends."""
    groups.dismiss(corp, chat_in(corp, body))
    return {"dismissed": body["chat_id"]}


def say_in_chat(box: Sandbox, params: dict[str, str], body: Json) -> Json:
    """POST /sandbox/corps/{corpid}/chats/{chat_id}/messages {count}: people talk; only statistics show it."""
    chat = chat_in(corp_of(box, params["corpid"]), params)
    chat.messages += int(body.get("count", 1))
    return {"messages": chat.messages}


PHONE_ACTIONS = {"join_group": join_group, "leave_group": leave_group}
STAFF_ACTIONS = {
    "create_chat": create_chat,
    "remove_member": remove_member,
    "change_chat": change_chat,
    "dismiss_chat": dismiss_chat,
}
CONTROLS = (Control("POST", "/sandbox/corps/{corpid}/chats/{chat_id}/messages", say_in_chat),)
