"""History 投放历史: what was decided, bought, answered and lost in the past months, as draws to learn from. Facts in, columns out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa
from sqlalchemy import Connection, select

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.identity.current import everybody, merged
from siyu.messaging import _tables, outbox
from siyu.messaging.cells import BOUGHT_DAYS, CODES, Happened, cells_at
from siyu.messaging.responses import Draws, Floats
from siyu.messaging.routing import ANSWERED

WEEK_MS = 7 * DAY_MS
COMPLAINED = ("message_complained", "complaint_made", "message_blocked")
"""Activities by which somebody was lost; beside them an ended relation and a consent that was taken back."""


@dataclass(frozen=True)
class History:
    """`draws.outcome` is spend in the week after, fen, `before` that of the year before the draw; `lost` is 1 for whom we lost in that week. `messages`: by cell and place, messages of
    the span. `people`: everybody there is now, ascending, with their cell. `spend_fen`: what everybody spent in the last year.

    `cost_fen`: mean cost of a message. `weeks`: length of the span. `sends`: how many drew a control in it.
    """

    draws: Draws
    before: Floats
    lost: Floats
    messages: Any
    people: Ints
    cell: Ints
    spend_fen: int
    cost_fen: float
    weeks: float
    sends: int
    first_ms: int | None


def history(stores: Stores, tx: Connection, *, weeks: int, places: int) -> History:
    """What happened in the `weeks` up to a week ago: of what is younger the outcome is not known yet."""
    now_ms = to_ms(stores.now())
    until_ms, since_ms = now_ms - WEEK_MS, now_ms - (weeks + 1) * WEEK_MS
    rates = _rates(tx)
    people, moved = everybody(tx), merged(tx)
    with stores.warehouse.read() as session:
        decided = _decided(session, stores.warehouse.tables, moved, sorted(rates), since_ms - WEEK_MS)
        bought, answered, lost = (_happened(session, what, people, since_ms - BOUGHT_DAYS * DAY_MS, now_ms) for what in _sources(stores.warehouse.tables))
    send, at_ms = decided["send_id"].to_numpy(), decided["at_ms"].to_numpy()
    person = _place(people, decided["customer_id"].to_numpy())
    told, held, came = (decided[name].to_numpy(zero_copy_only=False).astype(bool) for name in ("told", "held", "came"))
    known = person >= 0
    sent = Happened.of(np.where(told & came, person, -1), at_ms, since_ms - WEEK_MS, now_ms)
    place = np.where(known, sent.count(np.maximum(person, 0), at_ms - WEEK_MS + 1, at_ms), 0)
    cell = np.where(known, cells_at(np.maximum(person, 0), at_ms, bought, answered), 0)
    within = known & (at_ms >= since_ms) & (at_ms < until_ms)
    counted = within & told & came & (place < places)
    messages = np.bincount(cell[counted] * places + place[counted], minlength=len(CODES) * places).reshape(len(CODES), places)
    rate = _looked_up(rates, send)
    drawn = within & (told | held) & (rate > 0) & (rate < 1)
    who, when = person[drawn], at_ms[drawn]
    draws = Draws(who, cell[drawn], place[drawn], told[drawn], 1 - rate[drawn], bought.sum(who, when, when + WEEK_MS))
    here = np.arange(len(people))
    now = np.full(len(people), now_ms)
    spend = int(bought.sum(here, now - BOUGHT_DAYS * DAY_MS, now).sum())
    cost = decided["cost_fen"].to_numpy()[within & told & came]
    return History(
        draws, bought.sum(who, when - BOUGHT_DAYS * DAY_MS, when), (lost.count(who, when, when + WEEK_MS) > 0).astype(np.float64), messages, people, cells_at(here, now, bought, answered), spend,
        float(cost.mean()) if len(cost) else 0.0, float(weeks), len(np.unique(send[drawn])), int(when.min()) if len(when) else None,
    )  # fmt: skip


def _rates(tx: Connection) -> dict[int, float]:
    """Sends that the caps count, with the share that each kept back."""
    table = _tables.send
    rows = tx.execute(select(table.c.id, table.c.spec).where(~table.c.exempt))
    return {row.id: float(row.spec.get("control_rate") or 0.0) for row in rows}


def _looked_up(rates: dict[int, float], send: Ints) -> Floats:
    ids = np.array(sorted(rates), np.int64)
    values = np.array([rates[one] for one in ids.tolist()])
    return values[np.searchsorted(ids, send)] if len(send) else np.zeros(0)


def _decided(session: Session, tables: Tables, moved: pa.Table, send_ids: list[int], since_ms: int) -> pa.Table:
    """One row a person of a send who was told or kept back by chance: send_id, customer_id (as it is now), at_ms, told, held; whether
    a message of it counts, and what it cost."""
    session.keep("_merged", moved)
    now = ibis.table({"customer_id": "int64", "merged_into": "int64"}, name="_merged")
    sends = session.keep("_budget_sends", pa.table({"send_id": pa.array(send_ids, pa.int64())}))
    decision, message = tables["messaging_decision"], tables["messaging_message"]
    mine = decision.filter((decision.at_ms >= since_ms) & ((decision.verdict != "refuse") | (decision.reason == "holdout"))).semi_join(sends, "send_id")
    mine = mine.left_join(now, "customer_id").drop("customer_id_right")
    mine = mine.select("send_id", "at_ms", customer_id=mine.merged_into.coalesce(mine.customer_id), told=mine.verdict != "refuse")
    each = mine.group_by("send_id", "customer_id").agg(at_ms=mine.at_ms.min(), told=mine.told.max())
    counting = [outbox.STATUSES[number] for number in outbox.COUNTING]
    sent = message.semi_join(sends, "send_id").group_by("send_id", "customer_id").agg(came=message.status.isin(counting).max(), cost_fen=message.cost_fen.sum())
    both = each.left_join(sent, ["send_id", "customer_id"]).drop("send_id_right", "customer_id_right")
    return session.query(both.mutate(held=~both.told, came=both.came.fill_null(False), cost_fen=both.cost_fen.fill_null(0)))


def _sources(tables: Tables) -> tuple[ir.Table, ir.Table, ir.Table]:
    """What was bought, answers, and losses: customer_id, at_ms, amount_fen."""
    orders, done, spells, consent = (tables[name] for name in ("orders_order", "customers_activity", "carriers_relation", "customers_consent"))
    one = ibis.literal(1, "int64")
    bought = orders.select("customer_id", at_ms=orders.ordered_ms, amount=orders.amount_fen)
    answered = done.filter(done["name"].isin(ANSWERED)).select("customer_id", "at_ms", amount=one)
    gone = spells.filter((spells.by == "customer") & spells.ended_ms.notnull() & ~spells.void.fill_null(False)).select("customer_id", at_ms=spells.ended_ms, amount=one)
    back = consent.filter(consent.state.isin(["refused", "withdrawn"]) & (consent.purpose != "profiling")).select("customer_id", "at_ms", amount=one)
    said = done.filter(done["name"].isin(COMPLAINED)).select("customer_id", "at_ms", amount=one)
    return bought, answered, ibis.union(gone, back, said)


def _happened(session: Session, what: ir.Table, people: Ints, since_ms: int, until_ms: int) -> Happened:
    rows = session.query(what.filter((what.at_ms >= since_ms) & (what.at_ms < until_ms)))
    person = _place(people, rows["customer_id"].to_numpy())
    return Happened.of(person, rows["at_ms"].to_numpy(), since_ms, until_ms, rows["amount"].to_numpy())


def _place(people: Ints, wanted: Ints) -> Ints:
    if not len(people):
        return np.full(len(wanted), -1)
    place = np.minimum(np.searchsorted(people, wanted), len(people) - 1)
    return np.where(people[place] == wanted, place, -1)


def sums_since(stores: Stores, ids: Ints, from_ms: int, to_ms_: int) -> tuple[Floats, Floats, Ints]:
    """Of these people (ascending), in [from, to): what each spent, whether each was lost (0 or 1), messages that were planned for each."""
    tables: Any = stores.warehouse.tables
    with stores.warehouse.read() as session:
        bought, _, lost = _sources(tables)
        message = tables["messaging_message"]
        counting = [outbox.STATUSES[number] for number in outbox.COUNTING]
        sent = message.filter(message.status.isin(counting)).select("customer_id", "at_ms", amount=ibis.literal(1, "int64"))
        parts = [_happened(session, what, ids, from_ms, to_ms_) for what in (bought, lost, sent)]
    here = np.arange(len(ids))
    low, high = np.full(len(ids), from_ms), np.full(len(ids), to_ms_)
    return parts[0].sum(here, low, high), (parts[1].count(here, low, high) > 0).astype(np.float64), parts[2].count(here, low, high)


