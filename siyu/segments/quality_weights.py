"""Weights 权重 of the two scores, as `bench/quality.py --train` printed them. Change them by training anew, not by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Weights:
    """`of`: weight by sign; a customer whose score reaches `threshold` is called so."""

    intercept: float
    of: Mapping[str, float]
    threshold: float


ZOMBIE = Weights(-4.999, {"unread": 1.953, "unseen": 2.118, "averse": 0.172, "claimed": -3.180}, 0.82)
HUNTER = Weights(
    -2.530,
    {
        "deep_orders": -1.729, "other_orders": -2.154, "claims": 3.201, "claim_share": 0.715, "coupon_share": 1.073, "gift_refund": 0.061,
        "left_after_reward": 2.701, "visits": -1.357, "reads": -0.466, "ring": 6.990,
    },
    0.67,
)  # fmt: skip
