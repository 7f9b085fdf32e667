"""Traits 特征: a value computed for each customer from what they bought, did or said, defined once as data.

A definition says of what rows (`of`), which ones (`name`, `where`, `window`, `since`), whose (`among`), and how they become
one value (`measure` of `property`). It is as strict as the rule language: what is unknown makes it invalid.
"""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

import msgspec

from siyu.events.properties import normalise_path
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text
from siyu.segments import rules
from siyu.segments.rules import Attribute, InSegment, Rule, Where, Window, at, fault_of

MOST_TRAITS = 200
MOST_PARTS = 10
Type = Literal["text", "number", "money", "time", "boolean"]
Source = Literal["orders", "order_lines", "activity", "attribute"]
Measure = Literal[
    "count", "sum", "average", "min", "max", "first", "last", "most_frequent", "distinct_count", "exists", "days_since_last"
]  # fmt: skip
Scalar: TypeAlias = str | int | float | bool
AT = "$at"
"""The property that is the time of the row itself."""
PROPERTIES: dict[str, dict[str, Type]] = {
    "orders": {"amount_fen": "money", "quantity": "number", "source": "text"},
    "order_lines": {
        "amount_fen": "money", "unit_price_fen": "money", "quantity": "number", "sku": "text", "product_name": "text", "category": "text", "source": "text",
    },
}  # fmt: skip
"""Columns that orders and order lines have; activities have any property, attributes are their own value."""
WITHOUT_PROPERTY = ("count", "exists", "days_since_last")
_GIVES: dict[Measure, tuple[Type, ...]] = {
    "sum": ("number", "money"), "average": ("number", "money"), "min": ("number", "money", "time"), "max": ("number", "money", "time"),
    "first": get_args(Type), "last": get_args(Type), "most_frequent": ("text",), "distinct_count": ("text",),
}  # fmt: skip


