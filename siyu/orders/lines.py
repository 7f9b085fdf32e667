"""Lines 明细: rows of a file become order lines, or are rejected with a reason; good rows never wait for bad ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.events.identifiers import Identified, anchor, identify
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.ids import Ints, key64_rows
from siyu.foundation.secrets import Secrets
from siyu.orders import cells, spreading, states
from siyu.orders._seen import Seen
from siyu.orders.fields import Mapping
from siyu.orders.reading import Chunk

MAX_QUANTITY = 1_000_000
MAX_PRICE = 1e9
MAX_WORTH = 1e11
FIRST_YEAR_MS = 315_532_800_000
"""1980-01-01: an order before it is a fault in the data."""

REJECTS = pa.schema([("line", pa.int64()), ("code", pa.string()), ("column", pa.string()), ("value", pa.string())])
CHANGING = (
    "identity_key", "ordered_ms", "sku", "product_name", "category", "quantity", "unit_price_fen", "amount_fen", "refund_fen", "kind", "source", "state",
)  # fmt: skip
"""What of a line may become another; its content key is made of these."""


@dataclass(frozen=True)
class Plan:
    """How the rows of one file are to be read."""

    source: str
    mapping: Mapping
    zone: ZoneInfo
    day_first: bool
    now: datetime


@dataclass(frozen=True)
class People:
    """Who the rows name: identifier columns (strongest first) and each row's anchor."""

    columns: list[Identified]
    anchors: pa.Array


def people_of(chunk: Chunk, plan: Plan, secrets: Secrets) -> People:
    named = (("account", f"account:{plan.source}"), ("phone", "phone"), ("email", "email"))
    columns = [
        identify(secrets, space, cells.unmasked(cells.codes(chunk.columns[plan.mapping[name]]))) for name, space in named if name in plan.mapping
    ]
    size = len(chunk.lines)
    return People(columns, anchor(columns) if columns else pa.array(np.zeros(size, np.int64)))


def order_lines(chunk: Chunk, plan: Plan, people: People) -> tuple[pa.Table, pa.Table]:
    """(accepted rows of `order_lines_recorded` in file order, rejects: one row a fault). Lines' keys come from `keyed`."""
    read = _Reader(chunk, plan)
    ordered = cells.times(read.raw("ordered_at"), plan.zone, plan.day_first)
    read.refuse(ordered.bad, "bad_time", "ordered_at")
    read.refuse(pc.is_null(read.text("ordered_at")), "no_time", "ordered_at")
    read.refuse(pc.invert(plausible(ordered.values, plan)), "time_out_of_range", "ordered_at")
    if "order_no" in plan.mapping:
        read.refuse(pc.is_null(read.text("order_no")), "no_order_number", "order_no")
    quantity = read.number("quantity", 1.0)
    read.refuse(pc.not_equal(pc.floor(quantity), quantity), "fractional_quantity", "quantity")
    read.refuse(pc.greater(pc.abs(quantity), MAX_QUANTITY), "quantity_out_of_range", "quantity")
    read.refuse(pc.equal(quantity, 0), "no_quantity", "quantity")
    for name in ("unit_price", "amount", "order_amount"):
        read.refuse(pc.greater(pc.abs(read.number(name, None)), MAX_PRICE), "amount_out_of_range", name)
    priced = [name for name in ("order_amount", "amount", "unit_price") if name in plan.mapping]
    if len(priced) == 1 or priced[0] == "order_amount":
        read.refuse(pc.is_null(read.text(priced[0])), "no_amount", priced[0])
    if "order_amount" in plan.mapping:
        read.refuse(spreading.differ(read.number("order_amount", None), read.code("order_no")), "order_amounts_differ", "order_amount")
    for name in plan.mapping:
        read.refuse(pc.match_substring(read.text(name), "\ufffd"), "bad_characters", name)
    if "unit_price" in plan.mapping and len(priced) == 1:
        worth = pc.multiply(pc.abs(quantity), pc.abs(read.number("unit_price", 0.0)))
        read.refuse(pc.greater(worth, MAX_WORTH), "amount_out_of_range", "unit_price")
    rows = _priced(read, plan, ordered.values, quantity, people.anchors)
    return rows.filter(pa.array(~read.refused)), read.rejects()


