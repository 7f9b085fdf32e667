"""Facts of customers: who there is, what is known of them, how they are tagged, what they did."""

from __future__ import annotations

from typing import Any

import ibis.expr.types as ir
import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.customers.consent_facts import CUSTOMERS_CONSENT
from siyu.customers.folding import folded
from siyu.events.catalogue.acquisition import ACQUISITION_TOUCHED
from siyu.events.catalogue.content import CONTENT_TOUCHED
from siyu.events.catalogue.customers import ACTIVITY_RECORDED, PROFILE_RECORDED, TAGS_CHANGED
from siyu.events.catalogue.loyalty import COUPONS_CHANGED, POINTS_CHANGED
from siyu.events.catalogue.messaging import MESSAGES_CHANGED
from siyu.events.properties import flatten
from siyu.events.sealed import MARK, shown_within
from siyu.foundation.ids import key64_numbers
from siyu.foundation.warehouse.facts import Batch, Column, Fact, Tables

_IDENTITY = (
    Column("identity_key", "int64", "the identifier under which it came in"),
    Column("customer_id", "int64", "the customer"),
)
_VALUE = (
    Column("path", "string", "name of the attribute or property; nested ones with dots"),
    Column("text", "string", "value as text; numbers, true/false, objects and lists in their JSON form"),
    Column("number", "float64", "value as a number, or null"),
    Column("time_ms", "int64", "value as an instant, epoch ms, or null"),
)
PROFILE_PATHS = ("name", "gender", "province", "city", "country", "source", "tier")
"""Attributes that are columns of a profile."""


def _settings(batch: Batch) -> pa.Table:
    sequence = pa.array(range(batch.rows.num_rows), pa.int64())
    return batch.rows.append_column("sequence", pc.add(sequence, batch.position << 24))


def _items(batch: Batch) -> pa.Table:
    """Every element of every list that was set or appended; a single value that was appended is a list of one."""
    columns: dict[str, list[Any]] = {name: [] for name in ("event_key", "identity_key", "path", "place", "item")}
    appended = pc.equal(batch.rows["op"], "append") if "op" in batch.rows.column_names else pa.scalar(False)
    given = batch.rows.filter(pc.fill_null(pc.or_kleene(appended, pc.starts_with(batch.rows["text"], "[")), False))
    for row in given.to_pylist():
        for place, item in enumerate(_elements(row["text"], single=row.get("op") == "append")):
            for name, cell in zip(columns, (row["event_key"], row["identity_key"], row["path"], place, item), strict=True):
                columns[name].append(cell)
    kinds = (pa.int64(), pa.int64(), pa.string(), pa.int64(), pa.string())
    return pa.table(columns, pa.schema(zip(columns, kinds, strict=True)))


def _elements(text: str | None, *, single: bool) -> list[str]:
    """The distinct elements of a list in JSON, each in its compact JSON form; with `single`, of anything else itself."""
    try:
        value = msgspec.json.decode(text or "")
    except msgspec.DecodeError:
        value = text
    found = value if isinstance(value, list) else [value if isinstance(value, int | float) else text] if single and text else []
    return list(dict.fromkeys(msgspec.json.encode(item).decode() for item in found))[:MOST_ITEMS]


def _profiles(tables: Tables) -> ir.Table:
    """Every customer who has an identifier, with the attributes that are columns; none of them is required."""
    links, attributes = tables["identity_link"], tables["customers_attribute"]
    base = links.group_by("customer_id").agg(first_seen_ms=links.first_seen_ms.min())

    def text(path: str) -> ir.StringColumn:
        return attributes.text.max(where=attributes.path == path)

    def time(path: str) -> ir.IntegerColumn:
        return attributes.time_ms.max(where=attributes.path == path)

    known = attributes.group_by("customer_id").agg(
        **{path: text(path) for path in PROFILE_PATHS}, birthday_ms=time("birthday"), registered_ms=time("registered_at")
    )
    joined = base.left_join(known, "customer_id").drop("customer_id_right")
    return joined.mutate(registered_ms=joined.registered_ms.coalesce(joined.first_seen_ms))


