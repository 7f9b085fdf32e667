"""Rules 规则: the typed language of segments. Strict: an unknown kind, field or operator makes a rule invalid, never wider."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from msgspec import Meta

from siyu.events.properties import normalise_path
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.ids import content_hash
from siyu.foundation.text import Text

MAX_DEPTH = 12
MAX_LEAVES = 200
Compare = Literal[">=", ">", "<", "<=", "=", "between"]
Unit = Literal["day", "week", "month", "hour", "minute", "second"]
ValueOp = Literal[
    "is", "is_not", "in", "not_in", ">", ">=", "<", "<=", "between", "contains", "starts_with", "includes", "exists", "not_exists",
    "within", "not_within", "before", "after", "anniversary_within_days", "held_at_least", "held_less_than",
]  # fmt: skip
Scalar: TypeAlias = str | int | float | bool
Value: TypeAlias = Scalar | list[Scalar]
Positive = Annotated[int, Meta(ge=1, le=36_600)]
Score = Annotated[int, Meta(ge=1, le=5)]


class _Node(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    pass


class Window(_Node, frozen=True):
    """A span of time: `last` units until now (days, weeks, months: from local midnight; else rolling), or local dates [from, to)."""

    last: Positive | None = None
    until_last: Annotated[int, Meta(ge=0, le=36_600)] | None = None
    unit: Unit = "day"
    from_: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = msgspec.field(default=None, name="from")
    to: Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}$")] | None = None


class Where(_Node, frozen=True):
    """A condition on a row: of an order line (`field`) or of an activity's properties (`path`)."""

    op: ValueOp
    field: str = ""
    path: str = ""
    value: Value | None = None


class AllOf(_Node, frozen=True, tag_field="kind", tag="all"):
    of: Annotated[list[Rule], Meta(min_length=1)]


class AnyOf(_Node, frozen=True, tag_field="kind", tag="any"):
    of: Annotated[list[Rule], Meta(min_length=1)]


class Not(_Node, frozen=True, tag_field="kind", tag="not"):
    of: Rule


class Everyone(_Node, frozen=True, tag_field="kind", tag="everyone"):
    pass


class Attribute(_Node, frozen=True, tag_field="kind", tag="attribute"):
    field: str
    op: ValueOp
    value: Value | None = None
    window: Window | None = None
    seconds: Annotated[int, Meta(ge=0)] | None = None


class Tag(_Node, frozen=True, tag_field="kind", tag="tag"):
    op: Literal["any_of", "all_of", "none_of", "untagged"]
    tags: list[str] = []


class Orders(_Node, frozen=True, tag_field="kind", tag="orders"):
    measure: Literal["count", "spend_fen", "average_fen", "largest_fen", "quantity", "distinct_skus"]
    op: Compare
    value: int | list[int]
    window: Window | None = None
    where: list[Where] = []


class Event(_Node, frozen=True, tag_field="kind", tag="event"):
    name: Annotated[str, Meta(min_length=1)]
    op: Compare
    count: int | list[int]
    window: Window | None = None
    where: list[Where] = []


class LastEvent(_Node, frozen=True, tag_field="kind", tag="last_event"):
    name: Annotated[str, Meta(min_length=1)]
    has: Annotated[list[Where], Meta(min_length=1)]
    where: list[Where] = []


class Rfm(_Node, frozen=True, tag_field="kind", tag="rfm"):
    r: list[Score] = []
    f: list[Score] = []
    m: list[Score] = []


class Lifecycle(_Node, frozen=True, tag_field="kind", tag="lifecycle"):
    stages: Annotated[list[Literal["prospect", "new", "active", "slowing", "at_risk", "dormant", "lost"]], Meta(min_length=1)]


class Quality(_Node, frozen=True, tag_field="kind", tag="quality"):
    """What the customer is judged to be: a zombie or a deal-hunter. `is_`: yes, no, or not known yet; somebody unjudged is not known."""

    of: Literal["zombie", "deal_hunter"]
    is_: Annotated[list[Literal["yes", "no", "not_known"]], Meta(min_length=1)] = msgspec.field(name="is")


class InSegment(_Node, frozen=True, tag_field="kind", tag="segment"):
    segment: int


