"""Signs 征象: what of a customer's behaviour speaks for a zombie 僵尸粉 or a deal-hunter 羊毛党, and the two scores made of it.

A score is logistic: 1 / (1 + exp(−(intercept + Σ weight × sign))). The weights are fixed numbers, learnt once on worlds whose
truth is known (docs/theory/quality.md). A score of a person is given only where enough was seen; else it is null: not known yet. Sums over
many people take the number that everybody has (`zombie_rate`, `hunter_rate`): so many of a hundred like this.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

import ibis
import ibis.expr.types as ir

from siyu.foundation.text import Text
from siyu.segments.quality_weights import HUNTER, ZOMBIE, Weights

LEAST_RECEIVED, LEAST_DAYS, LEAST_EXPECTED = 5, 14.0, 1.5
"""A score of silence is given from so many messages and days on, and where so many acts would be usual."""
SURE_RECEIVED, SURE_DAYS, SURE_EXPECTED = 18, 40.0, 10.0
"""Somebody is called a zombie from so many on: below, silence may be chance."""
LEAST_OWN = 3
"""Who did so much of their own is known not to be silent."""
LEAST_CHANCES, SURE_CHANCES = 2, 3
"""Orders, refunds and claims from which on deal-hunting has a score, and somebody is called so."""
STEEP = 0.3
"""Discounts are weighed by what they exceed this: lovers of a bargain buy at less, too."""
RINGED = 0.5
MOST_WELCOMED = 0.9
_MOST_LOG = 6.0
DIRECTIONS: Mapping[str, Mapping[str, int]] = {
    "zombie": {"messages": 1, "reads": -1, "days": 1, "visits": -1, "averse": 1, "claimed": -1, "gift": 0, "left": -1},
    "deal_hunter": {
        "steep": 1, "slight": -1, "deep_orders": 0, "other_orders": -1, "claims": 1, "again": 0, "gift_and_claims": 1, "declined": -1, "coupon_share": 1, "refunded": 1,
        "left": 1, "left_after_reward": 1, "visits": -1, "messages": -1, "ring": 1,
    },
}  # fmt: skip
"""The signs, and which way each may speak: a weight learnt against it is 0. Those that may be either have 0."""


@dataclass(frozen=True)
class Reason:
    """One bit of `zombie_reasons` or `hunter_reasons`, in words."""

    bit: int
    name: Text


ZOMBIE_REASONS: Mapping[str, Reason] = {
    "never_reads": Reason(0, Text("收到的消息一条没读", "read nothing of what was sent")),
    "no_visits": Reason(1, Text("从不浏览", "never looked at anything")),
    "no_replies": Reason(2, Text("从不回复", "never answered")),
    "no_orders": Reason(3, Text("从未下单", "never ordered")),
    "averse": Reason(4, Text("拉黑、退订或投诉过", "blocked, opted out or complained")),
}
HUNTER_REASONS: Mapping[str, Reason] = {
    "deepest_only": Reason(0, Text("只在深折时买(八折半以下几乎每单)", "buys at deep discounts only")),
    "by_coupon": Reason(1, Text("几乎每单都用券", "nearly every order takes a coupon")),
    "gift_refund": Reason(2, Text("领了礼又退款", "took a gift and asked for the money back")),
    "left_after_reward": Reason(3, Text("拿到奖励就离开", "left soon after a reward")),
    "only_offers": Reason(4, Text("来访大多只为领取", "comes for offers only")),
    "gifts_only": Reason(5, Text("领过多次，从没按平常价买过", "took gifts again and again, never bought at the usual price")),
    "ring": Reason(6, Text("和一伙互相拉新的人连在一起", "stands in a ring of people who invite each other")),
}


def zombie_signs(one: ir.Table) -> dict[str, ir.NumericValue]:
    """Numbers by name. `one` has a customer's counts and the base's rates in a row."""
    return {
        "messages": (one.received * one.read_rate + 0.5).ln().clip(lower=-_MOST_LOG, upper=_MOST_LOG),
        "reads": _log(one.read + one.replied),
        "days": (one.known_days * one.visit_rate + 0.5).ln().clip(lower=-_MOST_LOG, upper=_MOST_LOG),
        "visits": _log(one.visited),
        "averse": (one.averse > 0).cast("float64"),
        "claimed": (one.claimed > one.welcomed).cast("float64"),
        "gift": (one.welcomed > 0).cast("float64"),
        "left": one.left_ms.notnull().cast("float64"),
    }


def expected_acts(one: ir.Table) -> ir.FloatingValue:
    """How many acts would be usual in this base after so many messages and days."""
    return one.received * one.read_rate + one.known_days * one.visit_rate


def hunter_signs(one: ir.Table) -> dict[str, ir.NumericValue]:
    """Numbers by name, from a customer's counts and the base's rates. Who did not take a gift that others took has declined it."""
    rate = one.discount_rate.fill_null(0.0)
    claims = _log(one.claimed - one.welcomed)
    declined = -(1.0 - one.welcome_rate.clip(upper=MOST_WELCOMED)).ln()
    return {
        "steep": (rate - STEEP).clip(lower=0.0),
        "slight": rate.clip(lower=0.0, upper=STEEP),
        "deep_orders": _log(one.deep_orders),
        "other_orders": _log(one.orders - one.deep_orders),
        "claims": claims,
        "again": (claims - math.log(2.0)).clip(lower=0.0),
        "gift_and_claims": (one.welcomed > 0).cast("float64") * claims,
        "declined": (one.welcomed == 0).cast("float64") * declined,
        "coupon_share": ibis.least(one.coupons / ibis.greatest(one.orders, 1), 1.0).cast("float64"),
        "refunded": (one.refunds > 0).cast("float64"),
        "left": one.left_ms.notnull().cast("float64"),
        "left_after_reward": one.left_after_reward.cast("float64"),
        "visits": _log(one.visited + one.replied),
        "messages": _log(one.received),
        "ring": one.ring_rate,
    }


def _log(count: ir.NumericValue) -> ir.FloatingValue:
    return (count + 1.0).ln().clip(upper=_MOST_LOG)


def claim_share(one: ir.Table) -> ir.FloatingValue:
    """Of what somebody came for, the share that was taking something."""
    return (one.claimed / ibis.greatest(one.claimed + one.visited + one.replied + one.full_orders, 1)).cast("float64")


def gifts_only(one: ir.Table) -> ir.BooleanValue:
    return (one.claimed >= 2) & (one.full_orders == 0)


def gift_refund(one: ir.Table) -> ir.BooleanValue:
    return (one.refunds > 0) & (one.claimed > 0)


def score(signs: Mapping[str, ir.NumericValue], weights: Weights) -> ir.FloatingValue:
    """Between 0 and 1."""
    total = reduce(lambda a, b: a + b, (signs[name] * weight for name, weight in weights.of.items()), ibis.literal(weights.intercept))
    return 1.0 / (1.0 + (-total).exp())


def zombie_is_known(one: ir.Table, received: int = LEAST_RECEIVED, days: float = LEAST_DAYS, expected: float = LEAST_EXPECTED) -> ir.BooleanValue:
    """Whether silence has a score: enough came in, for long enough, where people usually answer; or they did show themselves."""
    return ((one.received >= received) & (one.known_days >= days) & (expected_acts(one) >= expected)) | (own_acts(one) >= LEAST_OWN)


def zombie_is_sure(one: ir.Table) -> ir.BooleanValue:
    """Whether somebody may be called a zombie."""
    return zombie_is_known(one, SURE_RECEIVED, SURE_DAYS, SURE_EXPECTED)


def hunter_is_known(one: ir.Table, chances: int = LEAST_CHANCES) -> ir.BooleanValue:
    """Whether somebody had the chances to show what they come for."""
    return (one.orders + one.refunds + one.claimed >= chances) | (one.ring_rate >= RINGED)


def hunter_is_sure(one: ir.Table) -> ir.BooleanValue:
    return hunter_is_known(one, SURE_CHANCES)


def own_acts(one: ir.Table) -> ir.IntegerValue:
    return one.read + one.visited + one.replied + one.claimed - one.welcomed


def judged(one: ir.Table, marks: ir.Table, as_of_on: int) -> ir.Table:
    """Rows of `segments_quality` from behaviours with the base's rates; `marks`: customer_id and what they were said not to be."""
    nothing = ibis.null("float64")
    rated = one.mutate(zombie_rate=(one.orders > 0).ifelse(0.0, score(zombie_signs(one), ZOMBIE)), hunter_rate=score(hunter_signs(one), HUNTER))
    zombie = ((one.orders > 0) | zombie_is_known(one)).ifelse(rated.zombie_rate, nothing)
    hunter = hunter_is_known(one).ifelse(rated.hunter_rate, nothing)
    said = {what: one.customer_id.isin(marks.filter(marks.what == what).customer_id) for what in ("zombie", "deal_hunter")}
    scored = rated.mutate(
        as_of_on=ibis.literal(as_of_on, "int32"), zombie=zombie, deal_hunter=hunter, zombie_reasons=_bits(_zombie_reasons(one), ZOMBIE_REASONS),
        hunter_reasons=_bits(_hunter_reasons(one), HUNTER_REASONS), not_zombie=said["zombie"], not_hunter=said["deal_hunter"], expected_acts=expected_acts(one),
    )  # fmt: skip
    return scored.mutate(
        is_zombie=(scored.zombie >= ZOMBIE.threshold).fill_null(False) & zombie_is_sure(scored) & ~scored.not_zombie,
        is_hunter=(scored.deal_hunter >= HUNTER.threshold).fill_null(False) & hunter_is_sure(scored) & (scored.hunter_reasons > 0) & ~scored.not_hunter,
    )


