"""Tasks of loyalty: points and codes whose time is over end every hour, batch by batch."""

from __future__ import annotations

from typing import Any

from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.text import Text
from siyu.loyalty import codes, points

EXPIRE = "loyalty.expire"


def job_kinds() -> tuple[JobKind, ...]:
    return (JobKind(EXPIRE, Text("积分与优惠券到期", "End points and coupons"), run),)


def run(running: Running) -> dict[str, Any]:
    """Each round is one transaction; a kill in between repeats nothing."""
    ended = {"lot_count": 0, "code_count": 0}
    for name, end in (("lot_count", points.expire), ("code_count", codes.expire)):
        while True:
            running.check()
            with running.begin() as tx:
                count = end(running.stores, tx)
            ended[name] += count
            if not count:
                break
    return ended