class People(_Node, frozen=True, tag_field="kind", tag="list"):
    customer_ids: Annotated[list[int], Meta(max_length=100_000)]


Rule: TypeAlias = AllOf | AnyOf | Not | Everyone | Attribute | Tag | Orders | Event | LastEvent | Rfm | Lifecycle | Quality | InSegment | People
GROUPS = (AllOf, AnyOf, Not)
_KINDS: dict[str, type[_Node]] = {
    "all": AllOf, "any": AnyOf, "not": Not, "everyone": Everyone, "attribute": Attribute, "tag": Tag, "orders": Orders, "event": Event,
    "last_event": LastEvent, "rfm": Rfm, "lifecycle": Lifecycle, "quality": Quality, "segment": InSegment, "list": People,
}  # fmt: skip

TEXT_FIELDS = ("name", "gender", "province", "city", "country", "source", "tier", "top_category")
TIME_FIELDS = ("birthday", "registered", "first_order", "last_order", "last_active")
NUMBER_FIELDS = ("order_count", "spend_fen", "predicted_value_fen")
LINE_FIELDS = ("sku", "product_name", "category", "source", "amount_fen", "unit_price_fen", "quantity")
_MOST = {"week": 5_200, "month": 1_200}
TRAIT = "trait:"
"""A field that is a trait is named by its number: `trait:7`."""
TEXT_OPS = {"is", "is_not", "in", "not_in", "contains", "starts_with", "exists", "not_exists"}
NUMBER_OPS = {"is", "is_not", "in", "not_in", ">", ">=", "<", "<=", "between", "exists", "not_exists"}
TIME_OPS = {"within", "not_within", "before", "after", "between", "exists", "not_exists", "anniversary_within_days"}
_TRAIT_OPS = TEXT_OPS | NUMBER_OPS | TIME_OPS
_CUSTOM_OPS = TEXT_OPS | NUMBER_OPS | TIME_OPS | {"includes", "held_at_least", "held_less_than"}


def parse(raw: Any) -> Rule:
    """A rule from plain data.

    Raises
    ------
    InvalidError
        With every fault found, each with its path in the rule (such as `of[1].window`).
    """
    faults: list[Fault] = []
    rule = _parse(raw, "", 1, faults)
    if rule is not None and sum(1 for _ in leaves(rule)) > MAX_LEAVES:
        faults.append(Fault("", Text(f"条件超过 {MAX_LEAVES} 个", f"more than {MAX_LEAVES} conditions")))
    if faults or rule is None:
        raise InvalidError(Text("分群规则有误", "the rule is not valid"), faults=faults)
    return rule


def leaves(rule: Rule) -> list[Rule]:
    """Every condition of the rule, groups left out, in order."""
    if isinstance(rule, AllOf | AnyOf):
        return [leaf for child in rule.of for leaf in leaves(child)]
    return leaves(rule.of) if isinstance(rule, Not) else [rule]


def dump(rule: Rule) -> dict[str, Any]:
    """The rule as plain data again; `parse(dump(rule)) == rule`."""
    return msgspec.to_builtins(rule)  # type: ignore[no-any-return]


def rule_key(rule: Rule | _Node) -> str:
    """Equal for equal rules: leaves are shared between segments by it."""
    return content_hash([msgspec.json.encode(rule, order="deterministic")])


def schema() -> dict[str, Any]:
    """The JSON schema of the language."""
    return msgspec.json.schema(Rule)


def _parse(raw: Any, path: str, depth: int, faults: list[Fault]) -> Rule | None:
    kind = raw.get("kind") if isinstance(raw, dict) else None
    struct = _KINDS.get(kind) if isinstance(kind, str) else None
    if struct is None or depth > MAX_DEPTH:
        too_deep = Text(f"嵌套超过 {MAX_DEPTH} 层", f"nested deeper than {MAX_DEPTH}")
        faults.append(Fault(at(path, "kind"), too_deep if struct else Text(f"没有这种条件：{kind!r}", f"no such kind: {kind!r}")))
        return None
    if struct in GROUPS:
        return _parse_group(raw, path, depth, faults)
    try:
        leaf: Rule = msgspec.convert(raw, struct)  # type: ignore[assignment]
    except msgspec.ValidationError as error:
        faults.append(fault_of(path, str(error)))
        return None
    faults += [Fault(at(path, fault.field), fault.message) for fault in _check(leaf)]
    return leaf


