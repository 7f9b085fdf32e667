"""微信客服: desks whose customers need no friend, their log of messages, and what may be answered when."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from siyu_sandbox.clock import Clock
from siyu_sandbox.registry import Json
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Corp

ANSWERS = 5
ANSWER_SECONDS = 48 * 3600
KEPT_SECONDS = 3 * 86400
TOKEN_SECONDS = 600
NEW, ROBOT, POOL, STAFF, ENDED = range(5)
FROM_CUSTOMER, SYSTEM, FROM_SERVICER = 3, 4, 5


@dataclass
class Conversation:
    """One customer at one desk."""

    phone: int
    state: int = NEW
    servicer: str = ""
    last_said: float = float("-inf")
    answered: int = 0
    welcomed: float = float("-inf")

    def may_answer(self, clock: Clock) -> int:
        """0, or the errcode: 95018 wrong state, 95002 out of time, 95001 five have been sent."""
        if self.state in (POOL, STAFF, ENDED):
            return 95018
        if clock.now() - self.last_said > ANSWER_SECONDS:
            return 95002
        return 95001 if self.answered >= ANSWERS else 0


@dataclass
class Code:
    """A welcome code of a customer who came in: twenty seconds, once."""

    conversation: Conversation
    expires: float


@dataclass
class Desk:
    """One desk (客服帐号) and its log."""

    open_kfid: str
    name: str
    servicers: list[str] = field(default_factory=list)
    log: list[Json] = field(default_factory=list)
    scenes: dict[str, str] = field(default_factory=dict)


class Desks:
    """All desks of a corp."""

    def __init__(self) -> None:
        self.accounts: dict[str, Desk] = {}
        self.conversations: defaultdict[str, dict[int, Conversation]] = defaultdict(dict)
        self.codes: dict[str, tuple[str, Code]] = {}
        self.tokens: dict[str, float] = {}

    def conversation(self, open_kfid: str, phone: int) -> Conversation:
        """The conversation, begun when there is none."""
        return self.conversations[open_kfid].setdefault(phone, Conversation(phone))


def log(corp: Corp, account: Desk, phone: int, origin: int, kind: str, content: Json) -> str:
    """Write one message into the account's log and tell the corp that there is something to pull."""
    held, now = corp.shelf(Desks), corp.box.clock.now()
    msgid = new_id("", 32)
    row: Json = {"msgid": msgid, "send_time": int(now), "origin": origin, "msgtype": kind, kind: content}
    if kind != "event":
        row |= {"open_kfid": account.open_kfid, "external_userid": corp.ids.one(phone)}
    account.log.append(row)
    token = new_id("ENC", 40)
    held.tokens[token] = now + TOKEN_SECONDS
    corp.tell("kf_msg_or_event", Token=token, OpenKfId=account.open_kfid)
    return msgid


def enter(corp: Corp, account: Desk, phone: int, scene: str) -> Json:
    """A customer opens the conversation; a welcome code comes only when none was used within 48 hours."""
    held, clock = corp.shelf(Desks), corp.box.clock
    conversation = held.conversation(account.open_kfid, phone)
    event: Json = {"event_type": "enter_session", "open_kfid": account.open_kfid, "scene": scene}
    event["external_userid"] = corp.ids.one(phone)
    answered = clock.now() - conversation.last_said <= ANSWER_SECONDS
    if not answered and clock.now() - conversation.welcomed > ANSWER_SECONDS:
        code = new_id("", 43)
        expires = clock.real() + corp.limits.welcome_seconds
        held.codes[code] = (account.open_kfid, Code(conversation, expires))
        event["welcome_code"] = code
    log(corp, account, phone, SYSTEM, "event", event)
    return {"open_kfid": account.open_kfid, "external_userid": event["external_userid"]}


def say(corp: Corp, account: Desk, phone: int, text: str) -> Json:
    """A customer writes: five answers are free again."""
    conversation = corp.shelf(Desks).conversation(account.open_kfid, phone)
    conversation.last_said, conversation.answered = corp.box.clock.now(), 0
    if conversation.state == ENDED:
        conversation.state, conversation.servicer = NEW, ""
    return {"msgid": log(corp, account, phone, FROM_CUSTOMER, "text", {"content": text})}
