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


ZOMBIE = Weights(-5.134, {"unread": 1.721, "unseen": 2.127, "averse": 0.474, "claimed": -2.590, "left": -0.750}, 0.92)
HUNTER = Weights(
    -3.604,
    {
        "steep": 14.731, "deep_orders": -1.996, "other_orders": -1.896, "claims": 4.646, "coupon_share": 0.624, "refunded": 1.140,
        "left_after_reward": 1.260, "visits": -1.361, "reads": -0.273, "ring": 8.259, "days": -0.142,
    },
    0.70,
)  # fmt: skip
