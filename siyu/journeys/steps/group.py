"""Group 邀请进群: a message that leads to the join code of a group chat, through messaging like every other."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta
from sqlalchemy import Connection

from siyu.carriers import join_ways
from siyu.content import pieces
from siyu.foundation.errors import Fault, NotFoundError
from siyu.foundation.text import Text
from siyu.journeys.steps.send import Send, SendSettings, sentence

_WAY = Meta(ge=1, le=2**53, extra_json_schema={"label": {"zh": "入群码", "en": "Join code"}, "picker": "join_way"})


class GroupSettings(SendSettings, frozen=True, kw_only=True):
    """As of a send, and `way`: the join code. Every piece must lead to its page, which shows the code to whoever opens it."""

    way: Annotated[int, _WAY]


class Group(Send):
    kind = "group"
    label = Text("邀请进群", "Invite to a group")
    description = Text("发一条带入群码页面的素材，邀请客户进群；和其他消息一样经过克制策略", "one piece that leads to a group's join code; it goes through restraint like every message")
    group = "reach"
    Settings = GroupSettings

    def check(self, tx: Connection, settings: Any, field: str) -> list[Fault]:
        return super().check(tx, settings, field) + _way_faults(tx, settings, field)

    def sentence(self, settings: Any) -> Text:
        return sentence(settings, Text("邀请进群", "invite to a group by"))


def _way_faults(tx: Connection, settings: Any, field: str) -> list[Fault]:
    try:
        way = join_ways.find(tx, settings.way)
    except NotFoundError as error:
        return [Fault(f"{field}.way", error.message)]
    if way.status != "open":
        return [Fault(f"{field}.way", Text(f"入群码「{way.name}」不可用；换一个", f"the join code {way.name} is not in use; choose another"))]
    held = pieces.find_some(tx, [one.piece for one in settings.content.values()])
    faults = []
    for name, one in settings.content.items():
        piece = held.get(one.piece)
        number = one.version or (piece and piece.approved_version)
        if piece is None or not number:
            continue
        if f"/g/{way.token}" not in pieces.words_of("", (), pieces.version_of(tx, piece.id, number).body).lower():
            words = Text(f"「{piece.name}」里没有这个入群码的页面 /g/{way.token}；把它写进链接", f"“{piece.name}” does not lead to the page of this join code, /g/{way.token}; put its address into it")
            faults.append(Fault(f"{field}.content.{name}.piece", words))
    return faults


STEP = Group()
