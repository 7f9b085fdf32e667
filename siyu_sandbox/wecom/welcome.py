"""Welcome messages (欢迎语): a code that lives twenty seconds and works once; the first caller wins."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from siyu_sandbox.registry import Json, Refusal
from siyu_sandbox.wecom import checks, messages
from siyu_sandbox.wecom.endpoints import post
from siyu_sandbox.wecom.ids import new_id
from siyu_sandbox.wecom.world import Caller, Corp, Staff


@dataclass
class Code:
    """A welcome code: for whom, and until when by the wall's clock."""

    staff: Staff
    phone: int
    expires: float
    used: bool = False
    refused: int = 0
    late: int = 0


class Welcomes:
    """The codes of a corp. `heard` are told of each welcome that arrived (the load driver listens)."""

    def __init__(self) -> None:
        self.codes: dict[str, Code] = {}
        self.heard: list[Callable[[Code], None]] = []


def mint(corp: Corp, staff: Staff, phone: int) -> str:
    """A new code for a customer who has just come."""
    code = new_id("", 43)
    corp.shelf(Welcomes).codes[code] = Code(staff, phone, corp.box.clock.real() + corp.limits.welcome_seconds)
    return code


def send(caller: Caller, query: dict[str, str], body: Json) -> None:
    """POST send_welcome_msg {welcome_code, text, attachments}."""
    corp = caller.corp
    shelf = corp.shelf(Welcomes)
    code = shelf.codes.get(checks.text(body, "welcome_code", 41049))
    if code is None:
        raise Refusal(41050, "invalid welcome code")
    said = messages.content(corp, body)
    if code.used:
        code.refused += 1
        raise Refusal(41051, "already start chatting with the external contact")
    if corp.box.clock.real() > code.expires:
        code.late += 1
        raise Refusal(41050, "welcome code expired")
    code.used = True
    corp.box.phones.deliver(code.phone, "wecom", corp.corpid, code.staff.userid, "welcome", said)
    for hear in shelf.heard:
        hear(code)


ENDPOINTS = (post("externalcontact/send_welcome_msg", send),)
