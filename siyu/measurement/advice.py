"""Advice on budgets 预算建议: next month's money where the next yuan brings most, no more moved at once than is allowed, and whether it came true.

A source stands for all that hangs under it (the top of the tree). Its curve is learnt from the weeks of the last year; what an experiment
says it does not cause is taken off, and where none ran the curve is of credit, which is said.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pyarrow.compute as pc
from sqlalchemy import Connection, insert, select

from siyu.acquisition import budgets
from siyu.acquisition.budgets import Cell
from siyu.acquisition.sources import Source
from siyu.foundation.clock import day_number, month_name, month_number
from siyu.foundation.errors import ConflictError, InvalidError
from siyu.foundation.stores import Stores
from siyu.foundation.text import Text
from siyu.foundation.warehouse.engines import Session
from siyu.measurement import _return_tables, economics, returns
from siyu.measurement.acquisition_records import (
    Advice,
    AdvisedBudget,
    PastAdvice,
    PastAdvices,
    ResponsePoint,
    Taken,
    Words,
)
from siyu.measurement.acquisition_reports import Tree, rolled_up, tree_of
from siyu.measurement.economics import Economics
from siyu.measurement.facts import MEASUREMENT_FUNNEL
from siyu.measurement.periods import Span, period_of
from siyu.measurement.responses import Curve, Floats, fit_curve, gain_of, reallocate
from siyu.measurement.returns import Run
from siyu.measurement.waste import Incremental

NOW_WEEKS = 4
"""Weeks with spend whose mean is a source's budget now."""
LEARN_WEEKS = 52
MOST_GROWTH = 2.0
"""A budget is not more than doubled in one cycle: beyond what was spent nobody knows the curve."""
CURVE_POINTS = 13
_table = _return_tables.advice


@dataclass(frozen=True)
class _Known:
    """What is known of one source: spend and gain (fen) of each week with spend, by week, and of the forecast the common error."""

    source: Source
    weeks: Floats
    spend: Floats
    gain: Floats
    forecast_error: float
    measured: Incremental | None


@dataclass(frozen=True)
class _Proposed:
    known: Sequence[_Known]
    curves: list[Curve]
    now: Floats
    floor: Floats
    then: Floats


def advice_report(stores: Stores, *, run: Run | None = None) -> Advice:
    """Budgets for the month after the last computed day, a month's fen, with reasons, curves and what they would bring."""
    run = run or returns.newest(stores)
    with stores.ledger.read() as tx:
        rates = economics.current(tx)
        taken = tx.execute(select(_table).where(_table.c.month == _next_month(run.as_of))).one_or_none()
    made = returns.kept(stores, run, "acquisition_advice", {"move": rates.move_rate, "floor": rates.floor_rate}, Advice, lambda session: _advice(session, run, tree_of(stores), rates))
    return made if taken is None else Advice(**{**vars(made), "taken": Taken(taken.taken_at.isoformat(), taken.taken_by)})


def take(stores: Stores, tx: Connection, advice: Advice, *, by: str) -> int:
    """Make the advised budgets the plan of that month, and keep what was expected of them; returns the number it is kept under.

    Raises
    ------
    ConflictError
        Advice for this month was taken already.
    InvalidError
        There is nothing to take.
    """
    if not advice.items:
        raise InvalidError(Text("没有可采纳的建议", "There is no advice to take"))
    month = _month_of(advice.month)
    if tx.scalar(select(_table.c.id).where(_table.c.month == month)) is not None:
        raise ConflictError(Text("这个月的建议已经采纳", "Advice for this month was taken already"), way_out=Text("在预算页直接修改", "change the budgets on their page"))
    budgets.set(stores, tx, [Cell(one.source_id, month, one.advised_fen) for one in advice.items], by=by, origin="advice")
    row = {"month": month, "advised": asdict(advice), "taken_at": stores.now(), "taken_by": by[:80]}
    return int(tx.execute(insert(_table).values(row).returning(_table.c.id)).scalar_one())


def past_advice(stores: Stores, *, run: Run | None = None) -> PastAdvices:
    """What was taken, newest first, and for months that are over whether it came true."""
    run = run or returns.newest(stores)
    with stores.ledger.read() as tx:
        rows = tx.execute(select(_table).order_by(_table.c.month.desc()).limit(60)).all()
    tree = tree_of(stores)
    with stores.warehouse.read() as session:
        return PastAdvices([_past(session, row, run, tree) for row in rows])


