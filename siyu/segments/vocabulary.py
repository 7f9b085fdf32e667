"""Vocabulary 可用条件: what a rule can be about in this brand: attributes, tags, activities, goods, with values seen."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir

from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.segments import rules
from siyu.segments.labels import ACTIVITIES, FIELDS, STAGES
from siyu.segments.traits_store import Definition, list_traits

MOST_OPTIONS = 60
MOST_GOODS = 200


def vocabulary(stores: Stores) -> dict[str, Any]:
    """Everything the builder offers; lists are cut at the most frequent values."""
    tables = stores.warehouse.tables
    with stores.ledger.read() as tx:
        computed = [_trait(each) for each in list_traits(tx) if not each.problem]
    with stores.warehouse.read() as session:
        return {
            "attributes": _attributes(session, tables) + computed,
            "tags": _tags(session, tables),
            "events": _events(session, tables),
            "products": _products(session, tables),
            "stages": [{"stage": stage, "name": name.json()} for stage, name in STAGES.items()],
        }


def _frequent(session: Session, column: ir.Column, most: int) -> list[tuple[Any, int]]:
    rows = column.name("value").as_table()
    known = rows.filter(rows.value.notnull())
    counted = known.group_by("value").agg(n=known.count())
    found = session.query(counted.order_by([counted.n.desc(), counted.value]).limit(most)).to_pylist()
    return [(row["value"], row["n"]) for row in found]


def _attributes(session: Session, tables: Tables) -> list[dict[str, Any]]:
    profile = tables["customers_profile"]
    found: list[dict[str, Any]] = []
    for field, name in FIELDS.items():
        kind = "date" if field in rules.TIME_FIELDS else "money" if field.endswith("_fen") else "number" if field in rules.NUMBER_FIELDS else "text"
        entry: dict[str, Any] = {"field": field, "name": name.json(), "kind": kind}
        if field in rules.TEXT_FIELDS and field != "name":
            column = tables["segments_standing"].top_category if field == "top_category" else profile[field]
            entry |= {"kind": "enum", "options": [{"value": value, "name": Text(value, value).json()} for value, _ in _frequent(session, column, MOST_OPTIONS)]}
        found.append(entry)
    attribute = tables["customers_attribute"]
    custom = [path for path, _ in _frequent(session, attribute.path, MOST_OPTIONS) if path not in FIELDS and path != "registered_at"]
    return found + [{"field": f"custom:{path}", "name": Text(path, path).json(), "kind": "text"} for path in custom]


def _trait(each: Definition) -> dict[str, Any]:
    kind = {"time": "date", "text": "enum"}.get(each.trait.type, each.trait.type)
    seen = [bucket["value"] for bucket in (each.distribution or {}).get("buckets", [])] if kind == "enum" else []
    options = {"options": [{"value": value, "name": Text(value, value).json()} for value in seen]} if kind == "enum" else {}
    return {"field": each.field, "name": Text(each.name, each.name).json(), "kind": kind, "group": "trait", **options}


def _tags(session: Session, tables: Tables) -> list[dict[str, Any]]:
    tag = tables["customers_tag"]
    return [{"tag": value, "count": count} for value, count in _frequent(session, tag.filter(tag.added).tag, 500)]


def _events(session: Session, tables: Tables) -> list[dict[str, Any]]:
    activity, prop = tables["customers_activity"], tables["customers_property"]
    names = _frequent(session, activity["name"], MOST_OPTIONS)
    joined = prop.select("event_key", "path", "text", "number").inner_join(activity.select("event_key", "name"), "event_key")
    grouped = joined.group_by("name", "path").agg(n=joined.count(), sample=joined.text.min(), numbers=joined.number.count())
    paths: dict[str, list[dict[str, Any]]] = {}
    for row in session.query(grouped.order_by(["name", grouped.n.desc(), "path"])).to_pylist():
        kind = "number" if row["numbers"] == row["n"] else "text"
        paths.setdefault(row["name"], []).append({"path": row["path"], "kind": kind, "samples": [row["sample"]]})
    return [
        {"name": name, "label": ACTIVITIES.get(name, Text(name, name)).json(), "count": count, "properties": paths.get(name, [])[:MOST_OPTIONS]}
        for name, count in names
    ]


def _products(session: Session, tables: Tables) -> dict[str, Any]:
    line = tables["orders_line"]
    sold = line.filter((line.kind == "sale") & line.sku.notnull())
    grouped = sold.group_by("sku").agg(name=sold.product_name.max(), n=sold.count())
    top = session.query(grouped.order_by([grouped.n.desc(), "sku"]).limit(MOST_GOODS)).to_pylist()
    return {
        "categories": [value for value, _ in _frequent(session, line.category, MOST_OPTIONS)],
        "sources": [value for value, _ in _frequent(session, line.source, MOST_OPTIONS)],
        "top": [{"sku": row["sku"], "name": row["name"] or row["sku"]} for row in top],
    }
