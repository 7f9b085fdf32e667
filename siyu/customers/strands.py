"""Strands 时间线的各股: orders with their lines, activities, tags and changes of the profile, as timeline entries."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from functools import partial
from itertools import groupby
from typing import Any

import ibis
import ibis.expr.types as ir

from siyu.customers import activities
from siyu.customers.facts import CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY, CUSTOMERS_TAG, CUSTOMERS_TRAIT
from siyu.customers.profile import shown
from siyu.customers.timeline import Entry, Line, Place, Strand, newest_before
from siyu.customers.words import actor, in_words
from siyu.foundation.money import format_fen
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.orders.facts import ORDERS_LINE

ATTRIBUTES = {
    "name": Text("姓名", "name"),
    "gender": Text("性别", "gender"),
    "province": Text("省份", "province"),
    "city": Text("城市", "city"),
    "country": Text("国家", "country"),
    "source": Text("来源渠道", "source"),
    "tier": Text("会员等级", "tier"),
    "birthday": Text("生日", "birthday"),
    "registered_at": Text("注册时间", "registration"),
}
_ORDERS = {
    "sale": Text("下单 {n} 件", "Ordered {n} pieces"),
    "refund": Text("退款", "Refund"),
    "cancelled": Text("取消订单", "Order cancelled"),
    "gift": Text("获赠 {n} 件", "Got {n} pieces for free"),
    "adjustment": Text("账目调整", "Adjustment"),
}
"""What an order is called by the first of its kinds of line, in this order."""


def strands(currency: str, *, unmasked: bool, zone: tzinfo = UTC, staff: Mapping[str, str] | None = None) -> dict[str, Strand]:
    """The strands of this room. Personal values among the profile's changes are masked unless `unmasked`.

    `zone` is the brand's; `staff` are names of staff by their userid.
    """
    return {
        "order": partial(_order_entries, currency=currency),
        "event": partial(_activity_entries, staff=staff or {}),
        "tag": _tag_entries,
        "profile": partial(_profile_entries, unmasked=unmasked, zone=zone),
    }


def _order_entries(session: Session, customer_id: int, before: Place | None, count: int, *, currency: str) -> list[Entry]:
    """Orders as they stand, with refunds and cancellations that came under their own numbers as entries of their own."""
    lines = ORDERS_LINE.table
    mine = lines.filter(lines.customer_id == customer_id)
    kept = session.keep("_lines", mine)
    orders = kept.group_by(key=kept.order_key).agg(at_ms=kept.ordered_ms.min())
    chosen = session.keep("_orders", newest_before(orders, "order", before, count))
    rows = kept.inner_join(chosen, kept.order_key == chosen.key).order_by([ibis.desc("at_ms"), ibis.desc("key"), "line_key"])
    grouped = groupby(session.query(rows).to_pylist(), key=lambda row: (row["at_ms"], row["key"]))
    return [_order(at_ms, key, list(group), currency) for (at_ms, key), group in grouped]


def _order(at_ms: int, key: int, rows: list[dict[str, Any]], currency: str) -> Entry:
    kinds = {row["kind"] for row in rows}
    kind = next((name for name in _ORDERS if name in kinds), "adjustment")
    pieces = sum(row["quantity"] for row in rows if row["kind"] == kind)
    refund_fen = sum(row["refund_fen"] or 0 for row in rows)
    number = " ".join(part for part in (rows[0]["source"], rows[0]["order_no"]) if part)
    detail = Text(f"订单 {number}", f"order {number}")
    if kind == "sale" and refund_fen:
        given_back = format_fen(refund_fen, currency)
        detail = Text(f"{detail.zh}，已退款 {given_back}", f"{detail.en}, refunded {given_back}")
    amount_fen = sum(row["amount_fen"] or 0 for row in rows) if kind == "sale" else -refund_fen or None
    title = Text(_ORDERS[kind].zh.format(n=f"{pieces:,}"), _ORDERS[kind].en.format(n=f"{pieces:,}"))
    return Entry(at_ms, "order", key, title, detail, amount_fen, tuple(_line(row) for row in rows))


def _line(row: dict[str, Any]) -> Line:
    amount_fen = (row["amount_fen"] or 0) - (0 if row["kind"] == "sale" else row["refund_fen"] or 0)
    return Line(row["sku"], row["product_name"], row["quantity"] or 0, amount_fen)


def _activity_entries(session: Session, customer_id: int, before: Place | None, count: int, *, staff: Mapping[str, str]) -> list[Entry]:
    done, properties = CUSTOMERS_ACTIVITY.table, CUSTOMERS_PROPERTY.table
    mine = done.filter(done.customer_id == customer_id).select("name", "at_ms", key="event_key")
    chosen = session.keep("_activities", newest_before(mine, "event", before, count))
    rows = session.query(chosen.order_by([ibis.desc("at_ms"), ibis.desc("key")])).to_pylist()
    if not rows:
        return []
    owned = properties.filter(properties.customer_id == customer_id)
    said: dict[int, dict[str, str]] = {}
    for row in session.query(owned.semi_join(chosen, owned.event_key == chosen.key)).to_pylist():
        said.setdefault(row["event_key"], {})[row["path"]] = row["text"]
    return [
        Entry(row["at_ms"], "event", row["key"], activities.title(row["name"], said.get(row["key"])), activities.details(said.get(row["key"], {}), staff))
        for row in rows
    ]


def _tag_entries(session: Session, customer_id: int, before: Place | None, count: int) -> list[Entry]:
    """The newest change of each tag."""
    table = CUSTOMERS_TAG.table
    mine = table.filter(table.customer_id == customer_id)
    return [
        Entry(row["at_ms"], "tag", row["key"], _tag_title(row["tag"], row["added"]), _by(row["by"]))
        for row in _newest(session, mine.mutate(key=mine.tag), "tag", before, count)
    ]


def _by(name: str) -> Text:
    who = actor(name)
    return Text(f"由 {who.zh}", f"by {who.en}")


def _tag_title(tag: str, added: bool) -> Text:
    return Text(f"打上标签「{tag}」", f"Tagged “{tag}”") if added else Text(f"去掉标签「{tag}」", f"Tag “{tag}” taken off")


def _profile_entries(session: Session, customer_id: int, before: Place | None, count: int, *, unmasked: bool, zone: tzinfo) -> list[Entry]:
    """What was done to attributes; setting the same value again is no entry."""
    table = CUSTOMERS_TRAIT.table
    mine = table.filter(table.customer_id == customer_id)
    earlier = ibis.window(group_by="path", order_by=[mine.set_ms, mine.sequence])
    changes = mine.mutate(before=mine.text.lag().over(earlier), at_ms=mine.set_ms)
    again = changes.before.notnull() & (changes.before == changes.text) & changes["op"].fill_null("set").isin(["set", "once"])
    changed = changes.filter(~again.fill_null(False))
    keyed = changed.mutate(key=changed.sequence)
    return [_profile_entry(row, unmasked, zone) for row in _newest(session, keyed, "profile", before, count)]


_OPERATIONS = {
    "once": Text("{name}：{value}(仅在没有值时)", "{name}: {value} (only if there was none)"),
    "increment": Text("{name}：增加 {value}", "{name}: {value} added"),
    "append": Text("{name}：加入 {value}", "{name}: {value} put into the list"),
    "unset": Text("{name}：已清除", "{name}: removed"),
}


def _profile_entry(row: dict[str, Any], unmasked: bool, zone: tzinfo) -> Entry:
    path = row["path"]
    if row["op"] == "delete":
        return Entry(row["at_ms"], "profile", row["key"], Text("资料更新", "Profile changed"), Text("清空全部资料", "all attributes removed"))
    name = ATTRIBUTES.get(path, Text(path, path))
    if row["op"] in _OPERATIONS:
        value = "" if row["text"] is None else shown(path, row["text"], unmasked=unmasked)
        said = "、".join(map(str, value)) if isinstance(value, list) else str(value)
        detail = Text(*(words.format(name=each, value=said) for words, each in zip(_OPERATIONS[row["op"]], name, strict=True)))
        return Entry(row["at_ms"], "profile", row["key"], Text("资料更新", "Profile changed"), detail)
    told = [in_words(path, _local(path, str(shown(path, row[side], unmasked=unmasked)), zone)) for side in ("before", "text") if row[side] is not None]
    detail = Text(f"{name.zh}：{' → '.join(text.zh for text in told)}", f"{name.en}: {' → '.join(text.en for text in told)}")
    return Entry(row["at_ms"], "profile", row["key"], Text("资料更新", "Profile changed"), detail)


def _local(path: str, value: str, zone: tzinfo) -> str:
    """An instant as the brand's clocks show it; everything else as it is."""
    if path != "registered_at":
        return value
    try:
        at = datetime.fromisoformat(value)
    except ValueError:
        return value
    return f"{(at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(zone):%Y-%m-%d %H:%M}"


def _newest(session: Session, rows: ir.Table, kind: str, before: Place | None, count: int) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = session.query(newest_before(rows, kind, before, count)).to_pylist()
    return found

