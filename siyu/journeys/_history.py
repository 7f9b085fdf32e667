"""History 过往: what is read from facts about people's own doings and their answers to messages. Set-based; one row a person, send or day."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from siyu.foundation.clock import DAY_MS
from siyu.foundation.ids import Ints
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables
from siyu.journeys.again import Again, again
from siyu.journeys.definition import Condition
from siyu.journeys.response import DAYS, Arms, Own, own
from siyu.segments.leaves import property_test
from siyu.segments.rules import Where

PAID = "order_paid"
DELIVERED, NOT_TRIED = ("sent", "received"), ("planned", "attempting", "cancelled", "displaced", "released")
READ = ("message_read", "message_opened", "message_clicked", "link_opened", "content_read")
CLICKED = ("message_clicked", "link_opened", "content_read")
COMPLAINED, BLOCKED = ("message_complained", "complaint_made"), ("message_blocked",)
ANSWERS = tuple(dict.fromkeys((*READ, *COMPLAINED, *BLOCKED)))
WATCHED_DAYS, SENDS_DAYS, AFTER_DAYS = 90, 365, 7
LEAST_WATCHED = 0.2
"""Less of the time than this without a message near: then all of it is taken."""
WEEK_MS = 7 * DAY_MS
_WHO = ibis.table({"customer_id": "int64"}, name="_response_who")


@dataclass(frozen=True)
class Happened:
    """What happened to people: by customer_id, with when (epoch ms) and the event's key."""

    customer_id: Ints
    at_ms: Ints
    event_key: Ints


def happenings(session: Session, tables: Tables, condition: Condition, since_ms: int, until_ms: int, ids: Ints | None = None) -> Happened:
    """Events like this in [since, until), of these customers or of all."""
    found = _of(tables, condition)
    found = found.filter((found.at_ms >= since_ms) & (found.at_ms < until_ms) & (found.customer_id > 0))
    if ids is not None:
        session.keep(_WHO.get_name(), pa.table({"customer_id": pa.array(ids, pa.int64())}))
        found = found.semi_join(_WHO, "customer_id")
    rows = session.query(found.order_by(["customer_id", "at_ms", "event_key"]))
    return Happened(rows["customer_id"].to_numpy(), rows["at_ms"].to_numpy(), rows["event_key"].to_numpy())


def _of(tables: Tables, condition: Condition) -> ir.Table:
    if condition.event is None:
        change = tables["segments_change"]
        mine = change.filter((change.segment_id == (condition.segment or condition.left)) & (change.entered == (condition.segment is not None)))
        return mine.select("customer_id", "at_ms", event_key=ibis.literal(0))
    return _paid(tables, condition.where) if condition.event == PAID else _done(tables, condition.event, condition.where)


def _paid(tables: Tables, where: Sequence[Where]) -> ir.Table:
    orders = tables["orders_order"]
    for one in where:
        orders = orders.filter(_order_test(orders, one))
    return orders.select("customer_id", at_ms="ordered_ms", event_key="order_key")


def _order_test(orders: ir.Table, where: Where) -> Any:
    """A condition on an order's own properties: amount_fen, source, order_id."""
    column = {"amount_fen": orders.amount_fen, "source": orders.source, "order_id": orders.order_key}.get(where.path)
    if column is None:
        return ibis.literal(where.op in ("is_not", "not_in", "not_exists"))
    value: Any = where.value
    tests = {
        "is": lambda: column == value, "is_not": lambda: column != value, "in": lambda: column.isin(list(value)), "not_in": lambda: ~column.isin(list(value)),
        ">": lambda: column > value, ">=": lambda: column >= value, "<": lambda: column < value, "<=": lambda: column <= value,
        "between": lambda: (column >= value[0]) & (column <= value[1]), "exists": column.notnull, "not_exists": column.isnull,
    }  # fmt: skip
    return tests[where.op]() if where.op in tests else ibis.literal(False)


def _done(tables: Tables, name: str, where: Sequence[Where]) -> ir.Table:
    done = tables["customers_activity"]
    done = done.filter(done["name"] == name)
    for one in where:
        done = done.filter(property_test(done, tables, one))
    return done.select("customer_id", "at_ms", "event_key")


def examples(session: Session, tables: Tables, event_keys: Ints) -> dict[int, dict[str, Any]]:
    """The properties of a few events, as the events said: event_key → path → value."""
    prop = tables["customers_property"]
    rows = session.query(prop.filter(prop.event_key.isin(event_keys.tolist() or [-1])).select("event_key", "path", "text", "number")).to_pylist()
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        found.setdefault(row["event_key"], {})[row["path"]] = row["text"] if row["number"] is None else row["number"]
    return found


