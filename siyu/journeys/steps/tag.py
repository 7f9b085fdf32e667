"""Tag 打标签: put tags on people, or take them off."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from siyu.customers.tags import change_tags, check_tags
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.step import Context, Settings, Step


class TagSettings(Settings, frozen=True):
    add: tuple[str, ...] = ()
    remove: tuple[str, ...] = ()


class Tag(Step):
    kind = "tag"
    label = Text("打标签", "Tag")
    description = Text("给客户加标签或去掉标签", "put tags on people, or take them off")
    group = "customer"
    Settings = TagSettings
    writes = True

    def check(self, tx: Connection, settings: TagSettings, field: str) -> list[Fault]:
        if not settings.add and not settings.remove:
            return [Fault(f"{field}.add", Text("至少选一个标签", "choose at least one tag"))]
        try:
            check_tags(settings.add, settings.remove)
        except InvalidError as error:
            return [Fault(f"{field}.{fault.field}", fault.message) for fault in error.faults]
        return []

    def act(self, ctx: Context, settings: Any, people: People) -> Moves | None:
        change_tags(ctx.tx, people.customer_id.tolist(), add=settings.add, remove=settings.remove, by=f"journey:{ctx.journey_id}", now=from_ms(ctx.now_ms))
        return None

    def sentence(self, settings: TagSettings) -> Text:
        add, remove = "、".join(settings.add), "、".join(settings.remove)
        return Text("打标签 " + " ".join(filter(None, [add, remove and f"去掉 {remove}"])), "tag " + " ".join(filter(None, [add, remove and f"without {remove}"])))


STEP = Tag()
