"""Customer groups (客户群): chats with an owner, members of staff and customers, versions, events."""

from __future__ import annotations

from dataclasses import dataclass, field

from siyu_sandbox.registry import ControlFault, Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Caller, Corp, Staff

STAFF, EXTERNAL = 1, 2
INVITED, LINK, SCANNED = 1, 2, 3
LEFT, REMOVED = 0, 1
NORMAL, OWNER_LEFT, TRANSFERRING, TRANSFERRED = range(4)
STAFF_WITHOUT_FILTER = 1000


@dataclass
class Member:
    """One member: `phone` for customers."""

    userid: str
    type: int
    joined: int
    scene: int
    phone: int = 0
    invitor: str = ""
    nickname: str = ""
    state: str = ""


@dataclass
class Chat:
    """One group chat."""

    chat_id: str
    name: str
    owner: str
    created: int
    notice: str = ""
    members: dict[str, Member] = field(default_factory=dict)
    admins: list[str] = field(default_factory=list)
    version: int = 0
    status: int = NORMAL
    messages: int = 0
    joins: list[int] = field(default_factory=list)

    def phones(self) -> list[int]:
        """The customers in it."""
        return [member.phone for member in self.members.values() if member.type == EXTERNAL]

    @property
    def member_version(self) -> str:
        """Changes with every change of members."""
        return f"{self.chat_id[-8:]}{self.version:08d}"


class Chats:
    """The groups of a corp."""

    def __init__(self) -> None:
        self.all: dict[str, Chat] = {}


def create(corp: Corp, owner: Staff, name: str, tell: bool = True) -> Chat:
    """A new group with its owner in it."""
    now = corp.box.clock.second()
    chat = Chat(new_id("wr"), name, owner.userid, now)
    chat.members[owner.userid] = Member(owner.userid, STAFF, now, INVITED)
    corp.shelf(Chats).all[chat.chat_id] = chat
    if tell:
        corp.tell("change_external_chat", "create", ChatId=chat.chat_id)
    return chat


def join(
    corp: Corp, chat: Chat, phone: int, scene: int = SCANNED, state: str = "", invitor: str = ""
) -> None:
    """A customer comes in."""
    external_userid = corp.ids.one(phone)
    if external_userid in chat.members:
        raise ControlFault("in it already", 409)
    limit = corp.limits.group_members if scene == INVITED else corp.limits.group_scan_members
    if len(chat.members) >= limit:
        raise ControlFault("the group is full", 409)
    now = corp.box.clock.second()
    chat.members[external_userid] = Member(external_userid, EXTERNAL, now, scene, phone, invitor, "", state)
    chat.joins.append(now)
    _members_changed(corp, chat, "add_member", [external_userid], JoinScene=0 if scene == INVITED else scene)


def leave(corp: Corp, chat: Chat, userid: str, scene: int = LEFT) -> None:
    """Somebody goes, or is removed by staff."""
    if chat.members.pop(userid, None) is None:
        raise ControlFault("not in it", 409)
    _members_changed(corp, chat, "del_member", [userid], QuitScene=scene)


def _members_changed(corp: Corp, chat: Chat, detail: str, userids: list[str], **scene: int) -> None:
    last, chat.version = chat.member_version, chat.version + 1
    corp.tell(
        "change_external_chat",
        "update",
        ChatId=chat.chat_id,
        UpdateDetail=detail,
        **scene,
        MemChangeCnt=len(userids),
        MemChangeList=userids,
        LastMemVer=last,
        CurMemVer=chat.member_version,
    )


def change(corp: Corp, chat: Chat, detail: str) -> None:
    """Name, notice or owner changed by hand."""
    corp.tell("change_external_chat", "update", ChatId=chat.chat_id, UpdateDetail=detail)


def dismiss(corp: Corp, chat: Chat) -> None:
    """The owner closes the group."""
    del corp.shelf(Chats).all[chat.chat_id]
    corp.tell("change_external_chat", "dismiss", ChatId=chat.chat_id)


def listing(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST groupchat/list {status_filter, owner_filter{userid_list ≤100}, cursor, limit 1..1000}."""
    corp = caller.corp
    wanted = checks.whole(body, "status_filter", 0)
    limit = checks.whole(body, "limit")
    if not 1 <= limit <= 1000 or wanted not in range(4):
        raise Refusal(40058, "invalid limit or status_filter")
    owners = set(checks.strings(checks.record(body, "owner_filter"), "userid_list", 100))
    if not owners and len(corp.staff) > STAFF_WITHOUT_FILTER:
        raise Refusal(81017, "too many users in range, give owner_filter")
    rows = [
        {"chat_id": chat.chat_id, "status": chat.status}
        for chat in corp.shelf(Chats).all.values()
        if (not owners or chat.owner in owners) and wanted in (0, chat.status)
    ]
    page, cursor = checks.slice_page(rows, body, 1000, 1000)
    return {"group_chat_list": page} | ({"next_cursor": cursor} if cursor else {})


def chat_of(corp: Corp, chat_id: str) -> Chat:
    """The group, or 40050."""
    found = corp.shelf(Chats).all.get(chat_id)
    if found is None:
        raise Refusal(40050, "chatid not exist")
    return found


def details(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST groupchat/get {chat_id, need_name}."""
    corp = caller.corp
    chat = chat_of(corp, checks.text(body, "chat_id", 40050))
    names = checks.whole(body, "need_name", 0) == 1
    found = {
        "chat_id": chat.chat_id,
        "name": chat.name,
        "owner": chat.owner,
        "create_time": chat.created,
        "notice": chat.notice,
        "member_list": [_member(corp, member, names) for member in chat.members.values()],
        "admin_list": [{"userid": userid} for userid in chat.admins],
        "member_version": chat.member_version,
    }
    return {"group_chat": found}


def _member(corp: Corp, member: Member, names: bool) -> Json:
    found: Json = {
        "userid": member.userid,
        "type": member.type,
        "join_time": member.joined,
        "join_scene": member.scene,
        "group_nickname": member.nickname,
    }
    if member.invitor:
        found["invitor"] = {"userid": member.invitor}
    if member.state:
        found["state"] = member.state
    if member.type == EXTERNAL and corp.wechat_bound:
        found["unionid"] = corp.box.phones.about(member.phone)[2]
    if names:
        staff = corp.staff.get(member.userid)
        found["name"] = corp.box.phones.name(member.phone) if member.phone else (staff.name if staff else "")
    return found


def by_opengid(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST opengid_to_chatid {opengid}: a mini program's name of the same group."""
    opengid = checks.text(body, "opengid", 40058)
    chat = caller.corp.shelf(Chats).all.get(opengid.removeprefix("GID"))
    if chat is None:
        raise Refusal(40058, "invalid opengid")
    return {"chat_id": chat.chat_id}


ENDPOINTS = (
    post("externalcontact/groupchat/list", listing),
    post("externalcontact/groupchat/get", details),
    post("externalcontact/opengid_to_chatid", by_opengid),
)