def _activities(batch: Batch) -> pa.Table:
    return batch.rows.select(["event_key", "identity_key", "name", "at_ms"])


TOLD = {"sent": "message_sent", "received": "message_delivered", "refused": "message_failed", "failed": "message_failed"}
"""What a message that took one of these statuses is among a person's activities."""
_OF_MESSAGE = ("send_id", "purpose", "carrier", "variant", "reason")


def _messaged(batch: Batch) -> pa.Table:
    """Messages that were sent, came in or failed, each once."""
    return _told(batch).select(["event_key", "identity_key", "name", "at_ms"])


def _properties_of_messages(batch: Batch) -> pa.Table:
    told = _told(batch)
    parts = []
    for path in _OF_MESSAGE:
        rows = told.filter(pc.is_valid(told[path]))
        number = rows[path].cast(pa.float64()) if path == "send_id" else pa.nulls(rows.num_rows, pa.float64())
        columns = [rows["event_key"], rows["identity_key"], pa.repeat(pa.scalar(path), rows.num_rows), rows[path].cast(pa.string()), number, pa.nulls(rows.num_rows, pa.int64())]
        parts.append(pa.table(columns, schema=ACTIVITY_PROPERTY_ARRIVING))
    return pa.concat_tables(parts)


def _told(batch: Batch) -> pa.Table:
    rows = batch.rows.filter(pc.is_in(batch.rows["status"], pa.array(list(TOLD))))
    name = pa.array(list(TOLD.values())).take(pc.index_in(rows["status"], pa.array(list(TOLD))))
    numbers = [rows[column].to_numpy() for column in ("send_id", "identity_key", "route")]
    key = key64_numbers(*numbers, pc.index_in(name, pa.array(sorted(set(TOLD.values())))).to_numpy())
    return rows.append_column("name", name).append_column("event_key", pa.array(key.astype(np.int64)))


def _properties(batch: Batch) -> pa.Table:
    """Every property of every activity as a row. Unreadable JSON has none (the activity itself is kept)."""
    columns: dict[str, list[Any]] = {name: [] for name in ("event_key", "identity_key", "path", "text", "number", "time_ms")}
    rows = zip(*(batch.rows[name].to_pylist() for name in ("event_key", "identity_key", "properties")), strict=True)
    decoder = msgspec.json.Decoder()
    for event_key, identity_key, raw in rows:
        for value in flatten(shown_within(decoder.decode(raw)) if MARK in raw else decoder.decode(raw)) if raw else ():
            for name, cell in zip(columns, (event_key, identity_key, *value), strict=True):
                columns[name].append(cell)
    return pa.table(columns, ACTIVITY_PROPERTY_ARRIVING)


def _touches(batch: Batch) -> pa.Table:
    """What known people did with content; visitors nobody knows have no activities."""
    known = batch.rows.filter(pc.not_equal(batch.rows["identity_key"], 0))
    return known.select(["event_key", "identity_key", "name", "at_ms"])


def _touch_properties(batch: Batch) -> pa.Table:
    """Of which send, piece and address, by whom, and how long."""
    known = batch.rows.filter(pc.not_equal(batch.rows["identity_key"], 0))
    paths = {"send": "send_id", "variant": "variant", "piece": "piece_id", "version": "version", "link": "number", "staff": "sender", "seconds": "seconds"}
    parts = []
    for path, column in paths.items():
        rows = known.filter(pc.and_(pc.is_valid(known[column]), pc.not_equal(known[column].cast(pa.string()), "" if column in ("variant", "sender") else "-")))
        text = rows[column].cast(pa.string())
        number = rows[column].cast(pa.float64()) if pa.types.is_integer(rows[column].type) else pa.nulls(rows.num_rows, pa.float64())
        columns = {"event_key": rows["event_key"], "identity_key": rows["identity_key"], "path": pa.array([path] * rows.num_rows, pa.string()), "text": text, "number": number}
        parts.append(pa.table({**columns, "time_ms": pa.nulls(rows.num_rows, pa.int64())}).cast(ACTIVITY_PROPERTY_ARRIVING))
    return pa.concat_tables(parts)


