"""Accruals 计提: what coupons, messages, commissions and staff cost besides what was paid for media: reckoned daily, from what happened.

For every day, source and kind what it comes to now is compared with what was accrued so far, and only the difference is
entered: run twice nothing is added, and what becomes known late (a redemption taken back, a person whose source was found)
is put right by an entry of its own.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection, func, select

from siyu.acquisition import _tables, rates, sources, spend
from siyu.acquisition.spend import Kind, Spending, spending
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables

LOOKS_BACK_DAYS = 62
"""So far back what was accrued is reckoned again; the first time everything is."""
_SLOT_MS = 900_000
"""Zones differ by quarters of an hour at the least: what lies in one is of one day."""
_e, _p = _tables.entry, _tables.posting
WHY: dict[str, Text] = {
    "coupon": Text("核销的优惠券", "coupons redeemed"),
    "gift": Text("核销的礼品券", "gifts redeemed"),
    "message_fee": Text("已发消息的费用", "messages that were sent"),
    "commission": Text("老带新奖励", "rewards of referrals"),
    "staff_time": Text("员工加好友用时", "staff's time for new friends"),
}


@dataclass(frozen=True, order=True)
class Key:
    """What is accrued together."""

    kind: Kind
    day: date
    source_id: int
    offer_id: int = 0


def run(stores: Stores, tx: Connection) -> int:
    """Enter what has come up since the last time, up to and including yesterday; returns how many entries were made."""
    until = stores.calendar.on(stores.now()) - timedelta(days=1)
    booked, counts = _booked(tx)
    since = until - timedelta(days=LOOKS_BACK_DAYS) if booked else date(1980, 1, 1)
    due = {key: fen for key, fen in _due(stores, tx, since, until).items() if fen}
    wanted = {key: due.get(key, 0) - booked.get(key, 0) for key in due.keys() | booked.keys() if since <= key.day <= until}
    rows = [_entry(key, fen, counts.get(key, 0)) for key, fen in sorted(wanted.items()) if fen]
    return len(spend.post(stores, tx, rows, by="siyu", origin="accrual").entry_ids)


def _entry(key: Key, fen: int, number: int) -> Spending:
    why = WHY[key.kind] if fen > 0 else Text(f"{WHY[key.kind].zh}(更正)", f"{WHY[key.kind].en} (put right)")
    return spending(key.day, key.source_id, key.kind, fen, offer_id=key.offer_id, evidence=why.zh, ref=f"accrual:{key.kind}:{key.day}:{key.source_id}:{key.offer_id}:{number}")


def _booked(tx: Connection) -> tuple[dict[Key, int], dict[Key, int]]:
    """What was accrued so far, and in how many entries (corrections by hand do not count: they hold against the reckoning)."""
    columns = (_e.c.kind, _p.c.day, _p.c.source_id, _p.c.offer_id)
    query = select(*columns, func.sum(_p.c.amount_fen), func.count()).join(_e, _e.c.id == _p.c.entry_id)
    mine = query.where(_p.c.account == "spend", _e.c.origin == "accrual", _e.c.corrects_id.is_(None)).group_by(*columns)
    rows = tx.execute(mine).all()
    return {Key(*row[:4]): int(row[4]) for row in rows}, {Key(*row[:4]): int(row[5]) for row in rows}


def _due(stores: Stores, tx: Connection, since: date, until: date) -> dict[Key, int]:
    """What these days come to, by what the warehouse holds now. Sources that there are no more count as none."""
    since_ms, until_ms = stores.calendar.midnight_ms(since), stores.calendar.end_ms(until)
    tables = stores.warehouse.tables
    found: dict[Key, int] = defaultdict(int)
    with stores.warehouse.read() as session:
        whose = session.keep("_source_of", _firsts(tables))
        for kind, rows in (("coupon", _coupons(tables, whose)), ("message_fee", _messages(tables, whose)), ("commission", _commissions(tables))):
            for one in _summed(stores, session, rows, since_ms, until_ms) if rows is not None else []:
                found[Key("gift" if kind == "coupon" and one["mark"] == "gift" else kind, one["day"], one["source_id"], one["offer_id"])] += one["fen"]  # type: ignore[arg-type]
        said = rates.history(tx)
        for one in _summed(stores, session, _adds(tables), since_ms, until_ms):
            cost = one["fen"] * rates.on(said, "seconds_per_add", one["day"]) * rates.on(said, "staff_hour_fen", one["day"])
            # Half a fen rounds up.
            found[Key("staff_time", one["day"], one["source_id"])] += (cost + 1_800) // 3_600
    known = sources.names(tx, sorted({key.source_id for key in found}))
    kept: dict[Key, int] = defaultdict(int)
    for key, fen in found.items():
        kept[key if key.source_id in known else Key(key.kind, key.day, 0, key.offer_id)] += fen
    return kept


def _firsts(tables: Tables) -> ir.Table:
    """Customer → the source of the first touch `add`."""
    touch = tables["acquisition_touch"]
    adds = touch.filter((touch.step == "add") & (touch.customer_id > 0))
    first = adds.mutate(place=ibis.row_number().over(ibis.window(group_by="customer_id", order_by=[adds.at_ms, adds.event_key])))
    return first.filter(first.place == 0).select("customer_id", "source_id")


def _coupons(tables: Tables, whose: ir.Table) -> ir.Table:
    """One row a redemption that stands, on the day it was made. Of a code that an offer gave, the offer's claim says the source."""
    told = tables["loyalty_coupon"]
    taken_back = told.filter(told.name == "coupon_reversed").select("code_id", "ref").distinct()
    last = told.filter(told.name == "coupon_redeemed")
    standing = last.anti_join(taken_back, ["code_id", "ref"])
    given = told.filter((told.name == "coupon_issued") & told.ref.startswith("offer:"))
    offer = given.select("code_id", offer_id=given.ref.split(":")[1].try_cast("int64")).distinct()
    touch = tables["acquisition_touch"]
    claims = touch.filter((touch.step == "claim") & (touch.offer_id > 0)).group_by("offer_id", "customer_id").agg(claimed=touch.source_id.max())
    rows = standing.left_join(offer, "code_id").drop("code_id_right")
    rows = rows.left_join(claims, ["offer_id", "customer_id"]).drop("offer_id_right", "customer_id_right")
    rows = rows.left_join(whose, "customer_id").drop("customer_id_right")
    return rows.select("at_ms", source_id=rows.claimed.coalesce(rows.source_id, 0), offer_id=rows.offer_id.coalesce(0), fen=rows.value_fen.coalesce(0), mark=rows.coupon_kind)


