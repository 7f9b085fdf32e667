"""Coming true 成真: from what the facts say of friends since they came, whether they are real, lapsed, or lost again. Sets only.

| state | becomes | when |
|---|---|---|
| waiting | real | what the terms ask for is there: stayed so many days as a contact, and/or bought so much and kept it |
| waiting | lapsed | it was not within `wait_days`; or they left, and staying is asked for |
| real | lost | within `watch_days`: what made them real is gone (refunded, left) |
| real | final | `watch_days` are over |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from siyu.carriers.facts import CARRIERS_RELATION
from siyu.customers.facts import CUSTOMERS_ACTIVITY
from siyu.foundation.clock import DAY_MS
from siyu.foundation.ids import Ints
from siyu.foundation.stores import Stores
from siyu.orders.facts import ORDERS_LINE
from siyu.referral.terms import Terms

Flags = np.ndarray[Any, np.dtype[np.bool_]]
Words = np.ndarray[Any, np.dtype[np.object_]]
SLACK_MS = 10 * 60_000
"""A relation or an order that began so shortly before the arrival was noted belongs to it."""
STAFF_WITHIN_MS = 2 * DAY_MS
NOT_DOING = (
    "message_sent", "message_delivered", "message_failed", "points_changed", "coupon_issued", "coupon_expired", "coupon_reversed", "contact_added", "contact_removed",
    "friend_brought", "friend_became_real", "referral_judged", "source_touched", "contact_deleted",
)  # fmt: skip
"""Activities that others cause: they say nothing of whether somebody is there."""


@dataclass(frozen=True)
class Seen:
    """What the facts say of some friends since they came, parallel. Times epoch ms, 0 for never.

    `added_ms`: first relation since; `is_open`: there is one now; `left_ms`: when the last ended; `before`: they bought or were a contact before.
    `bought_fen` and `net_fen` (less what was given back); `staff`: members of staff they added within two days; `active_days`: days with an own act.
    """

    added_ms: Ints
    is_open: Flags
    left_ms: Ints
    before: Flags
    bought_fen: Ints
    net_fen: Ints
    staff: Ints
    active_days: Ints


def look(stores: Stores, customer_ids: Ints, at_ms: Ints) -> Seen:
    """One entry a friend: who, and when they came."""
    size = len(customer_ids)
    found = {name: np.zeros(size, np.int64) for name in ("added_ms", "open", "left_ms", "was", "bought", "net", "ordered", "staff", "active")}
    if size:
        asked = pa.table({"row": np.arange(size), "customer_id": customer_ids, "came_ms": at_ms})
        with stores.warehouse.read() as session:
            friends = session.keep("_friends", asked)
            for query in (_relations(friends), _orders(friends), _acts(friends)):
                rows = session.query(query)
                place = rows["row"].to_numpy()
                for name in rows.column_names[1:]:
                    found[name][place] = rows[name].fill_null(0).to_numpy()
    before = (found["was"] > 0) | (found["ordered"] > 0)
    return Seen(found["added_ms"], found["open"] > 0, found["left_ms"], before, found["bought"], found["net"], found["staff"], found["active"])


def _relations(friends: Any) -> Any:
    fact = CARRIERS_RELATION.table
    joined = friends.inner_join(fact.filter(~fact.void), "customer_id")
    since = joined.began_ms >= joined.came_ms - SLACK_MS
    # Whom a member of staff deleted, or who was handed over to another, has not left.
    gone = joined.ended_ms.notnull() & ~joined.by.isin(["staff", "transfer"]).fill_null(False)
    near = since & (joined.began_ms <= joined.came_ms + STAFF_WITHIN_MS)
    return joined.group_by("row").agg(
        added_ms=joined.began_ms.min(where=since), open=(~gone).sum().cast("int64"), left_ms=joined.ended_ms.max(where=gone),
        was=(~since & joined.began_known).sum().cast("int64"), staff=joined.staff.nunique(where=near).cast("int64"),
    )  # fmt: skip


def _orders(friends: Any) -> Any:
    fact = ORDERS_LINE.table
    joined = friends.inner_join(fact.filter(fact.kind.isin(["sale", "refund"])), "customer_id")
    since = joined.ordered_ms >= joined.came_ms - SLACK_MS
    bought = joined.amount_fen.sum(where=since & (joined.kind == "sale")).coalesce(0)
    back = joined.refund_fen.sum(where=since).coalesce(0)
    return joined.group_by("row").agg(bought=bought.cast("int64"), net=(bought - back).cast("int64"), ordered=(~since & (joined.kind == "sale")).sum().cast("int64"))


def _acts(friends: Any) -> Any:
    fact = CUSTOMERS_ACTIVITY.table
    joined = friends.inner_join(fact.filter(fact.name.notin(NOT_DOING)), "customer_id")
    since = joined.at_ms >= joined.came_ms
    return joined.group_by("row").agg(active=(joined.at_ms // DAY_MS).cast("int64").nunique(where=since).cast("int64"))


@dataclass(frozen=True)
class Friends:
    """Friends of one programme that are looked at, parallel. `real_ms` 0 while they are not."""

    id: Ints
    state: Words
    at_ms: Ints
    real_ms: Ints
    until_ms: Ints
    """Of somebody in a group when it ends; else 0."""


@dataclass(frozen=True)
class Standing:
    """What becomes of them: the new state with its reason, and since when they are real (0: not)."""

    state: Words
    reason: Words
    real_ms: Ints


def settle(terms: Terms, friends: Friends, seen: Seen, now_ms: int) -> Standing:
    """The table above, for all of them at once."""
    stays, stayed_ms, gone = _stays(terms, friends, seen, now_ms)
    buys = seen.net_fen >= max(1, terms.buys_fen)
    asked = [condition for is_asked, condition in ((terms.stay_days > 0, stays), (terms.buys_fen > 0, buys)) if is_asked]
    everybody = np.ones(len(friends.id), np.bool_)
    holds = everybody if not asked else np.any(asked, axis=0) if terms.needs == "any" else np.all(asked, axis=0)
    state, reason, real_ms = friends.state.copy(), np.full(len(friends.id), "", object), friends.real_ms.copy()
    waiting, real = friends.state == "waiting", friends.state == "real"
    comes = waiting & holds
    state[comes], real_ms[comes] = "real", np.where(terms.stay_days > 0, np.maximum(stayed_ms, friends.at_ms), now_ms)[comes] if terms.needs == "all" and not terms.buys_fen else now_ms
    must_stay = bool(terms.stay_days) and (terms.needs == "all" or not terms.buys_fen)
    left = waiting & ~holds & gone & must_stay
    late = waiting & ~holds & ~left & (now_ms > friends.at_ms + terms.wait_days * DAY_MS)
    late |= waiting & ~holds & ~left & (friends.until_ms > 0) & (now_ms > friends.until_ms)
    state[left | late] = "lapsed"
    reason[left], reason[late] = "left", "time"
    watched = real & (now_ms <= friends.real_ms + terms.watch_days * DAY_MS)
    still = _still(terms, seen)
    lost = watched & ~still
    state[lost] = "lost"
    reason[lost] = np.where(bool(terms.buys_fen) & ~buys, "refunded", "left")[lost]
    state[real & ~watched] = "final"
    return Standing(state, reason, real_ms)


def _stays(terms: Terms, friends: Friends, seen: Seen, now_ms: int) -> tuple[Flags, Ints, Flags]:
    """Whether they have stayed long enough, since when that is so, and whether they came and went."""
    since = np.maximum(friends.at_ms, seen.added_ms)
    enough = since + terms.stay_days * DAY_MS
    here = seen.is_open | (seen.left_ms >= enough)
    return (seen.added_ms > 0) & here & (now_ms >= enough), enough, (seen.added_ms > 0) & ~seen.is_open & (seen.left_ms < enough)


def _still(terms: Terms, seen: Seen) -> Flags:
    """Whether what made them real is there still."""
    kept = [condition for is_asked, condition in ((terms.stay_days > 0, seen.is_open), (terms.buys_fen > 0, seen.net_fen >= max(1, terms.buys_fen))) if is_asked]
    if not kept:
        return np.ones(len(seen.is_open), np.bool_)
    return np.asarray(np.any(kept, axis=0) if terms.needs == "any" else np.all(kept, axis=0), np.bool_)