def _zombie_reasons(one: ir.Table) -> dict[str, ir.BooleanValue]:
    return {
        "never_reads": (one.received >= LEAST_RECEIVED) & (one.read == 0),
        "no_visits": one.visited == 0,
        "no_replies": one.replied == 0,
        "no_orders": one.orders == 0,
        "averse": one.averse > 0,
    }


def _hunter_reasons(one: ir.Table) -> dict[str, ir.BooleanValue]:
    return {
        "deepest_only": (one.orders >= 2) & (one.deep_orders * 5 >= one.orders * 4),
        "by_coupon": (one.orders >= 2) & (one.coupons * 5 >= one.orders * 4),
        "gift_refund": gift_refund(one),
        "left_after_reward": one.left_after_reward,
        "only_offers": (one.claimed >= 2) & (claim_share(one) >= 0.6),
        "gifts_only": gifts_only(one),
        "ring": one.ring_rate >= RINGED,
    }


def _bits(holds: Mapping[str, ir.BooleanValue], reasons: Mapping[str, Reason]) -> ir.IntegerValue:
    return reduce(lambda a, b: a + b, (holds[name].fill_null(False).cast("int64") * (1 << reason.bit) for name, reason in reasons.items()))


def told(bits: int, reasons: Mapping[str, Reason]) -> tuple[str, ...]:
    """Names of the reasons whose bits are set, in their order."""
    return tuple(name for name, reason in reasons.items() if bits >> reason.bit & 1)