def _messages(tables: Tables, whose: ir.Table) -> ir.Table:
    """One row a message that went out and costs something, for the source of whom it went to."""
    message = tables["messaging_message"]
    sent = message.filter(message.status.isin(["sent", "received"]) & (message.cost_fen > 0))
    rows = sent.left_join(whose, "customer_id").drop("customer_id_right")
    return rows.select("at_ms", source_id=rows.source_id.coalesce(0), offer_id=ibis.literal(0, "int64"), fen=rows.cost_fen, mark=ibis.literal(""))


def _commissions(tables: Tables) -> ir.Table | None:
    """One row a reward, below zero for one that was taken back; None while nobody publishes rewards."""
    if "referral_reward" not in tables:
        return None
    reward = tables["referral_reward"]
    return reward.select("at_ms", "source_id", offer_id=ibis.literal(0, "int64"), fen=reward.cost_fen, mark=ibis.literal(""))


def _adds(tables: Tables) -> ir.Table:
    """One row a person whom a member of staff was added by; `fen` counts them."""
    touch = tables["acquisition_touch"]
    mine = touch.filter((touch.step == "add") & (touch.staff != ""))
    return mine.select("at_ms", "source_id", offer_id=ibis.literal(0, "int64"), fen=ibis.literal(1, "int64"), mark=ibis.literal(""))


def _summed(stores: Stores, session: Session, rows: ir.Table, since_ms: int, until_ms: int) -> list[dict[str, Any]]:
    """day, source_id, offer_id, mark → fen, one row each."""
    mine = rows.filter((rows.at_ms >= since_ms) & (rows.at_ms < until_ms))
    mine = mine.mutate(slot=(mine.at_ms // _SLOT_MS).cast("int64"))
    found = session.query(mine.group_by("slot", "source_id", "offer_id", "mark").agg(fen=mine.fen.sum().cast("int64")))
    instants = pc.multiply(found["slot"], _SLOT_MS).cast(pa.timestamp("ms", "UTC")).cast(pa.timestamp("ms", stores.calendar.zone.key))
    days = found.append_column("day", pc.local_timestamp(instants).cast(pa.date32(), safe=False))
    summed = days.group_by(["day", "source_id", "offer_id", "mark"]).aggregate([("fen", "sum")])
    rows_of: list[dict[str, Any]] = summed.rename_columns(["day", "source_id", "offer_id", "mark", "fen"]).to_pylist()
    return rows_of

