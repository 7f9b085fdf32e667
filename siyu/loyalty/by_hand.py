"""By hand 手工发放: points and coupons for a segment or for people named, done by a job in parts.

Every part is one transaction under one reference, and who has been served by it is not served again: a job that is killed goes on.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Literal

from sqlalchemy import Connection

from siyu.foundation import jobs
from siyu.foundation.errors import InvalidError
from siyu.foundation.ids import Ints
from siyu.foundation.jobs import JobKind, Running
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.loyalty import codes, coupons, points
from siyu.segments import audience
from siyu.segments.audience import AudienceRule

GIVE = "loyalty.give"
PART = 20_000
What = Literal["grant", "spend", "issue"]


def job_kind() -> JobKind:
    return JobKind(GIVE, Text("发放积分或优惠券", "Give points or coupons"), run, link=lambda told: "/points" if told.get("what") != "issue" else f"/coupons/{told.get('coupon_id')}")


def ask(
    stores: Stores, tx: Connection, what: What, *, segment_id: int | None, customer_ids: list[int] | None, ref: str, by: str, reason: str = "", points: int = 0,
    last_on: date | None = None, coupon_id: int | None = None,
) -> str:  # fmt: skip
    """The job that gives them; asked again with the same reference it is the same job while it waits.

    Raises
    ------
    InvalidError
        When the audience is not valid.
    NotFoundError
        When there is no such coupon.
    """
    if faults := audience.check(tx, _rule(segment_id, customer_ids)):
        raise InvalidError(Text("人群有误", "the audience is not valid"), faults=faults)
    if coupon_id is not None:
        coupons.find(tx, coupon_id)
    told = {"what": what, "segment_id": segment_id, "customer_ids": customer_ids, "ref": ref, "reason": reason, "points": points, "coupon_id": coupon_id, "by": by}
    return jobs.submit(tx, GIVE, {**told, "last_on": last_on.isoformat() if last_on else None}, now=stores.now(), key=f"give {ref}", created_by=by)


def run(running: Running) -> dict[str, Any]:
    """Whom the audience names now. After a kill it is asked again: who has come in since is served too, nobody twice."""
    told, stores = running.arguments, running.stores
    ids = _people(running)
    counts: dict[str, int] = {"done": 0}
    for number, part in enumerate(_parts(ids)):
        running.progress(number * PART, len(ids), Text("正在发放", "giving"))
        with running.begin() as tx:
            served, refused = _serve(stores, tx, told, part)
        counts["done"] += served
        for reason, count in refused.items():
            counts[reason] = counts.get(reason, 0) + count
    return {"people_count": len(ids), **{f"{name}_count": count for name, count in counts.items()}}


def _serve(stores: Stores, tx: Connection, told: dict[str, Any], ids: Ints) -> tuple[int, dict[str, int]]:
    if told["what"] == "issue":
        issued = codes.issue(stores, tx, int(told["coupon_id"]), ids, ref=told["ref"])
        return len(issued.customer_ids), {reason: len(ones) for reason, ones in issued.refused.items()}
    amounts = [int(told["points"])] * len(ids)
    same = {"reason": told["reason"], "ref": told["ref"], "by": told["by"]}
    if told["what"] == "spend":
        posted = points.spend(stores, tx, ids, amounts, **same)
    else:
        posted = points.grant(stores, tx, ids, amounts, **same, last_on=date.fromisoformat(told["last_on"]) if told["last_on"] else None)
    return posted.people + len(posted.again), {reason: len(ones) for reason, ones in posted.refused.items()}


def _people(running: Running) -> Ints:
    told, stores = running.arguments, running.stores
    with stores.warehouse.read() as session:
        return audience.freeze(stores, session, _rule(told["segment_id"], told["customer_ids"])).customer_ids


def _rule(segment_id: int | None, customer_ids: list[int] | None) -> AudienceRule:
    return AudienceRule(include=(segment_id,) if segment_id else (), customer_ids=tuple(customer_ids) if customer_ids else None)


def _parts(ids: Ints) -> Iterator[Ints]:
    for start in range(0, len(ids), PART):
        yield ids[start : start + PART]
