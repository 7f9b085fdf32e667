"""Learning 学习: everything that a rehearsal takes from history about some people: `response` fitted to what `_history` reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from siyu.foundation.clock import DAY_MS, to_ms
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.journeys import _history
from siyu.journeys._history import CLICKED, PAID, READ
from siyu.journeys.again import Again
from siyu.journeys.definition import Condition
from siyu.journeys.response import UNKNOWN, Arms, Effect, Own, Share, assumed_share, effect, share
from siyu.messaging import sends

OUTCOMES = ("delivered", "read", "clicked", "opted_out", "blocked", "complained")
ASSUMED = {"delivered": 0.95, "read": 0.3, "clicked": 0.08, "opted_out": 0.002, "blocked": 0.002, "complained": 0.0005}
"""Where no message was ever sent."""
ASSUMED_DELAY_MS = 6 * 3_600_000
MOST_EXAMPLES = 200
Kind = tuple[str, str]
"""(purpose, carrier); either may be '' for any."""


@dataclass(frozen=True)
class Learned:
    """What is known of the people `ids` (ascending).

    `own`: by `key_of` a condition, how often they do it of themselves; `again`: how soon again; `examples`: properties (JSON) that such events really had. `shares`: outcome → kind of
    message → share. `effects`: purpose → effect on buying. `leave_rate`: relations ended a day. `order_fen`: mean order.
    """

    ids: Ints
    own: dict[str, Own]
    again: dict[str, Again]
    examples: dict[str, list[str]]
    shares: dict[str, dict[Kind, Share]]
    effects: dict[str, Effect]
    leave_rate: float
    order_fen: float
    order_fen_error: float

    def share(self, outcome: str, purpose: str, carrier: str) -> Share:
        known = self.shares[outcome]
        return next(known[kind] for kind in ((purpose, carrier), (purpose, ""), ("", "")) if kind in known)

    def effect(self, purpose: str) -> Effect:
        return self.effects.get(purpose, UNKNOWN)


ANY_ORDER = Condition(event=PAID)


def key_of(condition: Condition) -> str:
    """Names a condition; equal ones alike."""
    return msgspec.json.encode(condition).decode()


def learn(stores: Stores, ids: Ints, wanted: Iterable[Condition], *, told: Callable[[], None] = lambda: None) -> Learned:
    """Read history and fit what a journey asks about. `ids`: the people, each once. `told` is called between readings."""
    ids, now_ms, tables = np.unique(ids), to_ms(stores.now()), stores.warehouse.tables
    rates: dict[str, Own] = {}
    repeats: dict[str, Again] = {}
    examples: dict[str, list[str]] = {}
    with stores.warehouse.read() as session:
        time = _history.watched(session, tables, ids, now_ms)
        for key, condition in {key_of(each): each for each in (ANY_ORDER, *wanted)}.items():
            rates[key], repeats[key], found = _history.own_rate(session, tables, condition, time)
            examples[key] = _examples(session, tables, condition, found.event_key)
            told()
        past, answered = _history.arms(session, tables, now_ms), _history.answers(session, tables, now_ms)
        gone, days = _history.leaving(session, tables, now_ms)
        orders = tables["orders_order"]
        recent = orders.filter(orders.ordered_ms >= now_ms - _history.WATCHED_DAYS * DAY_MS)
        [money] = session.query(recent.agg(n=recent.count(), mean=recent.amount_fen.mean(), deviation=recent.amount_fen.std())).to_pylist()
    purposes = _purposes(stores, {*past, *(row["send_id"] for row in answered)})
    leave_rate = (gone + 0.5) / (days + 1000)
    return Learned(
        ids, rates, repeats, examples, _shares(answered, purposes, leave_rate), _effects(past, purposes), leave_rate,
        float(money["mean"] or 0), float(money["deviation"] or 0) / max(money["n"], 1) ** 0.5,
    )  # fmt: skip


def _examples(session: Session, tables: Any, condition: Condition, event_keys: Ints) -> list[str]:
    if condition.event is None:
        return []
    some = event_keys[:: max(1, len(event_keys) // MOST_EXAMPLES)][:MOST_EXAMPLES]
    read = _history.orders_of if condition.event == PAID else _history.examples
    known = read(session, tables, some)
    return [msgspec.json.encode(known.get(key, {})).decode() for key in some.tolist()]


def _purposes(stores: Stores, send_ids: set[int]) -> dict[int, str]:
    with stores.ledger.read() as tx:
        return sends.purposes_of(tx, sorted(send_ids))


def _effects(past: dict[int, Arms], purposes: dict[int, str]) -> dict[str, Effect]:
    grouped: dict[str, list[Arms]] = defaultdict(list)
    for send_id, arms in past.items():
        if send_id in purposes:
            grouped[purposes[send_id]].append(arms)
    return {purpose: effect(arms) for purpose, arms in grouped.items()}


def _shares(rows: Sequence[dict[str, Any]], purposes: dict[int, str], leave_rate: float) -> dict[str, dict[Kind, Share]]:
    """Shares by kind of message, each drawn towards the one above: carrier → purpose → all messages → what is assumed."""
    sums: dict[Kind, dict[str, float]] = defaultdict(lambda: defaultdict(float))
    for row in rows:
        purpose = purposes.get(row["send_id"])
        if purpose is None:
            continue
        for kind in (("", ""), (purpose, ""), (purpose, row["carrier"])):
            for name in ("tried", "told", "read", "clicked", "complained", "blocked", "opted_out", "gone"):
                sums[kind][name] += row[name] or 0
            for name in ("read", "clicked"):
                sums[kind][f"{name}_ms"] += (row[f"{name}_delay_ms"] or 0) * (row[name] or 0)
    found: dict[str, dict[Kind, Share]] = {}
    for outcome in OUTCOMES:
        top = assumed_share(ASSUMED[outcome], ASSUMED_DELAY_MS)
        known = found[outcome] = {("", ""): top}
        for kind in sorted(sums):
            one = sums[kind]
            above = known[(kind[0], "") if kind[1] else ("", "")]
            # People also leave of themselves: what is left after that is the message's.
            blocked = max(one["blocked"], one["gone"] - leave_rate * _history.AFTER_DAYS * one["told"])
            good = blocked if outcome == "blocked" else one["told"] if outcome == "delivered" else one[outcome]
            delay = one[f"{outcome}_ms"] / one[outcome] if outcome in ("read", "clicked") and one[outcome] else 0.0
            known[kind] = share(min(good, one["tried"] if outcome == "delivered" else one["told"]), one["tried"] if outcome == "delivered" else one["told"], above, delay)
    return found


def assumptions(learned: Learned, purposes: set[str], conditions: Iterable[Condition]) -> list[Text]:
    """What rests on too little history to be known, in words."""
    found = []
    for condition in conditions:
        one = learned.own.get(key_of(condition))
        if one is not None and one.assumed:
            what = condition.event or f"分群 {condition.segment or condition.left}"
            found.append(Text(f"「{what}」历史上只有 {one.seen} 次，频率是假定的(每人每天约 1%,区间很宽)", f"{what}: seen {one.seen} times, so its rate is assumed (about 1 % a person and day, and anything near it)"))
    for purpose in sorted(purposes):
        if learned.effect(purpose).assumed:
            found.append(Text(f"没有带对照组的「{purpose}」发送：消息对购买的作用未知，按 0 计、区间放宽", f"no {purpose} send with a control was ever made: its effect on buying is unknown, taken as none, with a wide interval"))
        elif learned.effect(purpose).sends < 2:
            found.append(Text(f"消息对购买的作用只来自 1 次带对照组的「{purpose}」发送", f"the effect on buying rests on one {purpose} send with a control"))
        found += [
            Text(f"「{purpose}」消息的{_WORDS[outcome][0]}是假定的", f"the share that is {_WORDS[outcome][1]} of {purpose} messages is assumed")
            for outcome in _WORDS
            if learned.share(outcome, purpose, "").assumed
        ]
    return found


_WORDS = {"delivered": ("送达率", "delivered"), "read": ("阅读率", "read"), "clicked": ("点击率", "clicked")}
ANSWER_NAMES = {**dict.fromkeys(READ, "read"), **dict.fromkeys(CLICKED, "clicked")}
"""Activities by which people answer a message → the outcome that makes them happen in a rehearsal."""
