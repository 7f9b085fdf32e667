"""Variables 变量: what may stand in a piece for each person, where it comes from, and its values for many people at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

import ibis
from sqlalchemy import Connection

from siyu.carriers.facts import CARRIERS_RELATION
from siyu.customers.facts import CUSTOMERS_ATTRIBUTE, CUSTOMERS_PROFILE
from siyu.customers.profile import ASKED, asked_of, keep_asked, shown
from siyu.events.properties import normalise_path
from siyu.events.sealed import is_sealed, personal_kind
from siyu.foundation.clock import from_day_number, from_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.segments.directory_columns import Column, columns_of
from siyu.segments.directory_rows import PROSPECT
from siyu.segments.facts import SEGMENTS_STANDING, SEGMENTS_TRAIT_VALUE
from siyu.segments.labels import STAGES
from siyu.segments.traits import value_of
from siyu.team.staff import names_by_userid

LONGEST = 100
"""Characters of a value that are shown: what somebody has put into a name must not fill a message."""
ATTRIBUTE, TRAIT = "属性:", "特征:"
_ENGLISH = {"attribute:": ATTRIBUTE, "trait:": TRAIT}
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]+")
Values = dict[str, list[str | None]]


@dataclass(frozen=True)
class Variable:
    """`name` stands between the braces; `alias` does the same. `group`: profile, orders, segments, service or brand."""

    name: str
    alias: str
    group: str
    label: Text
    example: str


class Source(Protocol):
    """Variables that a later room brings; what they are called begins with one of `prefixes`, or is one of its choices."""

    prefixes: Mapping[str, str]
    """In Chinese → in English, such as 券码: → coupon: ."""

    def choices(self, tx: Connection) -> list[Variable]: ...

    def load(self, stores: Stores, tx: Connection, names: Iterable[str], customer_ids: Sequence[int]) -> dict[str, Mapping[int, Any]]:
        """By variable, customer → value; who has none is absent."""


_sources: list[Source] = []


def declare(source: Source) -> None:
    """Make variables of a later room known; done by whoever puts the product together."""
    if source not in _sources:
        _sources.append(source)


VARIABLES: tuple[Variable, ...] = (
    Variable("称呼", "name", "profile", Text("客户的名字", "the customer's name"), "小雨"),
    Variable("城市", "city", "profile", Text("所在城市", "their city"), "杭州"),
    Variable("省份", "province", "profile", Text("所在省份", "their province"), "浙江"),
    Variable("会员等级", "tier", "profile", Text("会员等级", "tier of membership"), "金卡"),
    Variable("阶段", "stage", "segments", Text("生命周期阶段", "lifecycle stage"), "活跃"),
    Variable("RFM", "rfm", "segments", Text("R、F、M 三个分数", "the scores R, F and M"), "545"),
    Variable("常买类目", "category", "segments", Text("最常买的类目", "the category they are most drawn to"), "护肤"),
    Variable("订单数", "orders", "orders", Text("有效订单数", "valid orders"), "6"),
    Variable("累计消费", "spend", "orders", Text("累计消费金额", "what they have spent"), "1280.00"),
    Variable("上次购买日", "last_order", "orders", Text("上次购买的日期", "the day of the last order"), "2026-03-08"),
    Variable("首次购买日", "first_order", "orders", Text("首次购买的日期", "the day of the first order"), "2025-01-20"),
    Variable("导购", "guide", "service", Text("服务这位客户的员工", "the member of staff who serves them"), "小林"),
    Variable("品牌", "brand", "brand", Text("品牌名", "the brand's name"), "我的品牌"),
)
LINK = ("链接", "link")
"""Stands for the piece's own address in the values of templates."""
PER_STAFF = ("导购", "品牌")
"""Known without knowing the customer: possible where one message goes to all customers of a member of staff."""
_BY_NAME = {key: one.name for one in VARIABLES for key in (one.name, one.alias)}
_PROFILE = {"称呼": "name", "城市": "city", "省份": "province", "会员等级": "tier"}
_STANDING = ("阶段", "RFM", "常买类目", "订单数", "累计消费", "上次购买日", "首次购买日")


