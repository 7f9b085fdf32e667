"""Shops 店铺: orders that a connected shop tells of are written down as they stand now, each once, whatever comes twice or late.

An order is a whole: a newer telling replaces it with all its lines, an older one changes nothing. What a file said of the same
order before (same source and number) is replaced too; files that come later leave it alone (`told_keys`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select, update

from siyu.carriers.accounts import Account
from siyu.connectors.selling import ACCOUNT, Order, OrderLine
from siyu.events import log
from siyu.events.catalogue.customers import PROFILE_RECORDED
from siyu.events.catalogue.identity import PEOPLE_SEEN
from siyu.events.catalogue.orders import ORDER_LINES_RECORDED
from siyu.events.identifiers import anchor, distinct_sightings, identify, people_seen, rank, sighting
from siyu.foundation.clock import day_number, to_ms
from siyu.foundation.database import upsert
from siyu.foundation.ids import Ints, key64, key64_rows
from siyu.foundation.stores import Stores
from siyu.orders import _tables
from siyu.orders.lines import CHANGING
from siyu.orders.standing import REPLACED, lines_of

OLDEST = datetime(1980, 1, 1, tzinfo=UTC)
_LOOKED_UP_TOGETHER = 5_000


@dataclass(frozen=True)
class Written:
    """Of the orders that were told: how many were new, changed, the same as before, or older than what is known."""

    new_count: int = 0
    changed_count: int = 0
    unchanged_count: int = 0
    stale_count: int = 0


def source_of(account: Account) -> str:
    """Under which source the orders of a shop are kept."""
    selling = account.vendor.selling
    return str(account.all_settings.get("source") or (selling.source if selling else "") or account.ref)


def write(stores: Stores, tx: Connection, account: Account, orders: Sequence[Order]) -> Written:
    """Write down orders as they stand. Of several tellings of one order the newest counts."""
    log.hold(tx)
    newest: dict[str, Order] = {}
    for order in sorted(orders, key=_age):
        newest[order.order_no] = order
    known = _known(tx, account.id, list(newest))
    current = [order for number, order in newest.items() if not _is_older(order, known.get(number))]
    if not current:
        return Written(stale_count=len(newest))
    rows = _Rows(stores, source_of(account), current)
    content = dict(zip((order.order_no for order in current), rows.content_keys(), strict=True))
    fresh = {order.order_no for order in current if content[order.order_no] != _of(known.get(order.order_no), "content_key")}
    line_keys = rows.line_keys()
    _append(stores, tx, rows, fresh, _gone(stores, tx, rows, known, fresh, line_keys))
    now = stores.now()
    upsert(tx, _tables.told, [_row(account, rows, place, content, line_keys, known, now) for place in range(len(current))], ["account_id", "order_no"])
    new = sum(_of(known.get(number), "content_key") is None for number in fresh)
    return Written(new, len(fresh) - new, len(current) - len(fresh), len(newest) - len(current))


def want(tx: Connection, account: Account, numbers: Iterable[str], now: datetime) -> int:
    """These orders are to be read; returns how many were not wanted before."""
    wanted = sorted({number[:80] for number in numbers})
    known = _known(tx, account.id, wanted)
    source = source_of(account)
    blank: dict[str, Any] = {"state": None, "status": None, "ordered_at": None, "ordered_text": None, "version": 0, "changed_at": None, "told_at": now, "content_key": None, "line_keys": []}
    rows = []
    for number, key in zip(wanted, _order_keys(source, wanted), strict=True):
        held = {name: _of(known.get(number), name) for name in blank} if number in known else blank
        rows.append({"account_id": account.id, "order_no": number, "order_key": int(key), "source": source, **held, "wanted_at": now, "fault": None})
    upsert(tx, _tables.told, rows, ["account_id", "order_no"])
    return sum(_of(known.get(number), "wanted_at") is None for number in wanted)


def told_keys(tx: Connection, source: str, order_keys: Ints) -> set[int]:
    """Those of these orders that a shop itself has told of: a file has nothing to add to them."""
    table = _tables.told
    if tx.scalar(select(table.c.order_key).where(table.c.source == source, table.c.content_key.is_not(None)).limit(1)) is None:
        return set()
    distinct = np.unique(order_keys).tolist()
    found: set[int] = set()
    for start in range(0, len(distinct), _LOOKED_UP_TOGETHER):
        some = table.c.order_key.in_(distinct[start : start + _LOOKED_UP_TOGETHER])
        found |= set(tx.scalars(select(table.c.order_key).where(some, table.c.content_key.is_not(None))))
    return found


def wanted(tx: Connection, account_id: int, limit: int) -> list[tuple[str, datetime]]:
    """Orders that are to be read, the longest waiting first, with since when."""
    table = _tables.told
    query = select(table.c.order_no, table.c.wanted_at).where(table.c.account_id == account_id, table.c.wanted_at.is_not(None))
    return [(row.order_no, row.wanted_at) for row in tx.execute(query.order_by(table.c.wanted_at, table.c.order_no).limit(limit))]


def answered(tx: Connection, account_id: int, order_no: str, wanted_at: datetime, fault: dict[str, Any] | None = None) -> None:
    """It was read, or cannot be (`fault`: a code, zh and en); unless it was asked for again meanwhile."""
    table = _tables.told
    mine = (table.c.account_id == account_id) & (table.c.order_no == order_no) & (table.c.wanted_at == wanted_at)
    tx.execute(update(table).where(mine).values(wanted_at=None, **({} if fault is None else {"fault": fault})))


def unreadable(tx: Connection, account: Account, order_no: str, fault: dict[str, Any], now: datetime) -> None:
    """What was told of an order could not be read; it is shown, and nothing is guessed."""
    want(tx, account, [order_no], now)
    answered(tx, account.id, order_no, now, fault)


class _Rows:
    """The lines of some orders as columns, with their keys."""

    def __init__(self, stores: Stores, source: str, orders: Sequence[Order]) -> None:
        self.source, self.orders = source, orders
        self._secrets = stores.secrets
        at = [min(max(order.ordered_at, OLDEST), stores.now()) for order in orders]
        self.ordered_ms = pa.array([to_ms(one) for one in at], pa.int64())
        self.ordered_on = pa.array([day_number(stores.calendar.on(one)) for one in at], pa.int32())
        self.order_keys = _order_keys(source, [order.order_no for order in orders])
        self.place = np.repeat(np.arange(len(orders)), [len(order.lines) for order in orders])
        spaces = sorted({_space(space, source) for order in orders for space in order.buyer}, key=lambda space: (rank(space), space))
        self._identified = [
            identify(self._secrets, space, pa.array([next((value for name, value in order.buyer.items() if _space(name, source) == space), None) for order in orders], pa.string()))
            for space in spaces
        ]
        self.anchors = anchor(self._identified) if self._identified else pa.array(np.zeros(len(orders), np.int64))
        self.lines = self._lines()

    def _lines(self) -> pa.Table:
        pairs = [(order, line) for order in self.orders for line in order.lines]
        place = pa.array(self.place)
        rows = ORDER_LINES_RECORDED.table(
            {
                "line_key": key64_rows(
                    pa.array([self.source] * len(pairs), pa.string()), pa.array([order.order_no for order, _ in pairs], pa.string()), pa.array([line.line_no for _, line in pairs], pa.string())
                ).astype(np.int64),
                "order_key": pa.array(self.order_keys).take(place),
                "content_key": np.zeros(len(pairs), np.int64),
                "identity_key": self.anchors.take(place),
                "source": [self.source] * len(pairs),
                "order_no": [order.order_no for order, _ in pairs],
                "ordered_ms": self.ordered_ms.take(place),
                "ordered_on": self.ordered_on.take(place),
                "sku": [line.sku or None for _, line in pairs],
                "product_name": [line.product_name or None for _, line in pairs],
                "quantity": [line.quantity for _, line in pairs],
                "unit_price_fen": [line.unit_price_fen for _, line in pairs],
                "amount_fen": [line.amount_fen if _kind(order, line) == "sale" else 0 for order, line in pairs],
                "refund_fen": [line.refund_fen if _kind(order, line) == "sale" else 0 for order, line in pairs],
                "kind": [_kind(order, line) for order, line in pairs],
                "state": [order.state for order, _ in pairs],
            }
        )
        content = key64_rows(*(rows[name].combine_chunks() for name in CHANGING)).astype(np.int64)
        return rows.set_column(rows.column_names.index("content_key"), "content_key", pa.array(content))

    def content_keys(self) -> list[int]:
        """One key an order: of its lines and of what was told of its buyer."""
        by_order: list[list[int]] = [[] for _ in self.orders]
        for place, line, content in zip(self.place.tolist(), self.lines["line_key"].to_pylist(), self.lines["content_key"].to_pylist(), strict=True):
            by_order[place] += [line, content]
        who = np.zeros(len(self.orders), np.uint64)
        for column in self._identified:
            who = who * np.uint64(31) + column.keys.to_numpy().astype(np.uint64)
        return [key64(*keys, person, sorted(order.profile.items())) for keys, person, order in zip(by_order, who.tolist(), self.orders, strict=True)]

    def line_keys(self) -> dict[str, list[int]]:
        found: dict[str, list[int]] = {order.order_no: [] for order in self.orders}
        for place, key in zip(self.place.tolist(), self.lines["line_key"].to_pylist(), strict=True):
            found[self.orders[place].order_no].append(key)
        return found

    def people(self, chosen: set[str]) -> pa.Table | None:
        """Rows of `people_seen` of these orders' buyers."""
        mine = pa.array([order.order_no in chosen for order in self.orders])
        seen = pa.array(np.where(mine.to_numpy(zero_copy_only=False), self.ordered_ms.to_numpy(), 0)).filter(mine)
        parts = [
            sighting(type(column)(column.namespace, column.keys.filter(mine), column.values.filter(mine)), self.anchors.filter(mine), seen) for column in self._identified
        ]
        return people_seen(self._secrets, distinct_sightings(pa.concat_tables(parts))) if parts else None

    def profiles(self, chosen: set[str]) -> pa.Table:
        """Rows of `profile_recorded`: what these orders say of their buyers, as of the order."""
        told = [
            (int(who), path, value, int(at))
            for order, who, at in zip(self.orders, self.anchors.to_pylist(), self.ordered_ms.to_pylist(), strict=True)
            if order.order_no in chosen and who
            for path, value in order.profile.items()
            if "*" not in value
        ]
        columns = dict(zip(("identity_key", "path", "text", "set_ms"), zip(*told, strict=True), strict=True)) if told else {}
        if not columns:
            return PROFILE_RECORDED.schema.empty_table()
        arrays = {name: pa.array(list(values), PROFILE_RECORDED.schema.field(name).type) for name, values in columns.items()}
        return PROFILE_RECORDED.table({**arrays, "event_key": key64_rows(*arrays.values()).astype(np.int64)})


