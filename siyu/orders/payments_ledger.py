"""Matches 对账: payments as statements told them, the orders they probably belong to, and what people made of that.

States of a payment: open 待对账, matched 已对账 (its order is accepted), aside 不是订单收款. Of a match: open 待确认, accepted
已确认, rejected 不是这一单 (never proposed again).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import ibis
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, delete, func, insert, select, update

from siyu.foundation.clock import from_ms
from siyu.foundation.database import insert_ignore, select_in
from siyu.foundation.errors import ConflictError, NotFoundError
from siyu.foundation.ids import new_id
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.orders import payments_file, reading, uploads
from siyu.orders._payment_tables import payment, payment_file, payment_match
from siyu.orders.facts import ORDERS_LINE
from siyu.orders.fields import Mapping
from siyu.orders.payments import EARLIEST_DAYS, LATEST_DAYS, LEVELS

State = Literal["open", "accepted", "rejected"]
Decision = Literal["accept", "reject", "open"]
FEWEST = 20
"""With fewer orders or payments there is nothing to learn from: only equal order numbers are matched."""


@dataclass(frozen=True)
class Reason:
    field: str
    level: str
    weight: float

    @property
    def name(self) -> Text:
        return LEVELS.get(self.level, Text(self.level, self.level))


@dataclass(frozen=True)
class Match:
    """A payment and the order it probably belongs to; amounts in fen."""

    payment_key: int
    order_key: int
    paid_at: datetime
    paid_fen: int
    source: str
    order_no: str | None
    ordered_at: datetime
    amount_fen: int
    probability: float
    reasons: tuple[Reason, ...]
    state: str
    text: str | None


@dataclass(frozen=True)
class Payment:
    payment_key: int
    source: str
    paid_at: datetime
    amount_fen: int
    text: str | None
    reference: str | None


def plan_file(stores: Stores, tx: Connection, *, upload_id: str, source: str, mapping: Mapping, by: str | None) -> str:
    """Check the mapping against the file and write the import down; the job that runs it is submitted beside it."""
    upload = uploads.find_upload(stores, tx, upload_id)
    payments_file.check(mapping, reading.inspect(upload.path).columns)
    file_id = new_id("pay")
    row = {"id": file_id, "upload_id": upload_id, "source": source, "mapping": mapping, "counts": {}, "created_at": stores.now(), "created_by": by}
    tx.execute(insert(payment_file).values(**row))
    return file_id


def attach_job(tx: Connection, file_id: str, job_id: str) -> None:
    tx.execute(update(payment_file).where(payment_file.c.id == file_id).values(job_id=job_id))


def find_file(tx: Connection, file_id: str) -> Any:
    row = tx.execute(select(payment_file).where(payment_file.c.id == file_id)).one_or_none()
    if row is None:
        raise NotFoundError(Text("没有这次导入", "there is no such import"))
    return row


def keep_payments(stores: Stores, tx: Connection, file_id: str, source: str, rows: pa.Table) -> int:
    """Write payments down; those that are known already stay as they are. Returns how many are new."""
    known = {row[0] for row in select_in(tx, [payment.c.payment_key], payment.c.payment_key, rows["key"].to_pylist())}
    fresh = rows.filter(pc.invert(pc.is_in(rows["key"], value_set=pa.array(sorted(known), pa.int64()))))
    texts = stores.secrets.seal(fresh["text"].to_pylist(), "payment text")
    numbers = stores.secrets.seal(fresh["payment_no"].to_pylist(), "payment number")
    stored = [
        {
            "payment_key": row["key"], "source": source, "payment_no_sealed": number, "paid_at": from_ms(row["paid_ms"]), "amount_fen": row["amount_fen"],
            "text_sealed": text, "reference": row["reference"], "file_id": file_id, "state": "open",
        }
        for row, text, number in zip(fresh.to_pylist(), texts, numbers, strict=True)
    ]  # fmt: skip
    insert_ignore(tx, payment, stored)
    return len({row["payment_key"] for row in stored})


def end_file(tx: Connection, file_id: str, counts: dict[str, Any], now: datetime) -> None:
    tx.execute(update(payment_file).where(payment_file.c.id == file_id).values(counts=counts, ended_at=now))


def open_payments(stores: Stores, tx: Connection) -> pa.Table:
    """Payments that have no order yet, as `match_payments` takes them, with `reference`; their texts opened in memory."""
    rows = tx.execute(select(payment).where(payment.c.state == "open").order_by(payment.c.payment_key)).all()
    texts = stores.secrets.open([row.text_sealed for row in rows], "payment text")
    days = [(stores.calendar.on(row.paid_at) - _EPOCH).days for row in rows]
    columns = {"key": [row.payment_key for row in rows], "day": days, "amount_fen": [row.amount_fen for row in rows], "text": texts, "reference": [row.reference for row in rows]}
    return pa.table(columns, pa.schema([("key", pa.int64()), ("day", pa.int64()), ("amount_fen", pa.int64()), ("text", pa.string()), ("reference", pa.string())]))


def open_orders(stores: Stores, tx: Connection, payments: pa.Table, names: pa.Table) -> pa.Table:
    """Orders of the payments' days that have no payment yet: key, day, amount_fen, text, reference, and source, order_no, ordered_ms as told.

    `names`: customer_id, name. One row is one order; its amount is the sum of its lines that were sold.
    """
    lines = ORDERS_LINE.table
    first, last = (fold(payments["day"]).as_py() for fold in (pc.min, pc.max))
    sold = lines.filter((lines.kind == "sale") & (lines.ordered_on >= first - LATEST_DAYS) & (lines.ordered_on <= last + EARLIEST_DAYS))
    orders = sold.group_by(key="order_key").agg(
        day=sold.ordered_on.min().cast("int64"),
        amount_fen=sold.amount_fen.sum().cast("int64"),
        customer_id=sold.customer_id.max(),
        goods=sold.product_name.min(),
        source=sold.source.min(),
        order_no=sold.order_no.min(),
        ordered_ms=sold.ordered_ms.min(),
    )
    with stores.warehouse.read() as session:
        found = session.query(orders.filter(ibis._.amount_fen > 0).order_by("key"))
    taken = tx.scalars(select(payment_match.c.order_key).where(payment_match.c.state == "accepted")).all()
    found = found.filter(pc.invert(pc.is_in(found["key"], value_set=pa.array(taken, pa.int64()))))
    found = found.join(names, "customer_id", join_type="left outer").sort_by("key")
    text = pc.binary_join_element_wise(found["name"], found["goods"], " ", null_handling="skip")
    return found.append_column("text", text).append_column("reference", found["order_no"])


def by_reference(orders: pa.Table, payments: pa.Table) -> pa.Table:
    """Pairs that name the same order number, as `match_payments` tells them: sure without any learning."""
    told = payments.filter(pc.is_valid(payments["reference"])).select(["key", "reference"]).rename_columns(["payment_key", "reference"])
    both = orders.select(["key", "reference"]).rename_columns(["order_key", "reference"]).join(told, "reference", join_type="inner")
    first = both.group_by("order_key").aggregate([("payment_key", "min")]).rename_columns(["order_key", "payment_key"])
    size = first.num_rows
    same = {"probability": pa.array([1.0] * size, pa.float64()), "levels": pa.array(["reference=equal"] * size, pa.string()), "weights": pa.array(["20"] * size, pa.string())}
    return pa.table({"order_key": first["order_key"], "payment_key": first["payment_key"], **same})


def keep_matches(tx: Connection, matched: pa.Table, orders: pa.Table) -> int:
    """Put new proposals in the place of those that nobody decided on; what was rejected is not proposed again. Returns how many there are."""
    tx.execute(delete(payment_match).where(payment_match.c.state == "open"))
    refused = {tuple(row) for row in tx.execute(select(payment_match.c.payment_key, payment_match.c.order_key).where(payment_match.c.state == "rejected"))}
    about = orders.select(["key", "source", "order_no", "ordered_ms", "amount_fen"]).rename_columns(["order_key", "source", "order_no", "ordered_ms", "amount_fen"])
    rows = matched.join(about, "order_key").to_pylist()
    stored = [
        {**{name: value for name, value in row.items() if name != "ordered_ms"}, "ordered_at": from_ms(row["ordered_ms"]), "state": "open"}
        for row in rows
        if (row["payment_key"], row["order_key"]) not in refused
    ]
    insert_ignore(tx, payment_match, stored)
    return len(stored)


def matches(stores: Stores, tx: Connection, state: State, *, after: tuple[float, int] | None, limit: int) -> list[Match]:
    """Matches of a state, likeliest first."""
    wanted = payment_match.c.state == state
    if after is not None:
        less = payment_match.c.probability < after[0]
        wanted = wanted & (less | ((payment_match.c.probability == after[0]) & (payment_match.c.payment_key > after[1])))
    return _loaded(stores, tx, wanted, limit)


def find(stores: Stores, tx: Connection, keys: Sequence[int]) -> list[Match]:
    """The undecided or accepted matches of these payments.

    Raises
    ------
    NotFoundError
    """
    found = _loaded(stores, tx, payment_match.c.payment_key.in_(list(keys)) & (payment_match.c.state != "rejected"), len(keys) * 2)
    if missing := sorted(set(keys) - {each.payment_key for each in found}):
        raise NotFoundError(Text(f"收款 {missing[0]} 没有建议的订单", f"no order is proposed for payment {missing[0]}"))
    return found


def above(stores: Stores, tx: Connection, probability: float) -> list[Match]:
    return _loaded(stores, tx, (payment_match.c.state == "open") & (payment_match.c.probability >= probability), 1_000_000)


def decide(tx: Connection, chosen: Sequence[Match], decision: Decision, by: str, now: datetime) -> None:
    """Write a decision down. An accepted order or payment is proposed for nothing else.

    Raises
    ------
    ConflictError
        When the order got another payment meanwhile.
    """
    orders = [each.order_key for each in chosen]
    if decision == "accept":
        states = select_in(tx, [payment_match.c.order_key, payment_match.c.state], payment_match.c.order_key, orders)
        twice = [key for key, state in states if state == "accepted"] or [key for key, count in Counter(orders).items() if count > 1]
        if twice:
            raise ConflictError(
                Text(f"订单 {twice[0]} 已有收款", f"order {twice[0]} has a payment already"), way_out=Text("刷新后再确认", "refresh, then decide again")
            )
    state = {"accept": "accepted", "reject": "rejected", "open": "open"}[decision]
    decided = {"decided_at": None, "decided_by": None} if decision == "open" else {"decided_at": now, "decided_by": by[:80]}
    for each in range(0, len(chosen), 5_000):
        part = chosen[each : each + 5_000]
        keys = [match.payment_key for match in part]
        mine = payment_match.c.payment_key.in_(keys) & payment_match.c.order_key.in_([match.order_key for match in part]) & (payment_match.c.state != "rejected")
        tx.execute(update(payment_match).where(mine).values(state=state, **decided))
        tx.execute(update(payment).where(payment.c.payment_key.in_(keys)).values(state="matched" if decision == "accept" else "open"))


def unmatched(stores: Stores, tx: Connection, *, after: tuple[datetime, int] | None, limit: int) -> list[Payment]:
    """Payments without an accepted or proposed order, newest first."""
    proposed = select(payment_match.c.payment_key).where(payment_match.c.state == "open")
    wanted = (payment.c.state == "open") & payment.c.payment_key.not_in(proposed)
    if after is not None:
        wanted = wanted & ((payment.c.paid_at < after[0]) | ((payment.c.paid_at == after[0]) & (payment.c.payment_key > after[1])))
    rows = tx.execute(select(payment).where(wanted).order_by(payment.c.paid_at.desc(), payment.c.payment_key).limit(limit)).all()
    texts = stores.secrets.open([row.text_sealed for row in rows], "payment text")
    return [Payment(row.payment_key, row.source, row.paid_at, row.amount_fen, text, row.reference) for row, text in zip(rows, texts, strict=True)]


def counts(tx: Connection) -> dict[str, int]:
    """Payments by what became of them: matched, proposed, unmatched."""
    by_state = {row[0]: int(row[1]) for row in tx.execute(select(payment.c.state, func.count()).group_by(payment.c.state))}
    proposed = int(tx.scalar(select(func.count(func.distinct(payment_match.c.payment_key))).where(payment_match.c.state == "open")) or 0)
    return {"accepted": by_state.get("matched", 0), "open": proposed, "unmatched": by_state.get("open", 0) - proposed}


def _loaded(stores: Stores, tx: Connection, wanted: Any, limit: int) -> list[Match]:
    query = select(payment_match, payment.c.paid_at, payment.c.amount_fen.label("paid_fen"), payment.c.text_sealed).join(payment, payment.c.payment_key == payment_match.c.payment_key)
    rows = tx.execute(query.where(wanted).order_by(payment_match.c.probability.desc(), payment_match.c.payment_key).limit(limit)).all()
    texts = stores.secrets.open([row.text_sealed for row in rows], "payment text")
    names = ("payment_key", "order_key", "paid_at", "paid_fen", "source", "order_no", "ordered_at", "amount_fen", "probability", "state")
    return [Match(**{name: getattr(row, name) for name in names}, reasons=_reasons(row), text=text) for row, text in zip(rows, texts, strict=True)]


def _reasons(row: Any) -> tuple[Reason, ...]:
    return tuple(
        Reason(field, level, float(weight))
        for (field, _, level), weight in zip((part.partition("=") for part in row.levels.split(",")), row.weights.split(","), strict=True)
    )


_EPOCH = from_ms(0).date()
