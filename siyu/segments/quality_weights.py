"""Weights 权重 of the two scores, as `bench/quality.py --train` printed them. Change them by training anew, not by hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Weights:
    """`of`: weight by sign; a customer whose score reaches `threshold` is called so. `usual`: of the people learnt from, so many were so."""

    intercept: float
    of: Mapping[str, float]
    threshold: float
    usual: float


ZOMBIE = Weights(
    -0.518,
    {"messages": 0.522, "reads": -3.161, "days": 1.679, "visits": -3.529, "averse": 1.084, "claimed": -2.828, "gift": -0.366, "left": -1.017},
    0.77,
    0.261,
)
HUNTER = Weights(
    -3.693,
    {
        "steep": 18.273, "slight": -6.235, "deep_orders": -0.313, "other_orders": -1.871, "claims": 4.640, "again": -0.556, "gift_and_claims": 1.682, "declined": -6.241,
        "coupon_share": 0.730, "refunded": 1.503, "left": 2.299, "left_after_reward": 0.065, "visits": -1.209, "messages": -0.352, "ring": 7.254,
    },
    0.73,
    0.101,
)  # fmt: skip