def _append(stores: Stores, tx: Connection, rows: _Rows, fresh: set[str], gone: pa.Table) -> None:
    if not fresh:
        return
    now = stores.now()
    if (people := rows.people(fresh)) is not None:
        log.append(tx, PEOPLE_SEEN, people, now=now)
    log.append(tx, PROFILE_RECORDED, rows.profiles(fresh), now=now)
    mine = pa.array([rows.orders[place].order_no in fresh for place in rows.place.tolist()], pa.bool_())
    log.append(tx, ORDER_LINES_RECORDED, pa.concat_tables([rows.lines.filter(mine), gone]), now=now)


def _gone(stores: Stores, tx: Connection, rows: _Rows, known: dict[str, Any], fresh: set[str], line_keys: dict[str, list[int]]) -> pa.Table:
    """Lines that these orders have no more: of an earlier telling, or of a file that knew the order first."""
    first = [place for place, order in enumerate(rows.orders) if order.order_no in fresh and _of(known.get(order.order_no), "content_key") is None]
    standing = lines_of(stores, tx, pa.array(rows.order_keys[first]))
    found: list[tuple[int, int]] = []
    for place, order in enumerate(rows.orders):
        if order.order_no in fresh:
            before = _of(known.get(order.order_no), "line_keys") or standing.get(int(rows.order_keys[place]), [])
            found += [(place, key) for key in sorted(set(before) - set(line_keys[order.order_no]))]
    places = pa.array([place for place, _ in found], pa.int64())
    keys = pa.array([key for _, key in found], pa.int64())
    size = len(found)
    nobody = pa.array(np.zeros(size, np.int64))
    return ORDER_LINES_RECORDED.table(
        {
            "line_key": keys, "order_key": pa.array(rows.order_keys).take(places), "content_key": keys, "identity_key": nobody,
            "source": [rows.source] * size, "order_no": [rows.orders[place].order_no for place, _ in found],
            "ordered_ms": rows.ordered_ms.take(places), "ordered_on": rows.ordered_on.take(places),
            "quantity": nobody, "unit_price_fen": nobody, "amount_fen": nobody, "refund_fen": nobody, "kind": [REPLACED] * size,
        }
    )  # fmt: skip


