"""Sentence 读成句子: a rule read back in 中文 and English, so that what was built can be checked by reading."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from siyu.foundation.money import format_fen
from siyu.foundation.text import Text
from siyu.segments.labels import (
    ACTIVITIES,
    FIELDS,
    LINE_FIELDS,
    MEASURES,
    OPERATORS,
    QUALITIES,
    STAGES,
    UNITS,
    VERDICTS,
)
from siyu.segments.rules import (
    AllOf,
    AnyOf,
    Attribute,
    Event,
    InSegment,
    LastEvent,
    Lifecycle,
    Not,
    Orders,
    People,
    Quality,
    Rfm,
    Rule,
    Tag,
    Where,
    Window,
    trait_of,
)
from siyu.segments.traits import Type


@dataclass(frozen=True)
class RuleNames:
    """Names of segments by number; names and types of traits by the field that rules have for them."""

    segments: Mapping[int, str] = field(default_factory=dict)
    traits: Mapping[str, tuple[Text, Type]] = field(default_factory=dict)


def sentence(rule: Rule, names: RuleNames, currency: str = "CNY") -> Text:
    """The rule in words; nested groups in brackets."""
    return _say(rule, Words(names, currency), top=True)


class Words:
    def __init__(self, names: RuleNames, currency: str) -> None:
        self.segment_names, self.traits, self.currency = names.segments, names.traits, currency

    def value(self, value: Any, *, money: bool) -> str:
        if isinstance(value, list):
            return "、".join(self.value(item, money=money) for item in value)
        if isinstance(value, bool):
            return "是" if value else "否"
        if money:
            return format_fen(int(value), self.currency)
        return f"「{value}」" if isinstance(value, str) else f"{value:,}" if isinstance(value, int) else str(value)

    def compare(self, op: str, value: Any, *, money: bool) -> Text:
        name = OPERATORS[op]
        if op in ("exists", "not_exists"):
            return name
        if op == "between":
            low, high = (self.value(item, money=money) for item in value)
            return Text(f"在 {low} 到 {high} 之间", f"between {low} and {high}")
        shown = self.value(value, money=money)
        return Text(f"{name.zh} {shown}", f"{name.en} {_english(shown)}")


def _english(shown: str) -> str:
    """A value as it is written in an English sentence."""
    return {"是": "yes", "否": "no"}.get(shown, shown.replace("「", "“").replace("」", "”").replace("、", ", "))


def _say(rule: Rule, words: Words, *, top: bool = False) -> Text:
    match rule:
        case AllOf(of=parts):
            return _joined([_say(part, words) for part in parts], Text(",且", " and "), top)
        case AnyOf(of=parts):
            return _joined([_say(part, words) for part in parts], Text(",或", " or "), top)
        case Not(of=part):
            inner = _say(part, words)
            return Text(f"不满足({inner.zh})", f"not ({inner.en})")
        case Attribute():
            return _attribute(rule, words)
        case Tag():
            return _tag(rule)
        case Orders():
            return _orders(rule, words)
        case Event():
            return _event(rule, words)
        case LastEvent():
            name, tests = activity_in_words(rule.name), _wheres(rule.has, words)
            return Text(f"最近一次{name.zh}{where_in_words(rule.where, words).zh}时{tests.zh}", f"the last time they {name.en}{where_in_words(rule.where, words).en}, {tests.en}")
        case _:
            return _standing(rule, words)


def _joined(parts: Sequence[Text], word: Text, top: bool) -> Text:
    zh, en = word.zh.join(p.zh for p in parts), word.en.join(p.en for p in parts)
    return Text(zh, en) if top or len(parts) == 1 else Text(f"({zh})", f"({en})")


def _standing(rule: Rule, words: Words) -> Text:
    match rule:
        case Rfm():
            shown = " ".join(f"{name.upper()}={'/'.join(map(str, scores))}" for name in "rfm" if (scores := getattr(rule, name)))
            return Text(f"RFM 分数 {shown}", f"RFM scores {shown}")
        case Lifecycle(stages=stages):
            return Text(
                f"生命周期处于{'、'.join(STAGES[stage].zh for stage in stages)}", f"lifecycle stage is {' or '.join(STAGES[s].en for s in stages)}"
            )
        case Quality(of=of, is_=verdicts):
            what, said = QUALITIES[of], [VERDICTS[verdict] for verdict in verdicts]
            return Text(f"{what.zh}判定为{'或'.join(s.zh for s in said)}", f"judged a {what.en}: {' or '.join(s.en for s in said)}")
        case InSegment(segment=key):
            name = words.segment_names.get(key, f"#{key}")
            return Text(f"在分群「{name}」中", f"in the segment “{name}”")
        case People(customer_ids=ids):
            return Text(f"在名单中({len(ids)} 人)", f"on a list of {len(ids)}")
        case _:
            return Text("所有客户", "every customer")


def _attribute(rule: Attribute, words: Words) -> Text:
    name = _field(rule.field, words)
    if rule.window is not None:
        when, op = window_in_words(rule.window), OPERATORS[rule.op]
        return Text(f"{name.zh}{op.zh}{when.zh}", f"{name.en} {op.en} {when.en}")
    if rule.op == "anniversary_within_days":
        return Text(f"{name.zh}的周年日在今天起 {rule.value} 天内", f"the anniversary of {name.en} comes within {rule.value} days")
    if rule.op.startswith("held_"):
        days, at_least = (rule.seconds or 0) / 86_400, rule.op == "held_at_least"
        return Text(
            f"{name.zh}为「{rule.value}」{'已满' if at_least else '不到'} {days:g} 天", f"{name.en} has been “{rule.value}” for {'at least' if at_least else 'less than'} {days:g} days"
        )
    money = rule.field.endswith("_fen") or (rule.field in words.traits and words.traits[rule.field][1] == "money")
    compared = words.compare(rule.op, rule.value, money=money)
    return Text(f"{name.zh}{compared.zh}", f"{name.en} {compared.en}")


def _field(named: str, words: Words) -> Text:
    if number := trait_of(named):
        return words.traits[named][0] if named in words.traits else Text(f"特征 {number}", f"trait {number}")
    return Text(named[7:], named[7:]) if named.startswith("custom:") else FIELDS[named]


def _tag(rule: Tag) -> Text:
    zh, en = "、".join(f"「{tag}」" for tag in rule.tags), ", ".join(f"“{tag}”" for tag in rule.tags)
    return {
        "any_of": Text(f"有标签 {zh} 中任意一个", f"has any of the tags {en}"),
        "all_of": Text(f"同时有标签 {zh}", f"has all of the tags {en}"),
        "none_of": Text(f"没有标签 {zh} 中任何一个", f"has none of the tags {en}"),
        "untagged": Text("没有任何标签", "has no tag at all"),
    }[rule.op]


def _orders(rule: Orders, words: Words) -> Text:
    name = MEASURES[rule.measure]
    compared = words.compare(rule.op, rule.value, money=rule.measure.endswith("_fen"))
    when, where = window_in_words(rule.window), where_in_words(rule.where, words, LINE_FIELDS.__getitem__)
    return Text(f"{when.zh}{where.zh}的{name.zh}{compared.zh}", f"{name.en}{where.en} {when.en} {compared.en}")


def _event(rule: Event, words: Words) -> Text:
    when, where, name = window_in_words(rule.window), where_in_words(rule.where, words), activity_in_words(rule.name)
    if (rule.op, rule.count) in ((">=", 1), (">", 0)):
        return Text(f"{when.zh}有过{name.zh}{where.zh}", f"{name.en}{where.en} {when.en}")
    if (rule.op, rule.count) in (("=", 0), ("<", 1)):
        return Text(f"{when.zh}没有{name.zh}{where.zh}", f"never {name.en}{where.en} {when.en}")
    compared = words.compare(rule.op, rule.count, money=False)
    return Text(f"{when.zh}{name.zh}{where.zh}的次数{compared.zh}", f"the number of times they {name.en}{where.en} {when.en} {compared.en}")


def activity_in_words(name: str) -> Text:
    return ACTIVITIES.get(name, Text(f"「{name}」", f"did “{name}”"))


def where_in_words(wheres: Sequence[Where], words: Words, label: Callable[[str], Text] | None = None) -> Text:
    if not wheres:
        return Text("", "")
    tests = _wheres(wheres, words, label)
    return Text(f"({tests.zh})", f" ({tests.en})")


def _wheres(wheres: Sequence[Where], words: Words, label: Callable[[str], Text] | None = None) -> Text:
    said = []
    for where in wheres:
        name = label(where.field) if label else Text(where.path, where.path)
        compared = words.compare(where.op, where.value, money=where.field.endswith("_fen"))
        said.append(Text(f"{name.zh}{compared.zh}", f"{name.en} {compared.en}"))
    return Text("且".join(s.zh for s in said), " and ".join(s.en for s in said))


def window_in_words(window: Window | None) -> Text:
    if window is None:
        return Text("历史上", "ever")
    if window.last is None:
        return Text(
            f"{window.from_ or '最早'} 至 {window.to or '现在'}(不含)", f"from {window.from_ or 'the beginning'} until {window.to or 'now'} (exclusive)"
        )
    one, many = UNITS[window.unit]
    unit = Text(one.zh, one.en if window.last == 1 else many.en)
    if window.until_last is not None:
        return Text(f"{window.last} 到 {window.until_last} {unit.zh}前", f"between {window.last} and {window.until_last} {unit.en} ago")
    return Text(f"最近 {window.last} {unit.zh}", f"in the last {window.last} {unit.en}")