def _parse_group(raw: dict[str, Any], path: str, depth: int, faults: list[Fault]) -> Rule | None:
    extra = set(raw) - {"kind", "of"}
    faults += [Fault(at(path, name), Text("没有这个字段", "no such field")) for name in sorted(extra)]
    of = raw.get("of")
    if raw["kind"] == "not":
        child = _parse(of, at(path, "of"), depth + 1, faults)
        return None if child is None else Not(child)
    if not isinstance(of, list) or not of:
        faults.append(Fault(at(path, "of"), Text("至少要有一个条件", "at least one condition is needed")))
        return None
    children = [_parse(item, f"{at(path, 'of')}[{i}]", depth + 1, faults) for i, item in enumerate(of)]
    good = [child for child in children if child is not None]
    return None if len(good) < len(of) else (AllOf(good) if raw["kind"] == "all" else AnyOf(good))


def fault_of(path: str, message: str) -> Fault:
    """What msgspec says of a shape that does not fit, as a fault at its path."""
    reason, _, where = message.partition(" - at `")
    place = where.rstrip("`").removeprefix("$").removeprefix(".")
    unknown = re.match(r"Object contains unknown field `(.+)`", reason)
    if unknown:
        return Fault(at(path, at(place, unknown.group(1))), Text("没有这个字段", "no such field"))
    return Fault(at(path, place), Text(f"不符合要求：{reason}", reason))


def at(path: str, name: str) -> str:
    """A path with a name below it."""
    return f"{path}.{name}" if path and name else path or name


def _check(leaf: Rule) -> list[Fault]:
    """What types alone cannot say: which operator goes with which field, and with which value."""
    faults: list[Fault] = []
    if isinstance(leaf, Attribute):
        faults += _check_attribute(leaf)
    if isinstance(leaf, Tag) and (leaf.op != "untagged") != bool(leaf.tags):
        faults.append(Fault("tags", Text("请至少选一个标签(“没有任何标签”则不选)", "choose at least one tag (none for `untagged`)")))
    if isinstance(leaf, Rfm) and not (leaf.r or leaf.f or leaf.m):
        faults.append(Fault("r", Text("请至少选一项分数", "choose at least one score")))
    if isinstance(leaf, Orders | Event):
        amount = leaf.value if isinstance(leaf, Orders) else leaf.count
        if (leaf.op == "between") != isinstance(amount, list) or (isinstance(amount, list) and (len(amount) != 2 or amount[0] > amount[1])):
            faults.append(Fault("value", Text("between 要两个由小到大的数，其他比较要一个数", "`between` takes two ascending numbers, the others one")))
    if isinstance(leaf, Orders | Event | Attribute) and leaf.window is not None:
        faults += check_window(leaf.window)
    if isinstance(leaf, Orders):
        faults += [f for i, w in enumerate(leaf.where) for f in check_where(w, f"where[{i}]", LINE_FIELDS)]
    if isinstance(leaf, Event | LastEvent):
        faults += [f for i, w in enumerate(leaf.where) for f in check_where(w, f"where[{i}]")]
    if isinstance(leaf, LastEvent):
        faults += [f for i, w in enumerate(leaf.has) for f in check_where(w, f"has[{i}]")]
    return faults


def _check_attribute(leaf: Attribute) -> list[Fault]:
    custom = leaf.field.startswith("custom:")
    if custom and normalise_path(leaf.field[7:]) is None:
        return [Fault("field", Text("属性路径写错了", "the attribute's path is malformed"))]
    allowed = (
        _CUSTOM_OPS if custom else _TRAIT_OPS if trait_of(leaf.field) else TEXT_OPS if leaf.field in TEXT_FIELDS else TIME_OPS if leaf.field in TIME_FIELDS
        else NUMBER_OPS if leaf.field in NUMBER_FIELDS else None
    )  # fmt: skip
    if allowed is None:
        return [Fault("field", Text(f"没有属性 {leaf.field}", f"no such attribute: {leaf.field}"))]
    if leaf.op not in allowed:
        return [Fault("op", Text(f"属性 {leaf.field} 不能用 {leaf.op}", f"{leaf.op} does not go with {leaf.field}"))]
    if (leaf.op in ("within", "not_within")) != (leaf.window is not None):
        return [Fault("window", Text("within 需要时间窗，其他比较不需要", "`within` takes a window, the others none"))]
    if leaf.op.startswith("held_") != (leaf.seconds is not None):
        return [Fault("seconds", Text("held_* 需要秒数，其他比较不需要", "`held_*` takes seconds, the others none"))]
    dated = leaf.field in TIME_FIELDS or (trait_of(leaf.field) is not None and leaf.op == "between" and _is_text(leaf.value))
    return _check_value(leaf.op, leaf.value, "value", leaf.field in NUMBER_FIELDS, dated)


