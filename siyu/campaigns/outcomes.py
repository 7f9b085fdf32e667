"""Outcomes 结果: how people take to a wave while it runs, and which variant does better; asked by whoever drives campaigns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from siyu.campaigns._people import TREATED, keep_people
from siyu.campaigns.campaigns import Campaign
from siyu.campaigns.plans import Plan
from siyu.foundation import trials
from siyu.foundation.clock import to_ms
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.identity.current import merged

METRICS = {"read": "read", "click": "clicked", "buy": "bought"}
COLUMNS = ("tried", "sent", "received", "unknown", "failed", "read", "clicked", "bought", "opted_out", "blocked", "complained")


@dataclass(frozen=True)
class Rates:
    """Of one send: blocks and complaints of messages sent, failures of messages attempted; 0 of nothing."""

    sent: int
    failed: int
    blocked: int
    complained: int

    @property
    def block_rate(self) -> float:
        return self.blocked / self.sent if self.sent else 0.0

    @property
    def complaint_rate(self) -> float:
        return self.complained / self.sent if self.sent else 0.0

    @property
    def failure_rate(self) -> float:
        tried = self.sent + self.failed
        return self.failed / tried if tried else 0.0


def rates_of(stores: Stores, send_id: int, counts: Mapping[str, int], plan: Plan, started_at: datetime) -> Rates:
    """How people take to one send. `counts`: its messages by status, from the ledger, which knows them at once."""
    sent, failed = counts.get("sent", 0) + counts.get("received", 0), counts.get("refused", 0) + counts.get("failed", 0)
    if not sent:
        return Rates(sent, failed, 0, 0)
    with stores.warehouse.read() as session:
        people = keep(stores, session, [send_id], plan, started_at)
        [row] = session.query(people.agg(blocked=people.blocked.sum(), complained=people.complained.sum())).to_pylist()
    return Rates(sent, failed, int(row["blocked"] or 0), int(row["complained"] or 0))


def variant_samples(stores: Stores, campaign: Campaign) -> dict[str, trials.Sample]:
    """For each variant, the share of those given it who read, clicked or bought, as the winner's rule says."""
    rule = campaign.plan.winner
    tested = [wave.send_id for wave in campaign.waves if wave.send_id is not None and wave.variant is None]
    if rule is None or not tested:
        return {}
    with stores.warehouse.read() as session:
        people = keep(stores, session, tested, campaign.plan, campaign.started_at or stores.now())
        given = people.filter((people.arm == TREATED) & people.variant.notnull())
        rows = session.query(given.group_by("variant").agg(count=given.count(), successes=given[METRICS[rule.metric]].sum())).to_pylist()
    return {row["variant"]: trials.share(row["count"], int(row["successes"] or 0)) for row in rows}


def keep(stores: Stores, session: Session, send_ids: Sequence[int], plan: Plan, started_at: datetime) -> Any:
    """The people of some sends (see `_people.keep_people`), by the rules of a campaign's plan."""
    with stores.ledger.read() as tx:
        moved = merged(tx)
    offset = started_at.astimezone(stores.calendar.zone).utcoffset()
    return keep_people(
        session, stores.warehouse.tables, send_ids, moved, window_days=plan.window_days, covariate_days=plan.covariate_days or 0,
        start_ms=to_ms(started_at), zone_ms=round(offset.total_seconds() * 1000) if offset else 0,
    )  # fmt: skip
