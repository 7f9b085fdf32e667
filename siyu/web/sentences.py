"""Sentences 提示语: what a validator found, in words that a person understands. Never repeats the input."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from siyu.foundation.errors import Fault
from siyu.foundation.text import Text

_WHOLE = Text("要是整数", "must be a whole number")
_NUMBER = Text("要是数字", "must be a number")
_TEXT = Text("要是文字", "must be a text")
_BOOL = Text("要是 true 或 false", "must be true or false")
_DATE = Text("要是日期，如 2026-10-01", "must be a date such as 2026-10-01")
_TIME = Text("要是时间，如 2026-10-01T08:00:00Z", "must be a time such as 2026-10-01T08:00:00Z")
_LIST = Text("要是列表", "must be a list")
_OBJECT = Text("要是对象", "must be an object")
_KIND = Text("缺少类型，或没有这个类型", "has no kind, or an unknown one")

_SENTENCES: dict[str, Text] = {
    "missing": Text("必填", "is required"),
    "extra_forbidden": Text("没有这一项", "there is no such field"),
    "json_invalid": Text("不是有效的 JSON", "is not valid JSON"),
    "none_required": Text("只能为空(null)", "must be null"),
    "string_type": _TEXT,
    "string_unicode": Text("含有无效的字符", "holds an invalid character"),
    "string_pattern_mismatch": Text("格式不对", "does not have the right form"),
    "string_too_short": Text("至少要 {min_length} 个字符", "must have at least {min_length} character(s)"),
    "string_too_long": Text("最多 {max_length} 个字符", "must have at most {max_length} character(s)"),
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_parsing_size": Text("数字太大", "is too large a number"),
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "decimal_parsing": _NUMBER,
    "finite_number": Text("要是有限的数字", "must be a finite number"),
    "multiple_of": Text("要是 {multiple_of} 的倍数", "must be a multiple of {multiple_of}"),
    "bool_type": _BOOL,
    "bool_parsing": _BOOL,
    "greater_than": Text("要大于 {gt}", "must be more than {gt}"),
    "greater_than_equal": Text("不能小于 {ge}", "must be {ge} or more"),
    "less_than": Text("要小于 {lt}", "must be less than {lt}"),
    "less_than_equal": Text("不能大于 {le}", "must be {le} or less"),
    "enum": Text("只能是 {expected}", "must be {expected}"),
    "literal_error": Text("只能是 {expected}", "must be {expected}"),
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": Text("要是不带时刻的日期", "must be a date without a time of day"),
    "date_past": Text("要是过去的日期", "must be in the past"),
    "date_future": Text("要是将来的日期", "must be in the future"),
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "datetime_object_invalid": _TIME,
    "timezone_aware": Text(
        "要带时区，如结尾的 Z 或 +08:00", "must carry a time zone, such as Z or +08:00 at its end"
    ),
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dataclass_type": _OBJECT,
    "too_short": Text("至少要 {min_length} 项", "must have at least {min_length} item(s)"),
    "too_long": Text("最多 {max_length} 项", "must have at most {max_length} item(s)"),
    "union_tag_invalid": Text(
        "没有这个类型；可用：{expected_tags}", "is of an unknown kind; there are: {expected_tags}"
    ),
    "union_tag_not_found": _KIND,
    "uuid_type": Text("要是 UUID", "must be a UUID"),
    "uuid_parsing": Text("要是 UUID", "must be a UUID"),
    "url_parsing": Text("要是网址", "must be a web address"),
    "recursion_loop": Text("自己包含了自己", "contains itself"),
}
_OTHERWISE = Text("值不对", "is not valid")
_PLACES = frozenset({"body", "query", "path", "header", "cookie"})


def to_faults(errors: Sequence[Mapping[str, Any]]) -> list[Fault]:
    """One fault for each thing that pydantic found."""
    return [Fault(_field(error["loc"]), sentence(error["type"], error.get("ctx") or {})) for error in errors]


def sentence(kind: str, context: Mapping[str, Any]) -> Text:
    """The sentence for one of pydantic's error types. A validator may raise `ValueError(Text(…))`."""
    raised = context.get("error")
    if isinstance(raised, ValueError | AssertionError) and raised.args and isinstance(raised.args[0], Text):
        return raised.args[0]
    known = _SENTENCES.get(kind, _OTHERWISE)
    try:
        return Text(
            known.zh.format(**{key: str(value).replace(" or ", " 或 ") for key, value in context.items()}),
            known.en.format(**context),
        )
    except KeyError:
        return _OTHERWISE


def _field(location: Sequence[str | int]) -> str:
    """`body.of.0.value` is told as `of.0.value`: a form knows its own fields, not where they travel."""
    if location and location[0] in _PLACES:
        place, rest = str(location[0]), location[1:]
        # A JSON fault is located by its character; the field is then the whole body.
        if not rest or (place == "body" and len(rest) == 1 and isinstance(rest[0], int)):
            return place
        location = rest
    return ".".join(str(part) for part in location)
