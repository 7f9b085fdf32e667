"""Attribute 改属性: set, increase or clear an attribute of people; written down as events like everything that is known of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from msgspec import Meta
from sqlalchemy import Connection

from siyu.events import log
from siyu.events.catalogue.customers import PROFILE_RECORDED
from siyu.events.properties import normalise_path
from siyu.events.recording import changed_attributes
from siyu.events.sealed import personal_kind
from siyu.foundation.clock import from_ms
from siyu.foundation.errors import Fault
from siyu.foundation.ids import key64_numbers
from siyu.foundation.text import Text
from siyu.identity.identifiers import primary_keys
from siyu.journeys.people import Moves, People
from siyu.journeys.steps.step import Context, Settings, Step
from siyu.journeys.steps.until_date import values_heard

Op = Literal["set", "once", "increment", "append", "unset"]
WORDS = {
    "set": Text("设为", "set to"), "once": Text("没有时设为", "set, if it is not, to"), "increment": Text("增加", "increase by"), "append": Text("加入", "append"), "unset": Text("清除", "clear"),
}  # fmt: skip


class AttributeSettings(Settings, frozen=True):
    """`value`, or what the run has heard under `property`; `now`: the moment itself. Clearing (`unset`) needs none of them."""

    path: Annotated[str, Meta(min_length=1, max_length=120)]
    op: Op = "set"
    value: str | int | float | bool | None = None
    property: Annotated[str, Meta(max_length=120)] = ""
    now: bool = False


class Attribute(Step):
    kind = "attribute"
    label = Text("改属性", "Change an attribute")
    description = Text("设置、增加或清除客户的一个自定义属性", "set, increase or clear an attribute of people")
    group = "customer"
    Settings = AttributeSettings
    writes = True

    def check(self, tx: Connection, settings: AttributeSettings, field: str) -> list[Fault]:
        faults = []
        if normalise_path(settings.path) is None:
            faults.append(Fault(f"{field}.path", Text("属性路径写错了", "the attribute's path is malformed")))
        elif personal_kind(settings.path.rsplit(".", 1)[-1]) is not None:
            faults.append(Fault(f"{field}.path", Text("不能由旅程改写手机号、邮箱等个人信息", "a journey may not write phones, e-mail addresses and other personal values")))
        given = sum((settings.value is not None, bool(settings.property), settings.now))
        if settings.op != "unset" and given != 1:
            faults.append(Fault(f"{field}.value", Text("填一个值，或选事件属性，或用当前时间", "give a value, or a property of an event, or the moment itself")))
        if settings.op == "increment" and (settings.now or (settings.value is not None and not _is_number(settings.value))):
            faults.append(Fault(f"{field}.value", Text("增加要用数字", "to increase takes a number")))
        return faults

    def act(self, ctx: Context, settings: AttributeSettings, people: People) -> Moves | None:
        values = self._values(ctx, settings, people)
        anchors = primary_keys(ctx.tx, people.customer_id.tolist())
        has = np.array([customer in anchors for customer in people.customer_id.tolist()], np.bool_)
        given = [place for place in np.flatnonzero(has).tolist() if settings.op == "unset" or values[place] is not None]
        mine = people.take(np.array(given, np.int64))
        keys = key64_numbers(mine.all(ctx.place_id), mine.enrolment_id, mine.arrived_ms).astype(np.int64)
        written = [{settings.path: values[place]} for place in given]
        rows = changed_attributes(keys.tolist(), [anchors[one] for one in mine.customer_id.tolist()], mine.all(ctx.now_ms).tolist(), [settings.op] * len(given), written)
        if rows.num_rows:
            log.append(ctx.tx, PROFILE_RECORDED, rows, now=from_ms(ctx.now_ms))
        # Whoever was erased meanwhile has no identifier: there is nobody to write of.
        return None if has.all() else Moves.along(len(people)).failing(~has, "nobody")

    def sentence(self, settings: AttributeSettings) -> Text:
        words = WORDS[settings.op]
        shown = "" if settings.op == "unset" else f" {settings.property or ('now' if settings.now else settings.value)}"
        return Text(f"{settings.path} {words.zh}{shown}", f"{settings.path}: {words.en}{shown}")

    def _values(self, ctx: Context, settings: AttributeSettings, people: People) -> list[Any]:
        if settings.property:
            heard = values_heard(people, settings.property)
            return [value if settings.op != "increment" or _is_number(value) else None for value in heard]
        value = from_ms(ctx.now_ms).isoformat() if settings.now else settings.value
        return [value] * len(people)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


STEP = Attribute()
