"""Referral of the sample brand 示例品牌的裂变: a programme of the last quarter, who invited whom, and a ring that the guard is to find.

Friends are those whom the files say somebody referred. The ring: accounts of one phone that came by one link within minutes and bought nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import Connection

from siyu.acquisition import touches
from siyu.content.tokens import VISITOR_BITS
from siyu.events.identifiers import identify
from siyu.foundation.clock import DAY_MS, from_ms
from siyu.foundation.ids import Ints, draw_rows, key64, key64_numbers
from siyu.foundation.stores import Stores
from siyu.identity.identifiers import customers_of
from siyu.referral import friends, invitations, programmes, settling, terms, tracing
from siyu.referral.friends import Arrival
from siyu.referral.invitations import Invitation
from siyu.referral.programmes import Draft, Programme

BY, NAME = "示例品牌", "老友新茶：请朋友喝第一泡"
DAYS = 90
TERMS: dict[str, Any] = {
    "friend": {"kind": "points", "points": 100, "cost_fen": 500}, "inviter": {"kind": "points", "points": 200, "cost_fen": 1000}, "stay_days": 0, "buys_fen": 3000, "needs": "all",
    "wait_days": 30, "watch_days": 15, "most_friends": 20, "budget_fen": 300_000, "title": {"zh": "请朋友喝第一泡茶", "en": "Treat a friend to a first cup"},
    "words": {"zh": "朋友第一次下单后，你们都有积分。", "en": "After a friend's first order there are points for both of you."},
}  # fmt: skip
RING, RING_DAYS_AGO = 7, 24
MOST_INVITERS = 80
PASSED_ON, LOOKED = 0.3, 3.2
"""So many friends were invited by a friend who came before them; so many browsers opened a link for each friend who came."""


def load(stores: Stores, tx: Connection, customers: pa.Table, namespace: str) -> Programme | None:
    """The programme with its invitations and everybody who came by them, in the caller's transaction; None when it is there already."""
    if any(one.name == NAME for one in programmes.listed(tx, limit=200)):
        return None
    today = stores.calendar.midnight_ms(stores.calendar.on(stores.now()))
    begun = replace(stores, clock=lambda: from_ms(today - DAYS * DAY_MS))
    programme = programmes.add(begun, tx, Draft(NAME, "invite", terms.read(TERMS)), by=BY)
    programme = programmes.start(begun, tx, programme.id, source_id=tracing.source_for(begun, tx, programme, by=BY), by=BY)
    came = _referred(stores, tx, customers, namespace, today)
    ring = _ring(stores, tx, customers, namespace, today)
    inviters = list(dict.fromkeys([*(one[0] for one in came), *(one[0] for one in ring), *_others(stores, tx, customers, namespace)]))
    invited = invitations.open_for(begun, tx, programme, inviters)
    _opened(begun, tx, programme, [(invited[inviter], at_ms) for inviter, _, at_ms, _ in came if inviter in invited])
    arrivals = [Arrival(invited[inviter].id, key, at_ms, "phone", visitor) for inviter, key, at_ms, visitor in (*came, *ring) if inviter in invited]
    tracing.came(begun, tx, programme, [(one.invitation_id, one.identity_key, one.visitor, one.at_ms) for one in arrivals])
    friends.arrived(stores, tx, arrivals)
    return programme


def settle(stores: Stores) -> None:
    """A round, as the job does it, at this midnight: who came true, what the guard finds, what is due."""
    midnight = stores.calendar.midnight_ms(stores.calendar.on(stores.now()))
    settling.round_of(replace(stores, clock=lambda: from_ms(midnight)), stores.ledger.begin)


Came = tuple[int, int, int, int]
"""The inviter, the friend's identity key, when they came, their browser."""