def orders_of(session: Session, tables: Tables, order_keys: Ints) -> dict[int, dict[str, Any]]:
    """The properties of a few orders, as `order_paid` says them."""
    orders = tables["orders_order"]
    rows = session.query(orders.filter(orders.order_key.isin(order_keys.tolist() or [-1])).select("order_key", "amount_fen", "source")).to_pylist()
    return {row["order_key"]: {"order_id": str(row["order_key"]), "amount_fen": row["amount_fen"], "source": row["source"]} for row in rows}


@dataclass(frozen=True)
class Watched:
    """The time in which people could be watched: by person (in the order of `ids`) since when, and the stretches after messages,
    by person and start."""

    ids: Ints
    since_ms: Ints
    until_ms: int
    touched: Ints
    touched_from: Ints
    touched_to: Ints

    @property
    def days(self) -> Any:
        """Days of each person without a message near."""
        whole = np.maximum(self.until_ms - self.since_ms, 0).astype(float)
        np.subtract.at(whole, self.touched, (self.touched_to - self.touched_from).astype(float))
        return np.maximum(whole, 0) / DAY_MS

    def free_days(self, place: Ints, at_ms: Ints) -> Any:
        """Days of each of these people, up to an instant, without a message near."""
        at = np.clip(at_ms, self.since_ms[place], self.until_ms)
        whole = (at - self.since_ms[place]).astype(float)
        if len(self.touched):
            span = self.until_ms + 1
            taken = np.concatenate([[0.0], np.cumsum((self.touched_to - self.touched_from).astype(float))])
            begun = np.searchsorted(self.touched * span + self.touched_from, place * span + at)
            mine = np.searchsorted(self.touched, place)
            over = np.where(begun > mine, np.maximum(self.touched_to[np.maximum(begun, 1) - 1] - at, 0), 0)
            whole -= taken[begun] - taken[mine] - over
        return whole / DAY_MS

    def is_free(self, place: Ints, at_ms: Ints) -> Any:
        """Whether each instant of a person (sorted by person and time) lies in watched time, with no message near."""
        inside = (at_ms > self.since_ms[place]) & (at_ms < self.until_ms)
        if not len(self.touched):
            return inside
        span = self.until_ms + 1
        keys, starts = place * span + at_ms, self.touched * span + self.touched_from
        last = np.searchsorted(starts, keys, side="right") - 1
        near = (last >= 0) & (self.touched[np.maximum(last, 0)] == place) & (at_ms < self.touched_to[np.maximum(last, 0)])
        return inside & ~near


def watched(session: Session, tables: Tables, ids: Ints, now_ms: int, days: int = WATCHED_DAYS) -> Watched:
    """Since when each of these people could be watched, and when messages were near (`DAYS` after each that was delivered)."""
    session.keep(_WHO.get_name(), pa.table({"customer_id": pa.array(ids, pa.int64())}))
    profile, orders, message = tables["customers_profile"], tables["orders_order"], tables["messaging_message"]
    first = session.query(profile.semi_join(_WHO, "customer_id").select("customer_id", "first_seen_ms"))
    bought = session.query(orders.semi_join(_WHO, "customer_id").group_by("customer_id").agg(first_ms=orders.ordered_ms.min()))
    start = now_ms - days * DAY_MS
    since = np.full(len(ids), 2**62)
    for rows, name in ((first, "first_seen_ms"), (bought, "first_ms")):
        known = rows.filter(rows[name].is_valid())
        place = np.searchsorted(ids, known["customer_id"].to_numpy())
        np.minimum.at(since, place, known[name].to_numpy())
    # Nothing is known of the time before the brand's first order.
    opened = session.scalar(orders.ordered_ms.min())
    since = np.maximum(np.where(since == 2**62, now_ms, since), max(start, int(opened or start)))
    near = message.filter(message.status.isin(DELIVERED) & (message.at_ms > start - DAYS * DAY_MS) & (message.at_ms < now_ms)).semi_join(_WHO, "customer_id")
    rows = session.query(near.select("customer_id", "at_ms").order_by(["customer_id", "at_ms"]))
    place, at = np.searchsorted(ids, rows["customer_id"].to_numpy()), rows["at_ms"].to_numpy()
    # Each stretch ends where the next message of the same person begins one.
    following = np.where(np.append(place[1:] == place[:-1], False), np.append(at[1:], 0), 2**62) if len(at) else at
    begin, end = np.maximum(at, since[place]) if len(at) else at, np.minimum(np.minimum(at + DAYS * DAY_MS, following), now_ms)
    some = end > begin
    return Watched(ids, since, now_ms, place[some], begin[some], end[some])