def trait_of(field: str) -> int | None:
    """The number of the trait that a field is; None if it is none."""
    number = field.removeprefix(TRAIT)
    return int(number) if field.startswith(TRAIT) and number.isascii() and number.isdigit() and len(number) < 18 else None


def _is_text(value: Value | None) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def check_where(where: Where, path: str, fields: Sequence[str] = ()) -> list[Fault]:
    """Faults of a condition on a row: on one of these columns of it, or, without any, on a property."""
    allowed = TEXT_OPS | NUMBER_OPS | (set() if fields else {"includes"})
    if where.op not in allowed:
        return [Fault(f"{path}.op", Text(f"这里不能用 {where.op}", f"{where.op} cannot be used here"))]
    if fields and (where.field not in fields or where.path):
        return [Fault(f"{path}.field", Text(f"没有字段 {where.field!r}，可用：{'、'.join(fields)}", f"no such field: {where.field!r}; use {', '.join(fields)}"))]
    if not fields and (where.field or normalise_path(where.path) is None):
        return [Fault(f"{path}.path", Text(f"属性路径写错了：{where.path!r}", f"malformed path: {where.path!r}"))]
    return _check_value(where.op, where.value, f"{path}.value", where.field.endswith(("_fen", "quantity")), False)


def _check_value(op: str, value: Value | None, path: str, number: bool, time: bool) -> list[Fault]:
    items = value if isinstance(value, list) else [value]
    if op in ("exists", "not_exists", "within", "not_within"):
        return [] if value is None else [Fault(path, Text(f"{op} 不带值", f"{op} takes no value"))]
    if value is None or not items:
        return [Fault(path, Text("请填一个值", "a value is needed"))]
    if (op in ("in", "not_in", "between")) != isinstance(value, list) or (op == "between" and len(items) != 2):
        return [Fault(path, Text("in 要一组值,between 要两个值，其他要一个值", "`in` takes a list, `between` two values, the others one"))]
    numeric = number or (op in (">", ">=", "<", "<=", "between") and not time) or op == "anniversary_within_days"
    if numeric and not all(isinstance(item, int | float) and not isinstance(item, bool) for item in items):
        return [Fault(path, Text("要填数字", "a number is needed"))]
    if (time or op in ("before", "after")) and op != "anniversary_within_days" and not all(isinstance(i, str) and instant(i) for i in items):
        return [Fault(path, Text("要填日期或时间(ISO,如 2026-11-11)", "an ISO date or time is needed, such as 2026-11-11"))]
    return []


def instant(text: str) -> date | datetime | None:
    """The date or time that an ISO text names; None if it names none."""
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return None


def check_window(window: Window) -> list[Fault]:
    relative = window.last is not None
    absolute = window.from_ is not None or window.to is not None
    if relative == absolute:
        return [Fault("window", Text("时间窗要么是最近一段时间，要么是起止日期", "a window is either `last` or `from`/`to`"))]
    if window.until_last is not None and (window.last is None or window.until_last >= window.last):
        return [Fault("window.until_last", Text("要比 last 小", "must be smaller than `last`"))]
    if window.last is not None and window.last > _MOST.get(window.unit, window.last):
        return [Fault("window.last", Text("时间窗最长 100 年", "a window is at most 100 years"))]
    if absolute and any(text and instant(text) is None for text in (window.from_, window.to)):
        return [Fault("window", Text("日期不存在", "no such date"))]
    if window.from_ and window.to and window.from_ >= window.to:
        return [Fault("window.to", Text("结束要晚于开始", "`to` must be after `from`"))]
    return []
