"""Checks of a policy's JSON: every fault at once, each with its field. An unknown field is a fault: a misspelt cap would be none."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

PURPOSES = ("promotion", "value", "service", "feedback")
MOST_DAYS = 366
Check = Callable[[Any], bool]
_CARRIER = re.compile(r"[a-z][a-z0-9_]{1,31}")


def _whole(low: int, high: int) -> tuple[Check, Text]:
    return (lambda value: type(value) is int and low <= value <= high), Text(f"应为 {low} 到 {high} 的整数", f"must be a whole number from {low} to {high}")


def _one_of(*choices: object) -> tuple[Check, Text]:
    named = [str(choice) for choice in choices if choice is not None]
    null = (" 或空", " or null") if None in choices else ("", "")
    return (lambda value: value in choices and not isinstance(value, bool)), Text(f"可用：{'、'.join(named)}{null[0]}", f"use {', '.join(named)}{null[1]}")


_BOOL = (lambda value: isinstance(value, bool)), Text("应为是或否", "must be true or false")
_AT_MOST = (lambda value: value is None or (type(value) is int and 0 <= value <= 1000)), Text("应为 0 到 1000 的整数；按月的可留空，即当月天数", "must be a whole number from 0 to 1000; null with a month: its number of days")
_DAYS = (lambda value: value is None or (type(value) is int and 1 <= value <= MOST_DAYS)), Text(f"应为 1 到 {MOST_DAYS} 的整数", f"must be a whole number from 1 to {MOST_DAYS}")
_CARRIERS = (lambda value: value is None or (isinstance(value, str) and _CARRIER.fullmatch(value) is not None)), Text("应为载体代号，如 wecom", "must be a carrier such as wecom")
_RATIO = (lambda value: type(value) in (int, float) and 0 <= value <= 100), Text("应为 0 到 100 的数", "must be a number from 0 to 100")
_CLOCK = (lambda value: minute(value) is not None), Text("应为 00:00 到 23:59", "must be 00:00 to 23:59")
_PURPOSES = (lambda value: isinstance(value, list) and all(one in ("service", "feedback") for one in value)), Text("只能是 service 或 feedback:促销与内容不能豁免", "only service or feedback: no promotion and no content is exempt")
_CAP = {"at_most": _AT_MOST, "window": _one_of("rolling", "day", "week", "month"), "days": _DAYS, "purpose": _one_of(None, *PURPOSES), "carrier": _CARRIERS}
_QUOTA = _CAP | {"per": _one_of("account", "staff")}
_FIELDS: dict[str, dict[str, tuple[Check, Text]]] = {
    "mix": {"promotion_per_value": _RATIO, "free": _whole(0, 1000), "days": _whole(1, MOST_DAYS)},
    "quiet": {"from": _CLOCK, "to": _CLOCK, "then": _one_of("hold", "refuse")},
    "cool_downs": {"complaint_days": _whole(0, 3660), "block_days": _whole(0, 3660), "refund_days": _whole(0, 3660), "ticket": _BOOL},
    "exempt": {"purposes": _PURPOSES, "counts": _BOOL},
}
_MAY_BE_OFF = ("mix", "quiet")


def minute(text: object) -> int | None:
    """Minute of the day of "HH:MM"; None if it is none."""
    found = re.fullmatch(r"([01]\d|2[0-3]):([0-5]\d)", text) if isinstance(text, str) else None
    return int(found[1]) * 60 + int(found[2]) if found else None


def check(raw: object, default: dict[str, Any]) -> dict[str, Any]:
    """The policy with what it leaves out as in `default`.

    Raises
    ------
    InvalidError
    """
    faults: list[Fault] = []
    if not isinstance(raw, dict):
        faults, raw = [Fault("policy", Text("应为一个对象", "must be an object"))], {}
    faults += [Fault(str(name), Text("没有这一项", "there is no such part")) for name in raw if name not in default]
    told = default | {name: value for name, value in raw.items() if name in default}
    for name, kind in (("caps", _CAP), ("quotas", _QUOTA)):
        told[name] = _rows(name, told[name], kind, faults)
    for name, fields in _FIELDS.items():
        if told[name] is None and name in _MAY_BE_OFF:
            continue
        told[name] = _part(name, told[name], fields, default[name] or {}, faults)
    if told["quiet"] and told["quiet"].get("from") == told["quiet"].get("to"):
        faults.append(Fault("quiet.to", Text("开始与结束不能相同；关闭免打扰请留空整项", "must differ from its beginning; leave quiet null to switch it off")))
    if faults:
        raise InvalidError(Text("克制策略有误", "the policy is not valid"), faults=faults, way_out=Text("改好所列各项后再保存", "mend what is listed, then save again"))
    return told


def _rows(name: str, rows: object, fields: dict[str, tuple[Check, Text]], faults: list[Fault]) -> list[dict[str, Any]]:
    if not isinstance(rows, list) or len(rows) > 50:
        faults.append(Fault(name, Text("应为至多 50 项的列表", "must be a list of 50 at most")))
        return []
    default = {"days": None, "purpose": None, "carrier": None} | ({"per": "account"} if "per" in fields else {})
    found = [_part(f"{name}[{place}]", row, fields, default, faults) for place, row in enumerate(rows)]
    for place, row in enumerate(found):
        at = f"{name}[{place}]"
        if (row.get("window") == "rolling") != (row.get("days") is not None):
            faults.append(Fault(f"{at}.days", Text("滚动窗口须填天数，日历窗口不填", "needed with a rolling window, and null with a calendar one")))
        if row.get("at_most") is None and row.get("window") != "month":
            faults.append(Fault(f"{at}.at_most", Text("只有按月的可以留空", "may be null only with a month")))
        if "per" in fields and row.get("carrier") is None:
            faults.append(Fault(f"{at}.carrier", Text("配额须写明载体", "a quota names its carrier")))
    return found


def _part(name: str, value: object, fields: dict[str, tuple[Check, Text]], default: dict[str, Any], faults: list[Fault]) -> dict[str, Any]:
    if not isinstance(value, dict):
        faults.append(Fault(name, Text("应为一个对象", "must be an object")))
        return {}
    faults += [Fault(f"{name}.{each}", Text("没有这一项", "there is no such field")) for each in value if each not in fields]
    told = default | {each: one for each, one in value.items() if each in fields}
    for each, (holds, words) in fields.items():
        if each not in told:
            faults.append(Fault(f"{name}.{each}", Text("必填", "needed")))
        elif not holds(told[each]):
            faults.append(Fault(f"{name}.{each}", words))
    return told
