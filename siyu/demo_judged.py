"""Judging of the sample brand 示例品牌的试验与建议: what was tried on its sources, and the advice that was taken for this month.

Both are computed by the product from the brand's own facts; nothing here says what they show.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime, time, timedelta

import pyarrow as pa
import pyarrow.compute as pc

from siyu.foundation.stores import Stores
from siyu.measurement import advice, experiment_reports, experiments, returns
from siyu.measurement.returns import Run

BY = "示例品牌"
SPAN_DAYS = 56
ENDED, AHEAD = "电梯广告：合同到期前后", "抖音直播间：隔周停播"


def load(stores: Stores, customers: pa.Table, tops: dict[str, int]) -> None:
    """Experiments and the advice taken; opens its own transactions, and leaves alone what is there."""
    then = _at(stores, _first_morning(stores))
    with stores.ledger.read() as tx:
        known = {one.name for one in experiments.listed(tx)}
    if ENDED in known:
        return
    run = returns.recompute(then, stores.calendar.on(then.now()) - timedelta(days=1))
    found = advice.advice_report(then, run=run)
    drafts = [*_ended(stores, customers, tops), *_ahead(stores, tops)]
    planned = {one.name: asdict(_power(stores, one, run)) if one.name == AHEAD else None for one in drafts}
    with stores.ledger.begin() as tx:
        for one in drafts:
            experiments.create(then, tx, one, planned=planned[one.name], by=BY)
        if found.items:
            advice.take(then, tx, found, by=BY)
    # What pages show is of today, not of the morning on which the advice was taken.
    returns.recompute(stores)


def _ended(stores: Stores, customers: pa.Table, tops: dict[str, int]) -> list[experiments.Draft]:
    """The contract of the lifts came to its end: as many weeks without them as with them before, as far as they are over."""
    mine = customers.filter(pc.equal(customers["source"], "elevator_ad"))
    if not mine.num_rows or "elevator_ad" not in tops:
        return []
    last = stores.calendar.on(pc.max(mine["registered_at"]).as_py())
    yesterday = stores.calendar.on(stores.now()) - timedelta(days=1)
    until = min(last + timedelta(days=SPAN_DAYS), yesterday)
    if until <= last:
        return []
    note = "广告合同到期后没有续签。到期前八周与到期后八周对比，不是随机安排的停投，结论要打折看。"
    off = f"{last + timedelta(days=1)}/{until}"
    return [experiments.Draft(ENDED, "time", tops["elevator_ad"], (off,), (), last - timedelta(days=SPAN_DAYS - 1), until, "people", note)]


def _ahead(stores: Stores, tops: dict[str, int]) -> list[experiments.Draft]:
    """Eight weeks from next Monday on, every second one without live streams."""
    if "douyin_live" not in tops:
        return []
    today = stores.calendar.on(stores.now())
    first = today + timedelta(days=7 - today.weekday())
    spans = tuple(f"{first + timedelta(weeks=week)}/{first + timedelta(weeks=week, days=6)}" for week in range(1, 8, 2))
    return [experiments.Draft(AHEAD, "time", tops["douyin_live"], spans, (), first, first + timedelta(weeks=8, days=-1), "people", "想知道直播间带来的人有多少本来就会来。")]


def _power(stores: Stores, one: experiments.Draft, run: Run) -> experiments.Power:
    days = (one.ends_on - one.begins_on).days + 1
    return experiment_reports.plan_power(stores, source_id=one.source_id, kind=one.kind, units=2 * len(one.off), off=len(one.off), days=days, run=run).power


def _first_morning(stores: Stores) -> datetime:
    """Nine o'clock on the first day of this month: all days of the last one are over."""
    today = stores.calendar.on(stores.now())
    return stores.calendar.parse_local(datetime.combine(today.replace(day=1), time(9, 0)))


def _at(stores: Stores, at: datetime) -> Stores:
    return replace(stores, clock=lambda: at)