def _loyal(batch: Batch) -> pa.Table:
    """What became of people's points and coupons."""
    names = batch.rows["name"] if batch.event == COUPONS_CHANGED.name else pa.repeat(pa.scalar(POINTS_CHANGED.name), batch.rows.num_rows)
    return pa.table({"event_key": batch.rows["event_key"], "identity_key": batch.rows["identity_key"], "name": names, "at_ms": batch.rows["at_ms"]})


_OF_POINTS = {"kind": "kind", "points": "points", "balance": "balance", "reason": "reason"}
_OF_COUPONS = {"coupon": "coupon_name", "coupon_id": "coupon_id", "kind": "coupon_kind", "value_fen": "value_fen", "order_no": "order_no"}


def _loyal_properties(batch: Batch) -> pa.Table:
    parts = []
    for path, column in (_OF_COUPONS if batch.event == COUPONS_CHANGED.name else _OF_POINTS).items():
        rows = batch.rows.filter(pc.is_valid(batch.rows[column]))
        number = rows[column].cast(pa.float64()) if pa.types.is_integer(rows[column].type) else pa.nulls(rows.num_rows, pa.float64())
        named = {"path": pa.repeat(pa.scalar(path), rows.num_rows), "text": rows[column].cast(pa.string()), "number": number, "time_ms": pa.nulls(rows.num_rows, pa.int64())}
        parts.append(pa.table({"event_key": rows["event_key"], "identity_key": rows["identity_key"], **named}, ACTIVITY_PROPERTY_ARRIVING))
    return pa.concat_tables(parts)


def _sourced(batch: Batch) -> pa.Table:
    """By which source known people came, as it was told first."""
    known = batch.rows.filter(pc.and_(pc.not_equal(batch.rows["identity_key"], 0), pc.not_equal(batch.rows["step"], "void")))
    return known.select(["event_key", "identity_key", "at_ms"]).append_column("name", pa.repeat(pa.scalar("source_touched"), known.num_rows))


def _sourced_properties(batch: Batch) -> pa.Table:
    known = batch.rows.filter(pc.and_(pc.not_equal(batch.rows["identity_key"], 0), pc.not_equal(batch.rows["step"], "void")))
    parts = []
    for path, column in {"source": "source", "step": "step", "source_id": "source_id"}.items():
        number = known[column].cast(pa.float64()) if column == "source_id" else pa.nulls(known.num_rows, pa.float64())
        named = {"path": pa.repeat(pa.scalar(path), known.num_rows), "text": known[column].cast(pa.string()), "number": number, "time_ms": pa.nulls(known.num_rows, pa.int64())}
        parts.append(pa.table({"event_key": known["event_key"], "identity_key": known["identity_key"], **named}, ACTIVITY_PROPERTY_ARRIVING))
    return pa.concat_tables(parts)


MOST_ITEMS = 1000
"""Elements of one list that are looked at."""
ACTIVITY_PROPERTY_ARRIVING = pa.schema(
    [("event_key", pa.int64()), ("identity_key", pa.int64()), ("path", pa.string()), ("text", pa.string()), ("number", pa.float64()), ("time_ms", pa.int64())]
)

