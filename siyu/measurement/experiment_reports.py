"""What experiments on sources have shown so far, and what one that is planned could show."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from siyu.acquisition import sources
from siyu.foundation.clock import day_number, from_day_number
from siyu.foundation.stores import Stores
from siyu.foundation.warehouse.engines import Session
from siyu.measurement import economics, experiments, returns
from siyu.measurement.acquired import Frame, gather
from siyu.measurement.acquisition_records import Words
from siyu.measurement.experiments import Effect, Experiment, Kind, Outcome, Outcomes, Power, Status
from siyu.measurement.facts import MEASUREMENT_ACQUIRED
from siyu.measurement.returns import Run

LOOK_BACK_DAYS = 28


@dataclass(frozen=True)
class ExperimentRow:
    """An experiment and its reading. `caused_per_yuan_*`: of the outcome, what a yuan spent in the time caused."""

    id: int
    name: str
    kind: Kind
    source_id: int
    source_name: str
    off: list[str]
    on: list[str]
    begins_on: date
    ends_on: date
    outcome: Outcome
    note: str
    status: Status
    created_at: datetime
    created_by: str
    units_off: int
    units_on: int
    days: int
    spend_fen: int
    size: Literal["others", "before", "days"]
    effects: dict[str, Effect]
    caused_per_yuan: float | None
    caused_per_yuan_low: float | None
    caused_per_yuan_high: float | None
    moved_p: float | None
    problem: Words | None


@dataclass(frozen=True)
class Experiments:
    as_of_on: date
    items: list[ExperimentRow]


@dataclass(frozen=True)
class Region:
    name: str
    people: int


@dataclass(frozen=True)
class Planned:
    """`power` for what was asked; `regions`: where people were added in the last four weeks, the biggest first."""

    power: Power
    regions: list[Region]


def experiment_report(stores: Stores, *, run: Run | None = None) -> Experiments:
    """Every experiment, newest first, as read at the last computation."""
    run = run or returns.newest(stores)
    with stores.ledger.read() as tx:
        plans, tree, rates = experiments.listed(tx), sources.listed(tx, archived=True), economics.current(tx)
        names = {one.id: one.name for one in tree}
    asked = {"plans": ",".join(f"{one.id}{'x' if one.cancelled_at else ''}" for one in plans)}

    def compute(session: Session) -> Experiments:
        frame = Frame(day_number(run.as_of), stores.calendar, rates, returns.tree_table(tree), tuple(one.id for one in tree if one.untraced_account_id))
        tables = stores.warehouse.tables
        gathered = gather(session, tables, frame) if plans else None
        read = [(plan, experiments.measure(session, tables, gathered, frame, plan)) for plan in plans] if gathered else []
        return Experiments(run.as_of, [_row(plan, found, names) for plan, found in read])

    return returns.kept(stores, run, "acquisition_experiments", asked, Experiments, compute)


def _row(plan: Experiment, found: Outcomes, names: Mapping[int, str]) -> ExperimentRow:
    effect, yuan = found.effects.get(plan.outcome), found.spend_fen / 100
    each = [None if effect is None or yuan <= 0 else amount / yuan for amount in ((effect.caused, effect.low, effect.high) if effect else (0.0, 0.0, 0.0))]
    return ExperimentRow(
        plan.id, plan.name, plan.kind, plan.source_id, names.get(plan.source_id, ""), list(plan.off), list(plan.on), from_day_number(plan.begins_on),
        from_day_number(plan.ends_on), plan.outcome, plan.note, found.status, plan.created_at, plan.created_by, found.units[0], found.units[1], found.days, found.spend_fen,
        found.size, dict(found.effects), each[0], each[1], each[2], found.moved_p, Words(found.problem.zh, found.problem.en) if found.problem else None,
    )  # fmt: skip


def plan_power(stores: Stores, *, source_id: int, kind: Kind, units: int, off: int, days: int, run: Run | None = None) -> Planned:
    """What an experiment could show, from who was added in the last four weeks.

    Raises
    ------
    NotFoundError
        There is no such source.
    """
    run = run or returns.newest(stores)
    with stores.ledger.read() as tx:
        mine = set(sources.below(tx, source_id))
        quiet = {one.id for one in sources.listed(tx, archived=True) if one.untraced_account_id} | {0}
    acquired, last = MEASUREMENT_ACQUIRED.table, day_number(run.as_of)
    recent = acquired.filter((acquired.added_on > last - LOOK_BACK_DAYS) & (acquired.added_on <= last))
    with stores.warehouse.read() as session:
        counts = session.query(recent.group_by("source_id", "region").agg(people=recent.count().cast("int64"))).to_pylist()
    booked = sum(row["people"] for row in counts if row["source_id"] in mine) / LOOK_BACK_DAYS
    rest = sum(row["people"] for row in counts if row["source_id"] in quiet - mine) / LOOK_BACK_DAYS
    other = sum(row["people"] for row in counts) / LOOK_BACK_DAYS - booked - rest
    places: dict[str, int] = {}
    for row in counts:
        if row["region"]:
            places[row["region"]] = places.get(row["region"], 0) + row["people"]
    biggest = sorted(places.items(), key=lambda pair: (-pair[1], pair[0]))[:100]
    found = experiments.power(rest_a_day=rest, mine_a_day=booked, other_a_day=0.0 if kind == "code" else other, units=units, off=off, days=days)
    return Planned(found, [Region(*pair) for pair in biggest])