def _row(account: Account, rows: _Rows, place: int, content: dict[str, int], line_keys: dict[str, list[int]], known: dict[str, Any], now: datetime) -> dict[str, Any]:
    order = rows.orders[place]
    return {
        "account_id": account.id, "order_no": order.order_no, "order_key": int(rows.order_keys[place]), "source": rows.source, "state": order.state,
        "status": order.status[:80], "ordered_at": order.ordered_at, "ordered_text": order.ordered_text[:80], "version": order.version,
        "changed_at": order.updated_at, "told_at": now, "content_key": content[order.order_no], "line_keys": line_keys[order.order_no],
        # Who asked for it clears it (`answered`): more may have been told since.
        "wanted_at": _of(known.get(order.order_no), "wanted_at"), "fault": None,
    }  # fmt: skip


def _known(tx: Connection, account_id: int, numbers: Sequence[str]) -> dict[str, Any]:
    table = _tables.told
    found: dict[str, Any] = {}
    for start in range(0, len(numbers), _LOOKED_UP_TOGETHER):
        some = table.c.order_no.in_(numbers[start : start + _LOOKED_UP_TOGETHER])
        found |= {row.order_no: row for row in tx.execute(select(table).where(table.c.account_id == account_id, some))}
    return found


def _is_older(order: Order, known: Any) -> bool:
    """When the order changed decides, for it is part of what was signed; the number of the message only where that is not told."""
    if known is None or known.content_key is None:
        return False
    if order.updated_at is not None and known.changed_at is not None and order.updated_at != known.changed_at:
        return bool(order.updated_at < known.changed_at)
    return bool(order.version and known.version and order.version < known.version)


def _age(order: Order) -> tuple[datetime, int]:
    return (order.updated_at or OLDEST, order.version)


def _kind(order: Order, line: OrderLine) -> str:
    if order.state in ("unpaid", "closed"):
        return "cancelled"
    return "gift" if line.amount_fen == 0 and line.unit_price_fen == 0 else "sale"


def _space(namespace: str, source: str) -> str:
    return f"account:{source}" if namespace == ACCOUNT else namespace


def _order_keys(source: str, numbers: Sequence[str]) -> Ints:
    return key64_rows(pa.array([source] * len(numbers), pa.string()), pa.array(list(numbers), pa.string())).astype(np.int64)


def _of(row: Any, name: str) -> Any:
    return None if row is None else getattr(row, name)
