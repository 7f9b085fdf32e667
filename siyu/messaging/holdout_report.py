"""Read-out of a hold-out 全局对照组的结果: what those who are told nothing buy, beside as many who are treated like everybody.

Everybody of an arm counts from the group's first day, whatever was sent to them (intention to treat). The interval holds at
every look, because people look all the time. Nothing is read from arms whose sizes do not fit the draw.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import ibis
import ibis.expr.types as ir
import numpy as np
import pyarrow as pa

from siyu.foundation import trials
from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.trials import Effect, Sample
from siyu.identity.current import everybody, merged
from siyu.messaging import holdouts
from siyu.messaging.holdouts import Holdout

DELIVERED = ("sent", "received")
TOO_FEW = Text("人太少，还读不出效果", "too few people to read an effect from")
TOO_SOON = Text("这一期还没有满一天", "this period is not a day old yet")
BROKEN = Text("两组人数与抽签不符(样本比例失衡)，效果不可读", "the groups' sizes do not fit the draw (sample-ratio mismatch), so no effect is read")


@dataclass(frozen=True)
class HeldArm:
    """`told_count`: people whom a message reached in the period, of `message_count` messages. `left_count`: who ended a relation or took a consent back."""

    people_count: int
    told_count: int
    message_count: int
    buyer_count: int
    order_count: int
    spend_fen: int
    left_count: int


@dataclass(frozen=True)
class Reading:
    """Compared minus control, each per person: `bought` and `left` are shares, `spend` fen; null with `why_not`.

    `missed_fen` is what the hold-out itself goes without, `brought_fen` what all messages together bring from everybody else; each with its interval.
    """

    bought: Effect | None
    spend: Effect | None
    left: Effect | None
    why_not: Text | None
    mismatch_p: float | None
    smallest_share: float | None
    smallest_fen: float | None
    missed_fen: tuple[int, int, int] | None
    brought_fen: tuple[int, int, int] | None


@dataclass(frozen=True)
class HoldoutReport:
    """`from_ms` to `to_ms`: the part of the period that is over. `withheld_count`: messages that the control was not sent for being in it."""

    holdout: Holdout
    from_ms: int
    to_ms: int
    control: HeldArm
    compared: HeldArm
    others_count: int
    withheld_count: int
    reading: Reading


@dataclass(frozen=True)
class Outlook:
    """What a group of some size would cost and could show, from as many days that have passed.

    `held_count` people would be told nothing; they spent `spend_fen` in such a time, so no more than that is at stake. A difference of
    `smallest_share` of buyers, or of `smallest_fen` a person, would be found four times in five; null where nothing was bought.
    """

    people_count: int
    held_count: int
    buyer_share: float | None
    spend_fen: int
    smallest_share: float | None
    smallest_fen: float | None


def read_out(stores: Stores, holdout_id: int) -> HoldoutReport:
    """How a hold-out stands, also an earlier one.

    Raises
    ------
    NotFoundError
    """
    with stores.ledger.read() as tx:
        one, moved, known = holdouts.find(tx, holdout_id), merged(tx), len(everybody(tx))
        people = _people(holdouts.arms(tx, holdout_id))
    calendar = stores.calendar
    from_ms = calendar.midnight_ms(one.from_on)
    until_ms = min(to_ms(stores.now()), calendar.midnight_ms(one.to_on) if one.to_on else to_ms(stores.now()))
    with stores.warehouse.read() as session:
        held = session.keep("_held", people)
        session.keep("_merged", moved)
        sums = {row["arm"]: row for row in session.query(_sums(stores, held, from_ms, until_ms)).to_pylist()}
        withheld = int(session.scalar(_withheld(stores, held, from_ms, until_ms)) or 0)
    control, compared = (sums.get(arm, _NOTHING) for arm in (holdouts.CONTROL, holdouts.COMPARED))
    others = max(known - int(control["people_count"]), 0)
    reading = _reading(control, compared, others, is_young=until_ms - from_ms < DAY_MS)
    return HoldoutReport(one, from_ms, max(until_ms, from_ms), _arm(control), _arm(compared), others, withheld, reading)


def outlook(stores: Stores, *, rate: float, days: int) -> Outlook:
    """What a group with this share would cost and could show in so many days, by the same number of days before now."""
    with stores.ledger.read() as tx:
        count = len(everybody(tx))
    now_ms = to_ms(stores.now())
    with stores.warehouse.read() as session:
        [row] = session.query(_spent(stores, now_ms - days * DAY_MS, now_ms)).to_pylist()
    held = round(count * rate)
    spend, squares, buyers = float(row["spend_fen"] or 0), float(row["squares"] or 0), int(row["buyer_count"] or 0)
    if held < 2 or not buyers or buyers > count:
        return Outlook(count, held, buyers / count if count and buyers <= count else None, round(spend * rate), None, None)
    variance = trials.from_sums(count, spend, squares).variance
    share = buyers / count
    return Outlook(count, held, share, round(spend * rate), trials.smallest_share(share, held, held), float(trials.smallest_effect(variance, held, held)))


_COLUMNS = ("people_count", "told_count", "message_count", "buyer_count", "order_count", "spend_fen", "squares", "left_count")
_NOTHING: dict[str, Any] = dict.fromkeys(_COLUMNS, 0)


def _people(arms: dict[str, Any]) -> pa.Table:
    ids = np.concatenate([arms["control"], arms["compared"]]).astype(np.int64)
    arm = np.repeat(np.array([holdouts.CONTROL, holdouts.COMPARED], np.int64), [len(arms["control"]), len(arms["compared"])])
    return pa.table({"customer_id": ids, "arm": arm})


def _spent(stores: Stores, from_ms: int, until_ms: int) -> ir.Table:
    """One row: buyers of a time, what they spent, and the sum of the squares."""
    orders = stores.warehouse.tables["orders_order"]
    mine = orders.filter((orders.ordered_ms >= from_ms) & (orders.ordered_ms < until_ms))
    each = mine.group_by("customer_id").agg(fen=mine.amount_fen.sum().cast("float64"))
    return each.agg(buyer_count=each.count(), spend_fen=each.fen.sum(), squares=(each.fen * each.fen).sum())


def _sums(stores: Stores, held: ir.Table, from_ms: int, until_ms: int) -> ir.Table:
    """One row an arm: how many people it has and what they did in the time."""
    tables = stores.warehouse.tables
    orders, message, spell, consent = (tables[name] for name in ("orders_order", "messaging_message", "carriers_relation", "customers_consent"))

    def within(column: ir.IntegerValue) -> ir.BooleanValue:
        return (column >= from_ms) & (column < until_ms)

    bought = orders.filter(within(orders.ordered_ms)).group_by("customer_id").agg(orders=lambda t: t.count(), fen=lambda t: t.amount_fen.sum().cast("float64"))
    reached = message.filter(message.status.isin(DELIVERED) & within(message.at_ms)).group_by("customer_id").agg(messages=lambda t: t.count())
    ended = spell.filter((spell.by == "customer") & within(spell.ended_ms) & ~spell.void.fill_null(False)).select("customer_id")
    taken = consent.filter(consent.state.isin(["refused", "withdrawn"]) & (consent.purpose != "profiling") & within(consent.at_ms)).select("customer_id")
    gone = ibis.union(ended, taken).distinct().mutate(gone=ibis.literal(1))
    people = held
    for part in (bought, reached, gone):
        people = people.left_join(part, "customer_id").drop("customer_id_right")
    fen = people.fen.fill_null(0.0)
    people = people.mutate(fen=fen, squares=fen * fen)
    return people.group_by("arm").agg(
        people_count=people.count(), told_count=people.messages.count(), message_count=people.messages.sum(), buyer_count=people.orders.count(),
        order_count=people.orders.sum(), spend_fen=people.fen.sum(), squares=people.squares.sum(), left_count=people.gone.count(),
    )  # fmt: skip


def _withheld(stores: Stores, held: ir.Table, from_ms: int, until_ms: int) -> ir.IntegerScalar:
    """Messages that the control would have been sent but for the hold-out."""
    decision = stores.warehouse.tables["messaging_decision"]
    now = ibis.table({"customer_id": "int64", "merged_into": "int64"}, name="_merged")
    mine = decision.filter((decision.reason == "global_holdout") & (decision.decided_ms >= from_ms) & (decision.decided_ms < until_ms))
    mine = mine.left_join(now, "customer_id").drop("customer_id_right")
    mine = mine.select("send_id", customer_id=mine.merged_into.coalesce(mine.customer_id)).distinct()
    return mine.semi_join(held.filter(held.arm == holdouts.CONTROL), "customer_id").count()


def _arm(sums: dict[str, Any]) -> HeldArm:
    return HeldArm(**{name: round(sums[name] or 0) for name in HeldArm.__dataclass_fields__})


def _share(sums: dict[str, Any], name: str) -> Sample:
    return trials.share(int(sums["people_count"]), int(sums[name] or 0))


def _money(sums: dict[str, Any]) -> Sample:
    return trials.from_sums(int(sums["people_count"]), float(sums["spend_fen"] or 0), float(sums["squares"] or 0))


def _reading(control: dict[str, Any], compared: dict[str, Any], others: int, *, is_young: bool) -> Reading:
    sizes = [int(control["people_count"]), int(compared["people_count"])]
    p = float(trials.mismatch(sizes, [0.5, 0.5])) if sum(sizes) else None
    nothing = Reading(None, None, None, TOO_FEW, p, None, None, None, None)
    if min(sizes) < 2:
        return nothing
    if p is not None and p < trials.MISMATCH:
        return Reading(**{**vars(nothing), "why_not": BROKEN})
    if is_young:
        return Reading(**{**vars(nothing), "why_not": TOO_SOON})
    bought, left = (trials.sequential(_share(compared, name), _share(control, name)) for name in ("buyer_count", "left_count"))
    money = _money(compared), _money(control)
    spend = trials.sequential(*money)
    base = sum(int(arm["buyer_count"] or 0) for arm in (control, compared)) / sum(sizes)
    variance = (money[0].variance + money[1].variance) / 2
    return Reading(
        bought, spend, left, None, p, trials.smallest_share(base, sizes[1], sizes[0]) if base else None,
        float(trials.smallest_effect(variance, sizes[1], sizes[0])) if base else None, _over(spend, sizes[0]), _over(spend, others),
    )  # fmt: skip


def _over(effect: Effect, people: int) -> tuple[int, int, int]:
    """An effect a person, over so many people: estimate, low, high, in fen."""
    return round(effect.difference * people), round(effect.low * people), round(effect.high * people)


def next_quarter(stores: Stores) -> int:
    """Days from today until the next quarter of the calendar begins: a group that is renewed with it ends with it."""
    today = stores.calendar.on(stores.now())
    month = (today.month - 1) // 3 * 3 + 4
    first = today.replace(year=today.year + month // 13, month=(month - 1) % 12 + 1, day=1)
    return (first - today) // timedelta(days=1)