def _advice(session: Session, run: Run, tree: Tree, rates: Economics) -> Advice:
    known = _known(session, run, tree)
    month = _next_month(run.as_of)
    proposed = _propose(known, rates)
    if proposed is None:
        note = Words("还没有可学习的花费", "There is no spend to learn from yet")
        return Advice(month_name(month), run.as_of, 0, 0, 0.0, 0, 0, 0, None, [], [note])
    weeks = _weeks_of(month)
    mean, low, high = (round(edge * weeks) for edge in gain_of(proposed.curves, proposed.now, proposed.then))
    items = _items(proposed, weeks)
    moved = sum(max(one.advised_fen - one.now_fen, 0) for one in items)
    total = sum(one.now_fen for one in items)
    notes = [Words(**note) for note in run.notes]
    unknown = sum(not one.incremental_known for one in items)
    if unknown:
        said = Words(f"{unknown} 个来源没有做过停投实验，它们的曲线是归因而非增量", f"For {unknown} sources no experiment ran: their curves are of credit, not of cause")
        notes.append(said)
    return Advice(month_name(month), run.as_of, total, moved, moved / total if total else 0.0, mean, low, high, None, items, notes)


def _known(session: Session, run: Run, tree: Tree) -> list[_Known]:
    """Every source at the top of the tree that has spent within the year and is not put away."""
    last = period_of(day_number(run.as_of), "week")
    # A week that is not over has brought only a part of its people.
    end = last.from_on if last.to_on > day_number(run.as_of) else last.to_on
    funnel = MEASUREMENT_FUNNEL.table
    rows = session.query(funnel.filter((funnel.week_on >= end - 7 * LEARN_WEEKS) & (funnel.week_on < max(end, last.from_on))))
    sums = ["spend_fen", "margin_fen", "expected_fen", "spread_fen"]
    rolled = rolled_up(rows, tree, ["week_on"], sums)
    found = []
    for source in tree.nodes.values():
        if source.parent_id is None and source.archived_at is None:
            mine = rolled.filter(pc.equal(rolled["node"], source.id))
            columns = {name: mine[name].to_numpy().astype(float) for name in ("week_on", *sums)}
            if (columns["spend_fen"] > 0).any():
                gain, spread = columns["margin_fen"] + columns["expected_fen"], columns["spread_fen"].sum()
                error = float(spread / gain.sum()) if gain.sum() > 0 else 0.0
                found.append(_Known(source, columns["week_on"], columns["spend_fen"], gain, min(error, 1.0), run.incremental.get(source.id)))
    return found


def _propose(known: Sequence[_Known], rates: Economics) -> _Proposed | None:
    """Weekly budgets. Now: the mean of the last weeks in which any source spent."""
    spent = sorted({float(week) for one in known for week, fen in zip(one.weeks, one.spend, strict=True) if fen > 0})[-NOW_WEEKS:]
    curves, now, kept = [], [], []
    for one in known:
        measured = one.measured
        curve = fit_curve(
            one.spend, one.gain, rate=measured.rate if measured else 1.0, rate_error=measured.error if measured else 0.0, forecast_error=one.forecast_error, place=one.source.id
        )
        weekly = float(one.spend[np.isin(one.weeks, spent)].clip(min=0).sum()) / max(len(spent), 1)
        if curve is not None and weekly > 0:
            curves.append(curve)
            now.append(weekly)
            kept.append(one)
    if not kept:
        return None
    held = np.array(now)
    floor = np.minimum(held, rates.floor_rate * held.sum() / len(held))
    then = reallocate(curves, held, floor, MOST_GROWTH * held, rates.move_rate * float(held.sum()))
    return _Proposed(kept, curves, held, floor, then)


def _items(proposed: _Proposed, weeks: float) -> list[AdvisedBudget]:
    """Whole fen of a month; the total of the advised is that of now."""
    now = [round(fen * weeks) for fen in proposed.now]
    then = _whole(proposed.then * weeks, sum(now))
    items = []
    for place, (one, curve) in enumerate(zip(proposed.known, proposed.curves, strict=True)):
        held, wanted, floor = float(proposed.now[place]), float(proposed.then[place]), float(proposed.floor[place])
        marginals = curve.marginal(held), curve.marginal(wanted)
        reason = _reason(held, wanted, floor, marginals[0], one.measured)
        points = _points(curve, MOST_GROWTH * held, weeks)
        items.append(
            AdvisedBudget(
                one.source.id, one.source.name, one.source.platform, now[place], then[place], round(floor * weeks), *marginals, one.measured is not None, reason, points
            )
        )
    return sorted(items, key=lambda item: (item.now_fen - item.advised_fen, item.source_id))


def _whole(exact: Floats, total: int) -> list[int]:
    """Whole fen by largest remainder."""
    found = np.floor(exact).astype(np.int64)
    missing = total - int(found.sum())
    order = np.argsort(-(exact - found), kind="stable")
    found[order[: max(missing, 0)]] += 1
    if missing < 0 or missing > len(found):
        found[int(np.argmax(found))] += total - int(found.sum())
    return [int(fen) for fen in found]


