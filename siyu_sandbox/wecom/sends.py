"""Group sends (企业群发) as records: a task for each staff member, who may confirm, forget or cancel; quotas."""

from __future__ import annotations

import calendar
import datetime as dt
import math
from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from siyu_sandbox.registry import Json
from siyu_sandbox.wecom.behaviour import BEIJING, DAY, day_of
from siyu_sandbox.wecom.groups import Chat, Chats
from siyu_sandbox.wecom.relations import LIVE, Rows
from siyu_sandbox.wecom.world import Corp, Staff

UNSENT, SENT, NO_FRIEND, OVER_QUOTA = range(4)
TASK_UNSENT, TASK_SENT = 0, 2
NEVER = math.inf


@dataclass
class Task:
    """One staff member's part: `rows` of customers or `chats`, and how each ended."""

    staff: Staff
    rows: Rows
    chats: list[str]
    status: int = TASK_UNSENT
    sent_at: int = 0
    declined: bool = False
    ended: npt.NDArray[np.uint8] = field(default_factory=lambda: np.zeros(0, np.uint8))

    def __post_init__(self) -> None:
        """Nobody has been reached yet."""
        self.ended = np.zeros(max(len(self.rows), len(self.chats)), np.uint8)


@dataclass
class GroupSend:
    """One send. `create_type` 0 made by API or console, 1 by a staff member."""

    msgid: str
    chat_type: str
    created: int
    content: Json
    tasks: dict[str, Task]
    creator: str = ""
    create_type: int = 0
    cancelled: bool = False
    reminders: list[float] = field(default_factory=list)

    def shown(self) -> Json:
        """As the list of sends answers it; the API's own have no creator."""
        found: Json = {"msgid": self.msgid, "create_time": str(self.created), "create_type": self.create_type}
        return found | ({"creator": self.creator} if self.creator else {}) | self.content


class Sends:
    """The sends of a corp, and what each customer and chat has had."""

    def __init__(self) -> None:
        self.all: dict[str, GroupSend] = {}
        self._had: dict[str, npt.NDArray[np.uint16]] = {}
        self._chats_had: dict[tuple[str, str], int] = {}

    def over(self, corp: Corp, phones: Rows) -> npt.NDArray[np.bool_]:
        """Which of these have had their share in some period that the limits name."""
        found = np.zeros(len(phones), bool)
        for period, most in periods(corp):
            found |= self._of(corp, period)[phones] >= most
        return found

    def count(self, corp: Corp, phones: Rows) -> None:
        """These have received one more."""
        for period, _ in periods(corp):
            np.add.at(self._of(corp, period), phones, 1)

    def chat_over(self, corp: Corp, chat_id: str) -> bool:
        """Whether a customer group has had its share; counts this one when it has not."""
        keys = [((chat_id, period), most) for period, most in periods(corp)]
        if any(self._chats_had.get(key, 0) >= most for key, most in keys):
            return True
        for key, _ in keys:
            self._chats_had[key] = self._chats_had.get(key, 0) + 1
        return False

    def _of(self, corp: Corp, period: str) -> npt.NDArray[np.uint16]:
        held = self._had.get(period)
        if held is None or len(held) <= corp.box.phones.count:
            fresh = np.zeros(corp.box.phones.count + 1024, np.uint16)
            if held is not None:
                fresh[: len(held)] = held
            held = self._had[period] = fresh
        return held


def periods(corp: Corp) -> Iterable[tuple[str, int]]:
    """The periods that are counted now, each with its most: the month always, week and day where the admin says."""
    today = dt.datetime.fromtimestamp(corp.box.clock.now(), BEIJING)
    limits = corp.limits
    month = limits.sends_per_month or calendar.monthrange(today.year, today.month)[1]
    yield f"month {today:%Y-%m}", month
    if limits.sends_per_week:
        yield f"week {today:%G-%V}", limits.sends_per_week
    if limits.sends_per_day:
        yield f"day {day_of(today.timestamp()) // DAY}", limits.sends_per_day


def plan(corp: Corp, send: GroupSend) -> None:
    """Let every sender make up their mind when they will act, or that they will not."""
    for task in send.tasks.values():
        consider(corp, send, task)


def consider(corp: Corp, send: GroupSend, task: Task) -> None:
    """One staff member has seen the task (or the reminder); who declined once is not moved by reminders."""
    if task.declined:
        return
    seconds = decision(corp, task.staff)
    task.declined = seconds == NEVER
    if seconds is not None and not task.declined:
        corp.box.clock.after(seconds, lambda: confirm(corp, send, task))


def decision(corp: Corp, staff: Staff) -> float | None:
    """In how many virtual seconds the staff member confirms; None: forgets, `NEVER`: declines."""
    habits = vars(corp.habits) | corp.habits.by_staff.get(staff.userid, {})
    drawn = corp.random.random()
    if drawn >= habits["confirm"]:
        return NEVER if drawn < habits["confirm"] + habits["cancel"] else None
    mean = float(habits["delay_seconds"])
    return corp.random.expovariate(1 / mean) if mean > 0 else 0.0


def confirm(corp: Corp, send: GroupSend, task: Task) -> bool:
    """The staff member taps 发送: now it goes out, as far as friendship and quota let it."""
    if send.cancelled or task.status == TASK_SENT or task.staff.resigned_at is not None:
        return False
    task.status, task.sent_at = TASK_SENT, corp.box.clock.second()
    if send.chat_type == "group":
        _to_chats(corp, send, task)
    else:
        _to_customers(corp, send, task)
    return True


def _to_customers(corp: Corp, send: GroupSend, task: Task) -> None:
    sends, relations = corp.shelf(Sends), corp.relations
    phones = relations.phone[task.rows]
    friends = relations.status[task.rows] == LIVE
    over = sends.over(corp, phones)
    task.ended = np.where(friends, np.where(over, OVER_QUOTA, SENT), NO_FRIEND).astype(np.uint8)
    reached = phones[task.ended == SENT]
    sends.count(corp, reached)
    corp.box.phones.broadcast(reached, "wecom", corp.corpid, task.staff.userid, "group_send", send.content)


def _to_chats(corp: Corp, send: GroupSend, task: Task) -> None:
    sends, chats = corp.shelf(Sends), corp.shelf(Chats).all
    for place, chat_id in enumerate(task.chats):
        chat: Chat | None = chats.get(chat_id)
        if chat is None or chat.owner != task.staff.userid:
            task.ended[place] = NO_FRIEND
        elif sends.chat_over(corp, chat_id):
            task.ended[place] = OVER_QUOTA
        else:
            task.ended[place] = SENT
            chat.messages += 1
            corp.box.phones.broadcast(
                chat.phones(),
                "wecom",
                corp.corpid,
                f"{task.staff.userid}@{chat_id}",
                "group_send",
                send.content,
            )
