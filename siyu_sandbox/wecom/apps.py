"""Messages of apps to staff (应用消息), recalls, app details."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass

from siyu_sandbox.registry import Control, ControlFault, Json, Refusal
from siyu_sandbox.sandbox import Sandbox
from siyu_sandbox.wecom import checks
from siyu_sandbox.wecom.control import corp_of
from siyu_sandbox.wecom.endpoints import get, post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Caller, Corp, Staff

DAY = 86400
KINDS = ("text", "image", "voice", "video", "file", "textcard", "news", "mpnews", "markdown", "template_card")
DUPLICATE_SECONDS = 1800
EVERYBODY = "@all"


@dataclass
class Message:
    """One message to staff; `to` are userids."""

    msgid: str
    agentid: int
    at: float
    to: list[str]
    kind: str
    content: Json
    recalled: bool = False


class Messages:
    """What apps sent, and how much each member got of late."""

    def __init__(self) -> None:
        self.all: dict[str, Message] = {}
        self.recent: defaultdict[str, deque[float]] = defaultdict(deque)
        self.last: dict[tuple[int, str], float] = {}


def send(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """POST message/send {touser ≤1000, toparty, totag, msgtype, agentid, <msgtype>: {…}}."""
    corp = caller.corp
    if checks.whole(body, "agentid", 0) != caller.app.agentid:
        raise Refusal(40056, "invalid agentid")
    kind = checks.text(body, "msgtype", 40008)
    content = body.get(kind)
    if kind not in KINDS:
        raise Refusal(40008, "invalid message type")
    if not isinstance(content, dict):
        raise Refusal(40063, f"{kind} missing")
    if kind in ("text", "markdown"):
        words = checks.text(content, "content", 44004)
        checks.at_most_bytes(words, corp.limits.app_text_bytes, "content", 45002)
    chosen, users, parties = _receivers(corp, body)
    if not chosen:
        raise Refusal(81013, "user & party & tag all invalid")
    message = Message(new_id("", 40), caller.app.agentid, corp.box.clock.now(), [], kind, content)
    shelf = corp.shelf(Messages)
    if not _repeated(corp, body, message):
        message.to = [staff.userid for staff in chosen if _has_room(corp, shelf, staff)]
    shelf.all[message.msgid] = message
    wrong = {"invaliduser": "|".join(users), "invalidparty": "|".join(parties), "invalidtag": ""}
    return {**wrong, "unlicenseduser": "", "msgid": message.msgid}


def _receivers(corp: Corp, body: Json) -> tuple[list[Staff], list[str], list[str]]:
    users = [one for one in checks.text(body, "touser").split("|") if one]
    parties = [one for one in checks.text(body, "toparty").split("|") if one]
    if len(users) > corp.limits.app_receivers or len(parties) > 100:
        raise Refusal(40032, "too many receivers")
    if EVERYBODY in users:
        return list(corp.staff.values()), [], []
    known = [int(one) for one in parties if one.isdigit() and int(one) in corp.departments]
    chosen = {staff.userid: staff for staff in corp.members_in(known)}
    chosen |= {userid: corp.staff[userid] for userid in users if userid in corp.staff}
    wrong_parties = [one for one in parties if not one.isdigit() or int(one) not in known]
    return list(chosen.values()), [one for one in users if one not in corp.staff], wrong_parties


def _repeated(corp: Corp, body: Json, message: Message) -> bool:
    """With the duplicate check on, the same content within the interval reaches nobody and is no error."""
    if not checks.whole(body, "enable_duplicate_check", 0):
        return False
    shelf = corp.shelf(Messages)
    key = (message.agentid, f"{body.get('touser')}{body.get('toparty')}{message.content}")
    before = shelf.last.get(key)
    shelf.last[key] = message.at
    interval = checks.whole(body, "duplicate_check_interval", DUPLICATE_SECONDS)
    return before is not None and message.at - before < interval


def _has_room(corp: Corp, shelf: Messages, staff: Staff) -> bool:
    """A member gets at most so many a minute and an hour; what is more is dropped without a word."""
    now, recent = corp.box.clock.now(), shelf.recent[staff.userid]
    while recent and recent[0] <= now - 3600:
        recent.popleft()
    minute = sum(at > now - 60 for at in recent)
    limits = corp.limits
    if minute >= limits.member_messages_per_minute or len(recent) >= limits.member_messages_per_hour:
        return False
    recent.append(now)
    return True


def recall(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST message/recall {msgid}: within 24 hours."""
    corp = caller.corp
    message = corp.shelf(Messages).all.get(checks.text(body, "msgid", 40058))
    if message is None or message.at < corp.box.clock.now() - DAY or message.recalled:
        raise Refusal(40058, "invalid msgid")
    message.recalled = True


def agent(caller: Caller, query: dict[str, str], body: Json) -> Json:
    """GET agent/get?agentid: with whom the app may deal."""
    if query.get("agentid") != str(caller.app.agentid):
        raise Refusal(301002, "no privilege to access the agent")
    app = caller.app
    return {
        "agentid": app.agentid,
        "name": app.name or "Siyu",
        "description": "",
        "close": 0,
        "redirect_domain": app.redirect_domain,
        "allow_userinfos": {"user": [{"userid": userid} for userid in caller.corp.staff]},
        "allow_partys": {"partyid": list(caller.corp.departments)},
        "allow_tags": {"tagid": []},
    }


def staff_inbox(box: Sandbox, params: dict[str, str], body: Json) -> list[Json]:
    """GET /sandbox/staff/{corpid}/{userid}: the app messages that a staff member received."""
    corp = corp_of(box, params["corpid"])
    if params["userid"] not in corp.staff:
        raise ControlFault(f"no staff {params['userid']}", 404)
    return [
        {"at": one.at, "msgid": one.msgid, "agentid": one.agentid, "kind": one.kind, "content": one.content}
        for one in corp.shelf(Messages).all.values()
        if params["userid"] in one.to and not one.recalled
    ]


ENDPOINTS = (post("message/send", send), post("message/recall", recall), get("agent/get", agent))
CONTROLS = (Control("GET", "/sandbox/staff/{corpid}/{userid}", staff_inbox),)