CUSTOMERS_TRAIT = Fact(
    name="customers_trait",
    grain="one operation on one attribute (history)",
    key=("event_key", "path"),
    columns=(
        Column("event_key", "int64", "the event that carried it"),
        *_IDENTITY,
        *_VALUE,
        Column("set_ms", "int64", "when it was done, epoch ms"),
        Column("sequence", "int64", "order of arrival; breaks ties of set_ms"),
        Column("op", "string", "set (also null), once, increment, append, unset or delete"),
    ),
    sources={PROFILE_RECORDED.name: _settings},
    on_duplicate="keep",
)
CUSTOMERS_ITEM = Fact(
    name="customers_item",
    grain="one element of one list that an attribute was set to, or that was appended to it",
    key=("event_key", "path", "item"),
    columns=(
        Column("event_key", "int64", "the event that carried it"),
        *_IDENTITY,
        Column("path", "string", "name of the attribute"),
        Column("place", "int64", "its place in the list, from 0"),
        Column("item", "string", "the element in its JSON form"),
    ),
    sources={PROFILE_RECORDED.name: _items},
    on_duplicate="keep",
)
CUSTOMERS_ATTRIBUTE = Fact(
    name="customers_attribute",
    grain="one attribute of one customer, as it is now",
    key=("customer_id", "path"),
    columns=(
        Column("customer_id", "int64", "the customer"),
        *_VALUE,
        Column("set_ms", "int64", "when this value was set last, epoch ms"),
        Column("held_since_ms", "int64", "since when it has had this value without a break, epoch ms"),
    ),
    derive=lambda tables: folded(tables["customers_trait"], tables["customers_item"]),
    derive_from=("customers_trait", "customers_item"),
    group="customer_id",
)
CUSTOMERS_PROFILE = Fact(
    name="customers_profile",
    grain="one customer",
    key=("customer_id",),
    columns=(
        Column("customer_id", "int64", "the customer"),
        *(Column(path, "string", f"attribute {path}; null if not known") for path in PROFILE_PATHS),
        Column("birthday_ms", "int64", "midnight UTC of the birthday, epoch ms"),
        Column("registered_ms", "int64", "registration, else when first seen, epoch ms"),
        Column("first_seen_ms", "int64", "when an identifier was first seen, epoch ms"),
    ),
    derive=_profiles,
    derive_from=("identity_link", "customers_attribute"),
    group="customer_id",
)
CUSTOMERS_TAG = Fact(
    name="customers_tag",
    grain="one tag of one customer",
    key=("customer_id", "tag"),
    columns=(
        Column("customer_id", "int64", "the customer"),
        Column("tag", "string", "the tag"),
        Column("added", "boolean", "true while the customer has it"),
        Column("at_ms", "int64", "when it was put on or taken off, epoch ms"),
        Column("by", "string", "who did it"),
    ),
    sources={TAGS_CHANGED.name: lambda batch: batch.rows},
)
CUSTOMERS_ACTIVITY = Fact(
    name="customers_activity",
    grain="one activity of one customer",
    key=("event_key",),
    columns=(
        Column("event_key", "int64", "key of the event"),
        *_IDENTITY,
        Column("name", "string", "name of the activity"),
        Column("at_ms", "int64", "when, epoch ms"),
    ),
    sources={ACTIVITY_RECORDED.name: _activities, MESSAGES_CHANGED.name: _messaged, CONTENT_TOUCHED.name: _touches, POINTS_CHANGED.name: _loyal, COUPONS_CHANGED.name: _loyal, ACQUISITION_TOUCHED.name: _sourced},
    on_duplicate="keep",
)
CUSTOMERS_PROPERTY = Fact(
    name="customers_property",
    grain="one property of one activity",
    key=("event_key", "path"),
    columns=(Column("event_key", "int64", "key of the event"), *_IDENTITY, *_VALUE),
    sources={ACTIVITY_RECORDED.name: _properties, MESSAGES_CHANGED.name: _properties_of_messages, CONTENT_TOUCHED.name: _touch_properties, POINTS_CHANGED.name: _loyal_properties, COUPONS_CHANGED.name: _loyal_properties, ACQUISITION_TOUCHED.name: _sourced_properties},
    on_duplicate="keep",
)
FACTS = (CUSTOMERS_TRAIT, CUSTOMERS_ITEM, CUSTOMERS_ATTRIBUTE, CUSTOMERS_PROFILE, CUSTOMERS_TAG, CUSTOMERS_ACTIVITY, CUSTOMERS_PROPERTY, CUSTOMERS_CONSENT)
