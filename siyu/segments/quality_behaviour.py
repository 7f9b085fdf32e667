"""Behaviour 行为: what each customer was sent, did and bought, as counts: the only thing that quality is judged by.

One expression answers for everybody and for a few people; it takes the tables to read from. What was done *to* somebody
is named here; any other activity counts as the customer's own, so that a name that Siyu does not know never accuses anybody.
"""

from __future__ import annotations

import ibis
import ibis.expr.types as ir

from siyu.foundation.clock import DAY_MS
from siyu.foundation.warehouse.facts import Tables

READ = ("message_read", "message_opened", "message_clicked", "link_opened", "content_read")
REPLIED = (
    "message_received", "message_replied", "acquisition_message_received", "acquisition_chat_started", "customer_service_message_or_event", "survey_answered",
    "review_written", "content_shared",
)  # fmt: skip
AVERSE = ("message_blocked", "unsubscribed", "unfollowed", "message_complained")
CLAIMED = ("coupon_claimed", "offer_claimed", "gift_claimed", "draw_joined", "draw_won", "trial_claimed")
REWARDED = (*CLAIMED, "coupon_issued", "reward_given")
USED = "coupon_redeemed"
JUDGED = "referral_judged"
TOUCHED, CLAIM, WELCOMED = "source_touched", "claim", "source_claimed"
"""A touch of a source whose `step` is a claim is one, too: what people were lured with. Taking it is part of arriving."""
DONE_TO_THEM = (
    "message_sent", "message_delivered", "message_failed", "message_delayed", "coupon_issued", "coupon_expired", "coupon_reversed", "coupon_withdrawn", "points_changed",
    "reward_given", "reward_held", "reward_taken_back", "contact_edited", "contact_removed", "contact_deleted", "transfer_failed", "acquisition_customer_left",
    "template_send_finished", "subscribe_sent", "subscribe_changed", "app_unsubscribed", "order_changed", JUDGED,
)  # fmt: skip
ARRIVING = ("contact_added", "followed", "source_touched", "acquisition_friend_requested", "acquisition_profile_opened")
"""Everybody who came has one of these: it says nothing of what they did afterwards."""
DEEP, SLIGHT = 0.25, 0.10
"""An order is deeply discounted from a quarter off on, and at the usual price up to a tenth off."""
DIGITS = 9
"""Sums and means of fractions are kept to so many digits: the last ones depend on the order in which rows were added."""
AFTER_REWARD_DAYS = 14
"""Who leaves within so many days of a reward has left after it."""
COUNTS = (
    "received", "read", "replied", "visited", "claimed", "welcomed", "averse", "coupons", "orders", "deep_orders", "full_orders", "refunds", "spend_fen",
)  # fmt: skip


def usual_prices(lines: ir.Table, end_ms: int) -> ir.Table:
    """sku, price_fen: the mean price of a piece over the lines that sold, before discounts where the shop tells the list price."""
    sold = lines.filter((lines.kind == "sale") & (lines.ordered_ms < end_ms) & lines.sku.notnull() & (lines.unit_price_fen > 0))
    return sold.group_by("sku").agg(price_fen=sold.unit_price_fen.mean())


def behaviours(tables: Tables, prices: ir.Table, end_ms: int) -> ir.Table:
    """One row a customer: the counts above up to `end_ms`, and

    known_days (float): since when the customer is known, until now or until they left; discount_rate (float, null without an
    order): mean discount from the list price or the usual price; left_ms (null while a relation lasts); left_after_reward
    (bool); ring_rate (float 0–1): the newest judgement of referrals.
    """
    profiles, acts = tables["customers_profile"], tables["customers_activity"]
    known = profiles.filter(profiles.first_seen_ms < end_ms).select("customer_id", first_ms=profiles.first_seen_ms)
    wide = known
    for part in (_acts(_with_claims(acts.filter(acts.at_ms < end_ms), tables["customers_property"])), _orders(tables["orders_line"], prices, end_ms), _left(tables["carriers_relation"], end_ms), _rings(tables, end_ms)):
        wide = wide.left_join(part, "customer_id").drop("customer_id_right")
    left = ibis.greatest(wide.ended_ms.coalesce(wide.deleted_ms), wide.deleted_ms.coalesce(wide.ended_ms))
    gone = (wide.lasting.fill_null(0) == 0) & left.notnull()
    left_ms = gone.ifelse(left, ibis.null("int64"))
    first = ibis.least(wide.first_ms, wide.earliest_ms.coalesce(wide.first_ms))
    since_reward = left_ms - wide.reward_ms
    return wide.select(
        "customer_id",
        **{name: wide[name].fill_null(0).cast("int64") for name in COUNTS},
        known_days=((left_ms.coalesce(ibis.literal(end_ms, "int64")) - first) / float(DAY_MS)).clip(lower=0.0).round(DIGITS),
        discount_rate=wide.discount_rate.round(DIGITS),
        left_ms=left_ms,
        left_after_reward=((since_reward >= 0) & (since_reward <= AFTER_REWARD_DAYS * DAY_MS)).fill_null(False),
        ring_rate=wide.ring_rate.fill_null(0.0),
    )