def canonical(name: str) -> str:
    """The variable under its own name: `name` is 称呼, `trait:x` is 特征:x."""
    name = name.replace("：", ":")
    for english, own in {**_ENGLISH, **{english: own for source in _sources for own, english in source.prefixes.items()}}.items():
        if name.startswith(english):
            return own + name.removeprefix(english).strip()
    return _BY_NAME.get(name, name)


def known(tx: Connection) -> Callable[[str], bool]:
    """Tells whether a variable exists. An attribute may be any that holds nothing personal by its name; whether anybody has it the preview says."""
    traits = set(_traits(tx))
    more = {one.name for source in _sources for one in source.choices(tx)}

    def is_known(name: str) -> bool:
        own = canonical(name)
        if own in LINK:
            return True
        if own.startswith(TRAIT):
            return own.removeprefix(TRAIT) in traits
        if own.startswith(ATTRIBUTE):
            path = normalise_path(own.removeprefix(ATTRIBUTE).strip())
            return path is not None and personal_kind(path.rsplit(".", 1)[-1]) is None
        return own in _BY_NAME or own in more

    return is_known


def choices(tx: Connection) -> list[Variable]:
    """What the editor offers: the fixed ones, and every trait."""
    traits = [Variable(f"{TRAIT}{name}", f"trait:{name}", "segments", Text(name, name), "…") for name in _traits(tx)]
    return [*VARIABLES, *(one for source in _sources for one in source.choices(tx)), *traits]


def load(stores: Stores, session: Session, tx: Connection, names: Iterable[str], customer_ids: Sequence[int], *, staff: str = "", brand: str = "") -> Values:
    """By variable, a value for each of these people in their order; None where somebody has none. Set-based.

    An unknown variable has no value for anybody. `staff` is the carrier's id of who sends, where one does; values are cut at `LONGEST`
    characters and hold no control characters.
    """
    wanted = {name: canonical(name) for name in names}
    found: dict[str, Mapping[int, Any]] = {}
    own = set(wanted.values())
    if others := {name for name in own if name not in _BY_NAME and name not in LINK and not name.startswith((ATTRIBUTE, TRAIT))}:
        for source in _sources:
            mine = others & {one.name for one in source.choices(tx)}
            found |= source.load(stores, tx, mine, customer_ids) if mine else {}
    if own - set(PER_STAFF) or ("导购" in own and not staff):
        keep_asked(session, customer_ids)
        found |= _profiles(session, own) | _standings(stores, session, own) | _attributes(session, own) | _trait_values(stores, session, tx, own)
    if "导购" in own:
        names_of = names_by_userid(tx)
        found["导购"] = dict.fromkeys(customer_ids, names_of.get(staff)) if staff else _guides(session, names_of)
    found["品牌"] = dict.fromkeys(customer_ids, brand or stores.settings.brand_name)
    return {name: [_shown(found.get(key, {}).get(customer)) for customer in customer_ids] for name, key in wanted.items()}


def _shown(value: Any) -> str | None:
    if value is None:
        return None
    text = value if isinstance(value, str) else str(value)
    if not text.isprintable():
        text = _CONTROL.sub(" ", text)
    text = text.strip()
    if len(text) > LONGEST:
        text = text[: LONGEST - 1] + "…"
    return text.encode("utf-8", "replace").decode() or None


def _profiles(session: Session, own: set[str]) -> dict[str, dict[int, Any]]:
    columns = {name: _PROFILE[name] for name in own if name in _PROFILE}
    return _columns(session, CUSTOMERS_PROFILE.table, columns) if columns else {}


def _columns(session: Session, table: Any, columns: Mapping[str, str]) -> dict[str, dict[int, Any]]:
    rows = session.query(asked_of(table.select("customer_id", *dict.fromkeys(columns.values()))))
    ids = rows["customer_id"].to_pylist()
    return {name: dict(zip(ids, rows[column].to_pylist(), strict=True)) for name, column in columns.items()}


