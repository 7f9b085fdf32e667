"""A trait as a sentence 特征读成句子: what is computed, of what, in 中文 and English."""

from __future__ import annotations

from typing import Any

from siyu.foundation.money import format_fen
from siyu.foundation.text import Text
from siyu.segments.labels import LINE_FIELDS
from siyu.segments.sentence import (
    RuleNames,
    Words,
    activity_in_words,
    sentence,
    where_in_words,
    window_in_words,
)
from siyu.segments.traits import AT, Part, Since, Trait, is_current

SOURCES = {"orders": Text("订单", "orders"), "order_lines": Text("订单商品行", "order lines")}
MEASURES = {
    "count": Text("次数", "the number"),
    "sum": Text("合计", "the sum"),
    "average": Text("平均", "the average"),
    "min": Text("最小值", "the smallest"),
    "max": Text("最大值", "the largest"),
    "first": Text("第一个", "the first"),
    "last": Text("最近一个", "the latest"),
    "most_frequent": Text("最常见的", "the most frequent"),
    "distinct_count": Text("不同值的个数", "the number of different values"),
    "exists": Text("是否有过", "whether there were any"),
    "days_since_last": Text("距最近一次的天数", "days since the latest"),
}
_VALUE = {"value": Text("值", "value")}


def in_words(trait: Trait, names: RuleNames, currency: str = "CNY") -> Text:
    """The whole definition."""
    said = [_part(part, names, currency) for part in trait.parts]
    whole = Text(";没有则取 ".join(each.zh for each in said), "; else ".join(each.en for each in said))
    if trait.default is None:
        return whole
    value = _default(trait, currency)
    return Text(f"{whole.zh}；没有时为 {value.zh}", f"{whole.en}; {value.en} if there is none")


def _default(trait: Trait, currency: str) -> Text:
    value: Any = trait.default
    if isinstance(value, bool):
        return Text("是" if value else "否", "yes" if value else "no")
    shown = format_fen(int(value), currency) if trait.type == "money" else f"{value:,}" if isinstance(value, int) else str(value)
    return Text(shown, shown)


def _part(part: Part, names: RuleNames, currency: str) -> Text:
    what = _source(part)
    if is_current(part):
        return Text(f"{what.zh}的当前值", f"the current value of {what.en}")
    words = Words(names, currency)
    label = LINE_FIELDS.__getitem__ if part.of in SOURCES else _VALUE.__getitem__ if part.of == "attribute" else None
    where, when, measure = where_in_words(part.where, words, label), window_in_words(part.window), MEASURES[part.measure]
    since, whose = _since(part.since), _among(part, names, currency)
    zh, en = f"{whose.zh}{when.zh}{since.zh}{what.zh}{where.zh}", f"{what.en}{where.en} {when.en}{since.en}{whose.en}"
    of = _property(part)
    if of is None:
        return Text(f"{zh}的{measure.zh}", f"{measure.en} of {en}" if part.measure == "count" else f"{measure.en} {en}")
    return Text(f"{zh}的{of.zh}的{measure.zh}", f"{measure.en} {of.en} of {en}" if part.measure not in ("sum", "distinct_count") else f"{measure.en} of {of.en} of {en}")


def _source(part: Part) -> Text:
    if part.of == "activity":
        name = activity_in_words(part.name)
        return Text("任何行为", "any activity") if part.name == "*" else Text(f"「{name.zh.strip('「」')}」", f"“{name.en.removeprefix('did ').strip('“”')}”")
    if part.of == "attribute":
        return Text(f"属性「{part.name}」", f"the attribute “{part.name}”")
    return SOURCES[part.of]


def _property(part: Part) -> Text | None:
    if part.property == AT:
        return Text("时间", "time")
    if part.of in SOURCES and part.property:
        return LINE_FIELDS[part.property]
    if part.property:
        return Text(f"「{part.property}」", f"“{part.property}”")
    return Text("值", "value") if part.of == "attribute" and part.measure not in ("count", "exists", "days_since_last") else None


def _since(since: Since | None) -> Text:
    if since is None:
        return Text("", "")
    which = Text("首次", "first") if since.which == "first" else Text("最近一次", "latest")
    name = activity_in_words(since.name) if since.of == "activity" else Text("下单", "order")
    return Text(f"、{which.zh}{name.zh}之后", f", after the {which.en} {name.en}")


def _among(part: Part, names: RuleNames, currency: str) -> Text:
    if part.among is None:
        return Text("", "")
    said = sentence(part.among, names, currency)
    return Text(f"(仅限{said.zh}的客户)", f" (only customers whose {said.en})")