def plausible(at_ms: pa.Array, plan: Plan) -> pa.Array:
    """Whether an order can have been made at these times (null where there is none)."""
    return pc.and_(pc.less_equal(at_ms, to_ms(plan.now) + DAY_MS), pc.greater_equal(at_ms, FIRST_YEAR_MS))


def _priced(read: _Reader, plan: Plan, ordered_ms: pa.Array, quantity: pa.Array, anchors: pa.Array) -> pa.Table:
    pieces = _ints(quantity)
    price_micro = _micro(read.number("unit_price", None))
    has_price = pc.is_valid(read.number("unit_price", None)).to_numpy(zero_copy_only=False)
    amount = read.amount(pieces * price_micro)
    has_amount = pc.is_valid(amount).to_numpy(zero_copy_only=False)
    worth_micro = np.where(has_amount, _micro(amount), pieces * price_micro)
    worth = _fen(worth_micro)
    state = states.of_words(read.text("status"))
    cancelled, refunded = states.is_no_sale(state), states.is_refunded(state)
    free = np.where(has_price, price_micro == 0, has_amount & (worth_micro == 0) & (pieces == 0))
    kind = np.select(
        [cancelled, pieces < 0, np.where(has_price, price_micro < 0, worth_micro < 0), free],
        ["cancelled", "refund", "adjustment", "gift"],
        "sale",
    )
    sale = kind == "sale"
    local = pc.cast(ordered_ms, pa.timestamp("ms", tz="UTC")).cast(pa.timestamp("ms", tz=plan.zone.key))
    ordered_on = pc.local_timestamp(local).cast(pa.date32(), safe=False).cast(pa.int32())
    source = pc.fill_null(read.text("shop"), plan.source) if "shop" in plan.mapping else pa.array([plan.source] * len(pieces), pa.string())
    return ORDER_LINES_RECORDED.table(
        {
            "line_key": read.chunk.lines,
            "identity_key": anchors,
            "source": source,
            "order_no": read.code("order_no"),
            "ordered_ms": ordered_ms,
            "ordered_on": ordered_on,
            "sku": read.code("sku"),
            "product_name": read.text("product_name"),
            "category": read.text("category"),
            "quantity": pieces,
            "unit_price_fen": np.where(has_price, _fen(price_micro), _fen(worth_micro // np.where(pieces == 0, 1, pieces))),
            "amount_fen": np.where(sale, worth, 0),
            "refund_fen": np.where(kind == "refund", np.abs(worth), np.where(sale & refunded, worth, 0)),
            "kind": kind.astype(object),
            "state": state,
        }
    ).append_column("line_no", read.code("line_no"))


class Keyer:
    """Gives lines their keys, counting lines of equal content so that a file that holds the same line twice keeps both."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._seen = Seen()

    def keyed(self, rows: pa.Table) -> pa.Table:
        """`rows` with line, order and content keys filled in; call it once for every chunk, in order."""
        rows = rows.combine_chunks()
        at = {name: _array(rows, name) for name in rows.column_names}
        scope = pa.array([self._plan.source] * rows.num_rows, pa.string())
        content = key64_rows(scope, *(at[name] for name in ("order_no", "ordered_ms", "identity_key", "sku", "product_name", "quantity", "unit_price_fen")))
        number = pa.array(self._seen.add(content))
        lonely = key64_rows(pa.array(content), number)
        line_key = lonely if "line_no" not in self._plan.mapping else np.where(
            pc.is_valid(at["line_no"]).to_numpy(zero_copy_only=False), key64_rows(scope, at["order_no"], at["line_no"]), lonely
        )
        order_key = key64_rows(scope, at["order_no"]) if "order_no" in self._plan.mapping else line_key
        keys = {"line_key": line_key, "order_key": order_key, "content_key": key64_rows(*(at[name] for name in CHANGING))}
        for name, values in keys.items():
            rows = rows.set_column(rows.column_names.index(name), name, pa.array(values.astype(np.int64)))
        return rows.select(ORDER_LINES_RECORDED.schema.names)


class _Reader:
    """Columns of one chunk by field name, and the rows refused so far."""

    def __init__(self, chunk: Chunk, plan: Plan) -> None:
        self.chunk, self._mapping = chunk, plan.mapping
        self.refused = np.zeros(len(chunk.lines), bool)
        self._faults: list[pa.Table] = [
            pa.table({"line": [line], "code": [code], "column": [""], "value": [seen.replace("\0", "\ufffd")]}, REJECTS)
            for line, code, seen in chunk.broken
        ]
        self._texts: dict[str, pa.Array] = {}
        self._numbers: dict[str, cells.Parsed] = {}

    def raw(self, name: str) -> pa.Array:
        return self.chunk.columns[self._mapping[name]]

    def text(self, name: str) -> pa.Array:
        if name not in self._texts:
            self._texts[name] = cells.texts(self.raw(name)) if name in self._mapping else pa.nulls(len(self.chunk.lines), pa.string())
        return self._texts[name]

    def code(self, name: str) -> pa.Array:
        return cells.codes(self.raw(name)) if name in self._mapping else self.text(name)

    def amount(self, worth_micro: Ints) -> pa.Array:
        """What was paid for each line; that of a whole order is spread over those of its rows that are taken, by what they are worth."""
        if "order_amount" not in self._mapping:
            return self.number("amount", None)
        return spreading.over_rows(self.number("order_amount", None), worth_micro, self.code("order_no"), ~self.refused)

    def number(self, name: str, default: float | None) -> pa.Array:
        """Values of a number field; `default` where the cell is blank or the column absent. Bad cells refuse their row."""
        if name not in self._numbers:
            if name in self._mapping:
                parsed = cells.numbers(self.raw(name))
                self.refuse(parsed.bad, "bad_number", name)
            else:
                parsed = cells.Parsed(pa.nulls(len(self.chunk.lines), pa.float64()), pa.array(self.refused & False))
            self._numbers[name] = parsed
        values = self._numbers[name].values
        return values if default is None else pc.fill_null(values, default)

    def refuse(self, mask: pa.Array, code: str, name: str) -> None:
        hit = pc.fill_null(mask, False).to_numpy(zero_copy_only=False)
        if hit.any():
            self.refused |= hit
            self._add(self.chunk.lines.filter(pa.array(hit)), code, name, self.raw(name).filter(pa.array(hit)))

    def rejects(self) -> pa.Table:
        return pa.concat_tables([REJECTS.empty_table(), *self._faults])

    def _add(self, lines: pa.Array, code: str, name: str, values: pa.Array) -> None:
        column = self._mapping.get(name, "")
        shown = pc.replace_substring(pc.utf8_slice_codeunits(values.cast(pa.string()), 0, 200), "\0", "\ufffd")
        self._faults.append(
            pa.table({"line": lines, "code": [code] * len(lines), "column": [column] * len(lines), "value": shown}, REJECTS)
        )


def _array(rows: pa.Table, name: str) -> pa.Array:
    column = rows[name]
    return column.chunk(0) if column.num_chunks == 1 else pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)


def _ints(values: pa.Array) -> Ints:
    whole: Ints = np.nan_to_num(np.clip(pc.fill_null(values, 0).to_numpy(zero_copy_only=False), -1e7, 1e7)).astype(np.int64)
    return whole


def _micro(values: pa.Array) -> Ints:
    """Millionths of the currency's unit, clipped: rows beyond the bounds are refused anyway."""
    bounded = np.clip(np.nan_to_num(pc.fill_null(values, 0).to_numpy(zero_copy_only=False)), -MAX_PRICE, MAX_PRICE)
    micro: Ints = np.round(bounded * 1e6).astype(np.int64)
    return micro


def _fen(micro: Ints) -> Ints:
    """Fen of millionths, half away from zero."""
    fen: Ints = np.sign(micro) * ((np.abs(micro) + 5_000) // 10_000)
    return fen
