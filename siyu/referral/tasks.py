"""Tasks of referral: friends come true, what is due is paid and what is not due any more is taken back, every five minutes."""

from __future__ import annotations

from typing import Any

from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.text import Text
from siyu.referral import settling

SETTLE = "referral.settle"


def job_kinds() -> tuple[JobKind, ...]:
    return (JobKind(SETTLE, Text("裂变结算", "Settle referrals"), run, link=lambda _: "/referral"),)


def run(running: Running) -> dict[str, Any]:
    """Every part is one transaction; a kill in between repeats nothing."""
    return settling.round_of(running.stores, running.begin)