def own_rate(session: Session, tables: Tables, condition: Condition, time: Watched) -> tuple[Own, Again, Happened]:
    """How often each of these people does something of themselves, how soon again, and what was found."""
    found = happenings(session, tables, condition, int(time.since_ms.min(initial=time.until_ms)), time.until_ms, time.ids)
    whole = Watched(time.ids, time.since_ms, time.until_ms, *(np.zeros(0, np.int64),) * 3)
    chosen = time if time.days.sum() >= LEAST_WATCHED * whole.days.sum() else whole
    place = np.searchsorted(time.ids, found.customer_id)
    free = chosen.is_free(place, found.at_ms)
    count, days = np.bincount(place[free], minlength=len(time.ids)).astype(float), chosen.days
    rate = own(count, days, _weeks(chosen, found.at_ms[free]))
    return rate, again(rate, place, found.at_ms, free, chosen), found


def _weeks(time: Watched, at_ms: Ints) -> list[float]:
    """Happenings per watched day in each whole week before the end, the oldest first."""
    first = int(time.since_ms.min(initial=time.until_ms))
    count = (time.until_ms - first) // WEEK_MS
    edges = time.until_ms - WEEK_MS * np.arange(count, -1, -1)
    if count < 4:
        return []
    happened = np.histogram(at_ms, edges)[0]
    began = np.sort(time.since_ms)
    days = np.array([_overlap(began, low, high) for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True)])
    if len(time.touched):
        low, high = edges[:-1][:, None], edges[1:][:, None]
        starts, ends = _summed(time.touched_from), _summed(time.touched_to)
        days -= np.array([_between(starts, ends, int(a), int(b)) for a, b in zip(low[:, 0], high[:, 0], strict=True)])
    known = days > 0.05 * days.max()
    return [float(value) for value in (happened[known] / (days[known] / DAY_MS))]


def _overlap(began: Ints, low: int, high: int) -> float:
    """Time within [low, high) of people who are watched from `began` (sorted) on."""
    before = int(np.searchsorted(began, low))
    within = began[before : int(np.searchsorted(began, high))]
    return before * float(high - low) + float((high - within).sum())


def _summed(at: Ints) -> tuple[Ints, Any]:
    ordered = np.sort(at)
    return ordered, np.concatenate([[0.0], np.cumsum(ordered.astype(float))])


def _between(starts: tuple[Ints, Any], ends: tuple[Ints, Any], low: int, high: int) -> float:
    """Time of stretches within [low, high): what has begun by an instant less what has ended by it, summed."""

    def until(at: int) -> float:
        total = 0.0
        for sign, (ordered, sums) in ((1, starts), (-1, ends)):
            n = int(np.searchsorted(ordered, at))
            total += sign * (n * float(at) - float(sums[n]))
        return total

    return until(high) - until(low)


