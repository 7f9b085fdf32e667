"""Columns of the list of customers 列表的列: their names, and by which of them, and how, the list can be sorted. Traits are columns too."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
from sqlalchemy import Connection

from siyu.customers.facts import CUSTOMERS_PROFILE
from siyu.foundation.errors import Fault, InvalidError
from siyu.foundation.text import Text
from siyu.foundation.warehouse.facts import Fact
from siyu.segments.facts import SEGMENTS_QUALITY, SEGMENTS_STANDING, SEGMENTS_TRAIT_VALUE
from siyu.segments.labels import QUALITIES, STAGES, VERDICTS
from siyu.segments.rules import TRAIT
from siyu.segments.traits import Type
from siyu.segments.traits_store import list_traits

Kind = Literal["text", "number", "money", "date", "tags", "enum"]
Value = Callable[[ir.Table], Any]
DEFAULT_SORT = "-last_order_on"


@dataclass(frozen=True)
class Column:
    """One column. `fact` and `value` say what it is sorted by; with `zero`, people without a value count as 0 there.

    One that is a trait has its number, its type, and what people without a value of their own have instead.
    """

    key: str
    name: Text
    kind: Kind
    fact: Fact | None = field(default=None, compare=False)
    value: Value | None = field(default=None, compare=False)
    zero: bool = False
    default: bool = False
    options: tuple[tuple[str, Text], ...] = ()
    trait_id: int | None = None
    trait_type: Type | None = None
    absent: Any = None

    @property
    def sortable(self) -> bool:
        return self.value is not None


@dataclass(frozen=True)
class Order:
    """A column and a direction. People without a value come last, those who count as 0 in their place; then by id."""

    column: Column
    descending: bool


def _is(name: str) -> Value:
    return lambda table: table[name]


def _rfm(table: ir.Table) -> ir.Value:
    return table.r * 100 + table.f * 10 + table.m


def _stage_place(table: ir.Table) -> ir.Value:
    """Prospects are 0 and need no row."""
    return ibis.cases(*((table.stage == stage, place) for place, stage in enumerate(STAGES)), else_=0)


_GENDERS = (("F", Text("女", "Female")), ("M", Text("男", "Male")))
_VERDICTS = tuple(VERDICTS.items())
_QUALITIES = {what: Text(name.zh, name.en.capitalize()) for what, name in QUALITIES.items()}

COLUMNS = {
    column.key: column
    for column in (
        Column("id", Text("客户编号", "Customer no."), "number", CUSTOMERS_PROFILE, _is("customer_id")),
        Column("name", Text("姓名", "Name"), "text", CUSTOMERS_PROFILE, _is("name"), default=True),
        Column("gender", Text("性别", "Gender"), "enum", CUSTOMERS_PROFILE, _is("gender"), options=_GENDERS),
        Column("city", Text("城市", "City"), "text", CUSTOMERS_PROFILE, _is("city"), default=True),
        Column("province", Text("省份", "Province"), "text", CUSTOMERS_PROFILE, _is("province")),
        Column("source", Text("来源渠道", "Source"), "text", CUSTOMERS_PROFILE, _is("source"), default=True),
        Column("tier", Text("会员等级", "Tier"), "text", CUSTOMERS_PROFILE, _is("tier")),
        Column("registered_on", Text("注册日期", "Registered"), "date", CUSTOMERS_PROFILE, _is("registered_ms")),
        Column("tags", Text("标签", "Tags"), "tags", default=True),
        Column("order_count", Text("订单数", "Orders"), "number", SEGMENTS_STANDING, _is("order_count"), zero=True, default=True),
        Column("spend_fen", Text("累计消费", "Total spend"), "money", SEGMENTS_STANDING, _is("spend_fen"), zero=True, default=True),
        Column("first_order_on", Text("首单日期", "First order"), "date", SEGMENTS_STANDING, _is("first_on")),
        Column("last_order_on", Text("最近下单", "Last order"), "date", SEGMENTS_STANDING, _is("last_on"), default=True),
        Column("rfm", Text("RFM", "RFM"), "text", SEGMENTS_STANDING, _rfm, default=True),
        Column("stage", Text("生命周期", "Lifecycle"), "enum", SEGMENTS_STANDING, _stage_place, zero=True, default=True, options=tuple(STAGES.items())),
        Column("predicted_value_fen", Text("预测价值", "Predicted value"), "money", SEGMENTS_STANDING, _is("predicted_value_fen")),
        *(Column(what, name, "enum", SEGMENTS_QUALITY, _is(what), options=_VERDICTS) for what, name in _QUALITIES.items()),
        Column("phone_masked", Text("手机号", "Phone"), "text"),
        Column("email_masked", Text("邮箱", "Email"), "text"),
    )
}
_FLAGS = (("true", Text("是", "Yes")), ("false", Text("否", "No")))
_TRAIT_KINDS: dict[Type, Kind] = {"text": "text", "number": "number", "money": "money", "time": "date", "boolean": "enum"}
DEFAULT_COLUMNS = tuple(column.key for column in COLUMNS.values() if column.default)


def columns_of(tx: Connection) -> dict[str, Column]:
    """Every column by its key: the usual ones, and the traits of this brand."""
    return COLUMNS | {each.field: _trait_column(each.id, each.name, each.trait.type, each.trait.default) for each in list_traits(tx) if not each.problem}


def _trait_column(trait_id: int, name: str, kind: Type, default: Any) -> Column:
    stored = "text" if kind == "text" else "time_ms" if kind == "time" else "number"

    def value(table: ir.Table) -> Any:
        return (table.trait_id == trait_id).ifelse(table[stored], ibis.null(table[stored].type()))

    zero = kind != "text" and default in (0, False)
    options = _FLAGS if kind == "boolean" else ()
    return Column(
        f"{TRAIT}{trait_id}", Text(name, name), _TRAIT_KINDS[kind], SEGMENTS_TRAIT_VALUE, value, zero, False, options, trait_id, kind, default
    )


def parse_sort(sort: str, columns: Mapping[str, Column] = COLUMNS) -> Order:
    """The order that `spend_fen` (ascending) or `-spend_fen` (descending) names.

    Raises
    ------
    InvalidError
    """
    key = sort.removeprefix("-")
    column = columns.get(key)
    if column is None or not column.sortable:
        usable = ", ".join(each.key for each in columns.values() if each.sortable)
        fault = Fault("sort", Text(f"不能按 {key} 排序，可用：{usable}", f"cannot sort by {key}; use {usable}"))
        raise InvalidError(Text("排序有误", "the order is not valid"), faults=[fault])
    return Order(column, sort.startswith("-"))


def check_columns(keys: list[str], columns: Mapping[str, Column] = COLUMNS) -> list[Column]:
    """The columns of these keys, in their order, each once.

    Raises
    ------
    InvalidError
        With a fault for each unknown key.
    """
    faults = [Fault("columns", Text(f"没有列 {key}", f"no such column: {key}")) for key in keys if key not in columns]
    if faults:
        raise InvalidError(Text("列有误", "the columns are not valid"), faults=faults)
    return [columns[key] for key in dict.fromkeys(keys)]
