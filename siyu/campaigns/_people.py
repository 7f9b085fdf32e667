"""People of a campaign as one table: what was decided about each, and what each did. Every number of a report is counted from it."""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir
import pyarrow as pa

from siyu.foundation.clock import DAY_MS
from siyu.foundation.warehouse.engines import Session
from siyu.foundation.warehouse.facts import Tables

READ = ("message_read", "message_opened", "message_clicked", "link_opened", "content_read")
CLICKED = ("message_clicked", "link_opened", "content_read")
COMPLAINED = ("message_complained", "complaint_made")
BLOCKED = ("message_blocked",)
TREATED, CONTROL, OUT = "treated", "control", "out"
DELIVERED = ("sent", "received")
_ZERO = ("read", "clicked", "complained", "blocked", "order_count", "spend_fen", "before_fen", "gone", "opted_out")
_TOLD = ("tried", "sent", "received", "unknown", "failed", "cost_fen")
_DID = {"read": READ, "clicked": CLICKED, "complained": COMPLAINED, "blocked": BLOCKED}


def keep_people(session: Session, tables: Tables, send_ids: Sequence[int], merged: pa.Table, *, window_days: int, covariate_days: int, start_ms: int, zone_ms: int) -> ir.Table:
    """Compute the people of some sends once, for this session.

    Grain in: decisions (send × customer), messages (send × customer × way), activities, orders, consents, relations. Grain out: one
    customer, in the first of these sends that decided about them (two who were merged count once).

    Parameters
    ----------
    merged : customer_id and merged_into of those who have another number now than when it was decided.
    window_days : orders count from when the message was due until so many days after.
    covariate_days : days before `start_ms` whose spend is `before_fen`.
    start_ms : when the campaign began, epoch ms. zone_ms : the brand's offset from UTC then, ms.

    Returns
    -------
    Columns customer_id, send_id, arm, variant, reason, at_ms, on (local day number), carrier, cost_fen, and 0 or 1 in tried, sent, received,
    unknown, failed, read, clicked, bought, opted_out, blocked, complained; order_count, spend_fen, before_fen.
    """
    session.keep("_merged", merged)
    decided = session.keep("_decided", _decided(tables, send_ids))
    told = session.keep("_told", _told(tables, send_ids))
    did = _did(tables, send_ids)
    bought = _bought(tables, decided, window_days, covariate_days, start_ms)
    left = _left(tables, told, window_days)
    people = decided
    for part in (told.drop("account_id", "sent_ms"), did, bought, left):
        people = people.left_join(part, "customer_id").drop("customer_id_right")
    counts = {name: people[name].fill_null(0).cast("int64") for name in (*_ZERO, *_TOLD)}
    people = people.mutate(**counts)
    arm = ibis.cases((people.reason == "holdout", CONTROL), ((people.verdict != "refuse") | (people.tried > 0), TREATED), else_=OUT)
    people = people.mutate(
        arm=arm,
        blocked=(people.blocked + people.gone > 0).cast("int64"),
        on=((people.at_ms + zone_ms) // DAY_MS).cast("int32"),
        bought=(people.order_count > 0).cast("int64"),
    )
    return session.keep("_campaign_people", people.drop("gone", "verdict"))


def _decided(tables: Tables, send_ids: Sequence[int]) -> ir.Table:
    decision = tables["messaging_decision"]
    now = ibis.table({"customer_id": "int64", "merged_into": "int64"}, name="_merged")
    mine = decision.filter(decision.send_id.isin(list(send_ids))).left_join(now, "customer_id").drop("customer_id_right")
    mine = mine.mutate(customer_id=mine.merged_into.coalesce(mine.customer_id))
    place = ibis.row_number().over(ibis.window(group_by=mine.customer_id, order_by=[mine.send_id, mine.decided_ms]))
    placed = mine.select("customer_id", "send_id", "verdict", "reason", "variant", "at_ms", place=place)
    return placed.filter(placed.place == 0).drop("place")


def _told(tables: Tables, send_ids: Sequence[int]) -> ir.Table:
    """What became of the messages: one row a customer."""
    message = tables["messaging_message"]
    mine = message.filter(message.send_id.isin(list(send_ids)))

    def some(*statuses: str) -> ir.IntegerColumn:
        return mine.status.isin(statuses).max().cast("int64")

    return mine.group_by("customer_id").agg(
        tried=mine.count(),
        sent=some(*DELIVERED),
        received=some("received"),
        unknown=some("unknown", "attempting"),
        failed=some("failed", "refused"),
        cost_fen=mine.cost_fen.sum(),
        carrier=mine.carrier.max(where=mine.status.isin(DELIVERED)),
        account_id=mine.account_id.max(where=mine.status.isin(DELIVERED)),
        sent_ms=mine.at_ms.min(where=mine.status.isin(DELIVERED)),
    )


def _did(tables: Tables, send_ids: Sequence[int]) -> ir.Table:
    """Activities that name one of the sends."""
    activity, prop = tables["customers_activity"], tables["customers_property"]
    mine = prop.filter(prop.path.isin(["send", "send_id"]) & prop.number.isin([float(each) for each in send_ids])).select("event_key").distinct()
    names = sorted({name for each in _DID.values() for name in each})
    done = activity.filter(activity["name"].isin(names)).semi_join(mine, "event_key")
    return done.group_by("customer_id").agg(**{what: done["name"].isin(each).max().cast("int64") for what, each in _DID.items()})


def _bought(tables: Tables, decided: ir.Table, window_days: int, covariate_days: int, start_ms: int) -> ir.Table:
    """Orders of each: how many and how much in the window, and how much before the start."""
    orders = tables["orders_order"].select("customer_id", "ordered_ms", "amount_fen")
    from_ms = start_ms - covariate_days * DAY_MS
    mine = orders.filter(orders.ordered_ms >= from_ms).inner_join(decided.select("customer_id", "at_ms"), "customer_id")
    within = (mine.ordered_ms >= mine.at_ms) & (mine.ordered_ms < mine.at_ms + window_days * DAY_MS)
    return mine.group_by("customer_id").agg(
        order_count=mine.count(where=within),
        spend_fen=mine.amount_fen.sum(where=within),
        before_fen=mine.amount_fen.sum(where=mine.ordered_ms < start_ms),
    )


def _left(tables: Tables, told: ir.Table, window_days: int) -> ir.Table:
    """Who ended the relation with the account that told them, or took their consent back, within the window after the message."""
    spells, consent = tables["carriers_relation"], tables["customers_consent"]
    reached = told.filter(told.sent_ms.notnull()).select("customer_id", "account_id", "sent_ms")
    ended = spells.filter((spells.by == "customer") & spells.ended_ms.notnull() & ~spells.void.fill_null(False)).select("customer_id", "account_id", "ended_ms")
    gone = reached.inner_join(ended, ["customer_id", "account_id"])
    gone = gone.filter((gone.ended_ms >= gone.sent_ms) & (gone.ended_ms < gone.sent_ms + window_days * DAY_MS))
    taken = consent.filter(consent.state.isin(["refused", "withdrawn"]) & (consent.purpose != "profiling")).select("customer_id", said_ms=consent.at_ms)
    back = reached.inner_join(taken, "customer_id")
    back = back.filter((back.said_ms >= back.sent_ms) & (back.said_ms < back.sent_ms + window_days * DAY_MS))
    both = ibis.union(
        gone.select("customer_id", gone=ibis.literal(1), opted_out=ibis.literal(0)), back.select("customer_id", gone=ibis.literal(0), opted_out=ibis.literal(1))
    )
    return both.group_by("customer_id").agg(gone=both.gone.max(), opted_out=both.opted_out.max())