def _reason(now: float, then: float, floor: float, marginal: float, measured: Incremental | None) -> Words:
    each = f"{marginal:.2f}"
    if measured is not None and measured.low <= 0.02 and then < now:
        return Words(f"停投实验看不出它带来什么(下一元约 {each} 元)", f"the experiment cannot tell that it causes anything (the next yuan brings about {each})")
    if then <= floor * 1.001 and then < now:
        return Words(f"下一元只带来约 {each} 元：降到试投底线，留一点继续观察", f"the next yuan brings about {each}: down to the floor, enough to go on learning")
    if then > now * 1.005:
        return Words(f"下一元带来约 {each} 元，高于别处", f"the next yuan brings about {each}, more than elsewhere")
    if then < now * 0.995:
        return Words(f"下一元带来约 {each} 元，低于别处", f"the next yuan brings about {each}, less than elsewhere")
    return Words(f"下一元带来约 {each} 元，与别处相当", f"the next yuan brings about {each}, as elsewhere")


def _points(curve: Curve, highest: float, weeks: float) -> list[ResponsePoint]:
    found = []
    for spend in np.linspace(0, highest, CURVE_POINTS):
        low, high = np.quantile(curve.drawn(float(spend)), [0.025, 0.975])
        found.append(ResponsePoint(round(float(spend) * weeks), round(curve.value(float(spend)) * weeks), round(float(low) * weeks), round(float(high) * weeks)))
    return found


def _past(session: Session, row: Any, run: Run, tree: Tree) -> PastAdvice:
    told = row.advised
    figures = {name: int(told[name]) for name in ("gain_fen", "gain_low_fen", "gain_high_fen")}
    expected = sum(_on_curve(item["curve"], item["advised_fen"], "margin_fen") for item in told["items"])
    came, low, high, verdict = _came(session, row.month, told, run, tree)
    return PastAdvice(row.id, month_name(row.month), row.taken_at.isoformat(), row.taken_by, **figures, expected_fen=expected, came_fen=came, came_low_fen=low, came_high_fen=high, verdict=verdict)


def _came(session: Session, month: int, told: Mapping[str, Any], run: Run, tree: Tree) -> tuple[int | None, int | None, int | None, Literal["open", "true", "false", "unknown"]]:
    """What the month's people bring, against what the budgets from before would have brought by the curves of the advice.

    True: at least the low end of what was promised. False: less, even at the high end of what came. Unknown: neither can be said.
    """
    days = Span(day_number(date(month // 12, month % 12 + 1, 1)), day_number(_first_of(month + 1)) - 1)
    if day_number(run.as_of) < days.to_on:
        return None, None, None, "open"
    funnel = MEASUREMENT_FUNNEL.table
    rolled = rolled_up(session.query(funnel.filter((funnel.week_on >= days.from_on) & (funnel.week_on <= days.to_on))), tree, [], ["margin_fen", "expected_fen", "variance_fen2", "spread_fen"])
    sums = {int(row["node"]): row for row in rolled.to_pylist()}
    mondays = len([day for day in range(days.from_on, days.to_on + 1) if (day + 3) % 7 == 0])
    scale = _weeks_of(month) / mondays
    brought, chance, shared, before = 0.0, 0.0, 0.0, 0.0
    for item in told["items"]:
        row, measured = sums.get(item["source_id"]), run.incremental.get(item["source_id"])
        rate = measured.rate if measured else 1.0
        before += _on_curve(item["curve"], item["now_fen"], "margin_fen")
        if row is not None:
            brought += rate * scale * (row["margin_fen"] + row["expected_fen"])
            chance += (rate * scale) ** 2 * row["variance_fen2"]
            shared += rate * scale * row["spread_fen"]
            shared += scale * (row["margin_fen"] + row["expected_fen"]) * (measured.error if measured else 0.0)
    came, half = brought - before, 1.96 * float(np.hypot(np.sqrt(chance), shared))
    verdict: Literal["true", "false", "unknown"] = "true" if came >= told["gain_low_fen"] else "false" if came + half < told["gain_low_fen"] else "unknown"
    return round(came), round(came - half), round(came + half), verdict


def _on_curve(points: Sequence[Mapping[str, Any]], spend: float, what: str) -> int:
    return round(float(np.interp(spend, [point["spend_fen"] for point in points], [point[what] for point in points])))


def _next_month(as_of: date) -> int:
    return month_number(as_of) + 1


def _first_of(month: int) -> date:
    return date(month // 12, month % 12 + 1, 1)


def _weeks_of(month: int) -> float:
    return (_first_of(month + 1) - _first_of(month)) / timedelta(days=7)


def _month_of(name: str) -> int:
    return int(name[:4]) * 12 + int(name[5:7]) - 1