def arms(session: Session, tables: Tables, now_ms: int) -> dict[int, Arms]:
    """Past sends with people kept back by their own control: send → orders by day after it of those told and those kept.

    Grain in: decisions (send × customer) and orders. A day that is not over is left out.
    """
    decision, orders = tables["messaging_decision"], tables["orders_order"]
    since = now_ms - SENDS_DAYS * DAY_MS
    mine = decision.filter((decision.at_ms >= since) & (decision.at_ms < now_ms - 2 * DAY_MS))
    drawn = mine.filter((mine.verdict != "refuse") | (mine.reason == "holdout")).select("send_id", "customer_id", "at_ms", kept=(mine.reason == "holdout").fill_null(False))
    with_control = drawn.filter(drawn.kept).select("send_id").distinct()
    drawn = session.keep("_drawn", drawn.semi_join(with_control, "send_id"))
    sizes = session.query(drawn.group_by("send_id", "kept").agg(n=drawn.count(), at_ms=drawn.at_ms.max())).to_pylist()
    bought = drawn.inner_join(orders.select("customer_id", "ordered_ms"), "customer_id")
    bought = bought.filter((bought.ordered_ms >= bought.at_ms) & (bought.ordered_ms < bought.at_ms + DAYS * DAY_MS))
    counted = bought.mutate(day=((bought.ordered_ms - bought.at_ms) // DAY_MS).cast("int32"))
    rows = session.query(counted.group_by("send_id", "kept", "day").agg(n=counted.count())).to_pylist()
    people = {(row["send_id"], row["kept"]): row["n"] for row in sizes}
    over = {row["send_id"]: min(DAYS, (now_ms - row["at_ms"]) // DAY_MS) for row in sizes}
    by_day = {(row["send_id"], row["kept"], row["day"]): row["n"] for row in rows}
    return {
        send: Arms(people[send, False], people[send, True], *(np.array([by_day.get((send, kept, day), 0) for day in range(days)], float) for kept in (False, True)))
        for send, days in over.items()
        if (send, False) in people and (send, True) in people and days >= 2
    }


def answers(session: Session, tables: Tables, now_ms: int) -> list[dict[str, Any]]:
    """One row a past send and carrier: tried, told (delivered), and of those how many read, clicked, complained, blocked, opted_out;
    read_delay_ms and clicked_delay_ms on average. Messages younger than `AFTER_DAYS` are left out."""
    message = tables["messaging_message"]
    since, until = now_ms - SENDS_DAYS * DAY_MS, now_ms - AFTER_DAYS * DAY_MS
    sent = message.filter((message.at_ms >= since) & (message.at_ms < until) & ~message.status.isin(NOT_TRIED))
    each = sent.group_by("send_id", "customer_id", "carrier", "account_id").agg(
        told=sent.status.isin(DELIVERED).max().cast("int64"), sent_ms=sent.at_ms.min(where=sent.status.isin(DELIVERED))
    )
    each = session.keep("_each", each)
    did = _did(session, tables, each)
    left = _left(tables, each)
    keys = ["send_id", "customer_id"]
    joined = each.left_join(did, keys).drop("send_id_right", "customer_id_right").left_join(left, keys).drop("send_id_right", "customer_id_right")
    counts = {name: (joined.told * joined[name].fill_null(0)).sum() for name in ("read", "clicked", "complained", "blocked", "opted_out", "gone")}
    delays = {f"{name}_delay_ms": joined[f"{name}_delay"].mean() for name in ("read", "clicked")}
    return list(session.query(joined.group_by("send_id", "carrier").agg(tried=joined.count(), told=joined.told.sum(), **counts, **delays)).to_pylist())


def _did(session: Session, tables: Tables, each: ir.Table) -> ir.Table:
    """What people did with each send, in so many days after it."""
    activity, prop = tables["customers_activity"], tables["customers_property"]
    done = session.keep("_answered", activity.filter(activity["name"].isin(ANSWERS)).select("event_key", "customer_id", "at_ms", what="name"))
    said = prop.filter(prop.path.isin(["send", "send_id"]) & prop.number.notnull()).select("event_key", send_id=prop.number.cast("int64")).distinct()
    rows = done.inner_join(said, "event_key").inner_join(each.select("send_id", "customer_id", "sent_ms"), ["send_id", "customer_id"])
    rows = rows.filter(rows.sent_ms.notnull() & (rows.at_ms < rows.sent_ms + AFTER_DAYS * DAY_MS))

    def first(names: Sequence[str]) -> Any:
        return (rows.at_ms - rows.sent_ms).min(where=rows.what.isin(names))

    flags = {what: rows.what.isin(names).max().cast("int64") for what, names in (("read", READ), ("clicked", CLICKED), ("complained", COMPLAINED), ("blocked", BLOCKED))}
    return rows.group_by("send_id", "customer_id").agg(**flags, read_delay=first(READ), clicked_delay=first(CLICKED))


def _left(tables: Tables, each: ir.Table) -> ir.Table:
    """Who ended the relation, or took their consent back, in so many days after a message."""
    spells, consent = tables["carriers_relation"], tables["customers_consent"]
    told = each.filter(each.sent_ms.notnull()).select("send_id", "customer_id", "account_id", "sent_ms")
    ended = spells.filter((spells.by == "customer") & spells.ended_ms.notnull() & ~spells.void.fill_null(False)).select("customer_id", "account_id", at="ended_ms")
    taken = consent.filter(consent.state.isin(["refused", "withdrawn"]) & (consent.purpose != "profiling")).select("customer_id", at="at_ms")
    gone, back = told.inner_join(ended, ["customer_id", "account_id"]), told.inner_join(taken, "customer_id")
    parts = [
        rows.filter((rows.at >= rows.sent_ms) & (rows.at < rows.sent_ms + AFTER_DAYS * DAY_MS)).select(
            "send_id", "customer_id", gone=ibis.literal(is_gone), opted_out=ibis.literal(1 - is_gone)
        )
        for rows, is_gone in ((gone, 1), (back, 0))
    ]
    both = ibis.union(*parts)
    return both.group_by("send_id", "customer_id").agg(gone=both.gone.max(), opted_out=both.opted_out.max())


def leaving(session: Session, tables: Tables, now_ms: int) -> tuple[int, float]:
    """(relations that customers ended, days of relations) in the time that is watched."""
    spells = tables["carriers_relation"]
    since = now_ms - WATCHED_DAYS * DAY_MS
    mine = spells.filter(~spells.void.fill_null(False) & (spells.ended_ms.isnull() | (spells.ended_ms > since)))
    began, ended = ibis.greatest(mine.began_ms, since), mine.ended_ms.fill_null(now_ms)
    [row] = session.query(mine.agg(gone=((mine.by == "customer") & mine.ended_ms.notnull()).sum(), ms=ibis.greatest(ended - began, 0).cast("float64").sum())).to_pylist()
    return int(row["gone"] or 0), float(row["ms"] or 0) / DAY_MS
