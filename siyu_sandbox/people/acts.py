"""What people do with their phones (动作): the crowd decides, here it is done over the carriers, one by one or in silence."""

from __future__ import annotations

import itertools
from collections import deque
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from siyu_sandbox import control, links
from siyu_sandbox.people.chance import Column
from siyu_sandbox.people.sources import Source
from siyu_sandbox.registry import ControlFault, Json
from siyu_sandbox.wecom import ways
from siyu_sandbox.wecom.relations import LIVE, ONE_WAY

if TYPE_CHECKING:
    from siyu_sandbox.phones import Received
    from siyu_sandbox.sandbox import Sandbox

KEPT = 100_000
JOURNALED = ("scan", "add_staff", "delete_staff", "follow", "unfollow")
QUESTIONS = (
    "在吗?想问一下怎么买",
    "有适合送长辈的吗?",
    "这个什么时候发货?",
    "可以便宜一点吗?",
    "怎么冲泡比较好喝?",
)


class Acts:
    """Does what people want to do, and keeps a feed of it; what carriers do not allow is counted and goes no further."""

    def __init__(self, box: Sandbox) -> None:
        self._box = box
        self._numbers = itertools.count(1)
        self.feed: deque[Json] = deque(maxlen=KEPT)
        self.failed = 0
        self.last_fault = ""

    def arrive(self, source: Source, phone: int, inviter: int | None = None) -> bool:
        """Scan the source's code or add a staff member, a friend the inviter's if there is no code; some also follow the
        account or open the Mini Program."""
        random = self._box.random
        if source.qr:
            came = self._try("scan", phone, qr=source.qr)
        elif staff := self._staff_of(source, inviter) or source.staff:
            wish = {"userid": random.choice(staff), "state": source.state, "add_way": source.add_way}
            came = self._try("add_staff", phone, corpid=source.corpid, **wish)
        else:
            came = self._try("follow", phone, account=source.official_account)
        if source.official_account and came and random.random() < source.follow_share:
            self._try("follow", phone, account=source.official_account)
        if source.mini_program and came and random.random() < source.open_share:
            self._try("open_mini_program", phone, account=source.mini_program)
        return came

    def arrive_silently(self, source: Source, phone: int, inviter: int | None, at: float) -> bool:
        """The same without a callback: a relation begins and no more; codes that are not WeCom's are scanned as ever."""
        corp = self._box.worlds["wecom"].accounts.get(source.corpid)
        way = ways.named(corp, source.qr) if corp and source.qr else None
        if corp is None or (source.qr and way is None):
            return self.arrive(source, phone, inviter)
        if way is not None:
            answering = ways.staff_of(corp, way, phone)
            userids, state = [answering.userid] if answering else [], way.fields["state"]
        else:
            userids, state = self._staff_of(source, inviter) or source.staff, source.state
        if not userids:
            return self.arrive(source, phone, inviter)
        staff = corp.staff[self._box.random.choice(userids)]
        corp.relations.add(staff.number, phone, at, state, source.add_way)
        return True

    def leave(self, source: Source, phone: int, last: Received | None) -> None:
        """Delete or block the staff, unfollow; who was driven away by mail or SMS says so there too."""
        if source.corpid:
            self._try("delete_staff", phone, corpid=source.corpid)
        if self._follows(source, phone):
            self._try("unfollow", phone, account=source.official_account)
        if last and last.carrier == "sms":
            self._try("reply_sms", phone, account=last.account, text="TD")
        elif last and last.carrier == "email":
            self._try("unsubscribe_email", phone)

    def leave_silently(self, sources: list[Source], places: Column, phones: Column) -> None:
        """The same for many, without a callback."""
        for place in np.unique(places).tolist():
            source, mine = sources[place], phones[places == place]
            corp = self._box.worlds["wecom"].accounts.get(source.corpid)
            if corp:
                rows = corp.relations.of_phones(mine)
                corp.relations.status[rows[corp.relations.status[rows] == LIVE]] = ONE_WAY
            account = self._box.worlds["official_account"].accounts.get(source.official_account)
            if account and account.followers:
                for phone in mine.tolist():
                    account.unfollow(account.openid(phone))

    def ask(self, phone: int, received: Received) -> None:
        """Write back to whoever wrote."""
        text = QUESTIONS[phone % len(QUESTIONS)]
        if received.carrier == "wecom":
            userid = received.sender.partition("@")[0]
            self._try("message", phone, account=received.account, userid=userid, text=text)
        elif received.carrier in ("official_account", "mini_program"):
            self._try("message", phone, account=received.account, content=text)
        elif received.carrier == "email":
            self._try("reply_email", phone, text=text)

    def mute(self, phone: int, received: Received) -> None:
        """An Official Account can be silenced so that it hears of it; elsewhere nobody learns."""
        if received.carrier == "official_account":
            self._try("refuse_messages", phone, account=received.account)

    def click(self, phone: int, link: str) -> None:
        """Open a link; only those that lead to this machine are really fetched."""
        self._note("click_link", phone, {"link": link})
        links.press(link)

    def _staff_of(self, source: Source, inviter: int | None) -> list[str]:
        """Return those whom the inviter has."""
        corp = self._box.worlds["wecom"].accounts.get(source.corpid)
        if corp is None or inviter is None:
            return []
        rows = corp.relations.live(corp.relations.of_phone(inviter))
        return [corp.roster[number].userid for number in corp.relations.staff[rows].tolist()]

    def _follows(self, source: Source, phone: int) -> bool:
        account = self._box.worlds["official_account"].accounts.get(source.official_account)
        return bool(account) and account.openid(phone) in account.followers

    def _try(self, action: str, phone: int, **body: Any) -> bool:
        params = {"id": str(phone), "action": action}
        try:
            done = (
                control.scan(self._box, params, body)
                if action == "scan"
                else control.act(self._box, params, body)
            )
        except ControlFault as fault:
            self.failed, self.last_fault = self.failed + 1, f"{action}: {fault.sentence}"
            return False
        self._note(action, phone, body | {name: done[name] for name in ("userid", "result") if name in done})
        return done.get("result") != "full"

    def _note(self, action: str, phone: int, body: Json) -> None:
        line = {
            "number": next(self._numbers),
            "at": self._box.clock.now(),
            "act": action,
            "phone": phone,
            **body,
        }
        self.feed.append(line)
        # On disk before anybody is called back: a killed reader of the feed misses nothing.
        if self._box.journal and action in JOURNALED:
            with self._box.journal.open("ab") as file:
                file.write(msgspec.json.encode(line) + b"\n")