def rates(people: ir.Table) -> ir.Table:
    """One row for the whole base: how often people usually answer, so that silence can be weighed, and how many took a gift for coming.

    read_rate: readings and replies a message received; visit_rate: visits a day, no one counted more than once a day; welcome_rate: of people.
    """
    told = people.filter(people.received > 0)
    read = ibis.least(told.read + told.replied, told.received).sum().cast("float64") / told.received.sum().nullif(0)
    visits = ibis.least(people.visited.cast("float64"), people.known_days).sum() / people.known_days.sum().nullif(0.0)
    return told.agg(read_rate=read.fill_null(0.0).round(DIGITS)).cross_join(
        people.agg(visit_rate=visits.fill_null(0.0).round(DIGITS), welcome_rate=(people.welcomed > 0).cast("float64").mean().fill_null(0.0).round(DIGITS))
    )


def _with_claims(acts: ir.Table, properties: ir.Table) -> ir.Table:
    """Activities with the touches that are claims under a name of their own."""
    steps = properties.filter((properties.path == "step") & (properties.text == CLAIM)).select("event_key")
    touches = acts.filter(acts["name"] == TOUCHED).semi_join(steps, "event_key")
    plain = acts.select("customer_id", "name", "at_ms")
    return plain.union(touches.select("customer_id", name=ibis.literal(WELCOMED), at_ms=touches.at_ms))


def _acts(acts: ir.Table) -> ir.Table:
    """Counts by kind of activity. Names are counted first: comparing text is dear on every row."""
    named = acts.group_by("customer_id", "name").agg(n=acts.count(), first=acts.at_ms.min(), last=acts.at_ms.max())
    name = named["name"]

    def count(*names: str) -> ir.IntegerValue:
        return named.n.sum(where=name.isin(names)).fill_null(0)

    others = (*READ, *REPLIED, *AVERSE, *CLAIMED, *DONE_TO_THEM, *ARRIVING, USED, WELCOMED)
    return named.group_by("customer_id").agg(
        received=ibis.greatest(count("message_sent") - count("message_failed"), count("message_delivered")),
        read=count(*READ),
        replied=count(*REPLIED),
        averse=count(*AVERSE),
        claimed=count(*CLAIMED, WELCOMED),
        welcomed=count(WELCOMED),
        coupons=count(USED),
        visited=named.n.sum(where=name.notin(others)).fill_null(0),
        earliest_ms=named["first"].min(),
        reward_ms=named["last"].max(where=name.isin((*REWARDED, WELCOMED))),
        deleted_ms=named["last"].max(where=name == "contact_deleted"),
    )


def _orders(lines: ir.Table, prices: ir.Table, end_ms: int) -> ir.Table:
    """Orders by their discount. What an order would have cost: its pieces at the list price or the usual price, whichever is more."""
    mine = lines.filter((lines.customer_id > 0) & (lines.ordered_ms < end_ms) & lines.kind.isin(("sale", "refund")))
    priced = mine.left_join(prices, "sku").drop("sku_right")
    usual = ibis.greatest(priced.unit_price_fen.fill_null(0).cast("float64"), priced.price_fen.fill_null(0.0)) * priced.quantity
    sold = priced.kind == "sale"
    # A refunded order keeps its line and gets a sum given back; goods that came back are a line of kind refund.
    orders = priced.mutate(worth=ibis.greatest(usual, priced.amount_fen.cast("float64")), back=(priced.refund_fen > 0) | ~sold).group_by("customer_id", "order_key").agg(
        paid=priced.amount_fen.sum(where=sold).fill_null(0),
        worth=ibis._.worth.sum(where=sold).fill_null(0.0),
        back=ibis._.back.cast("int64").max(),
    )
    bought = orders.paid > 0
    discount = (1.0 - orders.paid / orders.worth.nullif(0.0)).fill_null(0.0)
    return orders.group_by("customer_id").agg(
        orders=bought.sum(),
        deep_orders=(bought & (discount >= DEEP)).sum(),
        full_orders=(bought & (discount < SLIGHT)).sum(),
        discount_rate=discount.mean(where=bought),
        refunds=orders.back.sum(),
        spend_fen=orders.paid.sum(),
    )


def _left(relations: ir.Table, end_ms: int) -> ir.Table:
    """When the customer ended the last relation, and how many last still."""
    real = relations.filter(~relations.void.fill_null(False) & (relations.began_ms < end_ms))
    ended = real.ended_ms.notnull() & (real.ended_ms < end_ms)
    return real.group_by("customer_id").agg(lasting=(~ended).sum(), ended_ms=real.ended_ms.max(where=ended & (real.by == "customer")))


def _rings(tables: Tables, end_ms: int) -> ir.Table:
    """The newest judgement of a person's referrals; ties of time go to the larger key."""
    acts, properties = tables["customers_activity"], tables["customers_property"]
    judged = acts.filter((acts["name"] == JUDGED) & (acts.at_ms < end_ms)).select("customer_id", "event_key", "at_ms")
    scores = properties.filter(properties.path == "score").select("event_key", score=properties.number)
    rows = judged.inner_join(scores, "event_key")
    newest = ibis.window(group_by="customer_id", order_by=[rows.at_ms.desc(), rows.event_key.desc()])
    placed = rows.mutate(place=ibis.row_number().over(newest))
    return placed.filter(placed.place == 0).select("customer_id", ring_rate=placed.score.clip(lower=0.0, upper=1.0))
