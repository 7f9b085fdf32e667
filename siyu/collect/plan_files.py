"""Plan files 埋点方案文件: the plan as JSON and as CSV (one row a property), out and in."""

from __future__ import annotations

import csv
import io

import msgspec

from siyu.collect.plan import KINDS, Plan, PlannedEvent, PlannedProperty
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text

COLUMNS = ("event", "event_description", "property", "type", "required", "allowed", "personal", "description")
_YES = {"1", "true", "yes", "y", "是", "必填"}
_NO = {"", "0", "false", "no", "n", "否"}
_TYPES = {"文本": "text", "字符串": "text", "string": "text", "数值": "number", "数字": "number", "int": "number", "float": "number", "布尔": "boolean", "bool": "boolean",
          "时间": "time", "日期": "time", "datetime": "time", "date": "time", "列表": "list", "array": "list", "对象": "object", "": "any", "任意": "any"}  # fmt: skip


class _File(msgspec.Struct, forbid_unknown_fields=True):
    events: tuple[PlannedEvent, ...]


def to_json(plan: Plan) -> bytes:
    return msgspec.json.format(msgspec.json.encode(_File(tuple(plan.events.values()))), indent=2)


def to_csv(plan: Plan) -> str:
    """One row a property; an event without properties has one row. Allowed values are separated by `|`."""
    sheet = io.StringIO()
    write = csv.writer(sheet, lineterminator="\r\n")
    write.writerow(COLUMNS)
    for event in plan.events.values():
        for each in event.properties or (PlannedProperty(""),):
            cells = (event.name, event.description, each.name, each.type, _mark(each.required), "|".join(map(_shown, each.allowed)), _mark(each.personal), each.description)
            write.writerow([_harmless(cell) for cell in cells])
    # Excel reads UTF-8 only with this mark.
    return "\ufeff" + sheet.getvalue()


def from_json(text: str) -> list[PlannedEvent]:
    try:
        return list(msgspec.json.decode(text, type=_File).events)
    except msgspec.DecodeError as wrong:
        raise _unreadable([Fault("file", Text(f"不是埋点方案的 JSON:{wrong}", f"not the JSON of a tracking plan: {wrong}"))]) from None


def from_csv(text: str) -> list[PlannedEvent]:
    """Events of a sheet; every row that cannot be read is a fault with its line.

    Raises
    ------
    InvalidError
    """
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff")))
    if not {"event", "property"} <= set(reader.fieldnames or ()):
        raise _unreadable([Fault("line 1", Text(f"第一行须有列名：{', '.join(COLUMNS)}", f"the first line must name the columns: {', '.join(COLUMNS)}"))])
    events: dict[str, tuple[str, list[PlannedProperty]]] = {}
    faults: list[Fault] = []
    for row in reader:
        cell = {name: (row.get(name) or "").strip().removeprefix("'") for name in COLUMNS}
        _, properties = events.setdefault(cell["event"], (cell["event_description"], []))
        if cell["property"]:
            found = _property(cell, reader.line_num, faults)
            properties += [found] if found else []
    if faults:
        raise _unreadable(faults)
    return [PlannedEvent(name, described, tuple(properties)) for name, (described, properties) in events.items()]


def _property(cell: dict[str, str], line: int, faults: list[Fault]) -> PlannedProperty | None:
    kind = _TYPES.get(cell["type"].lower(), cell["type"].lower())
    wrong = [Fault(f"line {line}: {name}", Text("请填 true 或 false", "write true or false")) for name in ("required", "personal") if cell[name].lower() not in _YES | _NO]
    if kind not in KINDS:
        wrong.append(Fault(f"line {line}: type", Text(f"类型须是 {'、'.join(KINDS)}", f"the type is one of {', '.join(KINDS)}")))
    allowed: list[str | float] = [each.strip() for each in cell["allowed"].split("|") if each.strip()]
    if kind == "number":
        try:
            allowed = [float(each) for each in allowed]
        except ValueError:
            wrong.append(Fault(f"line {line}: allowed", Text("数值属性的允许值必须是数字", "the allowed values of a number are numbers")))
    faults += wrong
    if wrong:
        return None
    return PlannedProperty(
        cell["property"], kind, cell["required"].lower() in _YES, tuple(allowed), cell["description"], cell["personal"].lower() in _YES  # type: ignore[arg-type]
    )  # fmt: skip


def read_plan(form: str, text: str) -> list[PlannedEvent]:
    return from_csv(text) if form == "csv" else from_json(text)


def _mark(yes: bool) -> str:
    return "true" if yes else "false"


def _shown(value: str | float) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _harmless(cell: str) -> str:
    # A spreadsheet must not take a name from outside for a formula.
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t") else cell


def _unreadable(faults: list[Fault]) -> InvalidError:
    return InvalidError(Text("读不出埋点方案", "The tracking plan cannot be read"), faults=faults[:50], way_out=Text("按模板改好再导入", "mend the file after the exported form, then import again"))
