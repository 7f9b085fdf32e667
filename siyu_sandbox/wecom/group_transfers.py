"""Handover of customer groups: at once, chat by chat, each with its own errcode."""

from __future__ import annotations

from collections import Counter, defaultdict

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.behaviour import day_of
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.groups import INVITED, NORMAL, STAFF, TRANSFERRED, Chats, Member
from siyu_sandbox.wecom.transfers import DAY, WINDOW_DAYS
from siyu_sandbox.wecom.world import Caller, Corp, Staff


class GroupTransfers:
    """How many groups each new owner got per day, and when each group moved."""

    def __init__(self) -> None:
        self.today: Counter[tuple[str, int]] = Counter()
        self.moved: defaultdict[str, list[float]] = defaultdict(list)


def _transfer(caller: Caller, body: Json, resigned: bool) -> Json:
    corp = caller.corp
    ids = checks.strings(body, "chat_id_list", 100)
    if not ids:
        raise Refusal(40058, "chat_id_list missing")
    owner = corp.member(checks.text(body, "new_owner", 40003), 40003)
    if not owner.external:
        raise Refusal(84074, "no permission of external contact")
    failed = []
    for chat_id in ids:
        code, message = _one(corp, chat_id, owner, resigned)
        if code:
            failed.append({"chat_id": chat_id, "errcode": code, "errmsg": message})
    return {"failed_chat_list": failed}


def _one(corp: Corp, chat_id: str, owner: Staff, resigned: bool) -> tuple[int, str]:
    shelf, now = corp.shelf(GroupTransfers), corp.box.clock.now()
    chat = corp.shelf(Chats).all.get(chat_id)
    if chat is None:
        return 90501, "chat is not customer group"
    if resigned and chat.owner in corp.staff:
        return 90500, "owner of the chat is not resigned"
    if not resigned and chat.owner not in corp.staff:
        return 90502, "owner of the chat is resigned"
    if chat.owner == owner.userid:
        return 90504, "owner not changed"
    recent = [at for at in shelf.moved[chat_id] if at > now - WINDOW_DAYS * DAY]
    if not resigned and len(recent) >= corp.limits.transfers_per_90_days:
        return 40128, "transfer too often"
    key = (owner.userid, day_of(now))
    if shelf.today[key] >= corp.limits.group_transfers_per_day:
        return 90506, "new owner over daily limit"
    shelf.today[key] += 1
    shelf.moved[chat_id] = [*recent, now]
    old = chat.owner
    chat.owner = owner.userid
    chat.members.pop(old, None) if resigned else None
    chat.members.setdefault(owner.userid, Member(owner.userid, STAFF, int(now), INVITED))
    chat.status = TRANSFERRED if resigned else NORMAL
    return 0, ""


def on_job(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST groupchat/onjob_transfer {chat_id_list 1..100, new_owner}."""
    return _transfer(caller, body, resigned=False)


def resigned(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST groupchat/transfer, after the owner left."""
    return _transfer(caller, body, resigned=True)


ENDPOINTS = (
    post("externalcontact/groupchat/onjob_transfer", on_job),
    post("externalcontact/groupchat/transfer", resigned),
)