def _referred(stores: Stores, tx: Connection, customers: pa.Table, namespace: str, today: int) -> list[Came]:
    """Whom the files say somebody referred in the programme's time, in order of time; some of them invite others in their turn."""
    first = pa.scalar(today - DAYS * DAY_MS, pa.int64())
    at = customers["registered_at"].cast(pa.timestamp("ms", tz="UTC"), safe=False).cast(pa.int64())
    mine = customers.append_column("at_ms", at).filter(pc.and_(pc.is_valid(customers["referrer_key"]), pc.and_(pc.greater_equal(at, first), pc.less(at, pa.scalar(today, pa.int64())))))
    mine = mine.sort_by([("at_ms", "ascending"), ("customer_key", "ascending")])
    keys, theirs = _keys(stores, namespace, mine["customer_key"]), _keys(stores, namespace, mine["referrer_key"])
    owner = customers_of(tx, sorted({*keys.tolist(), *theirs.tolist()}))
    found: list[Came] = []
    before: list[int] = []
    shares = draw_rows("sample passed on", keys)
    for key, inviter, at_ms, share in zip(keys.tolist(), theirs.tolist(), mine["at_ms"].to_pylist(), shares.tolist(), strict=True):
        if key not in owner or inviter not in owner:
            continue
        # The latest of those who came before is asked by few; the first ones by more.
        whose = before[int(share / PASSED_ON * len(before))] if before and share < PASSED_ON else owner[inviter]
        found.append((whose, key, at_ms, _browser(key)))
        before.append(owner[key])
    return found


def _ring(stores: Stores, tx: Connection, customers: pa.Table, namespace: str, today: int) -> list[Came]:
    """One of the people of the fission and accounts of theirs on one phone, within minutes of each other."""
    keys = _keys(stores, namespace, customers.filter(pc.equal(customers["source"], "fission_draw"))["customer_key"])
    owner = customers_of(tx, keys.tolist())
    orders = stores.warehouse.tables["orders_order"]
    with stores.warehouse.read() as session:
        bought = set(session.query(orders.select("customer_id").distinct())["customer_id"].to_pylist())
    people = [key for key in keys[::-1].tolist() if key in owner and owner[key] not in bought][:RING]
    if len(people) < RING:
        return []
    at_ms, phone = today - RING_DAYS_AGO * DAY_MS + 15 * 3_600_000, _browser(people[0])
    return [(owner[people[0]], key, at_ms + place * 47_000, phone) for place, key in enumerate(people[1:])]


def _others(stores: Stores, tx: Connection, customers: pa.Table, namespace: str) -> list[int]:
    """Who may invite as well, and has brought nobody yet."""
    rows = customers.filter(pc.is_valid(customers["referrer_key"]))
    keys = _keys(stores, namespace, pc.unique(rows["referrer_key"]))
    owner = customers_of(tx, keys.tolist())
    return [owner[key] for key in keys.tolist() if key in owner][:MOST_INVITERS]


def _opened(stores: Stores, tx: Connection, programme: Programme, seen: list[tuple[Invitation, int]]) -> None:
    """Browsers that opened an invitation: for each friend some more who did nothing."""
    ids, at = np.array([one.id for one, _ in seen], np.int64), np.array([at_ms for _, at_ms in seen], np.int64)
    times = np.full(len(ids), round(LOOKED))
    number, when = np.repeat(ids, times), np.repeat(at, times)
    nth = np.arange(len(number)) % round(LOOKED)
    visitors: Ints = np.maximum(key64_numbers(number, when, nth).astype(np.int64) % (1 << VISITOR_BITS), 1)
    when = when - (draw_rows("sample looked", visitors) * DAY_MS).astype(np.int64)
    for invitation_id, visitor, at_ms in zip(number.tolist(), visitors.tolist(), when.tolist(), strict=True):
        invitations.visited(tx, invitation_id, visitor, at_ms)
    keys = key64_numbers(number, visitors, np.full(len(number), 61)).astype(np.int64)
    table = pa.table({"event_key": keys, "at_ms": when, "step": pa.array(["visit"] * len(number), pa.string()), "source_id": np.full(len(number), programme.source_id), "visitor_key": visitors})
    touches.record(stores, tx, table, dedup_key="sample invitations opened")


def _keys(stores: Stores, namespace: str, values: Any) -> Ints:
    values = values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values
    return np.asarray(identify(stores.secrets, namespace, values.cast(pa.string())).keys.to_numpy(zero_copy_only=False)).astype(np.int64)


def _browser(key: int) -> int:
    return max(key64("sample phone", key) % (1 << VISITOR_BITS), 1)