class Since(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Only rows after this: the customer's first or last order, or activity of a name. Nobody without it has a value."""

    of: Literal["orders", "activity"]
    which: Literal["first", "last"] = "last"
    name: str = ""


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One measure of one kind of rows. `name` is that of an activity (`cart*` for all that begin so) or of an attribute."""

    of: Source
    measure: Measure
    property: str = ""
    name: str = ""
    type: Literal["text", "number", "time"] | None = None
    where: list[Where] = []
    window: Window | None = None
    since: Since | None = None
    among: Rule | None = None


class Trait(msgspec.Struct, frozen=True):
    """The first of its parts that has a value for a customer, else the default. Nearly always one part."""

    parts: tuple[Part, ...]
    default: Scalar | None = None

    @property
    def type(self) -> Type:
        return type_of(self.parts[0])


def parse(raw: Any) -> Trait:
    """A trait from plain data: that of one part, with its `default`; or `{"of": "first_known", "parts": […], "default": …}`.

    Raises
    ------
    InvalidError
        With every fault found, each with its path in the definition (such as `window.last`).
    """
    faults: list[Fault] = []
    if not isinstance(raw, dict):
        raise _invalid([Fault("", Text("定义要是一个对象", "a definition is an object"))])
    many = raw.get("of") == "first_known"
    own = {name: value for name, value in raw.items() if name != "default"}
    if many and (extra := sorted(set(own) - {"of", "parts"})):
        faults += [Fault(name, Text("没有这个字段", "no such field")) for name in extra]
    given = own.get("parts") if many else [own]
    if not isinstance(given, list) or not 1 <= len(given) <= MOST_PARTS:
        raise _invalid([*faults, Fault("parts", Text(f"要有 1 到 {MOST_PARTS} 个部分", f"1 to {MOST_PARTS} parts are needed"))])
    parts = [_part(each, f"parts[{place}]" if many else "", faults) for place, each in enumerate(given)]
    good = tuple(part for part in parts if part is not None)
    if not faults and len({type_of(part) for part in good}) > 1:
        faults.append(Fault("parts", Text("各部分的类型要相同", "all parts must have the same type")))
    default = raw.get("default")
    if not faults and good:
        faults += _check_default(default, type_of(good[0]))
    if faults:
        raise _invalid(faults)
    return Trait(good, natural_default(good[0]) if default is None and len(good) == 1 else default)


def dump(trait: Trait) -> dict[str, Any]:
    """The definition as plain data again; `parse(dump(trait)) == trait`."""
    parts = [msgspec.to_builtins(part) for part in trait.parts]
    raw = dict(parts[0]) if len(parts) == 1 else {"of": "first_known", "parts": parts}
    return raw if trait.default is None else {**raw, "default": trait.default}


def type_of(part: Part) -> Type:
    """What kind of value a part gives. Money is in fen, times are instants."""
    if part.measure in ("count", "distinct_count", "days_since_last"):
        return "number"
    if part.measure == "exists":
        return "boolean"
    if part.property == AT:
        return "time"
    known = PROPERTIES.get(part.of, {}).get(part.property)
    return known or part.type or ("text" if part.measure in ("first", "last", "most_frequent") else "number")


def natural_default(part: Part) -> Scalar | None:
    """What nothing amounts to: no rows are 0 of them, and none exists; a mean or a last one of nothing is unknown."""
    return False if part.measure == "exists" else 0 if part.measure in ("count", "sum", "distinct_count") else None


def is_current(part: Part) -> bool:
    """Whether a part is the current value of an attribute, after all operations on it: its last one, of all."""
    return part.of == "attribute" and part.measure == "last" and not (part.where or part.window or part.since or part.property)


def value_of(row: dict[str, Any], kind: Type) -> Any:
    """A stored value as it is told: text, a number, fen, true or false, or epoch ms."""
    if kind == "text":
        return row["text"]
    if kind == "time":
        return row["time_ms"]
    if kind == "boolean":
        return bool(row["number"])
    number = row["number"]
    return int(number) if number is not None and float(number).is_integer() else number


def used_traits(rule: Rule) -> set[int]:
    """The traits that a rule's conditions are about."""
    found = (rules.trait_of(leaf.field) for leaf in rules.leaves(rule) if isinstance(leaf, Attribute))
    return {number for number in found if number}


def uses(trait: Trait) -> set[int]:
    """The traits that decide whose rows count in this one."""
    return set().union(*(used_traits(part.among) for part in trait.parts if part.among is not None))


def check_condition(leaf: Attribute, kind: Type) -> list[Fault]:
    """Faults of a rule's condition on a trait of this type."""
    allowed = {"text": rules.TEXT_OPS, "time": rules.TIME_OPS, "boolean": {"is", "is_not", "exists", "not_exists"}}.get(kind, rules.NUMBER_OPS)
    if leaf.op not in allowed:
        return [Fault("op", Text(f"类型为 {kind} 的特征不能用 {leaf.op}", f"{leaf.op} does not go with a trait of type {kind}"))]
    items = [] if leaf.value is None else leaf.value if isinstance(leaf.value, list) else [leaf.value]
    wanted: Any = str if kind == "text" else bool if kind == "boolean" else (int, float)
    if kind != "time" and not all(isinstance(item, wanted) and isinstance(item, bool) == (kind == "boolean") for item in items):
        return [Fault("value", Text(f"特征的类型是 {kind}，值不符", f"the value does not fit a trait of type {kind}"))]
    return []


def _invalid(faults: list[Fault]) -> InvalidError:
    return InvalidError(Text("特征定义有误", "the trait is not valid"), faults=faults)


def _part(raw: Any, path: str, faults: list[Fault]) -> Part | None:
    if not isinstance(raw, dict):
        faults.append(Fault(path, Text("要是一个对象", "an object is needed")))
        return None
    rule = None
    if raw.get("among") is not None:
        try:
            rule = rules.parse(raw["among"])
        except InvalidError as error:
            faults += [Fault(at(at(path, "among"), fault.field), fault.message) for fault in error.faults]
            return None
    try:
        part = msgspec.convert({name: value for name, value in raw.items() if name != "among"}, Part)
    except msgspec.ValidationError as error:
        faults.append(fault_of(path, str(error)))
        return None
    part = msgspec.structs.replace(part, among=rule)
    found = _check(part)
    faults += [Fault(at(path, fault.field), fault.message) for fault in found]
    return None if found else part


def _check(part: Part) -> list[Fault]:
    faults = [*_check_name("name", part.name, part.of), *_check_property(part), *_check_since(part.since)]
    lines = {"orders": tuple(PROPERTIES["orders"]), "order_lines": rules.LINE_FIELDS, "attribute": ("value",)}.get(part.of, ())
    faults += [fault for place, where in enumerate(part.where) for fault in rules.check_where(where, f"where[{place}]", lines)]
    if part.window is not None:
        faults += rules.check_window(part.window)
    if part.among is not None and any(isinstance(leaf, InSegment) for leaf in rules.leaves(part.among)):
        why = Text("特征先于分群计算，不能用分群限定；请直接写条件", "traits are computed before segments, so a segment cannot limit one; write its conditions")
        faults.append(Fault("among", why))
    return faults


def _check_name(field: str, name: str, of: str) -> list[Fault]:
    if of == "activity":
        return [] if name else [Fault(field, Text("要填行为的名字(* 表示任何行为)", "the name of an activity is needed (* for any)"))]
    if of == "attribute":
        return [] if normalise_path(name) else [Fault(field, Text("要填属性的路径", "the path of an attribute is needed"))]
    return [Fault(field, Text("订单没有名字", "orders have no name"))] if name else []


def _check_property(part: Part) -> list[Fault]:
    if part.measure in WITHOUT_PROPERTY:
        if part.property or part.type:
            return [Fault("property" if part.property else "type", Text("这种算法不看某个属性", f"{part.measure} is of no property"))]
        return []
    if part.of == "attribute" and part.property not in ("", AT):
        return [Fault("property", Text(f"属性只有它自己的值，或时间 {AT}", f"an attribute has only its own value, or its time {AT}"))]
    if part.of == "activity" and normalise_path(part.property) is None:
        return [Fault("property", Text("要填行为的一项属性", "a property of the activity is needed"))]
    columns = PROPERTIES.get(part.of)
    if columns is not None and part.property not in (*columns, AT):
        return [Fault("property", Text(f"可用：{'、'.join((*columns, AT))}", f"use one of {', '.join((*columns, AT))}"))]
    if part.type and (columns is not None or part.property == AT):
        return [Fault("type", Text("它的类型是固定的", "its type is given by the property"))]
    value = "text" if part.measure == "distinct_count" else type_of(part)
    if value not in _GIVES[part.measure]:
        return [Fault("measure", Text(f"{part.measure} 不能用于类型 {value}", f"{part.measure} does not go with the type {value}"))]
    return []


def _check_since(since: Since | None) -> list[Fault]:
    return [] if since is None else _check_name("since.name", since.name, since.of)


def _check_default(default: Any, kind: Type) -> list[Fault]:
    good = {
        "text": isinstance(default, str), "time": isinstance(default, str) and rules.instant(default) is not None, "boolean": isinstance(default, bool),
    }.get(kind, isinstance(default, int | float) and not isinstance(default, bool) and abs(default) < 2**53)  # fmt: skip
    return [] if good or default is None else [Fault("default", Text(f"默认值要是 {kind} 类型", f"the default must be of type {kind}"))]