def _standings(stores: Stores, session: Session, own: set[str]) -> dict[str, dict[int, Any]]:
    wanted = [name for name in _STANDING if name in own]
    if not wanted:
        return {}
    table = SEGMENTS_STANDING.table
    columns = ("customer_id", "stage", "r", "f", "m", "top_category", "order_count", "spend_fen", "first_on", "last_on")
    rows = session.query(asked_of(table.select(*columns))).to_pylist()
    makers: dict[str, Callable[[dict[str, Any]], Any]] = {
        "阶段": lambda row: STAGES.get(row["stage"] or PROSPECT, Text("", "")).zh,
        "RFM": lambda row: None if None in (row["r"], row["f"], row["m"]) else f"{row['r']}{row['f']}{row['m']}",
        "常买类目": lambda row: row["top_category"],
        "订单数": lambda row: row["order_count"],
        "累计消费": lambda row: None if row["spend_fen"] is None else f"{row['spend_fen'] / 100:.2f}",
        "上次购买日": lambda row: _day(row["last_on"]),
        "首次购买日": lambda row: _day(row["first_on"]),
    }
    return {name: {row["customer_id"]: makers[name](row) for row in rows} for name in wanted}


def _day(number: int | None) -> date | None:
    return None if number is None else from_day_number(number)


def _attributes(session: Session, own: set[str]) -> dict[str, dict[int, Any]]:
    """Attributes as text. One that holds an identifier or is sealed at rest is nobody's value: it must not go out in a message."""
    paths = {path: name for name in own if name.startswith(ATTRIBUTE) and (path := normalise_path(name.removeprefix(ATTRIBUTE).strip()))}
    if not paths:
        return {}
    table = CUSTOMERS_ATTRIBUTE.table
    rows = session.query(asked_of(table.filter(table.path.isin(sorted(paths))).select("customer_id", "path", "text"))).to_pylist()
    found: dict[str, dict[int, Any]] = {name: {} for name in paths.values()}
    for row in rows:
        if not is_sealed(row["text"]) and str(shown(row["path"], row["text"])) in (row["text"], str(shown("", row["text"]))):
            found[paths[row["path"]]][row["customer_id"]] = row["text"]
    return found


def _trait_values(stores: Stores, session: Session, tx: Connection, own: set[str]) -> dict[str, dict[int, Any]]:
    known_traits = _traits(tx)
    wanted = {name: known_traits[key] for name in own if name.startswith(TRAIT) and (key := name.removeprefix(TRAIT)) in known_traits}
    if not wanted:
        return {}
    by_id = {column.trait_id: (name, column) for name, column in wanted.items()}
    rows = SEGMENTS_TRAIT_VALUE.table
    everybody = session.query(ASKED)["customer_id"].to_pylist()
    found: dict[str, dict[int, Any]] = {name: dict.fromkeys(everybody, _trait(stores, column, column.absent)) for name, column in wanted.items()}
    for row in session.query(asked_of(rows.filter(rows.trait_id.isin(sorted(column.trait_id or 0 for column in wanted.values()))))).to_pylist():
        name, column = by_id[row["trait_id"]]
        value = value_of(row, column.trait_type or "text")
        found[name][row["customer_id"]] = _trait(stores, column, from_ms(value) if column.trait_type == "time" else value)
    return found


def _trait(stores: Stores, column: Column, value: Any) -> Any:
    if value is None:
        return None
    if column.trait_type == "time":
        return stores.calendar.on(value).isoformat() if not isinstance(value, str) else value
    if column.trait_type == "money":
        return f"{value / 100:.2f}"
    if isinstance(value, bool):
        return "是" if value else "否"
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _traits(tx: Connection) -> dict[str, Column]:
    return {column.name.zh: column for column in columns_of(tx).values() if column.trait_id is not None}


def _guides(session: Session, names_of: Mapping[str, str]) -> dict[int, str | None]:
    """Who serves each person: the newest relation that lasts, the smaller staff id among equals."""
    table = CARRIERS_RELATION.table
    lasting = table.filter(table.ended_ms.isnull() & (table.staff != "") & (table.void.isnull() | ~table.void))
    ranked = asked_of(lasting.select("customer_id", "staff", "began_ms")).mutate(
        place=ibis.row_number().over(group_by="customer_id", order_by=[ibis.desc("began_ms"), "staff"])
    )
    rows = session.query(ranked.filter(ranked.place == 0).select("customer_id", "staff"))
    return {customer: names_of.get(staff) for customer, staff in zip(rows["customer_id"].to_pylist(), rows["staff"].to_pylist(), strict=True)}
